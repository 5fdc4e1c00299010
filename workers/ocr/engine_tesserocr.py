"""Tesseract inside this process: the language model is loaded once per page read at a time, and stays."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import tesserocr

from intake.ports import OcrLine, OcrWord
from workers.ocr.spelling import letters
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
        self._idle: queue.SimpleQueue[tesserocr.PyTessBaseAPI] = queue.SimpleQueue()

    @contextmanager
    def _api(self) -> Iterator[tesserocr.PyTessBaseAPI]:
        # Recognition releases the GIL, so threads of one process read side by side, each with an API object of its own;
        # a thread that ends leaves its object, with the model loaded, to the next.
        try:
            api = self._idle.get_nowait()
        except queue.Empty:
            api = tesserocr.PyTessBaseAPI(path=self._path, lang=self._language, psm=tesserocr.PSM.AUTO)
            # No search for a typewriter's pitch: the network that reads makes no use of it.
            api.SetVariable("textord_all_prop", "1")
        try:
            yield api
        finally:
            api.Clear()
            self._idle.put(api)

    def read(
        self,
        image: np.ndarray,
        dpi: float,
        *,
        area: tuple[int, int, int, int] | None = None,
        layout: str = "page",
        seconds: float = 60.0,
        rivals: bool = False,
    ) -> tuple[OcrLine, ...]:
        """See OcrEngine."""
        # Cut here, not with SetRectangle: that reads shifted lines when the part touches the page's top left corner.
        x, y = (area[0], area[1]) if area else (0, 0)
        part = image[area[1] : area[3], area[0] : area[2]] if area else image
        height, width = part.shape
        with self._api() as api:
            api.SetPageSegMode(_LAYOUT[layout])
            api.SetVariable("lstm_choice_mode", "2" if rivals else "0")  # changes no text: 503 lines of 503
            api.SetImageBytes(part.tobytes(), width, height, 1, width)  # Tesseract makes its own copy
            api.SetSourceResolution(max(70, round(dpi)))
            if not api.Recognize(timeout=max(1, round(seconds * 1000))):
                raise TimeoutError(f"Tesseract: {seconds:g} s")
            lines = _lines(api.GetTSVText(0), x, y)
            return _with_rivals(lines, api, x, y) if rivals else lines


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


def _with_rivals(lines: tuple[OcrLine, ...], api: tesserocr.PyTessBaseAPI, x: int, y: int) -> tuple[OcrLine, ...]:
    found: dict[tuple[int, int, int, int], tuple[tuple[str, float], ...]] = {}
    for word in tesserocr.iterate_level(api.GetIterator(), tesserocr.RIL.WORD):
        box = word.BoundingBox(tesserocr.RIL.WORD)
        if box:
            signs = [choices for choices in word.GetBestLSTMSymbolChoices() or [] if choices]
            found[box[0] + x, box[1] + y, box[2] + x, box[3] + y] = _rivals(signs)
    return tuple(tuple(replace(word, rivals=found.get(word.box)) for word in line) for line in lines)


def _rivals(signs: list[list[tuple[str, float]]]) -> tuple[tuple[str, float], ...]:
    """``signs``: of each sign what it may be, and at what cost, the best first."""
    text = [choices[0][0].strip() for choices in signs]
    found = [
        ("".join([*text[:place], other.strip(), *text[place + 1 :]]), cost - choices[0][1])
        for place, choices in enumerate(signs)
        for other, cost in choices[1:]
        if letters(other) and letters(other) == letters(text[place]) and other.strip().lower() != text[place].lower()
    ]
    return tuple(sorted(found, key=lambda rival: rival[1]))
