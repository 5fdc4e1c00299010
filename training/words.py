"""Draw words of print as a scanner delivers them, with the text that is on them: what the word reader learns from.

Every spelling that Vietnamese allows is as likely as any other, so that the network learns marks from their shape alone
and not from what people usually write: Tesseract already knows that, and it is what its mistakes come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from samples.typeface import LIBERATION_SERIF, Typeface
from workers.ocr.lexicon import spelt
from workers.ocr.spelling import nfc
from workers.ocr.syllables import bases, tones_of
from workers.ocr.word_reader import ALPHABET, AROUND_MM

DRAWN_DPI = 600
TIMES = ("Liberation Serif", "Tinos", "TeX Gyre Termes", "FreeSerif")
"""the face the law asks for and its relatives: six lines in ten"""


@dataclass(frozen=True, slots=True)
class Word:
    """``grey``: uint8 H×W, the word's part of its line; ``text`` as printed."""

    grey: np.ndarray
    text: str


@dataclass(frozen=True, slots=True)
class _Line:
    """``ink`` (0 paper to 255) at DRAWN_DPI, and in its px: left and right end of each word, the line's ``rows`` as the
    engine would tell them, the ``gap`` between words."""

    ink: np.ndarray
    texts: Sequence[str]
    places: Sequence[tuple[float, float]]
    rows: tuple[float, float]
    gap: float


