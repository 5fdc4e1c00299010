"""Fit the curves that turn a reading's evidence into a probability (workers/ocr/models/calibration.json).

    .venv/bin/python bench/calibrate.py make DIR --count 300 --seed 1      # documents of the project's own generator
    .venv/bin/python bench/calibrate.py fit DIR [DIR…] [--out FILE]         # folders with truth.jsonl

Scanners are varied wider than ordinary ones (blur, noise, compression, grey and bilevel), because a curve is only as
honest as the worst page it has seen. Every curve is a ridge-regularised logistic regression; the report is made on
folds that were held out, and the error of what would be accepted is counted there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_THREAD_LIMIT", "1")
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from read import CachedEngine, HeadOnly, calibration, judge, squeeze, truths
from sklearn.linear_model import LogisticRegression

from intake.ports import OcrEngine
from intake.profile.sections import OcrSection
from samples import typeface, wording
from samples.capture import random_settings, save, scan_with
from samples.documents import random_spec, truth
from samples.page import render
from samples.spec import DocumentSpec
from samples.typeface import LIBERATION_SERIF, installed
from samples.wording import pick
from workers.ocr.confidence import CEILING, curves
from workers.ocr.evidence import log_odds, unanimous
from workers.ocr.reading import engine_for, read

OUT = Path(__file__).parent.parent / "workers" / "ocr" / "models" / "calibration.json"


ABSTRACTS = Path(__file__).parent / "abstracts.txt"
"""what the generator's own abstracts, made of fifteen matters, do not speak of"""

NO_LETTER_IS_TYPED_IN = ("Mono", "Cursor", "Display", "Adventor")
"""typefaces for code and posters"""


def make(folder: Path, count: int, seed: int) -> None:
    """``count`` first pages with truth, in the form bench/read.py reads."""
    folder.mkdir(parents=True, exist_ok=True)
    abstracts = [line for line in ABSTRACTS.read_text("utf-8").splitlines() if line and line[0] != "#"]
    faces = tuple(face for face in installed() if not any(word in face.name for word in NO_LETTER_IS_TYPED_IN))
    with (folder / "truth.jsonl").open("w", encoding="utf-8") as out:
        for index in range(count):
            rng = np.random.default_rng([seed, index])
            face = LIBERATION_SERIF if rng.random() < 0.5 else pick(rng, faces)
            spec = random_spec(rng, written=bool(rng.random() < 0.5), faces=(face,))
            if rng.random() < 0.7:
                spec = _about(spec, pick(rng, abstracts), rng)
            pages = render(spec, rng)
            settings = random_settings(rng)
            hard = rng.random()
            settings = replace(
                settings,
                blur_mm=settings.blur_mm + 0.06 * hard * float(rng.random()),
                noise=settings.noise + 6 * hard * float(rng.random()),
                black=settings.black + 0.25 * hard * float(rng.random()),
                colour=str(rng.choice(["rgb", "rgb", "rgb", "gray", "bilevel"])),
            )
            one = scan_with(pages[0], rng, settings)
            kind = "png" if settings.colour == "bilevel" else "jpeg"
            path = folder / f"s{seed}-{index:04d}.{'png' if kind == 'png' else 'jpg'}"
            save([one], path, kind, dpi_tag=int(settings.dpi), quality=int(rng.integers(45, 92)))
            out.write(json.dumps(_row(path, truth(spec, pages)), ensure_ascii=False) + "\n")


def _about(spec: DocumentSpec, abstract: str, rng: np.random.Generator) -> DocumentSpec:
    told = abstract.format(place=wording.place(rng), person=wording.person(rng), year=int(rng.integers(2012, 2027)))
    return replace(spec, subject=told if spec.letter or spec.lead else told[0].upper() + told[1:])


