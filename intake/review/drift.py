"""How a station's scanner drifts from one test sheet to the next: its certificates as control charts."""

from __future__ import annotations

import json
from pathlib import Path

from intake.folder import CERTIFICATES
from intake.review import charts

MEASURES = {"scale": ("certified_scale", "{:.2%}"), "sfr10": ("certified_sfr10", "{:.2f}")}
"""what a certificate holds → the name it is shown by, how its numbers are written"""


def drawn(home: Path, station: str) -> list[tuple[str, str, charts.Control]]:
    """Name, form and chart of each measure; nothing of a station with fewer than two certificates of one way to scan.

    Each side, dpi and mode would drift apart: the way that was tested most is drawn.
    """
    ways: dict[tuple[str, float, str], list[dict[str, float | str]]] = {}
    for path in sorted((home / CERTIFICATES / station).glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        ways.setdefault((data["side"], data["stated_dpi"] or 0.0, data["mode"]), []).append(data)
    most = max(ways.values(), key=len, default=[])
    found = []
    for measure, (name, form) in MEASURES.items():
        chart = charts.control([(str(one["measured_at"])[:10], float(one[measure])) for one in most])
        if chart:
            found.append((name, form, chart))
    return found
