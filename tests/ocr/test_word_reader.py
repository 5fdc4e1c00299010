"""The word reader: tells print by its shape, whatever the words mean, and says how much likelier that is than another."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, product

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from intake.ports import OcrWord
from samples.typeface import LIBERATION_SERIF, font
from workers.ocr.ink import Page
from workers.ocr.layout import lay_out
from workers.ocr.second_look import SecondLook
from workers.ocr.word_reader import (
    ALPHABET,
    HEIGHT,
    SURE,
    Shown,
    log_probabilities,
    network_inputs,
    opinion,
    respelt,
    seen,
    shown,
    variants,
)

DPI, LEFT, BASE = 200, 300, 420
DRAWN = 4
"""times larger than scanned"""


def printed(*texts: str, bold: bool = False, below: str = "") -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """A4 at 200 dpi, soft as a scanner leaves it, with one line of 14 pt, and the boxes of its words."""
    face = font(LIBERATION_SERIF.cut(bold=bold), 14 * DPI / 72 * DRAWN)
    drawn = Image.new("L", (1654 * DRAWN, 560 * DRAWN), 250)
    pen = ImageDraw.Draw(drawn)
    boxes, x = [], LEFT * DRAWN
    for text in texts:
        pen.text((x, BASE * DRAWN), text, fill=30, font=face, anchor="ls")
        boxes.append(tuple(round(v / DRAWN) for v in pen.textbbox((x, BASE * DRAWN), text, font=face, anchor="ls")))
        x += round(face.getlength(text + " "))
    pen.text((LEFT * DRAWN, (BASE + 46) * DRAWN), below, fill=30, font=face, anchor="ls")
    small = cv2.resize(cv2.GaussianBlur(np.asarray(drawn), (0, 0), 2), (1654, 560), interpolation=cv2.INTER_AREA)
    page = np.full((2339, 1654), 250, np.uint8)
    page[:560] = small
    return page, boxes  # type: ignore[return-value]


def looked_at(*texts: str, up: int = 0, down: int = 0, **more) -> list[Shown]:
    """What the reader sees of a line's words; the line taken to be ``up`` and ``down`` px higher and lower than it is."""
    page, boxes = printed(*texts, **more)
    top, bottom = min(b[1] for b in boxes) - 13 - up, max(b[3] for b in boxes) + 13 + down
    return shown([page[top:bottom, b[0] - 4 : b[2] + 4] for b in boxes])


LINE = ("phục", "dựng", "nghi", "thức", "gọt", "giũa", "Mỹ", "Nghi", "12/2025,")


@pytest.mark.parametrize("bold", [False, True])
def test_words_are_read_as_printed_whatever_they_mean(bold):
    found = looked_at(*LINE, bold=bold)
    assert [seen(word.columns) for word in found] == list(LINE)
    assert all(opinion(word, text).agrees for word, text in zip(found, LINE, strict=True))


@pytest.mark.parametrize(("printed_word", "read"), [("nghi", "nghỉ"), ("giũa", "giữa"), ("vẽ", "vẻ"), ("Tỵ", "Ty")])
def test_a_usual_word_for_a_rare_one_is_contradicted_and_the_rare_one_named(printed_word, read):
    word = looked_at("phục", printed_word, "thức")[1]
    sight = opinion(word, read)
    assert sight.contradicts
    assert sight.other == printed_word


@pytest.mark.parametrize(("up", "down"), [(-6, 0), (16, 0), (0, 22), (-6, 22)])
def test_a_line_whose_height_the_engine_tells_wrong_is_read_alike(up, down):
    """Its boxes cut the marks of capitals, or take in half of the line below."""
    found = looked_at("Huế", "và", "Ứng", "Hòa", up=up, down=down, below="Quyết định này có hiệu lực")
    assert [seen(word.columns) for word in found] == ["Huế", "và", "Ứng", "Hòa"]


def faint(text: str, sigma: float) -> Shown:
    """A word between others, softened until its marks are nearly lost."""
    page, boxes = printed("phục", text, "thức")
    page = cv2.GaussianBlur(page, (0, 0), sigma)
    top, bottom = min(b[1] for b in boxes) - 13, max(b[3] for b in boxes) + 13
    return shown([page[top:bottom, b[0] - 4 : b[2] + 4] for b in boxes])[1]


def test_a_word_that_leaves_the_reader_undecided_is_shown_again_and_the_showings_judged_together():
    """However soft the print, the word with another mark is never agreed to; and some that one look leaves open are settled."""
    settled = 0
    for word, other in (("sửa", "sủa"), ("lựa", "lụa"), ("dự", "dụ"), ("công", "cộng"), ("số", "sổ"), ("dụng", "đụng")):
        for sigma in (1.6, 1.9, 2.2, 2.5):
            soft = faint(word, sigma)
            assert not opinion(soft, other).agrees
            sight = opinion(soft, word)
            once = opinion(replace(soft, _again=[soft.columns]), word)
            settled += sight.agrees and once.margin < SURE
    assert settled


