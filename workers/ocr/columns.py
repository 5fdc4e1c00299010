"""Where a page stands in two columns, above all where it is signed (boxes 7a to 9b of NĐ 30/2020 Phụ lục I).

Tesseract joins lines of the two columns that stand at nearly the same height, and reads the one whose base line it
does not follow as nonsense («Nơi nhận:» beside «TM. ỦY BAN NHÂN DÂN»). Read apart, both are read right.
"""

from __future__ import annotations

import cv2
import numpy as np

Area = tuple[int, int, int, int]
"""x0, y0, x1, y1 in px"""
Band = tuple[int, int, int]
"""first row, row after the last, column of the gutter (0: none), in cells of 1 mm"""

INKED = 0.04
"""share of dark points from which a cell of 1 mm² holds print: a full stop is a fifth, a speck less than a twentieth"""
GUTTER_MM = 5
"""width of white between two columns: the widest gap between the words of a justified line is 4 mm"""
GUTTER_FROM, GUTTER_TO = 0.28, 0.66
"""shares of the page's width between which the gutter lies"""
EDGE = 0.04
"""share of the width at either side where the scanner's border may be dark"""
LEAST_MM = 6
"""height of print that each column holds at least: two lines"""
RIM_MM = 3
"""height at the sheet's upper and lower edge where the scanner's border may be dark"""
SEARCH_MM = 4.0
"""how far from a band's end the white between the lines is looked for: the band may reach into the next line's tall
letters, which stand far apart"""
WHITE_MM = 0.4
"""height of white that parts two lines; with less, on a page that leans, a cut would clip letters"""
SPECKS = (0.0015, 0.006)
"""shares of dark points in a row that is still white: specks; a few tails of letters too where nothing whiter is"""


def reading_areas(image: np.ndarray, dpi: float, below: int = 0) -> tuple[Area, ...]:
    """The parts of ``image`` (H×W uint8, dark on light) to be read one by one, top to bottom and left before right.

    They tile the image from the row ``below`` on; a page without columns is one part. ``dpi`` of the image.
    """
    dark = _dark(image)[below:]
    height, width = dark.shape
    cells = _cells(dark, dpi)
    cells[-RIM_MM:] = False
    cells[: RIM_MM if below == 0 else 0] = False
    bands = _bands(cells, 0, cells.shape[0])
    if len(bands) == 1 and not bands[0][2]:
        return ((0, below, width, below + height),)
    edge = round(EDGE * width)
    ink = cv2.reduce(dark[:, edge : width - edge], 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel() / 255
    cuts = [
        _white_row(ink, bottom * height / cells.shape[0], dpi / 25.4, upwards=gutter > 0)
        for _, bottom, gutter in bands[:-1]
    ]
    parts = _parts(bands, [0, *cuts, height], width, width / cells.shape[1])
    return tuple((x0, below + y0, x1, below + y1) for x0, y0, x1, y1 in parts)


def _parts(bands: list[Band], cuts: list[int | None], width: int, across: float) -> tuple[Area, ...]:
    """Bands cut where the white is; one that cannot be cut clean is read with its neighbours, whole."""
    areas: list[Area] = []
    begin = 0
    for (_, _, gutter), top, bottom in zip(bands, cuts[:-1], cuts[1:], strict=True):
        if not gutter or top is None or bottom is None or bottom <= top:
            continue
        if top > begin:
            areas.append((0, begin, width, top))
        x = round(gutter * across)
        areas += [(0, top, x, bottom), (x, top, width, bottom)]
        begin = bottom
    last = cuts[-1] or 0
    return (*areas, (0, begin, width, last)) if last > begin else tuple(areas)


def _dark(image: np.ndarray) -> np.ndarray:
    """255 where there is ink, uint8 H×W."""
    paper = float(np.percentile(image[::8, ::8], 75))
    return cv2.threshold(image, 0.7 * paper, 255, cv2.THRESH_BINARY_INV)[1]


def inked_cells(image: np.ndarray, dpi: float) -> np.ndarray:
    """Which cells of about 1 mm of ``image`` (H×W uint8, dark on light) hold print: bool, rows × columns."""
    return _cells(_dark(image), dpi)


def _cells(dark: np.ndarray, dpi: float) -> np.ndarray:
    """Which cells of about 1 mm hold print: bool, rows × columns."""
    height, width = dark.shape
    size = max(1, round(width * 25.4 / dpi)), max(1, round(height * 25.4 / dpi))
    cells = cv2.resize(dark, size, interpolation=cv2.INTER_AREA) > INKED * 255
    edge = round(EDGE * size[0])
    cells[:, :edge] = cells[:, size[0] - edge :] = False
    return cells


def _white_row(ink: np.ndarray, near: float, per_mm: float, upwards: bool) -> int | None:
    """The middle of the first white beside the row ``near`` (px), ``upwards`` where columns end and downwards where they
    begin, so that no line across the gutter comes among them. None where lines run into one another.

    ``ink``: share of dark points of every row.
    """
    before, after = (SEARCH_MM, 1.0) if upwards else (1.0, SEARCH_MM)
    top, bottom = max(round(near - before * per_mm), 0), round(near + after * per_mm)
    for specks in SPECKS:
        wide = [run for run in runs(ink[top:bottom] < specks) if run[1] - run[0] > WHITE_MM * per_mm]
        if wide:
            begin, end = wide[-1] if upwards else wide[0]
            return top + (begin + end) // 2
    return None


def _bands(cells: np.ndarray, top: int, bottom: int) -> list[Band]:
    """Rows ``top`` to ``bottom``, in bands."""
    found = _two_columns(cells[top:bottom])
    if found is None:
        return [(top, bottom, 0)]
    begin, end, gutter = top + found[0], top + found[1], found[2]
    before = _bands(cells, top, begin) if begin > top else []
    after = _bands(cells, end, bottom) if end < bottom else []
    return [*before, (begin, end, gutter), *after]


def _two_columns(cells: np.ndarray) -> Band | None:
    """The band with most print on both sides of a gutter."""
    rows, columns = cells.shape
    if rows < 2 * LEAST_MM or columns < 10 * GUTTER_MM:
        return None
    inked = np.pad(np.cumsum(cells, axis=1), ((0, 0), (1, 0)))
    best = (LEAST_MM - 1, 0, 0, 0)
    for x in range(round(GUTTER_FROM * columns), round(GUTTER_TO * columns) - GUTTER_MM):
        left, right = inked[:, x] > 0, inked[:, -1] > inked[:, x + GUTTER_MM]
        for begin, end in runs(inked[:, x] == inked[:, x + GUTTER_MM]):
            if end - begin > best[0]:
                share = min(int(left[begin:end].sum()), int(right[begin:end].sum()))
                best = max(best, (share, begin, end, x), key=lambda band: band[0])
    _, begin, end, x = best
    if not x:
        return None
    first = begin if cells[:begin].any() else 0
    last = end if cells[end:].any() else rows
    return first, last, _middle(cells[begin:end], x)


def _middle(band: np.ndarray, x: int) -> int:
    """Column in the middle of the white that holds the gutter at ``x``."""
    inked = np.flatnonzero(band.any(axis=0))
    return int(inked[inked < x].max() + 1 + inked[inked >= x + GUTTER_MM].min()) // 2


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """First and one after the last index of every run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
