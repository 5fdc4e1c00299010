"""The station's test sheet: what one printed chart tells about a scanner, measured once a week instead of believed.

A ChArUco board gives true dpi on both axes, turn, shear and local error; slanted squares give sharpness (SFR after
ISO 12233); grey steps and colour patches give tone, evenness and colour registration. The print is the weakest part:
its own size is measured with a steel ruler and handed in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import img2pdf
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from intake.errors import DocumentError
from workers.check import colour
from workers.check.view import PageView
from workers.tools.pages import PageSource, decode, list_pages

PRINT_DPI = 600
PAGE_MM = (210.0, 297.0)
SQUARES = (9, 12)
SQUARE_MM = 18.0
MARKER_MM = 13.0
BOARD_AT_MM = (24.0, 24.0)
GREYS = (0, 28, 56, 85, 113, 141, 170, 198, 226, 255)
COLOURS = {
    "seal red": (205, 30, 45),
    "pen blue": (35, 60, 160),
    "green": (40, 140, 70),
    "yellow": (235, 200, 40),
    "magenta": (180, 40, 130),
    "cyan": (40, 150, 190),
}
PATCH_MM = (10.0, 12.0)
PATCHES_AT_MM = (24.0, 252.0)
SLANTED_MM = 11.0
SLANTED_DEG = 5.0
SLANTED_AT_MM = ((6.0, 40.0), (6.0, 210.0), (193.0, 40.0), (193.0, 210.0))

LIMITS = {"scale": 0.01, "shear": 0.005, "error_mm": 0.35, "sfr10": 0.55, "evenness": 0.12, "registration_px": 0.8}
"""scale and shear: 1 (relative); error_mm: worst corner; sfr10: share of Nyquist frequency with 10 % response (FADGI 1*:
0.6, less the print); evenness: (max−min)/max of paper white; registration: FADGI 2*"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a scan of the sheet shows. dpi are true, per axis of the image; ``scale`` = true dpi / stated dpi (the worse
    axis; 0.97: the copy is at 97 %).
    ``sfr10``: share of Nyquist where contrast falls to 10 %; ``registration_px``: red or blue against green.
    ``faults``: names of the limits that are not kept; empty = certified."""

    stated_dpi: float | None
    mode: str
    """as ``measures[].colour``"""
    dpi_x: float
    dpi_y: float
    scale: float
    turn_deg: float
    shear: float
    error_mm: float
    corners: int
    sfr10: float
    evenness: float
    noise: float
    registration_px: float
    greys: tuple[float, ...]
    faults: tuple[str, ...]

    @property
    def certified(self) -> bool:
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "certified": self.certified}


def board() -> cv2.aruco.CharucoBoard:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_100)
    return cv2.aruco.CharucoBoard(SQUARES, SQUARE_MM, MARKER_MM, dictionary)


def make_target(path: Path) -> Path:
    """Write the sheet as a one-page A4 PDF to be printed at 100 % («actual size»)."""
    per_mm = PRINT_DPI / 25.4
    page = Image.new("RGB", tuple(round(side * per_mm) for side in PAGE_MM), "white")
    size = (round(SQUARES[0] * SQUARE_MM * per_mm), round(SQUARES[1] * SQUARE_MM * per_mm))
    page.paste(Image.fromarray(board().generateImage(size)).convert("RGB"), _px(BOARD_AT_MM))
    draw = ImageDraw.Draw(page)
    for index, shade in enumerate([(g, g, g) for g in GREYS] + list(COLOURS.values())):
        left, top = _patch_at(index)
        draw.rectangle((*_px((left, top)), *_px((left + PATCH_MM[0], top + PATCH_MM[1]))), fill=shade)
    for corner in SLANTED_AT_MM:
        draw.polygon([_px((float(x), float(y))) for x, y in _slanted(corner)], fill="black")
    font = ImageFont.load_default(size=round(3.2 * per_mm))
    words = "Sohoa · In 100 %, đo cạnh bàn cờ 162 × 216 mm bằng thước thép / print at 100 %, measure the board: 162 × 216 mm"
    draw.text(_px((24.0, 14.0)), words, fill="black", font=font)
    draw.text(_px((24.0, 284.0)), "↑  chiều giấy vào / feed direction", fill="black", font=font)
    picture = path.with_suffix(".png")
    page.save(picture, dpi=(PRINT_DPI, PRINT_DPI))
    try:
        layout = img2pdf.get_fixed_dpi_layout_fun((PRINT_DPI, PRINT_DPI))
        path.write_bytes(img2pdf.convert(str(picture), layout_fun=layout, nodate=True))
    finally:
        picture.unlink()
    return path


def _px(mm: tuple[float, float]) -> tuple[int, int]:
    return round(mm[0] * PRINT_DPI / 25.4), round(mm[1] * PRINT_DPI / 25.4)


def _patch_at(index: int) -> tuple[float, float]:
    return PATCHES_AT_MM[0] + (index % 10) * 16.2, PATCHES_AT_MM[1] + (index // 10) * 15.0


def _slanted(corner: tuple[float, float]) -> np.ndarray:
    """The four corners (mm) of a slanted square whose box begins at ``corner``."""
    half = SLANTED_MM / 2
    angle = np.radians(SLANTED_DEG)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    square = np.array([(-half, -half), (half, -half), (half, half), (-half, half)]) @ turn.T
    return square + np.array(corner) + half


def certify(scan: Path, printed_mm: tuple[float, float] = (162.0, 216.0)) -> Certificate:
    """Measure a scan of the sheet. ``printed_mm``: the board's width and height as measured on the paper.

    Raises DocumentError when the file holds no readable sheet.
    """
    source = list_pages([scan])[0]
    pixels = decode(source)
    luma = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    corners, ids, _, _ = cv2.aruco.CharucoDetector(board()).detectBoard(luma)
    if ids is None or len(ids) < 30:
        raise DocumentError(
            f"Không thấy tờ chuẩn trong «{scan.name}». In lại bằng «sohoa profile target», đặt phẳng trọn tờ rồi quét lại.",
            f"There is no test sheet in «{scan.name}». Print it with «sohoa profile target», lay it flat and scan again.",
        )
    stretch = np.array([printed_mm[0] / (SQUARES[0] * SQUARE_MM), printed_mm[1] / (SQUARES[1] * SQUARE_MM)])
    paper = board().getChessboardCorners()[ids.ravel(), :2] * stretch
    seen = corners.reshape(-1, 2).astype(np.float64)
    system = np.column_stack([paper, np.ones(len(paper))])
    affine = np.linalg.lstsq(system, seen, rcond=None)[0].T  # 2×3, mm → px
    error = np.hypot(*(system @ affine.T - seen).T)
    per_mm_x, per_mm_y = np.hypot(*affine[:, 0]), np.hypot(*affine[:, 1])
    shear = float(affine[:, 0] @ affine[:, 1] / (per_mm_x * per_mm_y))
    offset = affine[:, 2] - affine[:, :2] @ (np.array(BOARD_AT_MM) * stretch)
    sheet = np.column_stack([affine[:, :2] * stretch, offset])  # mm of the sheet as designed → px
    return _judge(source, pixels, luma, sheet, (per_mm_x * 25.4, per_mm_y * 25.4), shear,
                  float(np.degrees(np.arctan2(affine[1, 0], affine[0, 0]))),
                  float(error.max() / min(per_mm_x, per_mm_y)), len(ids))  # fmt: skip


def _judge(
    source: PageSource, pixels: np.ndarray, luma: np.ndarray, sheet: np.ndarray, dpi: tuple[float, float],
    shear: float, turn: float, error_mm: float, corners: int,
) -> Certificate:  # fmt: skip
    stated = source.shown_dpi
    scales = [true / claim for claim, true in zip(stated, dpi, strict=True) if claim]
    scale = max(scales, key=lambda value: abs(value - 1), default=1.0)
    greys, noise = _greys(luma, sheet)
    white = _whites(luma, sheet)
    evenness = float((white.max() - white.min()) / max(white.max(), 1)) if len(white) else 1.0
    responses = [value for value in (_sfr10(luma, sheet, corner) for corner in SLANTED_AT_MM) if value]
    sfr10 = min(responses, default=0.0)
    shift = _registration(pixels, sheet) if pixels.ndim == 3 else 0.0
    values = {"scale": abs(scale - 1), "shear": abs(shear), "error_mm": error_mm, "evenness": evenness,
              "registration_px": shift}  # fmt: skip
    faults = [name for name, value in values.items() if value > LIMITS[name]]
    faults += ["sfr10"] if sfr10 < LIMITS["sfr10"] else []
    faults += ["tone"] if np.any(np.diff(greys) < -2) or greys[-1] - greys[0] < 120 else []
    mode = colour.kind(PageView.of(source, pixels))
    return Certificate(
        min(stated) if all(stated) else None, mode, float(dpi[0]), float(dpi[1]), float(scale), turn, shear, error_mm,  # type: ignore[type-var]
        corners, sfr10, evenness, noise, shift, tuple(round(float(g), 1) for g in greys), tuple(faults),
    )  # fmt: skip


def _patch(image: np.ndarray, sheet: np.ndarray, corner: tuple[float, float], size: tuple[float, float]) -> np.ndarray:
    """Pixels of a box of the sheet (mm), its outer fifth left out."""
    points = np.array([(corner[0] + size[0] * f, corner[1] + size[1] * g) for f in (0.2, 0.8) for g in (0.2, 0.8)])
    seen = points @ sheet[:, :2].T + sheet[:, 2]
    (left, top), (right, bottom) = (
        np.maximum(seen.min(axis=0), 0).astype(int),
        np.maximum(seen.max(axis=0), 0).astype(int),
    )
    return image[top:bottom, left:right]


def _greys(luma: np.ndarray, sheet: np.ndarray) -> tuple[np.ndarray, float]:
    patches = [_patch(luma, sheet, _patch_at(index), PATCH_MM) for index in range(len(GREYS))]
    levels = np.array([float(patch.mean()) if patch.size else 0.0 for patch in patches])
    noise = float(np.median([patch.std() for patch in patches if patch.size])) if patches else 0.0
    return levels, noise


def _whites(luma: np.ndarray, sheet: np.ndarray) -> np.ndarray:
    """Level of the paper beside the board, at both sides, from top to bottom."""
    places = [(x, y) for x in (8.0, 190.0) for y in range(60, 200, 20)]
    patches = [_patch(luma, sheet, (x, float(y)), (10.0, 10.0)) for x, y in places]
    return np.array([float(np.median(patch)) for patch in patches if patch.size])


def _edge_profile(image: np.ndarray, sheet: np.ndarray, corner: tuple[float, float]) -> np.ndarray | None:
    """The left edge of a slanted square, sampled at a quarter dot across the edge; rises from black to white or back."""
    square = _slanted(corner) @ sheet[:, :2].T + sheet[:, 2]
    top, bottom = square[0], square[3]
    start, end = top + 0.2 * (bottom - top), top + 0.8 * (bottom - top)
    reach = 12
    left, right = int(min(start[0], end[0])) - reach, int(max(start[0], end[0])) + reach
    low, high = int(min(start[1], end[1])), int(max(start[1], end[1]))
    if left < 0 or low < 0 or right >= image.shape[1] or high >= image.shape[0] or high - low < 20:
        return None
    patch = image[low:high, left:right].astype(np.float64)
    slope = np.abs(np.diff(patch, axis=1))
    centre = (slope * (np.arange(slope.shape[1]) + 0.5)).sum(axis=1) / np.maximum(slope.sum(axis=1), 1e-6)
    rows = np.arange(len(centre))
    line = np.polyfit(rows, centre, 1)
    distance = (np.arange(patch.shape[1])[None, :] - np.polyval(line, rows)[:, None]) * np.cos(np.arctan(line[0]))
    bins = np.round(distance * 4).astype(int) + 4 * (reach - 3)
    inside = (bins >= 0) & (bins < 8 * (reach - 3))
    count = np.bincount(bins[inside], minlength=8 * (reach - 3))
    total = np.bincount(bins[inside], patch[inside], minlength=8 * (reach - 3))
    return total / count if (count > 0).all() else None


def _sfr10(luma: np.ndarray, sheet: np.ndarray, corner: tuple[float, float]) -> float | None:
    profile = _edge_profile(luma, sheet, corner)
    if profile is None:
        return None
    spread = np.diff(profile) * np.hamming(len(profile) - 1)
    response = np.abs(np.fft.rfft(spread, 1024))
    response /= max(response[0], 1e-9)
    frequency = np.fft.rfftfreq(1024, 0.25)  # cycles per dot
    below = np.flatnonzero(response < 0.1)
    return float(min(frequency[below[0]] / 0.5, 1.5)) if len(below) else 1.5


def _registration(pixels: np.ndarray, sheet: np.ndarray) -> float:
    """Largest shift (dots, across a slanted edge) of red or blue against green."""
    places = [[_edge_place(pixels[:, :, channel], sheet, corner) for channel in range(3)] for corner in SLANTED_AT_MM]
    return max(max(abs(blue - green), abs(red - green)) for blue, green, red in places)


def _edge_place(image: np.ndarray, sheet: np.ndarray, corner: tuple[float, float]) -> float:
    square = _slanted(corner) @ sheet[:, :2].T + sheet[:, 2]
    low, high = int(square[0][1] * 0.8 + square[3][1] * 0.2), int(square[0][1] * 0.2 + square[3][1] * 0.8)
    left, right = int(min(square[0][0], square[3][0])) - 10, int(max(square[0][0], square[3][0])) + 10
    slope = np.abs(np.diff(image[low:high, left:right].astype(np.float64), axis=1))
    slope[slope < 0.1 * slope.max()] = 0
    return float((slope * np.arange(slope.shape[1])).sum() / max(slope.sum(), 1e-6))
