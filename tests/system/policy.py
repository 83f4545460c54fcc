# SPDX-License-Identifier: LGPL-2.1-or-later
"""xen-perfctr in a real dom0, against guests that count.

Guest `one` is given one policy after the other; in each it tries what the policy
allows and what it does not. What it may count, it counts exactly, also while dom0
changes the policy all the time. What it may not, it is told so in words. `two` gets a
policy that was stored for its UUID before it was created.
"""
import json

import counted
from pctestbed import Job, boot_xen
from pctestbed.products import products

UUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
ABSENT = "00000000-0000-4000-8000-00000000dead"
EXACT = ("calls", "cond", "million", "syscalls", "threads")
CHANGES = 40
MILLION = "/usr/lib/programs/million"

# An event of tier full alone, and what it is called.
FULL = {"intel": "r81d0", "amd": "r0040"}

# (name of the step, event list, None if it is allowed, else words of the refusal)
def stages(vendor):
    """(policy's name, rules, tries): dom0 sets the rules, `one` makes the tries."""
    full = FULL[vendor]
    return (
        ("ipc", "--tier ipc --allow all", (
            ("instructions", "instructions:u", None), ("cycles", "cycles:u", None),
            ("branches", "branches:u", "policy"), ("cache", "cache-misses:u", "policy"),
            ("full", f"{full}:u", "policy"), ("cmask", "r10000c0:u", "policy"))),
        ("arch", "--tier arch", (
            ("branches", "branches:u", None), ("cache", "cache-misses:u", None),
            ("full", f"{full}:u", "policy"), ("cmask", "r10000c0:u", "policy"))),
        ("full", "--tier full", (
            ("full", f"{full}:u", None), ("cmask", "r10000c0:u", None),
            ("unknown", "rffff:u", "not in Xen's table"))),
        ("list", "--allow instructions,branches", (
            ("instructions", "instructions:u", None), ("both", "instructions:u,branches:u", None),
            ("cycles", "cycles:u", "--allow"), ("cmask", "r10000c0:u", "--allow"),
            ("second", "instructions:u,cycles:u", "cycles"))),
        ("counters", "--allow all --counters 2", (
            ("two", "instructions:u,branches:u", None),
            ("three", "instructions:u,branches:u,cycles:u", "2 counters at a time"))),
        ("no-kernel", "--counters all --kernel=no", (
            ("user", "instructions:u", None), ("kernel", "instructions:k", "kernel"))),
        ("kernel", "--kernel", (
            ("kernel", "instructions:k", None), ("hypervisor", "instructions:h", "hypervisor"))),
        ("hypervisor", "--hypervisor", (
            ("hypervisor", "instructions:h", None),)),
        ("period", "--hypervisor=no --min-period 10000", (
            ("long", "@10000", None), ("short", "@9999", "10000"))),
    )


def tried(stage, name, event):
    if event.startswith("@"):
        return (f"step {stage}-{name} perfctr record -e instructions:u{event} -o /run/data "
                f"-- {MILLION}\n")
    return f"step {stage}-{name} perfctr stat -e {event} -j -- {MILLION}\n"


def job_one(vendor):
    lines = ["step insmod insmod /lib/perfctr.ko || exit 1\n"]
    for stage, _, tries in stages(vendor):
        lines += [f"tb-signal want-{stage}\n", f"tb-wait -t 200 is-{stage} || exit 1\n"]
        lines += [tried(stage, name, event) for name, event, _ in tries]
    return "".join(lines) + """
perfctr stat -e instructions:u,branches:u -- spin >/run/out 2>/run/err &
stat=$!
perfctr stat -e instructions:u -j -- spin >/run/out2 2>/run/err2 &
other=$!
usleep 500000
tb-signal want-narrow
tb-wait -t 200 is-narrow || exit 1
usleep 300000
killall spin
wait $stat
echo $? >/run/status
wait $other
echo $? >/run/status2
step narrowed sh -c 'cat /run/err; exit $(cat /run/status)'
step still-allowed sh -c 'cat /run/err2 >&2; exit $(cat /run/status2)'
step after-narrow perfctr stat -e instructions:u -j -- /usr/lib/programs/million
tb-signal want-changes
tb-wait -t 200 changes || exit 1
""" + counted.lines("changing", EXACT) + """
tb-signal counted
tb-wait -t 300 reset || exit 1
step after-reset perfctr stat -e instructions:u -- /bin/true
step idle sh -c 'perfctr info | grep "0 threads counted now"'
step rmmod rmmod perfctr
true
"""


