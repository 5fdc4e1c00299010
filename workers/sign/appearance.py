"""The mark as the visible appearance of the signature field: black letters, upright as displayed, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import AppearanceContent, ResourceType
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.stamp import BaseStampStyle

from workers.sign.mark import LEADING_PT, SIZE_PT, Block
from workers.sign.place import Place
from workers.sign.typeface import Typeface


@dataclass(frozen=True)
class MarkStyle(BaseStampStyle):
    """What pyHanko asks of a stamp style; ``block`` must fit ``place``."""

    block: Block | None = None
    place: Place | None = None
    face: Typeface | None = None

    def create_stamp(self, writer: BasePdfFileWriter, box: BoxConstraints, text_params: dict) -> MarkAppearance:
        assert self.block is not None
        assert self.place is not None
        assert self.face is not None
        return MarkAppearance(writer, self.block, self.place, self.face)


class MarkAppearance(AppearanceContent):
    """The form XObject; its matrix turns the letters against the page's own rotation."""

    def __init__(self, writer: BasePdfFileWriter, block: Block, place: Place, face: Typeface) -> None:
        self.block, self.place, self.face = block, place, face
        unit = place.sheet.unit
        super().__init__(writer=writer, box=BoxConstraints(width=block.width / unit, height=block.height / unit))

    def render(self) -> bytes:
        unit = self.place.sheet.unit
        size, leading, width = SIZE_PT / unit, LEADING_PT / unit, self.block.width / unit
        self.set_resource(ResourceType.FONT, pdf_name("/F1"), self.face.embed(self._ensure_writer))
        # the line's own height (ascent + descent) is centred in the leading
        drop = (LEADING_PT - (self.face.ascent - self.face.descent) * SIZE_PT / 1000) / 2 / unit
        first = self.block.height / unit - drop - self.face.ascent * size / 1000
        parts = [b"q 0 g BT /F1 %.4f Tf" % size]
        for number, line in enumerate(self.block.lines):
            left = width - self.face.width(line, SIZE_PT) / unit
            parts.append(b"1 0 0 1 %.4f %.4f Tm %s Tj" % (left, first - number * leading, self.face.encode(line)))
        parts.append(b"ET Q")
        return b"\n".join(parts)

    def as_form_xobject(self) -> generic.StreamObject:
        form = super().as_form_xobject()
        form[pdf_name("/Matrix")] = generic.ArrayObject(
            generic.NumberObject(value) for value in (*self.place.sheet.upright, 0, 0)
        )
        return form
