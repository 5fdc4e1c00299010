"""Rubber on paper: round seals, incoming stamps, urgency and secrecy stamps at their lawful sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import cv2
import numpy as np
from PIL import Image, ImageDraw

from samples.pen import Hand, ink_of
from samples.typeface import LIBERATION_SANS, LIBERATION_SERIF, MM_PER_PT, Style, Typeface, balance, font

RED_INKS = ((206, 32, 42), (190, 20, 40), (222, 48, 52), (200, 30, 70))
URGENCY_MM = {"HỎA TỐC": (30.0, 8.0), "THƯỢNG KHẨN": (40.0, 8.0), "KHẨN": (20.0, 8.0)}
"""NĐ 30/2020 Phụ lục III.2.b: outer width × height in mm, single frame."""
SECRECY_MM = {"TUYỆT MẬT": (40.0, 8.0), "TỐI MẬT": (30.0, 8.0), "MẬT": (20.0, 8.0)}
"""TT 24/2020/TT-BCA: same outer sizes, two frame lines 1 mm apart."""
INCOMING_MM = (50.0, 35.0)
"""NĐ 30/2020 Phụ lục IV.V: the ĐẾN stamp."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A round seal: ``rim`` runs over the top, ``foot`` under the bottom, ``centre`` stands in the middle.

    ``emblem``: the national emblem's place is taken by an abstract one of our own (star in a wreath).
    """

    rim: str
    centre: str = ""
    foot: str = "★"
    diameter_mm: float = 36.0
    emblem: bool = False
    ink: tuple[int, int, int] = RED_INKS[0]


@dataclass(frozen=True, slots=True)
class IncomingStamp:
    """The receiver's ĐẾN stamp, filled by ``hand`` (or printed when None). ``size_mm``: 50 × 35 by law."""

    agency: str
    number: str
    arrived: date
    unit: str = ""
    hand: Hand | None = None
    ink: tuple[int, int, int] = RED_INKS[1]
    size_mm: tuple[float, float] = INCOMING_MM


@dataclass(frozen=True, slots=True)
class Print:
    """A mark ready to be put on paper: coverage (uint8) at some dpi, ink colour, and where its centre goes.

    ``overlay`` holds what was written into it by pen, with its own ink.
    """

    coverage: np.ndarray
    ink: tuple[int, int, int]
    overlay: Sequence[tuple[np.ndarray, tuple[int, int, int]]] = field(default=())


