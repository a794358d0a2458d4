"""Do harm to the program (kills, a full disk, a folder that goes) and print what was done and what survived.

``python scripts/try_faults.py [--times N]``; N kills of each kind, 30 unless said. The exit code is 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def main() -> int:
    """Run every case; 0 when all has survived."""
    from faults import cases

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    arguments = parser.parse_args()
    todo = [
        *((case.__name__, partial(case, times=arguments.times)) for case in cases.KILLED),
        *((case.__name__, case) for case in cases.MET),
    ]
    failed, began = 0, time.monotonic()
    for name, case in todo:
        if arguments.only not in name:
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="lnpscope-") as folder:
            outcome = case(Path(folder))
        failed += not outcome.passed
        print(
            f"{'pass' if outcome.passed else 'FAIL'}  {time.monotonic() - started:4.0f} s  {outcome.done}: {outcome.survived}", flush=True
        )
        for fault in outcome.faults[:5]:
            print(f"        {fault}", flush=True)
    print(f"{'All survived' if not failed else f'{failed} cases FAILED'}; {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.0f}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
