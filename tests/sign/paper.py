"""Scanned pages for these tests, drawn here: a header as Decree 30 lays it out, any sheet, any rotation."""

from __future__ import annotations

import io
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf
from PIL import Image, ImageDraw, ImageFont

from intake.folder import DocumentFolder
from intake.model import Box
from intake.ports import SigningSession
from intake.profile.sections import SignSection
from workers.sign import pades
from workers.sign.pades import Pressed
from workers.sign.place import Place
from workers.tools import pdfa

DPI = 200
FONT = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
RECORD = {"Subject": "Về việc thử chữ ký số", "CodeNumber": "12", "CodeNotation": "QĐ-UBND"}
A4, A4_LANDSCAPE, A3 = (210.0, 297.0), (297.0, 210.0), (297.0, 420.0)


def px(mm: float) -> int:
    return round(mm * DPI / 25.4)


def scan(size_mm: tuple[float, float] = A4, stamps: tuple[Box, ...] = (), fill: int = 247) -> Image.Image:
    """One page as a scanner sees it: off-white paper, a header, body lines, red boxes where ``stamps`` says."""
    width, height = size_mm
    image = Image.new("RGB", (px(width), px(height)), (fill, fill - 2, fill - 6))
    pen = ImageDraw.Draw(image)
    large, body = (ImageFont.truetype(FONT, px(points * 25.4 / 72)) for points in (13, 14))
    pen.text((px(32), px(20)), "ỦY BAN NHÂN DÂN", font=large, fill=(20, 20, 24))
    pen.text((px(width - 98), px(20)), "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", font=large, fill=(20, 20, 24))
    for line in range(8):
        pen.text(
            (px(30), px(60 + 8 * line)), "Điều 1. Nội dung của văn bản để thử chữ ký số.", font=body, fill=(24, 24, 28)
        )
    for box in stamps:
        corners = (px(box.x), px(box.y), px(box.x + box.width), px(box.y + box.height))
        pen.rectangle(corners, outline=(200, 40, 50), width=4)
        pen.text((corners[0] + 12, corners[1] + 8), "ĐẾN", font=body, fill=(200, 40, 50))
    return image


def pdf(
    path: Path, pages: list[Image.Image] | None = None, rotate: int = 0, crop_mm: float = 0.0, unit: float = 1.0
) -> Path:
    """A PDF/A-2b of scans. ``rotate``: the page is stored turned so that it displays upright; ``crop_mm``: a margin
    outside the CropBox; ``unit``: UserUnit (pages are stored that much smaller)."""
    document = pikepdf.new()
    for image in pages or [scan()]:
        stored = image.rotate(rotate, expand=True)
        points = [side * 72 / DPI / unit for side in stored.size]
        margin = crop_mm * 72 / 25.4 / unit
        data = io.BytesIO()
        stored.save(data, "JPEG", quality=88, dpi=(DPI, DPI))
        picture = pikepdf.Stream(
            document,
            data.getvalue(),
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=stored.width,
            Height=stored.height,
            ColorSpace=pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=pikepdf.Name.DCTDecode,
        )
        page = document.add_blank_page(page_size=(points[0] + 2 * margin, points[1] + 2 * margin))
        content = f"q {points[0]:.4f} 0 0 {points[1]:.4f} {margin:.4f} {margin:.4f} cm /Im Do Q".encode()
        page.obj.Contents = document.make_stream(content)
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=picture))
        if rotate:
            page.obj.Rotate = rotate
        if margin:
            page.obj.CropBox = pikepdf.Array([margin, margin, margin + points[0], margin + points[1]])
        if unit != 1.0:
            page.obj.UserUnit = unit
    pdfa.declare(document, RECORD)
    pdfa.save(document, path)
    return path


@cache
def plain() -> bytes:
    """One plain scanned page."""
    with TemporaryDirectory() as folder:
        return pdf(Path(folder) / "plain.pdf").read_bytes()


def document(folder: Path, name: str = "d1", source: Path | None = None, **keys: object) -> DocumentFolder:
    """A document folder whose published «pdf» attempt holds ``source`` (a plain scan by default)."""
    root = folder / name
    (root / "original").mkdir(parents=True)
    (root / "pdf.1").mkdir()
    target = root / "pdf.1" / "document.pdf"
    target.write_bytes(plain() if source is None else source.read_bytes())
    facts = {"pdf": {"pages": 1}, **keys.pop("facts", {})}  # type: ignore[dict-item]
    return DocumentFolder(name, root, published={"pdf": 1}, facts=facts, **keys)  # type: ignore[arg-type]


def press(
    source: Path,
    target: Path,
    session: SigningSession,
    section: SignSection,
    now: datetime,
    words: tuple[str, ...] = (),
    where: Place | None = None,
) -> Pressed:
    """The signature alone, without any of the checks around it."""
    return pades.press(pades.begin(source, target, session, section, now, words, where), session)


def fill(pressed: Pressed) -> None:
    """Put the signature into the file, whatever it is worth."""
    with pressed.begun.target.open("r+b") as stream:
        pressed.begun.digest.fill_with_cms(stream, pades.assembled(pressed))
