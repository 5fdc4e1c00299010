"""Charts drawn on the server as SVG: the numbers a template needs to draw them, nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH, HEIGHT, LEFT, BOTTOM = 560, 150, 46, 18
"""px of the SVG's own coordinate system"""
SPREAD = 2.66
"""individuals chart: the mean moving range times this is three standard deviations (Shewhart)"""
FEWEST = 8
"""points below which control limits would be a guess"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``x`` and ``width`` in SVG px, ``share`` of the longest."""

    name: str
    number: int
    width: float


@dataclass(frozen=True, slots=True)
class Point:
    """One value on a control chart; ``out`` = beyond the limits."""

    x: float
    y: float
    name: str
    value: float
    out: bool


@dataclass(frozen=True, slots=True)
class Control:
    """A Shewhart individuals chart: points, centre line and limits (SVG y), and the values of the three lines."""

    points: tuple[Point, ...]
    line: str
    centre: tuple[float, float]
    upper: tuple[float, float] | None
    lower: tuple[float, float] | None


def bars(numbers: Mapping[str, int], most: int = 8) -> tuple[Bar, ...]:
    """The largest numbers as bars up to 300 px."""
    ranked = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))[:most]
    longest = max((number for _, number in ranked), default=0) or 1
    return tuple(Bar(name, number, round(300 * number / longest, 1)) for name, number in ranked)


def control(values: Sequence[tuple[str, float]], most: int = 60) -> Control | None:
    """The last values as a control chart; None when one value or none would be drawn."""
    values = list(values)[-most:]
    if len(values) < 2:
        return None
    numbers = [value for _, value in values]
    centre = sum(numbers) / len(numbers)
    upper = lower = None
    if len(numbers) >= FEWEST:
        moving = sum(abs(a - b) for a, b in pairwise(numbers)) / (len(numbers) - 1)
        upper, lower = centre + SPREAD * moving, centre - SPREAD * moving
    lines = [centre, *(limit for limit in (upper, lower) if limit is not None)]
    low, high = min([*numbers, *lines]), max([*numbers, *lines])
    room = (high - low) or 0.01
    low, high = low - room * 0.1, high + room * 0.1

    def y(value: float) -> float:
        return round((HEIGHT - BOTTOM) * (1 - (value - low) / (high - low)), 1)

    step = (WIDTH - LEFT - 10) / (len(numbers) - 1)
    points = tuple(
        Point(
            round(LEFT + step * place, 1),
            y(value),
            name,
            value,
            upper is not None and lower is not None and not lower <= value <= upper,
        )
        for place, (name, value) in enumerate(values)
    )
    return Control(
        points,
        " ".join(f"{point.x},{point.y}" for point in points),
        (y(centre), centre),
        None if upper is None else (y(upper), upper),
        None if lower is None else (y(lower), lower),
    )
