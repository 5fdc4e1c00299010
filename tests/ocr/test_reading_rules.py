"""The rules between words and fields: grammar, spelling, layout; no picture needed."""

from __future__ import annotations

import unicodedata
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.model import Field, FieldName
from intake.ports import OcrWord
from intake.profile.sections import OcrSection
from tests.ocr.paper import HEAD, sheet, white, words
from workers.ocr.anchors import find_anchors
from workers.ocr.confidence import CEILING, curves, probability
from workers.ocr.evidence import unanimous
from workers.ocr.fields import _notation_again, decide
from workers.ocr.filling import FEATURES, resembles
from workers.ocr.ink import Page
from workers.ocr.issued import iso
from workers.ocr.issuer import Issuer
from workers.ocr.layout import lay_out
from workers.ocr.lexicon import document_types, pairs
from workers.ocr.number import CodeReading, notation_of, read_number
from workers.ocr.page import true_dpi
from workers.ocr.phrases import suggested
from workers.ocr.reading_image import one_channel
from workers.ocr.second_look import SecondLook
from workers.ocr.slots import advance
from workers.ocr.spelling import fold, same_tone_place
from workers.ocr.syllables import is_syllable
from workers.ocr.title import find_title, subject_under_number, subject_under_title


@pytest.mark.parametrize(
    ("line", "form", "number", "notation"),
    [
        ("Số: 15/QĐ-BNV", "usual", "15", "QĐ-BNV"),
        ("Số: 05/BNV-VP", "usual", "05", "BNV-VP"),
        ("Số: 12 / 2020 / QĐ - UBND", "year", "12/2020", "QĐ-UBND"),
        ("Số: 20/2023/QH15", "year", "20/2023", "QH15"),
        ("Số 234-CV/BTGTU", "party", "234-CV", "BTGTU"),
        ("Số 162 BC/SLĐTBXH", "old", "162 BC", "SLĐTBXH"),
        ("Số: 17/NQ.HĐND", "usual", "17", "NQ.HĐND"),
        ("Số: 3176B/QĐ-SYT", "usual", "3176B", "QĐ-SYT"),
        ("Số: 518/2015/ĐHĐL", "year", "518/2015", "ĐHĐL"),
        ("Số: 113-CV/B&PTTH", "party", "113-CV", "B&PTTH"),
        ("Số: 52 Vp", "bare", "52 Vp", None),
        ("Số: /TB-UBND", "blank", None, "TB-UBND"),
        ("Số: 47/QĐÐ-UBND", "usual", "47", "QĐ-UBND"),
        ("Số: 47/QD-UBND", "usual", "47", "QĐ-UBND"),
        ("Số: 1O5/KH-UBND", "usual", "105", "KH-UBND"),
        ("Số: #4/QĐ-UBND", "", None, "QĐ-UBND"),
    ],
)
def test_number_line_is_split_at_the_slash_as_appendix_vi_keeps_it(line, form, number, notation):
    read = read_number(sheet(words(line, 40, 38)).rows[0])
    assert (read.form, read.number, read.notation) == (form, number, notation)


@given(st.text(alphabet="QWERTYUIOPASDFGHJKLZXCVBNMqwertyuiop#†‡⁄ ", min_size=1, max_size=12))
def test_letters_never_become_a_number(rubbish):
    """A slot without a single digit reads as no number, whatever stands in it."""
    line = words(f"Số: {rubbish} /QĐ-UBND", 40, 38)
    assert read_number(sheet(line).rows[0]).number is None


@given(st.dates(min_value=date(1945, 9, 2), max_value=date(2100, 1, 1)))
def test_every_day_that_exists_is_kept(day):
    assert iso(str(day.day), f"{day.month:02}", str(day.year)) == day.isoformat()


@pytest.mark.parametrize(("day", "month", "year"), [("31", "4", "2024"), ("29", "02", "2023"), (None, "3", "2024")])
def test_a_day_that_does_not_exist_is_no_date(day, month, year):
    assert iso(day, month, year) is None


@pytest.mark.parametrize(("one", "other"), [("HOẢ TỐC", "HỎA TỐC"), ("CỘNG HOÀ", "CỘNG HÒA"), ("uỷ ban", "ủy ban")])
def test_both_tone_placements_are_the_same_word(one, other):
    assert same_tone_place(one) == same_tone_place(other)
    assert same_tone_place(unicodedata.normalize("NFD", one)) == same_tone_place(other)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("word", ["nghiệp", "thẩm", "quyền", "Ngãi", "hòa", "hoà", "Hưởng", "khuỷu", "giếng", "UBND"])
