"""After the receipt: what the document system says of a document, what it is still to be told, and what follows here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from intake.model import Actor, Finding, Severity
from intake.states import State
from intake.store import audit, outbox
from intake.store.claim import stop_jobs
from intake.store.engine import Store
from intake.store.schema import UtcTime, document, finding, job, published
from intake.store.schema import outbox as deliveries

LOOK_LEASE = timedelta(minutes=5)
"""a delivery that was handed out to be looked at comes again after this, should the looker die"""
LOOK_SOONEST = timedelta(minutes=1)
LOOK_LATEST = timedelta(hours=4)
LOOK_UNTIL = timedelta(days=60)
LAST_WORDS = frozenset({"06", "13", "15"})
"""completed, recalled: nothing more is to be asked"""
FOLLOW = Actor("follow")


@dataclass(frozen=True, slots=True)
class Look:
    """One delivery to be looked after now: ``recall`` owed to the target, a ``report`` code owed to the sender, or just
    its status to be asked for. ``since``: when the sending was acknowledged, by our clock."""

    id: int
    document_id: str
    revision: int
    target: str
    profile: str
    key: str
    receipt: Mapping[str, Any]
    since: datetime
    recall: bool
    report: str | None
    reason: str


def due(store: Store, limit: int = 20) -> list[Look]:
    """Hand out what is to be looked after now, the longest waiting first; targets whose breaker is open are left out."""
    with store.write() as connection:
        now = store.clock.now()
        shut = outbox.closed(connection, now)
        query = (
            sa.select(deliveries, document.c.profile)
            .join(document, document.c.id == deliveries.c.document_id)
            .where(deliveries.c.look_at <= now, deliveries.c.receipt.is_not(None))
            .where(deliveries.c.target.not_in(list(shut)))
            .order_by(deliveries.c.look_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=deliveries)
        )
        rows = connection.execute(query).mappings().all()
        connection.execute(
            deliveries.update().where(deliveries.c.id.in_([row["id"] for row in rows])).values(look_at=now + LOOK_LEASE)
        )
        return [
            Look(
                row["id"],
                row["document_id"],
                row["revision"],
                row["target"],
                row["profile"],
                row["key"],
                row["receipt"],
                row["sent_at"],
                row["recall"] == "owed",
                row["report"],
                row["status_reason"] or "",
            )
            for row in rows
        ]


def next_look(now: datetime, since: datetime) -> datetime | None:
    """Often in the first hour, then ever more seldom; None after two months."""
    age = now - since
    return None if age > LOOK_UNTIL else now + min(max(age / 4, LOOK_SOONEST), LOOK_LATEST)


def _when(now: datetime, moment: datetime | None) -> sa.ColumnElement[Any]:
    """The next look; a recall that came to be owed while this delivery was looked at is told at once."""
    return sa.case((deliveries.c.recall == "owed", sa.literal(now, UtcTime())), else_=sa.literal(moment, UtcTime()))


def not_reached(store: Store, look: Look) -> None:
    """The target could not be asked; the same again later."""
    with store.write() as connection:
        now = store.clock.now()
        later = max(next_look(now, look.since) or now, now + LOOK_LEASE)
        connection.execute(
            deliveries.update()
            .where(deliveries.c.id == look.id)
            .values(look_at=later if look.recall else _when(now, later))
        )


def recall_told(store: Store, look: Look) -> None:
    """The target knows of the recall (QĐ 12/2020/QĐ-UBND Đ10.4)."""
    with store.write() as connection:
        now = store.clock.now()
        connection.execute(
            deliveries.update()
            .where(deliveries.c.id == look.id)
            .values(recall="told", look_at=now if look.report else None)
        )
        audit.append(connection, now, FOLLOW, "recall.told", look.document_id, None, {"target": look.target})


def report_told(store: Store, look: Look, told: bool) -> None:
    """The sender knows the status it was owed (Đ10.3, Đ10.4); ``told`` False: this target has no way to say it."""
    with store.write() as connection:
        now = store.clock.now()
        values: dict[str, Any] = {"report": None, "look_at": _when(now, next_look(now, look.since))}
        if told:
            values |= {"reported": look.report, "reported_at": now}
            data = {"target": look.target, "code": look.report}
            audit.append(connection, now, FOLLOW, "status.reported", look.document_id, None, data)
        connection.execute(
            deliveries.update().where(deliveries.c.id == look.id, deliveries.c.report == look.report).values(**values)
        )


def status_seen(
    store: Store, look: Look, code: str, reason: str, leads_to: State | None, told: Finding
) -> State | None:
    """What the target says now. A new word is a finding and an audit row; ``leads_to`` HELD re-opens the document with
    the reason (Đ5.3, Đ10.2), RECALLED ends it, tells the other targets and owes the sender an answer (Đ10.4).

    Returns the document's new state, or None when it stays. While a worker is busy with the document nothing is
    changed and the target is asked again in a minute.
    """
    with store.write() as connection:
        now = store.clock.now()
        row = _document(connection, look.document_id)
        known = _delivery(connection, look)
        if known["key"] != look.key or known["state"] != "delivered":
            return None  # signed again meanwhile: this was the word on another copy
        again = None if code in LAST_WORDS else next_look(now, look.since)
        if (known["status"], known["status_reason"] or "") == (code, reason):
            connection.execute(deliveries.update().where(deliveries.c.id == look.id).values(look_at=_when(now, again)))
            return None
        state = leads_to if _may_lead(State(row["state"]), leads_to) else None
        if state is not None and _busy(connection, row):
            connection.execute(deliveries.update().where(deliveries.c.id == look.id).values(look_at=now + LOOK_SOONEST))
            return None
        values: dict[str, Any] = {
            "status": code,
            "status_reason": reason,
            "status_at": now,
            "look_at": _when(now, again),
        }
        if leads_to is State.RECALLED:
            values |= {"recall": "told", "report": "15", "look_at": now}
        connection.execute(deliveries.update().where(deliveries.c.id == look.id).values(**values))
        if told.severity > Severity.NOTE or state is not None:
            _note(connection, row, told)
        version = row["version"] + 1
        if state is not None:
            _lead(connection, row, state, told, look, now, version)
        data = {"target": look.target, "code": code, "was": known["status"], "remote_id": look.receipt["remote_id"]}
        moved = {"from": row["state"], "to": state} if state is not None else {}
        audit.append(
            connection, now, FOLLOW, "push.status", row["id"], version if state is not None else None, data | moved
        )
    return state


def _delivery(connection: sa.Connection, look: Look) -> sa.RowMapping:
    """The delivery, with all of its document locked in the order in which a claim locks them."""
    mine = (deliveries.c.document_id == look.document_id, deliveries.c.revision == look.revision)
    query = sa.select(deliveries).where(*mine).order_by(deliveries.c.target).with_for_update()
    return next(row for row in connection.execute(query).mappings() if row["id"] == look.id)


def _may_lead(now: State, to: State | None) -> bool:
    if to is State.HELD:
        return now in (State.SIGNED, State.DELIVERED, State.FORWARDED)
    return to is State.RECALLED and now in (State.SIGNED, State.DELIVERED, State.FORWARDED, State.HELD)


def _lead(
    connection: sa.Connection,
    row: sa.RowMapping,
    state: State,
    told: Finding,
    look: Look,
    now: datetime,
    version: int,
) -> None:
    stop_jobs(connection, row["id"], row["revision"], now, told.en)
    values: dict[str, Any] = {"state": state, "version": version, "updated_at": now}
    if state is State.HELD:  # released, it goes back to the clerk, is mended, signed and sent anew
        values |= {"held_from": State.ASSEMBLED, "held_vi": told.vi, "held_en": told.en}
    else:
        outbox.call_back(connection, row["id"], row["revision"], now, told_by=look.target)
    connection.execute(document.update().where(document.c.id == row["id"]).values(**values))


def _busy(connection: sa.Connection, row: sa.RowMapping) -> bool:
    running = sa.select(job.c.id).where(job.c.document_id == row["id"], job.c.state == "running")
    return connection.execute(running.limit(1)).one_or_none() is not None


def _note(connection: sa.Connection, row: sa.RowMapping, told: Finding) -> None:
    attempt = connection.execute(
        sa.select(published.c.attempt).where(
            published.c.document_id == row["id"],
            published.c.revision == row["revision"],
            published.c.stage == "push",
        )
    ).scalar_one_or_none()
    connection.execute(
        finding.insert().values(
            document_id=row["id"],
            revision=row["revision"],
            stage="push",
            attempt=attempt or 0,
            code=told.code,
            severity=told.severity.word,
            data=told.as_json(),
        )
    )


def _document(connection: sa.Connection, document_id: str) -> sa.RowMapping:
    query = sa.select(document).where(document.c.id == document_id).with_for_update()
    return connection.execute(query).mappings().one()
