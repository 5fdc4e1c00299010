"""Lines read again on other pictures: readings vote, phrases say what was meant, and what is left open is a doubt."""

from __future__ import annotations

import numpy as np
import pytest

from intake.ports import OcrWord
from workers.ocr.ink import Page
from workers.ocr.layout import lay_out
from workers.ocr.phrases import wanted
from workers.ocr.second_look import SecondLook
from workers.ocr.slots import advance
from workers.ocr.syllables import flat


def test_a_phrase_wants_its_marks_and_never_of_words_in_another_known_phrase():
    for read, place, good in (("thuộc thâm quyền giải quyết", 1, "thẩm"), ("sửa đối, bỗ sung", 1, "đổi")):
        assert wanted(read.split())[place] == flat(good)
    assert wanted("thiết kế và dự toán công trình".split()) == {}


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
    agreed = SecondLook(Page(paper, paper, sheet), Says(words, 30.0), 5.0).at(sheet.rows[0], everything=True)
    assert agreed.row.text.endswith(read)
    assert agreed.how.odd == doubtful
    assert agreed.how.split == agreed.how.alone == 0


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
    agreed = SecondLook(Page(paper, paper, sheet), Says(words, 30.0), 5.0).at(sheet.rows[0], everything=True)
    assert agreed.how.odd == lost


class Shows:
    """An engine that has another reading for every picture it is shown, then the last one for ever."""

    name = "shows"

    def __init__(self, words, *readings, rivals=(), beside=False):
        self._words, self._readings, self._all, self._beside = words, list(readings), rivals, beside

    def _rivals(self, text):
        """Of every word itself, or of one word another; None from an engine that cannot tell."""
        return (
            None
            if self._all is None
            else tuple((other or text, cost) for of, other, cost in self._all if of in (None, text))
        )

    def read(self, image, dpi, *, area=None, layout="page", seconds=60.0, rivals=False):
        def px(mm):
            return round((mm - 30.0 + 1.5) * dpi / 25.4) + 10

        texts = self._readings.pop(0) if len(self._readings) > 1 else self._readings[0]
        boxes = [(px(x0), 10, px(x1), 40) for _, x0, x1 in self._words]
        line = tuple(
            OcrWord(text, box, 0.95, self._rivals(text)) for text, box in zip(texts.split(), boxes, strict=True)
        )
        height = image.shape[0]
        below = tuple(OcrWord("ỰLẾ", (box[0], height - 12, box[2], height - 4), 0.3) for box in boxes)
        return (line, below) if self._beside else (line,)


def agreed(first, *readings, around=("", ""), rivals=(), beside=False):
    """The row after all pictures of it were read, and how they agree."""
    words, x = [], 30.0
    for text in first.split():
        words.append((text, x, x + 4.6 * advance(text)))
        x += 4.6 * advance(text) + 1.1
    scale = 200 / 25.4
    line = [OcrWord(text, (round(a * scale), 400, round(b * scale), 430), 0.97) for text, a, b in words]
    sheet = lay_out([line], 1654, 2339, (200.0, 200.0))
    paper = np.full((2339, 1654), 255, np.uint8)
    look = SecondLook(Page(paper, paper, sheet), Shows(words, *readings, rivals=rivals, beside=beside), 5.0)
    return look.at(sheet.rows[0], True, around)


def test_a_word_that_a_phrase_and_some_picture_agree_on_is_not_doubtful():
    seen = agreed("được bỗ sung thêm", *["được bỗ sung thêm"] * 3, "được bổ sung thêm")
    assert seen.row.text == seen.otherwise.text == "được bổ sung thêm"
    assert (seen.how.weak, seen.doubtful) == (0, 0)


@pytest.mark.parametrize(("behind", "text", "doubtful", "otherwise"), [
    (8.0, "được bổ sung thêm", 1, "được bỗ sung thêm"),  # nearly read: taken, and a clerk sees both
    (16.0, "được bỗ sung thêm", 1, "được bổ sung thêm"),  # neither near nor far: left, and a clerk sees both
    (28.0, "được bỗ sung thêm", 0, "được bỗ sung thêm"),  # far: the phrase is another one
])  # fmt: skip
def test_a_phrases_word_counts_by_how_nearly_it_was_read(behind, text, doubtful, otherwise):
    seen = agreed("được bỗ sung thêm", "được bỗ sung thêm", rivals=[("bỗ", "bổ", behind)])
    assert (seen.row.text, seen.doubtful, seen.otherwise.text) == (text, doubtful, otherwise)


def test_an_engine_that_tells_no_rivals_leaves_the_phrase_in_doubt():
    seen = agreed("được bỗ sung thêm", "được bỗ sung thêm", rivals=None)
    assert (seen.row.text, seen.doubtful, seen.otherwise.text) == ("được bỗ sung thêm", 1, "được bổ sung thêm")


