"""Turn the network's columns into readings that the grammar of a slot allows, with probabilities.

Prefix beam search under the grammar finds candidates; each candidate is then scored exactly by the CTC forward
sum in every view and the views are averaged, so a reading that only one view believes gets what it deserves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

ALPHABET = "0123456789ABCab/"
"""symbols of the network's columns 1…; column 0 is CTC's blank. ``/`` ends the number's slot."""

LETTERS = frozenset("ABCab")
SAME_SHAPE = {"A": "4", "B": "8", "C": "0", "a": "0", "b": "6", "/": "1"}
"""where the grammar has no letters, a letter's column counts for the digit it looks like"""

BEAM = 12
NUMBER_LENGTH = 6
SLASH_GAP = 10
"""columns: a second slash nearer than this (some 7 mm) means that the first was a stroke of a 1; further away it is
the slash behind a year (``12/2020/QĐ-UBND``)"""
LEAST = 0.01
"""texts with a smaller mean probability are not worth showing"""
_INDEX = {symbol: index + 1 for index, symbol in enumerate(ALPHABET)}


@lru_cache(maxsize=4)
def _allowed(grammar: str) -> frozenset[str]:
    """Whole texts of the closed grammars."""
    if grammar == "day":
        return frozenset([str(day) for day in range(1, 32)] + [f"{day:02}" for day in range(1, 10)])
    if grammar == "month":
        return frozenset([str(month) for month in range(1, 13)] + [f"{month:02}" for month in range(1, 10)])
    return frozenset(str(year) for year in range(1900, 2100))


@lru_cache(maxsize=4)
def _prefixes(grammar: str) -> frozenset[str]:
    return frozenset(text[:length] for text in _allowed(grammar) for length in range(len(text) + 1))


def is_prefix(text: str, grammar: str) -> bool:
    """Whether ``text`` can still become a text of the grammar (numbers may end in ``/``)."""
    if grammar != "number":
        return text in _prefixes(grammar)
    body = text.removesuffix("/")
    digits = body[:-1] if body and body[-1] in LETTERS else body
    if digits and not digits.isdigit():
        return False
    if text and not digits:
        return False
    return len(digits) <= NUMBER_LENGTH


def is_whole(text: str, grammar: str) -> bool:
    """Whether ``text`` is a text of the grammar: day 1–31, month 1–12, year 1900–2099, number of 1–6 digits, not
    all zeros, with at most one letter behind."""
    if grammar != "number":
        return text in _allowed(grammar)
    digits = text.rstrip("".join(LETTERS))
    return text != "" and is_prefix(text, grammar) and not text.endswith("/") and digits.strip("0") != ""


def fold(columns: np.ndarray, grammar: str) -> np.ndarray:
    """Where the grammar has only digits, add each letter's probability to the digit of the same shape."""
    if grammar == "number":
        return columns
    folded = columns.copy()
    for symbol, digit in SAME_SHAPE.items():
        folded[:, _INDEX[digit]] = np.logaddexp(folded[:, _INDEX[digit]], folded[:, _INDEX[symbol]])
        folded[:, _INDEX[symbol]] = -1e9
    return folded


def candidates(columns: np.ndarray, grammar: str) -> list[str]:
    """Whole texts found by prefix beam search, likely first."""
    beam: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    steps = np.exp(columns)
    for step in steps:
        grown: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        likely = [index for index in np.flatnonzero(step > 1e-5) if index]
        for text, (blank, symbol) in beam.items():
            total = blank + symbol
            if text.endswith("/"):  # behind the number's slash everything is the notation
                grown[text][0] += total
                continue
            grown[text][0] += total * step[0]
            if text:
                grown[text][1] += symbol * step[_INDEX[text[-1]]]
            for index in likely:
                longer = text + ALPHABET[index - 1]
                if is_prefix(longer, grammar):
                    repeated = bool(text) and text[-1] == ALPHABET[index - 1]
                    grown[longer][1] += (blank if repeated else total) * step[index]
        kept = sorted(grown.items(), key=lambda item: -sum(item[1]))[:BEAM]
        scale = sum(sum(pair) for _, pair in kept) or 1.0
        beam = {text: (pair[0] / scale, pair[1] / scale) for text, pair in kept}
    ordered = dict.fromkeys(text.removesuffix("/") for text in sorted(beam, key=lambda text: -sum(beam[text])))
    return [text for text in ordered if is_whole(text, grammar)]


def probabilities(columns: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """The CTC probability that the columns say each text, or it and then ``/`` and anything but another slash right
    behind: forward sums of all texts side by side, float N."""
    size = 2 * max(map(len, texts)) + 2  # the blank behind the slash is the waiting row below
    emit = np.zeros((len(texts), size), int)
    for row, text in enumerate(texts):
        emit[row, 1 : 2 * len(text) + 2 : 2] = [_INDEX[symbol] for symbol in text + "/"]
    skip = np.zeros(emit.shape, bool)
    skip[:, 2:] = (emit[:, 2:] != 0) & (emit[:, 2:] != emit[:, :-2])
    rows, slash = np.arange(len(texts)), np.array([2 * len(text) + 1 for text in texts])
    steps = np.exp(columns)
    state = np.zeros(emit.shape)
    state[:, :2] = steps[0, emit[:, :2]]
    waiting, behind = np.zeros((len(texts), SLASH_GAP)), np.zeros(len(texts))
    for step in steps[1:]:
        no_slash = 1.0 - step[_INDEX["/"]]
        behind += waiting[:, -1]
        waiting[:, 1:] = waiting[:, :-1] * no_slash
        waiting[:, 0] = state[rows, slash] * no_slash
        grown = state.copy()
        grown[:, 1:] += state[:, :-1]
        grown[:, 2:] += np.where(skip[:, 2:], state[:, :-2], 0.0)
        state = grown * step[emit]
    plain = state[rows, slash - 1] + np.where(slash > 1, state[rows, slash - 2], 0.0)
    return np.minimum(1.0, plain + state[rows, slash] + waiting.sum(axis=1) + behind)


def score(views: list[np.ndarray], grammar: str) -> list[tuple[str, float, float]]:
    """(text, mean, least) over the views' CTC probabilities, best mean first, from their log-probability columns;
    nothing when the views rather say that nothing is written."""
    folded = [fold(view, grammar) for view in views]
    texts = ["", *dict.fromkeys(text for view in folded for text in candidates(view, grammar)[:6])]
    chances = np.array([probabilities(view, texts) for view in folded])
    (_, nothing, _), *scored = zip(texts, chances.mean(axis=0).tolist(), chances.min(axis=0).tolist(), strict=True)
    scored.sort(key=lambda item: -item[1])
    if not scored or nothing > scored[0][1]:
        return []
    return [item for item in scored if item[1] >= LEAST]


def features(scored: list[tuple[str, float, float]]) -> tuple[float, float]:
    """What the calibration looks at: log-odds of the best text's mean, and of what the most doubtful view gave it."""
    (_, mean, least), *_ = scored
    return _odds(mean), _odds(least)


def _odds(chance: float) -> float:
    bounded = min(max(chance, 1e-4), 1 - 1e-4)
    return float(np.log(bounded / (1 - bounded)))
