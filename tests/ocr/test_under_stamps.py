"""Heads that a stamp, a wide face or a page at an angle has muddled: what belongs to the boxes is kept, no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intake.ports import OcrWord
from tests.ocr.paper import HEAD, MM, sheet, white, words
from workers.ocr.anchors import find_anchors
from workers.ocr.slots import date_slots, number_slot
from workers.ocr.title import begins_cut, find_title, joined, subject_under_number, subject_under_title

NUMBER = words("Số: 145/QĐ-UBND", 44, 39, advance=1.9)
TITLE = words("QUYẾT ĐỊNH", 94, 52, advance=2.4)


def under_the_title(*lines):
    of = sheet(*HEAD, NUMBER, TITLE, *lines)
    title = find_title(of, find_anchors(of))
    assert title is not None
    return subject_under_title(white(of), title).text


@pytest.mark.parametrize("line", [
    "Thạch Lĩnh, ngàu 17 tháng 4 răm 2019", "Hải Lĩnh, ngàu 17 tháne 4 năm 2019", "Thanh Hóa, ngày 17 tháng 4 năm 2019",
    "Thăng Bình, ngày 17 tháng 4 năm 2019", "Nga Sơn, ngày 17 tháng 4 năm 2019", "Hà Nam, ngày 17 tháng 4 năm 2019",
])  # fmt: skip
def test_the_dates_words_are_found_though_misread_or_like_the_places_name(line):
    of = sheet(*HEAD[:-1], words(line, 108, 39, advance=1.6), NUMBER)
    row = find_anchors(of).date
    assert row is not None
    assert {name: slot.read for name, slot in date_slots(row, 4.0).items()} == {
        "day": "17", "month": "4", "year": "2019",
    }  # fmt: skip


def test_a_month_whose_box_the_word_before_it_swallows_is_still_placed():
    line = words("Thạch Lĩnh, ngày 17 tháng 4 năm 2019", 108, 39, advance=1.6)
    at = next(i for i, word in enumerate(line) if word.text == "4")
    month, figure = line[at - 1], line[at]
    line = [*line[: at - 1], replace(month, box=(*month.box[:2], figure.box[2], month.box[3])), *line[at:]]
    row = find_anchors(sheet(*HEAD[:-1], line, NUMBER)).date
    assert row is not None
    assert date_slots(row, 4.0)["month"].read == "4"


def test_a_date_line_that_begins_left_of_the_state_title_lends_the_number_no_word():
    of = sheet(*HEAD[:-1], NUMBER, words("Tân Tường, ngày 09 tháng 10 năm 2016", 88, 39, advance=1.7))
    number = find_anchors(of).number
    assert number is not None
    assert number.text == "Số: 145/QĐ-UBND"


@pytest.mark.parametrize("line", [
    "Số và ký hiệu HS:.............. Số: 145/QĐ-UBND", "Số và ký hiệu Hồ:.... đố: 145/QĐ-UBND", "_Số: 145/QĐ-UBND",
])  # fmt: skip
def test_the_slot_begins_behind_the_documents_own_lead(line):
    row = sheet(words(line, 8, 39, advance=1.7)).rows[0]
    own = next(token for token in row.tokens if token.text.endswith("ố:") and "H" not in token.text)
    slot = number_slot(row, 4.0)
    assert slot is not None
    assert slot.read == "145"
    assert slot.x0 > own.x0 + 4


def test_what_a_stamp_put_before_the_abstract_is_not_of_it():
    row = words("sø: 6.240...", 40, 59, advance=1.8) + words("Tháo dỡ biển quảng cáo sai phép", 72, 59, advance=1.9)
    assert under_the_title(row) == "Tháo dỡ biển quảng cáo sai phép"


def test_an_abstract_whose_next_line_a_stamp_has_glued_to_itself_is_not_complete():
    of = sheet(
        *HEAD, NUMBER, TITLE,
        words("Công nhận kết quả trúng cử chức danh Chủ tịch", 68, 59, advance=1.6),
        words("ĐẾN xa: J8/2/2018|Hội Cựu chiến binh xã Thượng Kỳ nhiệm kỳ", 15, 66, advance=1.7),
        words("Kính gửi:", 60, 82),
    )  # fmt: skip
    title = find_title(of, find_anchors(of))
    assert title is not None
    assert not subject_under_title(white(of), title).complete


def test_an_abstract_is_complete_before_a_paragraph():
    of = sheet(
        *HEAD, NUMBER, TITLE,
        words("Về việc thành lập Tổ rà soát", 78, 59),
        words("Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;", 42, 72),
    )  # fmt: skip
    title = find_title(of, find_anchors(of))
    assert title is not None
    assert subject_under_title(white(of), title).complete


@pytest.mark.parametrize("place", ["Quang Giang, ngày", "Tân Tường, ngày"])
def test_a_place_close_behind_the_notation_is_not_of_it(place):
    line = words("Số: 112/KH-UBND_", 44, 39, advance=1.9) + words(place, 84, 39, advance=1.9)
    of = sheet(*HEAD[:-1], line + words("12 tháng 02 năm 2024", 150, 39, advance=1.9))
    number = find_anchors(of).number
    assert number is not None
    assert number.text == "Số: 112/KH-UBND_"


def test_an_abstract_that_is_not_centred_is_not_cut_where_no_stamp_is():
    row = words("Tháo dỡ biển quảng cáo sai phép dọc tuyến", 40, 59, advance=1.6)
    assert under_the_title(row) == ""


def test_marks_read_as_a_line_of_their_own_are_no_line():
    marks = tuple(
        replace(
            OcrWord(text, (round(x * MM), round(57.5 * MM), round((x + 2) * MM), round(58.5 * MM)), 0.95),
            confidence=sure,
        )
        for text, x, sure in (("MO", 76, 0.2), ("VÀ", 90, 0.6), ("z", 104, 0.3), ("712", 120, 0.0))
    )
    assert under_the_title(marks, words("Về việc thành lập Tổ rà soát", 76, 60)) == "Về việc thành lập Tổ rà soát"


@pytest.mark.parametrize(("read", "meant"), [
    ("ê việc khai thác cát", "Về việc khai thác cát"), ("rề chỉnh lý tài liệu", "Về chỉnh lý tài liệu"),
    ("kiểm kê tài sản", "Kiểm kê tài sản"), ("Kê khai tài sản", "Kê khai tài sản"), ("Lê „Hồng Phong", "Lê Hồng Phong"),
    ("Học giữa 'chừng ở Krông K'Mar`", "Học giữa chừng ở Krông K'Mar"),
])  # fmt: skip
def test_the_first_letter_that_a_frame_hides_is_put_right(read, meant):
    assert joined([sheet(words(read, 40, 60)).rows[0]]).text == meant


def test_a_dash_that_sticks_to_the_lead_is_not_of_the_abstract():
    of = sheet(*HEAD, NUMBER, words("V/v-cử cán bộ đi học", 40, 46, advance=1.8))
    subject = subject_under_number(of, find_anchors(of))
    assert subject is not None
    assert subject.text == "V/v cử cán bộ đi học"


def test_an_abstract_that_begins_small_has_lost_its_first_letter():
    cut, whole = (sheet(words(text, 40, 60)).rows[0] for text in ("hỉnh lý tài liệu", "Chỉnh lý tài liệu"))
    assert begins_cut([cut], joined([cut]).text)
    assert not begins_cut([whole], joined([whole]).text)
    lead = sheet(words("v/v chỉnh lý", 40, 60)).rows[0]
    assert not begins_cut([lead], "V/v chỉnh lý")


@pytest.mark.parametrize("speck", [":", " ;", ".", "„"])
def test_a_speck_behind_the_abstract_is_not_of_it(speck):
    assert under_the_title(words(f"Công tác hỗ trợ nhà ở cho hộ nghèo{speck}", 70, 59, advance=1.9)) == (
        "Công tác hỗ trợ nhà ở cho hộ nghèo"
    )


def test_a_rules_ends_and_a_speck_between_words_are_not_of_the_abstract():
    ends = tuple(replace(word, confidence=0.1) for word in words("l -", 98, 57))
    first = words("Về việc tăng cường các biện Ì pháp", 70, 63, advance=1.9)
    first = tuple(replace(word, confidence=0.4) if word.text == "Ì" else word for word in first)
    second = words("bảo đảm đón Tết Nguyên đán năm 2022", 70, 69, advance=1.9)
    assert under_the_title(ends, first, second) == (
        "Về việc tăng cường các biện pháp bảo đảm đón Tết Nguyên đán năm 2022"
    )
