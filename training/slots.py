"""Make scanned slots with known digits in them: what the network trains on, and is calibrated on.

Everything is drawn in one channel, the one the reader looks at (red): pens and print are dark there, a red seal is
almost paper in a colour scan and grey in a grey one. Lengths are mm on paper until the last moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.strokes import Hand

FONTS = Path("/usr/share/fonts/truetype")
SERIF = [
    FONTS / "liberation2" / f"LiberationSerif-{style}.ttf" for style in ("Regular", "Bold", "Italic", "BoldItalic")
]
OTHER = [
    *(FONTS / "liberation2" / f"LiberationSans-{style}.ttf" for style in ("Regular", "Bold", "Italic")),
    *(FONTS / "liberation2" / f"LiberationMono-{style}.ttf" for style in ("Regular", "Bold")),
    *(
        FONTS / "dejavu" / f"DejaVu{name}.ttf"
        for name in ("Sans", "Serif", "SansMono", "SansCondensed", "Serif-Italic")
    ),
]
TYPES = ["QĐ", "CV", "TB", "BC", "KH", "TTr", "CT", "GM", "NQ", "HD", "BB", "TM", "CĐ", "UBND", "SYT", "STC", "2020"]
AGENCIES = ["UBND", "HĐND", "SYT", "BTC", "VPCP", "BNV", "STNMT", "SGDĐT", "BCĐ", "ĐHQG", "KTTH"]


@dataclass(frozen=True, slots=True)
class Sample:
    """``grey``: uint8 H×W at ``dpi``; ``text``: digits, a letter or none, then ``/`` when the slash is in the cut;
    ``pen``: 1 written by pen, 0 printed, -1 nothing there; ``grammar``: the slot's."""

    grey: np.ndarray
    dpi: float
    text: str
    pen: int
    grammar: str


def printed(text: str, font: Path, height_px: int) -> np.ndarray:
    """Coverage 0–1 of printed text; the font's em is ``height_px``; the baseline lies at 0.8 em of a 1.1 em image."""
    face = ImageFont.truetype(str(font), height_px)
    width = int(face.getlength(text)) + 4
    image = Image.new("L", (width, int(height_px * 1.1)), 0)
    ImageDraw.Draw(image).text((2, int(height_px * 0.8)), text, fill=255, font=face, anchor="ls")
    return np.asarray(image, np.float32) / 255


