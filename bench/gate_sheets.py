"""Sheets of every sort that cross a registry desk, for the gate's bench: none of them is a fault.

Letters, signature pages of three lines, landscape and dense tables, forms, pages written by hand, photographs, coloured
and yellowed paper, photocopies, A5 to Legal; folded, punched, stapled, signed by software.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, time

import cv2
import numpy as np

from samples import wear, wording
from samples.documents import random_seal, random_spec
from samples.page import Page, render
from samples.pen import Hand
from samples.sheet import Sheet
from samples.spec import DocumentSpec, PageBreak, Paragraph, Table, Typing
from samples.typeface import Style, Typeface, installed
from samples.wording import pick

Pages = tuple[Page, ...]

SIZES_MM = {"letter": (215.9, 279.4), "f4": (210.0, 330.0), "legal": (215.9, 355.6), "a5": (148.0, 210.0)}
COLOURED = ((250, 205, 210), (205, 238, 208), (200, 218, 242), (252, 238, 150), (214, 190, 150), (236, 200, 236))
"""pink, green, blue, yellow, kraft, lilac"""


def document(rng: np.random.Generator, pages: int = 1, **changes: object) -> tuple[DocumentSpec, Pages]:
    """A letter with a seal of 30–42 mm, or none."""
    spec = random_spec(rng, pages=pages)
    seal = None
    if rng.random() < 0.85:
        seal = dataclasses.replace(random_seal(rng, spec.organ), diameter_mm=float(rng.uniform(30, 42)))
    spec = dataclasses.replace(spec, **{"seal": seal, **changes})  # type: ignore[arg-type]
    return spec, render(spec, rng)


def letter(rng: np.random.Generator) -> Pages:
    return document(rng, pages=int(rng.choice([1, 1, 1, 2])))[1]


def plain(rng: np.random.Generator) -> Pages:
    """Black on white and nothing else: no seal, stamp or pen."""
    spec = random_spec(rng, written=False)
    spec = dataclasses.replace(spec, seal=None, signature=None, incoming=None, urgency="")
    return render(spec, rng)[:1]


def signature(rng: np.random.Generator) -> Pages:
    """The last page: some lines, the signer, the seal."""
    spec, _ = document(rng, incoming=None, urgency="")
    tail = [Paragraph(pick(rng, wording.MATTERS).sentences[0]) for _ in range(int(rng.integers(1, 4)))]
    spec = dataclasses.replace(spec, body=(*spec.body[:1], PageBreak(), *tail))
    return render(spec, rng)[1:2]


def table(rng: np.random.Generator) -> Pages:
    """An annex: a ruled table of small type, upright or landscape."""
    wide = rng.random() < 0.5
    columns = int(rng.integers(5, 9))
    rows = tuple(
        (str(index + 1), pick(rng, wording.MATTERS).topic.capitalize(),
         *(f"{rng.uniform(1, 9999):,.{int(rng.integers(0, 2))}f}" for _ in range(columns - 2)))
        for index in range(int(rng.integers(12, 30)))
    )  # fmt: skip
    head = ("TT", "Nội dung", *(f"Năm {2015 + index}" for index in range(columns - 2)))
    shares = (0.06, 0.34, *(0.6 / (columns - 2) for _ in range(columns - 2)))
    spec = random_spec(rng)
    size = (297.0, 210.0) if wide else (210.0, 297.0)
    typing = dataclasses.replace(spec.typing, paper_mm=size, body_pt=float(rng.uniform(10.5, 13)))
    title = Paragraph("PHỤ LỤC", bold=True, align="centre")
    spec = dataclasses.replace(
        spec, typing=typing, incoming=None, urgency="",
        body=(spec.body[0], PageBreak(), title, Table(head, rows, shares)),
    )  # fmt: skip
    return render(spec, rng)[1:2]


def form(rng: np.random.Generator) -> Pages:
    """Printed words with dotted places, filled in by pen."""
    face = _face(rng)
    paper = (252, 251, 248)
    sheet = Sheet((210.0, 297.0), 400.0, paper, rng)
    style, hand = Style(face, float(rng.uniform(12, 14))), Hand.random(rng)
    sheet.centred("ĐƠN ĐỀ NGHỊ", 110, float(rng.uniform(30, 50)), Style(face, 14, bold=True), "type")
    y = 62.0
    for label in ("Họ và tên", "Ngày sinh", "Số CCCD", "Nơi thường trú", "Điện thoại", "Nội dung", "", "", "Ngày nộp"):
        for _ in range(1 if label else 2):
            end = sheet.text(f"{label}:" if label else "", 32, y, style, "body")
            sheet.text("." * int((188 - end) / style.width_mm(".")), end + 1, y, style, "body", line=False)
            if rng.random() < 0.8:
                words = f"{int(rng.integers(1, 31))}/{int(rng.integers(1, 13))}-{int(rng.integers(100, 999999))}"
                sheet.pen(hand.write(words, rng), hand, (end + rng.uniform(3, 30), y - 0.6), "filled")
            y += float(rng.uniform(9, 13))
    return (Page(1, sheet.pixels(), 400.0, (210.0, 297.0), dict(sheet.boxes), tuple(sheet.lines)),)


def written(rng: np.random.Generator) -> Pages:
    """A letter by hand on plain or ruled paper."""
    sheet = Sheet((210.0, 297.0), 400.0, (250, 248, 243), rng)
    hand = Hand.random(rng)
    ruled, pitch = rng.random() < 0.5, float(rng.uniform(8, 12))
    y, last = float(rng.uniform(25, 45)), float(rng.uniform(90, 270))
    rule = Sheet((210.0, 297.0), 400.0, (250, 248, 243), rng, black=(150, 170, 200))
    while y < last:
        if ruled:
            rule.rule(10, y + 1, 200, y + 1, 0.15)
        x = float(rng.uniform(24, 34))
        while x < rng.uniform(150, 185):
            width = float(rng.uniform(6, 20))
            sheet.pen(hand.sign(rng, width, float(rng.uniform(3.5, 6))), hand, (x, y - 2), "hand")
            x += width + float(rng.uniform(2, 4))
        y += pitch
    pixels = np.minimum(sheet.pixels(), np.array(rule.image))
    return (Page(1, pixels, 400.0, (210.0, 297.0), dict(sheet.boxes)),)


def photograph(rng: np.random.Generator) -> Pages:
    """A report with a picture or two."""
    page = document(rng)[1][0]
    pixels = page.pixels.copy()
    mm = page.dpi / 25.4
    for _ in range(int(rng.integers(1, 3))):
        width, height = (int(rng.uniform(50, 120) * mm), int(rng.uniform(40, 90) * mm))
        coarse = rng.uniform(20, 235, (7, 9, 3)).astype(np.float32)
        picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        fine = rng.normal(0, 18, (height // 8 + 1, width // 8 + 1, 3)).astype(np.float32)
        picture = picture + cv2.resize(fine, (width, height), interpolation=cv2.INTER_CUBIC)
        x, y = int(rng.uniform(30, 60) * mm), int(rng.uniform(90, 180) * mm)
        pixels[y : y + height, x : x + width] = np.clip(picture, 0, 255)[: pixels.shape[0] - y, : pixels.shape[1] - x]
    return (dataclasses.replace(page, pixels=pixels),)


def coloured(rng: np.random.Generator) -> Pages:
    """On coloured paper: covers, forms, notices."""
    spec, _ = document(rng)
    colour = COLOURED[int(rng.integers(len(COLOURED)))]
    tint = tuple(int(np.clip(value + rng.normal(0, 5), 0, 255)) for value in colour)
    return render(dataclasses.replace(spec, typing=dataclasses.replace(spec.typing, paper=tint)), rng)[:1]  # type: ignore[arg-type]


def yellowed(rng: np.random.Generator) -> Pages:
    """Old paper: yellow, browner to its edges, stained."""
    spec, _ = document(rng)
    paper = (int(rng.integers(222, 246)), int(rng.integers(208, 232)), int(rng.integers(165, 210)))
    page = render(dataclasses.replace(spec, typing=dataclasses.replace(spec.typing, paper=paper)), rng)[0]
    height, width = page.pixels.shape[:2]
    y, x = np.mgrid[0:60, 0:44].astype(np.float32)
    edge = np.minimum.reduce([x, 43 - x, y, 59 - y])
    shade = 1 - rng.uniform(0.05, 0.22) * np.exp(-edge / rng.uniform(2, 6))
    for _ in range(int(rng.integers(0, 4))):
        at, size = rng.uniform(0, 1, 2) * (60, 44), rng.uniform(2, 7)
        shade -= rng.uniform(0.03, 0.12) * np.exp(-(((y - at[0]) ** 2 + (x - at[1]) ** 2) / size**2))
    aged = page.pixels * cv2.resize(shade, (width, height), interpolation=cv2.INTER_CUBIC)[:, :, None]
    return (dataclasses.replace(page, pixels=np.clip(aged, 0, 255).astype(np.uint8)),)


def photocopy(rng: np.random.Generator) -> Pages:
    return (wear.photocopied(document(rng)[1][0], rng),)


def sized(rng: np.random.Generator) -> Pages:
    """Letter, F4, Legal, A5."""
    size = SIZES_MM[str(rng.choice(list(SIZES_MM)))]
    spec = random_spec(rng)
    typing = dataclasses.replace(spec.typing, paper_mm=size)
    if size[0] < 150:
        typing = _small(typing, rng)
    return render(dataclasses.replace(spec, typing=typing, incoming=None), rng)[:1]


def large(rng: np.random.Generator) -> Pages:
    """An A3 annex: a plan's title block, or a table with room around it."""
    page = table(rng)[0]
    height, width = page.pixels.shape[:2]
    wide = width > height
    size = (420.0, 297.0) if wide else (297.0, 420.0)
    pixels = np.empty((round(size[1] / 25.4 * page.dpi), round(size[0] / 25.4 * page.dpi), 3), np.uint8)
    pixels[:] = np.median(page.pixels[::9, ::9].reshape(-1, 3), axis=0)
    x, y = (int(rng.uniform(0, room)) for room in (pixels.shape[1] - width, pixels.shape[0] - height))
    pixels[y : y + height, x : x + width] = page.pixels
    return (Page(1, pixels, page.dpi, size, {}),)


