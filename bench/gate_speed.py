"""What the whole gate costs beside Tesseract, on the same pages in the same run (CPU seconds, one thread each).

    OMP_THREAD_LIMIT=1 .venv/bin/python bench/gate_speed.py [--pages 8] [--dpi 300]

Pages are made by the project's own generator. The gate's time includes decoding; Tesseract gets the decoded page.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import tesserocr
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from intake.profile import load
from samples.capture import random_settings, save, scan_with
from samples.documents import random_spec
from samples.page import render
from workers.check.gate import inspect
from workers.tools.tessdata import tessdata_path

PROFILE = Path(__file__).resolve().parents[1] / "profiles" / "incoming.toml"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=8)
    parser.add_argument("--dpi", type=float, default=300.0)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    section = load(PROFILE).check
    engine = tesserocr.PyTessBaseAPI(path=tessdata_path(), lang="vie", psm=tesserocr.PSM.AUTO)
    shares = []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(arguments.pages + 1):
            rng = np.random.default_rng([3, index])
            page = render(random_spec(rng), rng)[0]
            path = save([scan_with(page, rng, random_settings(rng, arguments.dpi))], Path(folder) / f"{index}.jpg", "jpeg",
                        arguments.dpi)[0]  # fmt: skip
            started = time.process_time()
            inspect([path], section)
            gate = time.process_time() - started
            started = time.process_time()
            engine.SetImage(Image.open(path))
            engine.GetUTF8Text()
            reading = time.process_time() - started
            if index:  # the first page loads models and code
                shares.append(gate / reading)
                print(
                    f"page {index}: gate {gate:.3f} s, Tesseract {reading:.3f} s, share {gate / reading:.1%}",
                    flush=True,
                )
    print(f"median share {statistics.median(shares):.1%} (limit 12 %)")


if __name__ == "__main__":
    main()
