"""Pages and words become one PDF/A-2b, one page in memory at a time."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem

from intake.errors import DocumentError
from workers.pdf import delivered
from workers.pdf.glyphless import Charset
from workers.pdf.images import damaged, embed
from workers.pdf.parts import Part, PartFinder
from workers.pdf.textlayer import Matrix, PageWords, Word, content, displayed_to_page, times
from workers.pdf.writer import PageWriter
from workers.tools import pdfa
from workers.tools.pages import PageSource

ASSUMED_DPI = 200.0
A4_MM = (210.0, 297.0)
A4_TOLERANCE = 0.02
ASPECT_TOLERANCE = 0.02
FONT = "/Sohoa"

_DAMAGE = (pikepdf.PdfError, OSError, ValueError, TypeError, KeyError, AttributeError, IndexError)
"""what pikepdf and Pillow raise while walking a broken page"""

WordsOf = Callable[[PageSource], PageWords | None]


@dataclass(slots=True)
class Assembled:
    """What happened while assembling. ``assumed``: page number → (dpi_x, dpi_y, why) where the file gave none."""

    parts: list[Part] = field(default_factory=list)
    assumed: dict[int, tuple[float, float, str]] = field(default_factory=dict)
    acted: list[str] = field(default_factory=list)
    """names of delivered PDFs whose scripts, links or form actions were dropped"""


def assemble(pages: Sequence[PageSource], words_of: WordsOf, record: Mapping[str, Any], target: Path) -> Assembled:
    """Write ``target``: the pages in order, their words invisible on their print, XMP and bookmarks; validated.

    Raises DocumentError when a page cannot be kept as it is or the result is not PDF/A-2b.
    """
    done = Assembled()
    charset = Charset()
    with TemporaryDirectory(dir=target.parent, prefix=".assemble-") as folder:
        gathered = Path(folder) / "pages.pdf"
        _gather(pages, words_of, charset, done, gathered)
        with pdfa.open_lazily(gathered) as final:
            _give_font(final, charset)
            _bookmarks(final, done.parts)
            pdfa.declare(final, record, _identity(pages))
            pdfa.name_first_part(final, record)
            pdfa.save(final, target)
    return done


def _gather(pages: Sequence[PageSource], words_of: WordsOf, charset: Charset, done: Assembled, target: Path) -> None:
    finder = PartFinder()
    with PageWriter(target) as writer:
        for file, sheets in groupby(pages, key=lambda page: page.file):
            container = next(page.container for page in pages if page.file == file)
            source = pdfa.open_lazily(file) if container == "pdf" else None
            if source and delivered.clean(source):
                done.acted.append(file.name)
            for page in sheets:
                words = _checked(page, words_of(page))
                if source:
                    try:
                        writer.add(source, _delivered_page(source, page, words, charset))
                    except _DAMAGE as error:
                        raise damaged(page, error) from error
                else:
                    with pikepdf.new() as sheet:
                        writer.add(sheet, _image_page(sheet, page, words, charset, done))
                        writer.forget(sheet)
                if words:
                    finder.see(page.number - 1, words)
            if source:
                writer.forget(source)
                source.close()
    done.parts = finder.parts


def _checked(page: PageSource, words: PageWords | None) -> PageWords | None:
    """Words must belong to this page: their picture has the page's shape."""
    if words is None:
        return None
    width, height = page.shown_px
    wrong = words.width_px <= 0 or words.height_px <= 0
    if wrong or abs(words.width_px * height / (words.height_px * width) - 1) > ASPECT_TOLERANCE:
        raise DocumentError(
            f"Kết quả đọc trang {page.number} ({words.width_px} × {words.height_px}) không thuộc ảnh này "
            f"({width} × {height}). Hãy chạy lại bước đọc (ocr).",
            f"The reading of page {page.number} ({words.width_px} × {words.height_px}) does not belong to this image "
            f"({width} × {height}). Run the ocr stage again.",
        )
    return words


