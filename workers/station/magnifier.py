"""Cut tiles from the scan itself, for a clerk who looks closer than the prepared preview goes."""

from __future__ import annotations

import io
from collections import OrderedDict
from threading import Lock

import cv2
import numpy as np
from PIL import Image

from intake.settings import Settings
from intake.store import Store
from intake.store.claim import folder_of
from intake.store.reading import Whole
from workers.tools.pages import PIXELS_MAX, decode, list_pages

EDGE = 512
"""px of a tile's side"""
KEPT_BYTES = 300_000_000
"""decoded pages kept in memory: one A3 at 600 dpi in colour, or a dozen A4 at 200 dpi"""
QUALITY = 80

Key = tuple[str, int, int]


class Magnifier:
    """``intake.review.seat.CutTile``. Only pages that passed the gate are asked for: each was decoded before.

    Nothing is written to disk: what turns out to be secret later leaves no tile behind.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._pages: OrderedDict[Key, np.ndarray] = OrderedDict()
        self._lock = Lock()

    def __call__(self, known: Whole, page: int, level: int, column: int, row: int) -> bytes | None:
        with self._lock:  # tiles of one page are asked for together: it is decoded once
            pixels = self._pixels((str(known.row["id"]), int(known.row["revision"]), page), str(known.row["profile"]))
        if pixels is None:
            return None
        step = EDGE << level
        cut = pixels[row * step : (row + 1) * step, column * step : (column + 1) * step]
        high, wide = cut.shape[:2]
        if not high or not wide:
            return None
        if level:
            size = (max(1, round(wide / (1 << level))), max(1, round(high / (1 << level))))
            cut = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
        stream = io.BytesIO()
        shown = cv2.cvtColor(cut, cv2.COLOR_BGR2RGB) if cut.ndim == 3 else cut
        Image.fromarray(shown).save(stream, "WEBP", quality=QUALITY, method=0)
        return stream.getvalue()

    def _pixels(self, key: Key, profile: str) -> np.ndarray | None:
        if key not in self._pages:
            document_id, _, page = key
            limit = min(self._settings.profile_of(profile).check.pixels_max, PIXELS_MAX)
            folder = folder_of(self._store, str(self._settings.documents), document_id)
            sources = list_pages(folder.originals, limit, folder.turned)
            if not 1 <= page <= len(sources):
                return None
            self._pages[key] = decode(sources[page - 1])
        self._pages.move_to_end(key)
        while len(self._pages) > 1 and sum(each.nbytes for each in self._pages.values()) > KEPT_BYTES:
            self._pages.popitem(last=False)
        return self._pages[key]
