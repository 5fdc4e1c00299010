"""The pages inside delivered files: what each claims about itself without decoding it, and its pixels.

JPEG, PNG, TIFF (multi-page too) and scanner-made PDF look the same from here on. Nothing is decoded before its
claimed size is known to be within the limit. Rotation (EXIF, PDF /Rotate) is applied when decoding, so pixels
are what a reader would see; resampling never happens except for PDF pages that are not one whole-page image.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
import pypdfium2
from PIL import Image

from intake.errors import DocumentError
from intake.pdfium import PDFIUM

Image.MAX_IMAGE_PIXELS = None  # limits are checked here, per call, before any decoding

PIXELS_MAX = 200_000_000


class TooLarge(DocumentError):
    """A page claims more pixels than allowed; nothing was decoded."""


class Encrypted(DocumentError):
    """A PDF that needs a password."""


RENDER_DPI = 200.0
"""dpi at which a PDF page is rendered that is not one whole-page image and holds no raster image at all"""

_MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)


@dataclass(frozen=True, slots=True)
class PageSource:
    """One page as its file describes it.

    ``width_px``, ``height_px``: stored pixels, before rotation. ``dpi_x``, ``dpi_y``: dpi of the stored axes, from
    placement for PDF, from tags otherwise; None when the file does not say. ``rotate``: clockwise degrees (0, 90,
    180, 270) to show it. ``mode``: ``rgb``, ``gray``, ``bilevel``, ``indexed``, ``cmyk``. ``whole_page``: the page
    is this one raster image (always true but for mixed PDF pages). ``page_pt``: PDF page size in pt, unrotated.
    ``turn``: clockwise degrees (0, 90, 180, 270) beyond ``rotate`` that set a page upright which lay wrong on the glass.
    """

    number: int
    file: Path
    index: int
    container: str
    width_px: int
    height_px: int
    dpi_x: float | None
    dpi_y: float | None
    mode: str
    rotate: int = 0
    whole_page: bool = True
    page_pt: tuple[float, float] | None = None
    turn: int = 0

    @property
    def shown_px(self) -> tuple[int, int]:
        """Width, height in px as displayed."""
        return (self.height_px, self.width_px) if self._on_its_side else (self.width_px, self.height_px)

    @property
    def shown_dpi(self) -> tuple[float | None, float | None]:
        return (self.dpi_y, self.dpi_x) if self._on_its_side else (self.dpi_x, self.dpi_y)

    @property
    def _on_its_side(self) -> bool:
        return (self.rotate + self.turn) % 180 == 90


def sniff(path: Path) -> str:
    """``jpeg|png|tiff|pdf|empty|other`` by content, never by name. A PDF header may stand in the first 1024 bytes."""
    with path.open("rb") as stream:
        head = stream.read(1024)
    if not head:
        return "empty"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    return "pdf" if b"%PDF-" in head else "other"


def list_pages(
    files: Sequence[Path], pixels_max: int = PIXELS_MAX, turned: Mapping[int, int] | None = None
) -> tuple[PageSource, ...]:
    """Every page of the files, in order, without decoding pixels. ``turned``: page number → its ``turn``.

    Raises DocumentError for anything that cannot be opened, is encrypted or claims more than ``pixels_max`` px.
    """
    pages: list[PageSource] = []
    for path in files:
        kind = sniff(path)
        if kind == "pdf":
            pages += _pdf_pages(path, len(pages), pixels_max)
        elif kind in ("jpeg", "png", "tiff"):
            pages += _image_pages(path, kind, len(pages), pixels_max)
        elif kind == "empty":
            raise DocumentError(
                f"Tệp «{path.name}» rỗng (0 byte). Hãy quét lại.", f"File «{path.name}» is empty. Scan it again."
            )
        else:
            raise DocumentError(
                f"Tệp «{path.name}» không phải JPEG, PNG, TIFF hay PDF. "
                "Hãy đặt máy quét xuất một trong các định dạng đó.",
                f"File «{path.name}» is not JPEG, PNG, TIFF or PDF. Set the scanner to one of these.",
            )
    return tuple(
        replace(page, turn=turned[page.number]) if turned and page.number in turned else page for page in pages
    )


def decode(page: PageSource) -> np.ndarray:
    """Pixels as displayed: uint8, H×W×3 in BGR order, or H×W for grey and bilevel (0 and 255).

    Raises DocumentError when the pixel data are damaged.
    """
    try:
        stored = _decode_pdf(page) if page.container == "pdf" else _decode_image(page)
    except DocumentError:
        raise
    except (
        OSError,
        ValueError,
        TypeError,
        SyntaxError,
        EOFError,
        cv2.error,
        pikepdf.PdfError,
        pypdfium2.PdfiumError,
        Image.DecompressionBombError,
    ) as error:
        raise _damaged(page.file, page.number, error) from error
    if page.rotate and page.container != "tiff":  # Pillow has turned a TIFF frame already
        stored = np.rot90(stored, k=-(page.rotate // 90))
    if page.turn:
        stored = np.rot90(stored, k=-(page.turn // 90))
    return np.ascontiguousarray(stored)


def _too_large(path: Path, number: int, width: int, height: int, limit: int) -> TooLarge:
    return TooLarge(
        f"Trang {number} của «{path.name}» khai {width} × {height} điểm ảnh, quá giới hạn {limit}. "
        "Không mở tệp này; hãy quét lại.",
        f"Page {number} of «{path.name}» claims {width} × {height} px, over the limit of {limit}. "
        "It was not opened; scan it again.",
    )


def _damaged(path: Path, number: int | None, error: Exception) -> DocumentError:
    where = f"Trang {number} của «{path.name}»" if number else f"Tệp «{path.name}»"
    where_en = f"Page {number} of «{path.name}»" if number else f"File «{path.name}»"
    return DocumentError(
        f"{where} bị hỏng, không đọc được ({type(error).__name__}). Hãy quét lại.",
        f"{where_en} is damaged and cannot be read ({type(error).__name__}). Scan it again.",
    )


_EXIF_ROTATE = {3: 180, 6: 90, 8: 270}


def _image_pages(path: Path, kind: str, before: int, pixels_max: int) -> list[PageSource]:
    try:
        with Image.open(path, formats=(kind.upper(),)) as image:
            found = []
            for index in range(getattr(image, "n_frames", 1)):
                if index:
                    image.seek(index)
                width, height = image.size
                number = before + index + 1
                if width * height > pixels_max:
                    raise _too_large(path, number, width, height, pixels_max)
                dpi_x, dpi_y = _tagged_dpi(image, kind)
                rotate = _EXIF_ROTATE.get(image.getexif().get(274, 1), 0)
                if kind == "tiff" and rotate in (90, 270):
                    width, height = height, width  # Pillow turns TIFF frames itself and reports them turned
                found.append(
                    PageSource(number, path, index, kind, width, height, dpi_x, dpi_y, _pil_mode(image), rotate)
                )
            return found
    except (
        OSError,
        ValueError,
        TypeError,
        SyntaxError,
        EOFError,
        KeyError,
        AttributeError,
        Image.DecompressionBombError,
    ) as error:
        raise _damaged(path, None, error) from error


def _pil_mode(image: Image.Image) -> str:
    return {"1": "bilevel", "L": "gray", "LA": "gray", "I;16": "gray", "I": "gray", "P": "indexed", "CMYK": "cmyk"}.get(
        image.mode, "rgb"
    )


def _tagged_dpi(image: Image.Image, kind: str) -> tuple[float | None, float | None]:
    if kind == "jpeg" and image.info.get("jfif_unit") == 0 and 282 not in image.getexif():
        return None, None  # an aspect ratio, not a density
    if kind == "tiff":
        tags: Any = image.tag_v2  # type: ignore[attr-defined]
        if 282 not in tags or tags.get(296, 2) == 1:
            return None, None
    dpi = image.info.get("dpi")
    if not dpi:
        return None, None
    values = tuple(float(value) for value in dpi)
    if any(not math.isfinite(value) or value < 2 for value in values):
        return None, None
    return values[0], values[1]


def _decode_image(page: PageSource) -> np.ndarray:
    if page.container == "jpeg":
        return decode_jpeg(page.file.read_bytes(), page.mode)
    with Image.open(page.file) as image:
        image.seek(page.index)
        return _from_pil(image)


def decode_jpeg(data: bytes, mode: str = "rgb") -> np.ndarray:
    """JPEG bytes to BGR or grey pixels; OpenCV's decoder returns None on damage, which is raised as ValueError."""
    if mode == "cmyk":
        with Image.open(io.BytesIO(data)) as image:
            return _from_pil(image)
    flag = cv2.IMREAD_GRAYSCALE if mode == "gray" else cv2.IMREAD_COLOR
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        raise ValueError("JPEG data")
    return pixels


