"""Was the image really captured at its resolution, or enlarged from fewer dots? Measured on the raw pixels.

An enlarged axis of ratio r (source dots per stored dot) repeats its spectrum: what stands d above the source's
Nyquist frequency r/2 mirrors what stands d below it, attenuated, in a phase that is the same on every line. Real
optics have no such mirror however soft they are. So the mean of Y(r/2−d)·Y(r/2+d) over lines and d, phases only,
is near 0 for a native capture and 0.3–0.9 for an enlarged one; its neighbourhood (other centres) is subtracted,
because straight edges raise all centres alike. Survives JPEG Q60, sharpening and trimming, since no alignment with
the image border is assumed.

Nearest-neighbour copies break the mirror. They repeat dots, so the gaps between neighbours, folded by where they fall in
the source's grid, are small in one part of the fold, as wide as the copies are many, and large in the rest.
(After Gallagher 2005 and the DCT zero-crossing search of «resdet»; docs/check/resolution.md.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from intake.model import Finding, Severity
from intake.profile.sections import CheckSection
from workers.check.view import PageView

SOURCES_DPI = (72, 75, 96, 100, 120, 125, 133, 144, 150, 160, 180, 200, 240, 300)
"""what drivers, faxes, screens and e-mail presets capture at"""
RATIO = (0.22, 0.92)
LINES = 110
EMPTIER = 0.6
"""share of the page's fullest lines below a quarter of which a line counts as empty: JPEG's grid speaks there"""
LINES_MIN = 30
"""written lines below which chance speaks louder than the mirror"""
REACH = 0.05
"""how far from the mirror pairs are taken, as share of the line's spectrum"""
SIGMA_MAX_PX = 1.05
"""blur in dots of the source: enlarged captures 0.3–0.8, pages out of focus from 1.4"""
AROUND = (-24, -20, -16, -12, 9, 13, 17, 21)
"""half bins from the mirror where its neighbourhood is sampled"""
GRID = 240
"""spectra are padded to a multiple of this, so that every usual ratio has its mirror on a bin"""
BOTH_AXES = 0.19
ONE_AXIS = 0.44
"""ruled tables reach 0.36 on one axis; captures enlarged on one axis alone from 0.54"""
GRID_SHARE = 0.6
"""of the best eighth that another eighth may reach: enlarged 0.4 at most, empty pages 0.75 and more"""
SKIRT = 0.46
"""of the peak at seven eighths: native pages pressed to quality 55 up to 0.43, enlarged ones from 0.47"""
COMB = 0.08
"""share of the spectrum to either side in which a single-axis mirror must stand alone"""
FOLD = 16
"""classes into which the gaps are folded"""
STRETCH_PX = 400
"""sources that are no simple share of the stored dots slip by less than half a dot on it"""
GAP_MAX = 40.0
"""levels: one hard rule must not outweigh a line of letters"""
WRITTEN_MIN = 2
"""stretches with writing"""
GAPS_MIN, EMPTY = 0.8, 0.25
"""levels a gap has on a stretch that bears writing, and share of the fullest stretch's"""
CHANCE = 2.0
"""standard errors by which the least of FOLD places lies below the rest where nothing is copied"""
COPIED = 0.22
"""by how much gaps within copies are smaller, on both axes: native pages up to 0.02, bilevel ones 0.10; copies from 0.3"""
COPIED_ONE_AXIS = 0.28
"""on one alone: native pages up to 0.02, bilevel ones 0.18, at 600 dpi and JPEG 59 0.21"""
COARSE, COPIED_COARSE = 0.45, 0.4
"""of less than this share of the dots: there JPEG's blocks reach 0.32 at 600 dpi, and copies are wide: from 0.42"""


@dataclass(frozen=True, slots=True)
class Enlargement:
    """``dpi``: optical dpi found per axis (x, y); None where the axis is native. ``score``: strength of the weaker axis
    when both are enlarged, of the one otherwise."""

    dpi_x: float | None
    dpi_y: float | None
    score: float


