"""What every decision of a person has in common: who may, which version she saw, and one commit with its audit row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from intake import crashpoint
from intake.errors import NotAllowed, OperatorError, StaleVersion
from intake.model import Actor
from intake.states import TERMINAL, State
from intake.store import audit
from intake.store.engine import Store
from intake.store.finish import owe
from intake.store.schema import document

MAY: Mapping[str, frozenset[str]] = {
    "approve": frozenset({"clerk", "senior", "van_thu"}),
    "reject": frozenset({"clerk", "senior", "van_thu"}),
    "hold": frozenset({"clerk", "senior", "van_thu"}),
    "release": frozenset({"senior", "van_thu", "admin"}),
    "recall": frozenset({"senior", "van_thu"}),
}
"""Which roles may take which decision."""


@dataclass(frozen=True, slots=True)
class Decided:
    document_id: str
    state: State
    version: int


@contextmanager
def deciding(
    store: Store, document_id: str, seen_version: int, actor: Actor, kind: str, allowed: set[State]
) -> Iterator[tuple[sa.Connection, sa.RowMapping, datetime]]:
    """The transaction of one decision: (connection, the locked document, now), or why it cannot be taken.

    NotAllowed for the wrong role, StaleVersion when the document changed since it was seen or is open at somebody
    else, OperatorError when it is in none of the states ``allowed``.
    """
    if actor.role not in MAY[kind]:
        raise NotAllowed(
            f"Vai trò «{actor.role}» không được thực hiện việc này; cần: {', '.join(sorted(MAY[kind]))}.",
            f"Role «{actor.role}» may not do this; it takes {', '.join(sorted(MAY[kind]))}.",
        )
    with store.write() as connection:
        now = store.clock.now()
        yield connection, fenced(connection, document_id, seen_version, actor, allowed, now), now
        crashpoint.reached("decide.before_commit")
    crashpoint.reached("decide.committed")


def fenced(
    connection: sa.Connection, document_id: str, seen_version: int, actor: Actor, allowed: set[State], now: datetime
) -> sa.RowMapping:
    """The locked document, still the version that was seen, in one of the states ``allowed``, free for ``actor``."""
    row = locked(connection, document_id)
    if row["version"] != seen_version:
        raise StaleVersion(
            f"Hồ sơ {document_id} đã thay đổi sau khi bạn mở (bản {seen_version} → {row['version']}). "
            "Hãy tải lại rồi quyết định.",
            f"Document {document_id} changed after you opened it (version {seen_version} → {row['version']}). "
            "Load it again, then decide.",
        )
    if State(row["state"]) not in allowed:
        raise OperatorError(
            f"Hồ sơ {document_id} đang ở trạng thái «{row['state']}», không thực hiện được việc này.",
            f"Document {document_id} is in state «{row['state']}»; this cannot be done now.",
        )
    if row["claimed_by"] not in (None, actor.name) and row["claimed_until"] and row["claimed_until"] > now:
        raise StaleVersion(
            f"Hồ sơ {document_id} đang do {row['claimed_by']} xử lý. Hãy chờ hoặc tiếp quản có lý do.",
            f"Document {document_id} is with {row['claimed_by']}. Wait, or take it over with a reason.",
        )
    return row


def locked(connection: sa.Connection, document_id: str) -> sa.RowMapping:
    """The document, locked for this transaction; OperatorError when there is none."""
    row = (
        connection.execute(sa.select(document).where(document.c.id == document_id).with_for_update())
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise OperatorError(f"Không có hồ sơ {document_id}.", f"There is no document {document_id}.")
    return row


def commit(
    connection: sa.Connection,
    row: sa.RowMapping,
    now: datetime,
    actor: Actor,
    kind: str,
    state: State,
    values: Mapping[str, Any],
    data: Mapping[str, Any],
) -> Decided:
    """Write the decision: new state and ``values``, next version, no claim, one audit row with ``data``."""
    version = row["version"] + 1
    connection.execute(
        document.update()
        .where(document.c.id == row["id"])
        .values(**values, state=state, version=version, updated_at=now, claimed_by=None, claimed_until=None)
    )
    if state not in TERMINAL and kind == "approve":
        owe(connection, row["id"], row["revision"], state, row["lane"], now)
    audit.append(connection, now, actor, kind, row["id"], version, {"from": row["state"], "to": state, **data})
    return Decided(row["id"], state, version)
