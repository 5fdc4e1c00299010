"""Rescue: give back what dead workers held; a document that keeps killing its workers is held."""

from __future__ import annotations

import sqlalchemy as sa

from intake.errors import StageCrashed
from intake.model import Actor
from intake.store.claim import Claim, claimed_of
from intake.store.engine import Store
from intake.store.fail import hold_failed
from intake.store.schema import job

RESCUES_MAX = 3
"""A job whose worker died this often without a word is the document's fault."""

SWEEP = Actor("sweep")


def rescue(store: Store, documents_root: str) -> int:
    """Make ready again every job past its lease; the attempt number keeps the dead from committing."""
    with store.write() as connection:
        now = store.clock.now()
        rows = (
            connection.execute(
                sa.select(job)
                .where(job.c.state == "running", job.c.lease_until < now)
                .with_for_update(skip_locked=True)
            )
            .mappings()
            .all()
        )
        for row in rows:
            if row["troubles"] >= RESCUES_MAX:
                dead: Claim = claimed_of(connection, row, row["attempt"], row["worker"], documents_root)
                hold_failed(connection, dead, _gone(dead), "", now, SWEEP)
                continue
            connection.execute(
                job.update()
                .where(job.c.id == row["id"])
                .values(
                    state="ready",
                    lease_until=None,
                    worker=None,
                    rung_at=None,
                    troubles=row["troubles"] + 1,
                    run_after=now,
                )
            )
        return len(rows)


def _gone(dead: Claim) -> StageCrashed:
    return StageCrashed(
        f"Máy xử lý bước {dead.stage} của hồ sơ {dead.document_id} đã chết {RESCUES_MAX + 1} lần.",
        f"The worker on stage {dead.stage} of document {dead.document_id} died {RESCUES_MAX + 1} times.",
    )
