"""Amend: corrections of pages become a new revision that goes the whole way again; the old revision stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from intake.errors import OperatorError
from intake.model import Actor
from intake.states import State
from intake.store import audit
from intake.store.admit import Delivered, content_key
from intake.store.claim import stop_jobs
from intake.store.decision import Decided, commit, deciding, fenced
from intake.store.engine import Store
from intake.store.finish import owe
from intake.store.schema import arrival, document, rescan

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


@dataclass(frozen=True, slots=True)
class Offshoot:
    """Pages that leave a document to become one of their own: its id, its name and its originals."""

    document_id: str
    name: str
    files: Sequence[Delivered]


def ask_rescan(store: Store, document_id: str, seen_version: int, actor: Actor, page: int, reason: str) -> Decided:
    """One page goes back to its station; the document is held, whole, until the new page is there."""
    with deciding(store, document_id, seen_version, actor, "hold", {State.ASSEMBLED}) as (connection, row, now):
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
        return commit(connection, row, now, actor, "rescan", State.HELD, values, {"page": page, "text": reason})


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
    offshoots: Sequence[Offshoot] = (),
    absorbed: tuple[str, int] | None = None,
) -> Decided:
    """Revision n + 1 enters at ``received``. The caller has written and synced its originals beside the document;
    ``take_over`` renames them into place once this transaction has fenced the version, so that of two people
    correcting at once only one's pages become the revision.

    Runs as the role that may decide on the document; with ``rescan_id`` an operator's new page answers that request.
    ``offshoots`` become documents of their own in the same commit, each with its row in the ledger. ``absorbed`` (id,
    seen version) is a document whose pages ``files`` end with: it ends as rejected, its originals stay where they are.
    """
    deciding_as = Actor(actor.name, "clerk") if rescan_id is not None else actor
    with deciding(store, document_id, seen_version, deciding_as, "hold", OPEN_STATES) as (connection, row, now):
        if rescan_id is not None:
            _answered(connection, rescan_id, document_id, actor, now)
        stop_jobs(connection, row["id"], row["revision"], now, "amended")
        if absorbed is not None:
            other = fenced(connection, *absorbed, actor, OPEN_STATES, now)
            _absorb(connection, other, row, actor, now, data)
            data = {**data, "absorbed": absorbed[0]}
        version, revision = row["version"] + 1, row["revision"] + 1
        connection.execute(
            document.update()
            .where(document.c.id == document_id)
            .values(
                revision=revision,
                state=State.RECEIVED,
                version=version,
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
        owe(connection, document_id, revision, State.RECEIVED, row["lane"], now)
        for offshoot in offshoots:
            _plant(connection, offshoot, row, actor, now, data)
        told = {"from": row["state"], "to": State.RECEIVED, "revision": revision, **_listed(files), **data}
        if offshoots:
            told["offshoots"] = [each.document_id for each in offshoots]
        audit.append(connection, now, actor, "amended", document_id, version, told)
        take_over()
        return Decided(document_id, State.RECEIVED, version)


def _answered(connection: sa.Connection, rescan_id: int, document_id: str, actor: Actor, now: datetime) -> None:
    changed = connection.execute(
        rescan.update()
        .where(rescan.c.id == rescan_id, rescan.c.document_id == document_id, rescan.c.state == "open")
        .values(state="done", done_by=actor.name, done_at=now)
    )
    if changed.rowcount != 1:
        raise OperatorError("Yêu cầu quét lại này đã xong hoặc đã hủy.", "This rescan request is done or was dropped.")


def _absorb(
    connection: sa.Connection,
    other: sa.RowMapping,
    into: sa.RowMapping,
    actor: Actor,
    now: datetime,
    data: Mapping[str, Any],
) -> None:
    if other["id"] == into["id"]:
        raise OperatorError("Không gộp văn bản với chính nó.", "A document cannot be joined with itself.")
    stop_jobs(connection, other["id"], other["revision"], now, "amended")
    connection.execute(
        rescan.update()
        .where(rescan.c.document_id == other["id"], rescan.c.state == "open")
        .values(state="dropped", done_at=now)
    )
    values = {
        "held_from": None,
        "held_vi": f"Các trang đã gộp vào hồ sơ {into['id']}.",
        "held_en": f"Its pages were joined to document {into['id']}.",
    }
    commit(connection, other, now, actor, "joined", State.REJECTED, values, {"into": into["id"], **data})


def _plant(
    connection: sa.Connection,
    offshoot: Offshoot,
    parent: sa.RowMapping,
    actor: Actor,
    now: datetime,
    data: Mapping[str, Any],
) -> None:
    """A document of its own: what came by the same way at the same time, with a row of its own in the ledger."""
    key = content_key(offshoot.files)
    known = connection.execute(sa.select(document.c.id).where(document.c.content_key == key)).scalar_one_or_none()
    if known is not None:
        raise OperatorError(
            f"Đúng các trang này đã là hồ sơ {known}; hãy bỏ chúng khỏi văn bản thay vì tách ra.",
            f"Exactly these pages are document {known} already; leave them out instead of splitting them off.",
        )
    kept = ("station", "profile", "profile_digest", "lane", "arrived_at", "due_at")
    connection.execute(
        document.insert().values(
            id=offshoot.document_id,
            revision=1,
            name=offshoot.name,
            content_key=key,
            state=State.RECEIVED,
            version=1,
            updated_at=now,
            fields={},
            confirmed={},
            priority=0,
            search=offshoot.name.casefold(),
            **{name: parent[name] for name in kept},
        )
    )
    owe(connection, offshoot.document_id, 1, State.RECEIVED, parent["lane"], now)
    connection.execute(
        arrival.insert().values(
            station=parent["station"],
            name=offshoot.name,
            state="admitted",
            seen_at=now,
            decided_at=now,
            cleared_at=now,
            bytes=sum(file.bytes for file in offshoot.files),
            content_key=key,
            files=_listed(offshoot.files)["files"],
            document_id=offshoot.document_id,
            reason_vi=f"Tách từ hồ sơ {parent['id']}.",
            reason_en=f"Split off document {parent['id']}.",
        )
    )
    told = {"from": parent["id"], "profile": parent["profile"], **_listed(offshoot.files), **data}
    audit.append(connection, now, actor, "split_off", offshoot.document_id, 1, told)


def _listed(files: Sequence[Delivered]) -> dict[str, Any]:
    return {"files": [file.as_json() for file in files]}
