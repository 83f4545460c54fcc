# SPDX-License-Identifier: LGPL-2.1-or-later
"""Security's checks among all that suites check: rows for out/security.json.

A suite calls write(BOOT, MODE, OUTCOMES) at the end of each boot; `security` (the program
beside this) puts the files together. A row's case is the check's name, and its note
begins with the numbers of the abuse cases (cases.py) that it belongs to.
"""
import json
import os
from pathlib import Path

import cases

TOP = Path(__file__).resolve().parents[2]

# The level of a boot's checks. Those of a guest that begin with these words are about
# the hypercall itself.
LEVELS = {"isolation": "isolation", "lifecycle": "lifecycle", "endurance": "lifecycle",
          "tiny": "hypercall"}
HYPERCALL = "hypercall: "


def out():
    return Path(os.environ.get("PERFCTR_OUT") or TOP / "out")


def rows(boot, mode, outcomes):
    """outcomes: (name, result, note) with result pass, fail, skip or error."""
    found = []
    for name, result, note in outcomes:
        level = LEVELS.get(boot, "hypercall" if name.startswith(HYPERCALL) else "guest")
        numbers = cases.numbers(boot, name)
        # What the other boots check besides is not about security.
        if not numbers and boot not in LEVELS:
            continue
        tag = "abuse case " + ", ".join(map(str, numbers)) if numbers else ""
        found.append({"case": f"{boot}: {name}", "level": level, "mode": mode, "result": result,
                      "note": ": ".join(filter(None, (tag, note.strip()[-300:])))})
    return found


def write(boot, mode, outcomes):
    place = out() / "security"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{boot}-{mode}.json").write_text(
        json.dumps(rows(boot, mode, outcomes), indent=1) + "\n", encoding="utf-8")
