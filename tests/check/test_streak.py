"""A line down one page is a mark on its paper; the same line down two pages is dirt on the scanner's glass."""

from __future__ import annotations

from pathlib import Path

from samples.capture import save
from workers.check.gate import inspect


def _told(tmp_path: Path, section, *scans) -> list[tuple[str, str]]:
    files = save(list(scans), tmp_path / "doc.pdf", "pdf", 200.0)
    return [(f.code, f.severity.word) for f in inspect(files, section)[0] if f.code == "check.streak"]


def test_a_streak_in_the_same_column_of_two_pages_is_noted_once(tmp_path, taken, section) -> None:
    dirty = taken(streaks=((70.0, 0.3, -0.2),))
    assert _told(tmp_path, section, dirty, taken(streaks=((70.3, 0.3, -0.2),), skew_deg=0.2)) == [
        ("check.streak", "note")
    ]
    assert _told(tmp_path, section, dirty, taken(streaks=((120.0, 0.3, -0.2),))) == []
    assert _told(tmp_path, section, taken(), taken(skew_deg=0.3)) == []


def test_the_strength_of_a_streak_stands_in_the_pages_measures(tmp_path, taken, section) -> None:
    for number, streaks in enumerate([(), ((70.0, 0.3, -0.2),)]):
        files = save([taken(streaks=streaks)], tmp_path / f"{number}.pdf", "pdf", 200.0)
        row = inspect(files, section)[1][0]
        assert (row["streaks"] > 3) == bool(streaks)
        assert 0 < row["blur"] < 0.19
