"""A sheet of paper that takes toner, pen ink and rubber stamps, and remembers where each went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from samples.marks import Print, worn
from samples.pen import Hand, ink_of
from samples.typeface import Style

Box = tuple[float, float, float, float]
"""x, y, width, height in mm from the top left corner of the sheet"""


class Line(NamedTuple):
    """A printed line: what it says, where its ink is, and its role on the page."""

    text: str
    box: Box
    role: str


def union(a: Box, b: Box) -> Box:
    left, top = min(a[0], b[0]), min(a[1], b[1])
    right, bottom = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return (left, top, right - left, bottom - top)


class Sheet:
    """One side being printed, written on and stamped. Positions are mm; text is placed by its baseline."""

    def __init__(
        self,
        size_mm: tuple[float, float],
        dpi: float,
        paper: tuple[int, int, int],
        rng: np.random.Generator,
        black: tuple[int, int, int] = (28, 28, 32),
    ) -> None:
        self.dpi = dpi
        self.per_mm = dpi / 25.4
        self.rng = rng
        self.black = black
        self.image = Image.new("RGB", tuple(round(value * self.per_mm) for value in size_mm), paper)
        self.draw = ImageDraw.Draw(self.image)
        self.inks: list[tuple[np.ndarray, tuple[int, int, int], tuple[int, int]]] = []
        self.boxes: dict[str, Box] = {}
        self.lines: list[Line] = []
        self.cursor = 0.0

    def note(self, role: str, box: Box) -> None:
        self.boxes[role] = union(self.boxes[role], box) if role in self.boxes else box

    def _print(self, text: str, x: float, y: float, style: Style) -> Box:
        letters = style.at(self.dpi)
        at = (x * self.per_mm, y * self.per_mm)
        self.draw.text(at, text, font=letters, fill=self.black, anchor="ls")
        left, top, right, bottom = letters.getbbox(text, anchor="ls")
        return (
            x + left / self.per_mm,
            y + top / self.per_mm,
            (right - left) / self.per_mm,
            (bottom - top) / self.per_mm,
        )

    def text(self, text: str, x: float, y: float, style: Style, role: str, line: bool = True) -> float:
        """Print at x, baseline y; returns the x after the text. ``line=False``: part of a line noted elsewhere."""
        if not text.strip():
            return x + style.width_mm(text)
        box = self._print(text, x, y, style)
        self.note(role, box)
        if line:
            self.lines.append(Line(text, box, role))
        return x + style.width_mm(text)

    def centred(self, text: str, middle: float, y: float, style: Style, role: str) -> Box:
        width = style.width_mm(text)
        self.text(text, middle - width / 2, y, style, role)
        return self.lines[-1].box

    def justified(self, words: Sequence[tuple[str, Style]], x: float, y: float, width: float, last: bool) -> None:
        natural = sum(style.width_mm(word) for word, style in words)
        spaces = len(words) - 1
        space = words[0][1].width_mm(" ")
        if spaces and not last:
            space = min((width - natural) / spaces, 3.2 * space)
        box: Box | None = None
        for word, style in words:
            step = self._print(word, x, y, style)
            box = union(box, step) if box else step
            x += style.width_mm(word) + space
        if box:
            self.note("body", box)
            self.lines.append(Line(" ".join(word for word, _ in words), box, "body"))

    def rule(self, x0: float, y0: float, x1: float, y1: float, width_mm: float = 0.25) -> None:
        width = max(1, round(width_mm * self.per_mm))
        points = [value * self.per_mm for value in (x0, y0, x1, y1)]
        self.draw.line(points, fill=self.black, width=width)

    def pen(self, strokes: Sequence[np.ndarray], hand: Hand, at_mm: tuple[float, float], role: str) -> Box:
        """Write strokes with their origin at ``at_mm``; ink goes over what is printed."""
        coverage, corner = ink_of(strokes, hand.nib_mm, self.dpi, self.rng)
        x, y = at_mm[0] + corner[0], at_mm[1] + corner[1]
        grain = self.rng.normal(hand.pressure, 0.06, (coverage.shape[0] // 3 + 1, coverage.shape[1] // 3 + 1))
        grain = np.kron(grain, np.ones((3, 3)))[: coverage.shape[0], : coverage.shape[1]]
        inked = np.clip(coverage * np.clip(grain, 0, 1), 0, 255).astype(np.uint8)
        self.inks.append((inked, hand.ink, (round(x * self.per_mm), round(y * self.per_mm))))
        box = self._ink_box(coverage, x, y)
        self.note(role, box)
        return box

    def _ink_box(self, coverage: np.ndarray, x: float, y: float) -> Box:
        rows, columns = np.flatnonzero(coverage.max(axis=1) > 64), np.flatnonzero(coverage.max(axis=0) > 64)
        if not len(rows):
            return (x, y, 0.0, 0.0)
        return (
            x + columns[0] / self.per_mm,
            y + rows[0] / self.per_mm,
            (columns[-1] - columns[0] + 1) / self.per_mm,
            (rows[-1] - rows[0] + 1) / self.per_mm,
        )

    def stamp(
        self,
        mark: Print,
        centre_mm: tuple[float, float],
        role: str,
        wear: float = 0.5,
        size_mm: tuple[float, float] | None = None,
    ) -> None:
        """Press a mark with its centre at ``centre_mm``. ``size_mm``: true size to note, else that of its ink."""
        layers = [(worn(mark.coverage, self.rng, self.dpi, wear), mark.ink), *mark.overlay]
        height, width = mark.coverage.shape
        x, y = centre_mm[0] - width / 2 / self.per_mm, centre_mm[1] - height / 2 / self.per_mm
        for coverage, ink in layers:
            self.inks.append((coverage, ink, (round(x * self.per_mm), round(y * self.per_mm))))
        if size_mm:
            self.note(role, (centre_mm[0] - size_mm[0] / 2, centre_mm[1] - size_mm[1] / 2, *size_mm))
        else:
            self.note(role, self._ink_box(mark.coverage, x, y))

    def pixels(self) -> np.ndarray:
        """RGB uint8. Inks are see-through: what lies under them multiplies."""
        page = np.array(self.image)
        for coverage, ink, (x, y) in self.inks:
            top, left = max(0, y), max(0, x)
            part = coverage[top - y : page.shape[0] - y, left - x : page.shape[1] - x]
            if not part.size:
                continue
            under = page[top : top + part.shape[0], left : left + part.shape[1]]
            for channel in range(3):
                factor = 255 - (part.astype(np.uint16) * (255 - ink[channel]) + 127) // 255
                under[:, :, channel] = (under[:, :, channel] * factor.astype(np.uint32) // 255).astype(np.uint8)
        return page
