"""Claim: one worker takes one job under a lease; rescue gives back what dead workers held."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from intake import crashpoint
from intake.folder import DocumentFolder, document_root
from intake.store import outbox
from intake.store.engine import Store
from intake.store.schema import document, head, job, published

LANES = ("urgent", "desk", "bulk")


@dataclass(frozen=True, slots=True)
class Claim:
    """A running job and all its stage may know. ``attempt`` fences the finish."""

    job_id: int
    document_id: str
    revision: int
    stage: str
    attempt: int
    worker: str
    lane: str
    profile: str
    station: str
    arrived_at: datetime
    decision: str | None
    folder: DocumentFolder
    booked: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """of ``push``: receipts that came before, by target"""
    not_now: frozenset[str] = frozenset()
    """of ``push``: targets that must not be tried in this attempt (back-off, breaker, pace, dead letter)"""


def claim(
    store: Store,
    worker: str,
    documents_root: str,
    *,
    stages: Collection[str],
    lanes: Sequence[str] = LANES,
    lease: timedelta = timedelta(minutes=5),
    job_id: int | None = None,
    document_id: str | None = None,
) -> Claim | None:
    """The oldest ready job of the first lane that has one, or None. With ``job_id`` only that job (a doorbell)."""
    with store.write() as connection:
        now = store.clock.now()
        shut = outbox.closed(connection, now) if "push" in stages else frozenset()
        for lane in lanes:
            wanted = [job.c.state == "ready", job.c.lane == lane, job.c.stage.in_(stages), job.c.run_after <= now]
            if job_id is not None:
                wanted.append(job.c.id == job_id)
            if document_id is not None:
                wanted.append(job.c.document_id == document_id)
            if shut:
                wanted.append(outbox.sendable(shut, now))
            query = sa.select(job).where(*wanted).order_by(job.c.id).limit(1).with_for_update(skip_locked=True)
            row = connection.execute(query).mappings().one_or_none()
            if row:
                break
        else:
            return None
        attempt = row["attempt"] + 1
        connection.execute(
            job.update()
            .where(job.c.id == row["id"])
            .values(state="running", attempt=attempt, worker=worker, lease_until=now + lease, error=None)
        )
        claimed = claimed_of(connection, row, attempt, worker, documents_root)
        if row["stage"] == "push":
            bound = outbox.bind(connection, row["document_id"], row["revision"], now)
            claimed = replace(claimed, booked=bound.booked, not_now=bound.not_now)
        crashpoint.reached("claim.before_commit", row["stage"])
    crashpoint.reached("claim.committed", row["stage"])
    return claimed


def claimed_of(connection: sa.Connection, row: sa.RowMapping, attempt: int, worker: str, documents_root: str) -> Claim:
    """The claim a job row stands for."""
    taken = connection.execute(sa.select(document).where(document.c.id == row["document_id"])).mappings().one()
    return Claim(
        job_id=row["id"],
        document_id=row["document_id"],
        revision=row["revision"],
        stage=row["stage"],
        attempt=attempt,
        worker=worker,
        lane=row["lane"],
        profile=taken["profile"],
        station=taken["station"],
        arrived_at=taken["arrived_at"],
        decision=taken["decision"],
        folder=_folder(connection, documents_root, taken),
    )


def _folder(connection: sa.Connection, documents_root: str, row: sa.RowMapping) -> DocumentFolder:
    from_table = connection.execute(
        sa.select(published.c.stage, published.c.attempt, published.c.facts).where(
            published.c.document_id == row["id"], published.c.revision == row["revision"]
        )
    ).all()
    return DocumentFolder(
        document_id=row["id"],
        root=document_root(documents_root, row["id"], row["revision"]),
        published={stage: attempt for stage, attempt, _ in from_table},
        confirmed=row["confirmed"],
        facts={stage: facts for stage, _, facts in from_table},
    )


def folder_of(store: Store, documents_root: str, document_id: str) -> DocumentFolder:
    """The folder of a document as screens and exports see it."""
    with store.read() as connection:
        row = connection.execute(sa.select(document).where(document.c.id == document_id)).mappings().one()
        return _folder(connection, documents_root, row)


def extend(store: Store, claimed: Claim, lease: timedelta) -> bool:
    """Keep the lease while the stage still works; False when it was already given away."""
    with store.write() as connection:
        changed = connection.execute(
            job.update()
            .where(job.c.id == claimed.job_id, job.c.state == "running", job.c.attempt == claimed.attempt)
            .values(lease_until=store.clock.now() + lease)
        )
        return changed.rowcount == 1


def hand_back(store: Store, claimed: Claim) -> None:
    """A clean stop: give the job to the next worker at once, without counting it as trouble."""
    with store.write() as connection:
        connection.execute(
            job.update()
            .where(job.c.id == claimed.job_id, job.c.state == "running", job.c.attempt == claimed.attempt)
            .values(state="ready", lease_until=None, worker=None, run_after=store.clock.now())
        )


def stop_jobs(connection: sa.Connection, document_id: str, revision: int, now: datetime, why: str) -> None:
    """In the commit that ends a revision: nothing of it is begun any more, and what runs finds its claim gone.

    A running job left alone would be rescued when its worker gives up, and could bring the document back.
    """
    connection.execute(
        job.update()
        .where(job.c.document_id == document_id, job.c.revision == revision, job.c.state.in_(["ready", "running"]))
        .values(state="failed", lease_until=None, finished_at=now, error=why)
    )
    drop_head(connection, document_id)


def drop_head(connection: sa.Connection, document_id: str) -> None:
    """In the commit that ends the reading, well or not: what was shown of it early is shown no more."""
    connection.execute(head.delete().where(head.c.document_id == document_id))


def forget_bells(store: Store) -> None:
    """The carrier of the bells lost its memory: every ready job counts as never rung."""
    with store.write() as connection:
        connection.execute(job.update().where(job.c.state == "ready", job.c.rung_at.is_not(None)).values(rung_at=None))


def to_ring(store: Store, stages: Collection[str], again_after: timedelta, limit: int = 500) -> list[tuple[int, str]]:
    """Ready jobs whose doorbell was never rung, or so long ago that it may be lost: (job id, lane), urgent ones first.

    Lane by lane, because the index of ready jobs begins with it; asked for all at once, a database walks the whole
    table in the order of its ids.
    """
    with store.write() as connection:
        now = store.clock.now()
        due: list[tuple[int, str]] = []
        for lane in LANES:
            query = (
                sa.select(job.c.id)
                .where(
                    job.c.state == "ready",
                    job.c.lane == lane,
                    job.c.stage.in_(stages),
                    job.c.run_after <= now,
                    sa.or_(job.c.rung_at.is_(None), job.c.rung_at < now - again_after),
                )
                .order_by(job.c.id)
                .limit(limit - len(due))
                .with_for_update(skip_locked=True)
            )
            due += [(found, lane) for found in connection.scalars(query)]
        if due:
            connection.execute(job.update().where(job.c.id.in_([found for found, _ in due])).values(rung_at=now))
        return due
