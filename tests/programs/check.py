#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks the programs' derived counts by single-stepping their small builds.

Usage: check.py BUILD_DIRECTORY

No performance counter is used, so any machine can check the derivations.
"""

import collections
import errno
import os
import pathlib
import re
import subprocess
import sys

import programs

ELFCLASS32 = 1


def kind_of(mnemonic):
    """The kind of branch that an instruction is, or None."""
    words = mnemonic.split()
    while words and words[0] in ("bnd", "notrack", "cs", "ds"):
        words = words[1:]
    word = words[0] if words else ""
    if word.startswith("jmp"):
        return "jmp"
    if word.startswith("j") or word.startswith("loop"):
        return "cond"
    if word.startswith("call"):
        return "call"
    if word.startswith("ret"):
        return "ret"
    if word in ("syscall", "int3", "int", "sysenter", "iret", "iretq"):
        return "far"
    return None


def disassemble(path):
    """Address to kind of branch, for every instruction of the file."""
    text = subprocess.run(["objdump", "-d", "-M", "intel", "-w", path],
                          check=True, capture_output=True, text=True).stdout
    kinds = {}
    for line in text.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\t[0-9a-f ]+\t(.*)", line)
        if match:
            kinds[int(match[1], 16)] = kind_of(match[2])
    return kinds


def step(stepper, argv):
    """Counts by kind of one execution, and its exit status."""
    output = subprocess.run([stepper, *argv], check=True, text=True,
                            capture_output=True, timeout=120).stdout
    kinds = disassemble(argv[0])
    counts = collections.Counter()
    status = None
    for line in output.splitlines():
        word, number = line.split()
        if word == "exit":
            status = int(number)
            continue
        address = int(word, 16)
        if address not in kinds:
            raise RuntimeError(f"{argv[0]}: executed {word}, which is not "
                               "the start of an instruction")
        counts["instructions"] += int(number)
        if kinds[address]:
            counts[kinds[address]] += int(number)
    return counts, status


def foreign(path):
    """Why this machine's kernel cannot execute a program at all; "" if it can."""
    if path.read_bytes()[4] != ELFCLASS32:
        return ""
    try:
        with subprocess.Popen([path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            return ""
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        return "this machine's kernel executes no 32-bit programs (CONFIG_IA32_EMULATION)"


def can_trace(stepper, argv):
    """Whether this machine lets a process trace its child."""
    result = subprocess.run([stepper, *argv], capture_output=True, text=True,
                            timeout=120, check=False)
    return result.returncode == 0, result.stderr.strip()


def main():
    """Checks each program; the last line is the summary."""
    build = pathlib.Path(sys.argv[1])
    stepper = str(build / "step")
    known = programs.load()
    passed = failed = skipped = 0
    able, why = can_trace(stepper, [str(build / "check" / "syscalls")])
    for name, program in known.items():
        if not able:
            skipped += 1
            print(f"skip {name}: no single-stepping here: {why}")
            continue
        params = program.check_params
        path = str(build / "check" / name)
        expected = program.expected(params)
        del expected["branches"]
        why = foreign(pathlib.Path(path))
        if why:
            skipped += 1
            print(f"skip {name}: {why}")
            continue
        try:
            counts, status = step(stepper, program.argv(path, params))
        except (RuntimeError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"FAIL {name}: {error}")
            continue
        wrong = [f"{kind}: {counts[kind]} executed, {want} derived"
                 for kind, want in expected.items() if counts[kind] != want]
        if status != 0:
            wrong.append(f"exit status {status}")
        if wrong:
            failed += 1
            print(f"FAIL {name}: " + "; ".join(wrong))
        else:
            passed += 1
            print(f"pass {name}: {expected['instructions']:,} instructions")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    sys.exit(main())
