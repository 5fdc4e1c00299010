"""Make the committed scans and their truth: ``python -m samples.make FOLDER`` writes FOLDER/scans and truth.json."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from samples.capture import Scan, replaced, save, scan_with
from samples.cast import decisions, faulty, letters, plans
from samples.cast.sample import Sample
from samples.documents import truth
from samples.page import Page, blank, render

SAMPLES: tuple[Sample, ...] = (*decisions.SAMPLES, *letters.SAMPLES, *plans.SAMPLES, *faulty.SAMPLES)
SUFFIX = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "pdf": ".pdf", "folder": ""}


def capture(sample: Sample) -> tuple[tuple[Page, ...], list[Scan]]:
    """The pages of a sample and the images its scanner made of them, empty backs included."""
    rng = np.random.default_rng(sample.seed)
    pages = render(sample.spec, rng)
    sides = list(pages)
    for number in sample.backs:
        sides.insert(number - 1, blank(rng, sample.spec.typing.paper))
    scans = [
        scan_with(
            side,
            np.random.default_rng([sample.seed, number]),
            replaced(sample.settings, **sample.changed.get(number, {})),
        )
        for number, side in enumerate(sides, 1)
    ]
    return pages, scans


def write(sample: Sample, folder: Path) -> dict[str, Any]:
    """Write one sample under ``folder/scans`` and return its entry in truth.json."""
    pages, scans = capture(sample)
    path = folder / "scans" / f"{sample.name}{SUFFIX[sample.container]}"
    files = save(scans, path, sample.container, sample.settings.dpi, sample.quality)
    if sample.keep < 1:
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * sample.keep)])
    said = truth(sample.spec, len(scans))
    if sample.backs:
        said["accept"]["PageAmount"] = [len(pages)]
    first = scans[0]
    return {
        "name": sample.name,
        "shows": sample.shows,
        "shows_en": sample.shows_en,
        "files": [file.relative_to(folder).as_posix() for file in files],
        "document": path.relative_to(folder).as_posix(),
        "container": sample.container,
        "dpi": sample.settings.dpi,
        "pages": len(scans),
        "end": sample.end,
        "expected_findings": [{"code": item.code, "page": item.page} for item in sample.findings],
        **said,
        "boxes_mm": {
            role: [round(float(value), 1) for value in first.box_mm(role)] for role in sorted(first.page.boxes)
        },
        "seal_diameter_mm": sample.spec.seal.diameter_mm if sample.spec.seal else None,
        "text": _text(pages, scans),
    }


def _text(pages: tuple[Page, ...], scans: list[Scan]) -> list[str]:
    """Printed lines of each image, top to bottom as set; a secret document's text is not written down."""
    if any("secrecy" in page.boxes for page in pages):
        return []
    return [item.page.text for item in scans]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where scans/ and truth.json go")
    parser.add_argument("--only", help="make just the sample of this name, without truth.json")
    options = parser.parse_args(arguments)
    if options.only:
        for sample in SAMPLES:
            if sample.name == options.only:
                write(sample, options.folder)
        return 0
    shutil.rmtree(options.folder / "scans", ignore_errors=True)
    entries = []
    for sample in SAMPLES:
        entries.append(write(sample, options.folder))
        print(f"{entries[-1]['document']}: {entries[-1]['pages']} ảnh", file=sys.stderr)
    record = {"generator": "samples.make", "documents": entries}
    (options.folder / "truth.json").write_text(
        json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
