"""Pages these tests make themselves, and what independent readers find in the finished PDF."""

from __future__ import annotations

import html
import io
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
from PIL import Image, ImageDraw, ImageFont

from workers.pdf.assemble import Assembled, assemble
from workers.pdf.textlayer import PageWords, Word
from workers.tools.pages import PageSource, list_pages

SERIF = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
LINES = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Số: 12/QĐ-UBND", "ỡ ợ ữ ự ẵ ặ ỹ Đ đ")


@dataclass(frozen=True)
class Printed:
    image: Image.Image
    words: PageWords


def printed(
    lines: Sequence[str] = LINES, size: tuple[int, int] = (827, 1169), seed: int = 1, centred: bool = False
) -> Printed:
    """A page of about A4 at 100 dpi with the lines printed on it, and the words where they really stand."""
    rng = np.random.default_rng(seed)
    paper = np.clip(rng.normal(246, 3, (size[1], size[0], 3)), 0, 255).astype(np.uint8)
    image = Image.fromarray(paper)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(SERIF, 22)
    found, y = [], 80
    for line in lines:
        x = (size[0] - font.getlength(line)) / 2 if centred else 90.0
        words = []
        for text in line.split():
            draw.text((x, y), text, font=font, fill=(20, 20, 25))
            box = tuple(float(v) for v in draw.textbbox((x, y), text, font=font))
            words.append(Word(text, box))  # type: ignore[arg-type]
            x += font.getlength(text + " ")
        found.append(tuple(words))
        y += 44
    return Printed(image, PageWords(size[0], size[1], tuple(found)))


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    options.setdefault("dpi", (100, 100))
    image.save(path, **options)
    return path


def jpeg(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **{"dpi": (100, 100), "quality": 80, **options})
    return stream.getvalue()


def made(files: Sequence[Path], target: Path, words: PageWords | None = None, **record: object) -> Assembled:
    """Assemble the files; every page gets the same words."""
    return assemble(list_pages(files), lambda page: words, record, target)


def pages_of(*files: Path) -> tuple[PageSource, ...]:
    return list_pages(files)


def streams(path: Path) -> list[tuple[bytes, pikepdf.Object]]:
    """Raw bytes and dictionary of every page image, in page order."""
    with pikepdf.open(path) as pdf:
        return [
            (image.read_raw_bytes(), image.stream_dict)
            for page in pdf.pages
            for image in page.obj.Resources.XObject.values()
        ]


def shown(path: Path, page: int = 0, scale: float = 1.0) -> np.ndarray:
    """What a reader shows, RGB, at ``scale`` px per pt."""
    document = pypdfium2.PdfDocument(path)
    try:
        return document[page].render(scale=scale).to_numpy()[:, :, 2::-1].copy()
    finally:
        document.close()


def poppler_words(path: Path, page: int = 1) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Words and boxes in pt from the top left of the displayed page, as poppler extracts them."""
    run = subprocess.run(
        ["pdftotext", "-bbox", "-f", str(page), "-l", str(page), path, "-"], capture_output=True, text=True, check=True
    )
    pattern = r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>'
    return [(html.unescape(m[4]), tuple(map(float, m[:4]))) for m in re.findall(pattern, run.stdout)]  # type: ignore[misc]


def poppler_text(path: Path) -> str:
    return subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, text=True, check=True).stdout


def mupdf_text(path: Path) -> str:
    run = subprocess.run(["mutool", "draw", "-q", "-F", "text", path], capture_output=True, text=True, check=True)
    return run.stdout


def pdfium_text(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def qpdf_is_content(path: Path) -> bool:
    return subprocess.run(["qpdf", "--check", path], capture_output=True).returncode == 0
