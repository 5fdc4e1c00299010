"""Why a first page gave no fields: nothing on it, turned the wrong way, another language, or no head."""

from __future__ import annotations

import cv2
import numpy as np

from intake.model import Finding, Severity
from intake.ports import OcrEngine
from intake.profile.sections import OcrSection
from workers.ocr.anchors import STATE_TITLE, find_phrase
from workers.ocr.layout import lay_out
from workers.ocr.page import PageReading
from workers.ocr.spelling import fold

_TURNS = ((180, cv2.ROTATE_180), (90, cv2.ROTATE_90_CLOCKWISE), (270, cv2.ROTATE_90_COUNTERCLOCKWISE))

_TEXTS = {
    "ocr.upside_down": (
        "Trang 1 bị quay {measured}° nên không đọc được các trường. Hãy quét lại đúng chiều.",
        "Page 1 is turned by {measured}°, so the fields cannot be read. Scan it again the right way up.",
    ),
    "ocr.no_text": (
        "Trang 1 không đọc được chữ nào đáng tin (trang trắng, ảnh chụp hoặc quá mờ). Hãy xem lại trang hoặc quét lại.",
        "No trustworthy text could be read on page 1 (blank, a photo or too faint). Look at the page or scan it again.",
    ),
    "ocr.foreign_language": (
        "Trang 1 có vẻ không phải tiếng Việt nên các trường để trống. Hãy nhập tại bàn duyệt.",
        "Page 1 does not seem to be Vietnamese, so the fields are left empty. Fill them in at the desk.",
    ),
    "ocr.no_header": (
        "Trang 1 không có phần đầu của một văn bản hành chính (Quốc hiệu, số, ngày tháng) nên các trường để trống. "
        "Hãy nhập tại bàn duyệt.",
        "Page 1 does not bear the head of an administrative document (state title, number, date), so the fields are "
        "left empty. Fill them in at the desk.",
    ),
}


def has_text(page: PageReading) -> bool:
    """At least eight words the engine believes: less is specks, a photo, or paper."""
    words = [w for line in page.lines for w in line if w.confidence > 0.6 and sum(c.isalpha() for c in w.text) > 1]
    return len(words) >= 8


def trouble(page: PageReading, gray: np.ndarray, engine: OcrEngine, section: OcrSection) -> Finding:
    """The finding that tells the clerk why the fields are empty. Only now are other directions tried, and not on a page
    that has used up its time already."""
    turned = None if page.findings else _turned(page, gray, engine, section)
    if turned:
        return _finding("ocr.upside_down", page, turned)
    if not has_text(page):
        return _finding("ocr.no_text", page)
    if _foreign(page):
        return _finding("ocr.foreign_language", page)
    return _finding("ocr.no_header", page)


def _finding(code: str, page: PageReading, measured: int | None = None) -> Finding:
    vi, en = (text.format(measured=measured) for text in _TEXTS[code])
    unit = "°" if measured else ""
    return Finding(code, Severity.WARN, vi, en, page.number, measured=measured, unit=unit)


def _foreign(page: PageReading) -> bool:
    """Vietnamese writes marks on most words; a page of thirty words with hardly any is something else."""
    words = [w.text for line in page.lines for w in line if w.text.isalpha() and len(w.text) > 1 and w.confidence > 0.5]
    marked = sum(fold(word) != word.upper() for word in words)
    return len(words) >= 20 and marked < 0.25 * len(words)


def _turned(page: PageReading, gray: np.ndarray, engine: OcrEngine, section: OcrSection) -> int | None:
    """Degrees by which the page must be turned clockwise for Quốc hiệu to be read at its top, or None."""
    for degrees, turn in _TURNS:
        image = cv2.rotate(gray, turn)
        head = image[: round(0.3 * image.shape[0])]
        try:
            lines = engine.read(np.ascontiguousarray(head), page.dpi[0], seconds=section.page_seconds)
        except TimeoutError:
            continue
        sheet = lay_out(lines, image.shape[1], image.shape[0], page.dpi)
        if any(find_phrase(row, STATE_TITLE, 85) for row in sheet.rows):
            return degrees
    return None