def test_syllables_of_the_language_are_known(word):
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["Nøãi", "trung1", "tôt", "bêt", "qwx"])
def test_what_cannot_be_spelt_is_odd(word):
    assert not is_syllable(word) or not word.isalpha()


def test_a_tone_mark_is_suggested_and_never_for_words_in_a_known_phrase():
    assert suggested("thuộc thâm quyền giải quyết")[0] == "thuộc thẩm quyền giải quyết"
    assert suggested("sửa đối, bỗ sung") == ("sửa đổi, bổ sung", 2)
    assert suggested("thiết kế và dự toán công trình") == ("thiết kế và dự toán công trình", 0)


def test_lexicon_has_the_29_types_and_only_27_abbreviations():
    decree = document_types()[:29]
    assert len({kind.title for kind in decree}) == 29
    assert {kind.title for kind in decree if not kind.abbreviations or kind.title == "Công văn"} == {
        "Thư công",
        "Công văn",
    }
    assert ("thâm", "quyền") not in pairs()


def test_the_two_columns_of_a_head_are_told_apart():
    of = sheet(*HEAD, words("Số: 145/QĐ-UBND", 44, 39, advance=1.9))
    anchors = find_anchors(of)
    assert anchors.number is not None
    assert anchors.number.text == "Số: 145/QĐ-UBND"
    assert anchors.date is not None
    assert anchors.date.text.startswith("Vĩnh Hà,")


def test_an_incoming_stamp_beside_the_head_is_not_the_number():
    stamp = (words("ĐẾN", 8, 12), words("Số: 7525", 8, 33), words("Ngày: 25/9/2025", 8, 45, advance=1.5))
    of = sheet(*HEAD, *stamp, words("Số: 145/QĐ-UBND", 44, 39, advance=1.9))
    anchors = find_anchors(of)
    assert anchors.number is not None
    assert read_number(anchors.number).number == "145"


def test_the_abstract_is_joined_and_never_takes_the_next_paragraph():
    of = sheet(
        *HEAD,
        words("Số: 145/QĐ-UBND", 44, 39, advance=1.9),
        words("QUYẾT ĐỊNH", 94, 52, advance=2.4),
        words("Về việc thành lập Tổ rà soát", 78, 58),
        words("thủ tục hành chính năm 2025", 78, 64),
        words("CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH VĨNH HÀ", 68, 76),
        words("Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;", 42, 86),
    )
    anchors = find_anchors(of)
    title = find_title(of, anchors)
    assert title is not None
    assert title.kind.title == "Quyết định"
    subject = subject_under_title(white(of), title)
    assert subject.text == "Về việc thành lập Tổ rà soát thủ tục hành chính năm 2025"


def test_a_form_without_abstract_has_none():
    of = sheet(
        *HEAD,
        words("Số: 47/GNP-BVĐK", 44, 39, advance=1.9),
        words("GIẤY NGHỈ PHÉP", 90, 52, advance=2.2),
        words("Xét Đơn đề nghị nghỉ phép của ông Trần Mạnh Cường, Bệnh viện Đa khoa tỉnh", 42, 62),
        words("Vĩnh Hà cấp cho ông Trần Mạnh Cường được nghỉ phép năm theo quy định hiện hành", 30, 69),
    )
    title = find_title(of, find_anchors(of))
    assert title is not None
    assert subject_under_title(white(of), title).text == ""


@pytest.mark.parametrize(("kind", "abbreviation", "subject"), [
    ("KẾ HOẠCH", "KH", "Giới thiệu nhân sự kiêm nhiệm"), ("GIẤY GIỚI THIỆU", "GGT", ""),
])  # fmt: skip
def test_an_introduction_is_an_abstract_but_in_the_form_that_introduces(kind, abbreviation, subject):
    of = sheet(
        *HEAD,
        words(f"Số: 47/{abbreviation}-BVĐK", 44, 39, advance=1.9),
        words(kind, 105 - 1.2 * len(kind), 52, advance=2.4),
        words("Giới thiệu nhân sự kiêm nhiệm", 76, 59),
        words("Thực hiện chương trình công tác năm của tỉnh Vĩnh Hà như sau đây", 42, 76),
    )
    title = find_title(of, find_anchors(of))
    assert title is not None
    assert subject_under_title(white(of), title).text == subject


