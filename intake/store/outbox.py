"""The outbox: what is owed to each target, when it may be tried, and what every try was answered.

A target that fails again and again is left alone for a while (circuit breaker): its documents wait without using up
their tries, one of them looks whether it is back, and then all go at once. The breaker and the pace stand in the
database, so they hold over all workers of all machines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from intake.store.backoff import backoff
from intake.store.schema import attempt, delivery_target, job, outbox

TRIES_MAX = 30
"""tries of one delivery before it is a dead letter (about six hours of a target that takes others); tries that only
looked whether the target is back do not count"""
OWED_LONGEST = timedelta(days=3)
"""after which the next trouble makes a dead letter all the same: longer than a weekend nothing waits unseen"""
BREAKER_AFTER = 5
"""troubles in a row, of any documents, after which a target is left alone"""
BREAKER_FIRST = timedelta(seconds=30)
BREAKER_LONGEST = timedelta(minutes=15)
PROBE = timedelta(minutes=10)
"""the one try that looks whether a target is back has this long before another may look"""
FIRST_LOOK = timedelta(minutes=1)
"""after the receipt, before the status there is asked for the first time"""
ACCEPTED = "03"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A delivery owed: one row per target, under its idempotency key; ``per_minute`` 0 = no limit of pace."""

    target: str
    key: str
    per_minute: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """What a claim of ``push`` may do: ``booked`` receipts by target, and the targets ``not_now`` to be tried."""

    booked: Mapping[str, Mapping[str, Any]]
    not_now: frozenset[str]


def add(connection: sa.Connection, document_id: str, revision: int, owed: Iterable[OutboxEntry], now: datetime) -> None:
    """The deliveries a signature owes. A document signed again (returned and mended) owes them anew, and the receipts
    of the copies before stay in ``earlier``."""
    for entry in owed:
        know_target(connection, entry.target, entry.per_minute)
        row = _row(connection, document_id, revision, entry.target)
        fresh = {
            "key": entry.key,
            "state": "waiting",
            "created_at": now,
            "tries": 0,
            "next_at": None,
            "sent_at": None,
            "received_at": None,
            "receipt": None,
            "status": None,
            "status_reason": None,
            "status_at": None,
            "look_at": None,
            "report": None,
        }
        if row is None:
            keys = {"document_id": document_id, "revision": revision, "target": entry.target}
            connection.execute(outbox.insert().values(**keys, **fresh))
            continue
        earlier = [*(row["earlier"] or []), row["receipt"]] if row["receipt"] else row["earlier"]
        connection.execute(outbox.update().where(outbox.c.id == row["id"]).values(**fresh, earlier=earlier))


def know_target(connection: sa.Connection, name: str, per_minute: int) -> None:
    """The row that carries a target's breaker and pace; two signing desks may make it at the same moment."""
    values = {"name": name, "failures": 0, "pace_seconds": 60 / per_minute if per_minute else 0.0}
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    made = insert(delivery_target).values(**values)
    connection.execute(
        made.on_conflict_do_update(index_elements=["name"], set_={"pace_seconds": values["pace_seconds"]})
    )


def closed(connection: sa.Connection, now: datetime) -> frozenset[str]:
    """Targets nothing may be sent to at this moment."""
    return frozenset(
        row["name"] for row in connection.execute(sa.select(delivery_target)).mappings() if _shut(row, now)
    )


def sendable(shut: Collection[str], now: datetime) -> sa.ColumnElement[bool]:
    """Of jobs: not a push, or one with a delivery that may be tried now, or with none left to try."""
    waiting = sa.select(outbox.c.id).where(
        outbox.c.document_id == job.c.document_id,
        outbox.c.revision == job.c.revision,
        outbox.c.state == "waiting",
    )
    may = waiting.where(outbox.c.target.not_in(list(shut)), sa.or_(outbox.c.next_at.is_(None), outbox.c.next_at <= now))
    return sa.or_(job.c.stage != "push", may.exists(), ~waiting.exists())


