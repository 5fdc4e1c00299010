"""The invisible text: found by independent readers, where it is printed, as it was read."""

from __future__ import annotations

import math
import unicodedata
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.errors import DocumentError
from tests.pdf.paper import (
    LINES,
    made,
    mupdf_text,
    pdfium_text,
    poppler_text,
    poppler_words,
    printed,
    saved,
    shown,
    streams,
)
from workers.pdf.glyphless import Charset, font_program
from workers.pdf.textlayer import (
    PageWords,
    Word,
    baseline,
    content,
    displayed_to_page,
    load_words,
    times,
    words_of,
)
from workers.tools import pdfa

LETTERS = (
    "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵĐỦỮ0123456789/-.,()\\%"
)
texts = st.text(st.sampled_from(LETTERS), min_size=1, max_size=9)


@st.composite
def pages(draw: st.DrawFn) -> PageWords:
    """Lines of words that do not touch each other, as a reader of print would give them."""
    width, height = draw(st.integers(600, 1700)), draw(st.integers(600, 2400))
    lines, y = [], draw(st.integers(20, 60))
    while len(lines) < 6 and y + 60 < height:
        size, slope = draw(st.integers(18, 44)), draw(st.floats(-0.015, 0.015))
        words, x = [], float(draw(st.integers(10, 80)))
        for text in draw(st.lists(texts, min_size=1, max_size=5)):
            wide = len(text) * size * draw(st.floats(0.35, 0.65))
            if x + wide > width - 5:
                break
            top = y + slope * x
            words.append(Word(unicodedata.normalize("NFC", text), (x, top, x + wide, top + size)))
            x += wide + 0.45 * size
        if words:
            lines.append(tuple(words))
        y += 2 * size
    return PageWords(width, height, tuple(lines))


