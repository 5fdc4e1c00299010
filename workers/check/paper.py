"""Which sheet was scanned, by the image's size at its dpi; auto-sized and trimmed scans are ordinary."""

from __future__ import annotations

SHEETS_MM = {
    "A3": (297.0, 420.0), "A4": (210.0, 297.0), "A5": (148.0, 210.0), "A6": (105.0, 148.0),
    "B4": (250.0, 353.0), "B5": (176.0, 250.0), "F4": (210.0, 330.0), "Foolscap": (216.0, 330.0),
    "Legal": (216.0, 356.0), "Letter": (216.0, 279.0),
}  # fmt: skip
TOLERANCE_MM = 9.0
"""real A4 scans run 589–604 × 820–861 pt: −7.8 to +7 mm"""


def name(size_mm: tuple[float, float]) -> str:
    """The nearest named sheet within tolerance, either way up, or ``other``."""
    short, long = sorted(size_mm)
    distance, best = min((max(abs(short - w), abs(long - h)), sheet) for sheet, (w, h) in SHEETS_MM.items())
    return best if distance <= TOLERANCE_MM else "other"
