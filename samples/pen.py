"""Writing by pen: digits and signatures from strokes of our own design, no two alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

Point = tuple[float, float]
Stroke = tuple[Point, ...]
"""Points a pen passes through. Unit: the height of a digit; x to the right, y down. A repeated point is a corner."""

BLUE_INKS = ((38, 52, 150), (22, 30, 120), (50, 70, 175), (30, 60, 140))
BLACK_INKS = ((40, 40, 46), (25, 25, 30))

# Several ways people write each digit; a hand chooses one and keeps to it (mostly).
DIGITS: dict[str, tuple[tuple[Stroke, ...], ...]] = {
    "0": (
        (
            (
                (0.33, 0.02),
                (0.11, 0.25),
                (0.06, 0.6),
                (0.25, 0.99),
                (0.49, 0.72),
                (0.52, 0.3),
                (0.36, 0.03),
                (0.27, 0.06),
            ),
        ),
        (((0.40, 0.08), (0.2, 0.03), (0.05, 0.38), (0.12, 0.86), (0.36, 0.97), (0.53, 0.55), (0.42, 0.1)),),
    ),
    "1": (
        (((0.30, 0.0), (0.28, 0.5), (0.25, 1.0)),),
        (((0.10, 0.27), (0.32, 0.02), (0.32, 0.02), (0.30, 0.5), (0.27, 1.0)),),
        (((0.14, 0.2), (0.31, 0.03), (0.31, 0.03), (0.28, 0.97)), ((0.12, 0.98), (0.46, 0.96))),
    ),
    "2": (
        (
            (
                (0.05, 0.25),
                (0.22, 0.02),
                (0.48, 0.14),
                (0.41, 0.46),
                (0.05, 0.96),
                (0.05, 0.96),
                (0.3, 0.93),
                (0.57, 0.96),
            ),
        ),
        (
            (
                (0.07, 0.2),
                (0.25, 0.02),
                (0.47, 0.17),
                (0.36, 0.55),
                (0.1, 0.93),
                (0.04, 0.84),
                (0.2, 0.82),
                (0.57, 0.98),
            ),
        ),
    ),
    "3": (
        (
            (
                (0.07, 0.12),
                (0.3, 0.0),
                (0.47, 0.18),
                (0.23, 0.45),
                (0.23, 0.45),
                (0.52, 0.62),
                (0.44, 0.92),
                (0.2, 1.0),
                (0.03, 0.87),
            ),
        ),
        (
            (
                (0.06, 0.05),
                (0.3, 0.05),
                (0.5, 0.02),
                (0.5, 0.02),
                (0.24, 0.4),
                (0.24, 0.4),
                (0.52, 0.63),
                (0.42, 0.95),
                (0.04, 0.92),
            ),
        ),
    ),
    "4": (
        (((0.28, 0.0), (0.06, 0.56), (0.06, 0.56), (0.58, 0.5)), ((0.43, 0.26), (0.4, 0.6), (0.37, 1.0))),
        (((0.44, 0.0), (0.03, 0.63), (0.03, 0.63), (0.6, 0.6)), ((0.44, 0.02), (0.42, 0.5), (0.4, 1.0))),
        (((0.12, 0.05), (0.07, 0.5), (0.07, 0.5), (0.52, 0.48)), ((0.45, 0.0), (0.43, 0.5), (0.4, 1.0))),
    ),
    "5": (
        (
            ((0.17, 0.06), (0.12, 0.42), (0.12, 0.42), (0.38, 0.38), (0.52, 0.66), (0.34, 0.97), (0.04, 0.92)),
            ((0.17, 0.06), (0.35, 0.05), (0.54, 0.02)),
        ),
        (
            (
                (0.52, 0.03),
                (0.16, 0.05),
                (0.16, 0.05),
                (0.1, 0.44),
                (0.1, 0.44),
                (0.4, 0.4),
                (0.5, 0.72),
                (0.28, 1.0),
                (0.03, 0.88),
            ),
        ),
    ),
    "6": (
        (((0.45, 0.02), (0.16, 0.38), (0.07, 0.78), (0.27, 1.0), (0.48, 0.78), (0.32, 0.56), (0.09, 0.72)),),
        (((0.34, 0.0), (0.1, 0.45), (0.1, 0.9), (0.36, 0.98), (0.5, 0.7), (0.28, 0.58), (0.1, 0.8)),),
    ),
    "7": (
        (((0.03, 0.06), (0.28, 0.05), (0.53, 0.03), (0.53, 0.03), (0.32, 0.48), (0.2, 1.0)),),
        (
            ((0.03, 0.07), (0.28, 0.05), (0.53, 0.03), (0.53, 0.03), (0.33, 0.46), (0.22, 1.0)),
            ((0.12, 0.53), (0.48, 0.47)),
        ),
    ),
    "8": (
        (
            (
                (0.46, 0.13),
                (0.26, 0.0),
                (0.1, 0.2),
                (0.3, 0.47),
                (0.49, 0.75),
                (0.27, 1.0),
                (0.05, 0.78),
                (0.27, 0.5),
                (0.46, 0.22),
                (0.43, 0.08),
            ),
        ),
        (
            (
                (0.28, 0.47),
                (0.09, 0.24),
                (0.28, 0.01),
                (0.46, 0.22),
                (0.27, 0.48),
                (0.06, 0.76),
                (0.28, 1.0),
                (0.5, 0.75),
                (0.28, 0.48),
            ),
        ),
    ),
    "9": (
        (
            (
                (0.49, 0.17),
                (0.28, 0.01),
                (0.08, 0.25),
                (0.26, 0.49),
                (0.49, 0.18),
                (0.49, 0.18),
                (0.46, 0.6),
                (0.37, 1.0),
            ),
        ),
        (
            (
                (0.48, 0.2),
                (0.3, 0.02),
                (0.08, 0.22),
                (0.24, 0.5),
                (0.48, 0.22),
                (0.48, 0.22),
                (0.46, 0.7),
                (0.3, 0.98),
                (0.08, 0.92),
            ),
        ),
    ),
    "/": ((((0.45, -0.08), (0.25, 0.5), (0.02, 1.1)),),),
    ".": ((((0.1, 0.96), (0.14, 0.99), (0.1, 1.0)),),),
    "-": ((((0.08, 0.55), (0.25, 0.53), (0.42, 0.54)),),),
    # a number may carry a letter (3176B)
    "A": ((((0.02, 1.0), (0.27, 0.0), (0.27, 0.0), (0.55, 1.0)), ((0.12, 0.62), (0.28, 0.6), (0.45, 0.6))),),
    "B": (
        (
            ((0.08, 0.0), (0.08, 0.5), (0.07, 1.0)),
            ((0.08, 0.03), (0.42, 0.1), (0.38, 0.42), (0.1, 0.48), (0.1, 0.48), (0.5, 0.6), (0.45, 0.95), (0.07, 0.98)),
        ),
    ),
    "a": (
        (
            (
                (0.42, 0.5),
                (0.2, 0.45),
                (0.06, 0.7),
                (0.18, 0.97),
                (0.4, 0.8),
                (0.43, 0.5),
                (0.43, 0.5),
                (0.42, 0.85),
                (0.52, 0.98),
            ),
        ),
    ),
    "b": (
        (((0.08, 0.0), (0.08, 0.5), (0.07, 0.95), (0.07, 0.95), (0.35, 0.98), (0.42, 0.65), (0.2, 0.5), (0.08, 0.7)),),
    ),
}


@dataclass(frozen=True, slots=True)
class Hand:
    """One person writing: which shapes, how large (mm), how slanted, how unsteady, with which pen."""

    seed: int
    height_mm: float
    slant: float
    aspect: float
    unsteady: float
    gap: float
    nib_mm: float
    ink: tuple[int, int, int]
    pressure: float

    @classmethod
    def random(cls, rng: np.random.Generator, blue: bool | None = None) -> Hand:
        is_blue = rng.random() < 0.8 if blue is None else blue
        inks = BLUE_INKS if is_blue else BLACK_INKS
        return cls(
            seed=int(rng.integers(1 << 31)),
            height_mm=float(rng.uniform(3.2, 5.6)),
            slant=float(rng.normal(0.15, 0.12)),
            aspect=float(rng.uniform(0.8, 1.15)),
            unsteady=float(rng.uniform(0.008, 0.03)),
            gap=float(rng.uniform(0.06, 0.28)),
            nib_mm=float(rng.uniform(0.32, 0.6)),
            ink=inks[int(rng.integers(len(inks)))],
            pressure=float(rng.uniform(0.75, 1.0)),
        )

    def write(self, text: str, rng: np.random.Generator) -> list[np.ndarray]:
        """Strokes in mm for a line of digits, ``/``, ``-`` and ``.``; origin at the left of the baseline.

        Raises KeyError for a letter that has no strokes here.
        """
        habits = np.random.default_rng(self.seed)
        chosen = {sign: int(habits.integers(len(shapes))) for sign, shapes in DIGITS.items()}
        strokes: list[np.ndarray] = []
        x = 0.0
        climb = rng.normal(0, 0.015)
        for sign in text:
            shapes = DIGITS[sign]
            shape = shapes[chosen[sign] if rng.random() < 0.85 else int(rng.integers(len(shapes)))]
            size = self.height_mm * rng.normal(1.0, 0.05)
            drop = rng.normal(0, 0.03) * size - climb * x
            width = max(point[0] for stroke in shape for point in stroke)
            for stroke in shape:
                points = _shake(np.array(stroke, np.float64), self.unsteady, rng)
                points[:, 0] = points[:, 0] * self.aspect - self.slant * (points[:, 1] - 1.0)
                line = smooth(points)
                strokes.append(line * size + (x, drop - size))
            x += (width * self.aspect + self.gap * rng.uniform(0.6, 1.4)) * size
        return strokes

    def sign(self, rng: np.random.Generator, width_mm: float, height_mm: float) -> list[np.ndarray]:
        """Strokes of a signature within about width × height mm; origin at its left, middle."""
        head = _initial(rng)
        turns = int(rng.integers(2, 7))
        t = np.linspace(0, turns * 2 * np.pi, turns * 9)
        fading = np.linspace(1, rng.uniform(0.3, 0.9), turns + 1)
        rise = np.interp(t, np.linspace(0, t[-1], turns + 1), rng.uniform(0.08, 0.55, turns + 1) * fading)
        reach = rng.uniform(0.35, 0.62)
        # between sharp peaks (0) and open loops: how far the pen swings back at each turn
        swing = rng.uniform(0.0, 0.075)
        x = 0.22 + reach * t / t[-1] - swing * np.sin(t + 0.4)
        y = -rise * np.cos(t) + rng.uniform(-0.15, 0.15) * t / t[-1]
        middle = list(zip(x, y, strict=True))
        flourishes: tuple[Sequence[Point], ...] = (
            [(0.95, -0.35), (0.8, 0.4), (0.3, 0.62), (0.08, 0.55)],
            [(0.9, 0.15), (1.0, -0.5), (0.85, -0.2), (1.0, 0.3)],
            [(0.92, 0.1), (0.86, 0.75), (0.72, 0.9), (0.78, 0.4), (1.02, -0.3)],
            [(0.95, -0.1), (1.05, -0.25)],
            [(0.9, -0.2), (0.5, -0.75), (0.1, -0.5), (0.6, -0.35), (1.05, -0.55)],
        )
        points = np.array([*head, *middle, *flourishes[int(rng.integers(len(flourishes)))]], np.float64)
        points += rng.normal(0, 0.012, points.shape)
        points[:, 0] -= rng.uniform(0.0, 0.2) * points[:, 1]
        strokes = [smooth(points)]
        if rng.random() < 0.5:
            strokes.append(smooth(np.array([(0.3, -0.5), (0.38, -0.62), (0.47, -0.55)]) + rng.normal(0, 0.02, (3, 2))))
        if rng.random() < 0.35:
            strokes.append(smooth(np.array([(0.05, 0.7), (0.5, 0.6), (0.95, 0.35)]) + rng.normal(0, 0.04, (3, 2))))
        tilt = rng.uniform(-0.22, 0.02)
        turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
        return [(line * (width_mm, height_mm / 2)) @ turn.T for line in strokes]


def _initial(rng: np.random.Generator) -> list[Point]:
    """The large first letter of a signature."""
    swell = float(rng.uniform(0.55, 1.0))
    shapes: tuple[list[Point], ...] = (
        [(0.02, 0.1), (0.1, -0.45 * swell), (0.2, -0.85 * swell), (0.25, -0.3), (0.14, 0.55), (0.05, 0.75 * swell),
         (0.02, 0.35), (0.2, 0.05)],
        [(0.1, -0.7 * swell), (0.08, 0.1), (0.06, 0.6), (0.07, 0.0), (0.2, -0.8 * swell), (0.3, -0.4), (0.12, 0.05)],
        [(0.22, -0.75 * swell), (0.06, -0.6), (0.0, 0.1), (0.08, 0.6 * swell), (0.22, 0.3), (0.24, 0.0)],
        [(0.0, -0.4), (0.12, -0.75 * swell), (0.15, 0.0), (0.05, 0.7 * swell), (-0.03, 0.45), (0.15, 0.0), (0.24, -0.35)],
    )  # fmt: skip
    return shapes[int(rng.integers(len(shapes)))]


def _shake(points: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    shift = rng.normal(0, amount, points.shape)
    for index in range(1, len(points)):
        if np.array_equal(points[index], points[index - 1]):
            shift[index] = shift[index - 1]  # a corner stays a corner
    return points + shift


def smooth(points: np.ndarray, steps: int = 14) -> np.ndarray:
    """Catmull-Rom through ``points`` (N×2); a point given twice breaks the curve into a corner."""
    pieces: list[np.ndarray] = []
    start = 0
    for index in range(1, len(points) + 1):
        corner = index < len(points) and np.array_equal(points[index], points[index - 1])
        if corner or index == len(points):
            pieces.append(_catmull_rom(points[start:index], steps))
            start = index
    return np.vstack([piece for piece in pieces if len(piece)])


def _catmull_rom(points: np.ndarray, steps: int) -> np.ndarray:
    if len(points) < 3:
        return points
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    curves = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        curves.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*curves, points[-1:]])


def ink_of(
    strokes: Sequence[np.ndarray], nib_mm: float, dpi: float, rng: np.random.Generator
) -> tuple[np.ndarray, Point]:
    """Coverage (uint8, H×W) at ``dpi`` and the mm position of its top left corner relative to the strokes' origin."""
    allpoints = np.vstack(strokes)
    margin = nib_mm * 2
    low = allpoints.min(axis=0) - margin
    high = allpoints.max(axis=0) + margin
    over = 3
    per_mm = dpi / 25.4 * over
    size = np.ceil((high - low) * per_mm).astype(int) + over
    canvas = np.zeros((int(size[1]), int(size[0])), np.uint8)
    for stroke in strokes:
        path = (stroke - low) * per_mm
        speed = np.hypot(*np.gradient(path, axis=0).T) if len(path) > 2 else np.ones(len(path))
        # a fast pen leaves a thinner line; the ends thin out as the pen lands and lifts
        thin = np.clip(1.15 - 0.35 * speed / (speed.mean() * 2 + 1e-6), 0.6, 1.15)
        ends = np.minimum(np.arange(len(path)), np.arange(len(path))[::-1])
        thin *= np.clip(0.6 + ends / 8, 0.6, 1.0)
        width = np.maximum(1, nib_mm * per_mm * thin * rng.normal(1, 0.04, len(path)))
        for a, b, w in zip(path[:-1], path[1:], width, strict=False):
            cv2.line(
                canvas, tuple((a * 16).astype(int)), tuple((b * 16).astype(int)), 255, max(1, round(w)), cv2.LINE_AA, 4
            )
    small = cv2.resize(canvas, None, fx=1 / over, fy=1 / over, interpolation=cv2.INTER_AREA)
    return small, (float(low[0]), float(low[1]))