def overlaid(rng: np.random.Generator) -> Pages:
    spec, pages = document(rng)
    return (wear.random_overlay(pages[0], rng, datetime.combine(spec.issued, time(9))), *pages[1:])


def _small(typing: Typing, rng: np.random.Generator) -> Typing:
    return dataclasses.replace(
        typing,
        body_pt=float(rng.uniform(10, 12)),
        header_pt=9.0,
        left_mm=18.0,
        right_mm=10.0,
        top_mm=12.0,
        bottom_mm=12.0,
    )


def _face(rng: np.random.Generator) -> Typeface:
    return installed()[0] if rng.random() < 0.7 else pick(rng, installed())


SHEETS: dict[str, tuple[Callable[[np.random.Generator], Pages], float]] = {
    "letter": (letter, 5), "plain": (plain, 3), "signature": (signature, 2), "table": (table, 2), "form": (form, 1),
    "written": (written, 1), "photograph": (photograph, 1), "coloured": (coloured, 1), "yellowed": (yellowed, 1),
    "photocopy": (photocopy, 2), "sized": (sized, 2), "overlaid": (overlaid, 1), "large": (large, 0.6),
}  # fmt: skip
"""what it is, and how often it comes"""


def any_sheet(rng: np.random.Generator, only: tuple[str, ...] = ()) -> tuple[str, Pages]:
    """One of SHEETS, worn by chance."""
    names = [name for name in SHEETS if not only or name in only]
    weights = np.array([SHEETS[name][1] for name in names], float)
    name = str(rng.choice(names, p=weights / weights.sum()))
    pages = SHEETS[name][0](rng)
    return name, tuple(wear.worn(page, rng) if rng.random() < 0.5 else page for page in pages)
