"""What is known of a document before it is read: never a value, only a reason to believe a reading or to doubt it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from workers.ocr.spelling import letters


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a person confirmed of an earlier document: agency, notation and number as printed (the number as Appendix VI
    keeps it, before the notation's slash), and its day."""

    organ: str
    notation: str
    number: str | None
    day: date

    @property
    def running(self) -> int | None:
        """The number in its year's series, None where it is none."""
        return _running(self.number)


def _running(number: str | None) -> int | None:
    digits = (number or "").split("/")[0]
    return int(digits) if digits.isdigit() else None


@dataclass(frozen=True, slots=True)
class Known:
    """``arrived``: the day the document came. ``earlier``: what was confirmed lately."""

    arrived: date | None = None
    earlier: tuple[Confirmed, ...] = ()

    def after_arrival(self, day: str | None) -> bool:
        """A document cannot be of a later day (ISO) than it came."""
        return day is not None and self.arrived is not None and date.fromisoformat(day) > self.arrived

    def out_of_turn(self, organ: str | None, notation: str | None, number: str | None, day: str | None) -> bool:
        """The number stands before one of an earlier day of its year, or behind one of a later day: numbers run through
        the year (NĐ 30/2020 Điều 15.1). Agencies do let one slip, so it is a doubt and no more."""
        mine = _running(number)
        if mine is None or organ is None or notation is None or day is None:
            return False
        of = date.fromisoformat(day)
        return any(
            other.day.year == of.year and (other.running - mine) * (other.day - of).days < 0
            for other in self.earlier
            if other.running is not None and other.notation == notation and letters(other.organ) == letters(organ)
        )

    def knows(self, notation: str) -> bool:
        """Somebody confirmed just this notation."""
        return any(other.notation == notation for other in self.earlier)

    def spelt_otherwise(self, notation: str) -> str | None:
        """The one confirmed notation with the same letters but other marks or signs (``BGNBYT``: ``BGN-BYT``)."""
        alike = {other.notation for other in self.earlier if letters(other.notation) == letters(notation)}
        return alike.pop() if len(alike) == 1 and notation not in alike else None


NOTHING = Known()
