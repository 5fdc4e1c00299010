"""The Times-metric typeface of the mark, as a subset small enough to embed in every signature.

Liberation Serif has the widths of Times New Roman (NĐ 30/2020 Phụ lục I Phần II.I.3 asks for that face). The subset
is built here, not by the signing library: its own embedding writes widths in font units, which spaces the letters of
any font that is not drawn on 1000 units about twice too wide.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from intake.errors import DependencyMissing, DocumentError

FONT_FILE = Path("/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf")
"""Pinned: the package fonts-liberation (without 2) has the same family name and no Vietnamese letters."""

ALWAYS = "0123456789 -+:;./TZ"
"""In every subset, so that one subset serves a whole set of documents signed at different seconds."""

TAG = "SOHOAM+LiberationSerif"


@dataclass(frozen=True)
class Typeface:
    """A subset: ``program`` is the compressed TrueType file, ``widths`` per 1000 em by glyph, ``glyphs`` by letter."""

    program: bytes
    program_length: int
    glyphs: dict[str, int]
    widths: tuple[float, ...]
    box: tuple[int, int, int, int]
    ascent: int
    descent: int
    cap_height: int
    to_unicode: bytes

    def width(self, text: str, size: float) -> float:
        """Width of ``text`` in pt at ``size`` pt."""
        return sum(self.widths[self.glyphs[letter]] for letter in text) * size / 1000

    def encode(self, text: str) -> bytes:
        """The text as a hexadecimal PDF string of two-byte glyph numbers."""
        return b"<" + "".join(f"{self.glyphs[letter]:04x}" for letter in text).encode() + b">"

    def embed(self, writer: BasePdfFileWriter) -> generic.IndirectObject:
        """Write the font into the file being signed; returns the reference for /Resources."""
        return writer.add_object(_type0(self, writer))


def typeface(text: str, font_file: Path = FONT_FILE) -> Typeface:
    """The typeface with the letters of ``text`` (NFC). DependencyMissing without the font, DocumentError for a
    letter the font does not have."""
    return _build(font_file, "".join(sorted(set(text) | set(ALWAYS))))


@lru_cache(maxsize=64)
def _build(font_file: Path, letters: str) -> Typeface:
    try:
        font = TTFont(font_file, lazy=False)
    except OSError as error:
        raise DependencyMissing(
            f"Thiếu phông chữ {font_file}, cần cho dòng «SAO Y». Hãy chạy: sudo apt-get install fonts-liberation2",
            f"The font {font_file} of the mark is missing. Run: sudo apt-get install fonts-liberation2",
        ) from error
    known = font.getBestCmap()
    strange = [letter for letter in letters if ord(letter) not in known]
    if strange:
        shown = " ".join(f"«{letter}» (U+{ord(letter):04X})" for letter in strange)
        raise DocumentError(
            f"Không in được ký tự {shown} lên dòng dấu sao; phông chữ không có. Hãy sửa tên cơ quan hoặc số, ký hiệu.",
            f"The mark cannot show {shown}: the typeface lacks it. Correct the agency's name or the number.",
        )
    options = subset.Options(
        hinting=False, layout_features=[], notdef_outline=True, name_IDs=[], legacy_cmap=False, recalc_bounds=True
    )
    options.drop_tables += ["FFTM", "GSUB", "GPOS", "GDEF", "kern", "DSIG"]
    worker = subset.Subsetter(options)
    worker.populate(text=letters)
    worker.subset(font)
    return _measure(font, letters)


def _measure(font: TTFont, letters: str) -> Typeface:
    stored = io.BytesIO()
    font.save(stored)
    program = stored.getvalue()
    per_em = 1000 / font["head"].unitsPerEm
    order = font.getGlyphOrder()
    best = font.getBestCmap()
    glyphs = {letter: font.getGlyphID(best[ord(letter)]) for letter in letters}
    head, hhea, os2 = font["head"], font["hhea"], font["OS/2"]
    return Typeface(
        program=zlib.compress(program, 9),
        program_length=len(program),
        glyphs=glyphs,
        widths=tuple(round(font["hmtx"][name][0] * per_em, 3) for name in order),
        box=tuple(round(v * per_em) for v in (head.xMin, head.yMin, head.xMax, head.yMax)),  # type: ignore[arg-type]
        ascent=round(hhea.ascent * per_em),
        descent=round(hhea.descent * per_em),
        cap_height=round(getattr(os2, "sCapHeight", 662 / per_em) * per_em),
        to_unicode=zlib.compress(_unicode_map(glyphs)),
    )


def _unicode_map(glyphs: dict[str, int]) -> bytes:
    lines = [f"<{glyph:04x}> <{letter.encode('utf-16-be').hex()}>" for letter, glyph in sorted(glyphs.items())]
    blocks = [lines[start : start + 100] for start in range(0, len(lines), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{body}\nendcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode()


def _flate(data: bytes, **entries: generic.PdfObject) -> generic.StreamObject:
    values = {pdf_name(f"/{key}"): value for key, value in entries.items()}
    return generic.StreamObject({**values, pdf_name("/Filter"): pdf_name("/FlateDecode")}, encoded_data=data)


def _type0(face: Typeface, writer: BasePdfFileWriter) -> generic.DictionaryObject:
    number, name = generic.NumberObject, pdf_name
    program = writer.add_object(_flate(face.program, Length1=number(face.program_length)))
    descriptor = writer.add_object(
        generic.DictionaryObject(
            {
                name("/Type"): name("/FontDescriptor"),
                name("/FontName"): name(f"/{TAG}"),
                name("/Flags"): number(4),
                name("/FontBBox"): generic.ArrayObject(number(v) for v in face.box),
                name("/ItalicAngle"): number(0),
                name("/Ascent"): number(face.ascent),
                name("/Descent"): number(face.descent),
                name("/CapHeight"): number(face.cap_height),
                name("/StemV"): number(80),
                name("/FontFile2"): program,
            }
        )
    )
    widths = generic.ArrayObject([number(0), generic.ArrayObject(generic.FloatObject(w) for w in face.widths)])
    descendant = writer.add_object(
        generic.DictionaryObject(
            {
                name("/Type"): name("/Font"),
                name("/Subtype"): name("/CIDFontType2"),
                name("/BaseFont"): name(f"/{TAG}"),
                name("/CIDSystemInfo"): generic.DictionaryObject(
                    {
                        name("/Registry"): generic.pdf_string("Adobe"),
                        name("/Ordering"): generic.pdf_string("Identity"),
                        name("/Supplement"): number(0),
                    }
                ),
                name("/FontDescriptor"): descriptor,
                name("/DW"): number(1000),
                name("/W"): widths,
                name("/CIDToGIDMap"): name("/Identity"),
            }
        )
    )
    return generic.DictionaryObject(
        {
            name("/Type"): name("/Font"),
            name("/Subtype"): name("/Type0"),
            name("/BaseFont"): name(f"/{TAG}"),
            name("/Encoding"): name("/Identity-H"),
            name("/DescendantFonts"): generic.ArrayObject([descendant]),
            name("/ToUnicode"): writer.add_object(_flate(face.to_unicode)),
        }
    )
