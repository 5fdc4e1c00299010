"""The printed register: text and lines on A4 landscape pages, drawn with PDFium and Liberation Serif (Times metrics)."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from intake.errors import DependencyMissing

PAGE = (841.89, 595.28)
"""A4 landscape, pt"""
MARGIN = 36.0
"""pt"""
SIZE, LEADING = 9.0, 11.0
"""pt"""
FONTS = Path("/usr/share/fonts/truetype/liberation2")


class Face:
    """One typeface: widths for breaking lines, and its bytes for embedding."""

    def __init__(self, name: str) -> None:
        path = FONTS / f"LiberationSerif-{name}.ttf"
        if not path.is_file():
            raise DependencyMissing(
                f"Thiếu phông chữ {path.name}. Hãy chạy: sudo apt install fonts-liberation2",
                f"Typeface {path.name} is not installed. Run: sudo apt install fonts-liberation2",
            )
        self.data = path.read_bytes()
        with TTFont(path, lazy=True) as font:
            units = font["head"].unitsPerEm
            widths = font["hmtx"].metrics
            self._widths = {code: widths[glyph][0] / units for code, glyph in font.getBestCmap().items()}

    def width(self, text: str, size: float) -> float:
        """pt; letters the face lacks count as one em."""
        return float(sum(self._widths.get(ord(letter), 1.0) for letter in text) * size)

    def known(self, text: str) -> str:
        """The text with letters the face lacks replaced, so that a hostile file name cannot break the page."""
        return "".join(letter if ord(letter) in self._widths else "?" for letter in text)


@cache
def face(name: str) -> Face:
    return Face(name)


def broken(text: str, width: float, size: float, name: str = "Regular") -> list[str]:
    """The text in lines no wider than ``width`` pt; a word longer than a line is cut."""
    lines: list[str] = []
    line = ""
    for word in face(name).known(text).split():
        while face(name).width(word, size) > width:
            cut = next(n for n in range(len(word), 0, -1) if n == 1 or face(name).width(word[:n], size) <= width)
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:cut])
            word = word[cut:]
        longer = f"{line} {word}".strip()
        if face(name).width(longer, size) <= width:
            line = longer
        else:
            lines.append(line)
            line = word
    return [*lines, line] if line or not lines else lines


class Sheets:
    """A PDF being written page by page; y counts down from the top, as one reads."""

    def __init__(self) -> None:
        self.pdf = pypdfium2.PdfDocument.new()
        self._buffers: list[Any] = []
        self._fonts = {name: self._load(name) for name in ("Regular", "Bold", "Italic")}
        self.page: Any = None

    def new_page(self) -> None:
        self.end_page()
        self.page = self.pdf.new_page(*PAGE)

    def end_page(self) -> None:
        if self.page is not None:
            pdfium.FPDFPage_GenerateContent(self.page)
            self.page.close()
            self.page = None

    def text(self, x: float, y: float, words: str, size: float = SIZE, name: str = "Regular") -> None:
        shown = pdfium.FPDFPageObj_CreateTextObj(self.pdf, self._fonts[name], size)
        encoded = ctypes.create_string_buffer((face(name).known(words) + "\x00").encode("utf-16-le"))
        pdfium.FPDFText_SetText(shown, ctypes.cast(encoded, pdfium.FPDF_WIDESTRING))
        pdfium.FPDFPageObj_Transform(shown, 1, 0, 0, 1, x, PAGE[1] - y)
        pdfium.FPDFPage_InsertObject(self.page, shown)

    def middle(
        self, left: float, right: float, y: float, words: str, size: float = SIZE, name: str = "Regular"
    ) -> None:
        self.text(left + (right - left - face(name).width(words, size)) / 2, y, words, size, name)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        path = pdfium.FPDFPageObj_CreateNewPath(x0, PAGE[1] - y0)
        pdfium.FPDFPath_LineTo(path, x1, PAGE[1] - y1)
        pdfium.FPDFPageObj_SetStrokeColor(path, 0, 0, 0, 255)
        pdfium.FPDFPageObj_SetStrokeWidth(path, 0.5)
        pdfium.FPDFPath_SetDrawMode(path, pdfium.FPDF_FILLMODE_NONE, True)
        pdfium.FPDFPage_InsertObject(self.page, path)

    def save(self, path: Path) -> None:
        self.end_page()
        self.pdf.save(path)
        self.pdf.close()

    def _load(self, name: str) -> Any:
        data = face(name).data
        buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        self._buffers.append(buffer)
        return pdfium.FPDFText_LoadFont(self.pdf, buffer, len(data), pdfium.FPDF_FONT_TRUETYPE, True)


def write(
    path: Path,
    *,
    agency: str,
    title: str,
    subtitle: str,
    columns: Sequence[tuple[str, float]],
    rows: Sequence[Sequence[str]],
    ending: Sequence[str],
) -> int:
    """Write a table over as many pages as it needs; returns the number of pages. ``columns``: (heading, share of the
    width); ``ending``: lines above the space for signatures."""
    sheets = Sheets()
    width = PAGE[0] - 2 * MARGIN
    edges = [MARGIN]
    for _, share in columns:
        edges.append(edges[-1] + share * width)
    pages = 0
    y = PAGE[1]

    def start() -> float:
        nonlocal pages
        pages += 1
        sheets.new_page()
        top = MARGIN + 12
        sheets.text(MARGIN, top, agency, 10, "Bold")
        sheets.middle(MARGIN, PAGE[0] - MARGIN, top + 18, title, 14, "Bold")
        sheets.middle(MARGIN, PAGE[0] - MARGIN, top + 34, subtitle, 10, "Italic")
        sheets.middle(MARGIN, PAGE[0] - MARGIN, PAGE[1] - MARGIN / 2, str(pages), 9)
        top += 46
        sheets.line(MARGIN, top, edges[-1], top)
        below = _row(sheets, edges, top, [heading for heading, _ in columns], "Bold")
        return _row(sheets, edges, below, [f"({n})" for n in range(1, len(columns) + 1)], "Italic")

    y = start()
    for row in rows:
        if y + _height(edges, row) > PAGE[1] - MARGIN - 10:
            y = start()
        y = _row(sheets, edges, y, row, "Regular")
    if y + 16 * len(ending) + 90 > PAGE[1] - MARGIN:
        y = start()
    for number, text in enumerate(ending):
        sheets.text(MARGIN, y + 22 + 14 * number, text, 10)
    y += 30 + 14 * len(ending)
    half = PAGE[0] / 2
    sheets.middle(MARGIN, half, y + 14, "Văn thư", 11, "Bold")
    sheets.middle(half, PAGE[0] - MARGIN, y + 14, "Người phụ trách", 11, "Bold")
    for left, right in ((MARGIN, half), (half, PAGE[0] - MARGIN)):
        sheets.middle(left, right, y + 28, "(Ký, ghi rõ họ tên)", 10, "Italic")
    sheets.save(path)
    return pages


def _height(edges: Sequence[float], row: Sequence[str], name: str = "Regular") -> float:
    lines = max(len(broken(text, edges[n + 1] - edges[n] - 6, SIZE, name)) for n, text in enumerate(row))
    return lines * LEADING + 6


def _row(sheets: Sheets, edges: Sequence[float], y: float, row: Sequence[str], name: str) -> float:
    below = y + _height(edges, row, name)
    for n, text in enumerate(row):
        for place, line in enumerate(broken(text, edges[n + 1] - edges[n] - 6, SIZE, name)):
            sheets.text(edges[n] + 3, y + 11 + place * LEADING, line, SIZE, name)
    for edge in edges:
        sheets.line(edge, y, edge, below)
    sheets.line(edges[0], below, edges[-1], below)
    return below
