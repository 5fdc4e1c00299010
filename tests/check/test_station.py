"""A station's certificate counts from its test until its expiry, and a capture that none covers carries a note."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from workers.check.station import Certified, certified, keep, look

TESTED = datetime(2026, 3, 2, 8, tzinfo=UTC)


def _certificate(at: datetime = TESTED, good: bool = True, **changes: Any) -> dict[str, Any]:
    return {
        "stated_dpi": 200.0, "mode": "rgb", "side": "front", "certified": good, "measured_at": at.isoformat(),
        "valid_until": (at + timedelta(days=7)).isoformat() if good else None, **changes,
    }  # fmt: skip


@pytest.mark.parametrize(("days", "known"), [(-1, 0), (1, 1), (6, 1), (8, 0)])
def test_a_certificate_counts_from_its_test_until_its_expiry(tmp_path: Path, days: int, known: int) -> None:
    keep(tmp_path, "desk1", _certificate())
    assert len(certified(tmp_path, "desk1", TESTED + timedelta(days=days))) == known
    assert certified(tmp_path, "desk2", TESTED + timedelta(days=days)) == ()


def test_a_failed_test_ends_the_certificate_before_it(tmp_path: Path) -> None:
    keep(tmp_path, "desk1", _certificate())
    keep(tmp_path, "desk1", _certificate(TESTED + timedelta(days=1), good=False))
    assert certified(tmp_path, "desk1", TESTED + timedelta(days=2)) == ()


def test_every_way_of_scanning_is_certified_apart(tmp_path: Path) -> None:
    keep(tmp_path, "desk1", _certificate())
    keep(tmp_path, "desk1", _certificate(stated_dpi=300.0))
    known = certified(tmp_path, "desk1", TESTED + timedelta(days=1))
    assert {one.dpi for one in known} == {200.0, 300.0}


@pytest.mark.parametrize(
    ("dpi", "colour", "noted"),
    [(200.0, "rgb", 0), (198.0, "rgb", 0), (300.0, "rgb", 1), (200.0, "gray", 1), (None, "rgb", 1)],
)
def test_a_capture_that_no_certificate_covers_carries_one_note(dpi: float | None, colour: str, noted: int) -> None:
    pages = [{"page": number, "dpi": dpi, "colour": colour} for number in (1, 2)]
    found = list(look(pages, [Certified(200.0, "rgb", "front")]))
    assert [finding.code for finding in found] == ["check.station_uncertified"] * noted
    assert all(finding.severity.word == "note" for finding in found)
