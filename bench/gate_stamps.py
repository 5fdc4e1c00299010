"""Stamps of every make, laid on pages: for the bench of secrecy marks and for nothing else.

Marks of secrecy, urgency and circulation, and what only looks like them: ĐẾN stamps, round seals, tables, the frames that
signing software prints. Red, dark red, pink or purple; on the original, or photocopied before it is scanned.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date

import cv2
import numpy as np
from PIL import Image, ImageDraw

from samples import wear, wording
from samples.marks import RED_INKS, IncomingStamp, Seal, framed, incoming, seal, worn
from samples.page import Page
from samples.pen import Hand
from samples.typeface import LIBERATION_SANS, Style, installed
from samples.wording import pick

SAID = {
    "secret": ("MẬT", "TỐI MẬT", "TUYỆT MẬT"),
    "lifted": ("GIẢI MẬT",),
    "urgent": ("KHẨN", "THƯỢNG KHẨN", "HỎA TỐC", "HOẢ TỐC", "HỎA TỐC HẸN GIỜ"),
    "other": ("XEM XONG TRẢ LẠI", "LƯU HÀNH NỘI BỘ", "BẢN SAO", "SAO Y", "ĐÃ SỐ HÓA", "BẢN CHÍNH"),
}
WIDTHS_MM = {"MẬT": 20, "TỐI MẬT": 30, "TUYỆT MẬT": 40, "KHẨN": 20, "THƯỢNG KHẨN": 40, "HỎA TỐC": 30, "HOẢ TỐC": 30}
KINDS = {"secret": 0.56, "urgent": 0.16, "other": 0.08, "lifted": 0.04, "den": 0.05, "seal": 0.03, "table": 0.04,
         "signature": 0.04}  # fmt: skip
INKS = {
    "red": RED_INKS,
    "dark red": ((150, 25, 35), (130, 30, 40), (165, 20, 30)),
    "pink": ((226, 96, 112), (214, 84, 120)),
    "purple": ((150, 40, 120), (128, 40, 140)),
    "black": ((40, 38, 42), (25, 25, 30)),
}
PLACES_MM = ((22.0, 75.0), (45.0, 95.0))
"""where the left upper corner of a mark may lie, x and y: ô 10a and 10b with room for long headers and hasty hands"""


def put(page: Page, rng: np.random.Generator, kind: str) -> tuple[Page, dict[str, object]]:
    """The page with one more mark of a kind of KINDS, and what it is: ``text frame tilt ink face over copied``."""
    about: dict[str, object] = {"kind": kind}
    coverage = _words(page, rng, kind, about) if kind in SAID else _DRAWN[kind](page, rng)
    names = ["red"] * 5 + ["dark red", "pink", "purple"] + (["black"] if kind in SAID else [])
    about["ink"] = str(rng.choice(names)) if kind != "table" else "black"
    ink = pick(rng, INKS[str(about["ink"])])
    about["wear"] = round(float(rng.uniform(0, 0.9)), 2)
    coverage = worn(coverage, rng, page.dpi, float(about["wear"]))  # type: ignore[arg-type]
    if rng.random() < 0.3:
        about["broken"] = True
        coverage = _broken(coverage, rng, page.dpi)
    about["tilt"] = round(float(rng.uniform(-8, 8)), 1) if kind not in ("table", "signature") else 0.0
    coverage = _turned(coverage, float(about["tilt"]))  # type: ignore[arg-type]
    about["strength"] = round(float(rng.uniform(0.5, 1.0)), 2)
    about["over"] = bool(rng.random() < 0.5)
    pixels = page.pixels.copy()
    x, y = _place(page, coverage, rng, bool(about["over"]))
    spot = pixels[y : y + coverage.shape[0], x : x + coverage.shape[1]]
    alpha = (coverage[: spot.shape[0], : spot.shape[1], None] / 255.0) * about["strength"]
    spot[:] = (spot * (1 - alpha) + np.minimum(spot, np.array(ink)) * alpha).astype(np.uint8)
    found = dataclasses.replace(page, pixels=pixels)
    about["copied"] = bool(rng.random() < 0.22)
    return (wear.photocopied(found, rng) if about["copied"] else found), about


def _words(page: Page, rng: np.random.Generator, kind: str, about: dict[str, object]) -> np.ndarray:
    text = pick(rng, SAID[kind])
    about |= {"text": text, "frame": str(rng.choice(["single", "double", "none"], p=[0.42, 0.48, 0.1]))}
    size = WIDTHS_MM.get(text, 45) * float(rng.uniform(0.92, 1.1)), float(rng.uniform(7, 10))
    face = pick(rng, installed()) if rng.random() < 0.5 else installed()[0]
    about["face"] = face.name
    mark = framed(
        text, size, page.dpi, about["frame"] == "double", (0, 0, 0), face, float(rng.uniform(12, 15))
    ).coverage
    if about["frame"] == "none":
        edge = round(1.6 * page.dpi / 25.4) + round(page.dpi / 25.4)
        mark = mark[edge:-edge, edge:-edge]
    return mark


def _den(page: Page, rng: np.random.Generator) -> np.ndarray:
    stamp = IncomingStamp(f"UBND xã {wording.place(rng)}", str(int(rng.integers(1, 4000))), date(2025, 3, 4), "Văn phòng",
                          Hand.random(rng) if rng.random() < 0.5 else None)  # fmt: skip
    return incoming(stamp, page.dpi, rng).coverage


def _seal(page: Page, rng: np.random.Generator) -> np.ndarray:
    rim = f"ỦY BAN NHÂN DÂN XÃ {wording.place(rng).upper()}"
    return seal(Seal(rim, emblem=bool(rng.random() < 0.5), diameter_mm=float(rng.uniform(28, 42))), page.dpi).coverage


def _table(page: Page, rng: np.random.Generator) -> np.ndarray:
    """A ruled box, or two beside each other, with some words in small type: «Mẫu số 01», a table's head."""
    mm = page.dpi / 25.4
    wide, high, cells = float(rng.uniform(16, 60)), float(rng.uniform(6, 14)), int(rng.integers(1, 4))
    image = Image.new("L", (round((cells * wide + 3) * mm), round((high + 3) * mm)), 0)
    draw = ImageDraw.Draw(image)
    style = Style(pick(rng, installed()), float(rng.uniform(9, 13)), bold=bool(rng.random() < 0.5))
    for cell in range(cells):
        x = 1 + cell * wide
        corners = (x * mm, mm, (x + wide) * mm, (1 + high) * mm)
        draw.rectangle(corners, outline=255, width=max(2, round(0.25 * mm)))
        words = str(
            rng.choice(["Mẫu số 01", "Phụ lục II", "TT", "Nội dung", "Ghi chú", "MẪU 2A", "Bảo mật: có", "Đơn vị"])
        )
        draw.text(((x + wide / 2) * mm, (1 + high / 2) * mm), words, font=style.at(page.dpi), fill=255, anchor="mm")
    return np.asarray(image)


