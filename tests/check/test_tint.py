"""A grey capture tinted afterwards is grey, however it is saved; a colour scan of a black letter is not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from intake.model import Severity
from intake.profile import load
from intake.settings import shipped_profiles
from samples.capture import scan
from samples.page import Page
from workers.check import colour
from workers.check.view import PageView
from workers.tools.pages import PageSource


@pytest.fixture(scope="module")
def black_on_ivory(letter: Page) -> Page:
    gray = letter.pixels.mean(axis=2, keepdims=True)
    return dataclasses.replace(letter, pixels=(gray * np.array([1.0, 0.985, 0.94])).astype(np.uint8))


def _view(rgb: np.ndarray, quality: int) -> PageView:
    pressed = cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    pixels = cv2.imdecode(pressed, cv2.IMREAD_COLOR)
    height, width = pixels.shape[:2]
    return PageView.of(PageSource(1, Path("a"), 0, "jpeg", width, height, 200.0, 200.0, "rgb"), pixels)


def _kind(rgb: np.ndarray, quality: int) -> str:
    return colour.kind(_view(rgb, quality))


@pytest.mark.parametrize(("tint", "quality"), [((1.0, 0.93, 0.8), 60), ((0.9, 0.95, 1.0), 92)])
def test_a_tinted_grey_is_grey(black_on_ivory: Page, tint: tuple[float, ...], quality: int) -> None:
    gray = np.asarray(scan(black_on_ivory, np.random.default_rng(3), colour="gray"))
    assert _kind((gray[:, :, None] * np.array(tint)).astype(np.uint8), quality) == "gray-as-rgb"


@pytest.mark.parametrize("quality", [60, 92])
def test_a_colour_scan_of_a_black_letter_is_colour(black_on_ivory: Page, quality: int) -> None:
    assert _kind(np.asarray(scan(black_on_ivory, np.random.default_rng(3), misregistration_px=0.1)), quality) == "rgb"


def test_a_black_letter_washed_white_beside_a_dark_lid_is_colour(black_on_ivory: Page) -> None:
    taken = scan(black_on_ivory, np.random.default_rng(3), canvas_mm=(222.0, 309.0), lid=60, misregistration_px=0.02)
    washed = np.clip(taken.pixels.astype(np.float32) * (1.09, 1.1, 1.16), 0, 255).astype(np.uint8)
    assert _kind(washed, 85) == "rgb"


def test_grey_saved_as_colour_is_blocked_and_what_may_be_a_tint_is_told(black_on_ivory: Page) -> None:
    """No mark of a colour scanner is no proof that there was none: a colour scan must never be stopped for it."""
    section = load(shipped_profiles() / "incoming.toml").check
    gray = np.asarray(scan(black_on_ivory, np.random.default_rng(3), colour="gray"))[:, :, None]
    said = {}
    for name, tint in (("gray", (1.0, 1.0, 1.0)), ("tinted", (1.0, 0.93, 0.8))):
        view = _view((gray * np.array(tint)).astype(np.uint8), 75)
        (said[name],) = colour.look(view, section, colour.judge(view))
    assert {finding.code for finding in said.values()} == {"check.colour_gray_as_rgb"}
    assert (said["gray"].severity, said["tinted"].severity) == (Severity.BLOCK, Severity.WARN)
    assert "có lẽ" in said["tinted"].vi
