"""Fail: the kind of error decides — trouble is tried again, a bad document or a bug is held with what happened."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from intake.errors import (
    DeliveryRefused,
    DependencyMissing,
    DocumentError,
    EnvironmentTrouble,
    OperatorError,
    StageCrashed,
    Undelivered,
)
from intake.model import Actor, Finding, Severity
from intake.states import State
from intake.store import audit, outbox
from intake.store.backoff import backoff
from intake.store.claim import Claim, drop_head
from intake.store.engine import Store
from intake.store.finish import note_finding
from intake.store.schema import document, job

TROUBLES_MAX = {"push": 30, "forward": 30}
"""How often a stage is tried again after trouble before a person must look (others: 8)."""
TROUBLES_OTHERS = 8
CRASHES_MAX = 1
"""A document that kills its stage twice is held: it is the document, not the weather."""


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
            connection.execute(sa.select(document.c.id).where(document.c.id == claimed.document_id).with_for_update())
            tries = error.tries if isinstance(error, Undelivered | DeliveryRefused) else None
            if tries is None:
                outbox.note_failure(connection, claimed.document_id, claimed.revision, claimed.worker, str(error), now)
            else:
                outbox.note_tries(connection, claimed.document_id, claimed.revision, claimed.worker, tries, now)
        if isinstance(error, Undelivered):
            waiting, _ = outbox.open_rows(connection, claimed.document_id, claimed.revision)
            if waiting:
                _again(connection, row, min(each or now for each in waiting), row["troubles"], error)
                return "retry"
            hold_failed(connection, claimed, error, traceback, now, actor)
            return "held"
        trouble = isinstance(error, EnvironmentTrouble)
        most = CRASHES_MAX if isinstance(error, StageCrashed) else TROUBLES_MAX.get(claimed.stage, TROUBLES_OTHERS)
        if trouble and row["troubles"] < most:
            wait = backoff(row["troubles"], f"{claimed.document_id}/{claimed.stage}")
            _again(connection, row, now + wait, row["troubles"] + 1, error)
            return "retry"
        hold_failed(connection, claimed, error, traceback, now, actor)
        return "held"


def _again(
    connection: sa.Connection, row: sa.RowMapping, moment: datetime, troubles: int, error: BaseException
) -> None:
    connection.execute(
        job.update()
        .where(job.c.id == row["id"])
        .values(
            state="ready",
            lease_until=None,
            worker=None,
            rung_at=None,
            run_after=moment,
            troubles=troubles,
            error=str(error),
        )
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
    drop_head(connection, claimed.document_id)
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
