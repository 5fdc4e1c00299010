"""Draw what the gate's limits stand between: each measure on clean and on faulty pages, as small SVG files.

    .venv/bin/python bench/gate_histograms.py --corpus DIR [--corpus DIR …] --out docs/check

DIR as written by bench/gate_faults.py. One picture per measure; the dashed line is the limit in the code.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from PIL import Image

mpl.use("svg")
import matplotlib.pyplot as plt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from intake.errors import DocumentError
from workers.check import (
    blur,
    colour,
    cut,
    double_feed,
    exposure,
    jpeg_quality,
    legibility,
    optical,
    page_missing,
    paper,
    paper_size,
    skew,
    text,
    tint,
    typeset,
)
from workers.check.orientation import Stand
from workers.check.view import PageView
from workers.tools.pages import PageSource, decode, list_pages

KINDS = {
    "sigma": ("unsharp", "blur of the steepest edges, mm", blur.SIGMA_MM),
    "mirror": (
        "enlarged",
        "mirror about the best source, weaker axis (x-only and y-only: stronger)",
        optical.BOTH_AXES,
    ),
    "copies": ("nearest", "share by which gaps within copied dots are smaller, weaker axis", optical.COPIED),
    "paper": ("dark", "level of the paper", exposure.PAPER_MIN),
    "ink": ("light", "level of the darkest strokes", exposure.INK_MAX),
    "lean": ("leaning", "lean of the lines, degrees", 2.5),
    "rise": ("turned", "ink above the letters' bodies less ink below, share", 0.0),
    "edge": ("cut", "writing at the worst side, as a multiple of the limit", 1.0),
    "spread": ("colour", "share of dots whose channels differ by more than 2 levels", colour.SHARE_MIN),
    "fringe": ("colour", "colour that goes with the slope of strokes, times its own error", tint.SURE),
    "width": ("scaled", "width between the margins of the body, mm", typeset.NARROW_MM),
    "seam": ("overlapped", "levels of the darkest line from side to side", double_feed.LINE_MIN),
    "excess": ("overlapped", "mm longer than the longest sheet of that width", double_feed.LONGER_MM),
    "size": ("other sheet", "mm that a page's size differs from the document's first", paper_size.APART_MM),
    "number": ("misread", "certainty of a page number read in one size, %", page_missing.SURE),
    "quality": ("pressed twice", "JPEG quality read from the tables less the true one", 0.5),
}
CLIP = {"fringe": 60.0, "excess": 120.0}
"""beyond these nothing is decided any more"""


def measures(view: PageView) -> dict[str, float]:
    lines, tiles = text.measure(view), legibility.tiles(view)
    found: dict[str, float] = {"edge": max(_at_edge(side, edge) for side, edge in cut.measure(view).items())}
    if tiles:
        found["sigma"] = legibility.sigma(tiles) or 0.0
        found["paper"] = float(np.median([tile.paper for tile in tiles]))
        found["ink"] = float(np.median([tile.ink for tile in tiles]))
    lean = skew.degrees(lines, Stand(0))
    if lean is not None:
        found["lean"] = abs(lean)
    if lines.rise is not None:
        found["rise"] = lines.rise
    found["mirror"], found["copies"] = _mirror(view), _copies(view)
    body = typeset.measure(view, lean) if lean is not None and min(view.paper_mm) > 190 else None
    if body and body.left < typeset.INDENT_MM:
        found["width"] = body.width
    feed = double_feed.measure(view)
    found["seam"], found["excess"] = feed.levels, _longer(feed.size_mm)
    if view.pixels.ndim == 3:
        blue, green, red = cv2.split(np.ascontiguousarray(view.pixels[::5, ::3]))
        spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
        found["spread"] = float((spread > colour.SPREAD_PX).mean())
        beyond = tint.measure(view.pixels) if found["spread"] >= colour.SHARE_MIN else None
        if beyond:
            found["fringe"] = beyond.sure
    return found


def _longer(size_mm: tuple[float, float]) -> float:
    short, long = sorted(size_mm)
    known = [tall for wide, tall in paper.SHEETS_MM.values() if abs(short - wide) <= double_feed.WIDTH_MM]
    return max(long - max(known), 0.0) if known else 0.0


def sizes(sources: Sequence[PageSource]) -> list[float]:
    """mm that the later pages' sizes differ from the first's, on the axis that differs more."""
    pages = [
        sorted(pair) for pair in (PageView.of(source, np.empty(source.shown_px[::-1])).paper_mm for source in sources)
    ]
    return [float(np.abs(np.subtract(page, pages[0])).max()) for page in pages[1:]]


def numbers(view: PageView, true: int) -> Iterator[tuple[str, float]]:
    """Every reading of the page's number, whether right or not, with its certainty."""
    _, gray = page_missing.picture(view)
    for size in page_missing.SIZES if gray is not None else ():
        number, sure = page_missing.read(cv2.resize(gray, None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC))
        if number is not None:
            yield "clean" if number == true else "misread", float(sure)


