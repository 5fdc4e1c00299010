"""Words set back into the rows and columns of the paper, in mm, straightened."""

from __future__ import annotations

import math
import statistics
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intake.model import Box
from intake.ports import OcrLine, OcrWord
from workers.ocr.spelling import fold

TALLEST = 1.5
"""height of a word with marks above and a tail below, in usual heights of its row"""


@dataclass(frozen=True, slots=True)
class Token:
    """A word in mm on the straightened page; ``word`` is what the engine read, in px."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    word: OcrWord

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Row:
    """Words that stand on one height, left to right."""

    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        return " ".join(token.text for token in self.tokens)

    @property
    def x0(self) -> float:
        return self.tokens[0].x0

    @property
    def x1(self) -> float:
        return max(token.x1 for token in self.tokens)

    @property
    def y0(self) -> float:
        return min(token.y0 for token in self.tokens)

    @property
    def y1(self) -> float:
        return max(token.y1 for token in self.tokens)

    @property
    def print_y(self) -> tuple[float, float]:
        """Where its print begins and ends, mm; the engine makes single words twice as tall where ink of other lines is near."""
        usual = statistics.median(token.height for token in self.tokens)
        kept = [token for token in self.tokens if token.height <= TALLEST * usual]
        return min(token.y0 for token in kept), max(token.y1 for token in kept)

    @property
    def middle(self) -> float:
        return statistics.median(token.middle for token in self.tokens)

    @property
    def centre(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def confidence(self) -> float:
        return min(token.word.confidence for token in self.tokens)

    def part(self, x_from: float, x_to: float) -> Row | None:
        """The words whose centre lies between ``x_from`` and ``x_to`` mm."""
        inside = tuple(t for t in self.tokens if x_from <= (t.x0 + t.x1) / 2 <= x_to)
        return Row(inside) if inside else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page's words as rows in mm. ``px_per_mm`` (x, y); ``angle`` in radians, positive = rising to the right."""

    rows: tuple[Row, ...]
    px_per_mm: tuple[float, float]
    angle: float
    width: float
    height: float

    def box(self, tokens: Iterable[Token]) -> Box | None:
        """The smallest box around the words on the page as displayed (mm, not straightened)."""
        boxes = [token.word.box for token in tokens]
        if not boxes:
            return None
        x, y = self.px_per_mm
        x0, y0 = min(b[0] for b in boxes) / x, min(b[1] for b in boxes) / y
        return Box(x0, y0, max(b[2] for b in boxes) / x - x0, max(b[3] for b in boxes) / y - y0)

    def to_px(self, x: float, y: float) -> tuple[float, float]:
        """A straightened point in mm to px of the page as displayed."""
        slope = math.tan(self.angle)
        return x * self.px_per_mm[0], (y - x * slope) * self.px_per_mm[1]

    def between(self, y_from: float, y_to: float) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if y_from <= row.middle < y_to)


def lay_out(lines: Sequence[OcrLine], width_px: int, height_px: int, dpi: tuple[float, float]) -> Sheet:
    """Rows of a page's words. The engine's own lines are not kept: they join the two columns of the header."""
    x, y = dpi[0] / 25.4, dpi[1] / 25.4
    slope = _slope(lines, x, y)
    tokens = [_token(word, x, y, slope) for line in lines for word in line]
    rows = rows_of(tokens)
    return Sheet(rows, (x, y), math.atan(slope), width_px / x, height_px / y)


def _token(word: OcrWord, x: float, y: float, slope: float) -> Token:
    left, top, right, bottom = word.box
    lift = (left + right) / 2 / x * slope
    return Token(word.text, left / x, top / y + lift, right / x, bottom / y + lift, word)


def _slope(lines: Sequence[OcrLine], x: float, y: float) -> float:
    """Median rise per mm of the lines long enough to tell, as drawn upwards; words with descenders are levelled
    by taking letters whose boxes end on the base line."""
    slopes = []
    for line in lines:
        flat = [w for w in line if w.confidence > 0.5 and len(w.text) > 1 and _stands_on_base_line(w.text)]
        if len(flat) >= 2 and (flat[-1].box[2] - flat[0].box[0]) / x > 40:
            first, last = flat[0].box, flat[-1].box
            run = ((last[0] + last[2]) - (first[0] + first[2])) / 2 / x
            if run > 30:
                slopes.append((first[3] - last[3]) / y / run)
    return statistics.median(slopes) if len(slopes) >= 3 else 0.0


def _stands_on_base_line(text: str) -> bool:
    return "\u0323" not in unicodedata.normalize("NFD", text) and not set(fold(text)) & set("QPGYJ,;()/")


def rows_of(tokens: Iterable[Token]) -> tuple[Row, ...]:
    """Words joined into rows when their middles differ by less than half the smaller height (with a floor)."""
    rows: list[_Growing] = []
    for token in sorted(tokens, key=lambda t: t.middle):
        best, distance = None, 99.0
        for row in rows[-6:]:
            apart = abs(token.middle - row.middle)
            if apart < 0.5 * max(min(row.height, token.height, 6.0), 2.4) and apart < distance:
                best, distance = row, apart
        if best is None:
            best = _Growing()
            rows.append(best)
        best.add(token)
    return tuple(Row(tuple(sorted(row.tokens, key=lambda t: t.x0))) for row in rows)


class _Growing:
    """A row while words join it, with the medians of their middles and heights: asked for with every word of a page."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self._middles: list[float] = []
        self._heights: list[float] = []
        self.middle = self.height = 0.0

    def add(self, token: Token) -> None:
        self.tokens.append(token)
        self._middles.append(token.middle)
        self._heights.append(token.height)
        self.middle, self.height = statistics.median(self._middles), statistics.median(self._heights)
