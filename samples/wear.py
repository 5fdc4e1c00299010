"""What happens to paper and files before they reach us: folds, holes, staples, and lines that software has overlaid."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import cv2
import numpy as np
from PIL import Image, ImageDraw

from samples import wording
from samples.page import Page
from samples.sheet import Box
from samples.typeface import LIBERATION_SANS, LIBERATION_SERIF, Style
from samples.wording import pick


def worn(page: Page, rng: np.random.Generator) -> Page:
    """A sheet that has been through an office: each mark by chance, none of them a fault."""
    for happens, mark in ((0.2, folded), (0.2, punched), (0.25, stapled), (0.1, dog_eared)):
        if rng.random() < happens:
            page = mark(page, rng)
    return page


def folded(page: Page, rng: np.random.Generator) -> Page:
    """Folded in half or in thirds for an envelope: a soft ridge that catches the light on one side."""
    pixels = page.pixels.astype(np.float32)
    height = pixels.shape[0]
    parts = int(rng.choice([2, 3]))
    rows = np.arange(height, dtype=np.float32)[:, None]
    for index in range(1, parts):
        at = height * index / parts + rng.normal(0, height * 0.004)
        tilt = rng.normal(0, 0.002) * np.arange(pixels.shape[1], dtype=np.float32)[None]
        away = (rows - at - tilt) / (page.dpi / 25.4)
        ridge = -rng.uniform(6, 22) * np.exp(-((away / 0.5) ** 2)) + rng.uniform(2, 6) * np.exp(
            -(((away - 1.2) / 1.5) ** 2)
        )
        pixels += ridge[:, :, None]
    return replace(page, pixels=np.clip(pixels, 0, 255).astype(np.uint8))


def punched(page: Page, rng: np.random.Generator) -> Page:
    """Two filing holes of 6 mm, 80 mm apart, in the left margin; the lid of the scanner shows through."""
    image, draw, mm = _drawing(page)
    shade = int(rng.choice([40, 90, 245]))
    x, middle = rng.uniform(8, 12), page.size_mm[1] / 2 + rng.normal(0, 3)
    for y in (middle - 40, middle + 40):
        draw.ellipse(((x - 3) * mm, (y - 3) * mm, (x + 3) * mm, (y + 3) * mm), fill=(shade,) * 3)
    return replace(page, pixels=np.array(image))


def stapled(page: Page, rng: np.random.Generator) -> Page:
    """A staple in the top left corner, or only its two holes."""
    image, draw, mm = _drawing(page)
    x, y, turn = rng.uniform(5, 12), rng.uniform(5, 14), rng.uniform(-1.2, 0.2)
    ends = [(x * mm, y * mm), ((x + 11 * np.cos(turn)) * mm, (y + 11 * np.sin(turn)) * mm)]
    if rng.random() < 0.5:
        draw.line(ends, fill=(150, 150, 152), width=max(1, round(0.6 * mm)))
        draw.line([(a, b + 0.35 * mm) for a, b in ends], fill=(95, 95, 98), width=max(1, round(0.2 * mm)))
    else:
        for a, b in ends:
            draw.ellipse((a - 0.35 * mm, b - 0.35 * mm, a + 0.35 * mm, b + 0.35 * mm), fill=(70, 70, 70))
    return replace(page, pixels=np.array(image))


def dog_eared(page: Page, rng: np.random.Generator) -> Page:
    """A corner folded over: its back covers what lay there."""
    image, draw, mm = _drawing(page)
    size = rng.uniform(6, 16) * mm
    width, height = image.size
    corner = int(rng.integers(4))
    x, dx = (0, 1) if corner % 2 == 0 else (width, -1)
    y, dy = (0, 1) if corner < 2 else (height, -1)
    draw.polygon([(x, y), (x + dx * size, y), (x, y + dy * size)], fill=(245, 245, 245))
    draw.polygon(
        [(x + dx * size, y), (x, y + dy * size), (x + dx * size * 0.9, y + dy * size * 0.9)], fill=(238, 236, 230)
    )
    draw.line([(x + dx * size, y), (x, y + dy * size)], fill=(190, 188, 182), width=max(1, round(0.3 * mm)))
    return replace(page, pixels=np.array(image))


def signed_digitally(page: Page, rng: np.random.Generator, when: datetime) -> Page:
    """The block that signing software prints into a corner: it names another agency and another date (box ``overlay``)."""
    rows = [
        f"Người ký: Ủy ban nhân dân xã {wording.place(rng)}",
        f"Cơ quan: Tỉnh {wording.place(rng)}",
        f"Thời gian ký: {when:%d.%m.%Y %H:%M:%S} +07:00",
    ]
    at = (rng.uniform(4, 12), rng.uniform(3, 8)) if rng.random() < 0.5 else (rng.uniform(130, 150), rng.uniform(3, 22))
    return _overlaid(
        page, rows, at, Style(LIBERATION_SANS, float(rng.uniform(6, 7.5))), pick(rng, ((20, 20, 20), (200, 30, 40)))
    )


def copy_line(page: Page, rng: np.random.Generator, when: datetime) -> Page:
    """The line of NĐ 30/2020 Mẫu 3.2 on a sheet that is itself a printed copy (box ``overlay``)."""
    row = f"SAO Y; Ủy ban nhân dân xã {wording.place(rng)}; {when:%d/%m/%Y %H:%M:%S}"
    style = Style(LIBERATION_SERIF, 10)
    return _overlaid(page, [row], (page.size_mm[0] - 18 - style.width_mm(row), rng.uniform(8, 14)), style, (20, 20, 20))


def random_overlay(page: Page, rng: np.random.Generator, issued: datetime) -> Page:
    """One of the two, some days after the document."""
    overlay = signed_digitally if rng.random() < 0.7 else copy_line
    return overlay(
        page, rng, issued + timedelta(days=int(rng.integers(0, 20)), seconds=int(rng.integers(27000, 61000)))
    )


def _overlaid(page: Page, rows: list[str], at_mm: tuple[float, float], style: Style, ink: tuple[int, int, int]) -> Page:
    image, draw, mm = _drawing(page)
    letters = style.at(page.dpi)
    pitch = style.size * 0.3528 * 1.2
    for index, row in enumerate(rows):
        draw.text((at_mm[0] * mm, (at_mm[1] + pitch * (index + 1)) * mm), row, font=letters, fill=ink, anchor="ls")
    width = max(style.width_mm(row) for row in rows)
    box: Box = (at_mm[0], at_mm[1], width, pitch * len(rows))
    return replace(page, pixels=np.array(image), boxes={**page.boxes, "overlay": box})


def _drawing(page: Page) -> tuple[Image.Image, ImageDraw.ImageDraw, float]:
    image = Image.fromarray(page.pixels)
    return image, ImageDraw.Draw(image), page.dpi / 25.4


def photocopied(page: Page, rng: np.random.Generator) -> Page:
    """A black-and-white copy of the sheet, as it is often what arrives: contrast up, specks, no colour on the paper."""
    gray = cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    hard = 255 / (1 + np.exp(-(gray - rng.uniform(120, 165)) / rng.uniform(10, 25)))
    specks = rng.random(gray.shape, dtype=np.float32) < rng.uniform(1e-6, 2e-5)
    hard[cv2.dilate(specks.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = 30
    paper = page.pixels[2:40, 2:40].reshape(-1, 3).mean(axis=0)
    toned = 25 + hard[:, :, None] / 255 * (paper[None, None] - 25)
    return replace(page, pixels=np.clip(toned, 0, 255).astype(np.uint8))
