"""Ngày, tháng, năm: the place-and-date line of box 4, slot by slot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from workers.ocr.layout import Row, Token
from workers.ocr.spelling import fold, nfc

_DAY_WORD, _MONTH_WORD, _YEAR_WORD = (
    r"NG[A4]Y|NG.Y(?![A-Z])|N[A-Z]AY",
    r"TH?[A-Z]{0,2}N[GQ]|TH[A-Z]G",
    r"N[A-Z]M|[A-Z]AM",
)
_LINE = re.compile(
    rf"(?:{_DAY_WORD})\W*(?P<day>.*?)\W*(?:{_MONTH_WORD})\W*(?P<month>.*?)\W*(?:{_YEAR_WORD})\W*(?P<year>.*)$"
)
_NUMERIC = re.compile(r"\b(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*((?:19|20)\d\d)\b")


@dataclass(frozen=True, slots=True)
class DateReading:
    """The three slots as read (digits only, None where not a number in range) and the tokens of the line."""

    text: str
    day: int | None
    month: int | None
    year: int | None
    tokens: tuple[Token, ...]

    @property
    def value(self) -> str | None:
        """ISO date when all three are there and such a day exists."""
        return iso(self.day, self.month, self.year)


def iso(day: int | None, month: int | None, year: int | None) -> str | None:
    """ISO 8601, or None when a part is missing or the day does not exist."""
    if day is None or month is None or year is None:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def read_date(row: Row) -> DateReading:
    """The slots of a date line; letters in a slot are not turned into digits."""
    text = nfc(row.text)
    flat = fold(text)
    found = _LINE.search(flat)
    if found:
        parts = [found.group(name) for name in ("day", "month", "year")]
    else:
        numeric = _NUMERIC.search(flat)
        parts = list(numeric.groups()) if numeric else ["", "", ""]
    day, month = _number(parts[0], 31), _number(parts[1], 12)
    year_digits = re.match(r"\D{0,2}((?:19|20)\d\d)(?!\d)", parts[2])
    year = int(year_digits.group(1)) if year_digits else None
    return DateReading(text, day, month, year, row.tokens)


def _number(text: str, limit: int) -> int | None:
    cleaned = text.strip(" .,:;…'’")
    if not re.fullmatch(r"\d{1,2}", cleaned):
        return None
    value = int(cleaned)
    return value if 1 <= value <= limit else None
