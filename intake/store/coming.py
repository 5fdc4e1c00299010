"""Coming: what will be at the desk in a moment — read so far, not to be decided on yet."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from intake.states import State
from intake.store import reading, search
from intake.store.engine import Store
from intake.store.finish import described
from intake.store.schema import document, head

MOST = 10
"""rows the desk shows of what is coming: those a clerk would take first"""


def coming(
    store: Store,
    *,
    station: str | None = None,
    text: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """Rows like those of ``reading.queue``, in its order: documents whose head is known while the rest is read
    (``provisional``), and documents read whole whose PDF is not there yet."""
    asked: dict[str, Any] = {"station": station, "since": since, "until": until}
    rows = [row for row in _being_read(store, **asked) if not text.strip() or search.holds(row["search"], text)]
    rows += reading.queue(store, states=(State.RECOGNISED,), text=text, limit=MOST, **asked)
    return sorted(rows, key=turn)[:MOST]


def turn(row: dict[str, Any]) -> tuple[Any, ...]:
    """The order a clerk takes documents in: urgency, deadline, arrival."""
    due = row["due_at"]
    return -int(row["priority"] or 0), due is None, due or row["arrived_at"], row["arrived_at"], row["id"]


def heads(store: Store, document_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Document id → what its row shows while it is being read: the columns that ``finish`` will write, from the head."""
    query = sa.select(document.c.id, document.c.name, head.c.fields).join_from(head, document, _LIVE)
    with store.read() as connection:
        rows = connection.execute(query.where(document.c.id.in_(list(document_ids)))).all()
    return {row.id: _overlaid(row.fields, row.name) for row in rows}


_LIVE = sa.and_(
    head.c.document_id == document.c.id,
    head.c.revision == document.c.revision,
    document.c.state == State.CHECKED,
)


def _being_read(
    store: Store, station: str | None, since: datetime | None, until: datetime | None
) -> list[dict[str, Any]]:
    # No limit: there are as many heads as documents being read right now.
    columns = [column for column in document.c if column.name not in ("fields", "confirmed", "search")]
    query = sa.select(*columns, head.c.fields).join_from(head, document, _LIVE)
    if station:
        query = query.where(document.c.station == station)
    if since is not None:
        query = query.where(document.c.arrived_at >= since)
    if until is not None:
        query = query.where(document.c.arrived_at <= until)
    with store.read() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [{**row, **_overlaid(row["fields"], row["name"])} for row in rows]


def _overlaid(fields: dict[str, Any], name: str) -> dict[str, Any]:
    shown = described(fields, name)
    return {**shown, "provisional": True}
