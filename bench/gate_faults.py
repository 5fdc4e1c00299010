"""Endless labelled faults for the capture gate: varied documents, scanners, containers and fault strengths.

    .venv/bin/python bench/gate_faults.py --out DIR --count 300 --seed 1 [--kinds scale,cut]

Writes ``DIR/docs/ID/…`` and ``DIR/truth.jsonl`` (one record per document: ``id fault files expected_findings`` and the
fault's parameters under ``strength``), the form bench/gate.py reads. Half of the documents are clean.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.gate_captures import Captured, capture, reworked, scanner
from bench.gate_damage import DAMAGE
from bench.gate_sheets import any_sheet, document
from samples.capture import KERNELS, random_settings, replaced, save, scan_with
from samples.documents import random_spec
from samples.page import Page, blank, render

Expected = list[tuple[str, str, int | None]]
Outcome = tuple[Captured, Expected, dict[str, Any], float | None]
"""scans, expected (code, severity, page), strength, dpi tag (None: none written; 0: the scan's own)"""

CAST = {"none": 0.3, "gain": 0.2, "curve": 0.2, "sepia": 0.2, "rounding": 0.1}
"""how a grey capture saved as colour may be tinted on its way, and how often"""


def clean(rng: np.random.Generator) -> Outcome:
    kind, pages = any_sheet(rng)
    base = scanner(rng, pages[0].size_mm)
    strength: dict[str, Any] = {"kind": kind, "canvas": base.canvas_mm, "lid": base.lid}
    back = None
    if rng.random() < 0.15:
        back = render(random_spec(rng), rng)[0]
        base = replaced(base, show_through=float(rng.uniform(0.02, 0.12)))
        strength["show_through"] = base.show_through
    scans = [scan_with(page, rng, base, back) for page in pages]
    done = [reworked(scan, rng) for scan in scans]
    return [scan for scan, _ in done], [], {**strength, "reworked": [name for _, name in done]}, base.dpi


def colour(rng: np.random.Generator) -> Outcome:
    _, pages = any_sheet(rng)
    kind = str(rng.choice(["gray", "gray-as-rgb", "gray-as-rgb", "gray-as-rgb", "bilevel"]))
    base = scanner(rng, pages[0].size_mm)
    scans = capture(pages[:1], rng, base, colour=kind)
    strength: dict[str, Any] = {"colour": kind}
    if kind == "gray-as-rgb":
        cast = str(rng.choice(list(CAST), p=list(CAST.values())))
        scans = [dataclasses.replace(scans[0], pixels=_cast(scans[0].pixels, cast, rng))]
        strength["cast"] = cast
    code = {"gray": "colour_gray", "gray-as-rgb": "colour_gray_as_rgb", "bilevel": "colour_bilevel"}[kind]
    return scans[:1], [(code, "error", 1)], strength, base.dpi


def _cast(pixels: np.ndarray, cast: str, rng: np.random.Generator) -> np.ndarray:
    if cast == "gain":
        return np.clip(pixels * rng.uniform(0.86, 1.0, 3), 0, 255).astype(np.uint8)
    if cast == "sepia":
        return np.clip(pixels * (1 + (np.array([1.08, 0.9, 0.72]) - 1) * rng.uniform(0.4, 1)), 0, 255).astype(np.uint8)
    if cast == "curve":  # another curve for each channel
        levels = np.arange(256) / 255
        curves = [255 * levels ** rng.uniform(0.85, 1.18) for _ in range(3)]
        return np.stack([curves[index].astype(np.uint8)[pixels[:, :, index]] for index in range(3)], axis=2)
    if cast == "rounding":
        return np.clip(pixels.astype(np.int16) + rng.integers(-1, 2, pixels.shape), 0, 255).astype(np.uint8)
    return pixels


def low(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    dpi = float(rng.choice([96, 100, 120, 150, 150, 180, 190]))
    return capture(pages[:1], rng, random_settings(rng, dpi)), [("dpi_low", "error", 1)], {"dpi": dpi}, dpi


def untagged(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    return capture(pages[:1], rng), [("dpi_missing", "warning", 1)], {}, None


def enlarged(rng: np.random.Generator) -> Outcome:
    """From a coarser capture, by any kernel, on both axes or one; some were JPEGs before, some sharpened after."""
    kind, pages = any_sheet(rng, ("letter", "plain", "photocopy", "yellowed", "table", "overlaid"))
    sources = [(72, 200), (75, 200), (96, 200), (100, 200), (100, 200), (120, 200), (125, 200), (133, 200), (150, 200)]
    sources += [
        (150, 200),
        (150, 200),
        (100, 300),
        (150, 300),
        (150, 300),
        (100, 240),
        (120, 240),
        (150, 250),
        (150, 400),
    ]
    source, dpi = sources[int(rng.integers(len(sources)))]
    axes = str(rng.choice(["both", "both", "both", "both", "x", "y"]))
    optical = {"both": (source, source), "x": (source, dpi), "y": (dpi, source)}[axes]
    kernel = str(rng.choice([*KERNELS, "bicubic-pil", "lanczos-pil"]))
    base = replaced(scanner(rng, pages[0].size_mm), dpi=float(dpi), sharpen=float(rng.choice([0, 0, 0.5, 1.0])))
    small = scan_with(pages[0], rng, replaced(base, optical_dpi=tuple(map(float, optical)), kernel="nearest"))
    size = (small.pixels.shape[1], small.pixels.shape[0])
    if kernel in KERNELS and rng.random() < 0.5:
        scan = scan_with(pages[0], rng, replaced(base, optical_dpi=tuple(map(float, optical)), kernel=kernel))
        before = None
    else:  # the way of a program: a finished picture, perhaps a JPEG, is resized
        shape = (round(size[0] * optical[0] / dpi), round(size[1] * optical[1] / dpi))
        pixels = cv2.resize(small.pixels, shape, interpolation=cv2.INTER_NEAREST)
        before = int(rng.integers(70, 96)) if rng.random() < 0.5 else None
        if before:
            pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, before])[1], cv2.IMREAD_COLOR)
        if kernel in KERNELS:
            pixels = cv2.resize(pixels, size, interpolation=KERNELS[kernel])
        else:
            way = Image.Resampling.BICUBIC if kernel.startswith("bicubic") else Image.Resampling.LANCZOS
            pixels = np.asarray(Image.fromarray(pixels).resize(size, way))
        scan = dataclasses.replace(small, pixels=pixels)
    strength = {"source": source, "dpi": dpi, "axes": axes, "kernel": kernel, "sharpen": base.sharpen, "before": before}
    return [scan], [("dpi_false", "error", 1)], {"kind": kind, **strength}, float(dpi)


