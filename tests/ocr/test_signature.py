"""Names that the first reading does not have: stamped, under a seal, askew, or below an office that was not read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from intake.model import FieldName
from intake.profile.sections import OcrSection
from samples.marks import Seal, seal
from samples.typeface import LIBERATION_SERIF
from tests.ocr.paper import MM, sheet, words
from workers.ocr.ink import Page
from workers.ocr.page import PageReading
from workers.ocr.reading import engine_for, read
from workers.ocr.signature import find_signature
from workers.ocr.signature_block import read_block
from workers.ocr.signature_ink import without_rings
from workers.ocr.signer import Name, Place, Signer, find_signer, name_in, office_of, position_of, signature_place

ENGINE = engine_for("tesserocr", OcrSection().language)
BLACK, RED, BLUE = (28, 28, 32), (205, 40, 60), (40, 60, 150)
OFFICE = words("GIÁM ĐỐC", 136, 60, advance=2.6)
TEXT = words("Căn cứ Luật Tổ chức chính quyền địa phương và tờ trình của Sở Y tế", 30, 48, advance=2.1)
PLACE = Place((103.0, 57.0, 193.0, 124.0), sheet(OFFICE).rows[0], "GIÁM ĐỐC", True)


class Paper:
    """A sheet of A4 at 200 dpi that print, seals and pens are laid on, each darkening what is there (RGB)."""

    def __init__(self) -> None:
        self.pixels = np.full((2339, 1654, 3), (250, 249, 244), np.uint8)

    def lay(self, coverage: np.ndarray, ink: tuple[int, int, int], x: float, y: float) -> Paper:
        """``coverage`` (uint8) with its left upper corner at x, y mm."""
        left, top = round(x * MM), round(y * MM)
        part = self.pixels[top : top + coverage.shape[0], left : left + coverage.shape[1]]
        share = coverage[: part.shape[0], : part.shape[1], None] / 255
        part[:] = np.minimum(part, (1 - share) * 255 + share * np.array(ink)).astype(np.uint8)
        return self

    def print(self, text: str, middle: float, y: float, ink: tuple[int, int, int] = BLACK, rise: float = 0.0) -> Paper:
        """A bold line of 14 pt, its letters' top at ``y`` mm, rising by so many degrees."""
        font = ImageFont.truetype(str(LIBERATION_SERIF.bold), round(14 / 72 * 200))
        wide = round(font.getlength(text))
        layer = Image.new("L", (wide + 40, 120), 0)
        ImageDraw.Draw(layer).text((20, 38), text, 255, font)
        turned = np.asarray(layer.rotate(rise, resample=Image.Resampling.BICUBIC))
        return self.lay(turned, ink, middle - (wide + 40) / 2 / MM, y - 44 / MM)

    def seal(self, middle: float, y: float, ink: tuple[int, int, int] = RED) -> Paper:
        """A seal of 36 mm around a point."""
        mark = seal(Seal("CỘNG HÒA XHCN VIỆT NAM", "SỞ Y TẾ"), 200.0)
        half = mark.coverage.shape[0] / 2 / MM
        return self.lay(mark.coverage, ink, middle - half, y - half)

    def pen(self, *points: tuple[float, float], ink: tuple[int, int, int] = BLUE) -> Paper:
        """A stroke of 0.6 mm through the points."""
        layer = np.zeros(self.pixels.shape[:2], np.uint8)
        line = np.array([[round(x * MM), round(y * MM)] for x, y in points], np.int32)
        cv2.polylines(layer, [line], False, 255, 5, cv2.LINE_AA)
        return self.lay(layer, ink, 0, 0)

    def page(self, *lines, bilevel: bool = False) -> Page:
        """The page as scanned, with the lines that the engine read at first."""
        pixels = cv2.cvtColor(self.pixels, cv2.COLOR_RGB2BGR)
        if bilevel:
            gray = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
            pixels = np.where(gray < 150, 0, 255).astype(np.uint8)
        return Page(pixels, pixels, sheet(*lines))