class Digits:
    """The real handwritten digits, their skeletons, and a split by digit: trained on, or held out."""

    def __init__(self, path: Path, held_out: bool) -> None:
        data = np.load(path)
        held = np.arange(len(data["labels"])) % 10 == 7
        chosen = held if held_out else ~held
        self.images, self.labels, self.source = (data[name][chosen] for name in ("images", "labels", "source"))
        self.by_label = {
            (label, source): np.flatnonzero((self.labels == label) & (self.source == source))
            for label in range(10)
            for source in (0, 1)
        }
        self.skeletons = _thin(self.images)

    def write(
        self, label: int, source: int, height_px: float, pen_px: float | None, rng: np.random.Generator
    ) -> np.ndarray:
        """Coverage of one real digit, ``height_px`` high; its own pen, or its skeleton drawn anew with ``pen_px``."""
        index = rng.choice(self.by_label[label, source])
        stretch = rng.uniform(0.8, 1.2)
        if pen_px is None:
            image = _tight(self.images[index])
            scale = height_px / image.shape[0]
            size = (max(2, round(image.shape[1] * scale * stretch)), max(4, round(height_px)))
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            big = cv2.resize(image, size, interpolation=way).astype(np.float32) / 255
            return np.clip((big - rng.uniform(0.3, 0.6)) * rng.uniform(1.5, 4) + 0.5, 0, 1)
        skeleton = self.skeletons[index]
        rows, columns = np.flatnonzero(skeleton.any(1)), np.flatnonzero(skeleton.any(0))
        part = skeleton[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        scale = height_px / max(part.shape[0], 8)
        pad = int(pen_px / scale / 2) + 3
        away = cv2.distanceTransform(255 - np.pad(part, pad).astype(np.uint8) * 255, cv2.DIST_L2, 5)
        away = cv2.GaussianBlur(away, (0, 0), 1.0)
        size = (max(3, round(away.shape[1] * scale * stretch)), max(3, round(away.shape[0] * scale)))
        away = cv2.resize(away, size, interpolation=cv2.INTER_LINEAR) * scale
        return np.clip(pen_px / 2 + 0.4 * scale - away + 0.5, 0, 1)


def _tight(image: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero((image > 60).any(1)), np.flatnonzero((image > 60).any(0))
    return image[max(0, rows[0] - 1) : rows[-1] + 2, max(0, columns[0] - 1) : columns[-1] + 2]


def _thin(images: np.ndarray) -> np.ndarray:
    """Zhang-Suen skeletons of all images at once, at twice their size."""
    big = np.stack([cv2.resize(image, (56, 56), interpolation=cv2.INTER_CUBIC) > 110 for image in images])
    big = np.pad(big, ((0, 0), (1, 1), (1, 1)))
    for begin in range(0, len(big), 500):
        part = big[begin : begin + 500]
        while _peel(part, 0) + _peel(part, 1):
            pass
    return big[:, 1:-1, 1:-1]


def _peel(big: np.ndarray, half: int) -> int:
    """One half-pass of Zhang-Suen in place; how many px went."""
    height, width = big.shape[1] - 2, big.shape[2] - 2
    ring = [
        big[:, 1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
        for dy, dx in ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
    ]
    inner = big[:, 1:-1, 1:-1]
    neighbours = np.zeros(inner.shape, np.uint8)
    turns = neighbours.copy()
    for index in range(8):
        neighbours += ring[index]
        turns += ring[(index + 1) % 8] > ring[index]
    a, b = (ring[0] & ring[2] & ring[6], ring[0] & ring[4] & ring[6])
    if half == 0:
        a, b = (ring[0] & ring[2] & ring[4], ring[2] & ring[4] & ring[6])
    gone = inner & (neighbours >= 2) & (neighbours <= 6) & (turns == 1) & ~a & ~b
    inner[gone] = False
    return int(gone.sum())


@dataclass
class Maker:
    """Draws samples. ``digits`` decides whether they are training or held-out material."""

    digits: Digits
    rng: np.random.Generator
    _cache: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)

    def text(self) -> tuple[str, str]:
        """A text to write and its grammar."""
        rng = self.rng
        kind = rng.choice(["number", "day", "month", "year"], p=[0.66, 0.24, 0.06, 0.04])
        if kind == "day":
            day = rng.integers(1, 32)
            return (f"{day:02}" if rng.random() < 0.85 else str(day)), kind
        if kind == "month":
            month = rng.integers(1, 13)
            return (f"{month:02}" if rng.random() < 0.6 else str(month)), kind
        if kind == "year":
            return str(rng.integers(1985, 2040)), kind
        length = rng.choice([1, 2, 3, 4, 5, 6], p=[0.06, 0.24, 0.32, 0.28, 0.07, 0.03])
        text = "".join(str(digit) for digit in rng.integers(0, 10, length))
        if text.strip("0") == "":
            text = text[:-1] + str(rng.integers(1, 10))
        if text[0] == "0" and (length > 3 or (length == 3 and rng.random() < 0.6)):
            text = str(rng.integers(1, 10)) + text[1:]
        if rng.random() < 0.05:
            text += str(rng.choice(list("ABCab"), p=[0.3, 0.2, 0.1, 0.25, 0.15]))
        return text, kind

    def sample(self) -> Sample:
        """One slot, as a scanner would give it and a reader would cut it."""
        rng = self.rng
        text, grammar = self.text()
        dpi = float(rng.choice([100, 150, 200, 240, 300], p=[0.04, 0.1, 0.5, 0.11, 0.25])) * rng.uniform(0.98, 1.02)
        unit = dpi / 25.4  # px per mm
        pen = int(rng.random() < 0.8)
        if rng.random() < 0.06:
            text, pen = "", -1
        point = rng.uniform(12.5, 14.5) * 25.4 / 72  # mm, the em of the print
        above, below = 11.0, 8.0
        canvas = np.zeros((round((above + below) * unit), round(110 * unit)), np.float32)
        pens = canvas.copy()
        base = above * unit
        italic = grammar != "number"
        left_text, right_text = self._residue(grammar)
        left_edge = 25 * unit
        font = SERIF[(2 if italic else 0) + (rng.random() < 0.12)]
        if rng.random() < 0.08:
            font = rng.choice(OTHER)
        self._put_print(canvas, left_text, font, point, left_edge, base, unit, right_aligned=True)
        x = left_edge + self._gap(pen) * unit
        start = x
        if pen == 1:
            x = self._write(pens, text, x, base + rng.normal(0.1, 0.5) * unit, unit)
        elif pen == 0:
            face = font if rng.random() < 0.6 else SERIF[rng.integers(4)] if rng.random() < 0.5 else rng.choice(OTHER)
            rise = 0.0 if rng.random() < 0.6 else rng.normal(0, 0.5) * unit
            size = point if rng.random() < 0.6 else rng.uniform(10, 17) * 25.4 / 72
            x = self._put_print(canvas, text, face, size, x, base + rise, unit)
        else:
            x += rng.uniform(3, 16) * unit
        right_edge = max(start + 2 * unit, x + self._gap(pen) * unit)
        end = self._put_print(canvas, right_text, font, point, right_edge, base, unit)
        ends_in_slash = False
        cut_left = left_edge - rng.choice([-0.3, rng.uniform(0, 1.5), rng.uniform(0, 12)], p=[0.3, 0.4, 0.3]) * unit
        cut_left = min(cut_left, start - 0.2 * unit)
        if rng.random() < 0.5 or not right_text:  # up to the print, sometimes into its first stroke
            cut_right = max(x + 0.3 * unit, right_edge + rng.uniform(-0.6, 0.7) * unit)
        else:
            ends_in_slash = right_text.startswith("/")
            cut_right = right_edge + (1.8 + rng.exponential(4)) * unit
            if rng.random() < 0.15:
                cut_right = end + rng.uniform(0, 2) * unit
            cut_right = min(cut_right, end + 6 * unit)
        if pen == 1 and rng.random() < 0.6:
            pens = self._waver(pens, unit)
        rows = self._rows(pens, base, unit)
        self._furniture(canvas, start, x, base, unit)
        if rng.random() < 0.12:
            self._stray(pens, unit)
        window = (rows, slice(max(0, round(cut_left)), round(cut_right)))
        grey = self._scan(canvas[window], pens[window], unit)
        return Sample(grey, dpi, text + ("/" if ends_in_slash and text else ""), pen, grammar)

    def _waver(self, layer: np.ndarray, unit: float) -> np.ndarray:
        """Bend the writing smoothly, by at most some tenths of a mm over a few mm."""
        height, width = layer.shape
        grid = (max(3, int(height / unit / 2.5)), max(3, int(width / unit / 2.5)))
        reach = self.rng.uniform(0.05, 0.28) * unit
        bend = [cv2.resize(self.rng.normal(0, reach, grid).astype(np.float32), (width, height),
                           interpolation=cv2.INTER_CUBIC) for _ in range(2)]  # fmt: skip
        columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        return cv2.remap(layer, columns + bend[0], rows + bend[1], cv2.INTER_LINEAR)

    def _rows(self, pens: np.ndarray, base: float, unit: float) -> slice:
        """The rows a reader would cut: some mm around the print, seldom through the writing."""
        rng = self.rng
        top, bottom = base - rng.uniform(3.6, 8) * unit, base + rng.uniform(1.5, 5) * unit
        written = np.flatnonzero((pens > 0.3).any(axis=1))
        if len(written):
            slack = 0.18 * (written[-1] - written[0]) if rng.random() < 0.08 else -0.2 * unit
            top, bottom = min(top, written[0] + slack), max(bottom, written[-1] - slack)
        return slice(max(0, round(top)), round(bottom))

    def _residue(self, grammar: str) -> tuple[str, str]:
        rng = self.rng
        if grammar == "number":
            left = str(rng.choice(["Số:", "Số :", "Số", ":", "Số:"]))
            right = ("/ " if rng.random() < 0.15 else "/") + str(rng.choice(TYPES)) + "-" + str(rng.choice(AGENCIES))
            right = right if rng.random() < 0.93 else right.replace("/", "-") if rng.random() < 0.3 else ""
            return left, right
        return {"day": ("ngày", "tháng"), "month": ("tháng", "năm"), "year": ("năm", "")}[grammar]

    def _gap(self, pen: int) -> float:
        if pen != 1:
            return self.rng.uniform(0.5, 3)
        return self.rng.choice(
            [self.rng.uniform(-0.5, 0.4), self.rng.uniform(0.2, 2), self.rng.uniform(1, 6)], p=[0.2, 0.5, 0.3]
        )

    def _put_print(
        self,
        canvas: np.ndarray,
        text: str,
        font: Path,
        em: float,
        x: float,
        base: float,
        unit: float,
        right_aligned: bool = False,
    ) -> float:
        """Draw printed text (em in mm) and return the px where it ends."""
        if not text:
            return x
        glyphs = printed(text, font, max(8, round(em * unit)))
        if right_aligned:
            x -= glyphs.shape[1]
        _lay(canvas, glyphs, x, base - int(max(8, round(em * unit)) * 0.8))
        return x + glyphs.shape[1]

    def _write(self, canvas: np.ndarray, text: str, x: float, base: float, unit: float) -> float:
        """Write by pen from ``x`` px on the row ``base`` and return the px where the last digit ends."""
        rng = self.rng
        height = float(np.clip(rng.lognormal(np.log(3.9), 0.24), 2.2, 7.5)) * unit
        pen = float(np.clip(rng.lognormal(np.log(0.45), 0.35), 0.2, 1.1)) * unit
        source = rng.choice(["strokes", "mnist", "ardis", "mixed"], p=[0.42, 0.24, 0.2, 0.14])
        own_pen = rng.random() < 0.35
        hand = Hand(rng)
        slant = rng.normal(0.12, 0.16)
        climb = rng.normal(0, 0.04)
        spread = rng.choice(
            [rng.uniform(-0.12, 0.05), rng.uniform(0, 0.25), rng.uniform(0.2, 0.6)], p=[0.25, 0.6, 0.15]
        )
        size_noise, rise_noise = rng.uniform(0.02, 0.15), rng.uniform(0.01, 0.1)
        begin = x
        for symbol in text:
            tall = height * np.clip(rng.normal(1, size_noise), 0.6, 1.5)
            one = source if source != "mixed" else rng.choice(["strokes", "mnist", "ardis"])
            if one == "strokes" or not symbol.isdigit():
                glyph = hand.write(symbol, tall, pen, rng)
            else:
                glyph = self.digits.write(int(symbol), int(one == "ardis"), tall, None if own_pen else pen, rng)
            glyph = _shear(glyph, slant + rng.normal(0, 0.05) if one == "strokes" else slant * 0.5)
            columns = np.flatnonzero(glyph.max(axis=0) > 0.3)
            if len(columns) == 0:
                continue
            rise = base - climb * (x - begin) + rng.normal(0, rise_noise) * height
            _lay(canvas, glyph, x - columns[0], rise - glyph.shape[0])
            gap = spread * height + rng.normal(0, 0.05) * height
            x += max(columns[-1] - columns[0] + gap, 0.3 * (columns[-1] - columns[0]) + 1.5)
        return x - (min(gap, 0) if text else 0)

    def _furniture(self, canvas: np.ndarray, start: float, end: float, base: float, unit: float) -> None:
        """Underlines, dots, the rule above, lines of text above and below."""
        rng = self.rng
        height = canvas.shape[0]
        if rng.random() < 0.22:
            row = base + rng.uniform(-0.2, 0.9) * unit
            step, radius = rng.uniform(0.7, 1.6) * unit, rng.uniform(0.1, 0.25) * unit
            for x in np.arange(start - 2 * unit, end + 3 * unit, step):
                cv2.circle(canvas, (round(x * 8), round(row * 8)), max(4, round(radius * 8)), 1.0, -1, cv2.LINE_AA, 3)
        elif rng.random() < 0.1:
            row = base + rng.uniform(0, 1.2) * unit
            thick = max(1, round(rng.uniform(0.15, 0.35) * unit))
            tilt = rng.normal(0, 0.01) * (end - start)
            cv2.line(
                canvas, (round(start - 3 * unit), round(row)), (round(end + 3 * unit), round(row + tilt)), 1.0, thick
            )
        if rng.random() < 0.2:
            row = base - rng.uniform(4.5, 7) * unit
            ends = rng.uniform(0, canvas.shape[1], 2)
            cv2.line(
                canvas,
                (round(ends.min()), round(row)),
                (round(ends.max()), round(row)),
                1.0,
                max(1, round(rng.uniform(0.2, 0.5) * unit)),
            )
        for where, chance in ((base + rng.uniform(5.2, 7) * unit, 0.3), (base - rng.uniform(5.5, 8) * unit, 0.25)):
            if rng.random() < chance and -3 * unit < where < height + 5 * unit:
                words = " ".join(
                    rng.choice(
                        [
                            "V/v đăng ký bổ sung",
                            "tập huấn công tác điều trị",
                            "ỦY BAN NHÂN DÂN",
                            "QUẢNG BÌNH",
                            "báo cáo nhanh hoạt động",
                            "HỘI ĐỒNG",
                        ],
                        3,
                    )
                )
                self._put_print(
                    canvas, words, SERIF[rng.integers(2)], 4.6, 20 * unit - rng.uniform(0, 20) * unit, where, unit
                )

    def _stray(self, canvas: np.ndarray, unit: float) -> None:
        """A stroke of somebody's signature, note or stamp frame that reaches into the cut."""
        rng = self.rng
        height, _width = canvas.shape
        x, y = rng.uniform(15, 60) * unit, rng.choice([0, height]) + rng.normal(0, 1) * unit
        points = np.cumsum(np.vstack([(x, y), rng.normal(0, 3 * unit, (3, 2))]), axis=0)
        cv2.polylines(
            canvas,
            [np.round(points).astype(np.int32)[:, None]],
            False,
            float(rng.uniform(0.5, 1)),
            max(1, round(rng.uniform(0.2, 0.5) * unit)),
            cv2.LINE_AA,
        )

    def _scan(self, print_layer: np.ndarray, pen_layer: np.ndarray, unit: float) -> np.ndarray:
        """Paper, inks, optics, noise, threshold and JPEG: uint8 H×W."""
        rng = self.rng
        height, width = print_layer.shape
        paper = rng.uniform(205, 255)
        page = np.full((height, width), paper, np.float32)
        if rng.random() < 0.3:
            page += np.linspace(-1, 1, width, dtype=np.float32)[None] * rng.uniform(0, 15)
        if rng.random() < 0.5:
            grain = cv2.resize(rng.normal(0, 1, (height // 6 + 2, width // 6 + 2)).astype(np.float32), (width, height))
            page += grain * rng.uniform(0, 4)
        dark_print = rng.uniform(5, 90) if rng.random() < 0.85 else rng.uniform(90, 140)
        dark_pen = rng.choice([rng.uniform(5, 60), rng.uniform(40, 110), rng.uniform(100, 165)], p=[0.5, 0.35, 0.15])
        cover = np.clip(pen_layer, 0, 1)
        if rng.random() < 0.4:  # a dry ball-point pen, a pencil: the ink is uneven
            patch = cv2.resize(rng.normal(0, 1, (height // 3 + 2, width // 3 + 2)).astype(np.float32), (width, height))
            cover = cover * np.clip(1 - rng.uniform(0, 0.5) * np.abs(patch), 0.15, 1)
        if rng.random() < 0.2:
            self._seal(page, unit)
        page *= 1 - np.clip(print_layer, 0, 1) * (1 - dark_print / 255)
        page *= 1 - cover * (1 - dark_pen / 255)
        blur = abs(rng.normal(0, 0.09)) * unit + rng.uniform(0.2, 0.6)
        page = cv2.GaussianBlur(page, (0, 0), blur)
        page += rng.normal(0, 1, page.shape).astype(np.float32) * rng.choice(
            [rng.uniform(0, 4), rng.uniform(3, 14)], p=[0.8, 0.2]
        )
        grey = np.clip(page, 0, 255).astype(np.uint8)
        if rng.random() < 0.28:
            level = max(paper * rng.uniform(0.5, 0.82), min(dark_pen + 45, paper - 30))
            grey = np.where(grey > level, 255, 0).astype(np.uint8)
            if rng.random() < 0.3:
                spots = rng.random(grey.shape) < rng.uniform(0, 0.004)
                grey[spots] = 255 - grey[spots]
        elif rng.random() < 0.6:
            quality = int(rng.uniform(35, 95))
            grey = cv2.imdecode(
                cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE
            )
        return grey

    def _seal(self, page: np.ndarray, unit: float) -> None:
        """A part of a seal or stamp: nearly white in the red channel, grey in a grey scan."""
        rng = self.rng
        left = float(rng.uniform(225, 252)) if rng.random() < 0.7 else float(rng.uniform(120, 200))
        height, width = page.shape
        centre = (round(rng.uniform(-10 * unit, width + 10 * unit)), round(rng.uniform(-20 * unit, height + 20 * unit)))
        layer = np.zeros_like(page)
        for radius in (18, 16.5, 11):
            cv2.circle(layer, centre, round(radius * unit), 1.0, max(1, round(rng.uniform(0.3, 1) * unit)), cv2.LINE_AA)
        if rng.random() < 0.5:
            words = printed("ỦY BAN NHÂN DÂN", SERIF[1], round(5 * unit))
            _lay(layer, words, rng.uniform(-20, 5) * unit, rng.uniform(-3, 4) * unit)
        page *= 1 - layer * (1 - left / 255)


def _lay(canvas: np.ndarray, glyph: np.ndarray, x: float, y: float) -> None:
    """Put coverage on a canvas, the darker winning, cut at its edges."""
    x, y = round(x), round(y)
    top, left = max(0, y), max(0, x)
    bottom, right = min(canvas.shape[0], y + glyph.shape[0]), min(canvas.shape[1], x + glyph.shape[1])
    if bottom > top and right > left:
        part = canvas[top:bottom, left:right]
        np.maximum(part, glyph[top - y : bottom - y, left - x : right - x], out=part)


def _shear(glyph: np.ndarray, slant: float) -> np.ndarray:
    height, width = glyph.shape
    reach = abs(slant) * height
    matrix = np.array([[1, -slant, max(0.0, slant * height) + 1], [0, 1, 0]], np.float32)
    return cv2.warpAffine(glyph, matrix, (int(width + reach) + 3, height), flags=cv2.INTER_LINEAR)
