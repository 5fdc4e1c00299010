"""One delivered image as a PDF image: JPEG bytes untouched, PNG and TIFF without loss, page by page."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import cv2
import img2pdf
import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image, ImageCms

from intake.errors import DocumentError
from workers.pdf import inks, jpeg
from workers.tools.pages import PageSource

_SPACES = {1: ("/DeviceGray", b"GRAY"), 3: ("/DeviceRGB", b"RGB "), 4: ("", b"CMYK")}
_QUARTERS_LEFT = {1: 0, 3: 2, 6: 3, 8: 1}
"""TIFF orientations that are turns, and the quarter turns to the left that show them upright."""
_INVERTED_CMYK = [1, 0] * 4
"""Adobe's CMYK JPEGs count ink downwards."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """``image``: an image XObject; ``rotate``: degrees clockwise that its stored pixels still have to be turned."""

    image: pikepdf.Object
    rotate: int


def embed(pdf: pikepdf.Pdf, page: PageSource) -> Embedded:
    """The page's image as an image XObject of ``pdf``, its pixels (for JPEG: its bytes) exactly as delivered.

    Raises DocumentError when the data are damaged or cut short.
    """
    try:
        if page.container == "jpeg":
            return Embedded(_jpeg(pdf, page.file.read_bytes()), page.rotate)
        with Image.open(page.file) as image:
            image.seek(page.index)
            if page.container == "tiff":
                return _tiff(pdf, page, image)
            image.load()  # a picture cut short must be noticed here; its bytes would be taken over unseen
            plain = image.mode in ("1", "L", "P", "RGB") and "transparency" not in image.info
        return Embedded(_lossless(pdf, page.file.read_bytes() if plain else _as_png(image)), page.rotate)
    except (OSError, ValueError, TypeError, SyntaxError, EOFError, KeyError, img2pdf.ImageOpenError) as error:
        raise damaged(page, error) from error


def damaged(page: PageSource, error: Exception) -> DocumentError:
    """The error of a page whose data cannot be taken over whole."""
    kind = type(error).__name__
    return DocumentError(
        f"Trang {page.number} của «{page.file.name}» bị hỏng, không đưa vào PDF được ({kind}). Hãy quét lại.",
        f"Page {page.number} of «{page.file.name}» is damaged and cannot go into the PDF ({kind}). Scan it again.",
    )


def _jpeg(pdf: pikepdf.Pdf, data: bytes, is_rgb: bool = False) -> pikepdf.Object:
    """``is_rgb``: the container says that the components are red, green and blue."""
    header = jpeg.frame(data)
    if not jpeg.is_whole(data, header):
        raise ValueError("JPEG cut short")
    if not header.viewable:
        with Image.open(io.BytesIO(data)) as image:
            return _lossless(pdf, _as_png(image))
    values: dict[str, Any] = {
        "/Type": Name.XObject,
        "/Subtype": Name.Image,
        "/Width": header.width,
        "/Height": header.height,
        "/BitsPerComponent": 8,
        "/ColorSpace": _space(pdf, len(header.ids), data),
        "/Filter": Name.DCTDecode,
    }
    if is_rgb or header.is_rgb:
        values["/DecodeParms"] = Dictionary(ColorTransform=0)
    if len(header.ids) == 4 and header.adobe is not None:
        values["/Decode"] = Array(_INVERTED_CMYK)
    return pdf.make_indirect(Stream(pdf, data, Dictionary(values)))


def _space(pdf: pikepdf.Pdf, components: int, data: bytes) -> pikepdf.Object:
    """Colour space of a JPEG: its own profile when it has a usable one, else grey or sRGB as scanners mean it;
    inks without a profile get one that mixes them as readers do (PDF/A-2 forbids bare CMYK here)."""
    device, signature = _SPACES[components]
    with Image.open(io.BytesIO(data)) as image:
        profile = image.info.get("icc_profile")
    if profile and profile[16:20] == signature and profile[36:40] == b"acsp" and not _is_srgb(profile):
        return Array([Name.ICCBased, pdf.make_indirect(Stream(pdf, profile, N=components))])
    if device:
        return Name(device)
    return Array([Name.ICCBased, pdf.make_indirect(Stream(pdf, inks.profile(), N=components))])


def _is_srgb(profile: bytes) -> bool:
    """sRGB is what the output intent says anyway; repeating it on each page would cost 3 KB a page."""
    try:
        return "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return True  # a profile nobody can read says nothing


def _tiff(pdf: pikepdf.Pdf, page: PageSource, image: Any) -> Embedded:
    tags = image.tag_v2
    orientation = tags.get(274, 1)
    if tags.get(259) == 7 and orientation in _QUARTERS_LEFT:
        data = _joined_strips(page, tags)
        is_rgb = tags.get(262) == 2
        if data is not None and _same_pixels(data, image, _QUARTERS_LEFT[orientation]):
            return Embedded(_jpeg(pdf, data, is_rgb), page.rotate)
    if getattr(image, "n_frames", 1) == 1 and image.mode == "1" and orientation == 1:
        return Embedded(_lossless(pdf, page.file.read_bytes()), 0)
    return Embedded(_lossless(pdf, _as_png(image)), 0)  # Pillow has turned the frame already


def _joined_strips(page: PageSource, tags: Any) -> bytes | None:
    offsets, counts = tags.get(273), tags.get(279)
    if not offsets or not counts or tags.get(284, 1) != 1:
        return None
    with page.file.open("rb") as stream:
        strips = []
        for offset, count in zip(offsets, counts, strict=True):
            stream.seek(offset)
            strips.append(stream.read(count))
    try:
        return jpeg.joined(tags.get(347, b""), strips, tags.get(278, page.height_px), page.width_px, page.height_px)
    except ValueError:
        return None  # strips that are no plain JPEGs: the pixels are taken over instead


def _same_pixels(data: bytes, image: Any, quarters_left: int) -> bool:
    """Joined strips must show what the TIFF shows; the two decoders may round a channel by one."""
    with Image.open(io.BytesIO(data)) as joined:
        ours = np.rot90(np.asarray(joined.convert("RGB")), quarters_left)
    theirs = np.asarray(image.convert("RGB"))
    return ours.shape == theirs.shape and float(cv2.absdiff(np.ascontiguousarray(ours), theirs).mean()) < 1.0


def _lossless(pdf: pikepdf.Pdf, data: bytes) -> pikepdf.Object:
    converted = img2pdf.convert(data, rotation=img2pdf.Rotation.none, engine=img2pdf.Engine.internal)
    with pikepdf.open(io.BytesIO(converted)) as one:
        return pdf.copy_foreign(next(iter(one.pages[0].obj.Resources.XObject.values())))


def _as_png(image: Image.Image) -> bytes:
    """One frame as PNG; transparency is laid on white paper, as a viewer would show it."""
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        opaque = image.convert("RGBA")
        paper = Image.new("RGBA", opaque.size, "white")
        paper.alpha_composite(opaque)
        image = paper.convert("L" if image.mode in ("LA", "La") else "RGB")
    elif image.mode.startswith("I"):
        image = Image.fromarray(np.clip(np.asarray(image), 0, 65535).astype(np.uint16))
    elif image.mode not in ("1", "L", "P", "RGB"):
        image = image.convert("RGB")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
