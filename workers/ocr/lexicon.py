"""The word lists that reading leans on: data files beside this module, which users extend."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workers.ocr.spelling import fold, letters

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
