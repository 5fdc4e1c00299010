"""What the gate says of captures whose fault is known because we made it."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from samples.capture import save, scan
from samples.page import blank
from workers.check.gate import inspect


@pytest.mark.parametrize(("dpi", "container"), [(200, "jpeg"), (300, "pdf"), (200, "tiff")])
def test_a_good_scan_passes_whatever_its_container(taken, codes, dpi, container) -> None:
    assert codes(taken(dpi=float(dpi), skew_deg=0.4), container=container) == {}


@pytest.mark.parametrize(
    ("colour", "code"),
    [("gray", "colour_gray"), ("gray-as-rgb", "colour_gray_as_rgb"), ("bilevel", "colour_bilevel")],
)
def test_a_capture_without_colour_is_named_for_what_it_is(taken, codes, colour, code) -> None:
    container = "tiff" if colour == "bilevel" else "jpeg"
    assert codes(taken(colour=colour), container=container) == {code: "block"}


def test_too_few_dots_block_and_a_missing_tag_only_warns(taken, codes) -> None:
    assert codes(taken(dpi=150.0)) == {"dpi_low": "block"}
    assert codes(taken(), dpi_tag=0) == {"dpi_missing": "warn"}


def test_of_a_page_that_states_no_dpi_no_scale_is_claimed(taken, codes) -> None:
    assert codes(taken(canvas_mm=(222.0, 312.0), lid=200), dpi_tag=0) == {"dpi_missing": "warn"}


@pytest.mark.parametrize(
    ("source", "dpi", "kernel"),
    [(100, 200, "cubic"), (150, 200, "linear"), (75, 200, "lanczos"), (150, 300, "nearest"), (125, 200, "cubic")],
)
def test_an_enlarged_capture_is_found_by_its_pixels(taken, codes, source, dpi, kernel) -> None:
    scanned = taken(dpi=float(dpi), optical_dpi=(float(source), float(source)), kernel=kernel)
    assert codes(scanned, quality=70).get("dpi_false") == "block"


def test_an_axis_interpolated_alone_is_found_too(taken, codes) -> None:
    assert codes(taken(optical_dpi=(100.0, 200.0), kernel="linear")).get("dpi_false") == "block"


def test_soft_optics_are_not_called_enlarged(taken, codes) -> None:
    assert "dpi_false" not in codes(taken(dpi=300.0, blur_mm=0.08))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_not_upright_is_found_with_the_turn_that_mends_it(taken, codes, turn) -> None:
    code = "orientation_180" if turn == 180 else "orientation_90"
    assert codes(taken(rotate=turn)) == {code: "block"}


@pytest.mark.parametrize("degrees", [-5.0, 3.5])
def test_a_leaning_page_blocks(taken, codes, degrees) -> None:
    assert codes(taken(skew_deg=degrees, canvas_mm=(225.0, 312.0))).get("skew_excessive") == "block"


def test_letters_cut_through_at_an_edge_block(taken, codes) -> None:
    assert codes(taken(cut_mm=(0.0, 0.0, 30.0, 0.0))).get("content_cut") == "block"
    assert codes(taken(cut_mm=(38.0, 0.0, 0.0, 0.0))).get("content_cut") == "block"


def test_a_page_out_of_focus_blocks(taken, codes) -> None:
    assert codes(taken(blur_mm=0.38)) == {"blurred": "block"}


def test_a_page_too_dark_blocks(taken, codes) -> None:
    assert codes(taken(exposure=0.45)) == {"too_dark": "block"}


def test_a_washed_out_page_blocks(taken, codes) -> None:
    scanned = taken()
    pale = np.clip(185 + (scanned.pixels.astype(np.float32) - 25) * 115 / 200, 0, 255).astype(np.uint8)
    assert codes(dataclasses.replace(scanned, pixels=pale)).get("over_exposed") == "block"


def test_a_sheet_shrunk_to_fit_is_found_by_its_edges(taken, codes) -> None:
    assert codes(taken(scale=(0.94, 0.94), lid=225)).get("scale_not_100") == "block"


def test_the_scale_finding_names_its_rulers_in_its_own_language(taken, tmp_path, section) -> None:
    files = save([taken(scale=(0.94, 0.94), lid=225)], tmp_path / "doc.jpg", "jpeg", 200.0)
    finding = next(f for f in inspect(files, section)[0] if f.code == "check.scale_not_100")
    assert "mép giấy" in finding.vi
    assert "the sheet's edges" in finding.en
    assert not {"sheet", "stamp", "seal", "canvas"} & set(finding.vi.replace(",", " ").split())


def test_a4_on_an_a3_canvas_is_no_fault(taken, codes) -> None:
    assert codes(taken(canvas_mm=(297.0, 420.0), lid=235)) == {}


def test_a_blank_side_is_marked_and_a_pen_note_is_not_blank(taken, codes) -> None:
    empty = blank(np.random.default_rng(1))
    assert codes(taken(), scan(empty, np.random.default_rng(2), 200.0)) == {"blank_page": "warn"}
    pixels = empty.pixels.copy()
    cv2.putText(pixels, "ok 3/5", (1200, 900), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 2.6, (40, 50, 140), 5, cv2.LINE_AA)
    noted = scan(dataclasses.replace(empty, pixels=pixels), np.random.default_rng(2), 200.0)
    assert codes(taken(), noted) == {}


def test_the_edge_of_the_sheet_on_a_larger_glass_is_no_writing(taken, codes) -> None:
    back = scan(blank(np.random.default_rng(1)), np.random.default_rng(2), 200.0, canvas_mm=(214.0, 304.0), lid=150)
    assert codes(taken(), back) == {"blank_page": "warn"}


def test_a_second_capture_of_a_sheet_is_a_duplicate(taken, codes, letter) -> None:
    again = scan(letter, np.random.default_rng(9), 200.0, skew_deg=-0.9, exposure=0.93, shift_mm=(1.5, -1.0))
    assert codes(taken(), again) == {"duplicate_page": "warn"}