@pytest.mark.parametrize("lead", ["V/v", "V/", "V/ v", "V/w", "V#Ñ", "VWÑ", "Vưv", "Vv"])
def test_a_letter_has_its_abstract_under_the_number(lead):
    of = sheet(
        *HEAD,
        words("Số: 12/UBND-VX", 44, 39, advance=1.9),
        words(f"{lead} báo cáo số liệu", 40, 46, advance=1.8),
        words("quý I năm 2025", 45, 51, advance=1.8),
        words("Kính gửi: Các sở, ban, ngành.", 80, 66),
    )
    anchors = find_anchors(of)
    assert find_title(of, anchors) is None
    subject = subject_under_number(of, anchors)
    assert subject is not None
    assert subject.text == "V/v báo cáo số liệu quý I năm 2025"


def test_absurd_dpi_tags_do_not_move_millimetres():
    x, y = true_dpi(2464, 3508, (72.0, 72.0))
    assert x == y == pytest.approx(298, abs=2)
    assert true_dpi(1654, 2339, (200.0, 200.0)) == (200.0, 200.0)
    assert true_dpi(1654, 2339, (None, None))[0] == pytest.approx(200, abs=1)


@given(st.lists(st.floats(-50, 50), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_no_evidence_makes_a_machine_certain(evidence):
    assert 0.0 <= probability("number", evidence) <= CEILING < 1.0


def test_every_curve_says_what_it_was_fitted_on():
    assert {"number", "day", "year", "notation", "subject", "issuer", "together"} <= set(curves())
    assert all(curve["fitted"]["readings"] > 100 for curve in curves().values())  # type: ignore[index]


def test_one_missing_required_field_means_review():
    sure = {name: Field(name, "x", 0.9995) for name in FieldName}
    assert decide(sure | {FieldName.SUBJECT: Field(FieldName.SUBJECT, None)}, (), {}, OcrSection()) == "review"


SLOT = (3.0, 1.0, 0.9, 0.0, 0.1, 2.0, 0.0, 8.0, 1.0)
AGREED = {
    "number": SLOT,
    "date": {"day": (SLOT, "05"), "month": (SLOT, "4"), "year": (SLOT, "2025")},
    "notation": (3.0, 0.0, 1.0, 1.0, 1.0, 0.7, 1.0, 1.0),
    "subject": (3.0, 3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.9, 0.0, 0.0),
}
"""the evidence of a document that no reader contradicts"""


def test_a_muddled_agency_needs_a_clerk_though_it_is_no_required_field():
    sure = {name: Field(name, "x", 0.9995) for name in FieldName}
    assert decide(sure, (), AGREED, OcrSection()) == "accept"
    for name in (FieldName.ORGAN_NAME, FieldName.TYPE_NAME):
        assert decide(sure | {name: Field(name, "x", 0.3)}, (), AGREED, OcrSection()) == "review"


def test_one_reader_that_contradicts_another_is_enough_for_review():
    assert unanimous(AGREED)
    doubted = (*SLOT[:1], 0.0, *SLOT[2:])
    assert not unanimous(AGREED | {"number": doubted})
    assert not unanimous(AGREED | {"date": {"day": (doubted, "05"), "month": (SLOT, "4"), "year": (SLOT, "2025")}})
    for notation in (
        (3.0, 1.0, 1.0, 1.0, 1.0, 0.7, 1.0, 1.0),  # a character repaired
        (3.0, 0.0, 1.0, 1.0, 1.0, 0.7, 0.5, 1.0),  # the next picture reads another
        (3.0, 0.0, 1.0, 1.0, 1.0, 0.7, 1.0, 0.0),  # the hyphen lost
    ):
        assert not unanimous(AGREED | {"notation": notation})
    for doubt in (4, 5, 8, 9):  # a word in no other picture, an odd one, one a phrase has otherwise, a weak one
        subject = tuple(1.0 if place == doubt else value for place, value in enumerate(AGREED["subject"]))
        assert not unanimous(AGREED | {"subject": subject})
    assert not unanimous({})


@pytest.mark.parametrize(("read", "value", "same"), [
    ("TÔ", "10", True), ("3I6", "316", True), ("2l", "21", True), ("§6", "86", True),
    ("201", "2018", False), ("113", "13", False), ("17", "11", False), ("", "1", False), ("5", "6", False),
])  # fmt: skip
def test_letters_that_look_like_the_digits_do_not_contradict_them(read, value, same):
    assert resembles(read, value) is same


class Says:
    """An engine that reads the same words on every picture, where they stand on the page's line."""

    name = "says"

    def __init__(self, words, x0):
        self._words, self._x0 = words, x0

    def read(self, image, dpi, *, area=None, layout="page", seconds=60.0, rivals=False):
        def px(mm):
            return round((mm - self._x0 + 1.5) * dpi / 25.4) + 10

        return (tuple(OcrWord(text, (px(x0), 10, px(x1), 40), 0.95) for text, x0, x1 in self._words),)


@pytest.mark.parametrize(("printed", "read", "doubtful"), [("III", "II", 1), ("II", "II", 0), ("2025", "2025", 0)])
def test_a_numeral_that_is_wider_than_its_strokes_is_doubtful_though_every_picture_agrees(printed, read, doubtful):
    words, x = [], 30.0
    for text in ("báo", "cáo", "kết", "quả", "quý", printed):
        words.append((read if text == printed else text, x, x + 4.6 * advance(text)))
        x += 4.6 * (advance(text) + 0.25)
    scale = 200 / 25.4
    line = [OcrWord(text, (round(a * scale), 400, round(b * scale), 430), 0.95) for text, a, b in words]
    sheet = lay_out([line], 1654, 2339, (200.0, 200.0))
    paper = np.full((2339, 1654), 255, np.uint8)
    row, agreement, _ = SecondLook(Page(paper, paper, sheet), Says(words, 30.0), 5.0).at(sheet.rows[0], everything=True)
    assert row.text.endswith(read)
    assert agreement.odd == doubtful
    assert agreement.split == agreement.alone == 0


@pytest.mark.parametrize(("ink", "lost"), [("dash", 1), ("streak", 0), ("nothing", 0)])
def test_a_wide_gap_hides_a_sign_only_where_there_is_ink(ink, lost):
    """Streaks of the glass and frames of stamps run through gaps; they are no dash."""
    words, x = [], 30.0
    for text in ("giai", "đoạn", "trước", "đây", "năm", "sau"):
        words.append((text, x, x + 4.6 * advance(text)))
        x += 4.6 * advance(text) + (3.6 if text == "đây" else 1.1)
    scale = 200 / 25.4
    sheet = lay_out(
        [[OcrWord(text, (round(a * scale), 400, round(b * scale), 430), 0.95) for text, a, b in words]],
        1654, 2339, (200.0, 200.0),
    )  # fmt: skip
    paper = np.full((2339, 1654), 255, np.uint8)
    middle = round((words[3][2] + 1.8) * scale)
    if ink == "dash":
        paper[414:418, middle - 6 : middle + 6] = 30
    if ink == "streak":
        paper[:, middle : middle + 3] = 60
    _, agreement, _ = SecondLook(Page(paper, paper, sheet), Says(words, 30.0), 5.0).at(sheet.rows[0], everything=True)
    assert agreement.odd == lost


class Shows:
    """An engine that has another reading for every picture it is shown, then the last one for ever."""

    name = "shows"

    def __init__(self, words, *readings, rival=None):
        self._words, self._readings, self._rival = words, list(readings), rival

    def read(self, image, dpi, *, area=None, layout="page", seconds=60.0, rivals=False):
        def px(mm):
            return round((mm - 30.0 + 1.5) * dpi / 25.4) + 10

        texts = self._readings.pop(0) if len(self._readings) > 1 else self._readings[0]
        boxes = [(px(x0), 10, px(x1), 40) for _, x0, x1 in self._words]
        return (tuple(OcrWord(text, box, 0.95, self._rival) for text, box in zip(texts.split(), boxes, strict=True)),)


def agreed(first, *readings, around=("", ""), rival=None):
    """The row after all pictures of it were read, and how they agree."""
    words, x = [], 30.0
    for text in first.split():
        words.append((text, x, x + 4.6 * advance(text)))
        x += 4.6 * advance(text) + 1.1
    scale = 200 / 25.4
    line = [OcrWord(text, (round(a * scale), 400, round(b * scale), 430), 0.97) for text, a, b in words]
    sheet = lay_out([line], 1654, 2339, (200.0, 200.0))
    paper = np.full((2339, 1654), 255, np.uint8)
    look = SecondLook(Page(paper, paper, sheet), Shows(words, *readings, rival=rival), 5.0)
    return look.at(sheet.rows[0], True, around)


def test_a_word_that_a_phrase_and_some_picture_agree_on_is_not_doubtful():
    row, agreement, unread = agreed("được bỗ sung thêm", *["được bỗ sung thêm"] * 3, "được bổ sung thêm")
    assert row.text == "được bổ sung thêm"
    assert (agreement.weak, unread) == (0, 0)


def test_a_word_that_no_phrase_knows_stays_doubtful_when_one_picture_reads_another():
    row, agreement, _ = agreed("ông Mỹ Nghi xin", *["ông Mỹ Nghi xin"] * 3, "ông Mỹ Nghỉ xin")
    assert row.text == "ông Mỹ Nghi xin"
    assert agreement.weak == 1


@pytest.mark.parametrize(("text", "doubtful"), [
    ("phục dựng nghỉ thức rước", 1), ("tại vị trí mố MI", 1), ("nối tuyến ống B12", 1), ("họp tại quê tỉnh", 0),
    ("báo cáo kết quả quý III", 0), ("nghỉ phép hàng năm", 0),
])  # fmt: skip
def test_what_every_picture_reads_wrong_alike_is_doubtful_unless_a_phrase_knows_it(text, doubtful):
    _, agreement, _ = agreed(text, text)
    assert agreement.weak == doubtful


@pytest.mark.parametrize(("text", "rival", "doubtful"), [
    ("gọt giữa bản thảo", 2.5, 4), ("gọt giữa bản thảo", 30.0, 0), ("gọt giữa bản thảo", None, 0),
    ("thủ tục hành chính", 2.5, 0),
])  # fmt: skip
def test_a_word_whose_marks_are_a_near_thing_is_doubtful_unless_a_phrase_knows_it(text, rival, doubtful):
    """«giũa» that every picture reads as «giữa»: the engine itself knows how close it was."""
    _, agreement, _ = agreed(text, text, rival=rival)
    assert agreement.weak == doubtful


@pytest.mark.parametrize(("text", "doubtful"), [("mổ thủy tỉnh thể", 1), ("họp tại tỉnh Hà Nam", 0)])
def test_the_province_stands_before_its_name(text, doubtful):
    _, agreement, _ = agreed(text, text)
    assert agreement.weak == doubtful


def test_a_phrase_may_begin_in_the_line_above():
    _, alone, _ = agreed("phố ven sông", *["phố ven sông"] * 3, "phô ven sông")
    _, together, _ = agreed("phố ven sông", *["phố ven sông"] * 3, "phô ven sông", around=("thành", ""))
    assert (alone.weak, together.weak) == (1, 0)


def test_a_consonant_that_only_one_picture_shows_is_a_stamps_edge():
    row, agreement, _ = agreed("phúc đáp p đơn xin ý", *["phúc đáp ,, đơn xin ý"] * 4)
    assert row.text == "phúc đáp đơn xin ý"
    assert agreement.alone == 0


def test_specks_and_letters_like_figures_are_no_other_reading():
    row, agreement, _ = agreed("năm l6 dựng 2022", *["năm 16 ..ˆdựng 2U22"] * 3, "năm 16 dựng 2022")
    assert row.text == "năm 16 dựng 2022"
    assert agreement.weak == 1  # the figure that was outvoted


def test_blue_ink_fades_and_black_print_stays():
    page = np.full((60, 60, 3), 250, np.uint8)
    page[10:14], page[30:34] = (40, 40, 40), (150, 60, 40)
    plain, lifted = one_channel(page), one_channel(page, lift=True)
    assert plain[31, 5] == 150
    assert lifted[31, 5] > 230
    assert plain[11, 5] == lifted[11, 5] == 40
    assert plain[50, 5] == lifted[50, 5] == 250


@pytest.mark.parametrize(("first", "others", "taken"), [
    ("Số: 08/2007/TT-BTTTTI", ["08/2007/TT-BTTTT", "08/2007/TT-BTTTTI", ""], "TT-BTTTT"),
    ("Số: 131/BGNBYT", ["131/BGNBYT", "131/BGNBYT", "131/BGN-BYT"], "BGNBYT"),
    ("Số: 131/TT.BTTTT", ["131/TTBTTTT", "131/TT.BTTTT"], "TT.BTTTT"),
])  # fmt: skip
def test_a_notation_is_what_most_pictures_read_and_its_agency_confirms(first, others, taken):
    read = read_number(sheet(words(first, 30, 40)).rows[0])
    code = CodeReading("1", read.notation, None, True, read.form, 0, (), read.notation_tokens)
    issuer = Issuer("BỘ THÔNG TIN VÀ TRUYỀN THÔNG", "", (), 1.0, 0)
    chosen, alike = _notation_again(code, iter(f"Số: {other}" for other in others), None, issuer, None)
    assert chosen.notation == taken
    assert alike < 1 or others[0].endswith(taken)


def test_a_notation_does_not_end_in_a_hyphen():
    """The rule under the agency or a speck behind the last letter is read as one."""
    assert notation_of("Số: 155/UBND-TCHC-") == "UBND-TCHC"
    assert notation_of("Số: 155/UBND-TCHC —") == "UBND-TCHC"
