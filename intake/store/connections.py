"""Other systems at the desk's door: tokens they come in with, and the addresses that are told when something changes."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from intake.errors import OperatorError
from intake.model import Actor
from intake.store import audit
from intake.store.backoff import backoff
from intake.store.engine import Store
from intake.store.schema import api_token, document, webhook
from intake.store.schema import audit as audit_table

PREFIX = "sohoa_"
"""makes a token that leaked into a log recognisable"""
TOLD = (
    "admitted",
    "approve",
    "reject",
    "hold",
    "release",
    "rescan",
    "amended",
    "recall",
    "check.finished",
    "ocr.finished",
    "pdf.finished",
    "sign.finished",
    "push.finished",
    "forward.finished",
    "push.status",
    "push.held",
    "redrive",
    "recall.told",
    "status.reported",
    "alarm.rung",
    "alarm.escalated",
    "alarm.settled",
)
"""acts whose result other systems are told"""
RETRY_LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Token:
    """A system that may submit to ``station`` and see what came from there. ``key`` names it without being it."""

    key: str
    name: str
    station: str
    created_by: str
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Hook:
    """One address that is told; ``after_seq`` is the last audit row it acknowledged."""

    id: int
    url: str
    secret: str
    after_seq: int
    failures: int
    next_at: datetime
    last_answer: str | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """What an address is told: no field of the document, only that it changed; the system asks for the rest."""

    seq: int
    at: datetime
    action: str
    document_id: str
    version: int | None
    state: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "event": self.seq,
            "at": self.at.isoformat(),
            "action": self.action,
            "document": self.document_id,
            "version": self.version,
            "state": self.state,
        }


def add_token(store: Store, name: str, station: str, by: Actor) -> str:
    """A new token, in clear this one time only."""
    if not name.strip():
        raise OperatorError("Hãy đặt tên cho hệ thống được kết nối.", "Name the system that connects.")
    token = PREFIX + secrets.token_urlsafe(32)
    with store.write() as connection:
        now = store.clock.now()
        connection.execute(
            api_token.insert().values(
                token_hash=_key(token), name=name.strip(), station=station, created_by=by.name, created_at=now
            )
        )
        audit.append(connection, now, by, "token.added", None, None, {"name": name.strip(), "station": station})
    return token


def close_token(store: Store, key: str, by: Actor) -> None:
    """The token opens nothing any more."""
    with store.write() as connection:
        now = store.clock.now()
        changed = connection.execute(
            api_token.update()
            .where(api_token.c.token_hash == key, api_token.c.closed_at.is_(None))
            .values(closed_at=now)
        )
        if changed.rowcount != 1:
            raise OperatorError("Không có mã kết nối này.", "There is no such token.")
        audit.append(connection, now, by, "token.closed", None, None, {"token": key[:12]})


def token_of(store: Store, token: str) -> Token | None:
    """The open token behind what a request carries."""
    with store.read() as connection:
        row = (
            connection.execute(
                sa.select(api_token).where(api_token.c.token_hash == _key(token), api_token.c.closed_at.is_(None))
            )
            .mappings()
            .one_or_none()
        )
    return _token(row) if row else None


def tokens(store: Store) -> list[Token]:
    with store.read() as connection:
        return [
            _token(row) for row in connection.execute(sa.select(api_token).order_by(api_token.c.created_at)).mappings()
        ]


def add_hook(store: Store, url: str, by: Actor) -> str:
    """Tell this address from now on; returns the secret its signatures are made with, this one time only."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment:
        raise OperatorError(
            f"«{url}» không phải địa chỉ http(s) đầy đủ.", f"«{url}» is not a complete http(s) address."
        )
    secret = secrets.token_urlsafe(32)
    with store.write() as connection:
        now = store.clock.now()
        last = connection.execute(sa.select(sa.func.max(audit_table.c.seq))).scalar_one() or 0
        connection.execute(
            webhook.insert().values(
                url=url,
                secret=secret,
                after_seq=last,
                failures=0,
                next_at=now,
                created_by=by.name,
                created_at=now,
            )
        )
        audit.append(connection, now, by, "webhook.added", None, None, {"url": url})
    return secret


def close_hook(store: Store, hook_id: int, by: Actor) -> None:
    with store.write() as connection:
        now = store.clock.now()
        changed = connection.execute(
            webhook.update().where(webhook.c.id == hook_id, webhook.c.closed_at.is_(None)).values(closed_at=now)
        )
        if changed.rowcount != 1:
            raise OperatorError("Không có địa chỉ này.", "There is no such address.")
        audit.append(connection, now, by, "webhook.closed", None, None, {"webhook": hook_id})


def hooks(store: Store) -> list[Hook]:
    with store.read() as connection:
        return [
            Hook(**{name: row[name] for name in Hook.__slots__})
            for row in connection.execute(sa.select(webhook).order_by(webhook.c.id)).mappings()
        ]


def untold(store: Store, hook: Hook, limit: int = 100) -> list[Event]:
    """What this address has not acknowledged yet, in the order it happened."""
    query = (
        sa.select(audit_table)
        .where(
            audit_table.c.seq > hook.after_seq, audit_table.c.action.in_(TOLD), audit_table.c.document_id.is_not(None)
        )
        .order_by(audit_table.c.seq)
        .limit(limit)
    )
    with store.read() as connection:
        return [
            Event(
                row["seq"],
                row["at"],
                row["action"],
                row["document_id"],
                row["version"],
                json.loads(row["data"]).get("to"),
            )
            for row in connection.execute(query).mappings()
        ]


def told(store: Store, hook: Hook, seq: int) -> None:
    """The address acknowledged everything up to ``seq``."""
    with store.write() as connection:
        connection.execute(
            webhook.update()
            .where(webhook.c.id == hook.id, webhook.c.after_seq < seq)
            .values(after_seq=seq, failures=0, next_at=store.clock.now(), last_answer=None)
        )


def not_told(store: Store, hook: Hook, answer: str) -> None:
    """The address did not take it: the same event again later, ever later, never skipped."""
    with store.write() as connection:
        wait = min(backoff(hook.failures, f"webhook/{hook.id}"), RETRY_LONGEST)
        connection.execute(
            webhook.update()
            .where(webhook.c.id == hook.id)
            .values(failures=hook.failures + 1, next_at=store.clock.now() + wait, last_answer=answer[:200])
        )


def arrival_of(store: Store, station: str, name: str) -> dict[str, Any] | None:
    """The newest ledger row of a capture: its state and document id, and the document's state."""
    query = sa.text(
        "SELECT a.state, a.document_id, a.reason_vi, a.reason_en, d.state AS document_state FROM arrival a "
        "LEFT JOIN document d ON d.id = a.document_id WHERE a.station = :station AND a.name = :name "
        "ORDER BY a.id DESC LIMIT 1"
    )
    with store.read() as connection:
        row = connection.execute(query, {"station": station, "name": name}).mappings().one_or_none()
        return dict(row) if row else None


def station_of(store: Store, document_id: str) -> str | None:
    """Where a document came from; None when there is no such document."""
    with store.read() as connection:
        return connection.execute(
            sa.select(document.c.station).where(document.c.id == document_id)
        ).scalar_one_or_none()


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _token(row: sa.RowMapping) -> Token:
    return Token(row["token_hash"], row["name"], row["station"], row["created_by"], row["created_at"], row["closed_at"])
