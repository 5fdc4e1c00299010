"""What is known before: it doubts and chooses, it never fills in."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.model import FieldName
from intake.profile.sections import OcrSection
from workers.ocr.known import Issued, Known
from workers.ocr.reading import read

SCAN = Path(__file__).parents[2] / "samples" / "scans" / "giay-moi-hop.png"


@pytest.fixture(scope="module")
def plain():
    return read([SCAN], OcrSection(), True)


def values(reading):
    return {name: field.value for name, field in reading.fields.items()}


def test_a_date_after_the_day_of_arrival_is_not_believed(plain):
    day = date.fromisoformat(plain.fields[FieldName.ISSUED_DATE].value)
    early = read([SCAN], OcrSection(), True, known=Known(day - timedelta(days=1)))
    same = read([SCAN], OcrSection(), True, known=Known(day))
    assert values(early) == values(same) == values(plain)
    assert early.fields[FieldName.ISSUED_DATE].confidence <= 0.1
    assert early.decision == "review"
    assert same.fields[FieldName.ISSUED_DATE].confidence == plain.fields[FieldName.ISSUED_DATE].confidence


def test_a_number_out_of_turn_is_looked_at_by_a_person(plain):
    fields = plain.fields
    day, notation = date.fromisoformat(fields[FieldName.ISSUED_DATE].value), fields[FieldName.CODE_NOTATION].value
    number = int(fields[FieldName.CODE_NUMBER].value)
    passed = Known(issued={notation: (Issued(number + 5, day - timedelta(days=3)),)})
    fits = Known(issued={notation: (Issued(number - 1, day - timedelta(days=3)), Issued(number + 1, day))})
    doubted, believed = (read([SCAN], OcrSection(), True, known=known) for known in (passed, fits))
    assert values(doubted) == values(believed) == values(plain)
    assert doubted.fields[FieldName.CODE_NUMBER].confidence <= 0.9
    assert doubted.decision == "review"
    assert believed.fields[FieldName.CODE_NUMBER].confidence == fields[FieldName.CODE_NUMBER].confidence


def test_a_confirmed_notation_with_the_same_letters_is_suggested_and_not_put_in():
    known = Known(issued={"BGN-BYT": (), "QĐ-BYT": ()})
    assert known.spelt_otherwise("BGNBYT") == "BGN-BYT"
    assert known.spelt_otherwise("QD-BYT") == "QĐ-BYT"
    assert known.spelt_otherwise("QĐ-BYT") is None
    assert known.spelt_otherwise("KH-BYT") is None


days = st.dates(date(2024, 1, 1), date(2024, 12, 31))


@given(st.lists(days, min_size=2, max_size=12, unique=True), st.data())
def test_numbers_that_run_through_the_year_are_never_out_of_turn(drawn, data):
    series = [Issued(7 * index + 3, day) for index, day in enumerate(sorted(drawn))]
    mine = data.draw(st.sampled_from(series))
    known = Known(issued={"QĐ-UBND": tuple(one for one in series if one != mine)})
    assert not known.out_of_turn(str(mine.number), "QĐ-UBND", mine.day.isoformat())
    last = series[-1]
    if mine != last:
        assert known.out_of_turn(str(last.number + 1), "QĐ-UBND", mine.day.isoformat())
