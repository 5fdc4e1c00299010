"""Ordinary captures for the gate's bench: any scanner, any glass, and what drivers do to a good picture. No faults."""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np

from samples.capture import Scan, Settings, random_settings, replaced, scan_with
from samples.page import Page

Captured = list[Scan]


def scanner(rng: np.random.Generator, size_mm: tuple[float, float] = (210.0, 297.0)) -> Settings:
    """Any ordinary scanner for a sheet: glass of the sheet's size, auto-sized, larger than the sheet, or A3."""
    dpi = float(rng.choice([200, 200, 200, rng.uniform(198, 204), 240, 250, 300, 300, 400]))
    settings = random_settings(rng, dpi)
    glass = str(rng.choice(["sheet", "sheet", "auto", "auto", "border", "a3"], p=[0.2, 0.2, 0.2, 0.2, 0.12, 0.08]))
    stretch = (float(rng.normal(1, 0.002)), float(rng.normal(1, 0.002)))
    changes: dict[str, Any] = {"scale": tuple(float(np.clip(value, 0.995, 1.005)) for value in stretch)}
    changes["skew_deg"] = float(np.clip(rng.normal(0, 0.45), -1.5, 1.5))
    if glass == "auto":  # never smaller than what is printed
        changes["canvas_mm"] = (size_mm[0] + float(rng.uniform(-2.2, 3.1)), size_mm[1] + float(rng.uniform(-7.7, 6.7)))
    if glass == "border":
        changes["canvas_mm"] = (size_mm[0] + float(rng.uniform(2, 14)), size_mm[1] + float(rng.uniform(2, 14)))
        changes["shift_mm"] = (float(rng.uniform(0, 5)), float(rng.uniform(0, 5)))
    if glass == "a3" and max(size_mm) < 300:
        changes["canvas_mm"] = (297.0, 420.0)
    changes["lid"] = int(
        rng.choice([255, 250, 245, 235, 200, 120, 60, 20], p=[0.1, 0.25, 0.2, 0.15, 0.1, 0.06, 0.07, 0.07])
    )
    return replaced(settings, **changes)


def shadowed(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A lid that did not close, or a bound volume: light fades a little towards one side."""
    height, width = pixels.shape[:2]
    side, reach = int(rng.integers(4)), float(rng.uniform(0.02, 0.12))
    away = np.linspace(0, 1, width if side % 2 else height, dtype=np.float32)
    if side > 1:
        away = away[::-1]
    loss = rng.uniform(0.04, 0.16) * np.exp(-away / reach)
    fading = loss[None, :, None] if side % 2 else loss[:, None, None]
    return np.clip(pixels * (1 - fading), 0, 255).astype(np.uint8)


def capture(
    pages: tuple[Page, ...], rng: np.random.Generator, base: Settings | None = None, **changes: Any
) -> Captured:
    base = base or scanner(rng, pages[0].size_mm)
    return [scan_with(page, rng, replaced(base, **changes)) for page in pages]


def reworked(scan: Scan, rng: np.random.Generator) -> tuple[Scan, str]:
    """What drivers do to a good capture, none of it a fault: paper washed white, reduced from more dots, denoised,
    shadowed at one side."""
    kind = str(rng.choice(["no", "white", "reduced", "denoised", "shadow"], p=[0.5, 0.2, 0.12, 0.08, 0.1]))
    pixels = scan.pixels
    if kind == "white":
        top = float(np.percentile(pixels[::7, ::7], 60)) - float(rng.uniform(4, 14))
        pixels = np.clip(pixels.astype(np.float32) * (255 / top), 0, 255).astype(np.uint8)
    if kind == "reduced":
        more = scan_with(scan.page, rng, replaced(scan.settings, dpi=float(rng.choice([1.5, 2, 3])) * scan.dpi))
        kernel = [cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC][int(rng.integers(3))]
        pixels = cv2.resize(more.pixels, (pixels.shape[1], pixels.shape[0]), interpolation=kernel)
    if kind == "denoised":
        pixels = cv2.medianBlur(pixels, 3) if rng.random() < 0.5 else cv2.bilateralFilter(pixels, 5, 18, 2)
    if kind == "shadow":
        pixels = shadowed(pixels, rng)
    return dataclasses.replace(scan, pixels=pixels), kind
