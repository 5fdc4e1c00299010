"""The mark on paper: right words, right place, right size, black, upright, and never on top of anything."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytesseract
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.errors import DependencyMissing, DocumentError
from intake.folder import DocumentFolder
from intake.model import Box
from intake.profile.sections import SignSection
from tests.sign.authority import AGENCY, LONG
from tests.sign.paper import A3, A4, A4_LANDSCAPE, DPI, RECORD, document, pdf, press, scan
from workers.sign import stage
from workers.sign.mark import block, face_for, mark_text
from workers.sign.markread import read_mark
from workers.sign.pkcs12 import OpenKey
from workers.sign.place import place
from workers.sign.proof import hindrances
from workers.sign.sheet import PT_PER_MM, Sheet
from workers.sign.typeface import typeface
from workers.sign.verify import verify
from workers.tools.pki import TrustStore

MOMENT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
WORDS = f"SAO Y; {AGENCY}; 2026-11-22T10:04:05+07:00"
SHEETS = {
    "A4 portrait": (A4, {}),
    "A4 landscape": (A4_LANDSCAPE, {}),
    "A3": (A3, {}),
    "rotated 90": (A4, {"rotate": 90}),
    "rotated 180": (A4, {"rotate": 180}),
    "rotated 270": (A4_LANDSCAPE, {"rotate": 270}),
    "cropped": (A4, {"crop_mm": 12.0}),
    "user unit": (A3, {"unit": 2.0}),
}


def shown(path: Path) -> np.ndarray:
    """Page 1 at 200 dpi as poppler displays it, grey."""
    done = subprocess.run(
        ["pdftoppm", "-r", str(DPI), "-f", "1", "-l", "1", "-cropbox", path], capture_output=True, check=True
    )
    header = re.match(rb"P6\s(\d+)\s(\d+)\s255\s", done.stdout)
    assert header
    width, height = int(header[1]), int(header[2])
    return np.frombuffer(done.stdout[header.end() :], np.uint8).reshape(height, width, 3)


@pytest.mark.parametrize("name", SHEETS)
def test_the_mark_is_read_back_by_extraction_and_by_ocr_at_its_place_upright_ten_points_and_black(
    name: str, key: OpenKey, section: SignSection, tmp_path: Path
) -> None:
    size, how = SHEETS[name]
    source = pdf(tmp_path / "source.pdf", [scan(size)], **how)
    signed = tmp_path / "signed.pdf"
    where = place(source, (WORDS,))
    assert not where.moved
    press(source, signed, key, section, MOMENT, (WORDS,), where)

    read = read_mark(signed, "Sohoa1")
    assert read is not None
    assert (read.text, read.form, read.agency, read.page) == (WORDS, "SAO Y", AGENCY, 1)
    assert read.in_box_14
    assert read.box_mm == pytest.approx([size[0] - 7 - where.box.width, 5, where.box.width, where.box.height], abs=0.3)

    before, after = shown(source), shown(signed)
    assert before.shape == after.shape
    assert after.shape[1] / after.shape[0] == pytest.approx(size[0] / size[1], rel=0.01)
    rows, columns = np.nonzero(np.abs(before.astype(int) - after).max(axis=2) > 60)
    scale = size[0] / after.shape[1]
    left, right, top, bottom = (v * scale for v in (columns.min(), columns.max(), rows.min(), rows.max()))
    assert right == pytest.approx(size[0] - 7, abs=0.6)
    assert left == pytest.approx(size[0] - 7 - where.box.width, abs=0.8)
    assert 4.7 <= top <= 7
    # Times capitals are 0.662 em: Ủ with its hook above is taller, the semicolon goes below the line
    assert 2.3 <= bottom - top <= 3.9, "ten points"
    changed = after[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert changed.reshape(-1, 3).min(axis=0).max() < 40, "black"

    line = Image.fromarray(after[max(0, rows.min() - 14) : rows.max() + 14, max(0, columns.min() - 20) :])
    line = line.resize((line.width * 2, line.height * 2), Image.Resampling.LANCZOS)
    spoken = pytesseract.image_to_string(line, lang="vie", config="--psm 6")
    assert "".join(spoken.split()) == "".join(WORDS.split())


@pytest.mark.parametrize("name", ["A4 landscape", "A3", "rotated 90", "rotated 270"])
def test_an_a3_or_rotated_page_is_signed_whole_and_accepted_by_both_judges(
    name: str, key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    size, how = SHEETS[name]
    paper = document(tmp_path, source=pdf(tmp_path / "source.pdf", [scan(size)], **how))
    result = stage.run(paper, section, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    assert not result.facts["mark"]["moved"]
    assert verify(tmp_path / "signed.pdf", trust, now, online=True).verdict == "valid"
    told = subprocess.run(["pdfsig", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid." in told
    assert not hindrances(tmp_path / "signed.pdf")


def test_the_statement_of_conversion_stands_on_its_own_line_and_an_attachment_bears_its_number(
    key: OpenKey, section: SignSection, tmp_path: Path
) -> None:
    """NĐ 137/2024 Đ4.1.a; Mẫu 2.2."""
    wanted = section.model_copy(update={"conversion_statement": True, "converter": "Nguyễn Thị Hoa"})
    words = mark_text(DocumentFolder("d", tmp_path), wanted, MOMENT)
    press(pdf(tmp_path / "a.pdf"), tmp_path / "b.pdf", key, wanted, MOMENT, words)
    told = [
        "pdftotext",
        "-layout",
        "-x",
        "0",
        "-y",
        "0",
        "-W",
        "1654",
        "-H",
        "140",
        "-r",
        "200",
        tmp_path / "b.pdf",
        "-",
    ]
    text = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert lines == [WORDS, "Bản điện tử chuyển đổi từ văn bản giấy; Nguyễn Thị Hoa"]

    attached = section.model_copy(update={"mark_form": "attachment"})
    words = mark_text(DocumentFolder("d", tmp_path, confirmed=RECORD), attached, MOMENT)
    press(pdf(tmp_path / "a.pdf"), tmp_path / "c.pdf", key, attached, MOMENT, words)
    read = read_mark(tmp_path / "c.pdf", "Sohoa1")
    assert read is not None
    assert (read.text, read.form) == ("Số: 12/QĐ-UBND; 2026-11-22T10:04:05+07:00", "")


def test_poppler_extracts_the_words_of_the_mark_with_the_text_of_the_page(
    key: OpenKey, section: SignSection, tmp_path: Path
) -> None:
    press(pdf(tmp_path / "a.pdf"), tmp_path / "b.pdf", key, section, MOMENT, (WORDS,))
    text = subprocess.run(["pdftotext", tmp_path / "b.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert WORDS in text
    fonts = subprocess.run(["pdffonts", tmp_path / "b.pdf"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"SOHOAM\+LiberationSerif\s+CID TrueType\s+Identity-H\s+yes yes yes", fonts)


BOX_14 = Box(150, 3, 55, 18)


def test_an_inked_box_14_moves_the_mark_to_the_nearest_free_place_and_says_so(
    key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    source = pdf(tmp_path / "stamped.pdf", [scan(A4, (BOX_14,))])
    result = stage.run(
        document(tmp_path, source=source), section, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True
    )
    moved = [finding for finding in result.findings if finding.code == "sign.mark_moved"]
    assert len(moved) == 1
    assert result.facts["mark"]["moved"]
    x, y, width, _ = result.facts["mark"]["box_mm"]
    assert x + width <= BOX_14.x or y >= BOX_14.y + BOX_14.height
    assert np.hypot(203 - x - width, y - 5) < 70, "near"
    before, after = shown(source), shown(tmp_path / "signed.pdf")
    rows, columns = np.nonzero(np.abs(before.astype(int) - after).max(axis=2) > 60)
    covered = before[rows, columns]
    assert covered.min() > 225, "only blank paper was covered"


def test_a_page_without_any_free_place_is_held_and_nothing_is_covered(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (2339, 1654, 3), dtype=np.uint8)
    source = pdf(tmp_path / "full.pdf", [Image.fromarray(noise)])
    with pytest.raises(DocumentError, match="không in đè"):
        place(source, (WORDS,))


def test_a_black_scanner_border_is_no_place_for_black_letters(tmp_path: Path) -> None:
    image = scan()
    image.paste((12, 12, 14), (0, 0, image.width, 90))  # 11 mm of lid shadow
    where = place(pdf(tmp_path / "border.pdf", [image]), (WORDS,))
    assert where.moved
    assert where.box.y > 11.4


def test_a_mark_of_another_office_drawn_as_an_annotation_is_not_covered(
    key: OpenKey, section: SignSection, tmp_path: Path
) -> None:
    first, source = tmp_path / "first.pdf", pdf(tmp_path / "source.pdf")
    done = press(source, first, key, section, MOMENT, (WORDS,))
    where = place(first, (WORDS,))
    assert where.moved
    assert done.begun.place is not None
    other = done.begun.place.box
    assert where.box.x + where.box.width < other.x or where.box.y > other.y + other.height


@pytest.mark.parametrize("size", [A4, A4_LANDSCAPE])
def test_an_agency_name_of_200_letters_is_wrapped_and_whole(
    size: tuple[float, float], key: OpenKey, section: SignSection, tmp_path: Path
) -> None:
    words = (f"SAO Y; {LONG}; 2026-11-22T10:04:05+07:00",)
    source = pdf(tmp_path / "source.pdf", [scan(size)])
    where = place(source, words)
    assert 2 <= where.lines <= 4
    assert where.box.x >= 5
    press(source, tmp_path / "b.pdf", key, section, MOMENT, words, where)
    read = read_mark(tmp_path / "b.pdf", "Sohoa1")
    assert read is not None
    assert read.text == words[0]
    assert read.agency == LONG


@pytest.mark.parametrize(
    ("changes", "confirmed", "words"),
    [
        ({}, {}, (WORDS,)),
        ({"form": "SAO LỤC"}, {}, (WORDS.replace("SAO Y", "SAO LỤC"),)),
        ({"form": ""}, {}, (WORDS.replace("SAO Y; ", ""),)),
        ({"mark_form": "attachment"}, RECORD, ("Số: 12/QĐ-UBND; 2026-11-22T10:04:05+07:00",)),
        ({"time_pattern": "%d/%m/%Y %H:%M:%S"}, {}, (f"SAO Y; {AGENCY}; 22/11/2026 10:04:05",)),
        (
            {"conversion_statement": True, "converter": "Nguyễn Thị Hoa"},
            {},
            (WORDS, "Bản điện tử chuyển đổi từ văn bản giấy; Nguyễn Thị Hoa"),
        ),
    ],
)
def test_the_words_follow_the_forms_of_the_decree_in_vietnam_s_time(
    changes: dict[str, object],
    confirmed: dict[str, str],
    words: tuple[str, ...],
    section: SignSection,
    tmp_path: Path,
) -> None:
    paper = DocumentFolder("d", tmp_path, confirmed=confirmed)
    assert mark_text(paper, section.model_copy(update=changes), MOMENT) == words


def test_an_attachment_without_a_confirmed_number_is_held(section: SignSection, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"Mẫu 2\.2"):
        mark_text(DocumentFolder("d7", tmp_path), section.model_copy(update={"mark_form": "attachment"}), MOMENT)


def test_a_letter_the_typeface_lacks_is_named_and_a_missing_typeface_tells_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"U\+1F680"):
        typeface("SAO Y 🚀")
    with pytest.raises(DependencyMissing, match="fonts-liberation2"):
        typeface("SAO Y", tmp_path / "none.ttf")


ALPHABET = "aăbcđêghikơưỦỹ-."


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.text(ALPHABET, min_size=1, max_size=12), min_size=1, max_size=40),
    st.integers(min_value=1, max_value=8),
)
def test_wrapping_keeps_every_word_in_order_and_never_gets_wider_with_more_lines(words: list[str], lines: int) -> None:
    text = (" ".join(words),)
    face = face_for((ALPHABET,))
    made = block(text, face, lines)
    if made is None:
        assert len(words) < lines or lines > 1
        return
    assert " ".join(made.lines) == text[0]
    assert len(made.lines) == lines
    assert made.width == pytest.approx(max(face.width(line, 10) for line in made.lines))
    wider = block(text, face, lines - 1) if lines > 1 else None
    if wider is not None:
        assert made.width <= wider.width + 0.06


@settings(deadline=None)
@given(
    st.sampled_from([0, 90, 180, 270]),
    st.floats(min_value=0.5, max_value=4),
    st.tuples(*[st.floats(min_value=-500, max_value=500)] * 2),
    st.tuples(*[st.floats(min_value=0, max_value=40)] * 4),
)
def test_from_the_displayed_page_to_pdf_coordinates_and_back_is_the_same_box(
    rotate: int, unit: float, corner: tuple[float, float], values: tuple[float, float, float, float]
) -> None:
    sheet = Sheet((corner[0], corner[1], corner[0] + 595, corner[1] + 842), rotate, unit)
    box = Box(values[0], values[1], values[2] + 1, values[3] + 1)
    back = sheet.displayed(sheet.rectangle(box))
    assert back.as_list() == pytest.approx(box.as_list(), abs=0.02)
    assert sheet.size_mm[0] == pytest.approx((842 if rotate in (90, 270) else 595) * unit / PT_PER_MM)


def test_several_people_may_look_at_the_same_moment(tmp_path: Path) -> None:
    """PDFium itself is not safe in two threads; the station's process has one for every request."""
    source = pdf(tmp_path / "a.pdf", [scan(A4, (BOX_14,))])
    with ThreadPoolExecutor(6) as people:
        places = list(people.map(lambda _: place(source, (WORDS,)), range(8)))
    assert len({one.box for one in places}) == 1