def _row(path: Path, told: dict[str, Any]) -> dict[str, Any]:
    fields, accept = told["fields"], told["accept"]
    return {
        "id": path.stem,
        "files": [{"path": path.name}],
        "number": "/".join(p for p in (fields["CodeNumber"], fields["CodeNotation"]) if p),
        "notation": fields["CodeNotation"],
        "date": fields["IssuedDate"],
        "abstract": fields["Subject"],
        "abstract_accept": accept["Subject"],
        "type": fields["TypeName"],
        "issuer": fields["OrganName"],
        "issuer_accept": accept["OrganName"],
        "urgency": {0: "", 1: "KHẨN", 2: "THƯỢNG KHẨN", 3: "HỎA TỐC"}[fields["Priority"]],
        "signer": fields["SignerFullName"],
        "handwritten": [{"day": "date", "month": "date"}.get(name, name) for name in told["handwritten"]],
    }


def gather(folder: Path, cache: Path, head: bool) -> list[tuple[str, tuple[float, ...], bool, str]]:
    """(curve, evidence, right, document) for every reading of every document."""
    engine: OcrEngine = CachedEngine(engine_for("tesserocr", "vie"), cache)
    engine, section = HeadOnly(engine) if head else engine, OcrSection()
    rows = []
    for row in truths(folder, folder / "truth.jsonl"):
        reading = read(row["files"][:1], section, engine=engine)
        judged = judge(row, reading.as_json())
        evidence, said = reading.evidence, judged["said"]
        name = row["id"]
        rows.append(
            (
                "together",
                (float(unanimous(evidence)),),
                all(judged[n] for n in ("number", "notation", "date", "abstract")),
                name,
            )
        )
        if "number" in evidence:
            wanted = row["number"][: -len(row["notation"]) - 1] if row["notation"] else row["number"]
            rows.append(("number", evidence["number"], squeeze(said["CodeNumber"]) == squeeze(wanted), name))
        if "notation" in evidence:
            rows.append(("notation", evidence["notation"], judged["notation"], name))
        if "subject" in evidence:
            rows.append(("subject", evidence["subject"], judged["abstract"], name))
        if "issuer" in evidence and not head:
            rows.append(("issuer", evidence["issuer"], judged["issuer"], name))
        if row["date"]:
            parts = dict(zip(("year", "month", "day"), row["date"].split("-"), strict=True))
            for slot, (seen, found) in evidence.get("date", {}).items():
                right = found is not None and int(found) == int(parts[slot])
                rows.append(("year" if slot == "year" else "day", seen, right, name))
    return rows


def fit(rows: list[tuple[str, tuple[float, ...], bool, str]]) -> dict[str, Any]:
    """Curves per kind, then one from the product of all fields to the whole document; folds are by document."""
    fitted: dict[str, Any] = {}
    product: dict[str, float] = {}
    kinds: dict[str, set[str]] = {}
    for kind in sorted({row[0] for row in rows} - {"together"}):
        mine = [row for row in rows if row[0] == kind]
        x, y = np.array([r[1] for r in mine], float), np.array([r[2] for r in mine], int)
        held = _held_out(x, y, [r[3] for r in mine])
        fitted[kind] = _curve(kind, x, y, held, [r[3] for r in mine])
        if kind != "issuer":
            for row, sure in zip(mine, held, strict=True):
                product[row[3]] = product.get(row[3], 1.0) * min(sure, CEILING)
                kinds.setdefault(row[3], set()).add(kind)
    whole = {"number", "notation", "subject", "day", "year"}
    mine = [row for row in rows if row[0] == "together" and kinds.get(row[3], set()) >= whole]
    x = np.array([[log_odds(product[r[3]], 1e-4), *r[1]] for r in mine])
    y = np.array([r[2] for r in mine], int)
    # Two pieces of evidence and hundreds of documents: looser than the others, or nothing would ever be accepted.
    held = _held_out(x, y, [r[3] for r in mine], 30.0)
    fitted["together"] = _curve("together", x, y, held, [r[3] for r in mine], 30.0)
    return {"curves": fitted}


