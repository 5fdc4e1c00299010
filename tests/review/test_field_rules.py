"""Field rules: what a clerk types becomes one stored form, and what cannot be true is not confirmed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake import field_rules
from intake.field_rules import Twin
from intake.model import FIELD_LENGTH, FieldName

ARRIVED = date(2026, 11, 23)
REQUIRED = ("CodeNumber", "CodeNotation", "IssuedDate", "Subject")


def codes(values: dict[FieldName, object], **more: object) -> set[str]:
    found = field_rules.problems(values, required=(), arrived=ARRIVED, **more)  # type: ignore[arg-type]
    return {f"{item.key}:{item.level}" for item in found}


@pytest.mark.parametrize(
    ("typed", "number", "notation"),
    [
        ({"CodeNumber": "252"}, "252", None),
        ({"CodeNumber": "Số: 252/QĐ-UBND"}, "252", "QĐ-UBND"),
        ({"CodeNumber": "803/2004"}, "803/2004", None),
        ({"CodeNumber": "12/2020/QĐ-UBND"}, "12/2020", "QĐ-UBND"),
        ({"CodeNumber": "15a", "CodeNotation": "TB – VP"}, "15a", "TB-VP"),
        ({"CodeNumber": " "}, None, None),
    ],
)
def test_a_number_typed_in_one_piece_is_taken_apart(typed: dict[str, str], number: str, notation: str | None) -> None:
    values = field_rules.parse(typed)
    assert values[FieldName.CODE_NUMBER] == number
    assert values.get(FieldName.CODE_NOTATION) == notation


@given(st.dates(min_value=date(1945, 9, 2), max_value=date(2099, 12, 31)), st.sampled_from(["/", "-", ".", " ", ""]))
def test_a_date_typed_in_any_usual_way_is_the_same_date_and_shown_the_same(day: date, mark: str) -> None:
    typed = f"{day.day:02d}{mark}{day.month:02d}{mark}{day.year}"
    stored = field_rules.parse({"IssuedDate": typed})[FieldName.ISSUED_DATE]
    assert stored == day.isoformat()
    assert field_rules.shown(FieldName.ISSUED_DATE, stored) == f"{day:%d/%m/%Y}"
    again = field_rules.parse({"IssuedDate": field_rules.shown(FieldName.ISSUED_DATE, stored)})
    assert again[FieldName.ISSUED_DATE] == stored


@given(st.text(max_size=60), st.sampled_from(sorted(FieldName)))
def test_parsing_what_is_shown_changes_nothing_more(text: str, name: FieldName) -> None:
    """A clerk who opens and confirms does not alter a value she did not touch."""
    once = field_rules.parse({name: text})
    twice = field_rules.parse({key: field_rules.shown(key, value) for key, value in once.items()})
    assert {key: value for key, value in twice.items() if value is not None} == {
        key: value for key, value in once.items() if value is not None
    }


@given(st.integers(min_value=1, max_value=4000))
def test_a_date_after_arrival_is_never_confirmed(days: int) -> None:
    later = (ARRIVED + timedelta(days=days)).isoformat()
    assert "IssuedDate.after_arrival:error" in codes({FieldName.ISSUED_DATE: later})


def test_a_day_that_does_not_exist_is_an_error() -> None:
    values = field_rules.parse({"IssuedDate": "31/02/2026"})
    assert codes(values) == {"IssuedDate.not_a_date:error"}


@pytest.mark.parametrize("number", ["252", "01", "803/2004", "15a", "1250"])
def test_the_numbers_registries_give_pass(number: str) -> None:
    assert codes({FieldName.CODE_NUMBER: number}) == set()


@pytest.mark.parametrize("number", ["2S2", "25 2", "l52", "252/QĐ", "---"])
def test_what_is_not_a_number_is_questioned(number: str) -> None:
    assert codes({FieldName.CODE_NUMBER: number}) == {"CodeNumber.grammar:warn"}


@pytest.mark.parametrize("notation", ["QĐ-UBND", "TB-VP", "NQ-HĐND", "UBND-TCKH", "QĐ-STNMT-VP", "TTLT-BTC-BTP"])
def test_the_notations_of_agencies_pass(notation: str) -> None:
    assert codes({FieldName.CODE_NOTATION: notation}) == set()


def test_kind_against_notation_is_questioned_whatever_its_case() -> None:
    assert codes({FieldName.TYPE_NAME: "QUYẾT ĐỊNH", FieldName.CODE_NOTATION: "QĐ-UBND"}) == set()
    wrong = {FieldName.TYPE_NAME: "Thông báo", FieldName.CODE_NOTATION: "QĐ-UBND"}
    assert codes(wrong) == {"TypeName.against_notation:warn"}


@given(st.sampled_from(sorted(FIELD_LENGTH)))
def test_no_text_longer_than_appendix_six_allows_is_confirmed(name: FieldName) -> None:
    text = "a" * (FIELD_LENGTH[name] + 1)
    if name not in (FieldName.PRIORITY, FieldName.PAGE_AMOUNT):
        assert f"{name}.too_long:error" in codes({name: text})


def test_an_empty_required_field_must_be_said_to_be_empty_on_the_paper() -> None:
    found = field_rules.problems({}, required=REQUIRED, arrived=ARRIVED)
    assert [(item.field, item.code, item.level) for item in found] == [
        (FieldName(name), "missing", "warn") for name in REQUIRED
    ]


def test_a_second_document_with_the_same_number_warns_and_names_the_first() -> None:
    found = field_rules.problems(
        {FieldName.CODE_NUMBER: "252"}, required=(), arrived=ARRIVED, twins=(Twin("20261120-000001", "approved"),)
    )
    assert found[0].code == "duplicate"
    assert "20261120-000001" in found[0].vi


@pytest.mark.parametrize("code", ["000.00.01.H56.2011.01.TH", "H26.1.2.2026.15.QLĐĐ", "H49.64.33.2001.160"])
def test_file_codes_of_both_forms_pass(code: str) -> None:
    assert codes({FieldName.FILE_CODE: code}) == set()


@pytest.mark.parametrize("code", ["01.TH", "H26", "26.2026.01.TH", "H26.1.26.01.TH"])
def test_what_is_no_file_code_cannot_be_confirmed(code: str) -> None:
    assert codes({FieldName.FILE_CODE: code}) == {"FileCode.grammar:error"}
