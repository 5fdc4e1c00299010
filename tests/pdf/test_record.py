"""The Appendix VI record: its names, nesting and lengths, and nothing cut short in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.errors import DocumentError
from intake.model import FIELD_LENGTH, FieldName
from workers.tools.record import record

WHOLE = {
    FieldName.TYPE_NAME: "Quyết định",
    FieldName.CODE_NUMBER: "12",
    FieldName.CODE_NOTATION: "QĐ-UBND",
    FieldName.ISSUED_DATE: "2026-01-31",
    FieldName.ORGAN_NAME: "Sở Nội vụ",
    FieldName.SUBJECT: "Về việc  nghỉ\nhưu",
    FieldName.SIGNER_POSITION: "GIÁM ĐỐC",
    FieldName.SIGNER_FULL_NAME: "Trần Thị B",
    FieldName.PRIORITY: 2,
    FieldName.DUE_DATE: "2026-02-10",
}


def test_names_nesting_and_order_are_the_decrees() -> None:
    made = record(WHOLE, pages=3, organ_id="H26.17", arrival_date="2026-02-01", arrival_number=41, file_catalog=2026)
    assert list(made) == [
        "FileCode", "TypeName", "CodeNumber", "CodeNotation", "IssuedDate", "OrganName", "Subject", "Language",
        "PageAmount", "ArrivalDate", "ArrivalNumber", "SignerInfo", "Priority", "DueDate",
    ]  # fmt: skip
    assert made["FileCode"] == {"OrganId": "H26.17", "FileCatalog": 2026}
    assert made["SignerInfo"] == {"Position": "GIÁM ĐỐC", "FullName": "Trần Thị B"}
    assert made["Subject"] == "Về việc nghỉ hưu"
    assert made["PageAmount"] == 3
    assert made["Language"] == "Tiếng Việt"


def test_what_is_not_known_is_left_out() -> None:
    assert record({"CodeNumber": None, "Subject": "  "}, pages=1) == {"Language": "Tiếng Việt", "PageAmount": 1}


def test_a_confirmed_page_amount_wins_over_the_count() -> None:
    assert record({"PageAmount": 2}, pages=3)["PageAmount"] == 2


@pytest.mark.parametrize(
    "name", [name for name in FIELD_LENGTH if name not in ("PageAmount", "Priority", "IssuedDate")]
)
def test_each_length_is_held_exactly(name: FieldName) -> None:
    limit = FIELD_LENGTH[name]
    record({name: "x" * limit}, pages=1)
    with pytest.raises(DocumentError, match=str(name)):
        record({name: "x" * (limit + 1)}, pages=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("IssuedDate", "31/01/2026"), ("IssuedDate", "2026-02-30"), ("Priority", 5), ("Priority", "khẩn"),
     ("PageAmount", 1000), ("PageAmount", "-1"), ("DueDate", "mai")],
)  # fmt: skip
def test_what_is_not_of_its_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(DocumentError, match=name):
        record({name: value}, pages=1)  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("typed", "group"),
    [
        ("000.00.01.H56.2011.01.TH", {"OrganId": "000.00.01.H56", "FileCatalog": 2011, "FileNotation": "01.TH"}),
        ("H26.1.2.2026.15.QLĐĐ", {"OrganId": "H26.1.2", "FileCatalog": 2026, "FileNotation": "15.QLĐĐ"}),
        ("G12.18.2025.160", {"OrganId": "G12.18", "FileCatalog": 2025, "FileNotation": "160"}),
    ],
)
def test_a_file_code_of_either_form_becomes_its_group(typed: str, group: dict[str, object]) -> None:
    """QĐ 12/2020 Đ21.2: agency, year, number and notation; the agency by QCVN 102:2016 or by QĐ 20/2020."""
    made = record({"FileCode": typed, "Subject": "x"}, pages=1, organ_id="H99")
    assert made["FileCode"] == group
    assert next(iter(made)) == "FileCode"


@pytest.mark.parametrize("typed", ["2011.01.TH", "H56", "h56.2011.01", "000.00.H56.2011.01", "H26.1.2026."])
def test_what_is_no_file_code_is_refused(typed: str) -> None:
    with pytest.raises(DocumentError, match="FileCode"):
        record({"FileCode": typed}, pages=1)


def test_a_timed_urgency_keeps_its_moment() -> None:
    assert record({"Priority": 4, "DueDate": "2026-02-10T16:30:00+07:00"}, pages=1)["DueDate"].endswith(
        "16:30:00+07:00"
    )


@given(st.dictionaries(st.sampled_from([str(name) for name in FieldName]), st.text(max_size=30)))
def test_a_record_is_made_or_refused_never_broken(values: dict[str, str]) -> None:
    try:
        made = record(values, pages=1)
    except DocumentError:
        return
    assert all(value not in (None, "", {}) for value in made.values())
