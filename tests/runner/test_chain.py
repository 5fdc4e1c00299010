"""What the chain hands to a stage from outside its folder."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from intake.folder import DocumentFolder, new_attempt
from intake.profile import load
from intake.settings import shipped_profiles
from workers.chain import CALLS, Surroundings


def test_the_reader_knows_the_day_of_arrival_in_hanoi(tmp_path: Path, samples: Path) -> None:
    """A document of the day itself is believed, one of the next is not: seven hours make that difference."""
    scan = samples / "scans" / "giay-moi-hop.png"
    profile = load(shipped_profiles() / "incoming.toml")
    sure = {}
    for hour in (16, 17):  # 23:00 and 0:00 in Hà Nội
        root = tmp_path / str(hour)
        (root / "original").mkdir(parents=True)
        shutil.copyfile(scan, root / "original" / "001.png")
        document, out = DocumentFolder("20261123-aa", root), new_attempt(root, "ocr", 1)
        day = datetime.fromisoformat(_date_of(scan))
        around = Surroundings(root, "vanthu", datetime(day.year, day.month, day.day - 1, hour, tzinfo=UTC))
        facts = CALLS["ocr"](document, profile, out, around, lambda _: None).facts
        sure[hour] = facts["fields"]["IssuedDate"]["confidence"]
    assert sure[16] <= 0.1
    assert sure[17] > 0.9


def _date_of(scan: Path) -> str:
    told = json.loads((scan.parents[1] / "truth.json").read_text("utf-8"))["documents"]
    return next(row for row in told if row["name"] == scan.stem)["fields"]["IssuedDate"]
