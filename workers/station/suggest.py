"""Suggestions for the head clerk from this agency's own past decisions, with how often they were right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from intake.store import Store, deliveries
from workers.forward.choose import UNMATCHED
from workers.forward.suggest import Suggester, train

BACK = timedelta(days=730)
FRESH = timedelta(hours=1)
"""a model this old is trained anew: seconds of work for ten thousand decisions"""
TESTED = 0.2
"""share of the newest decisions that the measurement holds back"""

Decision = tuple[Mapping[str, Any], str]


class Suggestions:
    """``intake.review.deliveries_page.Suggest``: asked for a record, answers with a unit, or nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._made: datetime | None = None
        self._model: Suggester | None = None
        self._measured: dict[str, int] = {}

    def suggest(self, record: Mapping[str, Any]) -> tuple[str, float] | None:
        """(unit, the model's own probability), or None when it has nothing to say."""
        model = self._trained()
        told = model.suggest(record) if model else None
        return (told.unit, told.probability) if told else None

    def measured(self) -> Mapping[str, int]:
        """Of the newest fifth of the decisions, by a model that saw only those before: ``{"decisions", "tested",
        "spoke", "right"}``."""
        self._trained()
        return self._measured

    def _trained(self) -> Suggester | None:
        with self._lock:
            now = self._store.clock.now()
            if self._made is None or not timedelta() <= now - self._made < FRESH:
                decisions = decisions_of(self._store)
                self._model, self._measured, self._made = train(decisions), measure(decisions), now
            return self._model


def decisions_of(store: Store) -> list[Decision]:
    """What rules and persons decided, oldest first; what nobody decided yet teaches nothing."""
    rows = deliveries.assigned(store, BACK, 10_000)
    return [(row["record"], row["unit"]) for row in rows if row["unit"] and row["rule"] != UNMATCHED]


def measure(decisions: Sequence[Decision]) -> dict[str, int]:
    """Trained on the older decisions, asked about the newer ones."""
    cut = round(len(decisions) * (1 - TESTED))
    model = train(decisions[:cut])
    told = [(model.suggest(record), unit) for record, unit in decisions[cut:]] if model else []
    spoke = [(suggestion, unit) for suggestion, unit in told if suggestion]
    right = sum(suggestion.unit == unit for suggestion, unit in spoke)
    return {"decisions": len(decisions), "tested": len(told), "spoke": len(spoke), "right": right}