def bind(connection: sa.Connection, document_id: str, revision: int, now: datetime) -> Bound:
    """Take the right to try the deliveries of one document: a place in each target's pace, or the one probe of a
    target whose breaker is open."""
    rows = _rows(connection, document_id, revision)
    waiting = sorted(row["target"] for row in rows if row["state"] == "waiting")
    query = sa.select(delivery_target).where(delivery_target.c.name.in_(waiting)).order_by(delivery_target.c.name)
    gates = {row["name"]: row for row in connection.execute(query.with_for_update()).mappings()}
    not_now = {row["target"] for row in rows if row["state"] == "dead"}
    for row in rows:
        if row["state"] != "waiting":
            continue
        gate = gates.get(row["target"])
        if (row["next_at"] and row["next_at"] > now) or (gate and _shut(gate, now)):
            not_now.add(row["target"])
        elif gate:
            connection.execute(
                delivery_target.update()
                .where(delivery_target.c.name == row["target"])
                .values(
                    probe_until=now + PROBE if gate["open_until"] else None,
                    next_at=now + timedelta(seconds=gate["pace_seconds"]) if gate["pace_seconds"] else None,
                )
            )
    return Bound({row["target"]: row["receipt"] for row in rows if row["state"] == "delivered"}, frozenset(not_now))


