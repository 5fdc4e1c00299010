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


SLOPE_MAX = 0.1
"""tan of the steepest line followed (about 6°); steeper fits come from boxes that are no line"""
_FIT_WORDS_MIN = 3


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

    ``px_to_page`` maps pixels (y downwards) to the page's user space. The words of a line share one baseline and
    one size, so that extractors keep the line together; each word is stretched to the width of its box and followed
    by a blank. Coordinates are rounded to a tenth of a point (0.3 px at 200 dpi).
    """
    lines = [written for line in words.lines if (written := _line(line, px_to_page, charset))]
    return b"q BT 3 Tr\n" + b"\n".join(lines) + b"\nET Q\n" if lines else b""


def _line(line: Sequence[Word], matrix: Matrix, charset: Charset) -> bytes:
    line, turn = _upright(line)
    a, b, c, d, e, f = times(turn, matrix)
    across, down = math.hypot(a, b), math.hypot(c, d)
    base = baseline(line)
    size = max(round(base.height * down, 1), 0.1)
    if not (across > 0 and down > 0):
        return b""
    # letters stand upright even on a slanting line: extractors cut words whose letters climb
    frame = (a / across, b / across, -c / down, -d / down)
    x0, y0 = line[0].box[0], base.y + base.slope * line[0].box[0]
    start = (a * x0 + c * y0 + e, b * x0 + d * y0 + f)
    out = [b"/Sohoa %s Tf %s Tm" % (_number(size, 1), _numbers((*frame, *start), 4))]
    at_x, at_y = 0.0, 0.0
    for word in line:
        left, right = word.box[0], word.box[2]
        step_x = round((left - x0) * across - at_x, 1)
        step_y = round(-base.slope * (left - x0) * down - at_y, 1)
        at_x, at_y = at_x + step_x, at_y + step_y
        stretch = 100 * (right - left) * across / (len(word.text) * size * ADVANCE / 1000)
        move = b"%s Td " % _numbers((step_x, step_y), 1) if step_x or step_y else b""
        out.append(
            move + b"%s Tz(%s)Tj" % (_number(max(stretch, 0.1), 0 if stretch >= 10 else 1), _coded(word, charset))
        )
    return b" ".join(out)


_AS_IT_IS: Matrix = (1, 0, 0, 1, 0, 0)
_DOWNWARDS: Matrix = (0, 1, -1, 0, 0, 0)
_UPWARDS: Matrix = (0, -1, 1, 0, 0, 0)


def _upright(line: Sequence[Word]) -> tuple[Sequence[Word], Matrix]:
    """The line as if it ran to the right, and the matrix that turns it back: landscape tables are often scanned
    upright, and their words follow each other down or up the page."""
    centres = [((w.box[0] + w.box[2]) / 2, (w.box[1] + w.box[3]) / 2) for w in line]
    wide, tall = (abs(centres[-1][axis] - centres[0][axis]) for axis in (0, 1))
    long_words = [w for w in line if len(w.text) > 2]  # «II» and «1/» are tall however they run
    tall_words = [w for w in long_words if w.box[3] - w.box[1] > 1.5 * (w.box[2] - w.box[0])]
    if 2 * len(tall_words) <= len(long_words) or (len(line) > 1 and tall <= wide):
        return line, _AS_IT_IS
    if len(line) > 1 and centres[-1][1] < centres[0][1]:
        return [Word(w.text, (-w.box[3], w.box[0], -w.box[1], w.box[2])) for w in line], _UPWARDS
    return [Word(w.text, (w.box[1], -w.box[2], w.box[3], -w.box[0])) for w in line], _DOWNWARDS


@dataclass(frozen=True, slots=True)
class Baseline:
    """The line y = ``y`` + ``slope`` · x on which the words stand, and their ``height`` above it; px, y downwards."""

    y: float
    slope: float
    height: float


def baseline(line: Sequence[Word]) -> Baseline:
    """Fitted through the middles of the words. The upper and lower quartiles of their edges bound the line, so that
    one box swollen by a seal or a signature does not move it."""
    xs = [(word.box[0] + word.box[2]) / 2 for word in line]
    ys = [(word.box[1] + word.box[3]) / 2 for word in line]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    slope = 0.0
    if len(line) >= _FIT_WORDS_MIN and spread > 0:
        fitted = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
        slope = max(-SLOPE_MAX, min(SLOPE_MAX, fitted))
    tops = sorted(word.box[1] - slope * x for word, x in zip(line, xs, strict=True))
    bottoms = sorted(word.box[3] - slope * x for word, x in zip(line, xs, strict=True))
    top, bottom = tops[len(tops) // 4], bottoms[3 * len(bottoms) // 4]
    return Baseline(bottom, slope, max(bottom - top, 1.0))


def _coded(word: Word, charset: Charset) -> bytes:
    """A literal PDF string; a raw carriage return would be read as a line feed."""
    raw = charset.encode(word.text + " ")
    for plain, escaped in ((b"\\", b"\\\\"), (b"(", b"\\("), (b")", b"\\)"), (b"\r", b"\\r")):
        raw = raw.replace(plain, escaped)
    return raw


def _numbers(values: Sequence[float], places: int) -> bytes:
    return b" ".join(_number(value, places) for value in values)


def _number(value: float, places: int) -> bytes:
    text = f"{value:.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
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
