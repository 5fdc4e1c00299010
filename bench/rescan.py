"""Real scans as other scanners would have taken them: the same documents and truth, other pictures.

    .venv/bin/python bench/rescan.py --corpus DIR --out DIR [--seed 1] [--kinds colour,scaled,grey,bilevel]

DIR holds a truth.jsonl whose rows name ``page1_image`` and perhaps ``sign_image``, with ``native_dpi``. Each picture is
turned by up to 1.3°, shifted by up to 4 mm, reduced to 200, 240 or 300 dpi (never enlarged, but ``scaled``: 0.9 to 1.1
times), made paler or darker, softened, given noise and saved as JPEG 55 to 85; ``bilevel`` as PNG about Otsu's threshold.
A set that rules were tuned on says little of how they hold; this says more, and still less than other documents.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

KINDS = ("colour", "scaled", "grey", "bilevel")
PICTURES = ("page1_image", "sign_image")


@dataclass(frozen=True, slots=True)
class Scanner:
    """How one document is taken: ``angle`` in degrees, ``shift`` in mm, ``size`` × the paper's, ``blur`` sigma in px at 200
    dpi, ``noise`` in levels, ``threshold`` in levels beside Otsu's."""

    dpi: float
    angle: float
    shift: tuple[float, float]
    size: float
    gamma: float
    blur: float
    noise: float
    quality: int
    threshold: float


def scanner(kind: str, rng: np.random.Generator) -> Scanner:
    return Scanner(
        dpi=float(rng.choice((200, 200, 240, 300))),
        angle=rng.uniform(-1.3, 1.3),
        shift=(rng.uniform(-4, 4), rng.uniform(-3, 3)),
        size=rng.uniform(0.9, 1.1) if kind == "scaled" else 1.0,
        gamma=rng.uniform(0.75, 1.35),
        blur=rng.uniform(0, 0.7),
        noise=rng.uniform(0, 6),
        quality=int(rng.choice((55, 65, 75, 85))),
        threshold=rng.uniform(-25, 25),
    )


def taken(image: np.ndarray, dpi: float, how: Scanner, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """A BGR picture at ``dpi`` as ``how`` takes it, and its dpi."""
    factor = min(1.0, how.dpi / dpi) * how.size
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=method)
    height, width = image.shape[:2]
    dpi *= factor
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), how.angle, 1.0)
    turn[:, 2] += np.array(how.shift) * dpi / 25.4
    paper = tuple(float(level) for level in np.median(image.reshape(-1, 3)[::97], axis=0))
    image = cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=paper)
    if how.blur > 0.25:
        image = cv2.GaussianBlur(image, (0, 0), how.blur * dpi / 200)
    levels = (image.astype(np.float32) / 255) ** how.gamma * 255
    levels += rng.normal(0, how.noise, (height, width, 1)).astype(np.float32)
    return np.clip(levels, 0, 255).astype(np.uint8), dpi


def saved(image: np.ndarray, kind: str, dpi: float, how: Scanner, path: Path) -> Path:
    """Written as its ``kind`` is; the path with its suffix."""
    tag = (round(dpi), round(dpi))
    if kind == "bilevel":
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        otsu, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
        path = path.with_suffix(".png")
        Image.fromarray(grey > np.clip(otsu + how.threshold, 90, 225)).save(path, dpi=tag)
        return path
    code = cv2.COLOR_BGR2GRAY if kind == "grey" else cv2.COLOR_BGR2RGB
    path = path.with_suffix(".jpg")
    Image.fromarray(cv2.cvtColor(image, code)).save(path, quality=how.quality, dpi=tag)
    return path


def rescan(corpus: Path, row: dict[str, Any], kind: str, out: Path, seed: int) -> dict[str, Any]:
    """The row of truth for the document as taken again; its pictures are written into ``out``/pages."""
    rng = np.random.default_rng([seed, KINDS.index(kind), *row["id"].encode()])
    how, again = scanner(kind, rng), {**row, "id": f"{row['id']}-{kind}"}
    for place in PICTURES:
        if row.get(place):
            image = cv2.imread(str(corpus / row[place]), cv2.IMREAD_COLOR)
            image, dpi = taken(image, row.get("native_dpi") or 200, how, rng)
            path = saved(image, kind, dpi, how, out / "pages" / f"{again['id']}_{place}.x")
            again[place] = str(path.relative_to(out))
            if place == PICTURES[0]:
                again["native_dpi"] = round(dpi)
    return again


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS))
    given = parser.parse_args()
    (given.out / "pages").mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in (given.corpus / "truth.jsonl").read_text("utf-8").splitlines()]
    again = [rescan(given.corpus, row, kind, given.out, given.seed) for row in rows for kind in given.kinds.split(",")]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in again)
    (given.out / "truth.jsonl").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
