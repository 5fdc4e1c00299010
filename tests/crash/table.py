"""Writes the crash matrix into docs/guarantees.md from what `make crash` saw: ``python -m tests.crash.table``."""

from __future__ import annotations

import json
import sys

from tests.crash.home import ROOT
from tests.crash.test_crash import MATRIX, ONLY_RQ

COLUMNS = {
    "sqlite-local": "SQLite, local pool",
    "postgresql-local": "PostgreSQL, local pool",
    "sqlite-rq": "SQLite, RQ",
    "postgresql-rq": "PostgreSQL, RQ",
}
BEGIN, END = "<!-- crash matrix -->", "<!-- /crash matrix -->"


def table() -> str:
    seen = {
        column: json.loads(path.read_text())
        for column in COLUMNS
        if (path := ROOT / "var" / "crash" / f"{column}.json").is_file()
    }
    lines = ["| killed at | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for point in MATRIX:
        cells = [
            f"{seen[column][point]} ✓" if point in seen.get(column, {}) else "–" if point in ONLY_RQ else "not run"
            for column in COLUMNS
        ]
        lines.append(f"| `{point}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    page = ROOT / "docs" / "guarantees.md"
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    written = table()
    page.write_text(f"{before}{BEGIN}\n{written}\n{END}{after}", encoding="utf-8")
    return 1 if "not run" in written else 0


if __name__ == "__main__":
    sys.exit(main())