JOB_TWO = """
tb-wait -t 200 two-may || exit 1
step insmod insmod /lib/perfctr.ko || exit 1
step ipc perfctr stat -e instructions:u -j -- /usr/lib/programs/million
step outside perfctr stat -e branches:u -- /bin/true
true
"""

# (step, arguments, exit status, words)
WRONG = (
    ("no-domain", "status nobody", 1, "no domain 'nobody'"),
    ("no-id", "policy 77 --tier full", 1, "no domain '77'"),
    ("no-uuid", f"enable {ABSENT}", 1, "no domain"),
    ("no-command", "frob one", 2, "unknown command"),
    ("no-tier", "policy one --tier most", 2, "unknown tier"),
    ("no-event", "policy one --allow cycels", 2, "unknown event"),
    ("no-rule", "policy one", 2, "no rule given"),
    ("no-vcpu", "stats one 99", 2, "no VCPU"),
    ("13-counters", "policy one --counters 13", 1, "--counters is at most 12"),
    ("long-period", "policy one --min-period 70368744177664", 1, "--min-period is below 2^46"),
    ("high-rate", "policy one --pmi-rate 1000000001", 1, "--pmi-rate is at most"),
    ("no-such-event", "policy one --allow cycles,rffff", 1, "--allow rffff is not in Xen's table"),
    ("xens-bits", "policy one --allow r4000c0", 1, "bits of the code that are Xen's"),
    ("outside", "policy one --tier ipc --allow branches", 1, "is outside tier ipc"),
)


def job_dom0(vendor):
    lines = [f"""
mkdir -p /etc/xen/perfctr
echo 'tier = ipc' >/etc/xen/perfctr/{UUID}.conf
step -t 200 start-one guest-start one
uuid=$(xl list -v | awk '$1 == "one" {{ print $7 }}')
step default xen-perfctr status one --json
step enable-uuid xen-perfctr enable "$uuid"
step help xen-perfctr --help
"""]
    for name, words, _, _ in WRONG:
        lines.append(f"step wrong-{name} xen-perfctr {words}\n")
    lines.append("step not-changed xen-perfctr status one --json\n")
    for stage, rules, _ in stages(vendor):
        lines.append(f"tb-wait -t 300 want-{stage} || exit 1\n"
                     f"step set-{stage} xen-perfctr policy one {rules}\n"
                     f"step is-{stage} xen-perfctr status one --json\n"
                     f"tb-signal is-{stage}\n")
    return "".join(lines) + f"""
tb-wait -t 300 want-narrow || exit 1
step counting xen-perfctr status one
step narrow xen-perfctr policy one --tier ipc
tb-signal is-narrow
tb-wait -t 300 want-changes || exit 1
step widen xen-perfctr policy one --tier full --min-period 100
tb-signal changes
(i=0; while [ $i -lt {CHANGES} ]; do
    i=$((i + 1))
    xen-perfctr policy one --pmi-rate $((1000 + i)) --tier $([ $((i % 2)) = 0 ] &&
        echo full || echo arch) || exit 1
done; echo $i changes) >/run/changes 2>&1 &
tb-wait -t 600 counted || exit 1
wait
step changes cat /run/changes
step save xen-perfctr policy one --save
step saved sh -c 'cat /etc/xen/perfctr/*.conf'
step reset xen-perfctr reset one
step after-reset xen-perfctr status one --json
step apply-one xen-perfctr apply one
step applied xen-perfctr status one --json
step forget xen-perfctr reset one --save
step forgotten xen-perfctr apply one
tb-signal reset
step -t 300 end-one guest-wait one 300
xen-perfctr watch >/run/watch 2>&1 &
watch=$!
step -t 200 start-two guest-start two
step watched sh -c 'until grep -q "tier ipc" /run/watch; do usleep 100000; done'
echo 'tier = sometimes' >/etc/xen/perfctr/{UUID}.conf
step broken xen-perfctr apply
step not-broken xen-perfctr status two --json
step list xen-perfctr list
step list-json xen-perfctr list --json
tb-signal two-may
step -t 300 end-two guest-wait two 300
kill $watch
wait $watch
echo $? >/run/watch.status
step watch sh -c 'cat /run/watch; exit $(cat /run/watch.status)'
step xen-log xl dmesg
true
"""


