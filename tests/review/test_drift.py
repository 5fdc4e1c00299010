"""The charts of a station's certificates: one way of scanning at a time, and nothing of a single test."""

from __future__ import annotations

import json
from pathlib import Path

from intake.folder import CERTIFICATES
from intake.review.drift import drawn


def _tested(home: Path, day: int, scale: float, dpi: float = 200.0) -> None:
    folder = home / CERTIFICATES / "desk1"
    folder.mkdir(parents=True, exist_ok=True)
    data = {"measured_at": f"2026-03-{day:02d}T08:00:00+00:00", "side": "front", "stated_dpi": dpi, "mode": "rgb",
            "scale": scale, "sfr10": 0.8}  # fmt: skip
    (folder / f"2026-03-{day:02d}-front-{dpi:.0f}-rgb.json").write_text(json.dumps(data), encoding="utf-8")


def test_the_way_tested_most_is_drawn(tmp_path: Path) -> None:
    assert drawn(tmp_path, "desk1") == []
    _tested(tmp_path, 1, 1.0)
    assert drawn(tmp_path, "desk1") == []
    _tested(tmp_path, 8, 0.998)
    _tested(tmp_path, 9, 1.02, dpi=300.0)
    charts = {name: chart for name, _, chart in drawn(tmp_path, "desk1")}
    assert set(charts) == {"certified_scale", "certified_sfr10"}
    assert [point.value for point in charts["certified_scale"].points] == [1.0, 0.998]
