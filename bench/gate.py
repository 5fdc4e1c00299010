"""How well the capture gate finds faults and leaves good documents alone.

    .venv/bin/python bench/gate.py --corpus DIR [--corpus DIR …] [--jsonl OUT]

DIR holds ``truth.jsonl`` with ``id``, ``files[].path``, ``expected_findings[].code`` (error = block, warning = warn,
stop = refuse) as written by bench/gate_faults.py. Prints precision and recall per code, every confusion, and the block
or refuse findings on documents that have no expected finding (there must be none).
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import time
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from intake.model import Severity
from intake.profile import load
from workers.check.gate import inspect

PROFILE = Path(__file__).resolve().parents[1] / "profiles" / "incoming.toml"
SEVERITY = {"error": "block", "warning": "warn", "stop": "refuse"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, action="append", required=True)
    parser.add_argument("--jsonl", type=Path, help="write id, expected and found codes, one line per document")
    parser.add_argument("--only", default="", help="only documents whose fault or id contains this")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    section = load(PROFILE).check
    right: collections.Counter[str] = collections.Counter()
    wanted: collections.Counter[str] = collections.Counter()
    given: collections.Counter[str] = collections.Counter()
    confusions, alarms, seconds, clean, lines = [], [], 0.0, 0, []
    for corpus in arguments.corpus:
        for line in (corpus / "truth.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            fault = record.get("fault") or "clean"
            if arguments.only and arguments.only not in fault and arguments.only not in record["id"]:
                continue
            files = [corpus / item["path"] for item in record["files"]]
            started = time.process_time()
            findings, measures = inspect(files, section)
            seconds += time.process_time() - started
            expected = {(item["code"], item["page"]) for item in record["expected_findings"]}
            found = {(f.code.removeprefix("check."), f.page) for f in findings if f.severity > Severity.NOTE}
            want, got = {code for code, _ in expected}, {code for code, _ in found}
            wanted.update(want)
            given.update(got)
            right.update(want & got)
            if want != got:
                confusions.append((record["id"], fault, sorted(want - got), sorted(got - want), record.get("strength")))
            hard = {f.code.removeprefix("check.") for f in findings if f.severity >= Severity.BLOCK}
            if not expected:
                clean += 1
                if hard:
                    alarms.append((record["id"], fault, sorted(hard), record.get("strength")))
            lines.append({"id": record["id"], "fault": fault, "expected": sorted(want), "found": [f.as_json() for f in findings],
                          "measures": measures, "strength": record.get("strength")})  # fmt: skip
    print(f"{'code':22} {'wanted':>6} {'found':>6} {'recall':>7} {'precision':>9}")
    for code in sorted({*wanted, *given}):
        recall = f"{right[code] / wanted[code]:.3f}" if wanted[code] else "–"
        precision = f"{right[code] / given[code]:.3f}" if given[code] else "–"
        print(f"{code:22} {wanted[code]:6} {given[code]:6} {recall:>7} {precision:>9}")
    print(f"\nclean documents: {clean}; with block or refuse: {len(alarms)}")
    for alarm in alarms:
        print("  FALSE ALARM", *alarm)
    print("confusions (missed, extra):")
    for confusion in confusions:
        print("  ", *confusion)
    print(f"CPU: {seconds:.1f} s")
    if arguments.jsonl:
        arguments.jsonl.write_text("\n".join(json.dumps(item, ensure_ascii=False) for item in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
