"""What others measure with must itself be right: sizes in mm, positions, truth, and each fault being what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.model import FIELD_LENGTH, FieldName
from samples import marks, wear
from samples.capture import random_settings, replaced, save, scan, scan_with
from samples.documents import random_spec, truth
from samples.page import Page, blank, render
from samples.pen import DIGITS, Hand
from samples.typeface import VIETNAMESE, installed

DPI = 200.0


def page_with(**changes: object) -> Page:
    rng = np.random.default_rng(5)
    spec = replace(random_spec(rng, "Quyết định", written=True), incoming=None, urgency="", **changes)
    return render(spec, np.random.default_rng(5), DPI)[0]


@pytest.fixture(scope="module")
def page() -> Page:
    return page_with()


def ink_size_mm(coverage: np.ndarray) -> tuple[float, float]:
    rows, columns = np.flatnonzero(coverage.max(axis=1) > 100), np.flatnonzero(coverage.max(axis=0) > 100)
    return (columns[-1] - columns[0] + 1) * 25.4 / 400, (rows[-1] - rows[0] + 1) * 25.4 / 400


@pytest.mark.parametrize(("text", "size"), [*marks.URGENCY_MM.items(), *marks.SECRECY_MM.items()])
def test_stamps_have_their_lawful_outer_size(text: str, size: tuple[float, float]) -> None:
    made = marks.secrecy(text, 400) if "MẬT" in text else marks.urgency(text, 400)
    assert ink_size_mm(made.coverage) == pytest.approx(size, abs=0.2)


@pytest.mark.parametrize("diameter", [30.0, 34.0, 36.0, 40.0, 42.0])
def test_a_seal_is_as_wide_as_said(diameter: float) -> None:
    made = marks.seal(marks.Seal("ỦY BAN NHÂN DÂN XÃ", "ĐẢNG ỦY", diameter_mm=diameter), 400)
    assert ink_size_mm(made.coverage) == pytest.approx((diameter, diameter), abs=0.2)


def test_the_incoming_stamp_is_50_by_35_mm() -> None:
    stamp = marks.IncomingStamp("Ủy ban nhân dân xã", "12", date(2026, 3, 1))
    assert ink_size_mm(marks.incoming(stamp, 400, np.random.default_rng(1)).coverage) == pytest.approx(
        (50, 35), abs=0.2
    )


def test_the_header_stands_where_the_decree_puts_it(page: Page) -> None:
    """NĐ 30/2020 Phụ lục I IV.2: issuer left, nation right, number and date on one line below."""
    organ, nation = page.boxes["organ"], page.boxes["nation"]
    assert organ[0] + organ[2] < 107
    assert nation[0] > 95
    date, number = page.boxes["date"], page.boxes["number_line"]
    assert abs((date[1] + date[3] / 2) - (number[1] + number[3] / 2)) < 4
    assert page.boxes["type"][1] > number[1] + number[3]
    assert page.boxes["subject"][1] > page.boxes["type"][1]


def test_the_seal_covers_about_a_third_of_the_signature(page: Page) -> None:
    seal, signature = page.boxes["seal"], page.boxes["signature"]
    covered = (seal[0] + seal[2] - signature[0]) / signature[2]
    assert seal[0] < signature[0]
    assert 0.1 < covered < 0.6


def test_the_same_seed_gives_the_same_pixels() -> None:
    pixels = []
    for _ in range(2):
        rng = np.random.default_rng(11)
        first = render(random_spec(rng), rng, 100)[0]
        pixels.append(scan_with(first, rng, random_settings(rng, 100.0)).pixels)
    assert np.array_equal(*pixels)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize(("skew", "scale"), [(0.0, 1.0), (1.0, 1.0), (-0.6, 0.93)])
def test_boxes_follow_the_image_through_skew_scale_and_rotation(
    page: Page, rotate: int, skew: float, scale: float
) -> None:
    made = scan(page, np.random.default_rng(1), 100, rotate=rotate, skew_deg=skew, scale=scale, noise=0, dust=0)
    rgb = made.pixels.astype(int)
    red = (rgb[:, :, 0] - rgb[:, :, 1:].max(axis=2)) > 60
    rows, columns = np.flatnonzero(red.sum(axis=1) > 1), np.flatnonzero(red.sum(axis=0) > 1)
    x0, y0, x1, y1 = made.box_px("seal")
    assert (columns[0], rows[0], columns[-1], rows[-1]) == pytest.approx((x0, y0, x1, y1), abs=5)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_every_random_document_has_a_truth_that_fits(seed: int) -> None:
    """Number and notation joined give the printed number; every value fits its field of Phụ lục VI."""
    spec = random_spec(np.random.default_rng(seed))
    fields = truth(spec, 1)["fields"]
    assert f"{fields['CodeNumber']}/{fields['CodeNotation']}" == spec.printed_number
    for name, value in fields.items():
        assert 0 < len(str(value)) <= FIELD_LENGTH[FieldName(name)]
    assert spec.issued.isoformat() == fields["IssuedDate"]


@given(seed=st.integers(0, 2**32 - 1), text=st.text("0123456789/.-", min_size=1, max_size=9))
@settings(max_examples=40, deadline=None)
def test_any_number_can_be_written_and_reads_from_left_to_right(seed: int, text: str) -> None:
    rng = np.random.default_rng(seed)
    strokes = Hand.random(rng).write(text, rng)
    assert len(strokes) >= len(text)
    assert all(np.isfinite(stroke).all() for stroke in strokes)
    assert set(DIGITS) >= set(text)


def test_gray_as_rgb_has_no_colour_and_bilevel_two_levels(page: Page) -> None:
    rng = np.random.default_rng(2)
    gray = scan(page, rng, 100, colour="gray-as-rgb").pixels
    assert int(np.ptp(gray, axis=2).max()) == 0
    assert set(np.unique(scan(page, rng, 100, colour="bilevel").pixels)) == {0, 255}
    assert scan(page, rng, 100, colour="gray").pixels.ndim == 2


def test_an_enlarged_scan_has_nothing_above_its_optical_resolution(page: Page) -> None:
    def high_share(optical: float) -> float:
        gray = scan(page, np.random.default_rng(3), 200, optical_dpi=optical, noise=0.5, sharpen=0).pixels[:, :, 1]
        power = np.abs(np.fft.rfft(gray[400:1200].astype(float) - gray.mean(), axis=1)) ** 2
        edge = power.shape[1] * 3 // 5
        return float(power[:, edge:].sum() / power[:, 5:].sum())

    assert high_share(100) < high_share(200) / 20


def test_cut_edges_are_off_the_image_and_the_map_knows(page: Page) -> None:
    whole = scan(page, np.random.default_rng(4), 100)
    cut = scan(page, np.random.default_rng(4), 100, cut_mm=(20, 10, 0, 0))
    assert cut.pixels.shape[1] == whole.pixels.shape[1] - round(20 * 100 / 25.4)
    assert cut.box_mm("seal")[0] == pytest.approx(whole.box_mm("seal")[0] - 20, abs=0.6)


def test_a_second_capture_differs_in_every_noise_but_not_in_content(page: Page) -> None:
    one, two = (scan(page, np.random.default_rng(seed), 100, noise=2).pixels.astype(int) for seed in (1, 2))
    assert 0.3 < np.abs(one - two).mean() < 4


def test_an_empty_back_has_no_ink() -> None:
    side = blank(np.random.default_rng(1), dpi=100)
    assert int(np.ptp(side.pixels)) < 12


@pytest.mark.parametrize("container", ["jpeg", "png", "tiff", "pdf"])
def test_containers_carry_the_density_they_are_given(container: str, page: Page, tmp_path: Path) -> None:
    made = scan(page, np.random.default_rng(1), 100)
    (path,) = save([made], tmp_path / "x", container, dpi_tag=150)  # type: ignore[arg-type]
    if container == "pdf":
        assert path.read_bytes().startswith(b"%PDF-")
        return
    with Image.open(path) as image:
        assert [round(float(value)) for value in image.info["dpi"]] == [150, 150]


def test_a_density_may_be_missing(page: Page, tmp_path: Path) -> None:
    made = scan(page, np.random.default_rng(1), 100)
    (path,) = save([made], tmp_path / "x.jpg", "jpeg", dpi_tag=None)
    with Image.open(path) as image:
        assert "dpi" not in image.info


def test_settings_can_be_changed_one_by_one() -> None:
    usual = random_settings(np.random.default_rng(1))
    changed = replaced(usual, scale=0.94, rotate=180)
    assert changed.scale == (0.94, 0.94)
    assert changed.noise == usual.noise


def test_typefaces_have_every_vietnamese_letter() -> None:
    faces = installed()
    assert faces[0].name == "Liberation Serif"
    for face in faces:
        for path in (face.regular, face.bold, face.italic, face.bold_italic):
            with TTFont(path, lazy=True) as font:
                assert set(map(ord, VIETNAMESE)) <= set(font.getBestCmap())


@pytest.mark.parametrize("mark", [wear.folded, wear.punched, wear.stapled, wear.dog_eared])
def test_wear_changes_a_little_of_the_sheet_and_leaves_the_truth(mark, page: Page) -> None:
    used = mark(page, np.random.default_rng(3))
    changed = (np.abs(used.pixels.astype(int) - page.pixels).max(axis=2) > 3).mean()
    assert 0 < changed < 0.05
    assert used.boxes == page.boxes


def test_an_overlay_names_another_date_and_tells_where_it_stands(page: Page) -> None:
    rng = np.random.default_rng(4)
    over = wear.random_overlay(page, rng, datetime(2026, 3, 1))
    x, y, width, height = (round(value * DPI / 25.4) for value in over.boxes["overlay"])
    before, after = (side.pixels[y : y + height + 6, x : x + width].min() for side in (page, over))
    assert after < before


def test_a_photocopy_has_no_ink_colour_left(page: Page) -> None:
    x, y, width, height = (round(value * DPI / 25.4) for value in page.boxes["seal"])
    copied = wear.photocopied(page, np.random.default_rng(5)).pixels[y : y + height, x : x + width]
    assert int(np.ptp(copied.astype(int), axis=2).max()) < 30
