"""The first rule that matches decides, says why, and an urgent document does not wait for office hours."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.profile.sections import ForwardRule, ForwardSection
from workers.forward.calendar import HANOI, calendar_of
from workers.forward.choose import UNMATCHED, choose, tried
from workers.forward.match import bare, holds, same

ARRIVED = datetime(2026, 11, 20, 9, 0, tzinfo=HANOI)
RECORD = {
    "TypeName": "Quyết định",
    "CodeNumber": "252",
    "CodeNotation": "QĐ-UBND",
    "OrganName": "Ủy ban nhân dân thành phố Hà Nội",
    "Subject": "Về việc giao kế hoạch sử dụng đất năm 2027",
    "Language": "Tiếng Việt",
    "Priority": 0,
}


def section(*rules: ForwardRule, **options: object) -> ForwardSection:
    return ForwardSection(rule=rules, unmatched_unit="Văn thư phụ trách", **options)


def assign(rules: ForwardSection, record=RECORD, station="quầy 1", arrived=ARRIVED):
    return choose(record, rules, station=station, arrived_at=arrived, calendar=calendar_of(rules))


LAND = ForwardRule(name="đất đai", keywords=("đất",), unit="Phòng Đất đai", person="Bình", coordinators=("Thanh tra",))
ALL = ForwardRule(name="còn lại", unit="Chánh Văn phòng", working_days=2)


def test_the_first_rule_that_matches_wins_and_is_named():
    assignment = assign(section(LAND, ALL))
    assert (assignment.unit, assignment.person, assignment.coordinators) == ("Phòng Đất đai", "Bình", ("Thanh tra",))
    assert assignment.rule == "đất đai"
    assert "«đất»" in assignment.why
    assert assign(section(ALL, LAND)).unit == "Chánh Văn phòng"


def test_what_no_rule_matches_goes_to_the_head_clerk_and_says_so():
    assignment = assign(section(ForwardRule(name="khác", keywords=("hải quan",), unit="x")))
    assert (assignment.unit, assignment.rule) == ("Văn thư phụ trách", UNMATCHED)
    assert "Không quy tắc nào khớp" in assignment.why


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ({"type_name": ("quyết định",)}, True),
        ({"type_name": ("Công văn", "Quyết định")}, True),
        ({"type_name": ("Quyết",)}, False),
        ({"notation": ("QĐ-*",)}, True),
        ({"notation": ("*-UBND",)}, True),
        ({"notation": ("qd-ubnd",)}, True),
        ({"notation": ("QĐ",)}, False),
        ({"organ": ("thành phố Hà Nội",)}, True),
        ({"organ": ("UỶ BAN NHÂN DÂN",)}, True),
        ({"organ": ("Bộ Tài chính",)}, False),
        ({"keywords": ("kế hoạch sử dụng đất",)}, True),
        ({"keywords": ("su dung dat",)}, True),
        ({"keywords": ("sử dụng đạt",)}, False),
        ({"keywords": ("dụng đ",)}, False),
        ({"priority_min": 1}, False),
        ({"language": ("tiếng Việt",)}, True),
        ({"language": ("English",)}, False),
        ({"station": ("quầy 1", "quầy 2")}, True),
        ({"station": ("quầy 9",)}, False),
        ({"type_name": ("Quyết định",), "keywords": ("hải quan",)}, False),
    ],
)
def test_each_condition(condition, matches):
    rules = section(ForwardRule(name="thử", unit="Đúng", **condition))
    assert (assign(rules).unit == "Đúng") is matches
    (outcome,) = tried(RECORD, rules, station="quầy 1")
    assert outcome.matches is matches
    assert [item.key for item in outcome.conditions] == list(condition)
    assert all(item.vi and item.en for item in outcome.conditions)


@pytest.mark.parametrize(
    "word", ["hoà giải", "hòa giải", "HOÀ GIẢI", "Hòa Giải", "hoa giai", unicodedata.normalize("NFD", "hòa giải")]
)
@pytest.mark.parametrize(
    "text", ["Về công tác hòa giải ở cơ sở", "Về công tác hoà giải ở cơ sở", "VE CONG TAC HOA GIAI O CO SO"]
)
def test_both_tone_placements_lost_marks_and_decomposed_letters_are_one_word(word, text):
    assert holds(text, word)


@pytest.mark.parametrize(
    ("text", "word"),
    [("đạt chuẩn nông thôn mới", "đất"), ("thuê đất", "thuế"), ("bảo vệ", "bao"), ("mùa mưa bão", "mưa sắm")],
)
def test_other_marks_are_other_words(text, word):
    if word == "bao":
        assert holds(text, word), "a word typed without marks matches any marks"
    else:
        assert not holds(text, word)


@pytest.mark.parametrize(("priority", "minutes"), [(1, 60), (2, 30), (3, 15), (4, 0)])
def test_urgent_documents_are_due_by_the_clock_at_any_hour(priority, minutes):
    rules = section(ForwardRule(name="khẩn", priority_min=1, unit="Lãnh đạo", working_days=0))
    night = datetime(2026, 11, 21, 23, 0, tzinfo=HANOI)
    assignment = assign(rules, {**RECORD, "Priority": priority}, arrived=night)
    assert assignment.unit == "Lãnh đạo"
    assert assignment.due == night + timedelta(minutes=minutes)


def test_an_urgent_document_under_an_ordinary_rule_is_due_the_same_working_day():
    assert assign(section(LAND), {**RECORD, "Priority": 1}).due == datetime(2026, 11, 20, 17, tzinfo=HANOI)


@pytest.mark.parametrize(
    ("own", "due"),
    [
        ("2026-11-23", datetime(2026, 11, 23, 17, tzinfo=HANOI)),
        ("2026-11-21T14:30:00", datetime(2026, 11, 21, 14, 30, tzinfo=HANOI)),
        ("2026-12-31", datetime(2026, 11, 27, 17, tzinfo=HANOI)),
        ("không rõ", datetime(2026, 11, 27, 17, tzinfo=HANOI)),
    ],
)
def test_the_documents_own_deadline_is_never_passed(own, due):
    assert assign(section(LAND), {**RECORD, "DueDate": own}).due == due


names = st.text(st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyAĂĐÊÔƠƯ áàảãạấầẩẫậ"), max_size=20)


@given(names)
def test_a_text_holds_itself_bare_and_marked(text):
    """Whatever it is written like: capitals, decomposed or without marks."""
    if text.strip():
        for form in (text, text.upper(), unicodedata.normalize("NFD", text), bare(text.casefold())):
            assert holds(text, form)
            assert same(text, form)


@given(st.lists(st.sampled_from(["đất", "thuế", "quyết", "bão"]), min_size=1, max_size=4), st.integers(0, 4))
def test_exactly_one_assignment_comes_out_and_it_is_explained(keywords, priority):
    rules = section(*(ForwardRule(name=word, keywords=(word,), unit=word) for word in keywords))
    assignment = assign(rules, {**RECORD, "Priority": priority})
    assert assignment.why
    assert assignment.unit == ("đất" if "đất" in keywords else "Văn thư phụ trách")
