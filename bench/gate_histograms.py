"""Draw what the gate's limits stand between: each measure on clean and on faulty pages, as small SVG files.

    .venv/bin/python bench/gate_histograms.py --corpus DIR [--corpus DIR …] --out docs/check

DIR as written by bench/gate_faults.py. One picture per measure; the dashed line is the limit in the code.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np

mpl.use("svg")
import matplotlib.pyplot as plt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from intake.errors import DocumentError
from workers.check import blur, colour, cut, exposure, legibility, optical, skew, text
from workers.check.orientation import Stand
from workers.check.view import PageView
from workers.tools.pages import decode, list_pages

KINDS = {
    "sigma": ("unsharp", "blur of the steepest edges, mm", blur.SIGMA_MM),
    "mirror": (
        "enlarged",
        "mirror about the best source, weaker axis (x-only and y-only: stronger)",
        optical.BOTH_AXES,
    ),
    "paper": ("dark", "level of the paper", exposure.PAPER_MIN),
    "ink": ("light", "level of the darkest strokes", exposure.INK_MAX),
    "lean": ("leaning", "lean of the lines, degrees", 2.5),
    "rise": ("turned", "ink above the letters' bodies less ink below, share", 0.0),
    "edge": ("cut", "writing at the worst side, as a multiple of the limit", 1.0),
    "spread": ("colour", "share of dots whose channels differ by more than 2 levels", colour.SHARE_MIN),
}


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
    found["mirror"] = _mirror(view)
    if view.pixels.ndim == 3:
        blue, green, red = cv2.split(np.ascontiguousarray(view.pixels[::5, ::3]))
        spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
        found["spread"] = float((spread > colour.SPREAD_PX).mean())
    return found


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clean", type=int, default=40, help="at most this many clean documents")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    values: dict[str, dict[str, list[float]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    clean = 0
    wanted = {kind for kind, _, _ in KINDS.values()}
    for corpus in arguments.corpus:
        for line in (corpus / "truth.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            fault = record.get("fault") or "clean"
            if fault not in wanted and (fault != "clean" or clean >= arguments.clean):
                continue
            clean += fault == "clean"
            try:
                source = list_pages([corpus / record["files"][0]["path"]])[0]
                view = PageView.of(source, decode(source))
            except DocumentError:
                continue
            for name, value in measures(view).items():
                values[name][fault].append(value)
    arguments.out.mkdir(parents=True, exist_ok=True)
    mpl.rcParams.update({"svg.hashsalt": "sohoa", "font.size": 8, "svg.fonttype": "none"})
    for name, (fault, label, limit) in KINDS.items():
        good, bad = values[name]["clean"], values[name][fault]
        if not good or not bad:
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
