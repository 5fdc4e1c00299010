"""The word lists that reading leans on: data files beside this module, which users extend."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from workers.ocr.spelling import fold, letters
from workers.ocr.syllables import flat, paired

_FOLDER = Path(__file__).parent / "lexicon"


@dataclass(frozen=True, slots=True)
class DocumentType:
    """``title`` as Appendix VI's TypeName wants it; ``abbreviations`` as printed in the notation."""

    title: str
    abbreviations: tuple[str, ...]

    @property
    def key(self) -> str:
        return letters(self.title)


@cache
def document_types() -> tuple[DocumentType, ...]:
    """lexicon/types.toml, in its order: the types of NĐ 30/2020 come first."""
    data = tomllib.loads((_FOLDER / "types.toml").read_text("utf-8"))
    return tuple(
        DocumentType(row["title"], tuple(a for a in (row["abbreviation"], *row.get("other", ())) if a))
        for row in data["type"]
    )


@cache
def type_of_abbreviation(abbreviation: str) -> tuple[DocumentType, ...]:
    """Every type whose abbreviation this is, marks counting (QĐ is not QD), capitals counting (TTr is not TT)."""
    return tuple(t for t in document_types() if abbreviation in t.abbreviations)


@cache
def folded_abbreviations() -> dict[str, str]:
    """Folded abbreviation → the printed one, where only one type claims it (QD → QĐ)."""
    found: dict[str, set[str]] = {}
    for kind in document_types():
        for abbreviation in kind.abbreviations[:1]:
            found.setdefault(fold(abbreviation), set()).add(abbreviation)
    return {key: values.pop() for key, values in found.items() if len(values) == 1}


def _words(name: str) -> tuple[str, ...]:
    text = "\n".join(
        line for line in (_FOLDER / name).read_text("utf-8").splitlines() if not line.lstrip().startswith("#")
    )
    return tuple(" ".join(item.split()) for item in text.split(";") if item.strip())


_JOINING = frozenset(flat(word) for word in ("và", "hoặc", "của", "một", "mới"))


@cache
def pairs() -> frozenset[tuple[str, str]]:
    """Neighbouring syllables of lexicon/phrases.txt, places.txt and organs.txt, as ``paired`` spells them."""
    found: set[tuple[str, str]] = set()
    for name in ("phrases.txt", "places.txt", "organs.txt"):
        for phrase in _words(name):
            parts = [paired(part) for part in phrase.replace(",", "").replace(" - ", " ").split()]
            found.update(p for p in pairwise(parts) if not _JOINING & set(p))
    return frozenset(found)


@cache
def spelt() -> dict[str, str]:
    """``flat`` form → the word with its tone where it belongs, lower case."""
    found: dict[str, str] = {}
    for name in ("organs.txt", "places.txt", "phrases.txt"):
        for phrase in _words(name):
            found.update((flat(part), part.lower()) for part in phrase.replace(",", "").split())
    return found


@cache
def pairs_by_letters() -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """Pairs keyed by their letters without marks: what a pair read wrong might have been."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for pair in sorted(pairs()):
        found.setdefault((letters(pair[0]), letters(pair[1])), []).append(pair)
    return {key: tuple(value) for key, value in found.items()}


@cache
def certain_pairs() -> frozenset[tuple[str, str]]:
    """Pairs that no other pair has the letters of: «chi tiêu» beside «chỉ tiêu» says nothing of a mark."""
    return frozenset(spellings[0] for spellings in pairs_by_letters().values() if len(spellings) == 1)


@cache
def loans() -> frozenset[str]:
    """lexicon/loans.txt: words that are no syllables of the language."""
    return frozenset(_words("loans.txt"))


@cache
def positions() -> dict[str, str]:
    """Letters without marks → the office in capitals (lexicon/positions.txt)."""
    return {letters(phrase): phrase.upper() for phrase in _words("positions.txt")}


@cache
def surnames() -> dict[str, tuple[str, ...]]:
    """Letters without marks → the surnames spelt with them (lexicon/surnames.txt)."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(_words("surnames.txt")):
        found.setdefault(letters(name), []).append(name)
    return {key: tuple(value) for key, value in found.items()}


@cache
def places() -> frozenset[str]:
    """Letters without marks of lexicon/places.txt."""
    return frozenset(letters(name) for name in _words("places.txt"))


@cache
def listed_words() -> frozenset[str]:
    """Letters without marks of the words of agencies' names and kinds of place (lexicon/organs.txt)."""
    return frozenset(letters(word) for phrase in _words("organs.txt") for word in phrase.split())


@cache
def names() -> dict[str, str]:
    """Letters without marks → the name in capitals, of agencies' parts and places. Names with the same letters but
    other words are left out; other signs between the same words do not make another name."""
    found: dict[str, list[str]] = {}
    for name in ("organs.txt", "places.txt"):
        for phrase in _words(name):
            found.setdefault(letters(phrase), []).append(phrase.upper())
    alike = {key: {re.sub(r"\W+", " ", name) for name in value} for key, value in found.items()}
    return {key: value[0] for key, value in found.items() if len(alike[key]) == 1}