def run(bench):
    files = bench.files()
    guests = [bench.guest("one", Job(job_one(bench.vendor), files), start=False, memory_mb=256),
              bench.guest("two", Job(JOB_TWO, files), start=False, memory_mb=256,
                          config={"uuid": UUID})]
    tool = products("/usr/sbin/xen-perfctr")
    results = boot_xen(guests, bench.machine(xen_args="perfctr", seconds=1200),
                       Job(job_dom0(bench.vendor), tool), bench.progress)
    check_dom0(bench, results["dom0"])
    check_one(bench, results["one"])
    check_two(bench, results["dom0"], results["two"])
    bench.quiet(results["dom0"])


def policy(bench, dom0, name):
    """The policy that a step `status --json` has printed."""
    step = bench.step(dom0, name)
    try:
        return json.loads(step.text)
    except (AttributeError, ValueError):
        bench.check(f"dom0: {name}: it is JSON", False, step.text if step else "")
        return {}


def check_dom0(bench, dom0):
    bench.check("dom0: the job came to its end", dom0.status == 0, f"status {dom0.status}")
    for name in ("start-one", "enable-uuid", "help", "counting", "narrow", "widen", "changes",
                 "save", "reset", "apply-one", "forget", "forgotten", "end-one", "start-two",
                 "watched", "end-two", "list", "watch"):
        bench.step(dom0, name)
    for name, words, status, says in WRONG:
        step = bench.step(dom0, f"wrong-{name}", status)
        text = step.stderr.decode() if step else ""
        bench.check(f"dom0: 'xen-perfctr {words}' says why", says in text, text)
    bench.check("dom0: nothing is allowed by default",
                policy(bench, dom0, "default").get("tier") == "off", "")
    step = bench.step(dom0, "broken", 1)
    text = step.stderr.decode() if step else ""
    bench.check("dom0: a stored policy that is none is named by file and line",
                f"{UUID}.conf:1: unknown tier 'sometimes'" in text, text)
    bench.check("dom0: it has changed nothing",
                policy(bench, dom0, "not-broken").get("tier") == "ipc", text)
    before = policy(bench, dom0, "not-changed")
    bench.check("dom0: what is refused has changed nothing",
                (before.get("tier"), before.get("max_counters"), before.get("min_period"),
                 before.get("allow")) == ("full", 0, 100, None), before)
    for stage, _, _ in stages(bench.vendor):
        bench.step(dom0, f"set-{stage}")
    expected = {"ipc": {"tier": "ipc", "kernel": False, "allow": None}, "arch": {"tier": "arch"},
                "list": {"tier": "full", "allow": ["instructions", "branches"]},
                "counters": {"allow": None, "max_counters": 2},
                "no-kernel": {"max_counters": 0, "kernel": False}, "kernel": {"kernel": True},
                "hypervisor": {"kernel": True, "hypervisor": True},
                "period": {"hypervisor": False, "min_period": 10000}}
    for stage, fields in expected.items():
        got = policy(bench, dom0, f"is-{stage}")
        bench.check(f"dom0: {stage}: the policy is {fields}",
                    fields.items() <= {k: v for k, v in got.items()}.items()
                    if "allow" not in fields else
                    all(got.get(k) == v for k, v in fields.items()), got)
    counting = dom0.steps["counting"].text if "counting" in dom0.steps else ""
    bench.check("dom0: status shows that VCPUs count", "counting" in counting, counting)
    text = dom0.steps["changes"].text if "changes" in dom0.steps else ""
    bench.check(f"dom0: {CHANGES} changes while it counts", f"{CHANGES} changes" in text, text)
    saved = dom0.steps["saved"].text if "saved" in dom0.steps else ""
    bench.check("dom0: the stored policy names its domain", "# xen-perfctr: policy of domain one"
                in saved and "kernel = yes" in saved, saved)
    after = policy(bench, dom0, "after-reset")
    bench.check("dom0: reset is the command line's default",
                (after.get("tier"), after.get("kernel"), after.get("pmi_rate")) ==
                ("off", True, 100000), after)
    applied = policy(bench, dom0, "applied")
    bench.check("dom0: the stored policy can be applied",
                (applied.get("tier"), applied.get("kernel"), applied.get("pmi_rate")) ==
                ("full", True, 1000 + CHANGES), applied)
    text = dom0.steps["forgotten"].text if "forgotten" in dom0.steps else ""
    bench.check("dom0: reset --save forgets it", "no stored policy" in text, text)