def signed() -> Paper:
    """An office, a seal to the left of the signature, and a pen's stroke from it to the right."""
    paper = Paper().print("GIÁM ĐỐC", 148, 60).seal(130, 82)
    return paper.pen((128, 84), (138, 76), (143, 88), (150, 78), (156, 86), (185, 80))


def test_a_name_stamped_in_red_is_read_on_its_own_ink():
    page = signed().print("PHÓ GIÁM ĐỐC", 149, 66, RED, 1).print("Trịnh Văn Khải", 150, 104, RED, 2).page(OFFICE)
    block = read_block(page, PLACE, ENGINE, 60.0)
    assert block is not None
    assert (block.name.text, block.office) == ("Trịnh Văn Khải", "PHÓ GIÁM ĐỐC")
    assert block.confidence > 0.7
    assert 130 < block.box.x < 136
    assert 100 < block.box.y < 105


@pytest.mark.parametrize("name", ["Nguyễn Thị Hòa", "Đặng Thu Quỳnh", "Lê Bá Thường"])
def test_a_name_whose_surname_the_seal_crosses_is_read_whole(name):
    page = signed().print(name, 146, 96).page(OFFICE)
    block = read_block(page, PLACE, ENGINE, 60.0)
    assert block is not None
    assert block.name.text == name


@pytest.mark.parametrize("rise", [-3.5, 0.0, 3.5])
def test_a_stamped_name_askew_is_read_on_a_scan_without_colour(rise):
    page = signed().print("Phạm Thanh Tùng", 150, 106, rise=rise).page(OFFICE, bilevel=True)
    block = read_block(page, PLACE, ENGINE, 60.0)
    assert block is not None
    assert block.name.text == "Phạm Thanh Tùng"


def test_under_an_office_that_nobody_can_read_the_name_is_found_all_the_same():
    paper = Paper().print("GIÁM ĐỐC", 148, 60).print("PHÓ GIÁM ĐỐC", 147, 61, rise=2).seal(140, 72, BLACK)
    page = paper.print("Phạm Thanh Tùng", 150, 104).page(TEXT, bilevel=True)
    place = signature_place(page.sheet)
    assert place is not None
    assert place.office is None
    block = read_block(page, place, ENGINE, 60.0)
    assert block is not None
    assert block.name.text == "Phạm Thanh Tùng"


def test_a_name_that_nobody_signed_is_none():
    """Somebody to ask, printed at the right under the text."""
    page = Paper().print("Phạm Thanh Tùng", 150, 104).page()
    assert read_block(page, Place((94.5, 40.0, 205.0, 130.0), None), ENGINE, 60.0) is None


def test_names_in_a_list_under_a_drawing_are_none():
    paper = Paper().seal(140, 72, BLACK)
    for index, line in enumerate(("Trưởng đoàn kiểm tra", "Phạm Thanh Tùng", "Phó trưởng đoàn")):
        paper.print(line, 150, 98 + 7 * index)
    assert read_block(paper.page(), Place((94.5, 40.0, 205.0, 130.0), None), ENGINE, 60.0) is None


@pytest.mark.parametrize("name", ["Trần Đức Khải", "Nguyễn Thị Hòa", "Lê Bá Thường"])
def test_the_ring_of_a_black_seal_is_taken_from_the_name_it_crosses(name):
    paper = Paper().print("GIÁM ĐỐC", 148, 60).seal(128, 82, BLACK).print(name, 150, 98.5)
    block = read_block(paper.page(OFFICE, bilevel=True), PLACE, ENGINE, 60.0)
    assert block is not None
    assert block.name.text == name


