"""Alarms: an urgent document whose clock ran out is told to one person after the other until it is at its desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from intake.model import Actor
from intake.states import TERMINAL, State
from intake.store import audit
from intake.store.engine import Store
from intake.store.schema import alarm, document

ALARM = Actor("alarm")
RUNNING = sorted(set(State) - TERMINAL)


@dataclass(frozen=True, slots=True)
class Urgent:
    """An urgent document that is not at the handler's unit yet."""

    document_id: str
    profile: str
    priority: int
    arrived_at: datetime


def urgent(store: Store) -> list[Urgent]:
    """Every urgent document on its way whose alarm did not ring yet; held ones too, for nobody else will hurry."""
    query = (
        sa.select(document.c.id, document.c.profile, document.c.priority, document.c.arrived_at)
        .join(alarm, alarm.c.document_id == document.c.id, isouter=True)
        .where(document.c.state.in_(RUNNING), document.c.priority > 0, alarm.c.document_id.is_(None))
    )
    with store.read() as connection:
        return [Urgent(*row) for row in connection.execute(query)]


def ring(store: Store, document_id: str, due_at: datetime, to: Sequence[str], step: timedelta) -> bool:
    """The clock ran out: the first of ``to`` is told now, the next after ``step``; False when it rang before."""
    with store.write() as connection:
        now = store.clock.now()
        row = _document(connection, document_id)
        known = connection.execute(sa.select(alarm.c.document_id).where(alarm.c.document_id == document_id))
        if State(row["state"]) in TERMINAL or known.one_or_none():
            return False
        connection.execute(
            alarm.insert().values(
                document_id=document_id,
                due_at=due_at,
                rung_at=now,
                told=[{"to": to[0], "at": now.isoformat()}],
                next_at=now + step if len(to) > 1 else None,
            )
        )
        data = {"due_at": due_at.isoformat(), "state": row["state"], "priority": row["priority"], "told": to[0]}
        audit.append(connection, now, ALARM, "alarm.rung", document_id, None, data)
        return True


def silent(store: Store) -> list[Urgent]:
    """Documents whose alarm rang, that still are not there, and whose next person is to be told now."""
    now = store.clock.now()
    query = (
        sa.select(document.c.id, document.c.profile, document.c.priority, document.c.arrived_at)
        .join(alarm, alarm.c.document_id == document.c.id)
        .where(alarm.c.settled_at.is_(None), alarm.c.next_at <= now)
    )
    with store.read() as connection:
        return [Urgent(*row) for row in connection.execute(query)]


def escalate(store: Store, document_id: str, to: Sequence[str], step: timedelta) -> str | None:
    """Tell the next of ``to``; the name, or None when there is none left or it is settled."""
    with store.write() as connection:
        now = store.clock.now()
        query = sa.select(alarm).where(alarm.c.document_id == document_id).with_for_update()
        row = connection.execute(query).mappings().one()
        level = len(row["told"])
        if row["settled_at"] or row["next_at"] is None or row["next_at"] > now:
            return None
        told = [*row["told"], {"to": to[level], "at": now.isoformat()}] if level < len(to) else row["told"]
        connection.execute(
            alarm.update()
            .where(alarm.c.document_id == document_id)
            .values(told=told, next_at=now + step if len(told) < len(to) else None)
        )
        if level >= len(to):
            return None
        data = {"told": to[level], "level": level + 1}
        audit.append(connection, now, ALARM, "alarm.escalated", document_id, None, data)
        return to[level]


def settle(store: Store) -> int:
    """Alarms of documents that reached their desk, or the end, are over; returns how many."""
    with store.write() as connection:
        now = store.clock.now()
        # The few open alarms first, then their documents: joined the other way round, years of work would be read.
        still_open = connection.execute(
            sa.select(alarm.c.document_id, alarm.c.due_at).where(alarm.c.settled_at.is_(None))
        ).all()
        due: dict[str, datetime] = {row.document_id: row.due_at for row in still_open}
        ended = sa.select(document.c.id, document.c.state).where(
            document.c.id.in_(list(due)), document.c.state.in_(sorted(TERMINAL))
        )
        rows = connection.execute(ended).all() if due else []
        for document_id, state in rows:
            done = alarm.update().where(alarm.c.document_id == document_id, alarm.c.settled_at.is_(None))
            if connection.execute(done.values(settled_at=now, next_at=None)).rowcount:
                late = round((now - due[document_id]).total_seconds())
                data = {"state": state, "late_seconds": late}
                audit.append(connection, now, ALARM, "alarm.settled", document_id, None, data)
        return len(rows)


def ringing(store: Store) -> list[dict[str, Any]]:
    """Alarms that are not settled, the oldest first, each with its document's name, number and state."""
    query = (
        sa.select(alarm, document.c.name, document.c.state, document.c.priority, document.c.code_number)
        .join(document, document.c.id == alarm.c.document_id)
        .where(alarm.c.settled_at.is_(None))
        .order_by(alarm.c.rung_at)
    )
    with store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def of(store: Store, document_id: str) -> dict[str, Any] | None:
    """The alarm of one document, settled or not."""
    with store.read() as connection:
        query = sa.select(alarm).where(alarm.c.document_id == document_id)
        row = connection.execute(query).mappings().one_or_none()
        return dict(row) if row else None


def _document(connection: sa.Connection, document_id: str) -> sa.RowMapping:
    query = sa.select(document).where(document.c.id == document_id).with_for_update()
    return connection.execute(query).mappings().one()
