"""Fit and judge the reader's probabilities on held-out digits: writes models/digits.json, prints the figures.

Half of the slots fit the calibration, the other half judge it. Nothing here was trained on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from training.slots import Digits, Maker, Sample
from workers.ocr import handwriting
from workers.ocr.handwriting import Reading, calibrated, raw_readings
from workers.ocr.handwriting_ctc import features


def is_right(reading: Reading | tuple[str, float], sample: Sample) -> bool:
    text = reading[0] if isinstance(reading, tuple) else reading.text
    truth = sample.text.split("/")[0]
    return text == truth if sample.grammar == "number" else bool(truth) and int(text) == int(truth)


def report(name: str, chances: np.ndarray, right: np.ndarray, total: int) -> None:
    """Accuracy, expected calibration error (10 equal-mass bins), and what passes 0.9 and 0.99."""
    bins = np.array_split(np.argsort(chances), 10)
    error = sum(len(part) * abs(chances[part].mean() - right[part].mean()) for part in bins if len(part)) / len(chances)
    line = f"{name}: n {total} exact {right.sum() / total:.4f} ECE {error:.4f}"
    for limit in (0.9, 0.99):
        sure = chances >= limit
        line += f" | ≥{limit}: {sure.sum() / total:.1%} of slots, {(~right[sure]).sum()} wrong"
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--digits", type=Path, required=True)
    parser.add_argument("--slots", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--model", type=Path, default=handwriting.MODEL)
    parser.add_argument("--fit", action="store_true", help="write the calibration beside the model")
    options = parser.parse_args()
    handwriting.MODEL = options.model
    maker = Maker(Digits(options.digits, held_out=True), np.random.default_rng(options.seed))
    rows, empty, wrongly = [], 0, []
    while len(rows) < options.slots:
        sample = maker.sample()
        scored = raw_readings(sample.grey, sample.dpi, sample.grammar)
        if sample.pen < 0:
            empty += 1
            wrongly += [(features(scored), False)] if scored else []
            continue
        rows.append((sample, scored))
    print(f"empty slots {empty}, of which something was read {len(wrongly)}")
    half = len(rows) // 2
    if options.fit:
        known = [(features(scored), is_right(scored[0][:2], sample)) for sample, scored in rows[:half] if scored]
        known += wrongly[: len(wrongly) // 2]
        fit = LogisticRegression(C=10.0).fit(*map(np.array, zip(*known, strict=True)))
        facts = {
            "weights": [round(float(value), 5) for value in fit.coef_[0]],
            "bias": round(float(fit.intercept_[0]), 5),
        }
        options.model.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
        handwriting.calibration.cache_clear()
    judged = [(sample, calibrated(scored)) for sample, scored in rows[half:]]
    for pen, kinds in ((1, ("number", "day", "month", "year")), (0, ("number", "day"))):
        for kind in kinds:
            part = [(s, r) for s, r in judged if s.pen == pen and s.grammar == kind]
            read = [(r[0].probability, is_right(r[0], s)) for s, r in part if r]
            chances, right = np.array([p for p, _ in read]), np.array([g for _, g in read], bool)
            report(f"{'pen' if pen else 'print'} {kind}", chances, right, len(part))


if __name__ == "__main__":
    main()
