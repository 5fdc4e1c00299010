"""How hard was the picture pressed? Read from the quantisation tables in the file, which no picture can hide.

Scanners scale the example tables of ITU-T T.81 Annex K by a quality of 1–100, as the IJG library does. The quality whose
table lies nearest by least squares is named; tables of another make are «unknown», and nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pikepdf
from PIL import Image

from intake.model import Finding, Severity
from workers.check.view import PageView
from workers.tools.pages import PageSource, placements

QUALITY_MIN = 75
"""where strokes of 9–11 pt begin to fray at 200 dpi; also what scanimage and most drivers write unasked"""
HEAD = 1 << 17
"""bytes in which the tables of a JPEG stand, a profile and a thumbnail before them included"""
RESIDUAL_MAX = 0.06
"""RMS of the steps' relative error: IJG tables 0.00–0.01, photo editors' own tables from 0.15"""
ANNEX_K = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87,
    80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92,
    95, 98, 112, 100, 103, 99,
])  # fmt: skip
"""luminance, row by row"""
ZIGZAG = np.array([
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35,
    42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62,
    63,
])  # fmt: skip


def _scaled(quality: int) -> np.ndarray:
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((ANNEX_K * percent + 50) // 100, 1, 255)


TABLES = np.stack([_scaled(quality) for quality in range(1, 101)]).astype(np.float64)


def measure(source: PageSource) -> int | None:
    """Quality 1–100 of the page's JPEG; None when it is none, or when its tables are of another make."""
    table = _luminance(_head(source))
    if table is None:
        return None
    error = np.sqrt((((TABLES - table) / np.maximum(TABLES, table)) ** 2).mean(axis=1))
    nearest = int(((TABLES - table) ** 2).sum(axis=1).argmin())
    return nearest + 1 if error[nearest] <= RESIDUAL_MAX else None


def _head(source: PageSource) -> bytes:
    """The beginning of the page's JPEG data, empty when it has none. Nothing is decoded."""
    if source.container == "jpeg":
        with source.file.open("rb") as stream:
            return stream.read(HEAD)
    try:
        if source.container == "tiff":
            return _of_tiff(source)
        if source.container == "pdf" and source.whole_page:
            with pikepdf.open(source.file) as pdf:
                image = next(p.image for p in placements(pdf.pages[source.index]) if min(p.size_pt) > 1)
                return image.read_raw_bytes()[:HEAD] if image.get("/Filter") == "/DCTDecode" else b""
    except (OSError, ValueError, TypeError, KeyError, EOFError, StopIteration, pikepdf.PdfError):
        return b""  # the decoder says what is wrong with it
    return b""


def _of_tiff(source: PageSource) -> bytes:
    with Image.open(source.file, formats=("TIFF",)) as image:
        image.seek(source.index)
        tags: Any = image.tag_v2  # type: ignore[attr-defined]
        if tags.get(259) != 7:
            return b""
        if 347 in tags:  # tables that all strips share
            return bytes(tags[347])
        offset = tags[273][0]
    with source.file.open("rb") as stream:
        stream.seek(offset)
        return stream.read(HEAD)


def _luminance(data: bytes) -> np.ndarray | None:
    """Table 0, row by row; None without one. Segments are walked, so tables of a thumbnail do not count."""
    at = 2
    while data[:2] == b"\xff\xd8" and at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xFF:
            at += 1
            continue
        if marker in (0xDA, 0xD9):
            return None
        if marker == 0xDB:
            table = _table_zero(data[at + 4 : at + 2 + length])
            if table is not None:
                return table
        at += 2 + length
    return None


def _table_zero(segment: bytes) -> np.ndarray | None:
    at = 0
    while at < len(segment):
        wide, number = segment[at] >> 4, segment[at] & 15
        size = 128 if wide else 64
        values = np.frombuffer(segment[at + 1 : at + 1 + size], ">u2" if wide else "u1")
        if number == 0 and len(values) == 64:
            rows = np.zeros(64)
            rows[ZIGZAG] = values
            return rows
        at += 1 + size
    return None


def look(view: PageView, quality: int | None) -> Iterator[Finding]:
    """``jpeg_quality`` (note): ``quality`` is what ``measure`` found."""
    if quality is None or quality >= QUALITY_MIN:
        return
    yield Finding(
        "check.jpeg_quality", Severity.NOTE,
        f"Trang {view.number} nén JPEG mạnh (chất lượng {quality}, nên từ {QUALITY_MIN}). "
        "Tăng chất lượng ảnh (giảm nén) trong cấu hình máy quét cho các lần quét sau.",
        f"Page {view.number} is strongly compressed (JPEG quality {quality}; {QUALITY_MIN} and more is advised). "
        "Raise the picture quality in the scanner's settings for the scans to come.",
        page=view.number, measured=float(quality), limit=float(QUALITY_MIN),
    )  # fmt: skip
