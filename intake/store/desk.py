"""What the desk writes beside decisions: who saw what (a duty of NĐ 30/2020 Phụ lục VI), what waits till later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from intake.errors import OperatorError
from intake.model import Actor
from intake.states import State
from intake.store import audit
from intake.store.engine import Store
from intake.store.schema import document, postponed


def viewed(store: Store, document_id: str, actor: Actor, what: str = "document") -> None:
    """Write down that a person was shown a document (Phụ lục VI Phần I: every access is recorded)."""
    with store.write() as connection:
        audit.append(connection, store.clock.now(), actor, "viewed", document_id, None, {"what": what})


def noted(store: Store, action: str, actor: Actor, document_id: str | None, data: Mapping[str, Any]) -> None:
    """Write down an act of a person that changes no document: a warning she confirmed, a zone she had read."""
    with store.write() as connection:
        audit.append(connection, store.clock.now(), actor, action, document_id, None, data)


def postpone(store: Store, document_id: str, actor: Actor, until: datetime, reason: str) -> None:
    """Put a document behind the others until ``until``; its deadline does not move."""
    with store.write() as connection:
        now = store.clock.now()
        row = connection.execute(
            sa.select(document.c.state, document.c.version).where(document.c.id == document_id)
        ).one_or_none()
        if row is None or row.state != State.ASSEMBLED:
            raise OperatorError(
                f"Hồ sơ {document_id} không còn chờ kiểm tra nên không để sau được.",
                f"Document {document_id} no longer waits for review and cannot be put off.",
            )
        connection.execute(postponed.delete().where(postponed.c.document_id == document_id))
        connection.execute(
            postponed.insert().values(document_id=document_id, person=actor.name, at=now, until=until, reason=reason)
        )
        connection.execute(
            document.update()
            .where(document.c.id == document_id, document.c.claimed_by == actor.name)
            .values(claimed_by=None, claimed_until=None)
        )
        audit.append(
            connection,
            now,
            actor,
            "postponed",
            document_id,
            row.version,
            {"until": until.isoformat(), "reason": reason},
        )
