# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Xen executes more for a VCPU that does not use counters, from its code.

Each hook is an inline test of one pointer of the VCPU with a branch to a call, so
what is added when the pointer is NULL can be read off the disassembly: the
compare, the branch, and a load if the compiler did not fold it into the compare.
"""
import re
import subprocess

# The function that a hook calls: in which operation the hook lies.
HOOKS = {"vperfctr_switch_from": "vcpu switch", "vperfctr_switch_to": "vcpu switch",
         "vperfctr_rdpmc_allowed": "page table switch", "vperfctr_toggle": "user/kernel crossing",
         "vperfctr_count_hypercall": "hypercall"}
LINE = re.compile(r"^([0-9a-f]+):\s+(\S+)\s*(.*)$")
CALL = re.compile(r"<(\w+)>$")
FIELD = re.compile(r"(0x[0-9a-f]+)\(%\w+\)")


def _functions(text):
    """(name, [(mnemonic, operands)]) of each function."""
    name, body = None, []
    for line in text.splitlines():
        if line.endswith(">:"):
            if body:
                yield name, body
            name, body = line.split("<")[1][:-2], []
        else:
            match = LINE.match(line.strip())
            if match:
                body.append((match[2], match[3]))
    if body:
        yield name, body


def _tested(body):
    """Fields that are compared with 0, or loaded and then tested."""
    found = {}
    for (mnemonic, operands), (after, what), (jump, _) in zip(body, body[1:], body[2:]):
        field = FIELD.search(operands)
        if not field:
            continue
        if mnemonic == "cmpq" and operands.startswith("$0x0,") and after.startswith("j"):
            found.setdefault(field[1], []).append(2)
        elif mnemonic == "mov" and after == "test" and jump.startswith("j") \
                and operands.endswith("," + what.split(",")[0]):
            found.setdefault(field[1], []).append(3)
    return found


def costs(xen_syms):
    """[(hook, function it lies in, instructions)]; several hooks in one function once."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(xen_syms)], check=True,
                          capture_output=True, text=True).stdout
    places = []
    for name, body in _functions(text):
        calls = {match[1] for mnemonic, operands in body
                 if mnemonic.startswith(("call", "jmp")) and (match := CALL.search(operands))}
        # What lies in our own functions is for VCPUs that have counters.
        if not name.startswith("vperfctr_") and calls & set(HOOKS):
            places.append((name, calls & set(HOOKS), _tested(body)))
    missing = set(HOOKS).difference(*(hooks for _, hooks, _ in places))
    if missing:
        raise ValueError(f"{xen_syms}: no call of {', '.join(sorted(missing))}")
    # The pointer is the one field that all these functions test.
    fields = set.intersection(*(set(tested) for _, _, tested in places))
    if len(fields) != 1:
        raise ValueError(f"{xen_syms}: {len(fields)} fields are tested wherever a hook is")
    field = fields.pop()
    return [(hook, name, max(tested[field]))
            for name, hooks, tested in places for hook in sorted(hooks)]


def rows(xen_syms):
    """Cost rows: instructions added per hook, and per switch of VCPUs."""
    found = costs(xen_syms)
    switch = [count for hook, _, count in found if HOOKS[hook] == "vcpu switch"]
    yield _row("vcpu_switch_none", sum(switch), f"in {len(switch)} hooks, from the disassembly")
    for hook, function, count in found:
        yield _row(f"hook {HOOKS[hook]}", count,
                   f"{hook} in {function}, from the disassembly; at most 3")


def _row(program, count, note):
    return {"kind": "cost", "program": program, "event": "instructions", "mode": "pv-intel",
            "placement": None, "expected": None, "native": None, "measured": count,
            "error": None, "note": note}