def test_rings_are_taken_where_there_is_a_seal_and_letters_beside_it_stay():
    paper = Paper().print("GIÁM ĐỐC", 148, 60).print("Trần Đức Khải", 160, 104)
    bare = paper.page(bilevel=True).pixels[400:1000, 700:1500]
    assert without_rings(bare) is None
    sealed = paper.seal(130, 82, BLACK).page(bilevel=True).pixels[400:1000, 700:1500]
    taken = without_rings(sealed)
    assert taken is not None
    changed = (taken != sealed) & (taken > 128)
    assert changed.sum() > 8000
    assert not (changed & (bare < 128)).any()


def test_what_is_left_of_a_name_is_no_name():
    """Văn and Hoàng are surnames too: with ink right before them they may be middle names."""
    for left, begins in (("Hoàng Long", 143), ("Văn Bảo Long", 139)):
        alone = signed().print(left, 155, 104)
        scrawled = signed().print(left, 155, 104).pen((begins - 11, 107), (begins - 2, 104), ink=BLACK)
        names = [read_block(paper.page(OFFICE), PLACE, ENGINE, 60.0) for paper in (alone, scrawled)]
        assert names[0] is not None
        assert names[0].name.text == left
        assert names[1] is None


@pytest.mark.parametrize(("line", "name"), [
    ("Trịnh Văn Khải", Name("Trịnh Văn Khải")),
    ("— Trịnh Văn Khải .", Name("Trịnh Văn Khải")),
    ("TrịnhVăn Khải", Name("Trịnh Văn Khải")),
    ("ThS. Trịnh Văn Khải", Name("Trịnh Văn Khải")),
    ("Trinh Văn Khải", Name("Trinh Văn Khải", "Trịnh Văn Khải")),
    ("=Xguyễn Thị Hòa", Name("Nguyễn Thị Hòa", torn=True)),
    ("*Zfh Văn Khải", None),
    ("fấ Thị Kim Hòa", None),
    ("Trịnh Văn Khải chủ trì", None),
    ("Trịnh Văn Khải Rt", None),
    ("Trịnh Vặạn Khải", None),
    ("Nơi nhận", None),
    ("TRỊNH VĂN KHẢI", None),
    ("Sở Tài Chính", None),
])  # fmt: skip
def test_a_line_holds_a_name_only_from_its_surname_on(line, name):
    assert name_in([(word, 0.9) for word in line.split()]) == name


@pytest.mark.parametrize(("line", "office"), [
    ("KT. GIÁM ĐỐC", ("GIÁM ĐỐC", True)),
    ("VT. GIÁM ĐÓC", ("GIÁM ĐỐC", True)),
    ("L^T GIÁM ĐỐC", ("GIÁM ĐỐC", True)),
    ("#Ó CHỦ TỊCH", ("PHÓ CHỦ TỊCH", True)),
    ("`HÓ CHỦ TỊCH", ("PHÓ CHỦ TỊCH", True)),
    ("Q. VIỆN TRƯỞNG", ("VIỆN TRƯỞNG", True)),
    ("QUYỀN GIÁM ĐỐC", ("QUYỀN GIÁM ĐỐC", True)),
])  # fmt: skip
def test_an_office_is_known_with_a_pen_or_a_seal_on_its_first_letters(line, office):
    assert office_of(line) == office


def test_a_heading_that_begins_with_q_is_no_office():
    of = sheet(words("QUYẾT ĐỊNH:", 120, 100, advance=2.6), words("Trịnh Văn Khải", 122, 120))
    assert find_signer(of) is None


def test_who_approves_is_not_who_signs():
    of = sheet(
        words("PHÊ DUYỆT GIÁM ĐỐC", 90, 200, advance=2.2),
        words("Trịnh Văn Khải", 104, 240),
    )
    assert find_signer(of) is None


def test_under_kt_stands_the_deputy_even_where_the_seal_hides_pho():
    of = sheet(
        words("KT. CHỦ TỊCH", 130, 234, advance=2.2),
        words("r1 CHỦ TỊCH", 131, 240, advance=2.2),
        words("Trịnh Văn Khải", 132, 270),
    )
    signer = find_signer(of)
    assert signer is not None
    assert signer.position == "PHÓ CHỦ TỊCH"


