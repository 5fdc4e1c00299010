"""What is known before: it doubts and chooses, it never fills in."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.model import FieldName
from intake.profile.sections import OcrSection
from workers.ocr.known import Confirmed, Known
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
    value = values(plain)
    day, organ, notation = (
        date.fromisoformat(value[FieldName.ISSUED_DATE]),
        value[FieldName.ORGAN_NAME],
        value[FieldName.CODE_NOTATION],
    )
    number = int(value[FieldName.CODE_NUMBER])
    before = day - timedelta(days=3)
    passed = Confirmed(organ, notation, str(number + 5), before)
    fits = (
        Confirmed(organ, notation, str(number - 1), before),
        Confirmed("SỞ KHÁC", notation, str(number + 5), before),
    )
    doubted, believed = (
        read([SCAN], OcrSection(), True, known=Known(earlier=earlier)) for earlier in ((passed,), fits)
    )
    assert values(doubted) == values(believed) == value
    assert doubted.fields[FieldName.CODE_NUMBER].confidence <= 0.9
    assert doubted.decision == "review"
    assert believed.fields[FieldName.CODE_NUMBER].confidence == plain.fields[FieldName.CODE_NUMBER].confidence


def test_a_confirmed_notation_with_the_same_letters_is_suggested_and_not_put_in():
    known = Known(earlier=tuple(Confirmed("BỘ Y TẾ", n, None, date(2024, 1, 1)) for n in ("BGN-BYT", "QĐ-BYT")))
    assert known.spelt_otherwise("BGNBYT") == "BGN-BYT"
    assert known.spelt_otherwise("QD-BYT") == "QĐ-BYT"
    assert known.spelt_otherwise("QĐ-BYT") is None
    assert known.spelt_otherwise("KH-BYT") is None
    assert known.knows("QĐ-BYT")
    assert not known.knows("BGNBYT")


days = st.dates(date(2024, 1, 1), date(2024, 12, 31))


@given(st.lists(days, min_size=2, max_size=12, unique=True), st.data())
def test_numbers_that_run_through_the_year_are_never_out_of_turn(drawn, data):
    series = [Confirmed("SỞ Y TẾ", "QĐ-SYT", str(7 * index + 3), day) for index, day in enumerate(sorted(drawn))]
    mine = data.draw(st.sampled_from(series))
    known = Known(earlier=tuple(one for one in series if one != mine))
    assert not known.out_of_turn("Sở Y tế", "QĐ-SYT", mine.number, mine.day.isoformat())
    if mine != series[-1]:
        late = str(series[-1].running + 1)
        assert known.out_of_turn("Sở Y tế", "QĐ-SYT", late, mine.day.isoformat())
        assert not known.out_of_turn("Sở Nội vụ", "QĐ-SYT", late, mine.day.isoformat())
