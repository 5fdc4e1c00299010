"""Redrive: a person sends a document on its way to the document system again, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from intake.errors import OperatorError
from intake.model import Actor
from intake.states import State
from intake.store.decision import Decided, commit, deciding, locked
from intake.store.engine import Store
from intake.store.finish import owe
from intake.store.follow import FOLLOW
from intake.store.outbox import revive
from intake.store.schema import outbox, published


def redrive(store: Store, document_id: str, seen_version: int, actor: Actor, text: str) -> Decided:
    """Dead letters are tried again with all their tries: held at the push → signed, with its job. The keys stay, so
    whatever the target took meanwhile is found and not sent twice."""
    with deciding(store, document_id, seen_version, actor, "release", {State.HELD}) as (connection, row, now):
        if row["held_from"] != State.SIGNED:
            raise OperatorError(
                f"Hồ sơ {document_id} không bị giữ ở bước gửi; không có gì để gửi lại.",
                f"Document {document_id} is not held at the delivery; there is nothing to send again.",
            )
        return _revived(connection, row, now, actor, text)


def found_there(store: Store, document_id: str) -> Decided | None:
    """The daily comparison found a dead letter at its target after all: the push is run once more and books the
    receipt it finds. None when a person was faster."""
    with store.write() as connection:
        row = locked(connection, document_id)
        if State(row["state"]) is not State.HELD or row["held_from"] != State.SIGNED:
            return None
        return _revived(connection, row, store.clock.now(), FOLLOW, "found there")


def _revived(connection: sa.Connection, row: sa.RowMapping, now: datetime, actor: Actor, text: str) -> Decided:
    revive(connection, row["id"], row["revision"], now)
    values = {"held_from": None, "held_vi": None, "held_en": None}
    decided = commit(connection, row, now, actor, "redrive", State.SIGNED, values, {"text": text})
    owe(connection, row["id"], row["revision"], State.SIGNED, row["lane"], now)
    return decided


def deliver_again(
    store: Store, document_id: str, seen_version: int, actor: Actor, targets: Sequence[str], text: str
) -> Decided:
    """A target lost what it had acknowledged: delivered or forwarded → signed, and these targets are owed the same
    delivery under the same key again; the others keep their receipts."""
    allowed = {State.DELIVERED, State.FORWARDED}
    with deciding(store, document_id, seen_version, actor, "release", allowed) as (connection, row, now):
        changed = connection.execute(
            outbox.update()
            .where(
                outbox.c.document_id == document_id,
                outbox.c.revision == row["revision"],
                outbox.c.target.in_(list(targets)),
                outbox.c.state == "delivered",
            )
            .values(
                state="waiting",
                tries=0,
                next_at=None,
                created_at=now,
                look_at=None,
                status=None,
                status_reason=None,
            )
        )
        if changed.rowcount == 0:
            raise OperatorError(
                f"Hồ sơ {document_id} chưa từng được giao cho {', '.join(targets) or '–'}.",
                f"Document {document_id} was never delivered to {', '.join(targets) or '–'}.",
            )
        data = {"text": text, "targets": sorted(targets)}
        decided = commit(connection, row, now, actor, "redrive", State.SIGNED, {}, data)
        owe(connection, document_id, row["revision"], State.SIGNED, row["lane"], now)
        return decided


def assign(
    store: Store, document_id: str, seen_version: int, actor: Actor, unit: str, person: str = "", text: str = ""
) -> Decided:
    """The head clerk distributes: forwarded (to her, because no rule matched, or to the wrong unit) → delivered, and
    the forwarding is made once more, to ``unit``. Kept as facts of its own stage, as the review's are."""
    if not unit.strip():
        raise OperatorError("Hãy ghi đơn vị nhận.", "Name the unit.")
    with deciding(store, document_id, seen_version, actor, "recall", {State.FORWARDED}) as (connection, row, now):
        key = (published.c.document_id == document_id, published.c.revision == row["revision"])
        connection.execute(published.delete().where(*key, published.c.stage == "assign"))
        facts = {"unit": unit.strip(), "person": person.strip(), "by": actor.name, "text": text, "at": now.isoformat()}
        connection.execute(
            published.insert().values(
                document_id=document_id,
                revision=row["revision"],
                stage="assign",
                attempt=1,
                at=now,
                facts=facts,
                artefacts=[],
            )
        )
        data = {"unit": facts["unit"], "person": facts["person"]}
        decided = commit(connection, row, now, actor, "assigned", State.DELIVERED, {}, data)
        owe(connection, document_id, row["revision"], State.DELIVERED, row["lane"], now)
        return decided