def reading(*lines, number=1):
    return PageReading(number, 1654, 2339, (200.0, 200.0), lines)


NAME = words("Trịnh Văn Khải", 132, 104)


class Unasked:
    """An engine that must not be asked."""

    name = "unasked"

    def read(self, image, dpi, **more):
        raise AssertionError("the engine is asked again")


def as_read(paper, **misread):
    """The page, and its lines as the engine reads them but for the ``misread`` words."""
    page = paper.page()
    lines = ENGINE.read(page.gray[:, :, 1].copy(), 200.0)
    lines = tuple(tuple(replace(w, text=misread.get(w.text, w.text)) for w in line) for line in lines)
    return reading(*lines), sheet(*lines), page.pixels


def test_a_name_read_surely_and_seen_alike_is_not_read_again():
    page, laid, pixels = as_read(signed().print("Đỗ Việt Hiển", 150, 106))
    found = find_signature([page], [laid], lambda number: pixels, Unasked(), 60.0)
    assert found is not None
    assert (found.name, found.position, found.suggestion) == ("Đỗ Việt Hiển", "GIÁM ĐỐC", None)
    assert found.confidence > 0.85


def test_a_misread_name_is_spelt_as_the_word_reader_sees_it_and_doubted():
    page, laid, pixels = as_read(signed().print("Đỗ Việt Hiển", 150, 106), Hiển="Hiến")
    found = find_signature([page], [laid], lambda number: pixels, Slow(), 60.0)
    assert found is not None
    assert (found.name, found.suggestion) == ("Đỗ Việt Hiển", "Đỗ Việt Hiến")
    assert found.confidence < 0.6


def test_a_surname_that_lists_and_word_reader_spell_alike_is_as_sure_as_with_the_list_alone():
    page, laid, pixels = as_read(signed().print("Trần Bảo Long", 150, 106), Trần="Trân")
    found = find_signature([page], [laid], lambda number: pixels, Slow(), 60.0)
    assert found is not None
    assert (found.name, found.suggestion) == ("Trần Bảo Long", "Trân Bảo Long")
    assert 0.5 < found.confidence < 0.6


@pytest.mark.parametrize(("others", "name"), [
    ([None, None, "Hiển"], "Lê Việt Hiển"),
    (["Lế", None, None], "Lê Việt Hiến"),
    (["Lý", None, None], "Lý Việt Hiến"),
    ([None, "viết", None], "Lê Việt Hiến"),
])  # fmt: skip
def test_only_a_surname_stands_first_and_only_a_given_name_behind_it(others, name):
    tokens = sheet(words("“Lê Việt Hiến", 132, 104)).rows[0].tokens
    assert Signer("GIÁM ĐỐC", True, "Lê Việt Hiến", None, (), tokens).respelt(others) == name


@pytest.mark.parametrize(("line", "position"), [
    ("KT. CHỦ TỊCH", ("PHÓ CHỦ TỊCH", True)),
    ("T. GIÁM ĐỐC", ("PHÓ GIÁM ĐỐC", True)),
    ("KT. BỘ TRƯỞNG", ("THỨ TRƯỞNG", True)),
    ("K/T TRƯỞNG KHOA", ("TRƯỞNG KHOA", False)),
    ("TM. ỦY BAN NHÂN DÂN", ("", False)),
    ("M. ỦY BẠN NHÂN DÂN", ("", False)),
    ("T/L BỘ TRƯỞNG", ("", False)),
    ("TUQ. GIÁM ĐỐC", ("", False)),
    ("SẺ 5PNÓ CHỦ TỊCH", ("", False)),
    ("Q. GIÁM ĐỐC", ("GIÁM ĐỐC", True)),
    ("TRƯỞNG KHOA", ("TRƯỞNG KHOA", False)),
])  # fmt: skip
def test_kt_is_the_deputy_and_no_body_or_mandator_is_who_signs(line, position):
    assert position_of(line) == position


