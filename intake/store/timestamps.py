"""Time-stamps owed: what was signed while the authority was away is asked for again, and what came late is recorded.

A document signed below the level its profile asks for waits with its delivery, for as long as the profile says and only
when it is not urgent. What has begun to be delivered is never exchanged: its time-stamped version is kept beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from intake.errors import SohoaError
from intake.folder import DocumentFolder, document_root
from intake.model import Actor, Artefact, Finding, Severity, StageResult
from intake.states import State
from intake.store import audit
from intake.store.engine import Store
from intake.store.schema import document, finding, job, outbox, published, timestamp_owed

PENDING = frozenset({"sign.timestamp_pending", "sign.level_pending"})
"""Findings of a signature that still lacks what its profile asks for."""

WORKING = timedelta(minutes=15)
"""One try may take this long; when its process dies the next try comes after it"""
BACKOFF_FIRST = timedelta(seconds=30)
BACKOFF_LONGEST = timedelta(minutes=30)

SWEEP = Actor("sweep")

Kept = Literal["replaces", "beside"]


@dataclass(frozen=True, slots=True)
class Owed:
    """One try to complete a signature. ``folder`` holds the document as the store knows it; ``tries`` fences the commit.

    ``signed_attempt``: the published attempt of «sign».
    """

    document_id: str
    revision: int
    profile: str
    level: str
    tries: int
    since: datetime
    push_attempt: int
    signed_attempt: int
    folder: DocumentFolder


def lacking(findings: Sequence[Finding]) -> Finding | None:
    """The finding that says what a signature still lacks, if it does."""
    return next((item for item in findings if item.code in PENDING), None)


def owe(connection: sa.Connection, document_id: str, revision: int, lack: Finding, now: datetime) -> None:
    """Remember it, in the commit that records the signature; what completed an earlier signature counts no more."""
    connection.execute(
        published.delete().where(
            published.c.document_id == document_id,
            published.c.revision == revision,
            published.c.stage == "timestamp",
        )
    )
    pushed = sa.select(job.c.attempt).where(
        job.c.document_id == document_id, job.c.revision == revision, job.c.stage == "push"
    )
    values = {
        "level": str(lack.limit),
        "push_attempt": connection.execute(pushed).scalar_one_or_none() or 0,
        "state": "waiting",
        "since": now,
        "next_at": now + BACKOFF_FIRST,
        "tries": 0,
        "last_vi": lack.vi,
        "last_en": lack.en,
    }
    mine = (timestamp_owed.c.document_id == document_id, timestamp_owed.c.revision == revision)
    if connection.execute(timestamp_owed.update().where(*mine).values(**values)).rowcount == 0:
        connection.execute(timestamp_owed.insert().values(document_id=document_id, revision=revision, **values))


def backoff(tries: int) -> timedelta:
    """30 s, 1 min, 2 min … at most half an hour; there is no last try."""
    return min(BACKOFF_FIRST * float(2 ** min(tries, 20)), BACKOFF_LONGEST)


def take_due(store: Store, documents_root: str) -> Owed | None:
    """The one that has waited longest past its time, or None."""
    with store.write() as connection:
        now = store.clock.now()
        row = (
            connection.execute(
                sa.select(timestamp_owed, document.c.profile, document.c.confirmed)
                .join(document, document.c.id == timestamp_owed.c.document_id)
                .where(timestamp_owed.c.state == "waiting", timestamp_owed.c.next_at <= now)
                .order_by(timestamp_owed.c.next_at, timestamp_owed.c.document_id)
                .limit(1)
                .with_for_update(skip_locked=True, of=timestamp_owed)
            )
            .mappings()
            .one_or_none()
        )
        if row is None:
            return None
        identifier, revision, tries = row["document_id"], row["revision"], row["tries"] + 1
        connection.execute(
            timestamp_owed.update()
            .where(timestamp_owed.c.document_id == identifier, timestamp_owed.c.revision == revision)
            .values(tries=tries, next_at=now + WORKING)
        )
        stages = connection.execute(
            sa.select(published.c.stage, published.c.attempt, published.c.facts).where(
                published.c.document_id == identifier, published.c.revision == revision
            )
        ).all()
    attempts = {item.stage: int(item.attempt) for item in stages}
    folder = DocumentFolder(
        document_id=identifier,
        root=document_root(documents_root, identifier, revision),
        published=attempts,
        confirmed=row["confirmed"],
        facts={item.stage: item.facts for item in stages},
    )
    return Owed(
        identifier,
        revision,
        row["profile"],
        row["level"],
        tries,
        row["since"],
        row["push_attempt"],
        attempts["sign"],
        folder,
    )


def try_later(store: Store, owed: Owed, trouble: SohoaError) -> None:
    """The authority is still away: when to ask again, and what it said."""
    with store.write() as connection:
        connection.execute(
            timestamp_owed.update()
            .where(*_mine(owed))
            .values(next_at=store.clock.now() + backoff(owed.tries), last_vi=trouble.vi, last_en=trouble.en)
        )


def hurry(store: Store) -> None:
    """The authority answers again: the others need not wait for the end of their back-off."""
    with store.write() as connection:
        now = store.clock.now()
        idle = sa.and_(timestamp_owed.c.state == "waiting", timestamp_owed.c.next_at <= now + BACKOFF_LONGEST)
        connection.execute(timestamp_owed.update().where(idle, timestamp_owed.c.next_at > now).values(next_at=now))


def record(
    store: Store,
    owed: Owed,
    result: StageResult,
    artefacts: Sequence[Artefact],
    kept: Kept,
    *,
    key_of: Callable[[str, str], str],
) -> bool:
    """The time-stamped file becomes true. False when this try is no longer the last one, or when delivery began
    meanwhile (``kept`` was «replaces»): then nothing is changed and it is tried again.

    ``key_of``: (target, SHA-256 of the file) → the delivery's idempotency key; the deliveries owed get new keys,
    because none of them has been tried. The audit row tells both hashes.
    """
    with store.write() as connection:
        now = store.clock.now()
        row = _locked(connection, owed)
        if row is None or (kept == "replaces") != _untouched(connection, owed, row):
            return False
        lack = lacking(result.findings)
        done = {"state": "done", "last_vi": None, "last_en": None}
        still = {
            "next_at": now + backoff(owed.tries),
            "last_vi": lack.vi if lack else None,
            "last_en": lack.en if lack else None,
        }
        connection.execute(timestamp_owed.update().where(*_mine(owed)).values(**(still if lack else done)))
        before = str(owed.folder.facts["sign"]["sha256"])
        if kept == "replaces":
            _publish(connection, owed, "sign", owed.signed_attempt + owed.tries, result, artefacts, now)
            _new_keys(connection, owed, str(result.facts["sha256"]), key_of)
            if lack is None:
                connection.execute(job.update().where(*_push(owed)).values(run_after=now, rung_at=None))
        else:
            _publish(connection, owed, "timestamp", owed.tries, result, artefacts, now)
        _tell(connection, owed, result.findings)
        version = row["version"] + 1
        connection.execute(
            document.update().where(document.c.id == owed.document_id).values(version=version, updated_at=now)
        )
        told = {
            "kept": kept,
            "level": result.facts["level"],
            "before": before,
            "sha256": result.facts["sha256"],
            "tries": owed.tries,
            "artefacts": {item.name: item.sha256 for item in artefacts},
        }
        audit.append(connection, now, SWEEP, "sign.timestamped", owed.document_id, version, told)
        return True


def give_up(store: Store, owed: Owed, error: SohoaError) -> None:
    """It can never be had (the certificate was revoked or has expired meanwhile): a person is told.

    What was not yet delivered is held with the reason; what was delivered stays as it is, with the finding.
    """
    with store.write() as connection:
        now = store.clock.now()
        row = _locked(connection, owed)
        if row is None:
            return
        connection.execute(
            timestamp_owed.update().where(*_mine(owed)).values(state="impossible", last_vi=error.vi, last_en=error.en)
        )
        vi = f"Không thể bổ sung dấu thời gian: {error.vi}"
        en = f"The time-stamp can no longer be added: {error.en}"
        _tell(connection, owed, (Finding("sign.timestamp_impossible", Severity.WARN, vi, en, limit=owed.level),))
        values: dict[str, Any] = {"version": row["version"] + 1, "updated_at": now}
        if _untouched(connection, owed, row):
            values |= {"state": State.HELD, "held_from": row["state"], "held_vi": vi, "held_en": en}
            ended = {"state": "failed", "finished_at": now, "error": str(error)}
            connection.execute(job.update().where(*_push(owed)).values(**ended))
        connection.execute(document.update().where(document.c.id == owed.document_id).values(**values))
        audit.append(
            connection,
            now,
            SWEEP,
            "sign.timestamp_impossible",
            owed.document_id,
            values["version"],
            {"to": values.get("state", row["state"]), "reason": error.en},
        )


def may_replace(store: Store, owed: Owed) -> bool:
    """Whether nobody has begun to deliver the document."""
    with store.write() as connection:
        row = _locked(connection, owed)
        return row is not None and _untouched(connection, owed, row)


def waiting(store: Store) -> list[dict[str, Any]]:
    """What still lacks its time-stamp, longest first: document, level, since, tries, next try, what was said last,
    and until when its delivery waits (``held_until``; None when it does not)."""
    query = (
        sa.select(
            timestamp_owed,
            document.c.name,
            document.c.code_number,
            document.c.code_notation,
            document.c.subject,
            document.c.state.label("document_state"),
            job.c.run_after.label("held_until"),
        )
        .join(document, document.c.id == timestamp_owed.c.document_id)
        .outerjoin(
            job,
            sa.and_(
                job.c.document_id == timestamp_owed.c.document_id,
                job.c.revision == timestamp_owed.c.revision,
                job.c.stage == "push",
                job.c.state == "ready",
                job.c.attempt == timestamp_owed.c.push_attempt,
            ),
        )
        .where(timestamp_owed.c.state == "waiting")
        .order_by(timestamp_owed.c.since, timestamp_owed.c.document_id)
    )
    with store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _mine(owed: Owed) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        timestamp_owed.c.document_id == owed.document_id,
        timestamp_owed.c.revision == owed.revision,
        timestamp_owed.c.tries == owed.tries,
        timestamp_owed.c.state == "waiting",
    )


def _push(owed: Owed) -> tuple[sa.ColumnElement[bool], ...]:
    return job.c.document_id == owed.document_id, job.c.revision == owed.revision, job.c.stage == "push"


def _locked(connection: sa.Connection, owed: Owed) -> sa.RowMapping | None:
    """The document's row, when this try is still the one that counts."""
    fence = sa.select(timestamp_owed.c.tries).where(*_mine(owed)).with_for_update()
    if connection.execute(fence).one_or_none() is None:
        return None
    found = sa.select(document).where(document.c.id == owed.document_id, document.c.revision == owed.revision)
    return connection.execute(found.with_for_update()).mappings().one_or_none()


