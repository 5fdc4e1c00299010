"""Known phrases against what was read: which words one of them would have otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workers.ocr.lexicon import pairs, pairs_by_letters, spelt
from workers.ocr.spelling import letters, nfc
from workers.ocr.syllables import paired, parted
from workers.ocr.voting import bare


def wanted(words: Sequence[str]) -> dict[int, str]:
    """Places of words that stand in no known phrase, and what (flat) the only phrase with the same letters has."""
    flats = [paired(bare(word)) for word in words]
    known, by_letters = pairs(), pairs_by_letters()
    fixed: dict[int, str] = {}
    for index in range(len(words) - 1):
        pair = (flats[index], flats[index + 1])
        if pair in known or re.search(r"[.;:()]$", words[index]):
            continue
        might = by_letters.get((letters(pair[0]), letters(pair[1])), ())
        if len(might) != 1:
            continue
        wrong = [(p, good) for p, good in zip((index, index + 1), might[0], strict=True) if flats[p] != good]
        if not any(_held(place, index, flats, known) for place, _ in wrong):
            fixed.update(wrong)
    return fixed


def _held(place: int, index: int, flats: list[str], known: frozenset[tuple[str, str]]) -> bool:
    """The word already stands in a phrase with its neighbour outside the pair that begins at ``index``."""
    if place == index:
        return index > 0 and (flats[index - 1], flats[index]) in known
    return index + 2 < len(flats) and (flats[index + 1], flats[index + 2]) in known


def two_words(word: str) -> str | None:
    """The two words of a known phrase whose gap was lost («Tổchức») or is a speck («nghiên.cứu»)."""
    halves = tuple(word.split(".")) if "." in word else parted(word)
    if halves is None or len(halves) != 2 or (paired(halves[0]), paired(halves[1])) not in pairs():
        return None
    return " ".join(halves)


def recased(word: str, good: str) -> str:
    good = spelt().get(good, nfc(good))
    core = bare(word)
    shaped = good.upper() if core.isupper() and len(core) > 1 else good.capitalize() if core[:1].isupper() else good
    return word.replace(core, shaped)
