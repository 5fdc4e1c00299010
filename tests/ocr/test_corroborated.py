"""The word reader beside engine and digit network: it confirms a printed figure, and never puts one of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workers.ocr.corroborated import code_seen, with_date_seen, with_number_seen, with_repairs_seen
from workers.ocr.filling import CONTRADICTED, FEATURES, SAME, Filling, _evidence
from workers.ocr.issued import IssuedReading
from workers.ocr.number import CodeReading


def filling(value: str | None, pen: float = 0.0, other: float = 0.0) -> Filling:
    evidence = [0.0] * len(FEATURES)
    evidence[CONTRADICTED] = other
    return Filling(value, pen, tuple(evidence))


def code(number: Filling) -> CodeReading:
    return CodeReading(number.value, "QĐ-UBND", number, True, "usual", 0, (), ())


@pytest.mark.parametrize(("value", "text", "confirmed"), [
    ("2956", "Số: 2956/QĐ-UBND", True), ("07", "Số: 07 /QĐ-UBND", True), ("803", "Số: 803/2004/QĐ-UB", True),
    ("15", "Số: 15-KH/TU", True), ("441", "Số: 441 (QĐ-UBND", True),
    ("956", "Số: 2956/QĐ-UBND", False), ("295", "Số: 2956/QĐ-UBND", False), ("7", "Số: 07/QĐ-UBND", False),
    ("28", "số: 28QĐ-UBND", False), ("2004", "Số: 803/2004/QĐ-UB", False), ("5", "", False),
])  # fmt: skip
def test_a_number_is_confirmed_where_just_that_stands_before_the_notation(value, text, confirmed):
    found = with_number_seen(code(filling(value)), text).filling
    assert found is not None
    assert found.value == value
    assert bool(found.evidence[SAME]) == confirmed


@pytest.mark.parametrize(("text", "repaired"), [
    ("Số: 316 /QĐ-UBND", 0), ("Số: 316 (QĐ-UBND", 0), ("Số: 3I6 /QĐ-UBND", 1), ("Số: 1316/QĐ-UBND", 1),
    ("Số: 316/QD-UBND", 1), ("Số: 316/QĐ-UBND-VX", 1), ("", 1),
])  # fmt: skip
def test_what_the_grammar_repaired_is_no_guess_where_it_is_seen_just_so(text, repaired):
    read = replace(code(filling("316")), repaired=1)
    assert with_repairs_seen(read, text).repaired == repaired
    assert with_repairs_seen(replace(read, number=None), text).repaired == 1


def test_what_a_pen_wrote_or_the_engine_reads_otherwise_is_not_settled():
    for doubtful in (filling("12", pen=0.9), filling("12", other=0.6)):
        found = with_number_seen(code(doubtful), "Số: 12/QĐ-UBND").filling
        assert found == doubtful
    blank = code(filling(None))
    assert with_number_seen(blank, "Số: 12/QĐ-UBND") == blank


def test_each_part_of_a_date_is_confirmed_by_itself():
    parts = {"day": filling("05"), "month": filling("4"), "year": filling("2023")}
    seen = with_date_seen(IssuedReading("2023-04-05", parts, ()), "Xuân Đức, ngàY O5 tháng 4 năm 2o28").fillings
    assert {name: bool(part.evidence[SAME]) for name, part in seen.items()} == {
        "day": True,
        "month": True,
        "year": False,
    }
    assert {name: part.value for name, part in seen.items()} == {"day": "05", "month": "4", "year": "2023"}


@pytest.mark.parametrize("text", [
    "", "Xuân Đức, ngày tháng năm 2023", "báo cáo 12 trang", "ngày l05 tháng 4 năm 2023", "ngày /05 tháng 4 năm 2023",
])  # fmt: skip
def test_a_line_that_is_no_date_confirms_nothing(text):
    issued = IssuedReading("2023-04-05", {"day": filling("05")}, ())
    assert with_date_seen(issued, text) == issued


def test_small_letters_of_a_code_are_its_capitals():
    assert code_seen("số: 11/sYT-GAVl") == "số: 11/SYT-GAVI"
    assert code_seen("Số: 18/TTr-uBND") == "Số: 18/TTr-UBND"


@pytest.mark.parametrize(("parts", "value"), [
    ({"day": filling("14")}, "2021-10-14"),  # «tháng» was not read, and what follows neither
    ({"day": filling("14"), "month": filling(None), "year": filling("2021")}, "2021-10-14"),
    ({"day": filling("15"), "year": filling("2021")}, None),  # another day was read
    ({"day": filling("14", pen=0.8), "year": filling("2021")}, None),
    ({}, None),
])  # fmt: skip
def test_a_part_of_a_printed_date_that_was_not_read_is_the_one_seen(parts, value):
    seen = with_date_seen(IssuedReading(None, parts, ()), "Hòa Hà, ngày 14 thóng 10 năm 2021")
    assert (seen.value, seen.seen_only) == (value, value is not None)


def test_a_day_that_does_not_exist_is_not_seen():
    seen = with_date_seen(IssuedReading(None, {"year": filling("2021")}, ()), "Hòa Hà, ngày 31 tháng 02 năm 2021")
    assert (seen.value, seen.seen_only) == (None, False)


@pytest.mark.parametrize(("share", "sure", "pen", "same"), [
    (0.62, 0.0, 0.0, 0.0), (0.62, 0.5, 0.0, 1.0), (0.95, 0.0, 0.0, 1.0), (0.85, 0.75, 0.98, 0.0), (0.95, 0.0, 0.98, 1.0),
])  # fmt: skip
def test_two_that_both_guess_do_not_agree(share, sure, pen, same):
    """Two strokes of a pen: the engine's «|1» of confidence 0, and a network that is not sure of 1 either. A pen's 3 with a
    flat top: both read 5, the network not surely, and the engine knows no pens."""
    evidence = _evidence("1", [("1", share), ("11", 1 - share)], "1", sure, pen, 8.0)
    assert evidence[SAME] == same
