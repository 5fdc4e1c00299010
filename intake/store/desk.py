"""What the desk writes beside decisions: who saw what (a duty of NĐ 30/2020 Phụ lục VI), what waits till later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from intake.errors import OperatorError, StaleVersion
from intake.model import Actor
from intake.states import State
from intake.store import audit
from intake.store.engine import Store
from intake.store.finish import described
from intake.store.schema import document, postponed, second_key


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


def confirm_fields(
    store: Store, document_id: str, seen_version: int, actor: Actor, values: Mapping[str, str | int | None]
) -> int:
    """A person confirms some fields of a waiting document without deciding on it; returns the new version.

    StaleVersion when the document changed since, left the review, or is open at somebody else.
    """
    with store.write() as connection:
        now = store.clock.now()
        row = (
            connection.execute(sa.select(document).where(document.c.id == document_id).with_for_update())
            .mappings()
            .one_or_none()
        )
        held = row is not None and row["claimed_by"] not in (None, actor.name) and (row["claimed_until"] or now) > now
        if row is None or row["version"] != seen_version or row["state"] != State.ASSEMBLED or held:
            raise StaleVersion(
                f"Hồ sơ {document_id} vừa thay đổi hoặc đang mở ở người khác; ô này chưa được lưu.",
                f"Document {document_id} has changed or is open at somebody else; this field was not kept.",
            )
        read = row["fields"]
        corrected = sorted(name for name, value in values.items() if (read.get(name) or {}).get("value") != value)
        fields = {
            **read,
            **{
                name: {**(read.get(name) or {}), "value": value, "confidence": 1.0, "source": "clerk"}
                for name, value in values.items()
            },
        }
        version = int(row["version"]) + 1
        connection.execute(
            document.update()
            .where(document.c.id == document_id)
            .values(**described(fields, row["name"]), version=version, updated_at=now)
        )
        audit.append(
            connection,
            now,
            actor,
            "fields.confirmed",
            document_id,
            version,
            {"fields": sorted(values), "corrected": corrected},
        )
        return version


@dataclass(frozen=True, slots=True)
class KeyedTwice:
    """A document whose number and date two people type independently."""

    document_id: str
    version: int
    state: str
    first_by: str
    fields: Mapping[str, Any]
    source_kind: str
    second_by: str | None
    second: Mapping[str, Any] | None


def first_key(
    store: Store, document_id: str, seen_version: int, actor: Actor, fields: Mapping[str, Any], source_kind: str
) -> None:
    """Keep what the first person confirmed; the document waits for the second."""
    with store.write() as connection:
        now = store.clock.now()
        row = connection.execute(
            sa.select(document.c.version, document.c.state, document.c.claimed_by, document.c.claimed_until)
            .where(document.c.id == document_id)
            .with_for_update()
        ).one_or_none()
        held = row is not None and row.claimed_by not in (None, actor.name) and (row.claimed_until or now) > now
        if row is None or row.version != seen_version or row.state != State.ASSEMBLED or held:
            raise StaleVersion(
                f"Hồ sơ {document_id} đã thay đổi sau khi bạn mở. Hãy tải lại rồi quyết định.",
                f"Document {document_id} changed after you opened it. Load it again, then decide.",
            )
        connection.execute(second_key.delete().where(second_key.c.document_id == document_id))
        connection.execute(
            second_key.insert().values(
                document_id=document_id,
                version=seen_version,
                state="waiting",
                first_by=actor.name,
                first_at=now,
                fields=dict(fields),
                source_kind=source_kind,
            )
        )
        connection.execute(
            document.update().where(document.c.id == document_id).values(claimed_by=None, claimed_until=None)
        )
        audit.append(connection, now, actor, "first_key", document_id, seen_version, {"fields": sorted(fields)})


def keyed(store: Store, document_id: str) -> KeyedTwice | None:
    """The two keys of a document, as far as they were typed."""
    with store.read() as connection:
        row = (
            connection.execute(sa.select(second_key).where(second_key.c.document_id == document_id))
            .mappings()
            .one_or_none()
        )
    if row is None:
        return None
    return KeyedTwice(**{name: row[name] for name in KeyedTwice.__slots__})


def second_typed(store: Store, document_id: str, actor: Actor, values: Mapping[str, Any], agrees: bool) -> None:
    """Keep what the second person typed and whether it agrees; never both keys of one person."""
    with store.write() as connection:
        changed = connection.execute(
            second_key.update()
            .where(
                second_key.c.document_id == document_id,
                second_key.c.state == "waiting",
                second_key.c.first_by != actor.name,
            )
            .values(state="agreed" if agrees else "differs", second_by=actor.name, second=dict(values))
        )
        if changed.rowcount != 1:
            raise StaleVersion(
                f"Hồ sơ {document_id} không còn chờ người thứ hai.",
                f"Document {document_id} no longer waits for a second person.",
            )
        audit.append(connection, store.clock.now(), actor, "second_key", document_id, None, {"agrees": agrees})


def waiting_for_second(store: Store, person: str, limit: int = 200) -> list[str]:
    """Documents this person may type the second time, oldest first."""
    with store.read() as connection:
        query = (
            sa.select(second_key.c.document_id)
            .join(document, document.c.id == second_key.c.document_id)
            .where(
                second_key.c.state == "waiting",
                second_key.c.first_by != person,
                document.c.state == State.ASSEMBLED,
                document.c.version == second_key.c.version,
            )
            .order_by(second_key.c.first_at)
            .limit(limit)
        )
        return list(connection.execute(query).scalars())


def forget_keys(store: Store, document_id: str) -> None:
    """The pages changed: what was typed from the old ones no longer counts."""
    with store.write() as connection:
        connection.execute(second_key.delete().where(second_key.c.document_id == document_id))
