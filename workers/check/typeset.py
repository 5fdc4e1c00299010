"""How a typist set the page: where the body's lines begin and end, and how tall its letters stand.

The law fixes the margins (30–35 and 15–20 mm) and the type (13–14 pt), so text that is both too narrow and too small,
or too wide and too large, has been scaled. Either alone proves nothing: there are narrow pages and small types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from workers.check.text import levelled
from workers.check.view import WORK_DPI, PageView
from workers.tools.connected import connected

MM = 25.4 / WORK_DPI
BELOW = 0.2
"""share of the page from the top that box 1 and the number take: set in columns, not between the margins"""
ROW_MM = ((70.0, 1.5), (230.0, 8.0))
"""width and height of a line of the body, from … to …"""
ROWS_MIN = 12
LEVEL = 0.12
"""degrees: over 160 mm a third of a millimetre"""
TOGETHER, TOGETHER_MM = 4, 1.2
"""so many lines begin (or end) within so much: a margin; first lines and last lines stand elsewhere"""
PIECE_MM = 22.0
"""a line that leans 1.5° climbs 0.6 mm on it"""
LINES_MAX = 14
PIECES_MIN = 20
XHEIGHT_MM = (1.2, 3.5)
USUAL_MM = 160.0
NARROW_MM, NARROW_RIGHT_MM, SMALL_PT = 152.5, 21.0, 13.45
"""together: of 48 real pages one at 94 % (151.6 mm, 23.1 mm, 13.2 pt) and a reduced copy; each alone several"""
INDENT_MM = 41.0
"""where a page's lines begin further in, it is paragraphs' first lines that were seen"""
WIDE_MM, WIDE_RIGHT_MM, LARGE_PT = 164.5, 9.5, 14.6
"""together: enlarged captures, whose right side runs off the glass; the narrowest right margin of real pages is 12.7"""
XHEIGHT_EM = 0.448
"""of Times New Roman; its metric equals and the ink's spread give up to 5 % more, other typefaces up to 10 %"""

Row = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Typeset:
    """``left``, ``right``: margins in mm of the image; ``width``: mm between them; ``body_pt``: size of the type, were it
    Times New Roman, None where the margins are ordinary or the letters stand too unevenly to tell."""

    left: float
    right: float
    width: float
    body_pt: float | None

    @property
    def narrow(self) -> bool:
        return self.width < NARROW_MM and self.right > NARROW_RIGHT_MM and self.left < INDENT_MM

    @property
    def wide(self) -> bool:
        return self.width > WIDE_MM and self.right < WIDE_RIGHT_MM

    @property
    def scale(self) -> float | None:
        """What margins and type say together, roughly; None where they do not both say so."""
        if self.body_pt is None:
            return None
        reduced = self.narrow and self.body_pt < SMALL_PT
        enlarged = self.wide and self.body_pt > LARGE_PT
        return self.width / USUAL_MM if reduced or enlarged else None


def measure(view: PageView, lean: float | None) -> Typeset | None:
    """None for a page without ROWS_MIN lines between two margins. ``lean``: degrees clockwise of its lines."""
    rows = lines(view, lean or 0.0)
    if len(rows) < ROWS_MIN:
        return None
    left = _margin(sorted(x for x, *_ in rows))
    end = _margin(sorted(-x - width for x, _, width, _ in rows))
    if left is None or end is None:
        return None
    found = Typeset(left, view.paper_mm[0] + end, -end - left, None)
    return replace(found, body_pt=body_pt(view, rows, lean or 0.0)) if found.narrow or found.wide else found


def lines(view: PageView, lean: float) -> list[Row]:
    """x, y, width and height in mm of the body's lines, levelled, widest first."""
    mask, _ = view.letters
    top = int(BELOW * mask.shape[0])
    level = levelled(mask[top:], lean) if abs(lean) >= LEVEL else mask[top:]
    level = (
        level[:, 1::2] | level[:, : level.shape[1] // 2 * 2 : 2]
    )  # half across is enough for lines, and half the work
    joined = cv2.morphologyEx(level, cv2.MORPH_CLOSE, np.ones((1, 9), np.uint8))
    joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((4, 1), np.uint8))  # what hangs from one line to the next
    _, stats = connected(joined)
    (wide, low), (wider, high) = ROW_MM
    boxes = stats[1:, :4] * (2 * MM, MM, 2 * MM, MM)
    boxes[:, 1] += top * MM
    inside = (wide < boxes[:, 2]) & (boxes[:, 2] < wider) & (low < boxes[:, 3]) & (boxes[:, 3] < high)
    found = [tuple(box) for box in boxes[inside]]
    return sorted(found, key=lambda box: -box[2])  # type: ignore[arg-type, return-value]


def _margin(ends: Sequence[float]) -> float | None:
    """The outermost place where TOGETHER lines begin; ``ends`` ascending."""
    for index in range(len(ends) - TOGETHER + 1):
        if ends[index + TOGETHER - 1] - ends[index] <= TOGETHER_MM:
            return float(np.median([end for end in ends[index:] if end - ends[index] <= TOGETHER_MM]))
    return None


def body_pt(view: PageView, rows: Sequence[Row], lean: float) -> float | None:
    """From the steepest rise and fall of ink on the way down each piece of a line: its letters' bodies lie between."""
    slope = float(np.tan(np.radians(lean)))
    per_x, per_y = view.dpi[0] / 25.4, view.dpi[1] / 25.4
    heights = []
    for x, y, width, height in rows[:LINES_MAX]:
        for start in np.arange(x, x + width - PIECE_MM + 0.1, PIECE_MM):
            top = y - 1 + (start + PIECE_MM / 2) * slope
            piece = view.luma[
                max(int(top * per_y), 0) : int((top + height + 2) * per_y),
                int(start * per_x) : int((start + PIECE_MM) * per_x),
            ]
            if len(piece) > 8:
                heights.append(_body_px(piece) / per_y)
    within = np.array([value for value in heights if XHEIGHT_MM[0] < value < XHEIGHT_MM[1]])
    if len(within) < PIECES_MIN:
        return None
    typical = float(np.median(within))
    near = within[np.abs(within / typical - 1) < 0.12]
    return typical / 25.4 * 72 / XHEIGHT_EM if len(near) > 0.7 * len(within) else None


def _body_px(piece: np.ndarray) -> float:
    ink = 255 - piece.mean(axis=1, dtype=np.float32)
    steps = cv2.GaussianBlur(np.gradient(ink)[:, None], (1, 3), 0).ravel()
    rise = int(steps.argmax())
    after = steps[rise + 2 :]
    if not len(after):
        return 0.0
    fall = rise + 2 + int(after.argmin())
    return _between(-steps, fall) - _between(steps, rise)


def _between(values: np.ndarray, place: int) -> float:
    """Where the peak at ``place`` really is: the top of the parabola through it and its neighbours."""
    if not 0 < place < len(values) - 1:
        return float(place)
    before, peak, after = values[place - 1 : place + 2]
    bend = before - 2 * peak + after
    return place + float(0.5 * (before - after) / bend) if bend else float(place)
