"""Ngày, tháng, năm: the place-and-date line of box 4, slot by slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workers.ocr.filling import Filling, fill
from workers.ocr.ink import Page
from workers.ocr.layout import Row, Token
from workers.ocr.slots import date_slots, em_of


@dataclass(frozen=True, slots=True)
class IssuedReading:
    """``value``: ISO date when all three slots were read and such a day exists; ``fillings`` by ``day``, ``month``,
    ``year``. ``seen_only``: a slot was read by the word reader alone."""

    value: str | None
    fillings: Mapping[str, Filling]
    tokens: tuple[Token, ...]
    seen_only: bool = False


def read_issued(page: Page, row: Row) -> IssuedReading:
    """The slots of a date line, each read as print and as digits."""
    em = em_of(row)
    fillings = {}
    for name, slot in date_slots(row, em).items():
        fillings[name] = fill(page, slot, name)
    value = None
    if len(fillings) == 3:
        value = iso(*(fillings[name].value for name in ("day", "month", "year")))
    return IssuedReading(value, fillings, row.tokens)


def iso(day: str | None, month: str | None, year: str | None) -> str | None:
    """ISO 8601, or None when a part is missing or the day does not exist."""
    if day is None or month is None or year is None:
        return None
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
