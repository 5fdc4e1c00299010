"""The invisible text of a page: each word lies on its print, so that search, marking and copying find it there."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intake.errors import DocumentError
from workers.pdf.glyphless import ADVANCE, Charset

Matrix = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x' = a·x + c·y + e, y' = b·x + d·y + f, as PDF writes it."""


@dataclass(frozen=True, slots=True)
class Word:
    """``box``: x0, y0, x1, y1 in px from the top left corner of the page as displayed."""

    text: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PageWords:
    """What was read on one page. ``width_px``, ``height_px``: size of the page as displayed, in px."""

    width_px: int
    height_px: int
    lines: tuple[tuple[Word, ...], ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for line in self.lines for word in line)


def load_words(path: Path) -> PageWords:
    """Read words/NNN.json. Raises DocumentError when the file is missing or not of the agreed shape."""
    try:
        return words_of(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise DocumentError(
            f"Thiếu kết quả đọc chữ «{path.name}». Hãy chạy lại bước đọc (ocr).",
            f"The reading «{path.name}» is missing. Run the ocr stage again.",
        ) from error
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise DocumentError(
            f"Kết quả đọc chữ «{path.name}» không đúng mẫu ({error}). Hãy chạy lại bước đọc (ocr).",
            f"The reading «{path.name}» is not of the agreed shape ({error}). Run the ocr stage again.",
        ) from error


def words_of(data: Mapping[str, Any]) -> PageWords:
    """The words of one page in the shape of words/NNN.json. Words without text, and boxes that are not finite or
    have no area, are left out."""
    lines = (tuple(word for item in line["words"] if (word := _word(item)) is not None) for line in data["lines"])
    return PageWords(int(data["width_px"]), int(data["height_px"]), tuple(line for line in lines if line))


def _word(item: Any) -> Word | None:
    x0, y0, x1, y1 = (float(value) for value in item["box"])
    text = _printable(str(item["text"]))
    if not text or not all(map(math.isfinite, (x0, y0, x1, y1))) or x1 <= x0 or y1 <= y0:
        return None
    return Word(text, (x0, y0, x1, y1))


def _printable(text: str) -> str:
    """NFC without control characters, lone surrogates and white space (which would break the word)."""
    kept = (c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] != "C" and not c.isspace())
    return "".join(kept)


def content(words: PageWords, px_to_page: Matrix, charset: Charset) -> bytes:
    """A content stream that writes the words invisibly (text render mode 3).

    ``px_to_page`` maps pixels (y downwards) to the page's user space. A word is one string with a blank after it,
    its height the line's, its width stretched to its box, so extractors see lines of one size.
    """
    if not words.lines:
        return b""
    out = [b"q BT 3 Tr"]
    for line in words.lines:
        out += _line(line, px_to_page, charset)
    out.append(b"ET Q\n")
    return b"\n".join(out)


def _line(line: Sequence[Word], matrix: Matrix, charset: Charset) -> list[bytes]:
    a, b, c, d, _, _ = matrix
    across, down = math.hypot(a, b), math.hypot(c, d)
    size = _height(line) * down
    if not (size > 0 and across > 0):
        return []
    # unit vectors of the reading direction and of «up» in user space; text space is scaled by Tf and Tz alone
    frame = [a / across, b / across, -c / down, -d / down]
    out = [b"/Sohoa %s Tf" % _number(size)]
    for word in line:
        x0, _, x1, y1 = word.box
        start_x, start_y = matrix[0] * x0 + matrix[2] * y1 + matrix[4], matrix[1] * x0 + matrix[3] * y1 + matrix[5]
        natural = len(word.text) * size * ADVANCE / 1000
        stretch = 100 * (x1 - x0) * across / natural
        out.append(
            b"%s Tm %s Tz <%s> Tj"
            % (
                b" ".join(_number(value) for value in (*frame, start_x, start_y)),
                _number(stretch),
                charset.encode(word.text + " ").hex().encode("ascii"),
            )
        )
    return out


def _height(line: Sequence[Word]) -> float:
    """The size of a line: the median height of its words, in px."""
    heights = sorted(word.box[3] - word.box[1] for word in line)
    return heights[len(heights) // 2]


def _number(value: float) -> bytes:
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return b"0" if text in ("-0", "") else text.encode("ascii")


def displayed_to_page(width_pt: float, height_pt: float, rotate: int, left: float = 0, bottom: float = 0) -> Matrix:
    """Matrix from points of the displayed page (x right, y up from its lower left corner) to its user space.

    ``width_pt``, ``height_pt``: size as displayed; ``rotate``: the page's /Rotate (clockwise); ``left``, ``bottom``:
    lower left corner of the page box in user space.
    """
    return {
        0: (1, 0, 0, 1, left, bottom),
        90: (0, 1, -1, 0, left + height_pt, bottom),
        180: (-1, 0, 0, -1, left + width_pt, bottom + height_pt),
        270: (0, -1, 1, 0, left, bottom + width_pt),
    }[rotate]


def times(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that applies ``first``, then ``then``."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)
