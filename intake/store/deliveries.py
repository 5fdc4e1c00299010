"""Deliveries as screens and commands see them: targets, dead letters, the day's report, what waits for the head clerk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from intake.states import State
from intake.store.engine import Store
from intake.store.schema import attempt, audit, delivery_target, document, outbox, published

_SHOWN = (
    document.c.name.label("document_name"),
    document.c.state.label("document_state"),
    document.c.version,
    document.c.code_number,
    document.c.code_notation,
    document.c.subject,
    document.c.priority,
)


def targets(store: Store) -> list[dict[str, Any]]:
    """Every target with its breaker (``gate``: open | probing | closed), how many deliveries wait, died and arrived,
    its last trouble, and what the last comparison of the books found."""
    with store.read() as connection:
        now = store.clock.now()
        counted = connection.execute(
            sa.select(outbox.c.target, outbox.c.state, sa.func.count()).group_by(outbox.c.target, outbox.c.state)
        ).all()
        rows = connection.execute(sa.select(delivery_target).order_by(delivery_target.c.name)).mappings().all()
    return [
        {
            **row,
            "gate": _gate(row["open_until"], now),
            **{state: sum(n for t, s, n in counted if (t, s) == (row["name"], state)) for state in _STATES},
        }
        for row in rows
    ]


_STATES = ("waiting", "delivered", "dead")


def _gate(open_until: datetime | None, now: datetime) -> str:
    if open_until is None:
        return "closed"
    return "open" if open_until > now else "probing"


def dead_letters(store: Store, limit: int = 200) -> list[dict[str, Any]]:
    """Deliveries that ended without a receipt and whose document is held for it, oldest first, with the last answer."""
    last = (
        sa.select(attempt.c.answer)
        .where(attempt.c.outbox_id == outbox.c.id)
        .order_by(attempt.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        sa.select(outbox, *_SHOWN, last.label("answer"))
        .join(document, document.c.id == outbox.c.document_id)
        .where(outbox.c.state == "dead", document.c.state == State.HELD, document.c.revision == outbox.c.revision)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return _rows(store, query)


def owed(store: Store, limit: int = 200) -> list[dict[str, Any]]:
    """What a target or a sender was not told yet: recalls and reports that are still owed, longest first."""
    query = (
        sa.select(outbox, *_SHOWN)
        .join(document, document.c.id == outbox.c.document_id)
        .where(sa.or_(outbox.c.recall == "owed", outbox.c.report.is_not(None)), outbox.c.look_at.is_not(None))
        .order_by(outbox.c.look_at)
        .limit(limit)
    )
    return _rows(store, query)


def day(store: Store, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The status report of a day (QĐ 12/2020/QĐ-UBND Đ10.3): every delivery received in that span, with sending and
    receipt time (Đ7), số đến, the status there and what the sender was told."""
    query = (
        sa.select(outbox, *_SHOWN)
        .join(document, document.c.id == outbox.c.document_id)
        .where(outbox.c.received_at >= since, outbox.c.received_at < until)
        .order_by(outbox.c.received_at, outbox.c.id)
    )
    return _rows(store, query)


def tries(store: Store, document_id: str) -> list[dict[str, Any]]:
    """Every try of a document's deliveries, receipts too, oldest first."""
    query = (
        sa.select(attempt, outbox.c.target)
        .join(outbox, outbox.c.id == attempt.c.outbox_id)
        .where(outbox.c.document_id == document_id)
        .order_by(attempt.c.id)
    )
    return _rows(store, query)


def assigned(store: Store, back: timedelta, limit: int = 5000) -> list[dict[str, Any]]:
    """Forwarded documents of that span, oldest first: ``{"id", "record", "station", "arrived_at", "unit", "rule",
    "by"}``; ``by`` names the person who decided, None when a rule did."""
    since = store.clock.now() - back
    person = (
        sa.select(audit.c.actor)
        .where(audit.c.document_id == document.c.id, audit.c.action == "assigned")
        .order_by(audit.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        sa.select(
            document.c.id,
            document.c.confirmed,
            document.c.fields,
            document.c.station,
            document.c.arrived_at,
            published.c.facts,
            person.label("by"),
        )
        .join(
            published,
            sa.and_(published.c.document_id == document.c.id, published.c.revision == document.c.revision),
        )
        .where(published.c.stage == "forward", document.c.state == State.FORWARDED, document.c.arrived_at >= since)
        .order_by(document.c.arrived_at.desc(), document.c.id.desc())
        .limit(limit)
    )
    found = []
    for row in reversed(_rows(store, query)):
        assignment = row["facts"].get("assignment") or {}
        read = {name: item.get("value") for name, item in row["fields"].items()}
        found.append(
            {
                "id": row["id"],
                "record": {**read, **row["confirmed"]},
                "station": row["station"],
                "arrived_at": row["arrived_at"],
                "unit": assignment.get("unit", ""),
                "rule": assignment.get("rule", ""),
                "by": row["by"],
            }
        )
    return found


def unmatched(store: Store, rule: str, limit: int = 50) -> list[dict[str, Any]]:
    """Forwarded documents that no rule matched (``rule``: the name such an assignment has), the last come first: the
    head clerk's queue. What she distributed herself is no longer in it."""
    query = (
        sa.select(document, published.c.facts)
        .join(
            published,
            sa.and_(published.c.document_id == document.c.id, published.c.revision == document.c.revision),
        )
        .where(
            document.c.state == State.FORWARDED,
            published.c.stage == "forward",
            published.c.facts["assignment"]["rule"].as_string() == rule,
        )
        .order_by(document.c.arrived_at.desc(), document.c.id.desc())
        .limit(limit)
    )
    return _rows(store, query)


def _rows(store: Store, query: sa.Select[Any]) -> list[dict[str, Any]]:
    with store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