def _image_page(
    sheet: pikepdf.Pdf, page: PageSource, words: PageWords | None, charset: Charset, done: Assembled
) -> pikepdf.Page:
    """A page of exactly px / dpi · 72 pt that shows the delivered image and nothing else."""
    embedded = embed(sheet, page)
    image, rotate = embedded.image, embedded.rotate
    dpi_x, dpi_y = _density(page, done)
    if rotate != page.rotate and page.rotate in (90, 270):  # the image was stored turned already
        dpi_x, dpi_y = dpi_y, dpi_x
    rotate = (rotate + page.turn) % 360
    width, height = int(image.Width) / dpi_x * 72, int(image.Height) / dpi_y * 72
    frame: Matrix = (width, 0, 0, height, 0, 0)
    drawing = f"q {width:.6f} 0 0 {height:.6f} 0 0 cm /Image Do Q\n".encode("ascii")
    text = content(words, px_to_page(words, rotate, frame), charset) if words else b""
    obj = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(width, 6), round(height, 6)]),
        Resources=Dictionary(XObject=Dictionary(Image=image)),
        Contents=sheet.make_stream(drawing + text),
    )
    if rotate:
        obj.Rotate = rotate
    if text:
        obj.Resources.Font = Dictionary({FONT: Dictionary()})
    return pikepdf.Page(sheet.make_indirect(obj))


def _delivered_page(source: pikepdf.Pdf, page: PageSource, words: PageWords | None, charset: Charset) -> pikepdf.Page:
    """The page of a delivered PDF, with our words where it shows none itself."""
    added = source.pages[page.index]
    kept = delivered.keep(source, added, page)
    if page.turn:
        added.rotate(page.turn, relative=True)
    if words is None:
        return added
    matrix = px_to_page(words, (page.rotate + page.turn) % 360, kept.frame)
    if kept.shows_text:
        words = _beside(words, matrix, delivered.shown_text(page))
    text = content(words, matrix, charset)
    if text:
        added.contents_add(source.make_stream(b"q\n"), prepend=True)
        added.contents_add(source.make_stream(b"\nQ\n" + text))
        resources = Dictionary(added.obj.Resources)
        fonts = resources.get("/Font", Dictionary())
        resources.Font = Dictionary({**dict(fonts.items()), FONT: Dictionary()})
        added.obj.Resources = resources
    return added


def _beside(words: PageWords, matrix: Matrix, shown: Sequence[delivered.Rectangle]) -> PageWords:
    """The words that do not lie on text the page already shows."""

    def free(word: Word) -> bool:
        x0, y0, x1, y1 = word.box
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        at_x, at_y = matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]
        return not any(left <= at_x <= right and bottom <= at_y <= top for left, bottom, right, top in shown)

    lines = tuple(tuple(word for word in line if free(word)) for line in words.lines)
    return PageWords(words.width_px, words.height_px, tuple(line for line in lines if line))


def px_to_page(words: PageWords, rotate: int, frame: Matrix) -> Matrix:
    """From pixels of the displayed page to user space: unit square as displayed, then as stored, then placed."""
    to_unit: Matrix = (1 / words.width_px, 0, 0, -1 / words.height_px, 0, 1)
    return times(times(to_unit, displayed_to_page(1, 1, rotate)), frame)


def _density(page: PageSource, done: Assembled) -> tuple[float, float]:
    """The dpi of the stored axes; a missing one is assumed, and the assumption is kept for a finding."""
    if page.dpi_x and page.dpi_y:
        return page.dpi_x, page.dpi_y
    short, long = sorted((page.width_px, page.height_px))
    if abs(long / short / (A4_MM[1] / A4_MM[0]) - 1) <= A4_TOLERANCE:
        dpi = short / (A4_MM[0] / 25.4)
        done.assumed[page.number] = (dpi, dpi, "A4")
        return dpi, dpi
    done.assumed[page.number] = (ASSUMED_DPI, ASSUMED_DPI, "200 dpi")
    return ASSUMED_DPI, ASSUMED_DPI


def _give_font(final: pikepdf.Pdf, charset: Charset) -> None:
    if not charset.characters:
        return
    font = charset.font(final)
    for page in final.pages:
        fonts = page.obj.Resources.get("/Font", None)
        if fonts is not None and FONT in fonts:
            fonts[FONT] = font


def _bookmarks(final: pikepdf.Pdf, parts: Sequence[Part]) -> None:
    with final.open_outline() as outline:
        outline.root.extend(OutlineItem(part.title or "Văn bản", part.page) for part in parts)


def _identity(pages: Sequence[PageSource]) -> str:
    """The same scans give the same identity on every machine and day."""
    digest = hashlib.sha256()
    for path in dict.fromkeys(page.file for page in pages):
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return f"uuid:{uuid.UUID(bytes=digest.digest()[:16], version=5)}"
