"""Secrecy marks of every make: does the gate refuse them all, and pass urgency stamps and other marks?

    .venv/bin/python bench/gate_secrecy.py [--count 300] [--seed 1]

Stamps are drawn on captured pages with varied wording, typeface, frame (none, single, double), size, tilt, ink, wear,
place, colour mode, dpi and JPEG quality. Prints per kind how many were refused, held (``secrecy_lifted``) or passed.
"""

from __future__ import annotations

import argparse
import collections
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samples.capture import random_settings, replaced, scan_with
from samples.documents import random_spec
from samples.marks import RED_INKS, framed, worn
from samples.page import Page, render
from samples.typeface import installed
from workers.check import colour as colour_rule
from workers.check import secrecy
from workers.check.view import PageView
from workers.tools.pages import PageSource

MARKS = {
    "secret": ("MẬT", "TỐI MẬT", "TUYỆT MẬT"),
    "urgent": ("KHẨN", "THƯỢNG KHẨN", "HỎA TỐC", "HOẢ TỐC", "HỎA TỐC HẸN GIỜ"),
    "other": ("XEM XONG TRẢ LẠI", "LƯU HÀNH NỘI BỘ", "BẢN SAO", "SAO Y", "ĐÃ SỐ HÓA", "BẢN CHÍNH"),
    "lifted": ("GIẢI MẬT",),
}
SIZES_MM = {"MẬT": 20, "TỐI MẬT": 30, "TUYỆT MẬT": 40, "KHẨN": 20, "THƯỢNG KHẨN": 40, "HỎA TỐC": 30, "HOẢ TỐC": 30}


def put(page: Page, rng: np.random.Generator, kind: str) -> tuple[Page, dict[str, object]]:
    text = str(rng.choice(MARKS[kind]))
    width = SIZES_MM.get(text, 45) * float(rng.uniform(0.92, 1.1))
    height = float(rng.uniform(7, 10))
    frame = str(rng.choice(["single", "double", "none"], p=[0.45, 0.45, 0.1]))
    ink = RED_INKS[int(rng.integers(len(RED_INKS)))] if rng.random() < 0.85 else (40, 38, 42)
    face = installed()[int(rng.integers(len(installed())))] if rng.random() < 0.4 else installed()[0]
    mark = framed(text, (width, height), page.dpi, frame == "double", ink, face, float(rng.uniform(12, 15)))
    coverage = mark.coverage
    if frame == "none":
        edge = round(1.6 * page.dpi / 25.4) + round(page.dpi / 25.4)
        coverage = coverage[edge:-edge, edge:-edge]
    coverage = worn(coverage, rng, page.dpi, float(rng.uniform(0, 0.8)))
    tilt = float(np.clip(rng.normal(0, 5), -14, 14))
    pad = round(0.3 * max(coverage.shape))
    coverage = cv2.copyMakeBorder(coverage, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    turn = cv2.getRotationMatrix2D((coverage.shape[1] / 2, coverage.shape[0] / 2), tilt, 1.0)
    coverage = cv2.warpAffine(coverage, turn, (coverage.shape[1], coverage.shape[0]))
    pixels = page.pixels.copy()
    per_mm = page.dpi / 25.4
    x = int(rng.uniform(22, 75) * per_mm - pad)
    y = int(rng.uniform(45, 95) * per_mm - pad)
    x, y = max(x, 0), max(y, 0)
    spot = pixels[y : y + coverage.shape[0], x : x + coverage.shape[1]]
    alpha = (coverage[: spot.shape[0], : spot.shape[1], None] / 255.0) * float(rng.uniform(0.55, 1.0))
    spot[:] = (spot * (1 - alpha) + np.minimum(spot, np.array(ink)) * alpha).astype(np.uint8)
    about = {"text": text, "frame": frame, "tilt": round(tilt, 1), "red": ink[0] > 100, "face": face.name}
    return Page(1, pixels, page.dpi, page.size_mm, page.boxes, page.lines), about


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    tally: collections.Counter[tuple[str, str, str]] = collections.Counter()
    pages: list[Page] = []
    for index in range(arguments.count):
        rng = np.random.default_rng([arguments.seed, index])
        if index % 10 == 0:
            spec = random_spec(rng)
            pages = list(render(spec, rng))[:1]
        kind = str(rng.choice(["secret", "secret", "urgent", "other", "lifted"], p=[0.3, 0.2, 0.3, 0.12, 0.08]))
        page, about = put(pages[0], rng, kind)
        colour = str(rng.choice(["rgb", "gray", "bilevel"], p=[0.75, 0.12, 0.13]))
        scan = scan_with(page, rng, replaced(random_settings(rng, float(rng.choice([200, 200, 300]))), colour=colour))
        pixels = scan.pixels if scan.pixels.ndim == 2 else scan.pixels[:, :, ::-1]
        if colour != "bilevel":
            quality = int(rng.integers(60, 95))
            pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, [1, quality])[1], cv2.IMREAD_UNCHANGED)
        source = PageSource(1, Path("page"), 0, "jpeg", pixels.shape[1], pixels.shape[0], scan.dpi, scan.dpi, "rgb")
        view = PageView.of(source, np.ascontiguousarray(pixels))
        found = [f.code for f in secrecy.look(view, colour_rule.kind(view))]
        answer = "passed" if not found else found[0].removeprefix("check.secrecy_")
        red = bool(about["red"]) and colour == "rgb"
        tally[kind, "red" if red else "black", answer] += 1
        right = {"secret": "mark", "urgent": "passed", "other": "passed", "lifted": "lifted"}[kind]
        if answer != right:
            print(f"{kind:7} → {answer:7}", colour, scan.dpi, about)
    for (kind, ink, answer), count in sorted(tally.items()):
        print(f"{kind:8} {ink:6} {answer:8} {count}")


if __name__ == "__main__":
    main()
