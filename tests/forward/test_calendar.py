"""Deadlines fall on days an office works, in Vietnamese time, whatever the clock of the machine says."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.errors import ProfileError
from intake.profile.sections import ForwardSection
from workers.forward.calendar import DATA, HANOI, calendar_of, known_until

CALENDAR = calendar_of(ForwardSection(unmatched_unit="x"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HANOI)


@pytest.mark.parametrize(
    ("day", "works", "why"),
    [
        ("2026-11-20", True, "a Friday"),
        ("2026-11-21", False, "a Saturday"),
        ("2024-02-12", False, "mùng ba Tết Giáp Thìn"),
        ("2025-01-29", False, "mùng một Tết Ất Tỵ"),
        ("2026-02-17", False, "mùng một Tết Bính Ngọ"),
        ("2027-02-06", False, "mùng một Tết Đinh Mùi"),
        ("2024-04-18", False, "Giỗ Tổ 2024"),
        ("2025-04-07", False, "Giỗ Tổ 2025"),
        ("2026-04-27", False, "Giỗ Tổ 2026 on a Sunday, made up on Monday"),
        ("2027-04-16", False, "Giỗ Tổ 2027"),
        ("2024-05-04", True, "a Saturday worked for 29 April"),
        ("2026-08-31", False, "shifted"),
        ("2026-08-22", True, "worked for 31 August"),
        ("2026-09-01", False, "the day beside 2 September"),
    ],
)
def test_days_off_and_days_worked(day, works, why):
    assert CALENDAR.works(date.fromisoformat(day)) is works, why


def test_every_year_has_the_days_the_labour_code_grants():
    """Bộ luật Lao động 2019 Đ112: 1 + 5 + 1 + 2 + 2 days, each year, and each worked Saturday pays for a day off."""
    for year in tomllib.loads(DATA.read_text("utf-8"))["year"]:
        off = [
            span["from"] + timedelta(days=step)
            for span in year["off"]
            for step in range((span["to"] - span["from"]).days + 1)
        ]
        weekdays = [day for day in off if day.weekday() < 5]
        assert len(weekdays) - len(year["worked"]) >= 10, year["year"]
        assert all(entry["day"].weekday() == 5 for entry in year["worked"])
        assert all(day.year == year["year"] for day in off)


@pytest.mark.parametrize(
    ("arrived", "days", "due"),
    [
        ("2026-11-20T09:00", 1, "2026-11-23T17:00"),
        ("2026-11-20T18:30", 1, "2026-11-24T17:00"),
        ("2026-11-21T10:00", 1, "2026-11-24T17:00"),
        ("2026-11-16T09:00", 5, "2026-11-23T17:00"),
        ("2026-11-16T09:00", 0.5, "2026-11-16T12:00"),
        ("2026-11-16T09:00", 1.5, "2026-11-18T12:00"),
        ("2026-02-13T09:00", 2, "2026-02-24T17:00"),
        ("2024-05-03T09:00", 1, "2024-05-04T17:00"),
    ],
)
def test_deadlines_in_working_days(arrived, days, due):
    assert CALENDAR.after(at(arrived), days) == at(due)


def test_at_once_is_at_once_even_at_night():
    moment = at("2026-11-21T23:59")
    assert CALENDAR.after(moment, 0) == moment


@pytest.mark.parametrize(
    ("arrived", "wanted", "latest"),
    [
        ("2026-11-20T09:00", "2026-11-20T17:00", "2026-11-23T12:00"),
        ("2026-11-20T17:05", "2026-11-23T17:00", "2026-11-24T12:00"),
        ("2026-02-13T16:00", "2026-02-13T17:00", "2026-02-23T12:00"),
    ],
)
def test_the_desk_has_the_day_and_at_the_latest_the_next_working_morning(arrived, wanted, latest):
    assert CALENDAR.registry_deadline(at(arrived)) == (at(wanted), at(latest))


def test_utc_is_understood_as_the_vietnamese_day_it_is():
    """17:30 UTC on Thursday is Friday morning in Hà Nội."""
    assert CALENDAR.counts_from(datetime(2026, 11, 19, 17, 30, tzinfo=UTC)) == date(2026, 11, 20)


def test_the_calendar_says_how_far_it_knows():
    assert known_until() >= date(2027, 12, 31)


def test_a_stations_own_days_and_hours_win():
    own = calendar_of(
        ForwardSection(
            unmatched_unit="x", holidays=("2026-11-24",), workdays=("2026-11-28",), afternoon=("13:30", "16:30")
        )
    )
    assert own.after(at("2026-11-23T09:00"), 1) == at("2026-11-25T16:30")
    assert own.works(date(2026, 11, 28))


@pytest.mark.parametrize(
    "wrong", [{"holidays": ("24/11/2026",)}, {"morning": ("8h", "12h")}, {"morning": ("12:00", "08:00")}]
)
def test_a_wrong_date_or_hour_is_named(wrong):
    with pytest.raises(ProfileError, match="forward"):
        calendar_of(ForwardSection(unmatched_unit="x", **wrong))


moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 1)).map(lambda m: m.replace(tzinfo=HANOI))


@given(moments, st.integers(1, 60))
def test_a_deadline_is_the_close_of_a_working_day_after_the_arrival(moment, days):
    due = CALENDAR.after(moment, days)
    assert CALENDAR.works(due.date())
    assert due.timetz().replace(tzinfo=None) == time(17)
    assert due > moment
    counted = sum(
        CALENDAR.works(CALENDAR.counts_from(moment) + timedelta(days=step))
        for step in range(1, (due.date() - CALENDAR.counts_from(moment)).days + 1)
    )
    assert counted == days


@given(moments, moments, st.integers(0, 30))
def test_who_arrives_later_is_never_due_earlier(first, second, days):
    early, late = sorted((first, second))
    assert CALENDAR.after(early, days) <= CALENDAR.after(late, days)
