"""What a document says and how it is typed: plain values, from which the printed page and the truth both follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from samples.marks import IncomingStamp, Seal
from samples.pen import Hand
from samples.typeface import LIBERATION_SERIF, Typeface


@dataclass(frozen=True, slots=True)
class Organ:
    """Who issues: ``name`` as one writes it in a sentence; ``lines`` and ``parent`` as printed in box 2 (capitals)."""

    name: str
    lines: tuple[str, ...]
    abbreviation: str
    place: str
    parent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signer:
    """Box 7: ``authority`` lines in capitals (``KT. GIÁM ĐỐC``, ``PHÓ GIÁM ĐỐC``), name below the signature."""

    authority: tuple[str, ...]
    name: str

    @property
    def position(self) -> str:
        """The signer's own title as printed: the last authority line."""
        return self.authority[-1]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of the body. ``lead`` is set in bold before the text (``Điều 1.``)."""

    text: str
    lead: str = ""
    bold: bool = False
    italic: bool = False
    align: Literal["justify", "centre"] = "justify"


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table in the body. ``shares``: width of each column as a part of the text width."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """The next block begins a new page (an appendix)."""


Block = Paragraph | Table | PageBreak


@dataclass(frozen=True, slots=True)
class Typing:
    """How the typist set it up; within what NĐ 30/2020 Phụ lục I allows by default (pt, mm)."""

    face: Typeface = LIBERATION_SERIF
    body_pt: float = 14.0
    header_pt: float = 13.0
    leading: float = 1.15
    """line pitch as a multiple of the type size's natural pitch"""
    left_mm: float = 30.0
    right_mm: float = 18.0
    top_mm: float = 20.0
    bottom_mm: float = 20.0
    indent_mm: float = 12.7
    paper: tuple[int, int, int] = (251, 250, 246)
    black: tuple[int, int, int] = (28, 28, 32)
    paper_mm: tuple[float, float] = (210.0, 297.0)


Written = Literal["number", "day", "month"]


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """One document. ``number`` without year; ``year`` only where the number carries one (VBQPPL).

    ``subject``: abstract without its lead. ``lead``: ``V/v``, ``Về việc`` or empty. ``written``: what is filled in by
    pen with ``hand``. ``party``: a document of the Party (HD 36-HD/VPTW 2018): other header, other number form.
    """

    type_name: str
    organ: Organ
    number: str
    notation: str
    issued: date
    subject: str
    signer: Signer
    body: tuple[Block, ...]
    annex: tuple[Block, ...] = ()
    """appendix after the signature, from a new page on"""
    lead: str = ""
    year: int | None = None
    addressees: tuple[str, ...] = ()
    authority: str = ""
    """the capitals line of a decision before its grounds (``GIÁM ĐỐC SỞ XÂY DỰNG``)"""
    recipients: tuple[str, ...] = ()
    seal: Seal | None = None
    incoming: IncomingStamp | None = None
    incoming_at_mm: tuple[float, float] | None = None
    urgency: str = ""
    urgency_tilt: float = 0.0
    secrecy: str = ""
    written: frozenset[Written] = frozenset()
    hand: Hand | None = None
    signature: Hand | None = None
    party: bool = False
    contact: str = ""
    typing: Typing = field(default_factory=Typing)
    gap_mm: float = 13.0
    """room the typist left for the number where it is filled in by pen"""
    dotted: bool = False

    @property
    def letter(self) -> bool:
        """A công văn: no title, abstract under the number."""
        return self.type_name == "Công văn"

    @property
    def printed_number(self) -> str:
        if self.party:
            return f"{self.number}-{self.notation}"
        middle = f"/{self.year}" if self.year else ""
        return f"{self.number}{middle}/{self.notation}"

    @property
    def code_number(self) -> str:
        """What stands before the first slash, with its year where the number carries one."""
        if self.year:
            return f"{self.number}/{self.year}"
        return self.printed_number.split("/", 1)[0]

    @property
    def code_notation(self) -> str:
        return self.printed_number[len(self.code_number) + 1 :]

    @property
    def abstract(self) -> str:
        """As printed, on one line, with its lead."""
        return f"{self.lead} {self.subject}".strip()
