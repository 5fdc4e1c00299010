"""The abstract whole: a line of it that the engine left out is print under no word."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from intake.ports import OcrWord
from samples.typeface import LIBERATION_SERIF, font
from tests.ocr.paper import HEAD, sheet, white, words
from workers.ocr.abstract import title_and_subject
from workers.ocr.anchors import find_anchors
from workers.ocr.ink import Page
from workers.ocr.reading import engine_for
from workers.ocr.title import ends_cut, has_lone_quote, joined, subject_under_number

MM = 200 / 25.4
CODE = words("Số: 138/QĐ-UBND", 40, 39, advance=1.8)
TITLE, FIRST, SECOND = (
    "QUYẾT ĐỊNH",
    "Về việc rà phá bom mìn, vật nổ còn sót lại",
    "sau chiến tranh trên diện tích 48,5 ha",
)


class Asked:
    """The real engine, counted."""

    name = "tesserocr"

    def __init__(self):
        self.engine, self.times = engine_for("tesserocr", "vie"), 0

    def read(self, image, dpi, **more):
        self.times += 1
        return self.engine.read(image, dpi, **more)


def centred(text: str, y: float, pen: ImageDraw.ImageDraw | None) -> tuple[OcrWord, ...]:
    """A bold line of 14 pt about the page's middle, its capitals' feet 4 mm under ``y`` mm, drawn or not; as read."""
    face = font(LIBERATION_SERIF.cut(bold=True), 14 * 200 / 72)
    x, foot, found = 105 * MM - face.getlength(text) / 2, (y + 4) * MM, []
    for word in text.split():
        if pen is not None:
            pen.text((x, foot), word, fill=20, font=face, anchor="ls")
        found.append(OcrWord(word, (round(x), round(y * MM), round(x + face.getlength(word)), round(foot + 6)), 0.96))
        x += face.getlength(word + " ")
    return tuple(found)


def asked_of(drawn: dict[str, float], read: tuple[str, ...], rule: float | None = None, scrawl: float | None = None):
    """Subject and how often the engine was asked: a page on which ``drawn`` stands at its heights (mm), of which only
    ``read`` was read."""
    image = Image.new("L", (1654, 2339), 250)
    pen = ImageDraw.Draw(image)
    lines = {text: centred(text, y, pen) for text, y in drawn.items()}
    if rule is not None:
        pen.line((85 * MM, rule * MM, 125 * MM, rule * MM), fill=20, width=3)
    pixels = np.array(image)
    if scrawl is not None:
        rng = np.random.default_rng(3)
        for x in np.arange(85, 125, 1.5):
            ends = ((np.array([x, scrawl, x + 1.5, scrawl]) + rng.uniform(-1.8, 1.8, 4)) * MM).astype(int)
            cv2.line(pixels, tuple(map(int, ends[:2])), tuple(map(int, ends[2:])), 20, 4)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 0.7)
    ocr = [*HEAD, CODE, *(lines[text] for text in read)]
    of = sheet(*ocr)
    engine = Asked()
    title, subject = title_and_subject(Page(pixels, pixels, of), ocr, find_anchors(of), engine, 20.0)
    assert title is not None
    assert subject is not None
    return subject, engine.times


def test_a_line_that_the_engine_left_out_is_read_by_itself():
    subject, times = asked_of({TITLE: 52, FIRST: 59, SECOND: 65.5}, (TITLE, FIRST), rule=72.5)
    assert subject.text == f"{FIRST} {SECOND}"
    assert (subject.complete, times) == (True, 1)


def test_two_lines_left_out_are_read_one_after_the_other():
    third = "trên địa bàn huyện Tân Lĩnh"
    subject, times = asked_of({TITLE: 52, FIRST: 59, SECOND: 65.5, third: 72}, (TITLE, FIRST), rule=79)
    assert subject.text == f"{FIRST} {SECOND} {third}"
    assert times == 2


def test_print_that_cannot_be_read_leaves_the_abstract_open():
    subject, times = asked_of({TITLE: 52, FIRST: 59}, (TITLE, FIRST), scrawl=68)
    assert times > 0
    assert not subject.complete


@pytest.mark.parametrize("rule", [None, 66.5])
def test_nothing_is_asked_where_the_abstract_ends(rule):
    body = "Thực hiện chương trình công tác năm của Ủy ban nhân dân tỉnh"
    subject, times = asked_of({TITLE: 52, FIRST: 59, body: 76}, (TITLE, FIRST, body), rule=rule)
    assert (subject.text, subject.complete, times) == (FIRST, True, 0)


@pytest.mark.parametrize("lead", ["V/v", "V&", "2v", "V7", "V/w", "V#Ñ"])
def test_a_lead_however_misread_is_one(lead):
    (row,) = sheet(words(f"{lead} cử cán bộ đi học", 40, 50)).rows
    assert joined([row]).text == "V/v cử cán bộ đi học"


@pytest.mark.parametrize("first", ["Vụ", "Và", "VI.", "VII", "VNPT", "2025", "(Vĩnh"])
def test_a_word_that_begins_like_a_lead_stays(first):
    (row,) = sheet(words(f"{first} cử cán bộ đi học", 40, 50)).rows
    assert joined([row]).text.startswith(first)


def test_a_lead_before_viec_is_about():
    (row,) = sheet(words("V# việc cử cán bộ đi học", 40, 50)).rows
    assert joined([row]).text == "Về việc cử cán bộ đi học"


def spaced(text: str, y: float, stamp: tuple[str, float] | None = None) -> tuple[OcrWord, ...]:
    """A line about the page's middle, its words 3.5 mm apart as a typewriter's face has them; right before it what was
    read of a ``stamp``, and how surely."""
    wide = 2.0 * sum(map(len, text.split())) + 3.5 * (len(text.split()) - 1)
    x, found = 105 - wide / 2, []
    for word in text.split():
        found.append(*words(word, x, y))
        x += 2.0 * len(word) + 3.5
    if stamp is not None:
        (before,) = words(stamp[0], 105 - wide / 2 - 2.0 - 2.0 * len(stamp[0]), y)
        found.insert(0, replace(before, confidence=stamp[1]))
    return tuple(found)


@pytest.mark.parametrize(("stamp", "text", "complete"), [
    (None, "rộng cho trẻ em giai đoạn 2022 - 2026", True),
    (("„-I@JNI29/2)", 0.05), "rộng cho trẻ em giai đoạn 2022 - 2026", True),
    (("Chuyển", 0.9), "cho trẻ em giai đoạn 2022", False),
])  # fmt: skip
def test_words_pushed_out_of_a_line_by_a_stamps_are_brought_back_or_missed(stamp, text, complete):
    line = spaced("rộng cho trẻ em giai đoạn 2022 - 2026", 64, stamp)
    ocr = [*HEAD, CODE, centred(TITLE, 52, None), centred("Về việc tiêm chủng mở", 58, None), line]
    of = sheet(*ocr)
    title, subject = title_and_subject(white(of), ocr, find_anchors(of), None, 20.0)
    assert title is not None
    assert subject is not None
    assert (subject.text, subject.complete) == (f"Về việc tiêm chủng mở {text}", complete)


@pytest.mark.parametrize(("aside", "complete"), [(0, True), (2.5, True), (-5.5, False), (6, False)])
def test_a_line_off_the_titles_middle_has_lost_words_at_one_end(aside, complete):
    line = words("hiện dự án tại tỉnh Vĩnh Hà", 105 - 27 + aside, 64)
    ocr = [*HEAD, CODE, centred(TITLE, 52, None), centred("Về việc hỗ trợ nhà đầu tư", 58, None), line]
    _, subject = title_and_subject(white(sheet(*ocr)), ocr, find_anchors(sheet(*ocr)), None, 20.0)
    assert subject is not None
    assert subject.complete == complete


@pytest.mark.parametrize(("read", "text"), [
    ("NGÃI Về việc cử cán bộ", "Về việc cử cán bộ"), ("L l Về việc cử cán bộ", "Về việc cử cán bộ"),
    ("Báo cáo Về việc cử cán bộ", "Báo cáo Về việc cử cán bộ"),
])  # fmt: skip
def test_what_a_stamp_left_before_the_lead_goes(read, text):
    assert joined([sheet(words(read, 40, 60)).rows[0]]).text == text


@pytest.mark.parametrize(("read", "text"), [
    ("Tổchức lấy mẫu nước", "Tổ chức lấy mẫu nước"),
    ("Đề tài nghiên.cứu khoa học", "Đề tài nghiên cứu khoa học"),
    ("Đăng ký cẤp tỉnh", "Đăng ký cấp tỉnh"),
    ("Đo 12 kWh tại TP.Huế", "Đo 12 kWh tại TP.Huế"),
    ("Xử lý khí cácbon", "Xử lý khí cácbon"),
])  # fmt: skip
def test_two_words_of_a_phrase_read_as_one_are_two(read, text):
    assert joined([sheet(words(read, 40, 60)).rows[0]]).text == text


@pytest.mark.parametrize(("before", "stroke", "sure", "text"), [
    ("kết quả quý", "l", 0.38, "Kết quả quý I"), ("số liệu cấp", "|", 0.4, "Số liệu cấp I"),
    ("cử cán bộ đi", "l", 0.38, "Cử cán bộ đi"),
])  # fmt: skip
def test_a_stroke_behind_quarters_and_grades_is_a_numeral(before, stroke, sure, text):
    *line, last = words(f"{before} {stroke}", 40, 60)
    (row,) = sheet((*line, replace(last, confidence=sure))).rows
    assert joined([row]).text == text


@pytest.mark.parametrize(("text", "cut"), [
    ("Báo cáo kết quả quý", True), ("Quy hoạch giai đoạn", True), ("Chỉ đạo của", True),
    ("Báo cáo kết quả quý I", False), ("Chuyển đổi số", False), ("Xử lý văn bản đến", False), ("Chế độ phụ cấp", False),
])  # fmt: skip
def test_an_abstract_that_must_go_on_is_cut(text, cut):
    assert ends_cut(text) == cut


def test_marks_read_as_a_line_of_their_own_do_not_end_the_abstract():
    """«Á1:^ ^ ` Á» between «mạng truyền» and «số liệu»: of a mark by itself the engine is sure."""
    marks = [words(text, x, 51.4, height=2.0)[0] for text, x in (("Á1:^", 42), ("^", 62), ("`", 70), ("Á", 84))]
    unsure = [replace(word, confidence=sure) for word, sure in zip(marks, (0.04, 0.88, 0.89, 0.72), strict=True)]
    of = sheet(
        *HEAD, CODE, words("V/v đấu nối mạng truyền", 40, 47, advance=1.8), tuple(unsure),
        words("số liệu chuyên dùng cấp II", 40, 53.5, advance=1.6),
    )  # fmt: skip
    subject = subject_under_number(of, find_anchors(of))
    assert subject is not None
    assert subject.text == "V/v đấu nối mạng truyền số liệu chuyên dùng cấp II"


