"""Tesseract as a program of its own: slower to start for every page, but a crash of it touches nothing else."""

from __future__ import annotations

import numpy as np
import pytesseract
from PIL import Image

from intake.errors import DependencyMissing, EnvironmentTrouble
from intake.ports import OcrLine, OcrWord
from workers.tools.tessdata import tessdata_path

_LAYOUT = {"page": 3, "block": 6, "line": 7}


class PytesseractEngine:
    """The second engine behind the same socket, for machines where the binding has no wheel."""

    name = "pytesseract"

    def __init__(self, language: str = "vie") -> None:
        self._language = language
        self._path = tessdata_path(language)

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
        """See OcrEngine; it knows of no ``rivals``."""
        x, y = (area[0], area[1]) if area else (0, 0)
        part = image[area[1] : area[3], area[0] : area[2]] if area else image
        config = f"--psm {_LAYOUT[layout]} --dpi {max(70, round(dpi))} --tessdata-dir {self._path}"
        try:
            data = pytesseract.image_to_data(
                Image.fromarray(part),
                lang=self._language,
                config=config,
                timeout=seconds,
                output_type=pytesseract.Output.DICT,
            )
        except pytesseract.TesseractNotFoundError as error:
            raise DependencyMissing(
                "Chưa cài Tesseract. Hãy cài: sudo apt-get install tesseract-ocr tesseract-ocr-vie",
                "Tesseract is not installed. Install it: sudo apt-get install tesseract-ocr tesseract-ocr-vie",
            ) from error
        except pytesseract.TesseractError as error:
            raise EnvironmentTrouble(
                f"Tesseract dừng giữa chừng (mã {error.status}): {error.message[:200]}. Sẽ thử lại.",
                f"Tesseract stopped (status {error.status}): {error.message[:200]}. It will be tried again.",
            ) from error
        except RuntimeError as error:
            # pytesseract says "Tesseract process timeout" with a bare RuntimeError.
            raise TimeoutError(f"Tesseract: {seconds:g} s") from error
        return _lines(data, x, y)


def _lines(data: dict[str, list], x: int, y: int) -> tuple[OcrLine, ...]:
    found: dict[tuple[int, int, int], list[OcrWord]] = {}
    for index, text in enumerate(data["text"]):
        if data["level"][index] != 5 or not text.strip():
            continue
        left, top = data["left"][index] + x, data["top"][index] + y
        box = (left, top, left + data["width"][index], top + data["height"][index])
        confidence = min(max(float(data["conf"][index]) / 100, 0.0), 1.0)
        key = (data["block_num"][index], data["par_num"][index], data["line_num"][index])
        found.setdefault(key, []).append(OcrWord(text.strip(), box, confidence))
    return tuple(tuple(line) for line in found.values())