def note_tries(
    connection: sa.Connection,
    document_id: str,
    revision: int,
    worker: str,
    tries: Iterable[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Book what every target answered: ``{"target", "key", "request_id", "outcome" (receipt | trouble | refused),
    "answer", "at", "seconds", "receipt"}`` each. A receipt counts at once, whatever the other targets said."""
    for told in sorted(tries, key=lambda each: str(each["target"])):
        row = _row(connection, document_id, revision, told["target"])
        if row is None:  # a target that came into the profile after the signature
            add(connection, document_id, revision, [OutboxEntry(told["target"], told["key"])], now)
            row = _row(connection, document_id, revision, told["target"])
        assert row is not None
        connection.execute(
            attempt.insert().values(
                outbox_id=row["id"],
                at=datetime.fromisoformat(told["at"]) if told.get("at") else now,
                worker=worker,
                answer=told["answer"],
                outcome=told["outcome"],
                request_id=told.get("request_id"),
                seconds=told.get("seconds"),
            )
        )
        if told["outcome"] == "receipt":
            book(connection, row["id"], told["receipt"], now, told.get("acknowledged_at"))
        elif told["outcome"] == "refused":
            connection.execute(outbox.update().where(outbox.c.id == row["id"]).values(state="dead", next_at=None))
        else:
            tries_so_far = row["tries"] + (0 if _is_open(connection, told["target"]) else 1)
            dead = tries_so_far >= TRIES_MAX or now - row["created_at"] > OWED_LONGEST
            values = (
                {"state": "dead", "next_at": None} if dead else {"next_at": now + backoff(row["tries"], row["key"])}
            )
            connection.execute(outbox.update().where(outbox.c.id == row["id"]).values(tries=tries_so_far, **values))
        _learn(connection, told["target"], told["outcome"] != "trouble", told["answer"], now)


def note_failure(
    connection: sa.Connection, document_id: str, revision: int, worker: str, answer: str, now: datetime
) -> None:
    """The attempt ended before any target was asked, or nobody knows which: written down at every delivery owed."""
    for row in _rows(connection, document_id, revision):
        if row["state"] == "waiting":
            connection.execute(
                attempt.insert().values(outbox_id=row["id"], at=now, worker=worker, answer=answer, outcome="trouble")
            )


def received(target: str, receipt: Mapping[str, Any]) -> dict[str, Any]:
    """A receipt of which no more is known than itself, as a try."""
    return {"target": target, "key": receipt["key"], "outcome": "receipt", "answer": "", "receipt": receipt}


def book(
    connection: sa.Connection, outbox_id: int, receipt: Mapping[str, Any], now: datetime, acknowledged_at: str | None
) -> None:
    """A receipt. ``sent_at`` is when the sending was acknowledged, ``received_at`` when the copy entered the receiver's
    system and could be used there, by its own word (QĐ 12/2020/QĐ-UBND Đ7)."""
    connection.execute(
        outbox.update()
        .where(outbox.c.id == outbox_id)
        .values(
            state="delivered",
            sent_at=datetime.fromisoformat(acknowledged_at) if acknowledged_at else now,
            received_at=datetime.fromisoformat(receipt["received_at"]),
            receipt=dict(receipt),
            next_at=None,
            look_at=now + FIRST_LOOK,
            report=ACCEPTED,
        )
    )


def open_rows(connection: sa.Connection, document_id: str, revision: int) -> tuple[list[datetime | None], int]:
    """(when each waiting delivery may be tried next, number of dead letters)."""
    rows = _rows(connection, document_id, revision)
    waiting = [row["next_at"] for row in rows if row["state"] == "waiting"]
    return waiting, sum(row["state"] == "dead" for row in rows)


def revive(connection: sa.Connection, document_id: str, revision: int, now: datetime) -> None:
    """Dead letters are tried again, with all their tries, from now on."""
    connection.execute(
        outbox.update()
        .where(outbox.c.document_id == document_id, outbox.c.revision == revision, outbox.c.state == "dead")
        .values(state="waiting", tries=0, next_at=None, created_at=now)
    )


def call_back(connection: sa.Connection, document_id: str, revision: int, now: datetime, told_by: str = "") -> None:
    """Every target that holds the copy is to be told of the recall; ``told_by`` is the one that told us. What was not
    delivered yet never will be."""
    mine = (outbox.c.document_id == document_id, outbox.c.revision == revision)
    connection.execute(
        outbox.update()
        .where(*mine, outbox.c.state == "delivered", outbox.c.target != told_by)
        .values(recall="owed", look_at=now)
    )
    connection.execute(
        outbox.update().where(*mine, outbox.c.state.in_(["waiting", "dead"])).values(state="dropped", next_at=None)
    )


def drop_others(connection: sa.Connection, document_id: str, revision: int) -> None:
    """The push is over: a target that is no longer in the profile is owed nothing."""
    connection.execute(
        outbox.update()
        .where(outbox.c.document_id == document_id, outbox.c.revision == revision, outbox.c.state == "waiting")
        .values(state="dropped", next_at=None)
    )


def _is_open(connection: sa.Connection, target: str) -> bool:
    query = sa.select(delivery_target.c.open_until).where(delivery_target.c.name == target)
    return connection.execute(query).scalar_one_or_none() is not None


def _learn(connection: sa.Connection, target: str, well: bool, answer: str, now: datetime) -> None:
    """Any answer about the document, a refusal too, shows that the target works."""
    row = (
        connection.execute(sa.select(delivery_target).where(delivery_target.c.name == target).with_for_update())
        .mappings()
        .one_or_none()
    )
    if row is None:
        return
    if well:
        values: dict[str, Any] = {"failures": 0, "open_until": None, "probe_until": None, "last_well": now}
    else:
        failures = row["failures"] + 1
        values = {"failures": failures, "probe_until": None, "last_trouble": answer, "last_trouble_at": now}
        if failures >= BREAKER_AFTER:
            pause = BREAKER_FIRST * float(2 ** min(failures - BREAKER_AFTER, 10))
            values["open_until"] = now + min(pause, BREAKER_LONGEST)
    connection.execute(delivery_target.update().where(delivery_target.c.name == target).values(**values))


def _shut(gate: sa.RowMapping, now: datetime) -> bool:
    if gate["next_at"] and gate["next_at"] > now:
        return True
    if gate["open_until"] is None:
        return False
    return bool(gate["open_until"] > now or (gate["probe_until"] and gate["probe_until"] > now))


def _rows(connection: sa.Connection, document_id: str, revision: int) -> list[sa.RowMapping]:
    query = sa.select(outbox).where(outbox.c.document_id == document_id, outbox.c.revision == revision)
    return list(connection.execute(query.order_by(outbox.c.target).with_for_update()).mappings())


def _row(connection: sa.Connection, document_id: str, revision: int, target: str) -> sa.RowMapping | None:
    query = sa.select(outbox).where(
        outbox.c.document_id == document_id, outbox.c.revision == revision, outbox.c.target == target
    )
    return connection.execute(query.with_for_update()).mappings().one_or_none()
