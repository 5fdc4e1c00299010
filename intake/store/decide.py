"""Decide: a person's word on one document, checked against the version she saw, with who and why in the audit chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from intake.errors import NotAllowed, OperatorError
from intake.model import Actor, FieldName
from intake.spelling import nfc
from intake.states import DUE, NEXT, UNREADABLE, State
from intake.store import audit, outbox
from intake.store.claim import stop_jobs
from intake.store.decision import Decided, commit, deciding, locked
from intake.store.engine import Store
from intake.store.finish import described, owe
from intake.store.schema import document, finding, published

REASONS = ("rescan", "not_a_document", "wrong_pages", "secret", "other")
"""Why a document is rejected; `secret` refuses it (QĐ 12/2020 Đ1.2)."""


def approve(
    store: Store,
    document_id: str,
    seen_version: int,
    actor: Actor,
    fields: Mapping[str, str | int | None],
    *,
    source_kind: str = "bản chính",
) -> Decided:
    """The clerk confirms the fields: assembled → approved. ``source_kind`` is what the paper is (NĐ 30/2020 Đ3.10)."""
    unknown = sorted(set(fields) - set(FieldName))
    if unknown:
        raise OperatorError(
            f"Không có trường {', '.join(unknown)} trong Phụ lục VI; hãy bỏ các trường đó.",
            f"There is no field {', '.join(unknown)} in Appendix VI; leave it out.",
        )
    with deciding(store, document_id, seen_version, actor, "approve", {State.ASSEMBLED}) as (connection, row, now):
        confirmed = {name: nfc(value).strip() if isinstance(value, str) else value for name, value in fields.items()}
        corrected = sorted(
            name for name, value in confirmed.items() if row["fields"].get(name, {}).get("value") != value
        )
        merged = {
            name: {**row["fields"].get(name, {}), "value": value, "confidence": 1.0, "source": "clerk"}
            for name, value in confirmed.items()
        }
        _publish_review(connection, row, actor, now, source_kind, corrected)
        values = described({**row["fields"], **merged}, row["name"]) | {"confirmed": confirmed}
        return commit(
            connection,
            row,
            now,
            actor,
            "approve",
            State.APPROVED,
            values,
            {"corrected": corrected, "source_kind": source_kind},
        )


def reject(
    store: Store,
    document_id: str,
    seen_version: int,
    actor: Actor,
    reason: str,
    text: str = "",
    page: int | None = None,
) -> Decided:
    """Back to the scanner, or out: assembled or held → rejected; reason ``secret`` → refused."""
    if reason not in REASONS:
        raise OperatorError(
            f"Lý do «{reason}» không có; hãy chọn một trong: {', '.join(REASONS)}.",
            f"There is no reason «{reason}»; choose one of {', '.join(REASONS)}.",
        )
    allowed = {State.ASSEMBLED, State.HELD, State.APPROVED}
    with deciding(store, document_id, seen_version, actor, "reject", allowed) as (connection, row, now):
        state = State.REFUSED if reason == "secret" else State.REJECTED
        stop_jobs(connection, document_id, row["revision"], now, "rejected")
        outbox.call_back(connection, document_id, row["revision"], now)  # held at one target, delivered to another
        values: dict[str, Any] = {}
        if state is State.REFUSED:
            values = described({}, row["name"]) | {"confirmed": {}}
        return commit(
            connection,
            row,
            now,
            actor,
            "reject",
            state,
            values,
            {"reason": reason, "text": "" if reason == "secret" else text, "page": page},
        )


def hold(store: Store, document_id: str, seen_version: int, actor: Actor, text: str) -> Decided:
    """Hand to a senior: assembled → held, with the clerk's words."""
    with deciding(store, document_id, seen_version, actor, "hold", {State.ASSEMBLED}) as (connection, row, now):
        values = {"held_from": row["state"], "held_vi": text, "held_en": text}
        return commit(connection, row, now, actor, "hold", State.HELD, values, {"text": text})


