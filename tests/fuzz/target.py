"""The fuzz target of the file gate: what the watch and the check stage do with bytes nobody has seen before.

    .venv/bin/python -m tests.fuzz.target [--seconds 600] [--seed 7]

``one_input`` takes bytes and either returns or fails: any fuzzer may call it. Run as a program it feeds mutated scans
until the time is over; what fails is written to ``var/fuzz/`` and named. It runs in this process, so that a crash of
native code ends it loudly (the station runs the same code in a child with limits).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import warnings
from functools import cache
from itertools import count
from pathlib import Path
from time import monotonic

from intake.profile import load
from intake.profile.sections import CheckSection
from intake.receive.complete import incomplete
from intake.settings import shipped_profiles
from tests.fuzz.mutate import mutated
from workers.check.gate import inspect

FOUND = Path(__file__).parents[2] / "var" / "fuzz"


@cache
def _section() -> CheckSection:
    return load(shipped_profiles() / "incoming.toml").check


def one_input(data: bytes, suffix: str = ".jpg") -> None:
    """Both gates answer, and what the check finds is said in both languages; anything else is a fault."""
    with tempfile.TemporaryDirectory(prefix="sohoa-fuzz-") as folder:
        path = Path(folder) / f"001{suffix}"
        path.write_bytes(data)
        missing = incomplete(path)
        assert missing is None or missing
        findings, _ = inspect([path], _section())
        assert all(finding.vi and finding.en for finding in findings)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # what decoders say of broken files is not news here
    end, fed, failed = monotonic() + given.seconds, 0, 0
    for seed in count(given.seed):
        for name, data in mutated(500, seed):
            if monotonic() > end:
                print(f"{fed} files, {failed} failed")
                return 1 if failed else 0
            fed += 1
            try:
                one_input(data, Path(name).suffix)
            except Exception as error:  # noqa: BLE001 - a fuzzer's business is whatever comes
                failed += 1
                FOUND.mkdir(parents=True, exist_ok=True)
                kept = FOUND / f"{hashlib.sha256(data).hexdigest()[:12]}{Path(name).suffix}"
                kept.write_bytes(data)
                print(f"{kept}: {type(error).__name__}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
