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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.gate_damage import DAMAGE
from samples.capture import Scan, Settings, random_settings, replaced, save, scan_with
from samples.documents import random_seal, random_spec
from samples.page import Page, blank, render
from samples.spec import DocumentSpec

Captured = list[Scan]
Expected = list[tuple[str, str, int | None]]
Outcome = tuple[Captured, Expected, dict[str, Any], float | None]
"""scans, expected (code, severity, page), strength, dpi tag (None: none written)"""


def document(rng: np.random.Generator, pages: int = 1, **changes: Any) -> tuple[DocumentSpec, tuple[Page, ...]]:
    spec = random_spec(rng, pages=pages)
    seal = None
    if rng.random() < 0.85:
        seal = dataclasses.replace(random_seal(rng, spec.organ), diameter_mm=float(rng.uniform(30, 42)))
    spec = dataclasses.replace(spec, seal=seal, **changes)
    return spec, render(spec, rng)


def scanner(rng: np.random.Generator) -> Settings:
    settings = random_settings(rng, float(rng.choice([200, 200, 200, 240, 300, 300])))
    canvas = None
    if rng.random() < 0.4:  # auto-sized: never smaller than what is printed
        canvas = (210 + float(rng.uniform(-2, 4)), 297 + float(rng.uniform(-6, 8)))
    return replaced(settings, canvas_mm=canvas)


def capture(
    pages: tuple[Page, ...], rng: np.random.Generator, base: Settings | None = None, **changes: Any
) -> Captured:
    base = base or scanner(rng)
    return [scan_with(page, rng, replaced(base, **changes)) for page in pages]


def clean(rng: np.random.Generator) -> Outcome:
    kind = rng.choice(["plain", "plain", "plain", "a3", "letter", "f4", "tinted", "through"])
    sizes = {"letter": (215.9, 279.4), "f4": (210.0, 330.0)}
    changes: dict[str, Any] = {}
    _, pages = document(rng, pages=int(rng.choice([1, 1, 1, 2])))
    base = scanner(rng)
    if kind in sizes:
        spec = random_spec(rng)
        typing = dataclasses.replace(spec.typing, paper_mm=sizes[str(kind)])
        pages = render(dataclasses.replace(spec, typing=typing), rng)
        base = replaced(base, canvas_mm=None)
    if kind == "a3":
        changes["canvas_mm"] = (297.0, 420.0)
    if kind == "tinted":
        spec = random_spec(rng)
        tint = tuple(int(v) for v in (rng.integers(225, 256), rng.integers(215, 250), rng.integers(190, 250)))
        pages = render(dataclasses.replace(spec, typing=dataclasses.replace(spec.typing, paper=tint)), rng)
    if kind == "through":
        back = render(random_spec(rng), rng)[0]
        strength = float(rng.uniform(0.02, 0.12))
        scans = [scan_with(page, rng, replaced(base, show_through=strength), back) for page in pages]
        return scans, [], {"kind": kind, "show_through": strength}, base.dpi
    return capture(pages, rng, base, **changes), [], {"kind": str(kind)}, base.dpi