def check_one(bench, one):
    bench.check("one: the job came to its end", one.status == 0 and not one.damaged,
                f"status {one.status}, damaged {one.damaged[:3]}")
    for stage, _, tries in stages(bench.vendor):
        for name, event, refusal in tries:
            step = one.steps.get(f"{stage}-{name}")
            text = step.stderr.decode() + step.text if step else "did not run"
            if refusal is None:
                bench.check(f"one: {stage} allows {event}", step and step.status == 0, text)
            else:
                bench.check(f"one: {stage} refuses {event}", step and step.status not in (0, None),
                            text)
                bench.check(f"one: {stage}: {event}: it says why", refusal in text, text)
            if refusal is None and "instructions:u" in event:
                found = counted.counts(text)
                bench.check(f"one: {stage}: {event} is exact",
                            float(found.get("instructions:u", 0)) == 1_000_000, text)
    text = one.steps["narrowed"].text if "narrowed" in one.steps else ""
    bench.check("one: a set that is not allowed any more is an error",
                "narrowed" in one.steps and one.steps["narrowed"].status != 0
                and "lost counts" in text, text)
    step = bench.step(one, "still-allowed", 143)
    found = counted.counts(step.stderr.decode()) if step else {}
    bench.check("one: a set that is still allowed counts on",
                float(found.get("instructions:u", 0)) > 0, found)
    step = bench.step(one, "after-narrow")
    found = counted.counts(step.stderr.decode()) if step else {}
    bench.check("one: a new set within the narrower policy is exact",
                float(found.get("instructions:u", 0)) == 1_000_000, found)
    counted.check(bench, one, "changing", EXACT)
    step = one.steps.get("after-reset")
    text = step.stderr.decode() if step else ""
    bench.check("one: after the reset counting is off",
                step and step.status not in (0, None) and "off for this domain" in text, text)
    for name in ("idle", "rmmod"):
        bench.step(one, name)


def check_two(bench, dom0, two):
    text = dom0.steps["watch"].text if "watch" in dom0.steps else ""
    bench.check("dom0: watch has given two its stored policy",
                "(two): tier ipc" in text or ": tier ipc" in text, text)
    listed = dom0.steps["list"].text if "list" in dom0.steps else ""
    bench.check("dom0: list shows it", UUID in listed and "ipc" in listed, listed)
    try:
        row = [d for d in json.loads(dom0.steps["list-json"].text) if d["uuid"] == UUID]
    except (KeyError, ValueError):
        row = []
    bench.check("dom0: list --json shows it", len(row) == 1 and row[0].get("tier") == "ipc"
                and row[0].get("name") == "two", row)
    bench.step(two, "insmod")
    step = bench.step(two, "ipc")
    found = counted.counts(step.stderr.decode()) if step else {}
    bench.check("two: it counts", float(found.get("instructions:u", 0)) == 1_000_000, found)
    step = two.steps.get("outside")
    bench.check("two: no more than its policy allows", step and step.status not in (0, None)
                and b"policy" in step.stderr, step.stderr if step else "")