def measure(view: PageView, sigma_mm: float | None = None) -> Enlargement | None:
    """The enlargement with the strongest evidence, or None.

    ``sigma_mm``: blur of the page's edges. A capture enlarged from some dpi shows detail down to that dpi's dot; where
    the detail is coarser the page is out of focus, and what beats there is JPEG's grid.
    """
    luma = view.luma
    if min(luma.shape) < 400:
        return None
    axes = (_lines(luma, down=False), _lines(luma, down=True))
    if min(len(lines) for lines in axes) < LINES_MIN:
        return None
    spectra = tuple(_phases(lines) for lines in axes)
    gaps = tuple(_gaps(lines) for lines in axes)
    sources = [float(source) for source in SOURCES_DPI if sigma_mm is None or sigma_mm * source / 25.4 <= SIGMA_MAX_PX]
    copied = [one for one in (_by_copies(source, gaps, view.dpi) for source in sources) if one]
    mirrored = [one for one in (_by_mirror(source, spectra, view.dpi) for source in sources) if one]
    seen = copied or [one for one in mirrored if not _is_jpeg_grid(one, spectra, view.dpi)]
    return max(seen, key=lambda enlargement: enlargement.score, default=None)


def _ratios(source: float, dpi: tuple[float, float]) -> tuple[float, float] | None:
    ratios = source / dpi[0], source / dpi[1]
    return ratios if all(RATIO[0] <= ratio <= RATIO[1] for ratio in ratios) else None


def _by_mirror(source: float, spectra: tuple[np.ndarray, ...], dpi: tuple[float, float]) -> Enlargement | None:
    ratios = _ratios(source, dpi)
    if not ratios:
        return None
    scores = [mirror(spectrum, ratio, BOTH_AXES) for spectrum, ratio in zip(spectra, ratios, strict=True)]
    if min(scores) >= BOTH_AXES and not _is_skirt(scores, spectra, ratios):
        return Enlargement(source, source, min(scores))
    if max(scores) < ONE_AXIS:
        return None
    axis = int(np.argmax(scores))
    if not _stands_alone(spectra[axis], ratios[axis]):
        return None
    return Enlargement(source if axis == 0 else None, source if axis == 1 else None, scores[axis])


def _is_skirt(scores: list[float], spectra: tuple[np.ndarray, ...], ratios: tuple[float, float]) -> bool:
    """A picture pressed hard stands high at seven eighths of its spectrum, and at six by no more than that peak's skirt."""
    if any(abs(ratio - 0.75) > 0.01 for ratio in ratios):
        return False
    return sum(scores) < SKIRT * sum(mirror(spectrum, 0.875) for spectrum in spectra)


def _by_copies(source: float, gaps: tuple[np.ndarray, ...], dpi: tuple[float, float]) -> Enlargement | None:
    ratios = _ratios(source, dpi)
    if not ratios:
        return None
    x, y = (copies(axis, ratio) for axis, ratio in zip(gaps, ratios, strict=True))
    if min(x, y) >= COPIED:
        return Enlargement(source, source, min(x, y))
    if max(x, y) < (COPIED_COARSE if max(ratios) < COARSE else COPIED_ONE_AXIS):
        return None
    return Enlargement(source if x > y else None, source if y > x else None, max(x, y))


def _is_jpeg_grid(found: Enlargement, spectra: tuple[np.ndarray, ...], dpi: tuple[float, float]) -> bool:
    """JPEG's blocks raise every eighth a little where a page is nearly empty; an enlargement raises its own."""
    source = found.dpi_x or found.dpi_y or 0.0
    own = source / dpi[0] * 8
    if abs(own - round(own)) > 0.05:
        return False
    own = round(own)
    harmonics = {own, (2 * own) % 8, (3 * own) % 8, 8 - own, (8 - 2 * own) % 8}
    axes = [axis for axis, value in enumerate((found.dpi_x, found.dpi_y)) if value]
    others = [
        min(mirror(spectra[axis], eighth / 8) for axis in axes) for eighth in range(2, 7) if eighth not in harmonics
    ]
    return max(others, default=0.0) > GRID_SHARE * found.score