@given(words=pages(), rotate=st.sampled_from([0, 90, 180, 270]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_word_is_found_on_its_box_whatever_the_rotation(
    tmp_path_factory: pytest.TempPathFactory, words: PageWords, rotate: int
) -> None:
    folder = tmp_path_factory.mktemp("placed")
    turned = rotate in (90, 270)
    stored = (words.height_px, words.width_px) if turned else (words.width_px, words.height_px)
    exif = Image.Exif()
    exif[274] = {0: 1, 90: 6, 180: 3, 270: 8}[rotate]
    source = saved(Image.new("L", stored, 255), folder / "a.jpg", exif=exif, dpi=(144, 144))
    made([source], folder / "a.pdf", words)
    found = poppler_words(folder / "a.pdf")
    for word in words.words:
        x0, y0, x1, y1 = (value / 2 for value in word.box)  # 144 dpi: two pixels a point
        boxes = [box for text, box in found if text == word.text]
        assert any(
            abs(box[0] - x0) < 0.8 and abs(box[2] - x1) < 0.8 and box[1] - 1 < (y0 + y1) / 2 < box[3] + 1
            for box in boxes
        ), (word, boxes)


@example(lines=[["a-"], ["0"]])
@given(lines=st.lists(st.lists(texts, min_size=1, max_size=6), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_text_comes_back_as_it_was_read(tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]]) -> None:
    folder = tmp_path_factory.mktemp("text")
    sheet = PageWords(
        2000,
        400,
        tuple(
            tuple(Word(text, (20 + 300 * i, 40 + 90 * n, 260 + 300 * i, 80 + 90 * n)) for i, text in enumerate(line))
            for n, line in enumerate(lines)
        ),
    )
    source = saved(Image.new("L", (2000, 400), 255), folder / "a.png", dpi=(200, 200))
    made([source], folder / "a.pdf", sheet)
    want = [unicodedata.normalize("NFC", text) for line in lines for text in line]
    assert poppler_text(folder / "a.pdf").split() == want
    # pdfium takes a hyphen at a line's end for one that splits a word: it tells it as U+0002 and no new line.
    assert pdfium_text(folder / "a.pdf").replace("\x02", "- ").split() == want


@pytest.mark.parametrize("reader", [poppler_text, pdfium_text, mupdf_text])
def test_three_readers_give_vietnamese_lines_in_order(tmp_path: Path, reader: object) -> None:
    sheet = printed()
    made([saved(sheet.image, tmp_path / "a.jpg")], tmp_path / "a.pdf", sheet.words)
    lines = [" ".join(line.split()) for line in reader(tmp_path / "a.pdf").splitlines() if line.strip()]  # type: ignore[operator]
    assert lines == list(LINES)


def test_extracted_boxes_cover_the_print(tmp_path: Path) -> None:
    """Against boxes measured on the drawn letters: the middle lies in the word, and most of the area is shared."""
    sheet = printed()
    made([saved(sheet.image, tmp_path / "a.jpg")], tmp_path / "a.pdf", sheet.words)
    boxes = dict(poppler_words(tmp_path / "a.pdf"))
    shared = []
    texts = [word.text for word in sheet.words.words]
    for word in sheet.words.words:
        if texts.count(word.text) > 1:
            continue
        mine = tuple(value * 0.72 for value in word.box)
        theirs = boxes[word.text]
        across = min(mine[2], theirs[2]) - max(mine[0], theirs[0])
        down = min(mine[3], theirs[3]) - max(mine[1], theirs[1])
        assert across > 0.9 * (mine[2] - mine[0]), word
        assert mine[1] - 1 <= (theirs[1] + theirs[3]) / 2 <= mine[3] + 1, word
        union = (mine[2] - mine[0]) * (mine[3] - mine[1]) + (theirs[2] - theirs[0]) * (theirs[3] - theirs[1])
        shared.append(across * down / (union - across * down))
    assert np.mean(shared) > 0.6


def test_the_text_cannot_be_seen(tmp_path: Path) -> None:
    sheet = printed()
    source = saved(sheet.image, tmp_path / "a.jpg")
    made([source], tmp_path / "with.pdf", sheet.words)
    made([source], tmp_path / "without.pdf")
    assert np.array_equal(shown(tmp_path / "with.pdf"), shown(tmp_path / "without.pdf"))
    assert streams(tmp_path / "with.pdf")[0][0] == source.read_bytes()


@pytest.mark.parametrize("text", ["𠀀𝄞", "漢字", "\\()", "\r\n", "a\u0301", "ﬁ"])
def test_any_characters_survive(tmp_path: Path, text: str) -> None:
    """Beyond the basic plane, PDF's own delimiters, decomposed letters: found again as NFC, or left out if nothing."""
    data = {
        "page": 1,
        "width_px": 300,
        "height_px": 100,
        "lines": [{"words": [{"text": text, "box": [9, 9, 200, 60]}]}],
    }
    made([saved(Image.new("L", (300, 100), 255), tmp_path / "a.png")], tmp_path / "a.pdf", words_of(data))
    assert "".join(poppler_text(tmp_path / "a.pdf").split()) == "".join(unicodedata.normalize("NFC", text).split())
    assert pdfa.validate(tmp_path / "a.pdf").passed


def test_lines_that_run_down_or_up_the_page_keep_their_words(tmp_path: Path) -> None:
    down = tuple(Word(text, (100, 60 + 150 * i, 130, 180 + 150 * i)) for i, text in enumerate(("Phụ", "lục", "bảng")))
    up = tuple(Word(text, (200, 500 - 150 * i, 230, 620 - 150 * i)) for i, text in enumerate(("Tổng", "cộng", "chi")))
    made(
        [saved(Image.new("L", (400, 700), 255), tmp_path / "a.png")],
        tmp_path / "a.pdf",
        PageWords(400, 700, (down, up)),
    )
    assert poppler_text(tmp_path / "a.pdf").split() == ["Phụ", "lục", "bảng", "Tổng", "cộng", "chi"]
    boxes = dict(poppler_words(tmp_path / "a.pdf"))
    for word in (*down, *up):
        assert boxes[word.text] == pytest.approx([value * 0.72 for value in word.box], abs=1.5)


def test_thirty_thousand_words_on_a_page(tmp_path: Path) -> None:
    lines = tuple(
        tuple(Word(f"w{n}", (5 + 16 * n, 5 + 11 * row, 18 + 16 * n, 14 + 11 * row)) for n in range(100))
        for row in range(300)
    )
    source = saved(Image.new("1", (1654, 3400), 1), tmp_path / "a.png", dpi=(200, 200))
    made([source], tmp_path / "a.pdf", PageWords(1654, 3400, lines))
    assert len(pdfium_text(tmp_path / "a.pdf").split()) == 30_000  # poppler itself drops text this small


@pytest.mark.parametrize(
    "box", [[5, 5, 5, 9], [5, 9, 9, 5], [math.nan, 0, 9, 9], [0, 0, math.inf, 9], [-50, -50, -10, -10]]
)
def test_boxes_without_sense_harm_nothing(tmp_path: Path, box: list[float]) -> None:
    data = {
        "page": 1,
        "width_px": 90,
        "height_px": 90,
        "lines": [{"words": [{"text": "x", "box": box}]}, {"words": []}],
    }
    made([saved(Image.new("L", (90, 90), 255), tmp_path / "a.png")], tmp_path / "a.pdf", words_of(data))
    assert pdfa.validate(tmp_path / "a.pdf").passed


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"width_px": 1, "height_px": 1, "lines": [{}]}', "\x00", "{"])
def test_a_broken_reading_is_a_clear_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "001.json").write_text(text)
    with pytest.raises(DocumentError, match="ocr"):
        load_words(tmp_path / "001.json")
    with pytest.raises(DocumentError, match="ocr"):
        load_words(tmp_path / "002.json")


