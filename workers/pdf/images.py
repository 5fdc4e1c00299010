"""One delivered image as a PDF image: JPEG bytes untouched, PNG and TIFF without loss, page by page."""

from __future__ import annotations

import io

import img2pdf
import pikepdf
from pikepdf import Dictionary, Name, Stream
from PIL import Image

from intake.errors import DocumentError
from workers.tools.pages import PageSource

_JPEG_SPACE = {"gray": "/DeviceGray", "rgb": "/DeviceRGB"}


def embed(pdf: pikepdf.Pdf, page: PageSource) -> pikepdf.Object:
    """The page's image as an image XObject of ``pdf``, its pixels (for JPEG: its bytes) exactly as delivered.

    Raises DocumentError when the image cannot be kept as it is.
    """
    try:
        if page.container == "jpeg":
            return _jpeg(pdf, page)
        return _lossless(pdf, page)
    except (OSError, ValueError, TypeError, SyntaxError, EOFError, img2pdf.ImageOpenError, pikepdf.PdfError) as error:
        raise DocumentError(
            f"Trang {page.number} của «{page.file.name}» bị hỏng, không đưa vào PDF được ({type(error).__name__}). "
            "Hãy quét lại.",
            f"Page {page.number} of «{page.file.name}» is damaged and cannot go into the PDF ({type(error).__name__}). "
            "Scan it again.",
        ) from error


def _jpeg(pdf: pikepdf.Pdf, page: PageSource) -> pikepdf.Object:
    data = page.file.read_bytes()
    return pdf.make_indirect(
        Stream(
            pdf,
            data,
            Dictionary(
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=page.width_px,
                Height=page.height_px,
                BitsPerComponent=8,
                ColorSpace=Name(_JPEG_SPACE[page.mode]),
                Filter=Name.DCTDecode,
            ),
        )
    )


def _lossless(pdf: pikepdf.Pdf, page: PageSource) -> pikepdf.Object:
    with Image.open(page.file) as image:
        single = getattr(image, "n_frames", 1) == 1
        plain = image.mode in ("1", "L", "P", "RGB") and "transparency" not in image.info
        if single and plain:
            data = page.file.read_bytes()
        else:
            image.seek(page.index)
            data = _as_png(image)
    converted = img2pdf.convert(data, rotation=img2pdf.Rotation.none, engine=img2pdf.Engine.internal)
    with pikepdf.open(io.BytesIO(converted)) as one:
        image_object = next(iter(one.pages[0].images.values()))
        return pdf.copy_foreign(image_object)


def _as_png(image: Image.Image) -> bytes:
    """One frame as PNG; transparency is laid on white paper, as a viewer would show it."""
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        opaque = image.convert("RGBA")
        paper = Image.new("RGBA", opaque.size, "white")
        paper.alpha_composite(opaque)
        image = paper.convert("L" if image.mode in ("LA", "La") else "RGB")
    elif image.mode not in ("1", "L", "P", "RGB"):
        image = image.convert("RGB")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
