"""One page as the rules see it: decoded once, reduced once, with its background taken out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from intake.model import Box
from workers.tools import frames
from workers.tools.connected import connected
from workers.tools.pages import PageSource

WORK_DPI = frames.DPI
"""dpi of the reduced page most rules work on: a 0.4 mm pen stroke is still 1.6 px"""

A4_MM = (210.0, 297.0)
LETTER_PX = (2, 42)
"""height of a printed mark that can belong to a text line, at WORK_DPI (0.5 to 10.7 mm)"""
DARKEST_PAPER = 24.0
DARKER = 0.35
"""a background below this level, or below this share of the page's brightest, is the scanner's lid and not paper: its
noise must not be taken for print"""
REDDER, BLUER, INKED = 28, 30, 214
"""of ``flat``: levels by which a stamp's red outweighs green, by which blue may outweigh red at most, and darkness"""
BLACK_MAX = 164
"""of ``black_ink``: level up to which a dot is print"""
WHOLE_SHARE = 2e-4
"""tags of 199.9996 dpi (PNG counts per metre) are whole multiples"""
DPI_SENSE = (30.0, 2400.0)
"""dpi outside this range is a nonsense tag and counts as missing"""


@dataclass(frozen=True)
class PageView:
    """Pixels as displayed (H×W×3 BGR or H×W) with the dpi the file claims, or that A4 paper would give.

    ``dpi``: x, y of the displayed axes. ``declared``: the file states it.
    """

    source: PageSource
    pixels: np.ndarray
    dpi: tuple[float, float]
    declared: bool

    @classmethod
    def of(cls, source: PageSource, pixels: np.ndarray) -> PageView:
        dpi_x, dpi_y = source.shown_dpi
        if dpi_x and dpi_y and all(DPI_SENSE[0] <= value <= DPI_SENSE[1] for value in (dpi_x, dpi_y)):
            return cls(source, pixels, (dpi_x, dpi_y), True)
        height, width = pixels.shape[:2]
        assumed = min(width, height) / A4_MM[0] * 25.4
        return cls(source, pixels, (assumed, assumed), False)

    def turned(self, degrees: int) -> PageView:
        """The page as shown when turned clockwise by 90, 180 or 270 degrees."""
        pixels = np.ascontiguousarray(np.rot90(self.pixels, k=-(degrees // 90)))
        return PageView.of(replace(self.source, turn=degrees), pixels)

    @property
    def number(self) -> int:
        return self.source.number

    @property
    def paper_mm(self) -> tuple[float, float]:
        """Width and height of the image at its dpi."""
        height, width = self.pixels.shape[:2]
        return width / self.dpi[0] * 25.4, height / self.dpi[1] * 25.4

    @cached_property
    def luma(self) -> np.ndarray:
        """Full size, uint8 H×W."""
        return self.pixels if self.pixels.ndim == 2 else cv2.cvtColor(self.pixels, cv2.COLOR_BGR2GRAY)

    @cached_property
    def small(self) -> np.ndarray:
        """The page at WORK_DPI in both axes, uint8 h×w×3 BGR (a page below that dpi is enlarged)."""
        reduced = self._reduce(self.pixels, WORK_DPI)
        return cv2.cvtColor(reduced, cv2.COLOR_GRAY2BGR) if reduced.ndim == 2 else reduced

    @cached_property
    def gray(self) -> np.ndarray:
        """``small`` in luma, uint8 h×w."""
        return cv2.cvtColor(self.small, cv2.COLOR_BGR2GRAY)

    @cached_property
    def paper_white(self) -> np.ndarray:
        """The paper's own colour under each pixel of ``small`` (uint8 h×w×3): shading, yellowing, no print."""
        coarse = cv2.resize(self.small, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
        closed = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        smooth = cv2.GaussianBlur(closed, (0, 0), 4)
        height, width = self.small.shape[:2]
        return cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)

    @cached_property
    def flat(self) -> np.ndarray:
        """``small`` divided by its paper: uint8 BGR where paper is 255 whatever its colour and light."""
        least = max(DARKEST_PAPER, DARKER * float(np.percentile(self.paper_white[::16, ::16], 95)))
        return cv2.divide(self.small, cv2.max(self.paper_white, least), scale=255)

    @cached_property
    def channels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Blue, green and red of ``flat``, each uint8 h×w."""
        blue, green, red = cv2.split(self.flat)
        return blue, green, red

    @cached_property
    def any_ink(self) -> np.ndarray:
        """The darkest channel of ``flat``, uint8 h×w: print, pen and stamps of any colour."""
        blue, green, red = self.channels
        return cv2.min(cv2.min(blue, green), red)

    @cached_property
    def black_ink(self) -> np.ndarray:
        """The lightest channel of ``flat``, uint8 h×w: dark only where print is black, not red or blue."""
        blue, green, red = self.channels
        return cv2.max(cv2.max(blue, green), red)

    @cached_property
    def red_ink(self) -> np.ndarray:
        """uint8 0/255 h×w where ink is red, whatever the paper's tint."""
        blue, green, red = self.channels
        return _inked(cv2.subtract(red, cv2.max(green, blue)), cv2.min(green, blue))

    @cached_property
    def stamp_ink(self) -> np.ndarray:
        """uint8 0/255 h×w where ink is red, pink or purple, whatever the paper's tint; pens and blue stamps are not."""
        blue, green, red = self.channels
        not_blue = cv2.threshold(cv2.subtract(blue, red), BLUER, 255, cv2.THRESH_BINARY_INV)[1]
        return cv2.bitwise_and(_inked(cv2.subtract(red, green), cv2.min(green, blue)), not_blue)

    @cached_property
    def black(self) -> np.ndarray:
        """uint8 0/1 h×w where print is black."""
        return cv2.threshold(self.black_ink, BLACK_MAX, 1, cv2.THRESH_BINARY_INV)[1]

    @cached_property
    def marks(self) -> tuple[np.ndarray, np.ndarray]:
        """Connected marks of ``black``, as ``connected`` gives them."""
        return connected(self.black)

    @cached_property
    def letters(self) -> tuple[np.ndarray, int]:
        """uint8 0/1 mask at WORK_DPI of black marks of letter size (no rules, seals, pictures), and how many."""
        labels, stats = self.marks
        height, width = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
        short, long = np.minimum(height, width), np.maximum(height, width)
        keep = (long >= LETTER_PX[0]) & (stats[:, cv2.CC_STAT_AREA] >= 4)
        keep &= (short <= LETTER_PX[1]) & (long <= 4 * LETTER_PX[1]) & (long <= 14 * short)
        keep[0] = False
        return np.take(keep.astype(np.uint8), labels), int(keep.sum())

    def box(self, x: float, y: float, width: float, height: float, dpi: float = WORK_DPI) -> Box:
        """A rectangle in px of a page at ``dpi``, in mm."""
        return Box(*(value / dpi * 25.4 for value in (x, y, width, height)))

    def crop(self, box: Box, dpi: float) -> np.ndarray:
        """The pixels of a box (mm) brought to about ``dpi``, never enlarged."""
        height, width = self.pixels.shape[:2]
        left, right = (int(v * self.dpi[0] / 25.4) for v in (box.x, box.x + box.width))
        top, bottom = (int(v * self.dpi[1] / 25.4) for v in (box.y, box.y + box.height))
        cut = self.pixels[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
        return self._reduce(cut, dpi) if min(self.dpi) > dpi else cut

    def _reduce(self, pixels: np.ndarray, dpi: float) -> np.ndarray:
        height, width = pixels.shape[:2]
        whole = round(self.dpi[0] / dpi)
        if whole > 1 and all(abs(axis / dpi - whole) < WHOLE_SHARE * whole for axis in self.dpi):
            fitting = pixels[: height - height % whole, : width - width % whole]  # whole blocks: OpenCV's quick way
            return cv2.resize(fitting, (width // whole, height // whole), interpolation=cv2.INTER_AREA)
        size = max(1, round(width * dpi / self.dpi[0])), max(1, round(height * dpi / self.dpi[1]))
        shrinks = size[0] <= width
        return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _inked(redder: np.ndarray, darkest: np.ndarray) -> np.ndarray:
    """uint8 0/255 where ``redder`` (levels by which red outweighs) and ``darkest`` (of the channels) are a stamp's."""
    stronger = cv2.threshold(redder, REDDER, 255, cv2.THRESH_BINARY)[1]
    return cv2.bitwise_and(stronger, cv2.threshold(darkest, INKED, 255, cv2.THRESH_BINARY_INV)[1])