def scaled(rng: np.random.Generator) -> Outcome:
    """«Fit to page»: a finished picture of the sheet set smaller (or larger) on the same canvas."""
    kind, pages = any_sheet(rng, ("letter", "plain", "photocopy", "yellowed", "table", "signature", "overlaid"))
    factor = float(rng.choice([rng.uniform(0.90, 0.97), rng.uniform(1.03, 1.06)], p=[0.92, 0.08]))
    size = pages[0].size_mm
    base = replaced(scanner(rng, size), canvas_mm=None, shift_mm=(0.0, 0.0))
    strength = {"scale": factor, "kind": kind, "lid": base.lid}
    return capture(pages[:1], rng, base, scale=factor), [("scale_not_100", "error", 1)], strength, 0.0


def cut(rng: np.random.Generator) -> Outcome:
    """The glass ends inside the writing; above and below it cuts a line through, or falls between two."""
    kind, pages = any_sheet(rng, ("letter", "plain", "photocopy", "yellowed", "table", "signature", "sized"))
    page = pages[0]
    side = int(rng.integers(4))
    boxes = [line.box for line in page.lines if line.box[2] > 4]
    left, right = min(box[0] for box in boxes), max(box[0] + box[2] for box in boxes)
    top, bottom = min(box[1] for box in boxes), max(box[1] + box[3] for box in boxes)
    width, height = page.size_mm
    inside = [left + rng.uniform(2, 25), 0.0, width - right + rng.uniform(2, 25), 0.0]
    row = boxes[int(rng.integers(len(boxes)))]
    at = row[1] + row[3] * rng.uniform(0.3, 0.75)
    inside[1] = min(at, top + 40) if side == 1 else 0.0
    inside[3] = height - max(at, bottom - 60)
    depth = [0.0, 0.0, 0.0, 0.0]
    depth[side] = float(inside[side])
    name = ("left", "top", "right", "bottom")[side]
    base = replaced(scanner(rng, page.size_mm), canvas_mm=None, cut_mm=tuple(depth), shift_mm=(0.0, 0.0))
    strength = {"side": name, "mm": depth[side], "kind": kind, "skew": base.skew_deg}
    return capture(pages[:1], rng, base), [("content_cut", "error", 1)], strength, base.dpi


