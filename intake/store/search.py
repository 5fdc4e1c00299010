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
COMMON_SHARE = 0.021
"""share of all documents above which PostgreSQL's statistics are believed: for words they do not know they say 0.02"""

_SQLITE = sa.text(
    "SELECT document_id FROM search_row WHERE n IN "
    "(SELECT rowid FROM search_words WHERE search_words MATCH :words LIMIT :most)"
)
_MATCHES = (
    "SELECT id FROM document WHERE to_tsvector('simple', regexp_replace(search, '[^a-z0-9]+', ' ', 'g')) "
    "@@ to_tsquery('simple', :words)"
)
_POSTGRESQL = sa.text(f"{_MATCHES} LIMIT :most")
_EXPECTED = sa.text(f"EXPLAIN (FORMAT JSON) {_MATCHES}")
_DOCUMENTS = sa.text("SELECT reltuples FROM pg_class WHERE oid = 'document'::regclass")


def words(text: str) -> list[str]:
    """The folded words of what a clerk typed: «252/QĐ» becomes 252 and qd."""
    return re.findall(r"[a-z0-9]+", fold(text))[:12]


def few(connection: sa.Connection, text: str) -> list[str] | None:
    """The documents holding words that begin like those of ``text``; None when they are more than ``FEW``."""
    wanted = words(text)
    if not wanted:
        return []
    sqlite = connection.dialect.name == "sqlite"
    query = _SQLITE if sqlite else _POSTGRESQL
    found: list[str] = []
    # Whole words first: reading them stops as soon as there are too many, beginnings must be gathered before.
    for ending in ("", "*"):
        if sqlite:
            asked = " ".join(f'"{word}"{ending}' for word in wanted)
        else:
            asked = " & ".join(f"{word}{':*' if ending else ''}" for word in wanted)
        if not sqlite and _common(connection, asked):
            return None
        found = list(connection.execute(query, {"words": asked, "most": FEW + 1}).scalars())
        if len(found) > FEW:
            return None
    return found


def containing(text: str) -> sa.ColumnElement[bool]:
    """The condition for walking the queue in its own order: every word of ``text`` stands somewhere."""
    return sa.and_(*(document.c.search.contains(word, autoescape=True) for word in words(text)))


def holds(search: str, text: str) -> bool:
    """Whether a row's ``search`` has words beginning like those of ``text``: the index's answer for what is not in it."""
    there = re.findall(r"[a-z0-9]+", search)
    wanted = words(text)
    return bool(wanted) and all(any(each.startswith(word) for each in there) for word in wanted)


def _common(connection: sa.Connection, asked: str) -> bool:
    """PostgreSQL's text index cannot stop early, so a common search must be known before it is made."""
    expected = float(connection.execute(_EXPECTED, {"words": asked}).scalar_one()[0]["Plan"]["Plan Rows"])
    if expected <= FEW:
        return False
    return expected > COMMON_SHARE * float(connection.execute(_DOCUMENTS).scalar_one())
