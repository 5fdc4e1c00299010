"""What the picture itself says about a page's head: rules under lines, how bold a line is, where ink stands."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from workers.ocr.layout import Row, Sheet

RULE_LEAST_MM, RULE_THICKEST_MM = 9.0, 1.3


@dataclass(frozen=True, slots=True)
class Rule:
    """A printed horizontal line: x0, x1 and y in mm, straightened."""

    x0: float
    x1: float
    y: float

    @property
    def centre(self) -> float:
        return (self.x0 + self.x1) / 2


@dataclass(frozen=True, slots=True)
class Page:
    """The first page's picture: ``pixels`` BGR or grey as displayed, ``gray`` the channel that was read."""

    pixels: np.ndarray
    gray: np.ndarray
    sheet: Sheet

    @property
    def paper(self) -> float:
        """Level of the paper in ``gray``."""
        return float(np.percentile(self.gray[::16, ::16], 75))

    def crop(self, x0: float, y0: float, x1: float, y1: float, source: np.ndarray | None = None) -> np.ndarray:
        """A straightened box in mm, cut level at its middle (within a few letters the slope does not show)."""
        image = self.gray if source is None else source
        middle = (x0 + x1) / 2
        _, top = self.sheet.to_px(middle, y0)
        _, bottom = self.sheet.to_px(middle, y1)
        scale = self.sheet.px_per_mm[0]
        height, width = image.shape[:2]
        left, right = max(0, round(x0 * scale)), min(width, round(x1 * scale))
        return image[max(0, round(top)) : min(height, round(bottom)), left : max(left, right)]

    def rules(self, y0: float, y1: float) -> list[Rule]:
        """Horizontal rules between two heights in mm, top to bottom."""
        scale_x, scale_y = self.sheet.px_per_mm
        top, bottom = max(0, round((y0 - 4) * scale_y)), min(self.gray.shape[0], round((y1 + 4) * scale_y))
        if bottom - top < 8:
            return []
        zone = self.gray[top:bottom]
        mask = (zone < 0.78 * float(np.percentile(zone[::4, ::4], 80))).astype(np.uint8)
        # No letter has a level stroke of 4.5 mm; a rule keeps such runs even when skew breaks it into steps.
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, max(8, round(scale_x * 4.5))), np.uint8))
        mask = cv2.dilate(mask, np.ones((3, max(3, round(scale_x * 1.0))), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        slope = float(np.tan(self.sheet.angle))
        found = []
        for x, y, w, h, _ in stats[1:count]:
            tall = (h - 2) / scale_y - abs(slope) * w / scale_x
            if w / scale_x < RULE_LEAST_MM or tall > RULE_THICKEST_MM:
                continue
            middle = (top + y + h / 2) / scale_y + (x + w / 2) / scale_x * slope
            if y0 <= middle <= y1:
                found.append(Rule(x / scale_x, (x + w) / scale_x, middle))
        return sorted(found, key=lambda rule: rule.y)

    def stroke(self, row: Row) -> float:
        """Mean stroke width of a row's ink in mm: twice the ink's area over its outline."""
        part = self.crop(row.x0, row.y0 - 0.3, row.x1, row.y1 + 0.3)
        if min(part.shape) < 5:
            return 0.0
        low, high = np.percentile(part[::2, ::2], (2, 85))
        mask = (part < (low + high) / 2).astype(np.uint8)
        inner = cv2.erode(mask, np.ones((3, 3), np.uint8))
        outline = int(mask.sum()) - int(inner.sum())
        return 2.0 * float(mask.sum()) / max(outline, 1) / self.sheet.px_per_mm[0]

    def valley(self, x: float, base: float, em: float, reach: float = 0.32) -> float:
        """The x in mm near ``x`` where least ink is crossed between base line and cap height: a gap between letters."""
        part = self.crop(x - reach * em, base - 0.68 * em, x + reach * em, base - 0.02 * em)
        if min(part.shape) < 3:
            return x
        dark = (part < 0.72 * self.paper).mean(axis=0)
        width = part.shape[1]
        off = np.abs(np.arange(width) - width / 2) / max(width, 1)
        best = int(np.argmin(dark + 0.12 * off))
        return x + (best + 0.5 - width / 2) / self.sheet.px_per_mm[0]
