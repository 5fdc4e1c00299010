"""The parts of a document — main text, appendices, enclosed documents — found by their headings, for bookmarks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from workers.pdf.textlayer import PageWords, Word

TOP = 0.35
"""Share of the page's height in which a part's heading stands (NĐ 30/2020 Phụ lục I: first lines of the sheet)."""
CENTRE_TOLERANCE = 0.12
HEADING_WORDS_MAX = 8
MOTTO = "CONG HOA XA HOI CHU NGHIA VIET NAM"
MOTTO_LIKENESS = 88

_APPENDIX = re.compile(r"^PHU LUC(?:\s+(?:SO\s+)?([IVXLC]{1,6}|\d{1,3}|[A-Z]))?\b")


@dataclass(frozen=True, slots=True)
class Part:
    """``page`` counts from 0; ``title`` is empty for the main document (its name comes from the record)."""

    page: int
    title: str


class PartFinder:
    """Fed page by page in order; keeps only the headings found."""

    def __init__(self) -> None:
        self.parts: list[Part] = [Part(0, "")]

    def see(self, page: int, words: PageWords) -> None:
        """Look at one page (counted from 0); page 0 is always the main document."""
        if page == 0:
            return
        for line in words.lines:
            if line[0].box[3] > TOP * words.height_px:
                continue
            title = _heading(line, words.width_px)
            if title:
                self.parts.append(Part(page, title))
                return


def _heading(line: Sequence[Word], width_px: int) -> str:
    text = " ".join(word.text for word in line)
    plain = folded(text)
    if fuzz.partial_ratio(MOTTO, plain) >= MOTTO_LIKENESS and len(plain) >= len(MOTTO) - 4:
        return "Văn bản kèm theo"
    centre = (line[0].box[0] + line[-1].box[2]) / 2
    centred = abs(centre / width_px - 0.5) <= CENTRE_TOLERANCE
    found = _APPENDIX.match(plain)
    if found and centred and len(line) <= HEADING_WORDS_MAX:
        number = found.group(1)
        return f"Phụ lục {number}" if number else "Phụ lục"
    return ""


def folded(text: str) -> str:
    """Upper case without diacritics, Đ as D."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return plain.upper().replace("Đ", "D").strip()