def test_words_of_another_page_are_refused(tmp_path: Path) -> None:
    """A reading made of a page of another shape would lay text where nothing is printed."""
    source = saved(Image.new("L", (400, 700), 255), tmp_path / "a.png")
    with pytest.raises(DocumentError, match="does not belong"):
        made([source], tmp_path / "a.pdf", PageWords(700, 400, ()))


@given(st.floats(-0.05, 0.05), st.integers(3, 12), st.floats(10, 60))
def test_the_baseline_follows_a_slanting_line(slope: float, count: int, size: float) -> None:
    line = [
        Word("x", (100 * i, 50 + slope * (100 * i + 20), 100 * i + 40, 50 + slope * (100 * i + 20) + size))
        for i in range(count)
    ]
    found = baseline(line)
    assert found.slope == pytest.approx(slope, abs=1e-6)
    assert found.y == pytest.approx(50 + size, abs=0.01)
    assert found.height == pytest.approx(size, abs=0.01)


@given(st.sampled_from([0, 90, 180, 270]), st.floats(0, 1), st.floats(0, 1))
def test_turning_four_quarters_is_no_turn(rotate: int, x: float, y: float) -> None:
    def at(matrix: tuple[float, ...], px: float, py: float) -> tuple[float, float]:
        return matrix[0] * px + matrix[2] * py + matrix[4], matrix[1] * px + matrix[3] * py + matrix[5]

    turn = displayed_to_page(1, 1, rotate)
    assert at(times(times(turn, turn), times(turn, turn)), x, y) == pytest.approx((x, y), abs=1e-9)


def test_the_font_is_the_same_every_time_and_has_no_ink() -> None:
    assert font_program() == font_program.__wrapped__()
    charset = Charset()
    assert charset.encode("aba") == b"\0\1\0\2\0\1"


def test_nothing_to_write_writes_nothing() -> None:
    assert content(PageWords(10, 10, ()), (1, 0, 0, 1, 0, 0), Charset()) == b""


def test_pdfium_marks_a_word_where_it_stands(tmp_path: Path) -> None:
    """Chromium's engine: the box of a search hit is the word's box."""
    sheet = printed()
    made([saved(sheet.image, tmp_path / "a.jpg")], tmp_path / "a.pdf", sheet.words)
    word = next(word for word in sheet.words.words if word.text == "12/QĐ-UBND")
    document = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    textpage = document[0].get_textpage()
    index, count = textpage.search("12/QĐ-UBND").get_next()
    boxes = [textpage.get_charbox(index + n, loose=True) for n in range(count)]
    left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
    assert (left, right) == pytest.approx((word.box[0] * 0.72, word.box[2] * 0.72), abs=1.0)
    document.close()


def test_a_page_without_words_has_no_font(tmp_path: Path) -> None:
    made([saved(Image.new("L", (90, 90), 255), tmp_path / "a.png")], tmp_path / "a.pdf", PageWords(90, 90, ()))
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        assert "/Font" not in pdf.pages[0].obj.Resources
