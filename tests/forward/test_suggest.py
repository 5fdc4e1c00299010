"""A suggestion from past decisions is right far more often than habit, knows when to be silent, and is the same twice."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.forward.register import UNITS, decisions
from workers.forward.suggest import Suggester, train


@pytest.fixture(scope="module")
def suggester() -> Suggester:
    trained = train(decisions(1500, seed=1))
    assert trained
    return trained


def measure(suggester: Suggester, cases: list) -> tuple[float, float]:
    """(share of documents it speaks up for, share of those it is right about)."""
    given = [(suggester.suggest(record), unit) for record, unit in cases]
    spoken = [(suggestion.unit, unit) for suggestion, unit in given if suggestion]
    return len(spoken) / len(cases), sum(one == two for one, two in spoken) / max(len(spoken), 1)


def test_known_topics_are_suggested_well(suggester):
    coverage, right = measure(suggester, decisions(600, seed=2))
    assert coverage > 0.85
    assert right > 0.90


def test_topics_never_seen_are_suggested_less_often_and_still_mostly_right(suggester):
    known, _ = measure(suggester, decisions(600, seed=2))
    coverage, right = measure(suggester, decisions(600, seed=3, unseen=True))
    assert coverage < known
    habit = Counter(unit for _, unit in decisions(1500, seed=1)).most_common(1)[0][1] / 1500
    assert right > 2 * habit


def test_the_same_register_gives_the_same_suggestions(suggester):
    again = train(decisions(1500, seed=1))
    assert again
    for record, _ in decisions(50, seed=4):
        assert again.suggest(record) == suggester.suggest(record)


def test_it_names_only_units_of_the_register(suggester):
    assert set(suggester.units) <= set(UNITS)


@pytest.mark.parametrize("past", [[], decisions(20, seed=1), [({"Subject": "giao đất"}, "Phòng Đất đai")] * 100])
def test_too_little_to_learn_from_gives_no_model(past):
    assert train(past) is None


def test_an_empty_record_is_no_reason_to_fail(suggester):
    suggestion = suggester.suggest({})
    assert suggestion is None or suggestion.unit in UNITS
