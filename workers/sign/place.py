"""Where the mark stands: box 14, or the nearest free place when box 14 is already inked."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from intake.errors import DocumentError
from intake.model import Box
from workers.sign.mark import LINES_MAX, SIZE_PT, Block, block, face_for
from workers.sign.sheet import PT_PER_MM, PX_PER_MM, Sheet, first_sheet, ink

RIGHT_MM = 7.0
"""Box 14's right edge to the paper's (Sơ đồ, Phụ lục I Mục IV: 203 of 210 mm)"""
TOP_MM = 5.0
EDGE_MM = 5.0
"""No mark nearer to the paper's edge: printers do not reach it"""
CLEAR_MM = 1.0
"""White kept around the mark"""


@dataclass(frozen=True, slots=True)
class Place:
    """The mark's place on page 1: ``box`` in mm as displayed, ``lines`` how many, ``moved`` away from box 14."""

    sheet: Sheet
    box: Box
    lines: int
    moved: bool

    def fitted(self, letters: Block) -> Place:
        """The same place with exactly the size of ``letters``: an appearance that does not fill its rectangle would be
        stretched to it. The right edge and the top stay."""
        width, height = letters.width / PT_PER_MM, letters.height / PT_PER_MM
        return replace(self, box=Box(self.box.x + self.box.width - width, self.box.y, width, height))

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        return self.sheet.rectangle(self.box)


def place(pdf: Path, paragraphs: tuple[str, ...]) -> Place:
    """Find the place on page 1. DocumentError when no free place is wide enough: content is never covered."""
    sheet = first_sheet(pdf)
    blocks = _blocks(paragraphs, sheet)
    if not blocks:
        raise _no_place(pdf)
    taken = _integral(ink(pdf, sheet))
    for found in blocks:
        home = _home(found, sheet)
        if home is not None and _free(taken, home):
            return Place(sheet, home, len(found.lines), moved=False)
    near = [spot for spot in (_nearest(taken, found, sheet) for found in blocks) if spot is not None]
    if not near:
        raise _no_place(pdf)
    box, _, lines = min(near, key=lambda spot: spot[1] + 0.5 * spot[2])
    return Place(sheet, box, lines, moved=True)


def _blocks(paragraphs: tuple[str, ...], sheet: Sheet) -> list[Block]:
    face = face_for(paragraphs)
    width, height = sheet.size_mm
    made = (block(paragraphs, face, lines, SIZE_PT) for lines in range(1, LINES_MAX + 1))
    return [
        one
        for one in made
        if one
        and one.width / PT_PER_MM <= width - RIGHT_MM - EDGE_MM
        and one.height / PT_PER_MM <= height - TOP_MM - EDGE_MM
    ]


def _home(found: Block, sheet: Sheet) -> Box | None:
    width, height = found.width / PT_PER_MM, found.height / PT_PER_MM
    return Box(sheet.size_mm[0] - RIGHT_MM - width, TOP_MM, width, height)


def _integral(mask: np.ndarray) -> np.ndarray:
    return cv2.integral(mask.astype(np.uint8))


def _sum(taken: np.ndarray, y0: int, y1: int, x0: int, x1: int) -> int:
    return int(taken[y1, x1] - taken[y0, x1] - taken[y1, x0] + taken[y0, x0])


def _free(taken: np.ndarray, box: Box) -> bool:
    rows, columns = taken.shape[0] - 1, taken.shape[1] - 1
    y0 = max(0, math.floor((box.y - CLEAR_MM) * PX_PER_MM))
    x0 = max(0, math.floor((box.x - CLEAR_MM) * PX_PER_MM))
    y1 = min(rows, math.ceil((box.y + box.height + CLEAR_MM) * PX_PER_MM))
    x1 = min(columns, math.ceil((box.x + box.width + CLEAR_MM) * PX_PER_MM))
    return _sum(taken, y0, y1, x0, x1) == 0


def _nearest(taken: np.ndarray, found: Block, sheet: Sheet) -> tuple[Box, float, int] | None:
    """The free box whose top right corner is nearest to box 14's, its distance in mm, and the number of lines."""
    width, height = found.width / PT_PER_MM, found.height / PT_PER_MM
    tall = math.ceil((height + 2 * CLEAR_MM) * PX_PER_MM) + 1
    wide = math.ceil((width + 2 * CLEAR_MM) * PX_PER_MM) + 1
    if tall >= taken.shape[0] or wide >= taken.shape[1]:
        return None
    sums = taken[tall:, wide:] - taken[:-tall, wide:] - taken[tall:, :-wide] + taken[:-tall, :-wide]
    rows, columns = np.nonzero(sums == 0)
    x = columns / PX_PER_MM + CLEAR_MM
    y = rows / PX_PER_MM + CLEAR_MM
    inside = (
        (x >= EDGE_MM)
        & (y >= EDGE_MM)
        & (x + width <= sheet.size_mm[0] - EDGE_MM)
        & (y + height <= sheet.size_mm[1] - EDGE_MM)
    )
    if not inside.any():
        return None
    distance = np.where(inside, np.hypot(x + width - (sheet.size_mm[0] - RIGHT_MM), y - TOP_MM), np.inf)
    best = int(np.argmin(distance))
    return Box(float(x[best]), float(y[best]), width, height), float(distance[best]), len(found.lines)


def _no_place(pdf: Path) -> DocumentError:
    return DocumentError(
        f"Trang 1 của «{pdf.name}» không còn chỗ trống đủ cho dòng dấu sao; phần mềm không in đè lên nội dung. "
        "Hãy kiểm tra bản quét (viền đen, nền tối) và quét lại, hoặc rút gọn tên cơ quan trong hồ sơ quy tắc.",
        f"Page 1 of «{pdf.name}» has no free place for the mark, and content is never covered. Check the scan (black "
        "borders, dark ground) and scan again, or shorten the agency's name in the profile.",
    )