def _held_out(x: np.ndarray, y: np.ndarray, documents: list[str], looseness: float = 1.0) -> np.ndarray:
    """Probability of each reading by a curve that saw nothing of its document."""
    names = sorted(set(documents))
    order = np.random.default_rng(0).permutation(len(names))
    fold = {names[i]: place % 10 for place, i in enumerate(order)}
    mine = np.array([fold[name] for name in documents])
    held = np.zeros(len(y))
    for number in range(10):
        test = mine == number
        if test.any():
            bias, weights = _logistic(x[~test], y[~test], looseness)
            held[test] = 1 / (1 + np.exp(-(bias + x[test] @ weights)))
    return held


def _curve(
    kind: str, x: np.ndarray, y: np.ndarray, held: np.ndarray, documents: list[str], looseness: float = 1.0
) -> dict[str, Any]:
    bias, weights = _logistic(x, y, looseness)
    error, table = calibration(list(zip(held.tolist(), y.astype(bool).tolist(), strict=True)))
    top = held >= 0.995
    report = {
        "readings": len(y),
        "right": round(float(y.mean()), 4),
        "ece_held_out": round(error, 4),
        "sure_995": round(float(top.mean()), 4),
        "wrong_when_sure": int((1 - y[top]).sum()),
    }
    print(kind, report, [(round(a, 3), round(b, 3), n) for a, b, n in table])
    for name, right, sure, seen in sorted(zip(documents, y, held, x.tolist(), strict=True), key=lambda p: -p[2]):
        if not right and sure > 0.9:
            print("   sure and wrong:", name, round(float(sure), 4), [round(v, 2) for v in seen])
    return {"bias": round(bias, 4), "weights": [round(float(w), 4) for w in weights], "fitted": report}


def _logistic(x: np.ndarray, y: np.ndarray, looseness: float = 1.0) -> tuple[float, np.ndarray]:
    """Ridge on standardised evidence, folded back to raw evidence; two made-up opposite cases keep it from certainty."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = (x - mean) / spread
    good = z[y == 1].mean(axis=0) if (y == 1).any() else np.zeros(x.shape[1])
    z, y = np.vstack([z, good, good * 0]), np.append(y, [0, 1])
    model = LogisticRegression(C=looseness, max_iter=5000)
    weight = np.append(np.ones(len(y) - 2), [0.3, 0.3])
    model.fit(z, y, sample_weight=weight)
    weights = model.coef_[0] / spread
    return float(model.intercept_[0] - (weights * mean).sum()), weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    orders = parser.add_subparsers(dest="order", required=True)
    making = orders.add_parser("make")
    making.add_argument("folder", type=Path)
    making.add_argument("--count", type=int, default=300)
    making.add_argument("--seed", type=int, default=1)
    making.add_argument("--fonts", type=Path, help="a folder with more typefaces")
    fitting = orders.add_parser("fit")
    fitting.add_argument("folders", type=Path, nargs="+")
    fitting.add_argument("--cache", type=Path, required=True)
    fitting.add_argument("--rows", type=Path, help="keep the evidence gathered")
    fitting.add_argument("--head", action="store_true", help="read heads only; the agency's curve stays as it is")
    fitting.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    if given.order == "make":
        if given.fonts:
            typeface.FONT_ROOTS = (*typeface.FONT_ROOTS, given.fonts)
        make(given.folder, given.count, given.seed)
        return
    rows = [row for folder in given.folders for row in gather(folder, given.cache, given.head)]
    if given.rows:
        given.rows.write_text(json.dumps(rows), "utf-8")
    fitted = fit(rows)
    if given.head:
        fitted["curves"]["issuer"] = curves()["issuer"]
    for kind, curve in fitted["curves"].items():
        if curve["fitted"]["right"] == 1.0:  # nothing wrong was seen: the curve would say sure to whatever comes
            fitted["curves"][kind] = curves()[kind]
    given.out.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
