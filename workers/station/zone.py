"""Read one zone of a page again, when the clerk drags a box over it."""

from __future__ import annotations

import re
from datetime import date

import cv2

from intake.errors import SohoaError
from intake.model import Box, FieldName
from intake.settings import Settings
from intake.spelling import nfc
from intake.store import Store
from intake.store.claim import folder_of
from intake.store.reading import whole
from workers.ocr.engine_tesserocr import TesserocrEngine
from workers.ocr.page import true_dpi
from workers.ocr.reading_image import one_channel
from workers.tools.pages import PIXELS_MAX, decode, list_pages

MARGIN_MM = 1.0
ENLARGE_BELOW_DPI = 280.0
"""a small zone reads better enlarged to about 300 dpi"""


class ZoneReader:
    """``intake.review.seat.ReadZone``: (document, page, zone in mm, field) → text, or None when there is none."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._engines: dict[str, TesserocrEngine] = {}

    def __call__(self, document_id: str, page: int, box: Box, field: FieldName) -> str | None:
        profile = self._settings.profile_of(str(whole(self._store, document_id).row["profile"]))
        folder = folder_of(self._store, str(self._settings.documents), document_id)
        sources = list_pages(folder.originals, min(profile.check.pixels_max, PIXELS_MAX), folder.turned)
        if not 1 <= page <= len(sources):
            return None
        pixels = one_channel(decode(sources[page - 1]))
        dpi = true_dpi(pixels.shape[1], pixels.shape[0], sources[page - 1].shown_dpi)[0]
        scale = dpi / 25.4
        x, y = (max(0, round((start - MARGIN_MM) * scale)) for start in (box.x, box.y))
        crop = pixels[
            y : round((box.y + box.height + MARGIN_MM) * scale), x : round((box.x + box.width + MARGIN_MM) * scale)
        ]
        if min(crop.shape[:2], default=0) < 8:
            return None
        if dpi < ENLARGE_BELOW_DPI:
            factor = 300 / dpi
            crop, dpi = cv2.resize(crop, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), 300.0
        engine = self._engines.setdefault(profile.ocr.language, TesserocrEngine(profile.ocr.language))
        try:
            lines = engine.read(crop, dpi, layout="block", seconds=10)
        except (TimeoutError, SohoaError):
            return None
        text = nfc(" ".join(" ".join(word.text for word in line) for line in lines)).strip()
        return (_date(text) if field is FieldName.ISSUED_DATE else text) or None


def _date(text: str) -> str:
    """ISO when the zone holds a date in one of the printed ways; else the text as read."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if len(numbers) == 3:
        day, month, year = numbers
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            return text
    return text
