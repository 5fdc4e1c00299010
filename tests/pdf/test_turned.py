"""A page the check set upright: turned by /Rotate alone, its words on its print, its image as delivered."""

from __future__ import annotations

from pathlib import Path

import img2pdf
import numpy as np
import pikepdf
import pytest
from PIL import Image

from tests.pdf.paper import jpeg, poppler_words, printed, saved, shown, streams
from workers.pdf.assemble import assemble
from workers.tools.pages import decode, list_pages

LAID = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
"""how a page lay on the glass that so many clockwise degrees set upright"""


def _file(kind: str, lying: Image.Image, folder: Path) -> Path:
    if kind in ("png", "tif"):
        return saved(lying, folder / f"a.{kind}")
    if kind == "exif.jpg":  # a scanner that states a turn of its own, a wrong one
        exif = Image.Exif()
        exif[274] = 6
        return saved(lying.transpose(Image.Transpose.ROTATE_90), folder / "a.jpg", quality=85, exif=exif)
    data = jpeg(lying, quality=85)
    target = folder / f"a.{kind}"
    target.write_bytes(img2pdf.convert(data) if kind == "pdf" else data)
    return target


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("kind", ["jpg", "exif.jpg", "png", "tif", "pdf"])
def test_it_shows_upright_with_its_words_on_their_print(kind: str, turn: int, tmp_path: Path) -> None:
    sheet = printed()
    delivered = _file(kind, sheet.image.transpose(LAID[turn]), tmp_path)
    [page] = list_pages([delivered], turned={1: turn})
    upright = np.asarray(sheet.image).astype(int)
    assert page.shown_px == sheet.image.size
    assert np.abs(decode(page)[:, :, ::-1].astype(int) - upright).mean() < 4
    assemble([page], lambda _: sheet.words, {}, tmp_path / "made.pdf")

    seen = shown(tmp_path / "made.pdf", scale=100 / 72).astype(int)
    height, width = (min(a, b) for a, b in zip(seen.shape[:2], upright.shape[:2], strict=True))
    assert np.abs(seen[:height, :width] - upright[:height, :width]).mean() < 6
    found = poppler_words(tmp_path / "made.pdf")
    for word in sheet.words.words:
        x0, y0, x1, y1 = (value * 0.72 for value in word.box)
        middle = (y0 + y1) / 2
        assert any(abs(a - x0) < 1 and abs(c - x1) < 1 and b < middle < d for text, (a, b, c, d) in found
                   if text == word.text), word  # fmt: skip


@pytest.mark.parametrize("kind", ["jpg", "pdf"])
def test_not_a_byte_of_its_image_changes(kind: str, tmp_path: Path) -> None:
    sheet = printed()
    delivered = _file(kind, sheet.image.transpose(LAID[180]), tmp_path)
    given = delivered.read_bytes() if kind == "jpg" else streams(delivered)[0][0]
    assemble(list_pages([delivered], turned={1: 180}), lambda _: sheet.words, {}, tmp_path / "made.pdf")
    assert streams(tmp_path / "made.pdf")[0][0] == given
    with pikepdf.open(tmp_path / "made.pdf") as pdf:
        assert pdf.pages[0].obj.Rotate == 180