def test_a_speck_in_the_gap_of_two_words_is_no_hyphen():
    page, boxes = printed("tàu", "thuyền", "neo", "đậu")
    (_, top, left, bottom), (right, *_) = boxes[1], boxes[2]
    cv2.circle(page, ((left + right) // 2, BASE - 8), 1, 120, -1)
    cuts = [boxes[0], (boxes[1][0], top, boxes[2][2], bottom), boxes[3]]
    word = shown([page[top - 14 : bottom + 14, b[0] - 4 : b[2] + 4] for b in cuts])[1]
    assert not opinion(word, "thuyền-neo").agrees
    printed_so = looked_at("bán", "ki-ốt", "tại", "NQ-HĐND", "tạm,")
    assert all(opinion(printed_so[place], text).agrees for place, text in ((1, "ki-ốt"), (3, "NQ-HĐND"), (4, "tạm,")))


def test_a_dash_behind_a_figure_is_not_of_it():
    page, boxes = printed("năm", "2021-", "là")
    word = shown([page[boxes[1][1] - 18 : boxes[1][3] + 18, b[0] - 4 : b[2] + 4] for b in boxes])[1]
    assert not opinion(word, "2021").agrees
    assert opinion(word, "2021", behind="—").agrees


def test_white_paper_neither_agrees_nor_contradicts():
    (word,) = shown([np.full((60, 90), 250, np.uint8)])
    for text in ("nghỉ", "nghi", "và", "12"):
        sight = opinion(word, text)
        assert not sight.agrees
        assert not sight.contradicts


def test_a_sign_that_the_network_does_not_know_says_nothing():
    (word,) = looked_at("nghi")
    sight = opinion(word, "nghi§")
    assert not sight.agrees
    assert not sight.contradicts


def test_inputs_are_as_high_as_the_network_wants_whatever_is_cut():
    for shape in ((7, 6), (30, 200), (200, 30)):
        (image,) = network_inputs([np.random.default_rng(1).integers(0, 255, shape).astype(np.uint8)])
        assert image.shape[0] == HEIGHT
        assert 0 <= image.min() <= image.max() <= 1


SIGNS = "ab"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.floats(-4, 4), min_size=3, max_size=3), min_size=1, max_size=5), st.text(SIGNS, max_size=3))
def test_a_texts_probability_is_that_of_all_ways_to_write_it(steps, text):
    """CTC (Graves et al. 2006): the sum over all columns' signs that say the text once repeats and blanks go."""
    columns = np.full((len(steps), len(ALPHABET) + 1), -60.0)
    places = [0, *(ALPHABET.index(sign) + 1 for sign in SIGNS)]
    for step, scores in zip(columns, steps, strict=True):
        step[places] = scores - np.log(np.exp(scores).sum())
    ways = [
        sum(columns[row, places[sign]] for row, sign in enumerate(way))
        for way in product(range(3), repeat=len(steps))
        if "".join(SIGNS[sign - 1] for sign, _ in groupby(way) if sign) == text
    ]
    (found,) = log_probabilities(columns, [text])
    assert found == pytest.approx(np.log(np.exp(ways).sum()) if ways else -60, abs=1e-6)


def test_variants_change_the_marks_of_one_letter_and_keep_its_case():
    found = variants("Đa")
    assert {"Da", "Đá", "Đậ"} <= set(found)
    assert not {"đa", "Đa", "Dá"} & set(found)
    assert variants("27") == ()


@pytest.mark.parametrize(("text", "other", "better"), [
    ("cúa", "của", "của"), ("CÚA,", "của.", "CỦA,"), ("Hợp", "hợp", "hợp"), ("Quyết.", "Quyết", "Quyết"),
    ("cúa", "cua1", None), ("vơi", "vời)", "vời"), ("văn", "vãnn", None), ("2017", "2011", None), ("thể", "thể", None),
    ("Hhúc", "phúc", "phúc"), ("202é,", "2026,", "2026,"), ("gia1l", "giai", "giai"), ("II", "III", "III"),
    ("tốt", "một", None), ("xyzt", "anh", None),
])  # fmt: skip
def test_marks_capitals_and_stray_signs_are_taken_over_and_of_other_letters_only_what_makes_a_word(text, other, better):
    assert respelt(text, other) == better