@pytest.mark.parametrize(("lost", "frame", "complete"), [
    (None, None, True), (-1, None, False), (4, None, False), (None, 8.0, True), (None, 48.0, True),
])  # fmt: skip
def test_letters_beside_the_words_of_a_line_that_are_in_none_of_them_are_missed(lost, frame, complete):
    """A numeral, or a word in the middle; the side of a stamp's frame is no letter, and under its words nothing is looked for."""
    image = Image.new("L", (1654, 2339), 250)
    pen = ImageDraw.Draw(image)
    line, title = centred("Báo cáo kết quả thực hiện quý I", 59, pen), centred(TITLE, 52, pen)
    if frame is not None:
        pen.line((frame * MM, 50 * MM, frame * MM, 80 * MM), fill=20, width=4)
    pixels = cv2.GaussianBlur(np.array(image), (0, 0), 0.7)
    read = line if lost is None else tuple(word for word in line if word is not line[lost])
    ocr = [*HEAD, CODE, title, read]
    of = sheet(*ocr)
    _, subject = title_and_subject(Page(pixels, pixels, of), ocr, find_anchors(of), Asked(), 20.0)
    assert subject is not None
    assert subject.complete == complete


def test_a_lone_quotation_mark_is_a_speck_and_a_doubt():
    assert joined([sheet(words("V/v góp ý về “hỗ trợ nhà ở", 40, 60)).rows[0]]).text == "V/v góp ý về hỗ trợ nhà ở"
    assert joined([sheet(words("Phát động “Năm dân vận khéo”", 40, 60)).rows[0]]).text == "Phát động “Năm dân vận khéo”"
    assert has_lone_quote("về “hỗ trợ")
    assert not has_lone_quote('về "hỗ trợ"')