def worn(coverage: np.ndarray, rng: np.random.Generator, dpi: float, wear: float = 0.5) -> np.ndarray:
    """Uneven inking: a stamp presses harder on one side and rubber does not take ink everywhere."""
    height, width = coverage.shape
    coarse = rng.normal(0, 1, (6, 6)).astype(np.float32)
    pressure = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 1, (height // 2 + 1, width // 2 + 1)).astype(np.float32)
    grain = cv2.resize(cv2.GaussianBlur(grain, (0, 0), max(0.4, 0.05 * dpi / 25.4)), (width, height))
    factor = np.clip(0.86 + wear * (0.12 * pressure + 0.28 * grain), 0.15, 1.0)
    soft = cv2.GaussianBlur(coverage, (0, 0), max(0.3, 0.035 * dpi / 25.4))
    return np.clip(soft.astype(np.float32) * factor, 0, 255).astype(np.uint8)


def seal(spec: Seal, dpi: float) -> Print:
    """Draw a seal; the outer edge of the outer ring is ``diameter_mm`` across."""
    over = 2
    per_mm = dpi / 25.4 * over
    radius = spec.diameter_mm / 2 * per_mm
    side = int(2 * radius + 2 * per_mm)
    canvas = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(canvas)
    middle = side / 2

    def ring(r: float, width_mm: float) -> None:
        draw.ellipse(
            (middle - r, middle - r, middle + r, middle + r), outline=255, width=max(1, round(width_mm * per_mm))
        )

    ring(radius, 0.9)
    ring(radius - 1.5 * per_mm, 0.3)
    inner = radius * (0.58 if spec.emblem or len(spec.centre) < 30 else 0.62)
    ring(inner, 0.3)
    band = radius - 1.5 * per_mm - inner
    size = band * 0.62
    text_radius = inner + band * 0.5
    _arc(canvas, spec.rim, LIBERATION_SANS.bold, size, middle, text_radius, top=True)
    if spec.foot == "★":
        _star(draw, middle, middle + text_radius, band * 0.3)
    else:
        _arc(canvas, spec.foot, LIBERATION_SANS.bold, size * 0.9, middle, text_radius, top=False)
    if spec.emblem:
        _emblem(draw, middle, inner * 0.82)
    elif spec.centre:
        _centre_text(draw, spec.centre, middle, inner, per_mm * 25.4 / 72)
    small = cv2.resize(np.asarray(canvas), None, fx=1 / over, fy=1 / over, interpolation=cv2.INTER_AREA)
    return Print(small, spec.ink)


def _arc(canvas: Image.Image, text: str, path, size: float, middle: float, radius: float, top: bool) -> None:
    letters = font(path, size)
    spans = [letters.getlength(letter) * 1.06 for letter in text]
    span = sum(spans) / radius
    squeeze = min(1.0, (4.3 if top else 1.7) / span) if span else 1.0
    angle = -span * squeeze / 2
    for letter, advance in zip(text, spans, strict=True):
        step = advance / radius * squeeze
        at = angle + step / 2
        angle += step
        if letter == " ":
            continue
        box = int(size * 2.2)
        tile = Image.new("L", (box, box), 0)
        ImageDraw.Draw(tile).text(
            (box / 2, box / 2), letter, font=font(path, size * max(0.75, squeeze**0.5)), fill=255, anchor="mm"
        )
        degrees = np.degrees(at)
        tile = tile.rotate(-degrees if top else degrees, resample=Image.Resampling.BICUBIC)
        x = middle + radius * np.sin(at)
        y = middle - radius * np.cos(at) if top else middle + radius * np.cos(at)
        corner = (int(x - box / 2), int(y - box / 2))
        canvas.paste(255, corner, tile)


def _star(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    turns = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = np.where(np.arange(10) % 2, radius * 0.4, radius)
    draw.polygon([(x + r * np.cos(t), y + r * np.sin(t)) for r, t in zip(reach, turns, strict=True)], fill=255)


def _emblem(draw: ImageDraw.ImageDraw, middle: float, radius: float) -> None:
    _star(draw, middle, middle - radius * 0.12, radius * 0.38)
    for turn in np.linspace(0.2 * np.pi, 1.8 * np.pi, 23):
        for reach, grain in ((0.95, 0.075), (0.78, 0.055)):
            x = middle + radius * reach * np.sin(turn + np.pi)
            y = middle - radius * reach * np.cos(turn + np.pi)
            draw.ellipse((x - radius * grain, y - radius * grain, x + radius * grain, y + radius * grain), fill=255)
    draw.arc(
        (middle - radius * 0.3, middle + radius * 0.35, middle + radius * 0.3, middle + radius * 0.95),
        200,
        340,
        fill=255,
        width=max(1, int(radius * 0.08)),
    )
    draw.rectangle(
        (middle - radius * 0.35, middle + radius * 0.8, middle + radius * 0.35, middle + radius * 0.92), fill=255
    )


def _centre_text(draw: ImageDraw.ImageDraw, text: str, middle: float, inner: float, per_pt: float) -> None:
    parts = text.split("\n")
    # the largest type that keeps each part on one line; only a long name is broken further
    for size, whole in [(pt, True) for pt in (11, 10, 9, 8, 7)] + [(pt, False) for pt in (9, 8, 7, 6, 5)]:
        style = Style(LIBERATION_SANS, size, bold=True)
        room = 1e3 if whole else inner / per_pt * MM_PER_PT * 1.62
        lines = [line for part in parts for line in balance(part, style, room)]
        pitch = size * 1.15 * per_pt
        widest = max(style.width_mm(line) for line in lines) / MM_PER_PT * per_pt
        if np.hypot(widest / 2, pitch * len(lines) / 2) < inner * 0.97:
            break
    face = font(LIBERATION_SANS.bold, size * per_pt)
    for index, line in enumerate(lines):
        y = middle + (index - (len(lines) - 1) / 2) * pitch
        draw.text((middle, y), line, font=face, fill=255, anchor="mm")


def framed(
    text: str,
    size_mm: tuple[float, float],
    dpi: float,
    double: bool = False,
    ink: tuple[int, int, int] = RED_INKS[0],
    face: Typeface = LIBERATION_SERIF,
    size_pt: float = 13.0,
) -> Print:
    """A rectangular stamp of outer ``size_mm`` with one frame line, or two lines 1 mm apart."""
    over = 2
    per_mm = dpi / 25.4 * over
    width, height = (round(value * per_mm) for value in size_mm)
    pad = round(per_mm)
    canvas = Image.new("L", (width + 2 * pad, height + 2 * pad), 0)
    draw = ImageDraw.Draw(canvas)
    line = max(2, round(0.35 * per_mm))
    draw.rectangle((pad, pad, pad + width - 1, pad + height - 1), outline=255, width=line)
    if double:
        inset = round(per_mm)
        draw.rectangle(
            (pad + inset, pad + inset, pad + width - 1 - inset, pad + height - 1 - inset), outline=255, width=line
        )
    letters = font(face.bold, size_pt * dpi * over / 72)
    room = (size_mm[0] - (4.0 if double else 2.0)) * per_mm
    if letters.getlength(text) > room:
        letters = font(face.bold, size_pt * dpi * over / 72 * room / letters.getlength(text))
    draw.text((pad + width / 2, pad + height / 2), text, font=letters, fill=255, anchor="mm")
    small = cv2.resize(np.asarray(canvas), None, fx=1 / over, fy=1 / over, interpolation=cv2.INTER_AREA)
    return Print(small, ink)


def urgency(text: str, dpi: float, ink: tuple[int, int, int] = RED_INKS[0]) -> Print:
    """KHẨN, THƯỢNG KHẨN or HỎA TỐC (also in its older spelling HOẢ TỐC, or with an hour: hẹn giờ)."""
    size = URGENCY_MM.get(text.replace("HOẢ", "HỎA"), (30.0, 8.0))
    return framed(text, size, dpi, ink=ink)


def secrecy(text: str, dpi: float, ink: tuple[int, int, int] = RED_INKS[0]) -> Print:
    """MẬT, TỐI MẬT or TUYỆT MẬT: only ever on pages whose content says that it is an exercise."""
    return framed(text, SECRECY_MM[text], dpi, double=True, ink=ink)


def incoming(spec: IncomingStamp, dpi: float, rng: np.random.Generator) -> Print:
    """The ĐẾN stamp: agency on top, ĐẾN at left, Số and Ngày at right, Chuyển, Số và ký hiệu HS below."""
    per_mm = dpi / 25.4
    width, height = spec.size_mm
    pad = 1.0
    canvas = Image.new("L", (round((width + 2 * pad) * per_mm), round((height + 2 * pad) * per_mm)), 0)
    draw = ImageDraw.Draw(canvas)
    line = max(1, round(0.3 * per_mm))

    def px(value: float) -> float:
        return (value + pad) * per_mm

    def rule(x0: float, y0: float, x1: float, y1: float) -> None:
        draw.line((px(x0), px(y0), px(x1), px(y1)), fill=255, width=line)

    def put(text: str, x: float, y: float, size: float, bold: bool = False, anchor: str = "ls") -> float:
        letters = font(LIBERATION_SERIF.cut(bold), size * dpi / 72)
        draw.text((px(x), px(y)), text, font=letters, fill=255, anchor=anchor)
        return x + letters.getlength(text) / per_mm

    draw.rectangle((px(0), px(0), px(width) - 1, px(height) - 1), outline=255, width=max(2, round(0.45 * per_mm)))
    head = Style(LIBERATION_SERIF, 9, bold=True)
    lines = balance(spec.agency.upper(), head, width - 4)[:2]
    for index, text in enumerate(lines):
        put(text, width / 2, 4.2 + 3.7 * index, 9, True, "ms")
    top = 1.8 + 3.9 * len(lines)
    low = top + 13.0
    rule(0, top, width, top)
    rule(0, low, width, low)
    rule(15.5, top, 15.5, low)
    put("ĐẾN", 7.8, top + 8.2, 14, True, "ms")
    pen: list[tuple[np.ndarray, tuple[int, int, int]]] = []
    values = (
        (spec.number, top + 5.2, "Số:"),
        (f"{spec.arrived.day}/{spec.arrived.month}/{spec.arrived.year}", top + 11.2, "Ngày:"),
    )
    for value, y, label in values:
        x = put(label, 17, y, 10)
        _dots(draw, px(x + 1), px(y), px(width - 2), per_mm)
        if spec.hand:
            strokes = _shrink(spec.hand, 4.4).write(value, rng)
            room = width - 2.5 - x
            reach = max(float(stroke[:, 0].max()) for stroke in strokes)
            if reach > room:
                strokes = [stroke * (room / reach, max(0.75, room / reach)) for stroke in strokes]
            pen.append(_inked(strokes, spec.hand, dpi, rng, canvas.size, (x + 1.2 + pad, y + pad - 0.2)))
        else:
            put(value, x + 2, y - 0.4, 11, True)
    room = (height - low) / 2
    for index, label in enumerate(("Chuyển:", "Số và ký hiệu HS:")):
        y = low + room * index + room * 0.62
        x = put(label, 2, y, 10)
        _dots(draw, px(x + 1), px(y), px(width - 2), per_mm)
        if index == 0 and spec.unit:
            put(spec.unit, x + 2, y - 0.4, 10)
    return Print(np.asarray(canvas), spec.ink, tuple(pen))


def _shrink(hand: Hand, tallest_mm: float) -> Hand:
    return replace(hand, height_mm=min(hand.height_mm, tallest_mm), unsteady=hand.unsteady * 0.8)


def _inked(
    strokes, hand: Hand, dpi: float, rng: np.random.Generator, size: tuple[int, int], at_mm: tuple[float, float]
):
    """Coverage of strokes put at ``at_mm`` on an empty canvas of ``size`` px, with the hand's ink."""
    coverage, corner = ink_of(strokes, hand.nib_mm, dpi, rng)
    canvas = Image.new("L", size, 0)
    place = tuple(round((at + offset) * dpi / 25.4) for at, offset in zip(at_mm, corner, strict=True))
    canvas.paste(Image.fromarray(coverage), place)
    return np.asarray(canvas), hand.ink


def _dots(draw: ImageDraw.ImageDraw, x0: float, y: float, x1: float, per_mm: float) -> None:
    size = max(1.0, 0.16 * per_mm)
    for x in np.arange(x0, x1, 0.9 * per_mm):
        draw.ellipse((x - size, y - size, x + size, y + size), fill=255)


def tilt(mark: Print, degrees: float) -> Print:
    """The same mark turned (counter-clockwise) on a canvas large enough to hold it."""
    layers = [_turned(layer, degrees) for layer in (mark.coverage, *(layer for layer, _ in mark.overlay))]
    return Print(layers[0], mark.ink, tuple(zip(layers[1:], (ink for _, ink in mark.overlay), strict=True)))


def _turned(layer: np.ndarray, degrees: float) -> np.ndarray:
    return np.asarray(Image.fromarray(layer).rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True))
