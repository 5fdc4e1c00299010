"""Fail: the kind of error decides — trouble is tried again, a bad document or a bug is held with what happened."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import sqlalchemy as sa

from intake.errors import DependencyMissing, DocumentError, EnvironmentTrouble, OperatorError, StageCrashed
from intake.model import Actor, Finding, Severity
from intake.states import State
from intake.store import audit
from intake.store.claim import Claim
from intake.store.engine import Store
from intake.store.finish import note_finding
from intake.store.schema import attempt, document, job, outbox

TROUBLES_MAX = {"push": 30, "forward": 30}
"""How often a stage is tried again after trouble before a person must look (others: 8)."""
TROUBLES_OTHERS = 8
CRASHES_MAX = 1
"""A document that kills its stage twice is held: it is the document, not the weather."""
BACKOFF_FIRST = timedelta(seconds=2)
BACKOFF_LONGEST = timedelta(minutes=15)


def backoff(troubles: int, seed: str) -> timedelta:
    """Exponential with ±25 % jitter; the jitter comes from ``seed`` so that a run can be replayed."""
    base = min(BACKOFF_FIRST * float(2 ** min(troubles, 20)), BACKOFF_LONGEST)
    spread = hashlib.sha256(f"{seed}/{troubles}".encode()).digest()[0] / 255
    return base * (0.75 + spread / 2)


def fail(store: Store, claimed: Claim, error: BaseException, traceback: str = "", *, actor: Actor) -> str:
    """End a claim that did not finish; returns ``retry``, ``held`` or ``stale``."""
    with store.write() as connection:
        now = store.clock.now()
        row = (
            connection.execute(
                sa.select(job)
                .where(job.c.id == claimed.job_id, job.c.state == "running", job.c.attempt == claimed.attempt)
                .with_for_update()
            )
            .mappings()
            .one_or_none()
        )
        if row is None:
            return "stale"
        if claimed.stage == "push":
            _note_attempt(connection, claimed, error, now)
        trouble = isinstance(error, EnvironmentTrouble)
        most = CRASHES_MAX if isinstance(error, StageCrashed) else TROUBLES_MAX.get(claimed.stage, TROUBLES_OTHERS)
        if trouble and row["troubles"] < most:
            wait = backoff(row["troubles"], f"{claimed.document_id}/{claimed.stage}")
            connection.execute(
                job.update()
                .where(job.c.id == claimed.job_id)
                .values(
                    state="ready",
                    lease_until=None,
                    worker=None,
                    rung_at=None,
                    run_after=now + wait,
                    troubles=row["troubles"] + 1,
                    error=str(error),
                )
            )
            return "retry"
        hold_failed(connection, claimed, error, traceback, now, actor)
        return "held"


def _note_attempt(connection: sa.Connection, claimed: Claim, error: BaseException, now: datetime) -> None:
    owed = connection.execute(
        sa.select(outbox.c.id).where(
            outbox.c.document_id == claimed.document_id,
            outbox.c.revision == claimed.revision,
            outbox.c.state == "waiting",
        )
    ).scalars()
    for outbox_id in owed.all():
        connection.execute(
            attempt.insert().values(outbox_id=outbox_id, at=now, worker=claimed.worker, answer=str(error))
        )


def hold_failed(
    connection: sa.Connection, claimed: Claim, error: BaseException, traceback: str, now: datetime, actor: Actor
) -> None:
    row = (
        connection.execute(sa.select(document).where(document.c.id == claimed.document_id).with_for_update())
        .mappings()
        .one()
    )
    code, vi, en = _say(claimed, error)
    note = Finding(f"{claimed.stage}.{code}", Severity.BLOCK, vi, en)
    note_finding(connection, claimed, note)
    connection.execute(
        job.update()
        .where(job.c.id == claimed.job_id)
        .values(state="failed", lease_until=None, finished_at=now, error=traceback or str(error))
    )
    connection.execute(
        document.update()
        .where(document.c.id == claimed.document_id)
        .values(
            state=State.HELD, version=row["version"] + 1, updated_at=now, held_from=row["state"], held_vi=vi, held_en=en
        )
    )
    audit.append(
        connection,
        now,
        actor,
        f"{claimed.stage}.held",
        claimed.document_id,
        row["version"] + 1,
        {"attempt": claimed.attempt, "from": row["state"], "to": State.HELD, "code": note.code},
    )


def _say(claimed: Claim, error: BaseException) -> tuple[str, str, str]:
    if isinstance(error, DependencyMissing):
        return "dependency_missing", error.vi, error.en
    if isinstance(error, EnvironmentTrouble):
        return (
            "trouble",
            f"{error.vi} Đã thử lại nhiều lần; sửa xong thì bấm «Chạy lại».",
            f"{error.en} It was tried many times; when mended, press «Run again».",
        )
    if isinstance(error, DocumentError):
        return "document_error", error.vi, error.en
    if isinstance(error, OperatorError):
        return (
            "settings",
            f"{error.vi} Sửa cấu hình xong thì bấm «Chạy lại».",
            f"{error.en} When the settings are mended, press «Run again».",
        )
    return (
        "bug",
        f"Bước {claimed.stage} của hồ sơ {claimed.document_id} gặp lỗi phần mềm ({type(error).__name__}). "
        "Hồ sơ được giữ lại nguyên vẹn; hãy báo quản trị (chi tiết: sohoa show --trace).",
        f"Stage {claimed.stage} of document {claimed.document_id} met a bug ({type(error).__name__}). "
        "The document is held unharmed; tell the administrator (details: sohoa show --trace).",
    )