def turned(rng: np.random.Generator) -> Outcome:
    kind, pages = any_sheet(
        rng, ("letter", "plain", "photocopy", "yellowed", "table", "signature", "overlaid", "sized")
    )
    degrees = int(rng.choice([90, 180, 180, 270]))
    code = "orientation_180" if degrees == 180 else "orientation_90"
    page = int(rng.integers(len(pages)))
    return (
        capture(pages[page : page + 1], rng, rotate=degrees),
        [(code, "error", 1)],
        {"rotate": degrees, "kind": kind},
        0.0,
    )


def leaning(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    degrees = float(rng.uniform(3, 8) * rng.choice([-1, 1]))
    return capture(pages[:1], rng, skew_deg=degrees, canvas_mm=(225.0, 310.0)), [("skew_excessive", "error", 1)], {
        "degrees": degrees
    }, 0.0  # fmt: skip


def unsharp(rng: np.random.Generator) -> Outcome:
    sheet, pages = any_sheet(rng, ("letter", "plain", "photocopy", "yellowed", "table", "signature"))
    kind = str(rng.choice(["gauss", "disc", "motion-x", "motion-y"]))
    amount = float(rng.uniform(0.28, 0.6))  # sigma, mm
    base = replaced(
        scanner(rng, pages[0].size_mm), blur_mm=amount if kind == "gauss" else 0.03, sharpen=float(rng.choice([0, 0.3]))
    )
    scans = capture(pages[:1], rng, base)
    if kind != "gauss":
        size = max(3, round(amount * (2.0 if kind == "disc" else 3.5) * base.dpi / 25.4))
        kernel = np.zeros((2 * size + 1, 2 * size + 1), np.float32)
        if kind == "disc":
            cv2.circle(kernel, (size, size), size, 1.0, -1)
        elif kind == "motion-x":
            kernel[size, size // 2 : -(size // 2)] = 1
        else:
            kernel[size // 2 : -(size // 2), size] = 1
        scans = [dataclasses.replace(scans[0], pixels=cv2.filter2D(scans[0].pixels, -1, kernel / kernel.sum()))]
    return scans, [("blurred", "error", 1)], {"kind": kind, "sigma_mm": amount, "sheet": sheet}, base.dpi


def dark(rng: np.random.Generator) -> Outcome:
    sheet, pages = any_sheet(rng, ("letter", "plain", "photocopy", "yellowed", "table", "signature"))
    gain = float(rng.uniform(0.3, 0.58))
    return capture(pages[:1], rng, exposure=gain), [("too_dark", "error", 1)], {"exposure": gain, "sheet": sheet}, 0.0


def light(rng: np.random.Generator) -> Outcome:
    sheet, pages = any_sheet(rng, ("letter", "plain", "photocopy", "yellowed", "table", "signature"))
    floor = float(rng.uniform(150, 215))
    base = scanner(rng, pages[0].size_mm)
    scans = capture(pages[:1], rng, base)
    pixels = scans[0].pixels.astype(np.float32)
    raised = np.clip(floor + (pixels - 25) * (300 - floor) / 200, 0, 255).astype(np.uint8)
    scans = [dataclasses.replace(scans[0], pixels=raised)]
    return scans, [("over_exposed", "error", 1)], {"floor": floor, "sheet": sheet}, base.dpi


def blanks(rng: np.random.Generator) -> Outcome:
    spec, pages = document(rng)
    kind = str(rng.choice(["white", "through", "holes", "note", "number"]))
    empty = blank(rng, spec.typing.paper)
    pixels = empty.pixels.copy()
    per_mm = empty.dpi / 25.4
    if kind == "holes":
        for y in (108.5, 188.5):
            cv2.circle(
                pixels, (round(11 * per_mm), round(y * per_mm)), round(2.8 * per_mm), (60, 60, 62), -1, cv2.LINE_AA
            )
    if kind == "note":
        at = (round(rng.uniform(60, 120) * per_mm), round(rng.uniform(40, 240) * per_mm))
        cv2.putText(pixels, "ok 3/5", at, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 2.6, (40, 50, 140), 5, cv2.LINE_AA)
    if kind == "number":
        at = (round(104 * per_mm), round(14 * per_mm))
        cv2.putText(pixels, "2", at, cv2.FONT_HERSHEY_COMPLEX, 2.0, (35, 35, 38), 4, cv2.LINE_AA)
    empty = dataclasses.replace(empty, pixels=pixels)
    base = scanner(rng)
    through = float(rng.uniform(0.04, 0.15)) if kind == "through" else 0.0
    second = scan_with(empty, rng, replaced(base, show_through=through), pages[0])
    expected: Expected = [] if kind in ("note", "number") else [("blank_page", "warning", 2)]
    return [*capture(pages[:1], rng, base), second], expected, {"kind": kind, "show_through": through}, base.dpi


def twice(rng: np.random.Generator) -> Outcome:
    spec, pages = document(rng, pages=int(rng.choice([1, 2])))
    base = scanner(rng)
    scans = capture(pages, rng, base)
    kind = str(rng.choice(["copy", "again", "again", "form"]))
    which = int(rng.integers(len(pages)))
    if kind == "form":  # the same letter with another number, date, receiver: not the same sheet
        other = dataclasses.replace(
            spec, number=str(int(spec.number) + int(rng.integers(1, 90))), seal=spec.seal,
            issued=spec.issued.replace(day=1 + spec.issued.day % 28),
            signer=dataclasses.replace(spec.signer, name=random_spec(rng).signer.name), subject=random_spec(rng).subject,
        )  # fmt: skip
        scans += capture(render(other, rng), rng, base)
        return scans, [], {"kind": kind}, base.dpi
    if kind == "copy":
        scans.append(scans[which])
    else:
        lean = float(rng.uniform(-1.5, 1.5))
        again = replaced(
            base, skew_deg=lean, exposure=float(rng.uniform(0.9, 1.05)), noise=float(rng.uniform(0.5, 4)),
            shift_mm=(float(rng.normal(0, 1.5)), float(rng.normal(0, 1.5))), dust=int(rng.integers(0, 40)),
        )  # fmt: skip
        scans.append(scan_with(pages[which], rng, again))
    return scans, [("duplicate_page", "warning", len(scans))], {"kind": kind, "of": which + 1}, base.dpi


def secret(rng: np.random.Generator) -> Outcome:
    mark = str(rng.choice(["MẬT", "TỐI MẬT", "TUYỆT MẬT"]))
    _, pages = document(rng, secrecy=mark, urgency="")
    kind = str(rng.choice(["rgb", "rgb", "rgb", "gray", "bilevel"]))
    strength = {"mark": mark, "colour": kind, "under_stamp": _overlap(pages[0].boxes)}
    return capture(pages[:1], rng, colour=kind), [("secrecy_mark", "stop", 1)], strength, 0.0


def _overlap(boxes: Mapping[str, tuple[float, float, float, float]]) -> bool:
    """Whether the ĐẾN stamp was pressed across the secrecy mark."""
    if "incoming_stamp" not in boxes:
        return False
    (x, y, w, h), (a, b, c, d) = boxes["secrecy"], boxes["incoming_stamp"]
    return bool(x < a + c and a < x + w and y < b + d and b < y + h)


def urgent(rng: np.random.Generator) -> Outcome:
    mark = str(rng.choice(["KHẨN", "THƯỢNG KHẨN", "HỎA TỐC"]))
    _, pages = document(rng, urgency=mark, urgency_tilt=float(rng.normal(0, 8)))
    return capture(pages[:1], rng), [], {"mark": mark}, 0.0


def missing(rng: np.random.Generator) -> Outcome:
    """A sheet of a longer letter was never laid on the scanner; every other time all of them were."""
    pages: tuple[Page, ...] = ()
    while len(pages) < 3:
        _, pages = document(rng, pages=int(rng.integers(2, 4)))
    base = scanner(rng)
    pages = pages[:4]
    gone = 1 if rng.random() < 0.7 and len(pages) == 4 else None
    left = [page for index, page in enumerate(pages) if index != gone]
    expected: Expected = [] if gone is None else [("page_missing", "warning", gone + 1)]
    return capture(tuple(left), rng, base), expected, {"gone": gone and gone + 1, "of": len(pages)}, base.dpi


def overlapped(rng: np.random.Generator) -> Outcome:
    """Two sheets drawn in at once, the second lagging behind, on the first or under it; the feeder did not stop."""
    first, second = document(rng)[1][0], document(rng)[1][0]
    base = replaced(scanner(rng), canvas_mm=None, shift_mm=(0.0, 0.0))
    a, b = (scan_with(page, rng, base) for page in (first, second))
    lag = float(rng.uniform(16, 220))
    step = round(lag * base.dpi / 25.4)
    height, width = a.pixels.shape[:2]
    both = np.full((height + step, width, 3), base.lid, np.uint8)
    above = bool(rng.random() < 0.5)
    both[:height], both[step:] = a.pixels, b.pixels
    edge = step
    if not above:
        both[:height], edge = a.pixels, height
    dark, thick = float(rng.uniform(14, 80)), max(1, round(rng.uniform(0.15, 0.5) * base.dpi / 25.4))
    lean = np.round(np.linspace(0, np.tan(np.radians(rng.normal(0, 0.6))) * width, width)).astype(int)
    for column in range(width):
        at = edge + lean[column]
        both[max(at, 0) : at + thick, column] = np.clip(both[max(at, 0) : at + thick, column] - dark, 0, 255)
    scan = dataclasses.replace(a, pixels=both)
    strength = {"lag_mm": lag, "above": above, "levels": dark}
    others = capture((document(rng)[1][0],), rng, base) if rng.random() < 0.5 else []
    return [scan, *others], [("double_feed", "warning", 1)], strength, base.dpi


MADE: dict[str, Callable[[np.random.Generator], Outcome]] = {
    "clean": clean, "colour": colour, "low": low, "untagged": untagged, "enlarged": enlarged, "scaled": scaled,
    "cut": cut, "turned": turned, "leaning": leaning, "unsharp": unsharp, "dark": dark, "light": light,
    "blank": blanks, "twice": twice, "secret": secret, "urgent": urgent,
    "missing": missing, "overlapped": overlapped,
}  # fmt: skip


def write(kind: str, identity: str, out: Path, rng: np.random.Generator) -> dict[str, Any]:
    """Make one document of a kind; returns its record."""
    damage = DAMAGE.get(kind)
    scans, expected, strength, tag = (clean if damage else MADE[kind])(rng)
    if tag == 0.0:
        tag = scans[0].dpi
    if damage:
        scans = scans[:1]
    containers = ["jpeg", "jpeg", "tiff", "pdf", "png"] if kind != "bomb" else ["jpeg", "png"]
    if kind in ("encrypted", "active"):
        containers = ["pdf"]
    if kind == "untagged":
        containers = ["jpeg", "tiff", "png"]
    container = str(rng.choice(containers))
    if container in ("jpeg", "png") and len(scans) > 1:
        container = "folder"
    bilevel = scans[0].settings.colour == "bilevel"
    if bilevel:
        container = "tiff"
    quality = int(rng.integers(60, 96))
    folder = out / "docs" / identity
    suffix = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "pdf": ".pdf", "folder": ""}[container]
    subsampling = "4:4:4" if rng.random() < 0.3 else "4:2:0"
    files = list(save(scans, folder / f"scan{suffix}", container, tag, quality, subsampling))  # type: ignore[arg-type]
    if damage:
        act, code, severity = damage
        moved = act(files[0], rng)
        files = [moved] if isinstance(moved, Path) else files
        expected = [(code, severity, None)]
    return {
        "id": identity, "fault": kind, "container": container, "quality": quality,
        "dpi": scans[0].dpi, "dpi_tag": tag, "strength": strength,
        "files": [{"path": str(path.relative_to(out))} for path in files],
        "expected_findings": [{"code": c, "severity": s, "page": p} for c, s, p in expected],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="go on after so many documents of the same seed")
    parser.add_argument("--kinds", default="", help="comma-separated; default: half clean, half every fault in turn")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    kinds = arguments.kinds.split(",") if arguments.kinds else [k for k in (*MADE, *DAMAGE) if k != "clean"]
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (arguments.out / "truth.jsonl").open("a", encoding="utf-8") as stream:
        for index in range(arguments.first, arguments.count):
            rng = np.random.default_rng([arguments.seed, index])
            half = not arguments.kinds and index % 2
            kind = "clean" if half else kinds[(index if arguments.kinds else index // 2) % len(kinds)]
            record = write(kind, f"s{arguments.seed}-{index:04d}", arguments.out, rng)
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
            stream.flush()


if __name__ == "__main__":
    main()
