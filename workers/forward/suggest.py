"""Suggest a unit from past decisions: a small linear model trained here, on this agency's own register, never sent out.

It only suggests, beside the rule's answer, for documents no rule matches or to show where rules could be written. It
is trained anew from the register when it is wanted (seconds for ten thousand documents), so no model file has to be
kept, trusted or migrated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from workers.forward.match import toneless_order

LEAST_DECISIONS = 50
"""below that the register says too little to speak up"""
LEAST_PER_UNIT = 3
LEAST_PROBABILITY = 0.5
"""below that nothing is suggested: a wrong suggestion costs more attention than none"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``probability``: the model's own; measured against truth in docs/forward.md."""

    unit: str
    probability: float


@dataclass(frozen=True, slots=True)
class Suggester:
    """A trained model; ``units`` it can name, from ``decisions`` past ones."""

    model: Pipeline
    units: tuple[str, ...]
    decisions: int

    def suggest(self, record: Mapping[str, Any]) -> Suggestion | None:
        """The likeliest unit, or None when it is not likely enough."""
        (shares,) = self.model.predict_proba([text_of(record)])
        best = max(range(len(shares)), key=shares.__getitem__)
        if shares[best] < LEAST_PROBABILITY:
            return None
        return Suggestion(str(self.model.classes_[best]), round(float(shares[best]), 3))


def train(decisions: Sequence[tuple[Mapping[str, Any], str]]) -> Suggester | None:
    """From (record, unit that handled it), oldest first; None when there is too little, or only one unit.

    Deterministic: the same register gives the same model.
    """
    counts = Counter(unit for _, unit in decisions)
    kept = [(text_of(record), unit) for record, unit in decisions if counts[unit] >= LEAST_PER_UNIT]
    units = sorted({unit for _, unit in kept})
    if len(kept) < LEAST_DECISIONS or len(units) < 2:
        return None
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", sublinear_tf=True, min_df=2),  # noqa: S106 (no secret)
        SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=30, tol=None, random_state=0, average=True),
    )
    model.fit([text for text, _ in kept], [unit for _, unit in kept])
    return Suggester(model, tuple(units), len(kept))


def text_of(record: Mapping[str, Any]) -> str:
    """What a clerk looks at, as words: abstract, agency, notation and type, each in its own name space."""
    words = [f"s:{_plain(word)}" for word in str(record.get("Subject") or "").split()]
    words += [f"o:{_plain(word)}" for word in str(record.get("OrganName") or "").split()]
    words += [f"n:{part.casefold()}" for part in str(record.get("CodeNotation") or "").split("-")]
    words.append(f"t:{'_'.join(str(record.get('TypeName') or '').casefold().split())}")
    return " ".join(words)


def _plain(word: str) -> str:
    return toneless_order(word.casefold().strip(".,;:()«»\"'"))
