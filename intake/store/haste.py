"""Haste: what has just come in and waits behind many others is looked at first, and may overtake them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from intake.model import Actor
from intake.store import audit
from intake.store.claim import LANES
from intake.store.engine import Store
from intake.store.schema import document, job

BEHIND = 4
"""jobs ahead: with fewer the check itself is as quick as a glance"""
GLANCE = Actor("glance")


def newest(store: Store, seen: Collection[str], limit: int = 1) -> list[tuple[str, int, str, str]]:
    """(id, revision, profile, lane) of documents that wait for their check behind others, the last come first, without
    those in ``seen``. Last first, because what came before had its turn while it was the newest."""
    with store.read() as connection:
        waiting = [sa.and_(job.c.state == "ready", job.c.lane == lane) for lane in LANES[1:]]
        ahead = sum(
            connection.scalar(
                sa.select(sa.func.count()).select_from(sa.select(job.c.id).where(lane).limit(BEHIND).subquery())
            )
            or 0
            for lane in waiting
        )
        if ahead < BEHIND:
            return []
        last: list[tuple[Any, ...]] = []
        for lane in waiting:  # each in the order of the index of ready jobs; both at once would walk the whole table
            query = (
                sa.select(job.c.id, job.c.document_id, job.c.revision, document.c.profile, job.c.lane)
                .join(document, document.c.id == job.c.document_id)
                .where(lane, job.c.stage == "check", job.c.attempt == 0)
                .order_by(job.c.id.desc())
                .limit(len(seen) + limit)
            )
            last += [tuple(row) for row in connection.execute(query)]
        rows = [row[1:] for row in sorted(last, reverse=True)]
        return [row for row in rows if row[0] not in seen][:limit]


def overtake(store: Store, document_id: str) -> bool:
    """Into the urgent lane with its job, its doorbell and all jobs to come; False when it was taken up meanwhile."""
    with store.write() as connection:
        now = store.clock.now()
        row = (
            connection.execute(sa.select(document).where(document.c.id == document_id).with_for_update())
            .mappings()
            .one()
        )
        return lead(connection, row, ("ready",), GLANCE, now) > 0


def lead(connection: sa.Connection, row: sa.RowMapping, states: Collection[str], actor: Actor, now: datetime) -> int:
    """Into the urgent lane, in the caller's transaction that locked the document ``row``; how many of its jobs in
    ``states`` went with it."""
    changed = connection.execute(
        job.update()
        .where(job.c.document_id == row["id"], job.c.state.in_(states), job.c.lane != LANES[0])
        .values(lane=LANES[0], rung_at=None)
    )
    connection.execute(document.update().where(document.c.id == row["id"]).values(lane=LANES[0]))
    data = {"lane": LANES[0], "was": row["lane"]}
    audit.append(connection, now, actor, "lane.changed", row["id"], None, data)
    return changed.rowcount
