"""Delivered pictures come through as they are."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageCms

from intake.errors import DocumentError
from tests.pdf.paper import jpeg, made, pages_of, printed, qpdf_is_content, saved, shown, streams
from workers.pdf import inks
from workers.tools import pdfa
from workers.tools.pages import decode

_PAGE = printed().image


@pytest.fixture
def page() -> Image.Image:
    return _PAGE.copy()  # Pillow keeps the options of an earlier save with the image


def as_rgb(pixels: np.ndarray) -> np.ndarray:
    return np.repeat(pixels[:, :, None], 3, 2) if pixels.ndim == 2 else pixels[:, :, ::-1]


def pixels_kept(source: Path, target: Path, number: int = 0) -> bool:
    """The image inside the PDF has, bit for bit, the delivered pixels."""
    with pdfa.open_lazily(target) as pdf:
        image = next(iter(pdf.pages[number].obj.Resources.XObject.values()))
        got = np.asarray(pikepdf.PdfImage(image).as_pil_image().convert("RGB"))
    return np.array_equal(got, as_rgb(decode(pages_of(source)[number])))


def looks_alike(source: Path, target: Path) -> bool:
    """A reader shows what the delivered file shows, the same way up."""
    want = as_rgb(decode(pages_of(source)[0]))
    got = shown(target, scale=100 / 72)
    assert abs(got.shape[0] - want.shape[0]) <= 1
    assert abs(got.shape[1] - want.shape[1]) <= 1
    small = [cv2.resize(np.ascontiguousarray(image), (160, 160), interpolation=cv2.INTER_AREA) for image in (want, got)]
    return float(cv2.absdiff(*small).mean()) < 1.5


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}])
def test_jpeg_bytes_are_embedded_untouched(page: Image.Image, tmp_path: Path, options: dict) -> None:
    data = jpeg(page, **options)
    (tmp_path / "a.jpg").write_bytes(data)
    made([tmp_path / "a.jpg"], tmp_path / "a.pdf")
    assert [raw for raw, _ in streams(tmp_path / "a.pdf")] == [data]


def test_grey_jpeg_stays_grey(page: Image.Image, tmp_path: Path) -> None:
    data = jpeg(page.convert("L"))
    (tmp_path / "a.jpg").write_bytes(data)
    made([tmp_path / "a.jpg"], tmp_path / "a.pdf")
    [(raw, image)] = streams(tmp_path / "a.pdf")
    assert raw == data
    assert image.ColorSpace == "/DeviceGray"


def test_jpeg_whose_components_are_rgb_keeps_its_colours(page: Image.Image, tmp_path: Path) -> None:
    data = jpeg(page, keep_rgb=True, quality=95)
    (tmp_path / "a.jpg").write_bytes(data)
    made([tmp_path / "a.jpg"], tmp_path / "a.pdf")
    assert streams(tmp_path / "a.pdf")[0][0] == data
    assert looks_alike(tmp_path / "a.jpg", tmp_path / "a.pdf")


def test_cmyk_jpeg_is_untouched_coloured_right_and_still_pdfa(page: Image.Image, tmp_path: Path) -> None:
    data = jpeg(page.convert("CMYK"), quality=95)
    (tmp_path / "a.jpg").write_bytes(data)
    made([tmp_path / "a.jpg"], tmp_path / "a.pdf")
    assert streams(tmp_path / "a.pdf")[0][0] == data
    assert pdfa.validate(tmp_path / "a.pdf").passed
    paper = shown(tmp_path / "a.pdf")[20:60, 20:60].mean(axis=(0, 1))
    assert np.abs(paper - np.asarray(page)[20:60, 20:60].mean(axis=(0, 1))).max() < 6


def test_the_ink_profile_mixes_as_readers_do() -> None:
    """LittleCMS, an independent implementation, reads our profile and agrees with R = (1 - C)(1 - K)."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(inks.profile()))
    change = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "CMYK", "RGB")
    colours = np.random.default_rng(1).integers(0, 256, (40, 40, 4), dtype=np.uint8)
    image = Image.fromarray(colours, "CMYK")
    got = np.asarray(ImageCms.applyTransform(image, change)).astype(int)
    assert np.abs(got - np.asarray(image.convert("RGB"))).mean() < 1.5


@pytest.mark.parametrize(("orientation", "degrees"), [(3, 180), (6, 90), (8, 270)])
def test_exif_orientation_becomes_rotate_not_new_pixels(
    page: Image.Image, tmp_path: Path, orientation: int, degrees: int
) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = jpeg(page, exif=exif, dpi=(100, 50))
    (tmp_path / "a.jpg").write_bytes(data)
    made([tmp_path / "a.jpg"], tmp_path / "a.pdf")
    with pdfa.open_lazily(tmp_path / "a.pdf") as pdf:
        assert pdf.pages[0].obj.Rotate == degrees
        assert [float(v) for v in pdf.pages[0].mediabox] == pytest.approx([0, 0, 827 * 0.72, 1169 * 1.44])
    assert streams(tmp_path / "a.pdf")[0][0] == data


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_png_and_tiff_keep_every_pixel(page: Image.Image, tmp_path: Path, mode: str, kind: str) -> None:
    source = saved(page.convert(mode), tmp_path / f"a.{kind}")
    made([source], tmp_path / "a.pdf")
    assert pixels_kept(source, tmp_path / "a.pdf")