class Counts:
    """An engine that says the same words whatever it is shown, and counts how often it is asked."""

    name = "counts"

    def __init__(self, texts):
        self.texts, self.asked = texts, 0

    def read(self, image, dpi, *, area=None, layout="page", seconds=60.0, rivals=False):
        self.asked += 1
        step = image.shape[1] // len(self.texts)
        boxes = [(i * step + 2, image.shape[0] // 3, (i + 1) * step - 2, image.shape[0] * 2 // 3) for i in range(99)]
        return (tuple(OcrWord(text, box, 0.95) for text, box in zip(self.texts, boxes, strict=False)),)


def agreed(print_of: tuple[str, ...], read: tuple[str, ...]):
    page, boxes = printed(*print_of)
    line = [OcrWord(text, box, 0.97) for text, box in zip(read, boxes, strict=True)]
    engine = Counts(read)
    look = SecondLook(Page(page, page, lay_out([line], 1654, 2339, (DPI, DPI))), engine, 5.0)
    return look.at(look.page.sheet.rows[0], everything=True), engine.asked


def test_the_engine_is_not_asked_again_of_a_line_that_the_word_reader_confirms():
    got, asked = agreed(("phục", "dựng", "nghi", "thức"), ("phục", "dựng", "nghi", "thức"))
    assert got.row.text == "phục dựng nghi thức"
    assert (asked, got.how.weak, got.how.odd, got.how.alone, got.doubtful) == (0, 0, 0, 0, 0)


def test_what_every_picture_reads_wrong_alike_is_put_right_and_left_to_the_clerk():
    got, asked = agreed(("phục", "dựng", "nghi", "thức"), ("phục", "dựng", "nghỉ", "thức"))
    assert asked > 0
    assert got.row.text == "phục dựng nghi thức"
    assert got.otherwise.text == "phục dựng nghỉ thức"
    assert (got.how.weak, got.doubtful) == (1, 1)


def test_a_known_phrase_is_not_overruled_by_sight_alone_but_doubted():
    got, _ = agreed(("được", "bỗ", "sung"), ("được", "bổ", "sung"))
    assert got.row.text == "được bổ sung"
    assert got.how.weak == 1


def test_a_capital_of_a_small_letters_shape_is_told_by_its_size_unless_all_are_capitals():
    soft = ("trước", "sinh,", "sơ", "sinh", "tuyến")
    got, _ = agreed(soft, ("trước", "sinh,", "Sơ", "sinh", "tuyến"))
    assert got.row.text == "trước sinh, sơ sinh tuyến"
    assert got.how.weak == 1
    capitals = ("SỞ", "CÔNG", "VỤ", "XÃ")
    assert agreed(capitals, capitals)[0].how.weak == 0


@pytest.mark.parametrize(("print_of", "read", "odd"), [
    (("với", "Ban", "QLDA", "GAVI TW", "về", "việc"), ("với", "Ban", "QLDA", "GAVITW", "về", "việc"), 1),
    (("với", "Ban", "QLDA", "GAVITW", "về", "việc"), ("với", "Ban", "QLDA", "GAVITW", "về", "việc"), 0),
    (("với", "Ban", "QLDA", "GAVI", "TW", "về", "việc"), ("với", "Ban", "QLDA", "GAVI", "TW", "về", "việc"), 0),
])  # fmt: skip
def test_capitals_set_apart_are_two_words_whatever_was_read(print_of, read, odd):
    assert agreed(print_of, read)[0].how.odd == odd


def test_capitals_side_by_side_are_one_word_whatever_was_read():
    page, boxes = printed("thuộc", "DA", "GAVI", "tại", "các", "xã")
    left, top, right, bottom = boxes[2]
    middle = left + round((right - left) * 0.56)
    boxes = [*boxes[:2], (left, top, middle, bottom), (middle, top, right, bottom), *boxes[3:]]
    read = ("thuộc", "DA", "GA", "VI", "tại", "các", "xã")
    line = [OcrWord(text, box, 0.97) for text, box in zip(read, boxes, strict=True)]
    look = SecondLook(Page(page, page, lay_out([line], 1654, 2339, (DPI, DPI))), Counts(read), 5.0)
    assert look.at(look.page.sheet.rows[0]).how.odd > 0


@pytest.mark.parametrize(("word", "odd"), [("cácbon", 1), ("Tổchức", 0), ("blog", 0)])
def test_the_word_reader_sees_letters_and_no_gap(word, odd):
    """«cácbon» may be one word or two, and no list knows; «Tổchức» is two of a phrase, and «blog» cannot be two."""
    got, _ = agreed(("đo", word, "trong", "nước"), ("đo", word, "trong", "nước"))
    assert got.how.odd == odd
