"""One page read: its words where they stand, once, for the fields, the text layer and the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from intake.model import Finding
from intake.ports import OcrLine


@dataclass(frozen=True, slots=True)
class PageReading:
    """``lines`` in px of the page as displayed; ``dpi`` (x, y) is the file's own, or what its paper size implies."""

    number: int
    width_px: int
    height_px: int
    dpi: tuple[float, float]
    lines: tuple[OcrLine, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(" ".join(word.text for word in line) for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """The shape of ``words/NNN.json``."""
        return {
            "page": self.number,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "dpi": [round(self.dpi[0], 2), round(self.dpi[1], 2)],
            "lines": [
                {"words": [{"text": w.text, "box": list(w.box), "confidence": round(w.confidence, 3)} for w in line]}
                for line in self.lines
            ],
        }


def true_dpi(width_px: int, height_px: int, claimed: tuple[float | None, float | None]) -> tuple[float, float]:
    """The claimed dpi where it gives a sheet between A5 and A3; else what A4 (or Letter) of this shape would have.

    Some scanners tag whole A4 pages as 72 dpi; millimetres must not follow them.
    """
    x, y = claimed
    if x and y and 120 <= width_px / x * 25.4 <= 460 and 120 <= height_px / y * 25.4 <= 650:
        return x, y
    short = min(width_px, height_px)
    paper = 215.9 if max(width_px, height_px) / max(short, 1) < 1.35 else 210.0
    dpi = short / paper * 25.4
    return dpi, dpi


def scaled(lines: Sequence[OcrLine], scale: float) -> tuple[OcrLine, ...]:
    """Boxes brought back from an image resampled by ``scale``."""
    if scale == 1.0:
        return tuple(lines)
    return tuple(
        tuple(
            type(w)(w.text, tuple(round(v / scale) for v in w.box), w.confidence)  # type: ignore[arg-type]
            for w in line
        )
        for line in lines
    )


def moved(lines: Sequence[OcrLine], x: int, y: int) -> tuple[OcrLine, ...]:
    """Boxes brought back from a part whose left upper corner stands at ``x``, ``y``."""
    return tuple(
        tuple(replace(w, box=(w.box[0] + x, w.box[1] + y, w.box[2] + x, w.box[3] + y)) for w in line) for line in lines
    )