def colour(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    kind = str(rng.choice(["gray", "gray-as-rgb", "gray-as-rgb", "bilevel"]))
    base = scanner(rng)
    scans = capture(pages, rng, base, colour=kind)
    cast = [1.0, 1.0, 1.0]
    if kind == "gray-as-rgb" and rng.random() < 0.5:
        cast = [float(v) for v in rng.uniform(0.86, 1.0, 3)]
        pixels = np.clip(scans[0].pixels * np.array(cast), 0, 255).astype(np.uint8)
        scans = [dataclasses.replace(scans[0], pixels=pixels)]
    code = {"gray": "colour_gray", "gray-as-rgb": "colour_gray_as_rgb", "bilevel": "colour_bilevel"}[kind]
    return scans[:1], [(code, "error", 1)], {"colour": kind, "cast": cast}, base.dpi


def low(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    dpi = float(rng.choice([96, 100, 120, 150, 150, 180, 190]))
    return capture(pages[:1], rng, random_settings(rng, dpi)), [("dpi_low", "error", 1)], {"dpi": dpi}, dpi


def untagged(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    return capture(pages[:1], rng), [("dpi_missing", "warning", 1)], {}, None


def enlarged(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    source, dpi = [(75, 200), (100, 200), (125, 200), (150, 200), (150, 300), (100, 300), (96, 200), (120, 240)][
        int(rng.integers(8))
    ]
    axes = rng.choice(["both", "both", "both", "x", "y"])
    optical = {"both": (source, source), "x": (source, dpi), "y": (dpi, source)}[str(axes)]
    kernel = str(rng.choice(["nearest", "linear", "cubic", "lanczos"]))
    sharpen = float(rng.choice([0, 0, 0.5, 1.0]))
    base = replaced(
        scanner(rng), dpi=float(dpi), optical_dpi=tuple(map(float, optical)), kernel=kernel, sharpen=sharpen
    )
    strength = {"source": source, "dpi": dpi, "axes": str(axes), "kernel": kernel, "sharpen": sharpen}
    return capture(pages[:1], rng, base), [("dpi_false", "error", 1)], strength, float(dpi)


def scaled(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    factor = float(rng.choice([rng.uniform(0.90, 0.97), rng.uniform(1.03, 1.06)], p=[0.75, 0.25]))
    return capture(pages[:1], rng, scale=factor), [("scale_not_100", "error", 1)], {"scale": factor}, 0.0


def cut(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    side = int(rng.integers(4))
    body = [pages[0].boxes[k] for k in ("body", "nation", "organ", "subject") if k in pages[0].boxes]
    lines = [line.box for line in pages[0].lines]
    left, top = min(b[0] for b in body), min(b[1] for b in body)
    right = max(b[0] + b[2] for b in lines)
    width, height = pages[0].size_mm
    inside = [left + rng.uniform(3, 18), top + rng.uniform(1, 12), width - right + rng.uniform(4, 18), 0.0]
    row = lines[int(rng.integers(len(lines) // 2, len(lines)))]
    inside[3] = height - (row[1] + row[3] * rng.uniform(0.35, 0.7))
    depth = [0.0, 0.0, 0.0, 0.0]
    depth[side] = float(inside[side])
    name = ("left", "top", "right", "bottom")[side]
    base = replaced(scanner(rng), canvas_mm=None, cut_mm=tuple(depth))
    return capture(pages[:1], rng, base), [("content_cut", "error", 1)], {"side": name, "mm": depth[side]}, base.dpi


def turned(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng, pages=int(rng.choice([1, 2])))
    degrees = int(rng.choice([90, 180, 180, 270]))
    code = "orientation_180" if degrees == 180 else "orientation_90"
    page = int(rng.integers(len(pages)))
    return capture(pages[page : page + 1], rng, rotate=degrees), [(code, "error", 1)], {"rotate": degrees}, 0.0


def leaning(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    degrees = float(rng.uniform(3, 8) * rng.choice([-1, 1]))
    return capture(pages[:1], rng, skew_deg=degrees, canvas_mm=(225.0, 310.0)), [("skew_excessive", "error", 1)], {
        "degrees": degrees
    }, 0.0  # fmt: skip


def unsharp(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    kind = str(rng.choice(["gauss", "disc", "motion-x", "motion-y"]))
    amount = float(rng.uniform(0.28, 0.6))  # sigma, mm
    base = replaced(scanner(rng), blur_mm=amount if kind == "gauss" else 0.03, sharpen=float(rng.choice([0, 0.3])))
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
    return scans, [("blurred", "error", 1)], {"kind": kind, "sigma_mm": amount}, base.dpi


def dark(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    gain = float(rng.uniform(0.3, 0.58))
    return capture(pages[:1], rng, exposure=gain), [("too_dark", "error", 1)], {"exposure": gain}, 0.0


def light(rng: np.random.Generator) -> Outcome:
    _, pages = document(rng)
    floor = float(rng.uniform(150, 215))
    base = scanner(rng)
    scans = capture(pages[:1], rng, base)
    pixels = scans[0].pixels.astype(np.float32)
    raised = np.clip(floor + (pixels - 25) * (300 - floor) / 200, 0, 255).astype(np.uint8)
    scans = [dataclasses.replace(scans[0], pixels=raised)]
    return scans, [("over_exposed", "error", 1)], {"floor": floor}, base.dpi


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
    return capture(pages[:1], rng, colour=kind), [("secrecy_mark", "stop", 1)], {"mark": mark, "colour": kind}, 0.0


def urgent(rng: np.random.Generator) -> Outcome:
    mark = str(rng.choice(["KHẨN", "THƯỢNG KHẨN", "HỎA TỐC"]))
    _, pages = document(rng, urgency=mark, urgency_tilt=float(rng.normal(0, 8)))
    return capture(pages[:1], rng), [], {"mark": mark}, 0.0


MADE: dict[str, Callable[[np.random.Generator], Outcome]] = {
    "clean": clean, "colour": colour, "low": low, "untagged": untagged, "enlarged": enlarged, "scaled": scaled,
    "cut": cut, "turned": turned, "leaning": leaning, "unsharp": unsharp, "dark": dark, "light": light,
    "blank": blanks, "twice": twice, "secret": secret, "urgent": urgent,
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
    files = list(save(scans, folder / f"scan{suffix}", container, tag, quality))  # type: ignore[arg-type]
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
    parser.add_argument("--kinds", default="", help="comma-separated; default: half clean, half every fault in turn")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    kinds = arguments.kinds.split(",") if arguments.kinds else [k for k in (*MADE, *DAMAGE) if k != "clean"]
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (arguments.out / "truth.jsonl").open("a", encoding="utf-8") as stream:
        for index in range(arguments.count):
            rng = np.random.default_rng([arguments.seed, index])
            half = not arguments.kinds and index % 2
            kind = "clean" if half else kinds[(index if arguments.kinds else index // 2) % len(kinds)]
            record = write(kind, f"s{arguments.seed}-{index:04d}", arguments.out, rng)
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
            stream.flush()


if __name__ == "__main__":
    main()
