"""Page 1 as it is displayed: its size, how to get from there to PDF coordinates, and where it is inked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2

from intake.errors import DocumentError
from intake.model import Box
from intake.pdfium import PDFIUM

PT_PER_MM = 72 / 25.4
PX_PER_MM = 4.0
"""Resolution of the ink map: the thinnest printed line (0.1 mm) still takes 40 % of a pixel."""
PIXELS_MAX = 60_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """``box`` is the visible part (CropBox) in user units, ``rotate`` the clockwise turn, ``unit`` pt per user unit."""

    box: tuple[float, float, float, float]
    rotate: int
    unit: float

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width, height in mm as displayed."""
        width, height = (self.box[2] - self.box[0], self.box[3] - self.box[1])
        if self.rotate in (90, 270):
            width, height = height, width
        return width * self.unit / PT_PER_MM, height * self.unit / PT_PER_MM

    def rectangle(self, shown: Box) -> tuple[float, float, float, float]:
        """A displayed box (mm, from the top left corner) as a PDF rectangle in user units: left, bottom, right, top."""
        scale = PT_PER_MM / self.unit
        corners = [
            self._point(shown.x * scale, shown.y * scale),
            self._point((shown.x + shown.width) * scale, (shown.y + shown.height) * scale),
        ]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def displayed(self, rectangle: tuple[float, float, float, float]) -> Box:
        """The way back: a PDF rectangle as a box in mm from the displayed top left corner."""
        x0, y0, x1, y1 = self.box
        left, bottom, right, top = rectangle
        across, down = {
            0: ((left - x0, right - x0), (y1 - top, y1 - bottom)),
            90: ((bottom - y0, top - y0), (left - x0, right - x0)),
            180: ((x1 - right, x1 - left), (bottom - y0, top - y0)),
            270: ((y1 - top, y1 - bottom), (x1 - right, x1 - left)),
        }[self.rotate]
        scale = self.unit / PT_PER_MM
        return Box(across[0] * scale, down[0] * scale, (across[1] - across[0]) * scale, (down[1] - down[0]) * scale)

    def _point(self, across: float, down: float) -> tuple[float, float]:
        x0, y0, x1, y1 = self.box
        return {
            0: (x0 + across, y1 - down),
            90: (x0 + down, y0 + across),
            180: (x1 - across, y0 + down),
            270: (x1 - down, y1 - across),
        }[self.rotate]

    @property
    def upright(self) -> tuple[int, int, int, int]:
        """a, b, c, d of the form matrix that makes text read upright on the displayed page."""
        return {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[self.rotate]


def first_sheet(pdf: Path) -> Sheet:
    """Page 1 of a PDF; DocumentError when it cannot be opened."""
    try:
        with pikepdf.open(pdf) as opened:
            page = opened.pages[0]
            media, crop = _box(page.mediabox), _box(page.cropbox)
            box = (max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3]))
            # pikepdf resolves inheritance for boxes only
            node, rotate = page.obj, page.obj.get("/Rotate", None)
            while rotate is None and "/Parent" in node:
                node = node["/Parent"]
                rotate = node.get("/Rotate", None)
            return Sheet(box, int(rotate or 0) % 360 // 90 * 90, float(page.obj.get("/UserUnit", 1)))
    except (pikepdf.PdfError, pikepdf.PasswordError, IndexError, ValueError, TypeError, KeyError) as error:
        raise _unreadable(pdf, error) from error


def _box(values: pikepdf.Array) -> tuple[float, float, float, float]:
    left, bottom, right, top = (float(value) for value in values)
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


def ink(pdf: Path, sheet: Sheet) -> np.ndarray:
    """Where page 1 is inked, ``PX_PER_MM`` px per mm: bool, H×W as displayed, stamps and annotations included.

    The page is rendered, not decoded: what must not be covered is what a reader sees, and that may be more than the
    scan (another office's mark is an annotation).
    """
    width, height = sheet.size_mm
    if width * height * PX_PER_MM**2 > PIXELS_MAX or min(width, height) < 1:
        raise DocumentError(
            f"Trang 1 của «{pdf.name}» có khổ {width:.0f} × {height:.0f} mm, không thể là trang văn bản. Hãy quét lại.",
            f"Page 1 of «{pdf.name}» measures {width:.0f} × {height:.0f} mm: not a sheet of paper. Scan it again.",
        )
    try:
        with PDFIUM:
            opened = pypdfium2.PdfDocument(pdf)
            try:
                opened.init_forms()
                bitmap = opened[0].render(scale=sheet.unit * PX_PER_MM / PT_PER_MM, rev_byteorder=False)
                pixels = bitmap.to_numpy()[:, :, :3].copy()
            finally:
                opened.close()
    except pypdfium2.PdfiumError as error:
        raise _unreadable(pdf, error) from error
    return inked(pixels)


def inked(pixels: np.ndarray) -> np.ndarray:
    """Ink on a BGR page at ``PX_PER_MM``: darker or more coloured than the paper around it, dust left out."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB).astype(np.float32)
    light, paper_light = lab[:, :, 0] / 2.55, None
    small = cv2.resize(lab, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    kernel = np.ones((15, 15), np.uint8)
    paper_light = cv2.medianBlur(cv2.dilate(small[:, :, 0], kernel), 5)
    size = (lab.shape[1], lab.shape[0])
    paper_light = cv2.resize(paper_light, size) / 2.55
    darker = paper_light - light
    tint = [lab[:, :, channel] - np.median(lab[::4, ::4, channel]) for channel in (1, 2)]
    colour = np.hypot(*tint)
    noise = 1.4826 * float(np.median(np.abs(darker[::2, ::2] - np.median(darker[::2, ::2]))))
    mask = (darker > max(DARKER, 6 * noise)) | (colour > max(COLOUR, 6 * _spread(colour))) | (light < DARK)
    return _with_insides(_without_dust(mask))


DARKER = 9.0
"""L* below the paper around"""
COLOUR = 14.0
"""a*, b* away from the paper's own tint (8-bit units)"""
DARK = 45.0
"""L* at which black letters are no longer legible, whatever is around"""
DUST_PX = 2
DUST_ALONE_MM = 3.0


def _spread(values: np.ndarray) -> float:
    sample = values[::2, ::2]
    return 1.4826 * float(np.median(np.abs(sample - np.median(sample))))


def _without_dust(mask: np.ndarray) -> np.ndarray:
    """Specks of at most two pixels (0.35 mm) with nothing within 3 mm are dust; a full stop stands beside a letter."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    tiny = stats[:, cv2.CC_STAT_AREA] <= DUST_PX
    tiny[0] = False
    if not tiny.any():
        return mask
    solid = mask & ~tiny[labels]
    reach = round(DUST_ALONE_MM * PX_PER_MM)
    near = cv2.dilate(solid.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)).astype(bool)
    return solid | (mask & near)


GAP_MM = 1.5
INSIDE_MAX_MM2 = 4000.0
"""The largest stamp's inside (the ĐẾN stamp has 50 × 35 mm); a frame around the whole page is not a stamp"""


def _with_insides(mask: np.ndarray) -> np.ndarray:
    """The blank inside of a stamp belongs to the stamp, even when its worn frame has gaps."""
    reach = round(GAP_MM * PX_PER_MM) | 1
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - closed, connectivity=4)
    x, y, width, height, area = stats.T
    open_to_edge = (x == 0) | (y == 0) | (x + width == mask.shape[1]) | (y + height == mask.shape[0])
    inside = ~open_to_edge & (area <= INSIDE_MAX_MM2 * PX_PER_MM**2)
    inside[0] = False
    return mask | inside[labels]


def _unreadable(pdf: Path, error: Exception) -> DocumentError:
    return DocumentError(
        f"Không mở được trang 1 của «{pdf.name}» ({type(error).__name__}). Hãy tạo lại PDF từ bản quét.",
        f"Page 1 of «{pdf.name}» cannot be opened ({type(error).__name__}). Make the PDF again from the scan.",
    )
