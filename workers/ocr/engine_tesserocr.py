"""Tesseract inside this process: the language model is loaded once per thread and stays."""

from __future__ import annotations

import threading

import numpy as np
import tesserocr

from intake.ports import OcrLine, OcrWord
from workers.tools.tessdata import tessdata_path

# Leptonica prints remarks on odd shapes to standard error; what matters is in the result.
tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)

_LAYOUT = {"page": tesserocr.PSM.AUTO, "block": tesserocr.PSM.SINGLE_BLOCK, "line": tesserocr.PSM.SINGLE_LINE}


class TesserocrEngine:
    """The engine of choice: a third to a half of the CPU time of one ``tesseract`` process per page."""

    name = "tesserocr"

    def __init__(self, language: str = "vie") -> None:
        self._language = language
        self._path = tessdata_path(language)
        self._own = threading.local()

    def _api(self) -> tesserocr.PyTessBaseAPI:
        # One API object per thread: recognition releases the GIL, so threads of one process read side by side.
        if not hasattr(self._own, "api"):
            self._own.api = tesserocr.PyTessBaseAPI(path=self._path, lang=self._language, psm=tesserocr.PSM.AUTO)
        return self._own.api

    def read(
        self,
        image: np.ndarray,
        dpi: float,
        *,
        area: tuple[int, int, int, int] | None = None,
        layout: str = "page",
        seconds: float = 60.0,
    ) -> tuple[OcrLine, ...]:
        """See OcrEngine."""
        api = self._api()
        # Cut here, not with SetRectangle: that reads shifted lines when the part touches the page's top left corner.
        x, y = (area[0], area[1]) if area else (0, 0)
        part = image[area[1] : area[3], area[0] : area[2]] if area else image
        height, width = part.shape
        api.SetPageSegMode(_LAYOUT[layout])
        pixels = part.tobytes()  # Tesseract keeps the address, not a copy: it must live until Clear()
        api.SetImageBytes(pixels, width, height, 1, width)
        api.SetSourceResolution(max(70, round(dpi)))
        done = api.Recognize(timeout=max(1, round(seconds * 1000)))
        try:
            if not done:
                raise TimeoutError(f"Tesseract: {seconds:g} s")
            return _lines(api.GetTSVText(0), x, y)
        finally:
            api.Clear()


def _lines(tsv: str, x: int, y: int) -> tuple[OcrLine, ...]:
    """Lines of Tesseract's TSV (level, page, block, paragraph, line, word, left, top, width, height, conf, text)."""
    found: list[list[OcrWord]] = []
    for row in tsv.splitlines():
        cells = row.split("\t", 11)
        if len(cells) < 12:
            continue
        if cells[0] == "4":
            found.append([])
        elif cells[0] == "5" and cells[11].strip():
            left, top, width, height = (int(cell) for cell in cells[6:10])
            if not found:
                found.append([])
            left, top = left + x, top + y
            confidence = min(max(float(cells[10]) / 100, 0.0), 1.0)
            found[-1].append(OcrWord(cells[11].strip(), (left, top, left + width, top + height), confidence))
    return tuple(tuple(line) for line in found if line)
