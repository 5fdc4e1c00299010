"""The rules between words and fields: grammar, spelling, layout; no picture needed."""

from __future__ import annotations

import unicodedata
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.model import Field, FieldName
from intake.profile.sections import OcrSection
from tests.ocr.paper import HEAD, sheet, white, words
from workers.ocr.anchors import find_anchors
from workers.ocr.confidence import CEILING, curves, probability
from workers.ocr.decision import decide
from workers.ocr.evidence import unanimous
from workers.ocr.fields import _notation_again
from workers.ocr.filling import FEATURES, resembles
from workers.ocr.issued import iso
from workers.ocr.issuer import Issuer
from workers.ocr.lexicon import document_types, pairs
from workers.ocr.number import CodeReading, notation_of, read_number
from workers.ocr.page import true_dpi
from workers.ocr.reading_image import one_channel
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


def test_a_day_in_a_sentence_is_not_the_documents_own():
    """The date line was misread («Áháng»), the abstract has another date right of the middle."""
    line = words("Vĩnh Hà, ngày Áháng 11 năm 2017", 112, 39, advance=1.7)
    within = words("thực hiện Nghị quyết số 20-NQ/TW, ngày 25 tháng 10 năm 2017", 42, 58, advance=2.0)
    anchors = find_anchors(sheet(*HEAD[:4], words("Số: 155/TM-SYT", 44, 39, advance=1.9), line, within))
    assert anchors.date is not None
    assert anchors.date.text == "Vĩnh Hà, ngày Áháng 11 năm 2017"
    assert find_anchors(sheet(*HEAD[:4], within)).date is None


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


@pytest.mark.parametrize(("lead", "text"), [
    ("Vớ", "V/v báo cáo số liệu"), ("VAN", "V/v báo cáo số liệu"), ("Văn bản", None), ("ĐẾN", None),
])  # fmt: skip
def test_a_lead_read_as_a_word_is_one_right_under_the_number_and_a_doubt(lead, text):
    of = sheet(
        *HEAD,
        words("Số: 12/UBND-VX", 44, 39, advance=1.9),
        words(f"{lead} báo cáo số liệu", 40, 46, advance=1.8),
        words("Kính gửi: Các sở, ban, ngành.", 80, 66),
    )
    subject = subject_under_number(of, find_anchors(of))
    assert (subject and (subject.text, subject.complete)) == (text and (text, False))


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


@pytest.mark.parametrize(("number", "decision"), [(0.99, "accept"), (0.85, "review")])
def test_each_required_field_must_be_believed_by_itself(number, decision):
    """«|12» beside a stamp's frame was 112 with 0.8, and nothing else of the document was in doubt."""
    sure = {name: Field(name, "x", 0.9995) for name in FieldName}
    fields = sure | {FieldName.CODE_NUMBER: Field(FieldName.CODE_NUMBER, "112", number)}
    assert decide(fields, (), AGREED, OcrSection()) == decision


def test_a_muddled_agency_or_a_doubtful_haste_needs_a_clerk_though_it_is_no_required_field():
    sure = {name: Field(name, "x", 0.9995) for name in FieldName}
    assert decide(sure, (), AGREED, OcrSection()) == "accept"
    for name, confidence in ((FieldName.ORGAN_NAME, 0.3), (FieldName.TYPE_NAME, 0.3), (FieldName.PRIORITY, 0.6)):
        assert decide(sure | {name: Field(name, "x", confidence)}, (), AGREED, OcrSection()) == "review"


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
