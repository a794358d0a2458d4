"""Change the solvers and the fit in small ways, one at a time, and count the changes that no test notices.

``python scripts/try_mutants.py [--count N] [--seed S] [--only NAME]``; N mutants drawn of some thousands, 200 unless said. The work is
mutmut's, and ``[tool.mutmut]`` of pyproject.toml says which sources are changed and which tests run; of these, each mutant meets the
ones that call its function, with a time limit. The exit code is 1 when more than a fifth of the mutants live on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "mutants"
EQUIVALENT = ROOT / "tests" / "equivalent_mutants.txt"
"""Changes that change nothing, each with its reason above it."""

KILLED, TIMEOUT = (1, 3), (36, 24, 152, 255, -24)
GOAL = 0.8


def main() -> int:
    """Draw, run and judge; 0 when the goal is reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="mutants whose name holds this")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    names = [name for name in all_mutants() if arguments.only in name]
    chosen = sorted(random.Random(arguments.seed).sample(names, min(arguments.count, len(names))))
    began = time.monotonic()
    mutmut("run", "--max-children", "1", *chosen)
    fates = {name: fate for name, fate in read_fates().items() if name in set(chosen)}
    print(f"{len(chosen)} of {len(names)} mutants, {(time.monotonic() - began) / 60:.0f} minutes, load {os.getloadavg()[0]:.0f}.")
    return 0 if judge(fates) >= GOAL else 1


def all_mutants() -> list[str]:
    """Return the names of all mutants there are, without making them."""
    from mutmut.configuration import config
    from mutmut.mutation.file_mutation import mutate_file_contents

    names = []
    for path in sorted((ROOT / "engine").rglob("*.py")):
        place = path.relative_to(ROOT)
        if any(fnmatch(place.as_posix(), pattern) for pattern in config().only_mutate):
            module = ".".join(place.with_suffix("").parts)
            names += [f"{module}.{name}" for name in mutate_file_contents(place, path.read_text(encoding="utf-8")).mutant_names]
    return names


def mutmut(*words: str) -> str:
    """Run mutmut and return what it printed; its progress goes to mutants.log."""
    environment = {**os.environ, "CI": "true"}  # the same examples of hypothesis for every mutant
    done = subprocess.run([sys.executable, "-m", "mutmut", *words], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"mutmut ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def read_fates() -> dict[str, str]:
    """Return what became of each mutant: killed, timeout or survived."""
    fates = {}
    for path in WORK.rglob("*.py.meta"):
        for name, code in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            fates[name] = "killed" if code in KILLED else "timeout" if code in TIMEOUT else "survived"
    return fates


def judge(fates: dict[str, str]) -> float:
    """Print the survivors and the count, and return the share that was noticed of those that change anything."""
    known = EQUIVALENT.read_text(encoding="utf-8")
    by_module: dict[str, Counter[str]] = {}
    for name, fate in sorted(fates.items()):
        if fate == "survived":
            change = mutmut("show", name).strip()
            fate = "equivalent" if is_listed(change, known) else fate
            print(f"\n{fate}: {change}" if fate == "survived" else f"\n{fate}: {name}")
        by_module.setdefault(name.rpartition(".")[0], Counter())[fate] += 1
    print()
    for module, counts in by_module.items():
        print(f"{module:36} {', '.join(f'{count} {fate}' for fate, count in sorted(counts.items()))}")
    total = sum(by_module.values(), Counter())
    noticed = (total["killed"] + total["timeout"]) / max(1, total.total() - total["equivalent"])
    print(f"{'all':36} {', '.join(f'{count} {fate}' for fate, count in sorted(total.items()))}: {noticed:.0%} noticed")
    return noticed


def is_listed(change: str, known: str) -> bool:
    """Tell whether the lines taken away and put in stand, one after the other, in the list of equivalent mutants."""
    lines = [line[0] + line[1:].strip() for line in change.splitlines() if line[:1] in ("-", "+") and line[:3] not in ("---", "+++")]
    return bool(lines) and "\n".join(lines) + "\n" in known


if __name__ == "__main__":
    sys.exit(main())