def _signature(page: Page, rng: np.random.Generator) -> np.ndarray:
    """The framed lines that signing software prints: who signed, when."""
    mm = page.dpi / 25.4
    size = float(rng.uniform(5.5, 9))
    rows = [f"Ký bởi: Ủy ban nhân dân xã {wording.place(rng)}", f"Cơ quan: Tỉnh {wording.place(rng)}",
            "Ngày ký: 04-03-2025 09:12:31 +07:00", "Signature Valid"]  # fmt: skip
    rows = rows[: int(rng.integers(1, 5))]
    style = Style(LIBERATION_SANS, size)
    wide, pitch = max(style.width_mm(row) for row in rows) + 3, size * 0.3528 * 1.25
    high = pitch * len(rows) + 2.5
    image = Image.new("L", (round((wide + 2) * mm), round((high + 2) * mm)), 0)
    draw = ImageDraw.Draw(image)
    draw.rectangle((mm, mm, (1 + wide) * mm, (1 + high) * mm), outline=255, width=max(2, round(0.3 * mm)))
    for index, row in enumerate(rows):
        draw.text((2.2 * mm, (1.6 + pitch * (index + 0.8)) * mm), row, font=style.at(page.dpi), fill=255, anchor="ls")
    return np.asarray(image)


_DRAWN: dict[str, Callable[[Page, np.random.Generator], np.ndarray]] = {
    "den": _den, "seal": _seal, "table": _table, "signature": _signature,
}  # fmt: skip


def _broken(coverage: np.ndarray, rng: np.random.Generator, dpi: float) -> np.ndarray:
    """Places where the rubber took no ink: a corner, a stretch of a line, half a letter."""
    kept = np.ones(coverage.shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        x, y = int(rng.integers(coverage.shape[1])), int(rng.integers(coverage.shape[0]))
        axes = (round(rng.uniform(1, 3.5) * dpi / 25.4), round(rng.uniform(0.6, 1.6) * dpi / 25.4))
        cv2.ellipse(kept, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0, 0.4)), -1)
    return (coverage * cv2.GaussianBlur(kept, (0, 0), 0.3 * dpi / 25.4)).astype(np.uint8)


def _turned(coverage: np.ndarray, degrees: float) -> np.ndarray:
    pad = round(0.16 * max(coverage.shape))
    coverage = cv2.copyMakeBorder(coverage, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    size = (coverage.shape[1], coverage.shape[0])
    return cv2.warpAffine(coverage, cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), degrees, 1.0), size)


def _place(page: Page, coverage: np.ndarray, rng: np.random.Generator, over: bool) -> tuple[int, int]:
    """px of the left upper corner: where print lies under the mark, or the barest of forty places."""
    mm = page.dpi / 25.4
    y, x = np.nonzero(coverage)
    x0, y0, x1, y1 = int(x.min()), int(y.min()), int(x.max()), int(y.max())
    dark = page.pixels[:, :, 1] < 140
    tries = []
    for _ in range(40):
        left, top = round(rng.uniform(*PLACES_MM[0]) * mm) - x0, round(rng.uniform(*PLACES_MM[1]) * mm) - y0
        left, top = max(left, 0), max(top, 0)
        tries.append((float(dark[top + y0 : top + y1 : 4, left + x0 : left + x1 : 4].mean()), left, top))
    tries.sort()
    _, left, top = tries[int(rng.integers(20, 40))] if over else tries[0]
    return left, top
