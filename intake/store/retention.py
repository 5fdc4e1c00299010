"""Retention: originals of a delivered copy are let go after the profile's time, when the signed copy is proven whole."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from intake.folder import ORIGINAL, attempt_folder, document_root
from intake.model import Actor, sha256_of
from intake.states import State
from intake.store import audit
from intake.store.engine import Store
from intake.store.schema import arrival, document, outbox, published

log = structlog.get_logger()

SWEEP = Actor("sweep")
ENDED = (State.FORWARDED, State.RECALLED)
BATCH = 200
REMOVED_LATE = timedelta(days=7)
"""A release committed so lately is looked at again: the process may have died between commit and removal."""


def release(store: Store, documents: Path, profile: str, kept: timedelta) -> int:
    """Let go of the originals of documents that ended longer than ``kept`` ago; returns how many documents.

    Only where every delivery has its receipt and the signed copy on disk still has the hash it was published with
    (it holds the scan's own bytes, docs/pdf.md); the ledger keeps names, hashes and the time of release. It may run
    twice: what was committed and not removed is removed the next time.
    """
    released = 0
    for row in _due(store, profile, kept):
        root = document_root(documents, row["id"], row["revision"])
        if not _whole(store, row, root):
            log.warning("originals kept: the signed copy is not whole", document=row["id"])
            continue
        with store.write() as connection:
            now = store.clock.now()
            connection.execute(
                arrival.update()
                .where(arrival.c.document_id == row["id"], arrival.c.state == "admitted")
                .values(released_at=now)
            )
            audit.append(connection, now, SWEEP, "originals_released", row["id"], data={"kept_days": kept.days})
        released += 1
    _remove_released(store, documents)
    return released


def _due(store: Store, profile: str, kept: timedelta) -> list[dict[str, Any]]:
    with store.read() as connection:
        undelivered = sa.exists().where(
            outbox.c.document_id == document.c.id, outbox.c.state.not_in(["delivered", "dropped"])
        )
        rows = connection.execute(
            sa.select(document.c.id, document.c.revision)
            .join(arrival, sa.and_(arrival.c.document_id == document.c.id, arrival.c.state == "admitted"))
            .where(
                document.c.state.in_(ENDED),
                document.c.profile == profile,
                document.c.updated_at < store.clock.now() - kept,
                arrival.c.released_at.is_(None),
                ~undelivered,
            )
            .order_by(document.c.id)
            .limit(BATCH)
        )
        return [dict(row) for row in rows.mappings()]


def _whole(store: Store, row: dict[str, Any], root: Path) -> bool:
    with store.read() as connection:
        signed = connection.execute(
            sa.select(published.c.attempt, published.c.artefacts).where(
                published.c.document_id == row["id"],
                published.c.revision == row["revision"],
                published.c.stage == "sign",
            )
        ).one_or_none()
    if signed is None or not signed.artefacts:
        return False
    folder = attempt_folder(root, "sign", signed.attempt)
    return all(
        (folder / item["name"]).is_file() and sha256_of(folder / item["name"]) == item["sha256"]
        for item in signed.artefacts
    )


def _remove_released(store: Store, documents: Path) -> None:
    with store.read() as connection:
        rows = connection.execute(
            sa.select(document.c.id, document.c.revision)
            .join(arrival, arrival.c.document_id == document.c.id)
            .where(arrival.c.released_at >= store.clock.now() - REMOVED_LATE)
        ).all()
    for row in rows:
        for revision in range(1, row.revision + 1):
            shutil.rmtree(document_root(documents, row.id, revision) / ORIGINAL, ignore_errors=True)
