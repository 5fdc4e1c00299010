"""Dirt on a feeder's glass draws a line down every sheet: the same column on several pages is the device's fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from intake.model import Box, Finding, Severity
from workers.check.ranked import ranked, smoothed
from workers.check.view import WORK_DPI, PageView

MM = 25.4 / WORK_DPI
STRETCHES = 16
THROUGH = 14
"""of STRETCHES down the page that must show the line: a table's rule ends before that"""
PAPER = 70
"""percentile of a column's dots that is paper, print or none"""
AROUND_PX = 13
"""3 mm: what is wider is shading"""
LEVELS_MIN = 3.0
"""levels between the line and the paper beside it: clean feeders up to 1 (docs/check/legibility.md)"""
EDGE_MM = 8.0
SAME_MM = 1.0


@dataclass(frozen=True, slots=True)
class Streak:
    """A line down the page ``at`` mm from the left, ``levels`` darker (negative: lighter) than the paper beside it."""

    at: float
    levels: float


def measure(view: PageView) -> tuple[Streak, ...]:
    """Lines down the whole page, strongest first."""
    columns = np.ascontiguousarray(view.gray[::4].T)
    level = np.stack([ranked(part, PAPER) for part in np.array_split(columns, STRETCHES, axis=1)])
    apart = smoothed(level, AROUND_PX).astype(np.int16) - level
    edge = round(EDGE_MM / MM)
    apart[:, :edge] = apart[:, -edge:] = 0
    ordered = np.sort(apart, axis=0)
    dark, light = ordered[STRETCHES - THROUGH], ordered[THROUGH - 1]  # what all but two stretches reach
    steady = np.where(dark > -light, dark, light).astype(np.float32)
    found = []
    for column in np.argsort(-np.abs(steady)):
        if abs(steady[column]) < LEVELS_MIN:
            break
        at = float(column) * MM
        if all(abs(at - other.at) > SAME_MM for other in found):
            found.append(Streak(at, float(np.median(apart[:, column]))))
    return tuple(found)


def strength(found: Sequence[Streak]) -> float:
    """Levels of the strongest line, 0 without one."""
    return max((abs(streak.levels) for streak in found), default=0.0)


def look(pages: Sequence[tuple[int, tuple[Streak, ...]]]) -> Iterator[Finding]:
    """``check.streak`` (note), once a column: ``pages`` are page numbers with what ``measure`` found."""
    told: list[float] = []
    for index, (_, streaks) in enumerate(pages):
        for streak in streaks:
            if any(abs(streak.at - at) <= SAME_MM for at in told):
                continue
            same = [number for number, others in pages[index:] if any(abs(o.at - streak.at) <= SAME_MM for o in others)]
            if len(same) < 2:
                continue
            told.append(streak.at)
            yield Finding(
                "check.streak", Severity.NOTE,
                f"Vệt sọc cách mép trái {streak.at:.0f} mm ở {len(same)} trang: kính của bộ nạp giấy bẩn. "
                "Lau dải kính hẹp của bộ nạp rồi quét thử một trang trắng.",
                f"A streak {streak.at:.0f} mm from the left on {len(same)} pages: the feeder's glass is dirty. "
                "Clean the narrow glass strip of the feeder and scan a white sheet to see.",
                page=same[0], box=Box(max(streak.at - 1, 0), 0, 2, 297), measured=round(abs(streak.levels), 1),
                limit=LEVELS_MIN, unit="level",
            )  # fmt: skip
