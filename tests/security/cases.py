# SPDX-License-Identifier: LGPL-2.1-or-later
"""The abuse cases: what is done, how it is seen to be harmless, and which checks do it.

A check is (boot of tests/system, regular expression for its name). `other` names tests
that are not in a machine: tests/hv-unit runs Xen's code in user space, tests/model checks
the protocol, tests/fuzz the decoders. What nothing tests says why.
"""
import re
from dataclasses import dataclass

ORACLES = {
    1: "return code",
    2: "fault in the offender only",
    3: "equal to the emulator's exact count",
    4: "Xen alive, no complaint in its log",
    5: "Xen's memory unchanged",
    6: "other domains' counts bit-identical",
}


@dataclass
class Case:
    number: int
    title: str
    oracles: tuple
    checks: tuple = ()
    other: str = ""
    untested: str = ""


ANY = r".*"
SWEEPS = ("tiny", "guests")


def each(boots, *names):
    return tuple((boot, name) for boot in boots for name in names)


CASES = (
    Case(1, "Unknown operations, numbers 0 to 2^32", (1, 4),
         each(SWEEPS, r".*unknown operation", r"hypercall: op (bit|10|2)")),
    Case(2, "Argument null, not canonical, in Xen, unmapped, read-only, across a page", (1,),
         each(SWEEPS, r".*(null argument|not canonical|Xen's memory|at no page|the last page)",
              r".*(ends at a hole|read-only page|nothing was written)")),
    Case(3, "Wrong sizes", (1,), each(SWEEPS, r".*(wrong size|size 0|config size)")),
    Case(4, "Number of counters 0, most + 1, 127, 2^32-1", (1,),
         each(SWEEPS, r".*(no counter|\d+ counters|2\^32-1 counters)")),
    Case(5, "Counters that do not exist or are taken", (1,),
         each(("guests",), r".*9 general counters")),
    Case(6, "Every reserved selector bit", (1,),
         each(SWEEPS, r".*(event bit|high event bit|PMU registers)")),
    Case(7, "ANYTHREAD, pin control, HostOnly, what the policy refuses", (1,),
         each(SWEEPS, r".*(any thread|pin control|of the host|event bit (19|21|40))")),
    Case(8, "Counting Xen", (1, 3), each(SWEEPS, r".*(configuration: Xen|hypervisor, not)")
         + (("guests", r"kernel: .*"), ("smoke", r"kernel: .*"))),
    Case(9, "Interrupt enable bit", (1,),
         each(SWEEPS, r".*(configuration: interrupt|event bit 20)")),
    Case(10, "Events outside the allow list, uncore, off-core", (1,),
         each(SWEEPS, r".*(unknown event|off-core)") + (("isolation", r".*kernel-refused"),)),
    Case(11, "Periods 0, below the minimum, above the width", (1,),
         each(SWEEPS, r".*(no period|period)")),
    Case(12, "Arguments rewritten while Xen reads them", (1, 4),
         other="tests/hv-unit op_test, race_test: the argument is fetched once"),
    Case(13, "Another domain's or VCPU's", (1,),
         each(SWEEPS, r".*(another VCPU|policy|statistics|stats of)")),
    Case(14, "VCPUs that are off or do not exist; 32-bit callers", (1,),
         each(SWEEPS, r".*(VCPU: |VCPU 4096|VCPU 2\^32)")),
    Case(15, "A hundred thousand refused calls", (4, 5),
         (("tiny", r".*100000 wrong calls.*"), ("isolation", r".*kernel-(calls|refused).*"))),
    Case(16, "Switched off, at boot or for the domain", (1, 2),
         (("tiny", r".*off: .*"), ("refusals", ANY), ("guests", r"one: (rdpmc|while-revoked).*"))),
    Case(17, "XSM refuses", (1,), other="tests/hv-unit op_test"),
    Case(18, "Hypercall continuations", (1,),
         other="tests/hv-unit pages_test: two VCPUs that register each other"),
    Case(19, "Frames that are not the domain's, MMIO, Xen's, given away, page tables", (1, 5),
         (("tiny", r".*(page there|time record there|in a ring|not ours any more)"),
          ("isolation", r".*kernel-frames.*"))),
    Case(20, "Registered twice, unregistered twice", (1,),
         each(SWEEPS, r".*(twice|unregistered: |again)")),
    Case(21, "A registered page is given back to Xen", (1, 5),
         (("tiny", r".*(given away|not ours any more|plain memory still is)"),)),
    Case(22, "A registered page becomes a page table, or the other way round", (1,),
         (("tiny", r".*(page table).*"),)),
    Case(23, "Anything is written to the shared pages", (4, 6),
         (("isolation", r".*kernel-corrupt.*"),)),
    Case(24, "Requests out of range", (1, 4),
         (("tiny", r".*requests: .*"), ("isolation", r".*kernel-(corrupt|refused).*"))),
    Case(25, "What is in a page when it is first read", (1,),
         (("tiny", r".*bytes of the (page|ring).*"),)),
    Case(26, "mprotect, private, other lengths, mremap, fork of the mapping", (1, 2),
         (("guests", r"ioctl: (mmap|make it writable|grow it|slot in a child).*"),)),
    Case(27, "close and munmap before the read", (2,),
         (("guests", r"lifetime: (slot after|RDPMC after).*"),)),
    Case(28, "Another process writes to the mapping, by ptrace's ways", (1,),
         (("guests", r"lifetime: (process_vm|write to).*"),)),
    Case(29, "As many sets and configurations as a user can have", (1,),
         (("guests", r"ioctl: .*configurations? in use"),
          ("isolation", r".*kernel-handles.*"), ("tiny", r".*handles: .*"))),
    Case(30, "A page used again is clean", (1,),
         (("tiny", r".*bytes of the (page|ring).*"),)),
    Case(31, "Preempted at every instruction of the read", (3,),
         (("guests", r"stepping: .*"),), other="tests/model protocol"),
    Case(32, "The same for the VCPU, and both", (3,), (("guests", r"stepping: .*"),),
         other="each step goes to another VCPU; VCPU switches: tests/model vcpu"),
    Case(33, "Migration between two reads of a snapshot", (3,),
         (("guests", r".*affinity.*"), ("lifecycle", r"life: .*")), other="tests/model"),
    Case(34, "Threads with equal and other configurations in turns", (3,),
         (("guests", r".*selftest"), ("sampling", r".*(beside|threads).*"))),
    Case(35, "Two domains with other events under equal names", (3, 6),
         (("isolation", r"b: beside .*"), ("smoke", r".*stat-.*"))),
    Case(36, "exit, kill, crash of a counting thread", (5,),
         (("guests", r"one: (idle|rmmod|stat-(fork|exec|threads|signals)).*"),
          ("isolation", r"b: beside (start-stop|crash).*"))),
    Case(37, "exec, setuid exec, fork", (1, 3),
         (("guests", r"one: (setuid|stat-(exec|fork)).*"),
          ("guests", r"ioctl: .*(child|slot).*"))),
    Case(38, "A descriptor in another process", (1,),
         (("guests", r"ioctl: .*descriptor.*"),)),
    Case(39, "Start, stop and close at once", (1, 4),
         (("isolation", r"b: beside start-stop.*"),)),
    Case(40, "The group's leader exits", (1,), (("guests", r"lifetime: the group's leader.*"),)),
    Case(41, "A storm of signals", (4,), (("sampling", r".*(signal|handler).*"),)),
    Case(42, "Affinity, SIGSTOP, freezer", (3,), (("guests", r".*stat-(affinity|signals).*"),)),
    Case(43, "Module taken away while used; loaded a thousand times", (1, 5),
         (("guests", r"one: rmmod.*"), ("endurance", r"module.*"))),
    Case(44, "No tick for long", (3,), (("guests", r".*rebase.*"),),
         other="counters are 48 bits wide and an interrupt comes before they wrap, tick or not; "
               "the rebase rows let that happen every 2^20 events"),
    Case(45, "Overflow on every kind of instruction", (3,),
         (("sampling", r".*imode.*"),), other="tests/hv-unit sample tests"),
    Case(46, "All counters overflow at once, and again meanwhile", (3,),
         (("sampling", r"imode.*"), ("isolation", r".*(overflow-storm|corrupt).*")),
         other="tests/hv-unit overflow_test"),
    Case(47, "An overflow while the owner is switched out", (3,),
         (("sampling", r"imode.*"),), other="tests/hv-unit overflow_test"),
    Case(48, "Counters that wrap", (3,), (("guests", r".*rebase.*"),)),
    Case(49, "A storm of overflows on every VCPU", (4, 6),
         (("isolation", r".*overflow-storm.*"), ("sampling", r".*(storm|as many samples).*"))),
    Case(50, "Interrupts that belong to nobody", (4,),
         (("lifecycle", r".*end-(counting|paused|crash).*"),),
         other="tests/hv-unit overflow_test, amd_test"),
    Case(51, "The interrupt masked for ever, the ring full", (3, 4),
         (("lifecycle", r".*end-.*"), ("sampling", r".*buffer.*"))),
    Case(52, "Buffer indexes changed by whoever maps it", (4,),
         (("sampling", r".*overwritten header.*"), ("isolation", r".*kernel-corrupt.*"))),
    Case(53, "NMI watchdog and counters", (1,), other="tests/hv-unit boot_test"),
    Case(54, "Xen's vPMU and counters", (1,), (("refusals", r"vpmu: .*"),)),
    Case(55, "VCPU unplugged and plugged in while it counts", (3, 4),
         (("lifecycle", r".*(unplug|life: ).*"), ("isolation", r".*hotplug.*"))),
    Case(56, "CPU taken offline", (3, 4), (("lifecycle", r".*(cpu-offline|life: ).*"),)),
    Case(57, "Pause, save and restore, migration", (3, 4),
         (("lifecycle", r".*(pause|checkpoint|save|migrate|life: ).*"),)),
    Case(58, "Crash, triple fault, soft reset, kexec", (4, 5),
         (("lifecycle", r".*(crash|reset).*"), ("isolation", r".*crash.*"))),
    Case(59, "Destroyed in every state", (4, 5),
         (("lifecycle", r".*(end-|destroyed when).*"),
          ("guests", r"dom0: (destroy|alive).*"))),
    Case(60, "More than 128 VCPUs", (1,), untested="too slow on an emulated machine of 2 CPUs"),
    Case(61, "Many domains with all counters, XPTI, shadow", (3,), (("smoke", r".*stat-.*"),),
         other="a guest of each type at once; without XPTI and shadow page tables"),
    Case(62, "32-bit PV domains, 32-bit processes", (1, 3), (("guests", r".*stat-compat.*"),),
         other="tests/hv-unit op_test: 32-bit PV domains"),
    Case(63, "No PMU, few counters, no global control", (1, 3), (("features", ANY),),
         other="tests/hv-unit amd_test, boot_test; tests/hardware/accept by hand"),
    Case(64, "Hardware that does not do what it says", (1,), other="tests/hv-unit boot_test"),
    Case(65, "Xen with assertions and UBSAN", (4,),
         (("checked", r".*(sanitizer|complain about|checks the allocators)"),)),
    Case(66, "A neighbour's secret", (6,), (("isolation", r"b: beside secret.*"),)),
    Case(67, "Another process's counts, strict and fast", (6,),
         (("guests", r".*selftest"), ("guests", r"lifetime: RDPMC after.*"))),
    Case(68, "RDPMC without a set", (2,),
         (("guests", r"one: rdpmc.*"), ("smoke", r".*rdpmc.*"), ("isolation", r".*user-rdpmc.*"))),
    Case(69, "What is left in counters for the next owner", (6,),
         (("isolation", r"b: beside .*all that it sees.*"),)),
    Case(70, "Padding of what Xen writes", (1,), (("tiny", r".*(padding|not zero).*"),)),
    Case(71, "Other VCPUs' times", (1,), other="a record per VCPU; tests/abi: its layout"),
    Case(72, "Speculation past bounds", (1,),
         other="array_index_nospec beside each guest's index: by review"),
    Case(73, "Lockdown", (1,), untested="Debian's signed kernel with Secure Boot is needed"),
)


def numbers(boot, name):
    """The cases that a check belongs to."""
    return [case.number for case in CASES
            if any(boot == where and re.match(pattern, name) for where, pattern in case.checks)]
