"""What people confirmed lately: numbers and notations, for readers that doubt what does not fit them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from intake.store.engine import Store
from intake.store.schema import document

LATEST = 1000
"""documents looked back on: read by their key, so that history however long costs nothing"""


class Numbered(NamedTuple):
    """Number, notation and agency of a document as a person confirmed them, and its day."""

    organ: str
    notation: str
    number: str | None
    day: date


def confirmed_lately(store: Store) -> tuple[Numbered, ...]:
    """Of the latest documents those that a person confirmed, newest first."""
    latest = sa.select(document.c.id).order_by(document.c.id.desc()).limit(LATEST).subquery()
    columns = (document.c.organ_name, document.c.code_notation, document.c.code_number, document.c.issued_date)
    query = (
        sa.select(*columns, document.c.confirmed)
        .join(latest, latest.c.id == document.c.id)
        .where(document.c.code_notation.is_not(None), document.c.organ_name.is_not(None))
        .order_by(document.c.id.desc())
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    return tuple(
        Numbered(row.organ_name, row.code_notation, row.code_number, date.fromisoformat(row.issued_date))
        for row in rows
        if row.confirmed and row.issued_date
    )
