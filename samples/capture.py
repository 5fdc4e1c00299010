"""What a scanner makes of a page: one resampling through its optics, its noise, its settings and its mistakes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import cv2
import img2pdf
import numpy as np
from PIL import Image

from samples.page import Page
from samples.sheet import Box

KERNELS = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """A scanner and how it was set. The defaults are a good office scanner at 200 dpi in colour.

    ``optical_dpi``: what the sensor resolves (x, y), enlarged to ``dpi`` by ``kernel``; None: as asked.
    ``scale``: size of the image on the canvas (0.94: fit to page); a pair for x and y.
    ``cut_mm``: how much of the sheet lies outside (left, top, right, bottom); ``fold_mm``: paper folded over likewise.
    ``canvas_mm``: glass read; None: the sheet. ``rotate``: clockwise degrees, 0, 90, 180 or 270.
    ``skew_deg``: clockwise. ``blur_mm``: sigma of defocus. ``exposure``: gain of light; ``black``: lifted black (0–1).
    ``noise``: standard deviation of the sensor's noise in 8-bit steps; ``grain_px``: its correlation.
    ``tint``: white balance (R, G, B gains). ``vignette``: darkening from side to side (part).
    ``shading``: how unevenly the red, green and blue lamps light the line (part of full scale).
    ``streaks``: (x mm, width mm, strength −1…1) of dirt on the glass of a feeder.
    ``misregistration_px``: shift of red and blue rows. ``sharpen``: amount of the driver's unsharp mask.
    """

    dpi: float = 200.0
    optical_dpi: tuple[float, float] | None = None
    kernel: Literal["nearest", "linear", "cubic", "lanczos"] = "cubic"
    scale: tuple[float, float] = (1.0, 1.0)
    shift_mm: tuple[float, float] = (0.0, 0.0)
    cut_mm: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    canvas_mm: tuple[float, float] | None = None
    rotate: Literal[0, 90, 180, 270] = 0
    skew_deg: float = 0.0
    blur_mm: float = 0.035
    exposure: float = 1.0
    black: float = 0.02
    gamma: float = 1.0
    noise: float = 1.2
    grain_px: float = 0.5
    tint: tuple[float, float, float] = (1.0, 0.995, 0.98)
    vignette: float = 0.02
    shading: float = 0.004
    streaks: tuple[tuple[float, float, float], ...] = ()
    dust: int = 0
    misregistration_px: float = 0.15
    sharpen: float = 0.3
    show_through: float = 0.0
    lid: int = 245
    colour: Literal["rgb", "gray", "gray-as-rgb", "bilevel"] = "rgb"


@dataclass(frozen=True, slots=True)
class Scan:
    """Pixels as the scanner delivers them: uint8, H×W×3 RGB, or H×W for gray and bilevel (0 and 255).

    ``page_mm_to_px``: 2×3, from mm of the upright sheet to px of this image. numpy takes it as its pixels.
    """

    pixels: np.ndarray
    settings: Settings
    page: Page
    page_mm_to_px: np.ndarray

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.pixels, dtype=dtype)

    @property
    def dpi(self) -> float:
        return self.settings.dpi

    def box_px(self, role: str) -> tuple[int, int, int, int]:
        """Where a box of the page lies in this image: x0, y0, x1, y1 px. KeyError if the page has none."""
        x, y, width, height = self.page.boxes[role]
        corners = np.array([(x, y), (x + width, y), (x, y + height), (x + width, y + height)])
        seen = corners @ self.page_mm_to_px[:, :2].T + self.page_mm_to_px[:, 2]
        low, high = np.floor(seen.min(axis=0)), np.ceil(seen.max(axis=0))
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    def box_mm(self, role: str) -> Box:
        x0, y0, x1, y1 = (value * 25.4 / self.dpi for value in self.box_px(role))
        return (x0, y0, x1 - x0, y1 - y0)


def scan(page: Page, rng: np.random.Generator, dpi: float = 200.0, back: Page | None = None, **settings: Any) -> Scan:
    """Scan one side. Keywords are those of ``Settings``; ``scale``, ``optical_dpi`` may be one number for both axes.

    ``back``: what shines through when ``show_through`` is above 0.
    """
    for name in ("scale", "optical_dpi"):
        if isinstance(settings.get(name), (int, float)):
            settings[name] = (float(settings[name]), float(settings[name]))
    return scan_with(page, rng, Settings(dpi=dpi, **settings), back)


def random_settings(rng: np.random.Generator, dpi: float | None = None) -> Settings:
    """An ordinary scanner in an ordinary state: nothing here is a fault."""
    warm = rng.uniform(0.95, 1.0)
    return Settings(
        dpi=dpi or float(rng.choice([200, 200, 200, 300])),
        shift_mm=(float(rng.normal(0, 0.5)), float(rng.normal(0, 0.5))),
        scale=(float(rng.normal(1, 0.001)), float(rng.normal(1, 0.0015))),
        skew_deg=float(np.clip(rng.normal(0, 0.3), -1.2, 1.2)),
        blur_mm=float(rng.uniform(0.02, 0.055)),
        exposure=float(rng.uniform(0.97, 1.03)),
        black=float(rng.uniform(0.0, 0.08)),
        gamma=float(rng.uniform(0.92, 1.08)),
        noise=float(rng.uniform(0.5, 3.0)),
        grain_px=float(rng.uniform(0.3, 0.9)),
        tint=(1.0, float(rng.uniform(0.98, 1.005)), float(warm)),
        vignette=float(rng.uniform(0, 0.06)),
        shading=float(rng.uniform(0.001, 0.008)),
        dust=int(rng.integers(0, 25)),
        misregistration_px=float(rng.uniform(0, 0.4)),
        sharpen=float(rng.uniform(0, 0.9)),
        show_through=0.0,
        lid=int(rng.choice([250, 245, 235, 200, 60], p=[0.4, 0.3, 0.2, 0.07, 0.03])),
    )


def replaced(settings: Settings, **changes: Any) -> Settings:
    """A copy with other values (``dataclasses.replace`` that also takes one number for two axes)."""
    for name in ("scale", "optical_dpi"):
        if isinstance(changes.get(name), (int, float)):
            changes[name] = (float(changes[name]), float(changes[name]))
    return Settings(**({item.name: getattr(settings, item.name) for item in fields(Settings)} | changes))


def scan_with(page: Page, rng: np.random.Generator, settings: Settings, back: Page | None = None) -> Scan:
    optical = settings.optical_dpi or (settings.dpi, settings.dpi)
    source = page.pixels
    if back is not None and settings.show_through > 0:
        source = _shine(source, back.pixels, settings.show_through)
    canvas = settings.canvas_mm or page.size_mm
    left, top, right, bottom = settings.cut_mm
    seen = (canvas[0] - left - right, canvas[1] - top - bottom)
    matrix = _sheet_to_canvas(page, settings)
    matrix[:, 2] -= (left, top)
    image = _sample(source, page.dpi, matrix, seen, optical, settings)
    image = _light(image, settings, rng, optical)
    size = (round(seen[0] * settings.dpi / 25.4), round(seen[1] * settings.dpi / 25.4))
    if (image.shape[1], image.shape[0]) != size:
        image = cv2.resize(image, size, interpolation=KERNELS[settings.kernel])
    if settings.sharpen:
        image = cv2.addWeighted(image, 1 + settings.sharpen, cv2.GaussianBlur(image, (0, 0), 1.1), -settings.sharpen, 0)
    pixels = _colour(np.clip(image, 0, 255).astype(np.uint8), settings)
    to_px = matrix * (settings.dpi / 25.4)
    if settings.rotate:
        pixels, to_px = _rotated(pixels, to_px, settings.rotate)
    return Scan(np.ascontiguousarray(pixels), settings, page, to_px)


def _sheet_to_canvas(page: Page, settings: Settings) -> np.ndarray:
    """2×3 from mm of the sheet to mm of the glass: skew about the middle, scale about the top left."""
    angle = np.radians(settings.skew_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array(page.size_mm) / 2
    linear = np.diag(settings.scale) @ turn
    offset = np.diag(settings.scale) @ (middle - turn @ middle) + np.array(settings.shift_mm)
    if min(settings.scale) < 0.99:  # fit to page keeps the image in the middle of the paper
        offset += (1 - np.array(settings.scale)) * middle
    return np.column_stack([linear, offset])


def _sample(
    source: np.ndarray,
    source_dpi: float,
    matrix: np.ndarray,
    seen_mm: tuple[float, float],
    optical: tuple[float, float],
    settings: Settings,
) -> np.ndarray:
    """One interpolation from the ideal page to the sensor's grid, after the blur of lens and aperture; float32."""
    per_mm = source_dpi / 25.4
    ratio = [source_dpi / (value * factor) for value, factor in zip(optical, settings.scale, strict=True)]
    # the aperture of a sensor is about one of its own pixels wide: sigma of a box is width / sqrt(12)
    sigma = [float(np.hypot(settings.blur_mm * per_mm, max(0.0, step**2 - 1) ** 0.5 / 12**0.5)) for step in ratio]
    soft = cv2.GaussianBlur(source, (0, 0), sigmaX=max(sigma[0], 0.01), sigmaY=max(sigma[1], 0.01))
    to_px = np.diag([optical[0] / 25.4, optical[1] / 25.4]) @ matrix
    to_px[:, :2] /= per_mm
    size = (round(seen_mm[0] * optical[0] / 25.4), round(seen_mm[1] * optical[1] / 25.4))
    # pixel centres: (i + 0.5) of the source lands on (j + 0.5) of the sensor
    to_px[:, 2] += to_px[:, :2] @ (0.5, 0.5) - 0.5
    lid = (settings.lid,) * 3
    return cv2.warpAffine(
        soft, to_px, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=lid
    ).astype(np.float32)


