"""Documents set on paper after NĐ 30/2020 Phụ lục I: every box in its place, with the truth of what stands where."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from samples import header, marks
from samples.sheet import Box, Line, Sheet
from samples.spec import DocumentSpec, PageBreak, Paragraph, Table
from samples.typeface import MM_PER_PT, Style, wrap

RENDER_DPI = 400.0
"""dpi of the ideal page; above every capture resolution used here but 400 itself"""


@dataclass(frozen=True, slots=True)
class Page:
    """One side of a sheet as it lies on the desk, before any scanner.

    ``pixels``: RGB uint8 at ``dpi``. ``boxes``: role → (x, y, width, height) mm from the top left of the sheet, for
    ``organ number number_line number_ink date day_ink type subject addressees incoming_stamp urgency secrecy seal
    signature signer_position signer_name`` as far as they stand on this side. ``lines``: printed lines in order.
    """

    number: int
    pixels: np.ndarray
    dpi: float
    size_mm: tuple[float, float]
    boxes: dict[str, Box] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


def render(spec: DocumentSpec, rng: np.random.Generator, dpi: float = RENDER_DPI) -> tuple[Page, ...]:
    """Every page of the document. The same spec and generator state give the same pixels."""
    setter = _Setter(spec, rng, dpi)
    header.put(setter.sheet, spec, rng)
    setter.y = setter.sheet.cursor
    for block in spec.body:
        setter.put(block)
    setter.end()
    for block in (PageBreak(), *spec.annex) if spec.annex else ():
        setter.put(block)
    return tuple(
        Page(index + 1, sheet.pixels(), dpi, spec.typing.paper_mm, dict(sheet.boxes), tuple(sheet.lines))
        for index, sheet in enumerate(setter.sheets)
    )


def blank(rng: np.random.Generator, paper: tuple[int, int, int] = (251, 250, 246), dpi: float = RENDER_DPI) -> Page:
    """The empty back of a sheet."""
    return Page(1, Sheet((210.0, 297.0), dpi, paper, rng).pixels(), dpi, (210.0, 297.0))


class _Setter:
    """Sets blocks one below the other and turns the page when the text area is full."""

    def __init__(self, spec: DocumentSpec, rng: np.random.Generator, dpi: float) -> None:
        self.spec, self.rng, self.dpi = spec, rng, dpi
        typing = spec.typing
        self.left = typing.left_mm
        self.right = typing.paper_mm[0] - typing.right_mm
        self.bottom = typing.paper_mm[1] - typing.bottom_mm - (8 if spec.contact else 0)
        self.sheets: list[Sheet] = []
        self.y = 0.0
        self._turn()

    @property
    def sheet(self) -> Sheet:
        return self.sheets[-1]

    @property
    def width(self) -> float:
        return self.right - self.left

    def _turn(self) -> None:
        typing = self.spec.typing
        sheet = Sheet(typing.paper_mm, self.dpi, typing.paper, self.rng, typing.black)
        self.sheets.append(sheet)
        if len(self.sheets) > 1:
            style = Style(typing.face, 13)
            sheet.centred(str(len(self.sheets)), (self.left + self.right) / 2, 13.5, style, "page_number")
            self.bottom = typing.paper_mm[1] - typing.bottom_mm
        self.y = typing.top_mm + 3

    def _need(self, height: float) -> None:
        if self.y + height > self.bottom:
            self._turn()

    def put(self, block: Paragraph | Table | PageBreak) -> None:
        if isinstance(block, PageBreak):
            self._turn()
        elif isinstance(block, Table):
            self._table(block)
        else:
            self._paragraph(block)

    def _paragraph(self, block: Paragraph) -> None:
        typing = self.spec.typing
        style = Style(typing.face, typing.body_pt, block.bold, block.italic)
        bold = Style(typing.face, typing.body_pt, True, block.italic)
        pitch = typing.body_pt * MM_PER_PT * 1.15 * typing.leading
        indent = typing.indent_mm if block.align == "justify" else 0.0
        if block.align == "centre":
            for text in wrap(block.text, style, self.width):
                self._need(pitch)
                self.sheet.centred(text, (self.left + self.right) / 2, self.y + pitch * 0.78, style, "body")
                self.y += pitch
        else:
            words = [(word, bold) for word in block.lead.split()] + [(word, style) for word in block.text.split()]
            lines = _break(words, self.width, indent)
            for index, line in enumerate(lines):
                self._need(pitch)
                x = self.left + (indent if index == 0 else 0)
                self.sheet.justified(line, x, self.y + pitch * 0.78, self.right - x, index == len(lines) - 1)
                self.y += pitch
        self.y += 6 * MM_PER_PT

    def _table(self, table: Table) -> None:
        typing = self.spec.typing
        size = typing.body_pt - 2
        pitch = size * MM_PER_PT * 1.2
        edges = [self.left + self.width * sum(table.shares[:index]) for index in range(len(table.shares) + 1)]
        short = [all(len(row[c]) < 12 for row in table.rows) for c in range(len(table.header))]
        for index, row in enumerate((table.header, *table.rows)):
            style = Style(typing.face, size, bold=index == 0)
            cells = [wrap(cell, style, edges[c + 1] - edges[c] - 3) or [""] for c, cell in enumerate(row)]
            height = max(len(cell) for cell in cells) * pitch + 2
            self._need(height)
            for column, cell in enumerate(cells):
                middle = (edges[column] + edges[column + 1]) / 2
                start = self.y + (height - len(cell) * pitch) / 2
                for number, text in enumerate(cell):
                    at = start + pitch * (number + 0.78)
                    if index == 0 or short[column]:
                        self.sheet.centred(text, middle, at, style, "table")
                    else:
                        self.sheet.text(text, edges[column] + 1.5, at, style, "table")
            for y in (self.y, self.y + height):
                self.sheet.rule(edges[0], y, edges[-1], y, 0.2)
            for x in edges:
                self.sheet.rule(x, self.y, x, self.y + height, 0.2)
            self.y += height
        self.y += 3

    def end(self) -> None:
        """Boxes 7, 8 and 9b, kept together with at least the closing of the text."""
        spec = self.spec
        height = 50.0 + 5.5 * len(spec.signer.authority)
        self.y += 3
        self._need(max(height, 10 + 4.6 * len(spec.recipients)))
        footer_top = self.y
        self._recipients(footer_top)
        self._signature(footer_top)
        if spec.contact and len(self.sheets) == 1:
            self._contact()

    def _recipients(self, y: float) -> None:
        face = self.spec.typing.face
        self.sheet.text("Nơi nhận:", self.left, y + 4.2, Style(face, 12, True, True), "recipients")
        at = y + 4.2
        for text in self.spec.recipients:
            for part in wrap(text, Style(face, 11), 66):
                at += 4.6
                self.sheet.text(part, self.left, at, Style(face, 11), "recipients")

    def _signature(self, y: float) -> None:
        spec, sheet, rng = self.spec, self.sheet, self.rng
        typing = spec.typing
        style = Style(typing.face, min(typing.body_pt, 14), bold=True)
        regular = Style(typing.face, min(typing.body_pt, 14))
        middle = self.right - 38
        pitch = style.size * MM_PER_PT * 1.2
        at = y
        for index, text in enumerate(spec.signer.authority):
            at += pitch
            # the Party sets the delegating line in regular type (HD 36-HD/VPTW)
            light = spec.party and index < len(spec.signer.authority) - 1
            sheet.centred(text, middle, at, regular if light else style, "signer_position")
        room = 27.0
        sheet.centred(spec.signer.name, middle + rng.normal(0, 0.5), at + room + 6, style, "signer_name")
        width, height = rng.uniform(32, 44), rng.uniform(14, 20)
        left, centre_y = middle - width / 2 + rng.normal(2, 3), at + room / 2 + rng.normal(0, 1.5)
        if spec.signature:
            strokes = spec.signature.sign(rng, width, height)
            sheet.pen(strokes, spec.signature, (left, centre_y), "signature")
        if spec.seal:
            # Đ33.1.b: the seal covers about a third of the signature, on its left
            radius = spec.seal.diameter_mm / 2
            x = left + width / 3 - radius + rng.normal(0, 1.5)
            mark = marks.tilt(marks.seal(spec.seal, self.dpi), rng.normal(0, 6))
            sheet.stamp(mark, (x, centre_y + rng.normal(0, 2)), "seal", wear=0.6, size_mm=(2 * radius, 2 * radius))

    def _contact(self) -> None:
        y = self.spec.typing.paper_mm[1] - 18
        self.sheet.rule(self.left, y - 5, self.right, y - 5, 0.2)
        for index, text in enumerate(wrap(self.spec.contact, Style(self.spec.typing.face, 11), self.width)):
            self.sheet.centred(
                text, (self.left + self.right) / 2, y + 4.5 * index, Style(self.spec.typing.face, 11), "contact"
            )


def _break(words: list[tuple[str, Style]], width: float, indent: float) -> list[list[tuple[str, Style]]]:
    lines: list[list[tuple[str, Style]]] = [[]]
    used = indent
    for word, style in words:
        step = style.width_mm(word)
        space = style.width_mm(" ") if lines[-1] else 0.0
        if lines[-1] and used + space + step > width:
            lines.append([])
            used, space = 0.0, 0.0
        lines[-1].append((word, style))
        used += space + step
    return lines
