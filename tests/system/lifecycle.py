# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens to guests while they count and sample, and what is left afterwards.

Guest `life` runs eight threads that count and two that sample (programs/life.c): each
does pieces of work of known length, and every piece must count exactly, while the guest
is paused, loses a VCPU, is checkpointed, saved and restored, migrated, and while Xen
takes a CPU away. Then tiny guests are destroyed in every state, crash and are reset,
and Xen's memory is as it was.
"""
import tiny
from pctestbed import Job, boot_xen

THREADS = 8
MEMORY = 160

SCRIPTS = {
    # xl migrate -s here: starts the receiver on this machine
    "/usr/bin/here": b"#!/bin/sh\nshift\nexec \"$@\"\n",
    # vcpus NAME COUNT: gives it so many, and waits until it has
    "/usr/bin/vcpus": b"""#!/bin/sh
xl vcpu-set "$1" "$2" || exit 1
left=30
while [ "$(xl vcpu-list "$1" | tail -n +2 | grep -c -v -- '--p')" != "$2" ]; do
    left=$((left - 1))
    [ $left -gt 0 ] || { xl vcpu-list "$1"; xenstore-ls "/local/domain/$(xl domid "$1")/cpu"; exit 1; }
    usleep 200000
done
""",
    # heap: kB that Xen has free, when that does not change any more
    "/usr/bin/heap": b"""#!/bin/sh