def test_sixteen_bit_grey_keeps_sixteen_bits(tmp_path: Path) -> None:
    depth = np.random.default_rng(1).integers(0, 65536, (60, 50)).astype(np.uint16)
    source = saved(Image.fromarray(depth), tmp_path / "a.png")
    made([source], tmp_path / "a.pdf")
    with pdfa.open_lazily(tmp_path / "a.pdf") as pdf:
        image = next(iter(pdf.pages[0].obj.Resources.XObject.values()))
        assert image.BitsPerComponent == 16
        filtered = np.frombuffer(image.read_bytes(), ">u2").reshape(60, 50)
    assert (filtered == depth).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["jpeg", "group4", "tiff_lzw"])
def test_tiff_orientations_show_upright_in_every_compression(
    page: Image.Image, tmp_path: Path, compression: str, orientation: int
) -> None:
    image = page.convert("1") if compression == "group4" else page
    source = saved(image, tmp_path / "a.tif", compression=compression, tiffinfo={274: orientation})
    made([source], tmp_path / "a.pdf")
    assert looks_alike(source, tmp_path / "a.pdf")


def test_jpeg_strips_of_a_tiff_are_joined_not_recoded(page: Image.Image, tmp_path: Path) -> None:
    source = saved(page, tmp_path / "a.tif", compression="jpeg")
    made([source], tmp_path / "a.pdf")
    [(raw, image)] = streams(tmp_path / "a.pdf")
    assert image.Filter == "/DCTDecode"
    assert len(raw) < source.stat().st_size
    with Image.open(source) as delivered, Image.open(io.BytesIO(raw)) as joined:
        assert len(delivered.tag_v2[273]) > 1
        assert np.abs(np.asarray(joined).astype(int) - np.asarray(delivered)).max() <= 1


def test_every_frame_of_a_tiff_becomes_a_page(page: Image.Image, tmp_path: Path) -> None:
    frames = [page.convert("1"), page.convert("L"), page]
    source = saved(frames[0], tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    made([source], tmp_path / "a.pdf")
    assert [image.get("/BitsPerComponent") for _, image in streams(tmp_path / "a.pdf")] == [1, 8, 8]
    assert all(pixels_kept(source, tmp_path / "a.pdf", number) for number in range(3))


def test_transparency_is_laid_on_white_paper(tmp_path: Path) -> None:
    source = saved(Image.new("RGBA", (200, 100), (255, 0, 0, 0)), tmp_path / "a.png")
    made([source], tmp_path / "a.pdf")
    assert shown(tmp_path / "a.pdf").min() == 255


def test_page_size_is_exactly_pixels_over_dpi(page: Image.Image, tmp_path: Path) -> None:
    source = saved(page, tmp_path / "a.jpg", dpi=(203, 198))
    made([source], tmp_path / "a.pdf")
    with pdfa.open_lazily(tmp_path / "a.pdf") as pdf:
        assert [float(v) for v in pdf.pages[0].mediabox] == pytest.approx([0, 0, 827 / 203 * 72, 1169 / 198 * 72])


def test_a_missing_resolution_is_assumed_and_said(page: Image.Image, tmp_path: Path) -> None:
    page.save(tmp_path / "a4.png")
    page.crop((0, 0, 400, 400)).save(tmp_path / "square.png")
    done = made([tmp_path / "a4.png", tmp_path / "square.png"], tmp_path / "a.pdf")
    assert done.assumed[1] == (pytest.approx(100, abs=0.2), pytest.approx(100, abs=0.2), "A4")
    assert done.assumed[2] == (200, 200, "200 dpi")


@pytest.mark.parametrize("kind", ["jpg", "png", "tif"])
@pytest.mark.parametrize("share", [0.15, 0.5, 0.9])
def test_a_picture_cut_short_is_an_error_and_leaves_no_file(
    page: Image.Image, tmp_path: Path, kind: str, share: float
) -> None:
    whole = saved(page, tmp_path / f"whole.{kind}").read_bytes()
    (tmp_path / f"a.{kind}").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DocumentError):
        made([tmp_path / f"a.{kind}"], tmp_path / "a.pdf")
    assert not (tmp_path / "a.pdf").exists()


def test_overhead_stays_under_three_percent_of_an_ordinary_scan(tmp_path: Path) -> None:
    """Scans at 200 dpi weigh 250 KB and more; the text, font, profile and metadata together under 3 % of that."""
    text = "Ủy ban nhân dân thành phố quyết định ban hành kế hoạch thực hiện nhiệm vụ năm 2026"
    sheet = printed((text,) * 24)
    rng = np.random.default_rng(3)
    image = sheet.image.resize((1654, 2338))
    noisy = np.clip(np.asarray(image).astype(int) + rng.normal(0, 2.2, (2338, 1654, 1)), 0, 255).astype(np.uint8)
    source = saved(Image.fromarray(noisy), tmp_path / "a.jpg", dpi=(200, 200), quality=75)
    made([source], tmp_path / "a.pdf", sheet.words, Subject="Về việc thực hiện nhiệm vụ", CodeNumber="12")
    assert source.stat().st_size > 200_000
    assert (tmp_path / "a.pdf").stat().st_size < 1.03 * source.stat().st_size
    assert qpdf_is_content(tmp_path / "a.pdf")
