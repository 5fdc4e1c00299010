"""Are letters sharp? Judged at their edges, tile by tile, so a sparse page is not a blurred one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from intake.model import Box, Finding, Severity
from workers.check.legibility import TILE_MM, Tile
from workers.check.view import PageView

SIGMA_MM = 0.19
"""blur of the steepest edges: clean scans of 200 dpi and more reach 0.15 at most, unsharp ones begin at 0.25"""
SIGMA_PX = 1.45
"""but never less than this many dots: a 100 dpi scan is coarse, not out of focus"""
SHARE = 0.3
"""of the written tiles: a fold lifts a corner off the glass, a moved sheet or wrong focus spoils whole regions"""
CONTRAST_MIN = 45
SOFT_MIN = 2
"""one soft place alone is a punch hole's rim or a stain"""


def limit(view: PageView) -> float:
    return max(SIGMA_MM, SIGMA_PX * 25.4 / view.dpi[0])


def look(view: PageView, tiles: Sequence[Tile]) -> Iterator[Finding]:
    judged = [tile for tile in tiles if tile.paper - tile.ink >= CONTRAST_MIN]
    soft = [tile for tile in judged if tile.sigma_mm > limit(view)]
    if not judged or len(soft) < max(SOFT_MIN, SHARE * len(judged)):
        return
    sigma = float(np.median([tile.sigma_mm for tile in soft]))
    left, top = min(tile.x for tile in soft), min(tile.y for tile in soft)
    right, bottom = max(tile.x for tile in soft) + TILE_MM, max(tile.y for tile in soft) + TILE_MM
    yield Finding(
        "check.blurred", Severity.BLOCK,
        f"Trang {view.number} bị nhòe ({len(soft)}/{len(judged)} vùng chữ). Lau kính, ép phẳng giấy sát mặt kính, không di "
        "chuyển khi quét, rồi quét lại.",
        f"Page {view.number} is blurred ({len(soft)} of {len(judged)} written regions). Clean the glass, press the sheet flat, "
        "keep it still, and scan again.",
        page=view.number, box=Box(left, top, right - left, bottom - top),
        measured=round(sigma, 3), limit=round(limit(view), 3), unit="mm",
    )  # fmt: skip
