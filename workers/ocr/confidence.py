"""From evidence to a probability: logistic curves fitted offline on documents with truth (bench/calibrate.py)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

CALIBRATION = Path(__file__).parent / "models" / "calibration.json"

CEILING = 0.9995
"""nothing read by a machine is surer than that"""


@cache
def curves() -> Mapping[str, Mapping[str, object]]:
    """models/calibration.json: per kind of reading its ``bias``, ``weights`` and what it was fitted on."""
    return json.loads(CALIBRATION.read_text("utf-8"))["curves"]


def probability(kind: str, evidence: Sequence[float]) -> float:
    """Probability that a reading with this evidence is exactly right."""
    curve = curves()[kind]
    weights: Sequence[float] = curve["weights"]  # type: ignore[assignment]
    score = float(curve["bias"]) + sum(w * e for w, e in zip(weights, evidence, strict=True))  # type: ignore[arg-type]
    return min(1 / (1 + math.exp(-max(min(score, 30.0), -30.0))), CEILING)