def _untouched(connection: sa.Connection, owed: Owed, row: sa.RowMapping) -> bool:
    """No delivery of it was ever begun: a lost answer may mean that the copy is already there."""
    found = connection.execute(sa.select(job).where(*_push(owed)).with_for_update()).mappings().one_or_none()
    ready = found is not None and found["state"] == "ready" and found["attempt"] == owed.push_attempt
    return ready and State(row["state"]) is State.SIGNED


def _publish(
    connection: sa.Connection,
    owed: Owed,
    stage: str,
    attempt: int,
    result: StageResult,
    artefacts: Sequence[Artefact],
    now: datetime,
) -> None:
    key = (
        published.c.document_id == owed.document_id,
        published.c.revision == owed.revision,
        published.c.stage == stage,
    )
    connection.execute(published.delete().where(*key))
    connection.execute(
        published.insert().values(
            document_id=owed.document_id,
            revision=owed.revision,
            stage=stage,
            attempt=attempt,
            at=now,
            facts=dict(result.facts),
            artefacts=[{"name": a.name, "sha256": a.sha256, "bytes": a.bytes} for a in artefacts],
        )
    )


def _new_keys(connection: sa.Connection, owed: Owed, sha256: str, key_of: Callable[[str, str], str]) -> None:
    mine = (outbox.c.document_id == owed.document_id, outbox.c.revision == owed.revision, outbox.c.state == "waiting")
    for row in connection.execute(sa.select(outbox.c.id, outbox.c.target).where(*mine)).all():
        connection.execute(outbox.update().where(outbox.c.id == row.id).values(key=key_of(row.target, sha256)))


def _tell(connection: sa.Connection, owed: Owed, findings: Sequence[Finding]) -> None:
    """Put ``findings`` where the one about the missing time-stamp stood."""
    mine = (finding.c.document_id == owed.document_id, finding.c.revision == owed.revision, finding.c.stage == "sign")
    connection.execute(finding.delete().where(*mine, finding.c.code.in_(PENDING)))
    for item in findings:
        connection.execute(
            finding.insert().values(
                document_id=owed.document_id,
                revision=owed.revision,
                stage="sign",
                attempt=owed.signed_attempt,
                code=item.code,
                severity=item.severity.word,
                data=item.as_json(),
            )
        )
