"""The font of the invisible text: every character is one empty glyph, so text can be found but never seen.

Characters get codes in the order they are first used; /ToUnicode maps each code back, also to characters beyond
the basic plane. The font program is made here with fontTools, so nothing foreign is shipped.
"""

from __future__ import annotations

import io
from functools import cache

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

NAME = "Sohoa-Glyphless"
ADVANCE = 500
"""Width of every glyph, in thousandths of the font size."""
ASCENT, DESCENT = 1000, -1
"""A glyph reaches from its baseline to one font size above: viewers mark exactly the word's box."""

CODES_MAX = 0xFFFE
_MADE = 3_029_529_600
"""1 January 2000 in seconds since 1904: the font has no date of its own, and must be the same every day."""
_BFCHAR_MAX = 100


class Charset:
    """Two-byte codes for the characters of one document, given out in order of first use."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, text: str) -> bytes:
        """The text as a PDF string of two-byte codes. A document with more than 65534 different characters
        (no script needs that) repeats the last code."""
        codes = bytearray()
        for character in text:
            code = self._codes.setdefault(character, min(len(self._codes) + 1, CODES_MAX))
            codes += code.to_bytes(2, "big")
        return bytes(codes)

    @property
    def characters(self) -> dict[str, int]:
        return dict(self._codes)

    def font(self, pdf: pikepdf.Pdf) -> pikepdf.Object:
        """The Type 0 font of everything encoded so far, as an indirect object of ``pdf``."""
        program = Stream(pdf, font_program())
        program.Length1 = len(font_program())
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/" + NAME),
            Flags=4,  # symbolic: codes are ours, not a standard encoding's
            FontBBox=Array([0, DESCENT, ADVANCE, ASCENT]),
            ItalicAngle=0,
            Ascent=ASCENT,
            Descent=DESCENT,
            CapHeight=ASCENT,
            StemV=80,
            FontFile2=program,
        )
        cid_font = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name("/" + NAME),
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            DW=ADVANCE,
            CIDToGIDMap=Stream(pdf, self._cid_to_gid()),
        )
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=Name("/" + NAME),
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([pdf.make_indirect(cid_font)]),
                ToUnicode=Stream(pdf, self._to_unicode()),
            )
        )

    def _cid_to_gid(self) -> bytes:
        return b"\0\0" + b"\0\1" * len(self._codes)

    def _to_unicode(self) -> bytes:
        lines = [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            "<0000> <FFFF>",
            "endcodespacerange",
        ]
        pairs = [(code, character.encode("utf-16-be").hex().upper()) for character, code in self._codes.items()]
        for start in range(0, len(pairs), _BFCHAR_MAX):
            block = pairs[start : start + _BFCHAR_MAX]
            lines.append(f"{len(block)} beginbfchar")
            lines += [f"<{code:04X}> <{target}>" for code, target in block]
            lines.append("endbfchar")
        lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
        return "\n".join(lines).encode("ascii")


@cache
def font_program() -> bytes:
    """A TrueType font of two empty glyphs (.notdef and the one all characters share); the same bytes every time."""
    # As the validator is (workers/tools/pdfa.py), which needs it too: loaded when the pages are read.
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "any"])
    builder.setupCharacterMap({0xF020: "any"})
    builder.setupGlyf({".notdef": Glyph(), "any": Glyph()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0), "any": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": NAME, "styleName": "Regular", "psName": NAME, "fullName": NAME})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=0)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = _MADE
    builder.font.recalcTimestamp = False
    stream = io.BytesIO()
    builder.save(stream)
    return stream.getvalue()
