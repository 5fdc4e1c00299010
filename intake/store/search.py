"""Find documents by the beginnings of words, whatever their marks, without reading every document.

Words are those of ``document.search`` (already folded). The database keeps the index (migration 0002). A rare search
is answered from the index; a search so common that it matches a good share of all documents is not: there the queue is
walked in its own order and stops when the page is full.
"""

from __future__ import annotations

import re

import sqlalchemy as sa

from intake.spelling import fold
from intake.store.schema import document

FEW = 400
"""matches up to which the index answers"""

_SQLITE = sa.text(
    "SELECT document_id FROM search_row WHERE n IN "
    "(SELECT rowid FROM search_words WHERE search_words MATCH :words LIMIT :most)"
)
_POSTGRESQL = sa.text(
    "SELECT id FROM document WHERE to_tsvector('simple', regexp_replace(search, '[^a-z0-9]+', ' ', 'g')) "
    "@@ to_tsquery('simple', :words) LIMIT :most"
)


def words(text: str) -> list[str]:
    """The folded words of what a clerk typed: «252/QĐ» becomes 252 and qd."""
    return re.findall(r"[a-z0-9]+", fold(text))[:12]


def condition(connection: sa.Connection, text: str) -> sa.ColumnElement[bool] | None:
    """What a document must satisfy to be found by ``text``; None when the text holds no word."""
    wanted = words(text)
    if not wanted:
        return None
    sqlite = connection.dialect.name == "sqlite"
    query = _SQLITE if sqlite else _POSTGRESQL
    # Whole words first: reading them stops as soon as there are too many, beginnings must be gathered before.
    for ending in ("", "*"):
        if sqlite:
            asked = " ".join(f'"{word}"{ending}' for word in wanted)
        else:
            asked = " & ".join(f"{word}{':*' if ending else ''}" for word in wanted)
        if not sqlite and _estimated(connection, asked) > FEW:
            return _walked(wanted)
        found = list(connection.execute(query, {"words": asked, "most": FEW + 1}).scalars())
        if len(found) > FEW:
            return _walked(wanted)
    return document.c.id.in_(found)


def _walked(wanted: list[str]) -> sa.ColumnElement[bool]:
    return sa.and_(*(document.c.search.contains(word, autoescape=True) for word in wanted))


def _estimated(connection: sa.Connection, asked: str) -> float:
    """What PostgreSQL's statistics say: its text index cannot stop early, so a common search must be known before."""
    plan = connection.execute(
        sa.text(
            "EXPLAIN (FORMAT JSON) SELECT id FROM document WHERE "
            "to_tsvector('simple', regexp_replace(search, '[^a-z0-9]+', ' ', 'g')) @@ to_tsquery('simple', :words)"
        ),
        {"words": asked},
    ).scalar_one()
    return float(plan[0]["Plan"]["Plan Rows"])
