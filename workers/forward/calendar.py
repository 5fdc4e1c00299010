"""The Vietnamese working calendar: when a deadline falls, counted in the days and hours an office works.

All moments are aware; days are those of Vietnamese wall time (UTC+7 all year round).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import TypeVar

from intake.errors import ProfileError
from intake.profile.sections import ForwardSection

HANOI = timezone(timedelta(hours=7))
DATA = Path(__file__).parents[2] / "profiles" / "calendar" / "vietnam.toml"
SATURDAY = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """``off`` and ``worked`` override the week (Monday to Friday worked); ``worked`` wins over ``off``."""

    off: frozenset[date]
    worked: frozenset[date]
    morning: tuple[time, time] = (time(8), time(12))
    afternoon: tuple[time, time] = (time(13), time(17))

    def works(self, day: date) -> bool:
        if day in self.worked:
            return True
        return day.weekday() < SATURDAY and day not in self.off

    def next_day(self, day: date) -> date:
        """The first working day after ``day``."""
        day += timedelta(days=1)
        while not self.works(day):
            day += timedelta(days=1)
        return day

    def closes(self, day: date) -> datetime:
        """When the office closes on that day."""
        return datetime.combine(day, self.afternoon[1], HANOI)

    def counts_from(self, moment: datetime) -> date:
        """The working day a document belongs to: what comes after closing, or on a day off, belongs to the next."""
        local = moment.astimezone(HANOI)
        if self.works(local.date()) and local.time() < self.afternoon[1]:
            return local.date()
        return self.next_day(local.date())

    def after(self, moment: datetime, working_days: float) -> datetime:
        """The end of the n-th working day after the day ``moment`` belongs to; half a day more ends at noon.

        0 gives ``moment`` itself: at once.
        """
        if working_days <= 0:
            return moment
        whole = int(working_days)
        day = self.counts_from(moment)
        for _ in range(whole):
            day = self.next_day(day)
        if working_days == whole:
            return self.closes(day)
        return datetime.combine(self.next_day(day) if whole else day, self.morning[1], HANOI)

    def registry_deadline(self, arrived: datetime) -> tuple[datetime, datetime]:
        """(wanted, latest) for the desk: the same day; at the latest the next working morning.

        QĐ 12/2020/QĐ-UBND Đ6.2 and NĐ 30/2020 Đ23.1; the stricter of the two (the morning) is taken.
        """
        day = self.counts_from(arrived)
        return self.closes(day), datetime.combine(self.next_day(day), self.morning[1], HANOI)


def calendar_of(section: ForwardSection) -> WorkingCalendar:
    """The national calendar with the station's own days and hours. Raises ProfileError for a date that is none."""
    off, worked = national(DATA)
    return WorkingCalendar(
        off=off | _days("holidays", section.holidays),
        worked=(worked - _days("holidays", section.holidays)) | _days("workdays", section.workdays),
        morning=_hours("morning", section.morning),
        afternoon=_hours("afternoon", section.afternoon),
    )


@cache
def national(path: Path) -> tuple[frozenset[date], frozenset[date]]:
    """(days off, Saturdays and Sundays worked) of every year in the file."""
    years = tomllib.loads(path.read_text("utf-8"))["year"]
    off = {
        span["from"] + timedelta(days=step)
        for year in years
        for span in year["off"]
        for step in range((span["to"] - span["from"]).days + 1)
    }
    return frozenset(off), frozenset(item["day"] for year in years for item in year["worked"])


def _days(key: str, texts: Iterable[str]) -> frozenset[date]:
    return frozenset(_parse(key, text, date.fromisoformat) for text in texts)


def _hours(key: str, texts: tuple[str, str]) -> tuple[time, time]:
    opens, closes = (_parse(key, text, time.fromisoformat) for text in texts)
    if opens >= closes:
        raise ProfileError(
            f"[forward] {key}: giờ đầu phải trước giờ cuối.",
            f"[forward] {key}: the first hour must come before the last.",
        )
    return opens, closes


def _parse(key: str, text: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise ProfileError(
            f"[forward] {key}: «{text}» không hợp lệ; ngày viết 2027-02-05, giờ viết 08:00.",
            f"[forward] {key}: «{text}» is not valid; write days as 2027-02-05, hours as 08:00.",
        ) from error


def known_until() -> date:
    """The last day the national calendar knows of; afterwards only Saturdays and Sundays are days off."""
    return date(max(year["year"] for year in tomllib.loads(DATA.read_text("utf-8"))["year"]), 12, 31)