def _stands_alone(phases: np.ndarray, ratio: float) -> bool:
    """Evenly ruled or spaced lines raise a comb of centres; an enlarged axis raises one."""
    padded = 2 * (phases.shape[1] - 1)
    centre, width = round(ratio * padded), round(COMB * padded)
    reach = min(int(REACH * padded), (centre - width) // 2 - 4, phases.shape[1] - 5 - (centre + width) // 2)
    if reach < 12:
        return False
    values = np.array([_coherence(phases, half, reach) for half in range(centre - width, centre + width + 1)])
    peak = values[width - 3 : width + 4].max()
    others = np.concatenate([values[: width - 6], values[width + 7 :]])
    floor = np.median(others)
    return bool(others.max() - floor < 0.5 * (peak - floor))


def _lines(luma: np.ndarray, down: bool) -> np.ndarray:
    """The line (``down`` the page or across it) with most contrast of each of LINES bands, float32 lines × dots."""
    lines = luma.T if down else luma
    band = max(1, len(lines) // LINES)
    count = len(lines) // band
    # a page's columns lie far apart in memory: compared row by row they need not be brought together
    sparse = luma[::6] if down else np.ascontiguousarray(luma[:, ::6])
    apart = cv2.absdiff(sparse[1:], sparse[:-1]) if down else cv2.absdiff(sparse[:, 1:], sparse[:, :-1])
    step = cv2.reduce(apart, 0 if down else 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()[: count * band]
    chosen = np.arange(count) * band + step.reshape(count, band).argmax(axis=1)
    contrast = step[chosen]
    chosen = chosen[contrast > 0.25 * max(np.percentile(contrast, 80), EMPTIER * np.percentile(contrast, 98))]
    return lines[chosen].astype(np.float32)


def _phases(lines: np.ndarray) -> np.ndarray:
    """Unit-length spectra, complex64 lines × (M/2+1)."""
    padded = -(-lines.shape[1] // GRID) * GRID
    levelled = lines - lines.mean(axis=0, keepdims=True)
    levelled -= levelled.mean(axis=1, keepdims=True)
    # OpenCV's transform of rows is six times as fast as numpy's; it packs real parts and imaginary ones side by side
    packed = cv2.dft(
        cv2.copyMakeBorder(levelled, 0, 0, 0, padded - lines.shape[1], cv2.BORDER_CONSTANT), flags=cv2.DFT_ROWS
    )
    spectrum = np.empty((len(lines), padded // 2 + 1), np.complex64)
    spectrum[:, 0], spectrum[:, -1], spectrum[:, 1:-1] = packed[:, 0], packed[:, -1], packed[:, 1:-1].view(np.complex64)
    return spectrum / (np.abs(spectrum) + np.float32(1e-3))


def mirror(phases: np.ndarray, ratio: float, least: float = 0.0) -> float:
    """Coherence about the mirror of ``ratio``, less that about its neighbours: ≤ 0.14 native, 0.25–0.9 enlarged.

    What cannot reach ``least`` is 0 without its neighbours being measured.
    """
    padded = 2 * (phases.shape[1] - 1)
    centre = round(ratio * padded)  # in half bins
    reach = min(int(REACH * padded), centre // 2 - 16, phases.shape[1] - 17 - centre // 2)
    if reach < 12:
        return 0.0
    peak = max(_coherence(phases, half, reach) for half in range(centre - 2, centre + 3))
    if peak < least:
        return 0.0
    around = [_coherence(phases, centre + off, reach) for off in AROUND]
    return float(peak - np.median(around))


def _coherence(phases: np.ndarray, half: int, reach: int) -> float:
    k = half // 2
    odd = half % 2
    below = phases[:, k - reach + odd : k - 2 + odd][:, ::-1]
    above = phases[:, k + 3 : k + reach + 1]
    width = min(below.shape[1], above.shape[1])
    return float(abs(np.einsum("ij,ij->", below[:, :width], above[:, :width])) / (below.shape[0] * width))


def _gaps(lines: np.ndarray) -> np.ndarray:
    """How much neighbouring dots differ at each place along the lines, levels: stretches with writing × STRETCH_PX."""
    steps = np.minimum(np.abs(np.diff(lines, axis=1)), GAP_MAX).mean(axis=0)
    stretches = steps[: len(steps) // STRETCH_PX * STRETCH_PX].reshape(-1, STRETCH_PX)
    mean = stretches.mean(axis=1)
    return stretches[mean > max(GAPS_MIN, EMPTY * float(mean.max(initial=0.0)))]


@dataclass(frozen=True, slots=True)
class _Fold:
    """Which gaps of a stretch lie within copies, for every place that copies may begin at: STRETCH_PX × FOLD, 0 or 1; and
    how many do and do not."""

    inner: np.ndarray
    inner_size: np.ndarray
    outer_size: np.ndarray


@lru_cache(maxsize=64)
def _fold(ratio: float) -> _Fold:
    """Kept, since a station's pages all have the same few ratios."""
    classes = np.eye(FOLD, dtype=np.float32)[(np.arange(STRETCH_PX) * ratio % 1 * FOLD).astype(int)]
    within = min(max(round((1 - ratio) * FOLD), 1), FOLD - 1)
    turns = (np.arange(FOLD)[:, None] - np.arange(FOLD)) % FOLD < within
    inner = classes @ turns.astype(np.float32)
    size = inner.sum(axis=0)
    return _Fold(inner, size, STRETCH_PX - size)


def copies(gaps: np.ndarray, ratio: float) -> float:
    """Share by which gaps within copied dots are smaller than those between, less what chance gives, were ``ratio`` of the
    dots captured: median over stretches, 0 with fewer than WRITTEN_MIN of them."""
    if len(gaps) < WRITTEN_MIN:
        return 0.0
    fold = _fold(ratio)
    inner = gaps @ fold.inner
    outer = gaps.sum(axis=1, keepdims=True) - inner
    between = np.maximum(outer / np.maximum(fold.outer_size, 1), GAPS_MIN / 2)
    inside = inner / np.maximum(fold.inner_size, 1)
    chance = CHANCE * gaps.std(axis=1)[:, None] / np.sqrt(np.maximum(fold.inner_size, 1))
    gain = np.where((fold.inner_size > 0) & (fold.outer_size > 0), 1 - (inside + chance) / between, 0.0)
    return float(np.median(gain.max(axis=1)))


def optical_dpi(view: PageView, found: Enlargement | None) -> float:
    """The lesser of the two axes, at most what the file states."""
    values = [found.dpi_x, found.dpi_y] if found else []
    return min([value for value in values if value] + [min(view.dpi)])


def look(view: PageView, section: CheckSection, found: Enlargement | None) -> Iterator[Finding]:
    """``dpi_false``: block when the optical resolution is below the limit, a warning when it still reaches it."""
    if not found:
        return
    limit = section.dpi_min.value
    optical = optical_dpi(view, found)
    axes = {(True, True): ("cả hai chiều", "both axes"), (True, False): ("chiều ngang", "x only"),
            (False, True): ("chiều dọc", "y only")}[found.dpi_x is not None, found.dpi_y is not None]  # fmt: skip
    low = optical < limit * (1 - section.dpi_tolerance)
    yield Finding(
        "check.dpi_false", Severity.BLOCK if low else Severity.WARN,
        f"Trang {view.number} ghi {min(view.dpi):.0f} dpi nhưng ảnh được phóng từ khoảng {optical:.0f} dpi "
        f"({axes[0]}). "
        "Chọn độ phân giải quang học thật của máy quét, tắt nội suy (interpolation) và «scan to e-mail», rồi quét lại.",
        f"Page {view.number} states {min(view.dpi):.0f} dpi but was enlarged from about {optical:.0f} dpi ({axes[1]}). "
        "Choose the scanner's true optical resolution, switch interpolation off, and scan again.",
        page=view.number, measured=round(optical, 1), limit=limit if low else round(min(view.dpi), 1), unit="dpi",
    )  # fmt: skip