def _from_pil(image: Image.Image) -> np.ndarray:
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode in ("L", "LA"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith("I"):
        wide = np.asarray(image).astype(np.float64)
        return (wide / max(wide.max(), 1) * 255).astype(np.uint8)
    return np.asarray(image.convert("RGB"))[:, :, ::-1]


@dataclass(frozen=True, slots=True)
class Placement:
    """An image drawn on a PDF page: its stream and the matrix (a, b, c, d, e, f) from unit square to pt."""

    image: Any
    matrix: tuple[float, float, float, float, float, float]

    @property
    def size_pt(self) -> tuple[float, float]:
        a, b, c, d, _, _ = self.matrix
        return math.hypot(a, b), math.hypot(c, d)

    @property
    def dpi(self) -> tuple[float, float]:
        width, height = self.size_pt
        return (
            int(self.image.Width) * 72 / max(width, 1e-6),
            int(self.image.Height) * 72 / max(height, 1e-6),
        )


def placements(page: pikepdf.Page, depth: int = 3) -> list[Placement]:
    """Every raster image drawn by a page's content, forms included to ``depth`` levels; nothing external followed."""
    return list(_walk(page.obj, page.obj.get("/Resources", None), (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), depth))


def _walk(stream: Any, resources: Any, base: tuple[float, ...], depth: int) -> Any:
    if resources is None:
        return
    objects = resources.get("/XObject", None)
    if objects is None:
        return
    matrix, stack = tuple(base), []
    for operands, operator in pikepdf.parse_content_stream(stream, "q Q cm Do"):
        name = str(operator)
        if name == "q":
            stack.append(matrix)
        elif name == "Q" and stack:
            matrix = stack.pop()
        elif name == "cm":
            matrix = _times(tuple(float(value) for value in operands), matrix)
        elif name == "Do":
            target = objects.get(str(operands[0]), None)
            if target is None:
                continue
            subtype = target.get("/Subtype")
            if subtype == "/Image":
                yield Placement(target, matrix)  # type: ignore[arg-type]
            elif subtype == "/Form" and depth:
                inner = _times(tuple(float(v) for v in target.get("/Matrix", [1, 0, 0, 1, 0, 0])), matrix)
                yield from _walk(target, target.get("/Resources", resources), inner, depth - 1)


def _times(left: tuple[float, ...], right: tuple[float, ...]) -> tuple[float, ...]:
    a, b, c, d, e, f = left
    g, h, i, j, k, m = right
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _pdf_pages(path: Path, before: int, pixels_max: int) -> list[PageSource]:
    try:
        with pikepdf.open(path) as pdf:
            return [
                _pdf_page(path, pdf_page, index, before + index + 1, pixels_max)
                for index, pdf_page in enumerate(pdf.pages)
            ]
    except pikepdf.PasswordError as error:
        raise Encrypted(
            f"Tệp «{path.name}» có mật khẩu. Hãy quét lại thành tệp không mã hóa.",
            f"File «{path.name}» is encrypted. Scan it again without a password.",
        ) from error
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise _damaged(path, None, error) from error


def _pdf_page(path: Path, page: pikepdf.Page, index: int, number: int, pixels_max: int) -> PageSource:
    left, bottom, right, top = (float(value) for value in page.mediabox)
    unit = float(page.obj.get("/UserUnit", 1))
    width_pt, height_pt = abs(right - left) * unit, abs(top - bottom) * unit
    rotate = int(page.obj.get("/Rotate", 0)) % 360
    drawn = [p for p in placements(page) if min(p.size_pt) > 1]
    for placed in drawn:
        width, height = int(placed.image.Width), int(placed.image.Height)
        if width * height > pixels_max:
            raise _too_large(path, number, width, height, pixels_max)
    whole = len(drawn) == 1 and _covers(drawn[0], width_pt / unit, height_pt / unit)
    if whole:
        image = drawn[0].image
        dpi_x, dpi_y = (value / unit for value in drawn[0].dpi)
        return PageSource(
            number,
            path,
            index,
            "pdf",
            int(image.Width),
            int(image.Height),
            dpi_x,
            dpi_y,
            _pdf_mode(image),
            rotate,
            True,
            (width_pt, height_pt),
        )
    dpis = [p.dpi for p in drawn]
    dpi_x = min((dpi[0] for dpi in dpis), default=None)
    dpi_y = min((dpi[1] for dpi in dpis), default=None)
    scale = (min(dpi_x, dpi_y) if dpi_x and dpi_y else RENDER_DPI) / 72
    width, height = round(width_pt * scale), round(height_pt * scale)
    if width * height > pixels_max:
        raise _too_large(path, number, width, height, pixels_max)
    modes = {_pdf_mode(p.image) for p in drawn} or {"rgb"}
    mode = modes.pop() if len(modes) == 1 else "rgb"
    return PageSource(
        number, path, index, "pdf", width, height, dpi_x, dpi_y, mode, rotate, False, (width_pt, height_pt)
    )


def _covers(placed: Placement, width_pt: float, height_pt: float) -> bool:
    a, b, c, d, _, _ = placed.matrix
    upright = abs(b) < 1e-3 * abs(a) and abs(c) < 1e-3 * abs(d) and a > 0 and d > 0
    width, height = placed.size_pt
    return upright and width >= 0.9 * width_pt and height >= 0.9 * height_pt


def _pdf_mode(image: Any) -> str:
    if image.get("/ImageMask", False) or int(image.get("/BitsPerComponent", 8)) == 1:
        return "bilevel"
    try:
        space = pikepdf.PdfImage(image).colorspace
    except (pikepdf.PdfError, NotImplementedError, TypeError, ValueError, KeyError, AttributeError):
        return "rgb"
    if space == "/ICCBased":
        components = int(image.ColorSpace[1].get("/N", 3))
        return {1: "gray", 3: "rgb", 4: "cmyk"}.get(components, "rgb")
    return {"/DeviceGray": "gray", "/CalGray": "gray", "/Indexed": "indexed", "/DeviceCMYK": "cmyk"}.get(
        str(space), "rgb"
    )


def _decode_pdf(page: PageSource) -> np.ndarray:
    if not page.whole_page:
        return _render(page)
    with pikepdf.open(page.file) as pdf:
        placed = next(p for p in placements(pdf.pages[page.index]) if min(p.size_pt) > 1)
        if placed.image.get("/Filter") == "/DCTDecode" and page.mode in ("rgb", "gray"):
            return decode_jpeg(placed.image.read_raw_bytes(), page.mode)
        try:
            return _from_pil(pikepdf.PdfImage(placed.image).as_pil_image())
        except NotImplementedError:
            # A colour space pikepdf has no name for: PDFium draws the page as a reader shows it.
            return cv2.resize(_render(page), (page.width_px, page.height_px), interpolation=cv2.INTER_AREA)


def _render(page: PageSource) -> np.ndarray:
    with PDFIUM:
        pdf = pypdfium2.PdfDocument(page.file)
        try:
            scale = page.width_px / (page.page_pt or (page.width_px, 1))[0]
            pdfium_page = pdf[page.index]
            pdfium_page.set_rotation(0)
            return pdfium_page.render(scale=scale).to_numpy()[:, :, :3].copy()
        finally:
            pdf.close()