def release(store: Store, document_id: str, seen_version: int, actor: Actor, text: str) -> Decided:
    """A senior lets a held document go on: past findings that block, or once more after trouble.

    A document only a new scan can cure, or a secret one, is never released.
    """
    with deciding(store, document_id, seen_version, actor, "release", {State.HELD}) as (connection, row, now):
        codes = set(
            connection.execute(
                sa.select(finding.c.code).where(
                    finding.c.document_id == document_id, finding.c.revision == row["revision"]
                )
            ).scalars()
        )
        if codes & UNREADABLE:
            raise NotAllowed(
                f"Tệp của hồ sơ {document_id} không đọc được; chỉ có thể từ chối và quét lại.",
                f"The file of document {document_id} cannot be read; it can only be rejected and scanned again.",
            )
        was = State(row["held_from"])
        stage = DUE[was]
        if stage == "push":
            outbox.revive(connection, document_id, row["revision"], now)
        done = connection.execute(
            sa.select(published.c.stage).where(
                published.c.document_id == document_id,
                published.c.revision == row["revision"],
                published.c.stage == stage,
            )
        ).one_or_none()
        state = NEXT[stage] if done and stage != "review" else was
        decided = commit(
            connection,
            row,
            now,
            actor,
            "release",
            state,
            {"held_from": None, "held_vi": None, "held_en": None},
            {"text": text, "codes": sorted(codes)},
        )
        owe(connection, document_id, row["revision"], state, row["lane"], now)
        return decided


def recall(store: Store, document_id: str, seen_version: int, actor: Actor, text: str) -> Decided:
    """Take back after delivery (QĐ 12/2020 Đ10.4); every target that holds the copy is owed the notice."""
    allowed = {State.DELIVERED, State.FORWARDED}
    with deciding(store, document_id, seen_version, actor, "recall", allowed) as (connection, row, now):
        stop_jobs(connection, document_id, row["revision"], now, "recalled")
        outbox.call_back(connection, document_id, row["revision"], now)
        return commit(connection, row, now, actor, "recall", State.RECALLED, {}, {"text": text})


def take(
    store: Store, document_id: str, actor: Actor, lease: timedelta, *, take_over_reason: str | None = None
) -> bool:
    """Claim a document for review under a lease that others see; False while someone else holds it.

    ``take_over_reason`` takes it from its holder, and is written down.
    """
    with store.write() as connection:
        now = store.clock.now()
        row = locked(connection, document_id)
        held_by_other = (
            row["claimed_by"] not in (None, actor.name)
            and row["claimed_until"] is not None
            and row["claimed_until"] > now
        )
        if held_by_other and not take_over_reason:
            return False
        if held_by_other:
            audit.append(
                connection,
                now,
                actor,
                "take_over",
                document_id,
                row["version"],
                {"from": row["claimed_by"], "reason": take_over_reason},
            )
        connection.execute(
            document.update()
            .where(document.c.id == document_id)
            .values(claimed_by=actor.name, claimed_until=now + lease)
        )
        return True


def let_go(store: Store, document_id: str, actor: Actor) -> None:
    """Give the review lease back."""
    with store.write() as connection:
        connection.execute(
            document.update()
            .where(document.c.id == document_id, document.c.claimed_by == actor.name)
            .values(claimed_by=None, claimed_until=None)
        )


def _publish_review(
    connection: sa.Connection, row: sa.RowMapping, actor: Actor, now: datetime, source_kind: str, corrected: list[str]
) -> None:
    key = (
        published.c.document_id == row["id"],
        published.c.revision == row["revision"],
        published.c.stage == "review",
    )
    connection.execute(published.delete().where(*key))
    connection.execute(
        published.insert().values(
            document_id=row["id"],
            revision=row["revision"],
            stage="review",
            attempt=1,
            at=now,
            facts={"by": actor.name, "at": now.isoformat(), "source_kind": source_kind, "corrected": corrected},
            artefacts=[],
        )
    )
