"""The daily comparison: what our books say of a target's deliveries, beside what the target says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from intake.store import audit
from intake.store.engine import Store
from intake.store.follow import FOLLOW
from intake.store.schema import delivery_target, document
from intake.store.schema import outbox as deliveries


def to_compare(store: Store, every: timedelta, back: timedelta) -> list[tuple[str, dict[str, dict[str, Any]]]]:
    """Targets whose books were not compared for ``every``, each with its deliveries of the last ``back``:
    key → ``{"document_id", "state", "receipt" (None while unanswered), "profile"}``. The day is taken at once, so that
    two stations on one database do not both compare."""
    with store.write() as connection:
        now = store.clock.now()
        stale = sa.or_(delivery_target.c.compared_at.is_(None), delivery_target.c.compared_at <= now - every)
        query = sa.select(delivery_target.c.name).where(stale).with_for_update(skip_locked=True)
        names = connection.execute(query).scalars().all()
        connection.execute(delivery_target.update().where(delivery_target.c.name.in_(names)).values(compared_at=now))
        return [(name, _booked(connection, name, now - back)) for name in names]


def booked(store: Store, target: str, back: timedelta) -> dict[str, dict[str, Any]]:
    """The deliveries of one target in the shape of ``to_compare``, whenever it was compared last."""
    with store.read() as connection:
        return _booked(connection, target, store.clock.now() - back)


def _booked(connection: sa.Connection, target: str, since: datetime) -> dict[str, dict[str, Any]]:
    query = (
        sa.select(deliveries, document.c.profile)
        .join(document, document.c.id == deliveries.c.document_id)
        .where(
            deliveries.c.target == target,
            deliveries.c.state.in_(["waiting", "delivered", "dead"]),
            deliveries.c.created_at >= since,
        )
        .order_by(deliveries.c.id)
    )
    return {
        row["key"]: {
            "document_id": row["document_id"],
            "state": row["state"],
            "receipt": row["receipt"],
            "profile": row["profile"],
        }
        for row in connection.execute(query).mappings()
    }


def compared(store: Store, target: str, found: Mapping[str, Any]) -> None:
    """What the comparison found: ``{"asked", "missing": [{"document_id", …}], "changed", "unbooked"}``."""
    with store.write() as connection:
        now = store.clock.now()
        connection.execute(
            delivery_target.update()
            .where(delivery_target.c.name == target)
            .values(compared_at=now, compared=dict(found))
        )
        number = {kind: len(found[kind]) for kind in ("missing", "changed", "unbooked")}
        data = {"target": target, "asked": found["asked"], **number}
        audit.append(connection, now, FOLLOW, "deliveries.compared", None, None, data)


def compare_again(store: Store, target: str) -> None:
    """The comparison could not be made: in an hour, not tomorrow."""
    with store.write() as connection:
        moment = store.clock.now() - timedelta(hours=23)
        connection.execute(delivery_target.update().where(delivery_target.c.name == target).values(compared_at=moment))
