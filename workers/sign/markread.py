"""Read the mark back out of a signature field: its words, place and form, whoever made it."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pypdfium2

from intake.pdfium import PDFIUM
from intake.spelling import nfc
from workers.sign.report import Mark
from workers.sign.sheet import Sheet, first_sheet

FORMS = ("SAO Y", "SAO LỤC", "TRÍCH SAO")
BOX_14_RIGHT_MM = 12.0
BOX_14_TOP_MM = 8.0
"""The mark's right edge and top may be this far from the paper's to count as standing in box 14"""


def read_mark(pdf: Path, field: str) -> Mark | None:
    """The visible appearance of the signature field called ``field``; None when it shows nothing."""
    with pikepdf.open(pdf) as opened:
        for number, page in enumerate(opened.pages, 1):
            for note in page.obj.get("/Annots", []):
                if _name(note) == field:
                    return _read(pdf, opened, note, number)
    return None


def _name(note: pikepdf.Object) -> str:
    parts, node = [], note
    while node is not None:
        if "/T" in node:
            parts.insert(0, str(node["/T"]))
        node = node.get("/Parent", None)
    return ".".join(parts)


def _read(pdf: Path, opened: pikepdf.Pdf, note: pikepdf.Object, number: int) -> Mark | None:
    look = note.get("/AP", {}).get("/N", None)
    rectangle = [float(value) for value in note.get("/Rect", [0, 0, 0, 0])]
    if look is None or rectangle[2] <= rectangle[0] or rectangle[3] <= rectangle[1]:
        return None
    text = nfc(" ".join(_text(look).split()))
    sheet = first_sheet(pdf) if number == 1 else Sheet(tuple(map(float, opened.pages[number - 1].mediabox)), 0, 1.0)  # type: ignore[arg-type]
    box = sheet.displayed((rectangle[0], rectangle[1], rectangle[2], rectangle[3]))
    right = sheet.size_mm[0] - box.x - box.width
    home = number == 1 and box.y <= BOX_14_TOP_MM and right <= BOX_14_RIGHT_MM
    parts = [part.strip() for part in text.split(";")]
    form = parts.pop(0) if parts and parts[0].upper() in FORMS else ""
    agency = parts[0] if parts else ""
    return Mark(text, form, agency, parts[1] if len(parts) > 1 else "", number, box.as_list(), home)


def _text(look: pikepdf.Object) -> str:
    """The words of a form XObject, read from a page that shows nothing else."""
    box = [float(value) for value in look.get("/BBox", [0, 0, 100, 100])]
    with pikepdf.new() as alone:
        page = alone.add_blank_page(page_size=(max(box[2], 3.0), max(box[3], 3.0)))
        form = alone.copy_foreign(look)
        form["/Matrix"] = pikepdf.Array([1, 0, 0, 1, 0, 0])
        page.obj["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(M=form))
        page.obj["/Contents"] = alone.make_stream(b"/M Do")
        stored = io.BytesIO()
        alone.save(stored)
    with PDFIUM:
        document = pypdfium2.PdfDocument(stored.getvalue())
        try:
            return str(document[0].get_textpage().get_text_range())
        finally:
            document.close()