class Maker:
    """Lines of words, drawn with one generator of chance."""

    def __init__(self, faces: Sequence[Typeface], rng: np.random.Generator) -> None:
        self.rng = rng
        self.times = [face for face in faces if face.name in TIMES] or [LIBERATION_SERIF]
        self.others = [face for face in faces if face.name not in TIMES] or self.times
        self.usual = sorted(spelt().values())
        self.bases = sorted(bases())

    def line(self) -> list[Word]:
        """One to six words of one line, under the same optics, with what stands above and below."""
        rng = self.rng
        style = rng.choice(4, p=(0.36, 0.46, 0.1, 0.08))
        face = self.times[rng.integers(len(self.times))] if rng.random() < 0.6 else self._other()
        path = face.cut(bold=bool(style in (1, 3)), italic=bool(style in (2, 3)))
        size = rng.uniform(11.5, 15) * DRAWN_DPI / 72
        drawn = ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
        capitals = rng.random() < 0.12
        texts = [self.text(capitals) for _ in range(rng.integers(3, 7) if rng.random() < 0.9 else rng.integers(1, 3))]
        gap = size * rng.uniform(0.2, 0.45)
        places, x = [], size
        for text in texts:
            places.append((x, x + drawn.getlength(text)))
            x = places[-1][1] + gap
        width, height = round(x + size), round(size * 4)
        canvas = Image.new("L", (width, height), 0)
        pen = ImageDraw.Draw(canvas)
        base = size * 2.3
        for text, (left, _) in zip(texts, places, strict=True):
            pen.text((left, base), text, fill=255, font=drawn, anchor="ls")
        rows = self._rows(np.asarray(canvas), base, size)
        spacing = size * rng.uniform(1.08, 1.6)
        for share, at in ((0.6, base - spacing), (0.6, base + spacing)):
            if rng.random() < share:
                around = " ".join(self.text() for _ in range(6))
                pen.text((rng.uniform(-3, 3) * size, at), around, fill=255, font=drawn, anchor="ls")
        if rng.random() < 0.06:
            under = base + size * rng.uniform(0.18, 0.4)
            pen.line((rng.uniform(0, width / 2), under, rng.uniform(width / 2, width), under), 255, round(size * 0.05))
        return self._scanned(_Line(np.asarray(canvas), texts, places, rows, gap))

    def _rows(self, ink: np.ndarray, base: float, size: float) -> tuple[float, float]:
        """The line's height as the engine would tell it: its ink's, a mark too low or half a line too high."""
        rng = self.rng
        rows = np.flatnonzero(ink.max(axis=1))
        top, bottom = (float(rows[0]), float(rows[-1]) + 1) if len(rows) else (base - size, base)
        off = rng.normal(0, 0.05, 2) * size
        if rng.random() < 0.15:
            off += np.array([(-0.4, 0), (0, 0.4), (0.25, 0)])[rng.integers(3)] * size
        return top + off[0], bottom + off[1]

    def _other(self) -> Typeface:
        return self.others[self.rng.integers(len(self.others))]

    def text(self, capitals: bool = False) -> str:
        """A word with the signs around it, all of them in the alphabet."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.56:
            word = self.syllable()
        elif kind < 0.82:
            word = self.usual[rng.integers(len(self.usual))]
        elif kind < 0.9:
            word = self._figures()
        elif kind < 0.95:
            word = "".join(rng.choice(list("ABCDĐGHKLMNPQSTUVXYƯ"), rng.integers(2, 6)))
        else:
            word = "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), rng.integers(2, 8)))
        if capitals:
            word = word.upper()
        elif word.islower() and rng.random() < 0.22:
            word = word.capitalize()
        if rng.random() < 0.12:
            word += rng.choice(list(',,,.;:)”"'))
        elif rng.random() < 0.04:
            word = str(rng.choice(list('(“"'))) + word
        return "".join(sign for sign in nfc(word) if sign in ALPHABET)

    def syllable(self) -> str:
        rng = self.rng
        base = self.bases[rng.integers(len(self.bases))]
        tone = str(rng.choice(tones_of(base)))
        marked = [i for i, letter in enumerate(base) if letter in "aăâeêioôơuưy"]
        # The tone on any vowel: where it belongs is a matter of spelling, not of sight.
        place = marked[rng.integers(len(marked))] if marked else len(base) - 1
        return nfc(base[: place + 1] + tone + base[place + 1 :])

    def _figures(self) -> str:
        rng = self.rng
        kind = rng.integers(4)
        if kind == 0:
            return str(rng.integers(1900, 2040))
        if kind == 1:
            return f"{rng.integers(1, 32)}/{rng.integers(1, 13)}/{rng.integers(1990, 2035)}"
        if kind == 2:
            return f"{rng.integers(1, 999)}/{rng.choice(['QĐ', 'KH', 'TTr', 'BC', 'NQ'])}-{rng.choice(['UBND', 'SYT', 'TTg'])}"
        return "".join(rng.choice(list("0123456789IVX"), rng.integers(1, 5)))

    def _scanned(self, line: _Line) -> list[Word]:
        rng = self.rng
        dpi = float(rng.choice([200, 200, 200, 300, 150]))
        step = DRAWN_DPI / dpi
        ink, weight = line.ink, rng.normal(0, 1.1)
        if abs(weight) >= 1:
            kernel = np.ones((1 + round(abs(weight)),) * 2, np.uint8)
            ink = cv2.dilate(ink, kernel) if weight > 0 else cv2.erode(ink, kernel)
        hard = rng.random()
        sigma = np.hypot(step / 12**0.5, rng.uniform(0.015, 0.05 + 0.05 * hard) * DRAWN_DPI / 25.4)
        soft = cv2.GaussianBlur(ink, (0, 0), sigma)
        angle = np.radians(rng.normal(0, 0.35))
        matrix = np.array([[step, -np.sin(angle) * step, 0], [np.sin(angle) * step, step, 0]], np.float32)
        middle = np.array([ink.shape[1] / 2, ink.shape[0] / 2])
        size = (round(ink.shape[1] / step), round(ink.shape[0] / step))
        matrix[:, 2] = middle - matrix[:, :2] @ (np.array(size) / 2) + rng.uniform(-step, step, 2)
        small = cv2.warpAffine(soft, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP).astype(np.float32)
        paper, dark = rng.uniform(215, 255), rng.uniform(0, 60 + 80 * hard)
        page = paper - (paper - dark) * small / 255
        if rng.random() < 0.08:
            self._crossed(page, paper)
        page += cv2.GaussianBlur(
            rng.standard_normal(page.shape, dtype=np.float32), (0, 0), rng.uniform(0.3, 0.9)
        ) * rng.uniform(0, 6 + 10 * hard)
        sharpen = rng.uniform(0, 0.9)
        page = cv2.addWeighted(page, 1 + sharpen, cv2.GaussianBlur(page, (0, 0), 1.1), -sharpen, 0)
        grey = np.clip(page, 0, 255).astype(np.uint8)
        if rng.random() < 0.22:
            level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
            grey = np.where(grey > level + rng.uniform(-25, 30), 255, 0).astype(np.uint8)
        elif rng.random() < 0.7:
            _, coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))])
            grey = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
        return self._cut(grey, line, matrix, dpi)

    def _crossed(self, page: np.ndarray, paper: float) -> None:
        """What a stamp or a pen leaves over print."""
        rng = self.rng
        height, width = page.shape
        start, end = rng.uniform(0, (width, height), (2, 2))
        over = np.zeros(page.shape, np.uint8)
        cv2.line(over, *[tuple(int(v) for v in p) for p in (start, end)], 255, int(rng.integers(1, 4)), cv2.LINE_AA)
        page -= over / 255.0 * rng.uniform(0.1, 0.6) * paper
        np.clip(page, 0, 255, out=page)

    def _cut(self, grey: np.ndarray, line: _Line, matrix: np.ndarray, dpi: float) -> list[Word]:
        """Each word as the reader cuts it: as high as its line and more, to the middle of the gaps beside it, not quite."""
        rng = self.rng
        inverse = cv2.invertAffineTransform(matrix)
        per_mm = dpi / 25.4
        found = []
        for text, (left, right) in zip(line.texts, line.places, strict=True):
            centre = inverse @ ((left + right) / 2, sum(line.rows) / 2, 1)
            half = (line.rows[1] - line.rows[0]) / 2 / matrix[0, 0]
            wide = (right - left) / 2 / matrix[0, 0]
            beside = min(line.gap / 2 / matrix[0, 0] * rng.uniform(0.4, 1.15), 1.0 * per_mm)
            y0 = round(centre[1] - half - AROUND_MM * per_mm)
            y1 = y0 + round(2 * (half + AROUND_MM * per_mm))
            x0, x1 = round(centre[0] - wide - beside), round(centre[0] + wide + beside)
            part = grey[max(y0, 0) : y1, max(x0, 0) : x1]
            if text and min(part.shape) > 6:
                found.append(Word(part, text))
        return found
