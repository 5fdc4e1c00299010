"""Which sheet was scanned, by the image's size at its dpi; auto-sized and trimmed scans are ordinary."""

from __future__ import annotations

SHEETS_MM = {
    "A3": (297.0, 420.0), "A4": (210.0, 297.0), "A5": (148.0, 210.0), "A6": (105.0, 148.0),
    "B4": (250.0, 353.0), "B5": (176.0, 250.0), "F4": (210.0, 330.0), "Foolscap": (216.0, 330.0),
    "Legal": (216.0, 356.0), "Letter": (216.0, 279.0),
}  # fmt: skip
TOLERANCE_MM = 9.0
"""real A4 scans run 589–604 × 820–861 pt: −7.8 to +7 mm"""

KNOWN = 0.018
"""by how much a sheet may differ from a known one's size and still be that one, whole"""


def name(size_mm: tuple[float, float]) -> str:
    """The nearest named sheet within tolerance, either way up, or ``other``."""
    short, long = sorted(size_mm)
    distance, best = min((max(abs(short - w), abs(long - h)), sheet) for sheet, (w, h) in SHEETS_MM.items())
    return best if distance <= TOLERANCE_MM else "other"


def factor(size_mm: tuple[float, float], canvas_mm: tuple[float, float], agree: float) -> float | None:
    """How large the sheet of ``size_mm`` appears: 1 (nearly) for a known sheet, else its size against the sheet that the
    canvas is, since «fit to page» brings A4 onto A4; None when width and height do not tell the same."""
    short, long = sorted(size_mm)

    def against(sheet: str) -> float | None:
        width, height = SHEETS_MM[sheet]
        return (short / width + long / height) / 2 if abs(short / width - long / height) <= agree else None

    factors = [value for value in map(against, SHEETS_MM) if value and abs(value - 1) <= KNOWN]
    if factors:
        return min(factors, key=lambda value: abs(value - 1))
    canvas = name(canvas_mm)
    return against(canvas) if canvas in SHEETS_MM else against("A4")
