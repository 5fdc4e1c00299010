"""The test sheet tells a true station from a false one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageFont

from intake.errors import DocumentError
from workers.check import rulers
from workers.check.target import certify, make_target


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    path = make_target(tmp_path_factory.mktemp("target") / "target.pdf")
    pdf = pypdfium2.PdfDocument(path)
    try:
        return pdf[0].render(scale=300 / 72).to_numpy()[:, :, 2::-1].copy()
    finally:
        pdf.close()


def _scan(
    sheet: np.ndarray, path: Path, *, x: float = 1.0, y: float = 1.0, turn: float = 0.4, blur: float = 0.6
) -> Path:
    height, width = sheet.shape[:2]
    matrix = np.diag([x, y]) @ cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0)
    soft = cv2.GaussianBlur(sheet, (0, 0), blur)
    Image.fromarray(cv2.warpAffine(soft, matrix, (width, height), borderValue=(255,) * 3)).save(path, dpi=(300, 300))
    return path


def test_a_true_scanner_is_certified_and_measured(sheet, tmp_path) -> None:
    certificate = certify(_scan(sheet, tmp_path / "scan.jpg"))
    assert certificate.certified, certificate.faults
    assert certificate.dpi_x == pytest.approx(300, rel=0.002)
    assert certificate.turn_deg == pytest.approx(-0.4, abs=0.05)


@pytest.mark.parametrize(("x", "y"), [(0.97, 0.97), (1.0, 1.02)])
def test_a_scanner_that_scales_is_not(sheet, tmp_path, x, y) -> None:
    certificate = certify(_scan(sheet, tmp_path / "scan.jpg", x=x, y=y))
    assert "scale" in certificate.faults
    assert certificate.dpi_x == pytest.approx(300 * x, rel=0.003)
    assert certificate.dpi_y == pytest.approx(300 * y, rel=0.003)


def test_a_scanner_out_of_focus_is_not(sheet, tmp_path) -> None:
    assert "sfr10" in certify(_scan(sheet, tmp_path / "scan.jpg", blur=2.5)).faults


def test_any_other_picture_is_refused_with_what_to_do(tmp_path) -> None:
    path = tmp_path / "page.jpg"
    Image.new("RGB", (600, 800), "white").save(path)
    with pytest.raises(DocumentError, match="profile target"):
        certify(path)


def test_the_ruler_of_box_one_has_the_typefaces_own_widths() -> None:
    face = ImageFont.truetype("/usr/share/fonts/truetype/liberation2/LiberationSerif-Bold.ttf", 1000)
    for words, width in (
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", rulers.NATION_EM),
        ("Độc lập - Tự do - Hạnh phúc", rulers.MOTTO_EM),
    ):
        left, _, right, _ = face.getbbox(words)
        assert (right - left) / 1000 == pytest.approx(width, abs=0.01)