def _light(image: np.ndarray, settings: Settings, rng: np.random.Generator, optical: tuple[float, float]) -> np.ndarray:
    height, width = image.shape[:2]
    if settings.misregistration_px:
        for channel, sign in ((0, 1.0), (2, -1.0)):
            shift = np.float32([[1, 0, 0], [0, 1, sign * settings.misregistration_px]])
            image[:, :, channel] = cv2.warpAffine(
                image[:, :, channel], shift, (width, height), borderMode=cv2.BORDER_REPLICATE
            )
    gain = settings.exposure * (1 - settings.vignette * np.linspace(0, 1, width, dtype=np.float32) ** 2)
    if settings.gamma != 1.0:
        image = 255 * (np.clip(image, 0, 255) / 255) ** np.float32(settings.gamma)
    image = image * gain[None, :, None] * np.array(settings.tint, np.float32)
    if settings.shading:
        across = np.linspace(0, 2 * np.pi, width, dtype=np.float32)
        lamps = [np.sin(across * pitch + phase) for pitch, phase in ((0.7, 0.3), (1.1, 2.1), (0.9, 4.0))]
        image = image * (1 + settings.shading * np.stack(lamps, axis=1))[None]
    image = image * (1 - settings.black) + 255 * settings.black * 0.6
    if settings.noise:
        noise = rng.standard_normal(image.shape, dtype=np.float32)
        if settings.grain_px > 0.2:
            noise = cv2.GaussianBlur(noise, (0, 0), settings.grain_px)
            noise /= noise[:: max(1, height // 200)].std() + 1e-6
        image = image + noise * settings.noise
    for x, wide, strength in settings.streaks:
        a = round(x * optical[0] / 25.4)
        b = max(a + 1, round((x + wide) * optical[0] / 25.4))
        image[:, a:b] += np.float32(strength * 120)
    for _ in range(settings.dust):
        at = (int(rng.integers(width)), int(rng.integers(height)))
        radius = max(0, round(rng.exponential(0.12) * optical[0] / 25.4))
        shade = float(rng.uniform(90, 200))
        cv2.circle(image, at, radius, (shade, shade, shade), -1, cv2.LINE_AA)
    return image


def _shine(front: np.ndarray, back: np.ndarray, strength: float) -> np.ndarray:
    ghost = cv2.GaussianBlur(back[:, ::-1], (0, 0), 4)
    height, width = (min(a, b) for a, b in zip(front.shape[:2], ghost.shape[:2], strict=True))
    mixed = front.copy()
    loss = (255 - ghost[:height, :width].astype(np.float32)) * strength
    mixed[:height, :width] = np.clip(mixed[:height, :width] - loss, 0, 255).astype(np.uint8)
    return mixed


def _colour(pixels: np.ndarray, settings: Settings) -> np.ndarray:
    if settings.colour == "rgb":
        return pixels
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if settings.colour == "gray":
        return gray
    if settings.colour == "gray-as-rgb":
        return cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    level, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_OTSU)
    return np.where(gray > min(level + 20, 200), 255, 0).astype(np.uint8)


def _rotated(pixels: np.ndarray, to_px: np.ndarray, degrees: int) -> tuple[np.ndarray, np.ndarray]:
    height, width = pixels.shape[:2]
    turn = {
        90: np.array([[0, -1, height], [1, 0, 0]]),
        180: np.array([[-1, 0, width], [0, -1, height]]),
        270: np.array([[0, 1, 0], [-1, 0, width]]),
    }[degrees]
    turned = np.column_stack([turn[:, :2] @ to_px[:, :2], turn[:, :2] @ to_px[:, 2] + turn[:, 2]])
    return np.rot90(pixels, k=-(degrees // 90)), turned


def save(
    scans: Sequence[Scan | np.ndarray],
    path: Path,
    container: Literal["jpeg", "png", "tiff", "pdf", "folder"] = "jpeg",
    dpi_tag: float | tuple[float, float] | None = 200.0,
    quality: int = 78,
    subsampling: Literal["4:4:4", "4:2:0"] = "4:2:0",
) -> tuple[Path, ...]:
    """Write a document; returns its files. ``folder``: ``path/001.jpg`` …; ``dpi_tag`` None: no density in the file.

    ``jpeg`` and ``png`` take one page. ``tiff`` (JPEG inside for colour and gray, CCITT G4 for bilevel) and ``pdf``
    (JPEG inside; placed at ``dpi_tag``) take several.
    """
    tag = dpi_tag if isinstance(dpi_tag, tuple) or dpi_tag is None else (dpi_tag, dpi_tag)
    images = [Image.fromarray(np.asarray(item)) for item in scans]
    bilevel = [isinstance(item, Scan) and item.settings.colour == "bilevel" for item in scans]
    images = [image.convert("1") if flag else image for image, flag in zip(images, bilevel, strict=True)]
    path.parent.mkdir(parents=True, exist_ok=True)
    if container == "folder":
        path.mkdir(parents=True, exist_ok=True)
        return tuple(
            save([item], path / f"{index:03d}.jpg", "jpeg", dpi_tag, quality, subsampling)[0]
            for index, item in enumerate(scans, 1)
        )
    if container == "pdf":
        streams = [jpeg_bytes(image, tag, quality, subsampling) for image in images]
        at = tag or (200.0, 200.0)
        sized = img2pdf.get_fixed_dpi_layout_fun(at)
        path.write_bytes(
            img2pdf.convert(
                streams,
                layout_fun=sized,
                nodate=True,
                engine=img2pdf.Engine.internal,
                producer="Scanner",
                creator="Scanner",
            )
        )
        return (path,)
    if container == "tiff":
        compression = "group4" if all(bilevel) else "jpeg"
        extra: dict[str, Any] = {"dpi": tag} if tag else {}
        if compression == "jpeg":
            extra["quality"] = quality
            # as scanners write it: YCbCr inside, which every reader shows as RGB
            images = [image.convert("YCbCr") if image.mode == "RGB" else image for image in images]
        images[0].save(path, "TIFF", save_all=True, append_images=images[1:], compression=compression, **extra)
        return (path,)
    if len(images) != 1:
        raise ValueError(f"{container} holds one page, not {len(images)}")
    if container == "png":
        images[0].save(path, "PNG", optimize=False, **({"dpi": tag} if tag else {}))
    else:
        path.write_bytes(jpeg_bytes(images[0], tag, quality, subsampling))
    return (path,)


def jpeg_bytes(
    image: Image.Image, dpi: tuple[float, float] | None, quality: int = 78, subsampling: str = "4:2:0"
) -> bytes:
    """One JPEG; bilevel becomes gray, since JPEG has no bilevel."""
    stream = io.BytesIO()
    source = image.convert("L") if image.mode == "1" else image
    extra: dict[str, Any] = {"dpi": tuple(round(value) for value in dpi)} if dpi else {}
    source.save(stream, "JPEG", quality=quality, subsampling=subsampling if source.mode == "RGB" else -1, **extra)
    return stream.getvalue()
