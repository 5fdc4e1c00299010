"""Amend: corrections of pages become a new revision that goes the whole way again; the old revision stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from intake.errors import OperatorError
from intake.model import Actor
from intake.states import DUE, State
from intake.store import audit
from intake.store.admit import Delivered
from intake.store.decide import Decided, _commit, _deciding
from intake.store.engine import Store
from intake.store.schema import document, job, rescan

OPEN_STATES = {State.ASSEMBLED, State.HELD}
"""where pages can still be put right: nothing is signed, nothing secret"""


@dataclass(frozen=True, slots=True)
class Rescan:
    """One page asked to be scanned again."""

    id: int
    document_id: str
    revision: int
    page: int
    station: str
    reason: str
    asked_by: str
    asked_at: datetime
    name: str
    version: int


def ask_rescan(store: Store, document_id: str, seen_version: int, actor: Actor, page: int, reason: str) -> Decided:
    """One page goes back to its station; the document is held, whole, until the new page is there."""
    with _deciding(store, document_id, seen_version, actor, "hold", {State.ASSEMBLED}) as (connection, row, now):
        if not 1 <= page <= (row["pages"] or 0):
            raise OperatorError(
                f"Hồ sơ {document_id} có {row['pages'] or 0} trang; không có trang {page}.",
                f"Document {document_id} has {row['pages'] or 0} pages; there is no page {page}.",
            )
        connection.execute(
            rescan.insert().values(
                document_id=document_id,
                revision=row["revision"],
                page=page,
                station=row["station"],
                reason=reason,
                asked_by=actor.name,
                asked_at=now,
                state="open",
            )
        )
        values = {
            "held_from": row["state"],
            "held_vi": f"Chờ trạm {row['station']} quét lại trang {page}.",
            "held_en": f"Station {row['station']} is to scan page {page} again.",
        }
        return _commit(connection, row, now, actor, "rescan", State.HELD, values, {"page": page, "text": reason})


def open_rescans(store: Store, station: str | None = None) -> list[Rescan]:
    """What the stations still have to scan again, oldest first."""
    query = (
        sa.select(rescan, document.c.name, document.c.version)
        .join(document, document.c.id == rescan.c.document_id)
        .where(rescan.c.state == "open", document.c.revision == rescan.c.revision, document.c.state == State.HELD)
        .order_by(rescan.c.id)
    )
    if station:
        query = query.where(rescan.c.station == station)
    with store.read() as connection:
        return [
            Rescan(**{name: row[name] for name in Rescan.__slots__}) for row in connection.execute(query).mappings()
        ]


def drop_rescans(store: Store, document_id: str) -> None:
    """Nobody needs the page any more (a senior let the document go on, or it was sent back)."""
    with store.write() as connection:
        connection.execute(
            rescan.update()
            .where(rescan.c.document_id == document_id, rescan.c.state == "open")
            .values(state="dropped", done_at=store.clock.now())
        )


def amend(
    store: Store,
    document_id: str,
    seen_version: int,
    actor: Actor,
    files: Sequence[Delivered],
    data: Mapping[str, Any],
    take_over: Callable[[], None],
    *,
    rescan_id: int | None = None,
) -> Decided:
    """Revision n + 1 enters at ``received``. The caller has written and synced its originals beside the document;
    ``take_over`` renames them into place once this transaction has fenced the version, so that of two people
    correcting at once only one's pages become the revision.

    Runs as the role that may decide on the document; with ``rescan_id`` an operator's new page answers that request.
    """
    deciding = Actor(actor.name, "clerk") if rescan_id is not None else actor
    with _deciding(store, document_id, seen_version, deciding, "hold", OPEN_STATES) as (connection, row, now):
        if rescan_id is not None:
            changed = connection.execute(
                rescan.update()
                .where(rescan.c.id == rescan_id, rescan.c.document_id == document_id, rescan.c.state == "open")
                .values(state="done", done_by=actor.name, done_at=now)
            )
            if changed.rowcount != 1:
                raise OperatorError(
                    "Yêu cầu quét lại này đã xong hoặc đã hủy.", "This rescan request is done or was dropped."
                )
        revision = row["revision"] + 1
        connection.execute(
            job.update()
            .where(job.c.document_id == document_id, job.c.revision == row["revision"], job.c.state == "ready")
            .values(state="failed", finished_at=now, error="amended")
        )
        connection.execute(
            document.update()
            .where(document.c.id == document_id)
            .values(
                revision=revision,
                state=State.RECEIVED,
                version=row["version"] + 1,
                updated_at=now,
                held_from=None,
                held_vi=None,
                held_en=None,
                claimed_by=None,
                claimed_until=None,
                pages=None,
                decision=None,
                confirmed={},
            )
        )
        connection.execute(
            job.insert().values(
                document_id=document_id,
                revision=revision,
                stage=DUE[State.RECEIVED],
                state="ready",
                lane=row["lane"],
                attempt=0,
                troubles=0,
                run_after=now,
                created_at=now,
            )
        )
        audit.append(
            connection,
            now,
            actor,
            "amended",
            document_id,
            row["version"] + 1,
            {
                "from": row["state"],
                "to": State.RECEIVED,
                "revision": revision,
                "files": [file.as_json() for file in files],
                **data,
            },
        )
        take_over()
        return Decided(document_id, State.RECEIVED, row["version"] + 1)
