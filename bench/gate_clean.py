"""How often the gate stops or warns of a capture that has no fault: sheets and scanners without end, none kept on disk.

    .venv/bin/python bench/gate_clean.py [--count 100] [--seed 1] [--keep DIR]

Every sheet is captured by three scanners, saved as any of the containers, and inspected. Prints each block, refusal and
warning with what it came from; ``--keep`` leaves the files that got one.
"""

from __future__ import annotations

import argparse
import collections
import shutil
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.gate_captures import reworked, scanner
from bench.gate_sheets import any_sheet
from intake.model import Severity
from intake.profile import load
from samples.capture import replaced, save, scan_with
from workers.check.gate import inspect
from workers.tools.pages import decode, list_pages

PROFILE = Path(__file__).resolve().parents[1] / "profiles" / "incoming.toml"
SUFFIX = {"jpeg": ".jpg", "tiff": ".tif", "pdf": ".pdf", "png": ".png"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="sheets, each captured three times")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the files that got a finding")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    section = load(PROFILE).check
    pages = 0
    alarms: collections.Counter[tuple[str, str]] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for index in range(arguments.count):
            rng = np.random.default_rng([arguments.seed, index])
            kind, sheets = any_sheet(rng)
            sheet = sheets[int(rng.integers(len(sheets)))]
            for copy in range(3):
                base = scanner(rng, sheet.size_mm)
                if rng.random() < 0.06 and max(sheet.size_mm) < 400:
                    base = replaced(base, dpi=600.0)
                scan, work = reworked(scan_with(sheet, rng, base), rng)
                container = str(rng.choice(["jpeg", "jpeg", "pdf", "tiff", "png"]))
                quality, subsampling = int(rng.integers(55, 96)), "4:4:4" if rng.random() < 0.3 else "4:2:0"
                path = Path(folder) / f"s{arguments.seed}-{index:04d}-{copy}{SUFFIX[container]}"
                files = save([scan], path, container, base.dpi, quality, subsampling)  # type: ignore[arg-type]
                if not _has_colour(files[0]):
                    continue
                found = [f for f in inspect(files, section)[0] if f.severity > Severity.NOTE]
                pages += 1
                about = (
                    f"{kind} {work} {base.dpi:.0f} dpi {container} q{quality} lid {base.lid} canvas {base.canvas_mm}"
                )
                for finding in found:
                    alarms[finding.severity.word, finding.code] += 1
                    print(path.name, about, finding.severity.word, finding.code, finding.measured, flush=True)
                if found and arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    for file in files:
                        shutil.copy(file, arguments.keep)
                for file in files:
                    file.unlink()
            print(f"{pages} captures", file=sys.stderr, flush=True)
    print(f"{pages} captures without a fault:", dict(alarms) or "nothing said of any")


def _has_colour(file: Path) -> bool:
    """Whether a single dot is not grey: washed white and pressed hard, a black letter keeps none, and grey is what it is."""
    pixels = decode(list_pages([file])[0])
    return bool((pixels[:, :, 0] != pixels[:, :, 2]).any() or (pixels[:, :, 1] != pixels[:, :, 2]).any())


if __name__ == "__main__":
    main()