def test_under_kt_a_name_nobody_can_read_is_the_deputys():
    """The line of the deputy's office is what the seal hides."""
    page = signed().page()
    office = words("KT. GIÁM ĐỐC", 130, 60, advance=2.6)
    found = find_signature([reading(office)], [sheet(office)], lambda number: page.pixels, ENGINE, 60.0)
    assert found is not None
    assert (found.name, found.position) == (None, "PHÓ GIÁM ĐỐC")


def test_an_office_whose_name_nobody_can_read_stands_alone():
    page = signed().page(OFFICE)
    found = find_signature([reading(OFFICE)], [page.sheet], lambda number: page.pixels, ENGINE, 60.0)
    assert found is not None
    assert (found.name, found.position) == (None, "GIÁM ĐỐC")
    assert found.position_confidence < 0.7


def test_of_a_later_page_its_own_pixels_are_asked_for_and_an_enclosure_is_left_out():
    page = signed().print("Trịnh Văn Khải", 150, 104, RED).page(OFFICE)
    enclosure = words("PHỤ LỤC", 95, 20, advance=2.4)
    readings = [reading(TEXT), reading(OFFICE, number=2), reading(enclosure, OFFICE, NAME, number=3)]
    asked: list[int] = []

    def picture(number: int) -> np.ndarray:
        asked.append(number)
        return page.pixels

    found = find_signature(readings, [sheet(TEXT), page.sheet, sheet(enclosure, OFFICE, NAME)], picture, ENGINE, 60.0)
    assert found is not None
    assert (found.page, found.name, found.position) == (2, "Trịnh Văn Khải", "GIÁM ĐỐC")
    assert asked == [2]


@pytest.mark.parametrize(("read_first", "suggestion"), [
    ("Trân Bảo Long", None), ("Trần Bảo Lông", "Trần Bảo Lông"),
])  # fmt: skip
def test_two_readings_of_a_name_are_settled_by_the_picture(read_first, suggestion):
    """What only has another surname's mark is no other name."""
    page = signed().print("Trần Bảo Long", 150, 104).page()
    doubted = tuple(replace(word, confidence=0.7) for word in words(read_first, 132, 104))
    found = find_signature(
        [reading(OFFICE, doubted)], [sheet(OFFICE, doubted)], lambda number: page.pixels, ENGINE, 60.0
    )
    assert found is not None
    assert (found.name, found.suggestion) == ("Trần Bảo Long", suggestion)
    assert (found.confidence > 0.85) == (suggestion is None)


def test_a_whole_document_has_the_name_stamped_on_its_last_page(tmp_path):
    paper = signed().print("Trịnh Văn Khải", 150, 104, RED)
    paper.print("Nơi nhận: như trên; lưu văn thư.", 70, 40)
    last = tmp_path / "002.png"
    Image.fromarray(paper.pixels).save(last, dpi=(200, 200))
    first = Path(__file__).parents[2] / "samples" / "scans" / "cong-van-bao-cao-so-lieu.jpg"
    fields = read([first, last], OcrSection(), engine=ENGINE).fields
    name = fields[FieldName.SIGNER_FULL_NAME]
    assert (name.value, name.page) == ("Trịnh Văn Khải", 2)
    assert fields[FieldName.SIGNER_POSITION].value == "GIÁM ĐỐC"


class Slow:
    """An engine that never answers in time."""

    name = "slow"

    def read(self, image, dpi, **more):
        raise TimeoutError


def test_an_engine_that_takes_too_long_leaves_the_first_reading():
    page = signed().page()
    doubted = tuple(replace(word, confidence=0.5) for word in NAME)
    found = find_signature(
        [reading(OFFICE, doubted)], [sheet(OFFICE, doubted)], lambda number: page.pixels, Slow(), 60.0
    )
    assert found is not None
    assert found.name == "Trịnh Văn Khải"
    assert found.confidence == pytest.approx(0.475)
