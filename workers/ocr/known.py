"""What is known of a document before it is read: never a value, only a reason to believe a reading or to doubt it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from workers.ocr.spelling import letters


@dataclass(frozen=True, slots=True)
class Issued:
    """A number somebody confirmed: the digits before the first slash, and the day of the document."""

    number: int
    day: date


@dataclass(frozen=True, slots=True)
class Known:
    """``arrived``: the day the document came. ``issued``: notation → what was confirmed under it lately."""

    arrived: date | None = None
    issued: Mapping[str, tuple[Issued, ...]] = field(default_factory=dict)

    def after_arrival(self, day: str | None) -> bool:
        """A document cannot be of a later day (ISO) than it came."""
        return day is not None and self.arrived is not None and date.fromisoformat(day) > self.arrived

    def out_of_turn(self, number: str | None, notation: str | None, day: str | None) -> bool:
        """The number stands before one of an earlier day of its year, or behind one of a later day: numbers run through
        the year (NĐ 30/2020 Điều 15.1). Agencies do let one slip, so it is a doubt and no more."""
        digits = (number or "").split("/")[0]
        if not digits.isdigit() or notation is None or day is None:
            return False
        mine = Issued(int(digits), date.fromisoformat(day))
        return any(
            other.day.year == mine.day.year and (other.number - mine.number) * (other.day - mine.day).days < 0
            for other in self.issued.get(notation, ())
        )

    def spelt_otherwise(self, notation: str) -> str | None:
        """The one confirmed notation with the same letters but other marks or signs (``BGNBYT``: ``BGN-BYT``)."""
        if notation in self.issued:
            return None
        alike = [one for one in self.issued if letters(one) == letters(notation)]
        return alike[0] if len(alike) == 1 else None


NOTHING = Known()
