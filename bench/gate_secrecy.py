"""Secrecy marks of every make: does the gate refuse them all, and pass urgency stamps and everything else?

    .venv/bin/python bench/gate_secrecy.py [--count 300] [--seed 1] [--keep DIR] [--quiet]

Stamps of ``bench/gate_stamps.py`` on captured pages, in colour, grey and bilevel, 200 and 300 dpi, JPEG 60 to 95. Prints
what was answered wrongly, and per kind, ink and place how many were refused, held (``secrecy_lifted``) or passed.
``--keep`` saves the captures, or takes them from there when they are there: to measure a change on the same ones.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.gate_stamps import KINDS, put
from samples.capture import random_settings, replaced, scan_with
from samples.documents import random_spec
from samples.page import Page, render
from workers.check import colour as colour_rule
from workers.check import secrecy
from workers.check.view import PageView
from workers.tools.pages import PageSource

ANSWERS = {"secret": "mark", "lifted": "lifted"}


def captured(seed: int, count: int, keep: Path | None):  # type: ignore[no-untyped-def]
    """What was stamped, and the capture (grey or BGR)."""
    pages: dict[int, Page] = {}
    for index in range(count):
        path = keep / f"{seed}-{index:04d}.png" if keep else None
        if path and path.exists():
            yield json.loads(path.with_suffix(".json").read_text()), cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            continue
        rng = np.random.default_rng([seed, index])
        if index // 10 not in pages:
            spec_rng = np.random.default_rng([seed, index // 10, 7])
            pages = {index // 10: render(random_spec(spec_rng), spec_rng)[0]}
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        page, about = put(pages[index // 10], rng, kind)
        colour = str(rng.choice(["rgb", "gray", "bilevel"], p=[0.64, 0.2, 0.16]))
        dpi = float(rng.choice([200, 200, 300]))
        scan = scan_with(page, rng, replaced(random_settings(rng, dpi), colour=colour))
        pixels = np.ascontiguousarray(scan.pixels if scan.pixels.ndim == 2 else scan.pixels[:, :, ::-1])
        if colour != "bilevel":
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))]
            pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, quality)[1], cv2.IMREAD_UNCHANGED)
        about |= {"colour": colour, "dpi": dpi, "index": index}
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            path.with_suffix(".json").write_text(json.dumps(about))
        yield about, pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--quiet", action="store_true", help="only the counts")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    tally: collections.Counter[tuple[str, str, str, str]] = collections.Counter()
    spent: collections.defaultdict[str, float] = collections.defaultdict(float)
    for about, pixels in captured(arguments.seed, arguments.count, arguments.keep):
        height, width = pixels.shape[:2]
        mode = "rgb" if pixels.ndim == 3 else "gray"
        view = PageView.of(
            PageSource(1, Path("page"), 0, "jpeg", width, height, about["dpi"], about["dpi"], mode), pixels
        )
        started = time.process_time()
        found = [finding.code for finding in secrecy.look(view, colour_rule.kind(view))]
        answer = "passed" if not found else found[0].removeprefix("check.secrecy_")
        red = about["colour"] == "rgb" and not about["copied"] and about["ink"] != "black"
        ink = "red" if red else about["colour"]
        spent[ink] += time.process_time() - started
        tally[about["kind"], ink, "over" if about["over"] else "beside", answer] += 1
        if answer != ANSWERS.get(about["kind"], "passed") and not arguments.quiet:
            print(f"{about['kind']:7} → {answer:7}", {k: v for k, v in about.items() if k != "kind"}, flush=True)
    for (kind, ink, place, answer), count in sorted(tally.items()):
        print(f"{kind:9} {ink:8} {place:7} {answer:8} {count}")
    secret = [(key, count) for key, count in tally.items() if key[0] == "secret"]
    for ink in ("red", "rgb", "gray", "bilevel"):
        all_of = sum(count for key, count in secret if key[1] == ink)
        print(f"secret {ink:8} refused {sum(c for k, c in secret if k[1] == ink and k[3] == 'mark')} of {all_of}",
              f"({spent[ink]:.0f} s for all of that ink)")  # fmt: skip
    harmless = [(key[3], count) for key, count in tally.items() if key[0] not in ANSWERS]
    print("not secret: refused", sum(c for a, c in harmless if a == "mark"), "of", sum(c for _, c in harmless))


if __name__ == "__main__":
    main()