def test_what_lines_above_and_below_show_is_not_of_the_row():
    """Their letters' ends stand over and under the row's words on every picture of it."""
    first = "được bổ sung thêm"
    clear, torn = agreed(first, first), agreed(first, first, beside=True)
    assert torn == clear
    assert torn.how.alone == 0


def test_one_word_that_the_engine_made_too_tall_does_not_let_other_lines_in():
    words = [OcrWord(text, (x, 400, x + 90, 430), 0.97) for text, x in (("được", 240), ("sung", 460))]
    row = lay_out([(words[0], OcrWord("bổ", (345, 380, 440, 460), 0.9), words[1])], 1654, 2339, (200.0, 200.0)).rows[0]
    upper, lower = row.print_y
    assert lower - upper == pytest.approx(30 / 200 * 25.4, abs=0.1)


def test_a_word_that_no_phrase_knows_stays_doubtful_when_one_picture_reads_another():
    seen = agreed("ông Mỹ Nghi xin", *["ông Mỹ Nghi xin"] * 3, "ông Mỹ Nghỉ xin")
    assert seen.row.text == "ông Mỹ Nghi xin"
    assert seen.how.weak == 1


@pytest.mark.parametrize(("text", "doubtful"), [
    ("phục dựng nghỉ thức rước", 1), ("tại vị trí mố MI", 1), ("nối tuyến ống B12", 1), ("họp tại quê tỉnh", 0),
    ("báo cáo kết quả quý III", 0), ("nghỉ phép hàng năm", 0),
])  # fmt: skip
def test_what_every_picture_reads_wrong_alike_is_doubtful_unless_a_phrase_knows_it(text, doubtful):
    assert agreed(text, text).how.weak == doubtful


@pytest.mark.parametrize(("text", "rival", "doubtful"), [
    ("gọt giữa bản thảo", 2.5, 4), ("gọt giữa bản thảo", 30.0, 0), ("gọt giữa bản thảo", None, 0),
    ("thủ tục hành chính", 2.5, 0),
])  # fmt: skip
def test_a_word_whose_marks_are_a_near_thing_is_doubtful_unless_a_phrase_knows_it(text, rival, doubtful):
    """«giũa» that every picture reads as «giữa»: the engine itself knows how close it was."""
    rivals = [] if rival is None else [(None, None, rival)]
    assert agreed(text, text, rivals=rivals).how.weak == doubtful


@pytest.mark.parametrize(("text", "doubtful"), [("mổ thủy tỉnh thể", 1), ("họp tại tỉnh Hà Nam", 0)])
def test_the_province_stands_before_its_name(text, doubtful):
    assert agreed(text, text).how.weak == doubtful


def test_a_phrase_may_begin_in_the_line_above():
    alone = agreed("phố ven sông", *["phố ven sông"] * 3, "phô ven sông")
    together = agreed("phố ven sông", *["phố ven sông"] * 3, "phô ven sông", around=("thành", ""))
    assert (alone.how.weak, together.how.weak) == (1, 0)


def test_a_consonant_that_only_one_picture_shows_is_a_stamps_edge():
    seen = agreed("phúc đáp p đơn xin ý", *["phúc đáp ,, đơn xin ý"] * 4)
    assert seen.row.text == "phúc đáp đơn xin ý"
    assert seen.how.alone == 0


def test_specks_and_letters_like_figures_are_no_other_reading():
    seen = agreed("năm l6 dựng 2022", *["năm 16 ..ˆdựng 2U22"] * 3, "năm 16 dựng 2022")
    assert seen.row.text == "năm 16 dựng 2022"
    assert seen.how.weak == 1  # the figure that was outvoted


def test_a_dash_of_any_length_is_the_same_and_loan_words_are_words():
    seen = agreed("bóng đá mini năm 2018 — 2020", "bóng đá mini năm 2018 - 2020")
    assert (seen.how.weak, seen.how.odd) == (0, 0)
    assert seen.row.text == "bóng đá mini năm 2018 — 2020"
    assert agreed("bóng đá mixi năm 2018", "bóng đá mixi năm 2018").how.odd == 1


def test_a_full_stop_in_the_middle_of_the_sentence_is_a_speck_and_a_doubt():
    seen = agreed("góp ý. dự thảo", "góp ý. dự thảo")
    assert seen.row.text == "góp ý dự thảo"
    assert seen.how.odd == 1
    assert agreed("gửi TP. Hà Nội", "gửi TP. Hà Nội").how.odd == 0
    assert agreed("dự thảo Quyết. định mới", "dự thảo Quyết. định mới").row.text == "dự thảo Quyết định mới"
    assert agreed("xã Mỹ An. Giao ban", "xã Mỹ An. Giao ban").row.text == "xã Mỹ An. Giao ban"