def qualities(folder: Path) -> Iterator[tuple[str, float]]:
    """Qualities 30–97 by two encoders, saved once, and once more at 95."""
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    path = folder / "a.jpg"
    for quality in range(30, 98):
        Image.fromarray(picture).save(path, quality=quality, dpi=(200, 200))
        yield "clean", float(_quality(path) - quality)
        Image.open(path).save(path, quality=95, dpi=(200, 200))
        yield "pressed twice", float(_quality(path) - quality)
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        yield "clean", float(_quality(path) - quality)


def _quality(path: Path) -> int:
    return jpeg_quality.measure(list_pages([path])[0]) or 0


def _at_edge(side: str, edge: cut.Edge) -> float:
    near = cut.LETTERS_NEAR_MIN if side in ("top", "bottom") else cut.NEAR_MIN
    return min(max(edge.near / near, edge.rules / cut.RULES_MIN), 6.0)


def _mirror(view: PageView) -> float:
    best = 0.0
    spectra = [optical._phases(optical._lines(luma)) for luma in (view.luma, view.luma.T)]
    for source in optical.SOURCES_DPI:
        ratios = [source / dpi for dpi in view.dpi]
        if all(optical.RATIO[0] <= ratio <= optical.RATIO[1] for ratio in ratios):
            best = max(best, min(optical.mirror(s, r) for s, r in zip(spectra, ratios, strict=True)))
    return best


def _copies(view: PageView) -> float:
    gaps = [optical._gaps(optical._lines(luma)) for luma in (view.luma, view.luma.T)]
    both = [optical._ratios(float(source), view.dpi) for source in optical.SOURCES_DPI]
    return max(
        (min(optical.copies(g, r) for g, r in zip(gaps, pair, strict=True)) for pair in both if pair), default=0.0
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clean", type=int, default=40, help="at most this many clean documents")
    parser.add_argument("--only", default="", help="comma-separated names of the pictures to draw; default: all")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    values: dict[str, dict[str, list[float]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    clean = 0
    wanted = {kind for kind, _, _ in KINDS.values()} | {"missing"}
    known = [sorted(size) for size in paper.SHEETS_MM.values()]
    values["size"]["other sheet"] = [
        float(np.abs(np.subtract(one, other)).max()) for one in known for other in known if one < other
    ]
    with tempfile.TemporaryDirectory() as folder:
        for kind, value in qualities(Path(folder)):
            values["quality"][kind].append(value)
    for corpus in arguments.corpus:
        for line in (corpus / "truth.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            fault = record.get("fault") or "clean"
            if fault not in wanted and (fault != "clean" or clean >= arguments.clean):
                continue
            clean += fault == "clean"
            try:
                sources = list_pages([corpus / item["path"] for item in record["files"]])
                view = PageView.of(sources[0], decode(sources[0]))
            except DocumentError:
                continue
            if fault == "missing":
                gone = record["strength"]["gone"]
                for source in sources[1:]:
                    true = source.number + (gone is not None and source.number >= gone)
                    for kind, value in numbers(PageView.of(source, decode(source)), true):
                        values["number"][kind].append(value)
                values["size"]["clean"] += sizes(sources)
                continue
            if fault == "clean":
                values["size"]["clean"] += sizes(sources)
            for name, value in measures(view).items():
                values[name][fault].append(min(value, CLIP.get(name, value)))
                strength = record.get("strength", {})
                if (strength.get("kernel"), strength.get("axes")) == ("nearest", "both"):
                    values[name]["nearest"].append(value)
    arguments.out.mkdir(parents=True, exist_ok=True)
    mpl.rcParams.update({"svg.hashsalt": "sohoa", "font.size": 8, "svg.fonttype": "none"})
    for name, (fault, label, limit) in KINDS.items():
        good, bad = values[name]["clean"], values[name][fault]
        if not good or not bad or (arguments.only and name not in arguments.only.split(",")):
            continue
        figure, axes = plt.subplots(figsize=(5, 1.9))
        bins = np.histogram_bin_edges([*good, *bad, limit], 40)
        axes.hist(good, bins, label=f"clean ({len(good)})", color="#2b7a4b", alpha=0.75)
        axes.hist(bad, bins, label=f"{fault} ({len(bad)})", color="#b3261e", alpha=0.6)
        axes.axvline(limit, color="black", linestyle="--", linewidth=0.9)
        axes.set_xlabel(label)
        axes.legend(frameon=False)
        figure.tight_layout()
        figure.savefig(arguments.out / f"{name}.svg", metadata={"Date": None})
        plt.close(figure)
        print(f"{name:9} clean {min(good):.3f}…{max(good):.3f}  {fault} {min(bad):.3f}…{max(bad):.3f}  limit {limit}")


if __name__ == "__main__":
    main()