free_kb() {
    xl debug-keys m
    xl dmesg | awk '/Physical memory information/ { n = 0 }
                    /heap\\[.*kB free/ { sub(/kB/, "", $(NF - 1)); n += $(NF - 1) } END { print n }'
}
last=-1 same=0 left=100
while [ $same -lt 3 ] && [ $left -gt 0 ]; do
    now=$(free_kb)
    [ "$now" = "$last" ] && same=$((same + 1)) || same=0
    last=$now left=$((left - 1))
    usleep 300000
done
echo "$last"
""",
}

# (name, what dom0 does to `life`)
STAGES = (
    ("pause", "for i in 1 2 3 4 5; do xl pause life; usleep 30000; xl unpause life; done"),
    ("checkpoint", "xl save -c life /run/life.save && rm /run/life.save"),
    ("save", "xl save life /run/life.save && xl restore /run/life.save && rm /run/life.save"),
    ("migrate", "xl migrate -s here life localhost"),
    ("migrate-again", "xl migrate -s here life localhost"),
    ("unplug", "for i in 1 2; do vcpus life 1 && vcpus life 2 || exit 1; done"),
    ("cpu-offline", "for i in 1 2; do xen-hptool cpu-offline 1 && usleep 300000 && "
                    "xen-hptool cpu-online 1 || exit 1; done"),
)

# Tiny guests that count and sample: (name, their option, how they end)
READY = "says {0} counts.*0.BAD"
ENDS = (
    ("not-run", "", "xl destroy {0}"),
    ("just-run", "", "xl unpause {0} && xl destroy {0}"),
    ("counting", "", f"xl unpause {{0}} && {READY} && xl destroy {{0}}"),
    ("paused", "", f"xl unpause {{0}} && {READY} && xl pause {{0}} && xl destroy {{0}}"),
    ("crash", "crash", f"xl unpause {{0}} && {READY}"),
)
# Without virtualisation there is no soft reset. By its end it has swept all operations, in
# its next life, and waits for somebody to take it away.
RESET = ("reset", "reset", f"xl unpause {{0}} && {READY} && soft-reset $(xl domid {{0}}) && "
         "says {0} ok,.*BAD && xl destroy {0}")


def ends(kind):
    # The reset is before the crash: where a domain has crashed, Xen 4.17 loses 4 to 12 kB
    # for each soft reset that follows, also without these patches.
    return (RESET,) + ENDS if kind != "pv" else ENDS


def warm_ups(kind):
    """After these, Xen and dom0 have what they keep for the next: for two soft resets
    12 kB, also of domains without counters, for more nothing."""
    one = ("warm", "", ENDS[2][2])
    return (one, *(("warm-" + str(i), *RESET[1:]) for i in (1, 2))) if kind != "pv" else (one,)


def life_job():
    return f"""
step insmod insmod /lib/perfctr.ko || exit 1
# A CPU that is plugged in is taken into use by user mode: udev, where there is one.
(while usleep 100000; do
    for cpu in /sys/devices/system/cpu/cpu*/online; do
        [ "$(cat $cpu 2>/dev/null)" != 0 ] || echo 1 2>/dev/null >$cpu
    done
done) 2>/dev/null &
life {THREADS} /run/end >/run/life.out 2>/run/life.err &
life=$!
until grep -q ready /run/life.err; do usleep 100000; done
tb-signal counting
""" + "".join(f"""
tb-wait -t 1000 stage-{n} || exit 1
step -t 100 alive-{n} kill -0 $life
step nproc-{n} nproc
tb-signal saw-{n}
""" for n in range(len(STAGES))) + """
touch /run/end
wait $life
echo $? >/run/life.status
step life sh -c 'cat /run/life.out; exit $(cat /run/life.status)'
step check perfctr check
step idle sh -c 'perfctr info | grep "0 threads counted now"'
step rmmod rmmod perfctr
tb-signal life-ended
true
"""


def stage(number, name, what):
    return (f"step -t 300 {name} sh -c '{what}'\n"
            f"tb-signal stage-{number}\n"
            f"step -t 300 after-{name} tb-wait -t 300 saw-{number}\n")


def end(name, how):
    return f"""
step -t 200 end-{name} sh -c 'xl create -p /guests/{name}.cfg >/dev/null &&
    xen-perfctr enable {name} --kernel && {how.format(name)} && gone {name}'
step free-{name} heap
"""


def dom0_job(kind):
    return ("step -t 300 start-life guest-start life\n"
            "tb-wait -t 300 counting || exit 1\n"
            + "".join(stage(i, *s) for i, s in enumerate(STAGES))
            + """
step -t 300 life-ended tb-wait -t 300 life-ended
step -t 100 gone-life gone life
"""
            + "".join(end(name, how) for name, _, how in warm_ups(kind) + ends(kind))
            + ("step log-reset cat /var/log/xen/console/guest-reset.log\n" if kind != "pv" else "")
            # A CPU comes back with its counters off, as it went; Xen blames the firmware.
            + "step xen-log sh -c 'xl dmesg | grep -v \"invalid PERF_GLOBAL_CTRL\"'\ntrue\n")


def progress(bench):
    """Says which stage has ended."""
    def show(who, kind, name, data):
        if kind == "end" and who == "dom0":
            bench.say(name)
        bench.progress(who, kind, name, data)
    return show


def run(bench):
    files = bench.files() | {"/usr/bin/life": bench.build / "life"}
    kind = bench.type
    guests = [bench.guest("life", Job(life_job(), files), memory_mb=MEMORY, start=False,
                          before="xen-perfctr enable $domid"),
              # room for a copy of it
              bench.guest("room", Job("true\n"), memory_mb=MEMORY + 64, start=False)]
    dom0_files = tiny.files(bench, *(
        tiny.config(name, kind, f"storm {word}", on_soft_reset="preserve")
        for name, word, _ in warm_ups(kind) + ends(kind)))
    dom0_files["/usr/bin/soft-reset"] = bench.build / "soft-reset"
    # After a migration the policy is the default again: it must allow what was allowed.
    results = boot_xen(guests, bench.machine(xen_args="perfctr=default=full", icount=True,
                                                  seconds=1500),
                       Job(dom0_job(kind), dom0_files | SCRIPTS), progress(bench))
    dom0, life = results["dom0"], results["life"]
    bench.check("life: the job came to its end", life.status == 0 and not life.damaged,
                f"status {life.status}, damaged {life.damaged[:3]}\n"
                + life.console.decode(errors="replace")[-500:])
    for number, (name, _) in enumerate(STAGES):
        bench.step(dom0, name)
        bench.step(dom0, f"after-{name}")
        bench.step(life, f"alive-{number}")
        step = bench.step(life, f"nproc-{number}")
        bench.check(f"life: {name}: both VCPUs are there", step and step.text.strip() == "2",
                    step and step.text)
    bench.lines(life, "life")
    for name in ("insmod", "check", "idle", "rmmod"):
        bench.step(life, name)
    for name, _, _ in warm_ups(kind):
        bench.step(dom0, f"end-{name}")
        before = bench.step(dom0, f"free-{name}")
    for name, _, _ in ends(kind):
        bench.step(dom0, f"end-{name}")
        step = bench.step(dom0, f"free-{name}")
        bench.check(f"destroyed when {name}: Xen has its memory back",
                    before and step and before.text == step.text,
                    f"{before and before.text} then {step and step.text}")
    if kind != "pv":
        tiny.check_log(bench, dom0, "reset")
    bench.quiet(dom0)
