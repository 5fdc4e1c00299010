"""Admit: a complete capture becomes a document, once; or it is recognised as one that is already here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from intake import crashpoint
from intake.model import Actor
from intake.states import DUE, State
from intake.store import audit
from intake.store.claim import stop_jobs
from intake.store.engine import Store
from intake.store.schema import arrival, document, job, station_rhythm


@dataclass(frozen=True, slots=True)
class Delivered:
    """One file of a capture as it lay in the scan folder: ``name`` relative to the capture, page order by name."""

    name: str
    sha256: str
    bytes: int
    mtime_ns: int = 0

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "sha256": self.sha256, "bytes": self.bytes, "mtime_ns": self.mtime_ns}


@dataclass(frozen=True, slots=True)
class Admission:
    """``outcome``: ``admitted`` (new document) or ``duplicate`` of ``document_id``, byte for byte."""

    outcome: Literal["admitted", "duplicate"]
    document_id: str
    arrival_id: int


def content_key(files: Sequence[Delivered]) -> str:
    """The identity of a capture: SHA-256 over its files' hashes in page order."""
    return hashlib.sha256("\n".join(file.sha256 for file in files).encode()).hexdigest()


def notice(store: Store, station: str, name: str) -> int:
    """Ledger row for a capture seen for the first time; the same row while it settles."""
    with store.write() as connection:
        row = connection.execute(
            sa.select(arrival.c.id).where(
                arrival.c.station == station, arrival.c.name == name, arrival.c.state == "pending"
            )
        ).one_or_none()
        if row:
            return int(row.id)
        result = connection.execute(
            arrival.insert().values(station=station, name=name, state="pending", seen_at=store.clock.now())
        )
        return int(result.inserted_primary_key[0])  # type: ignore[index]


def admit(
    store: Store,
    arrival_id: int,
    document_id: str,
    files: Sequence[Delivered],
    *,
    profile: str,
    profile_digest: str,
    lane: str = "desk",
    replaces: str | None = None,
    due_at: datetime | None = None,
) -> Admission:
    """One commit: document, first job, audit row, ledger row. The unique content key decides between two admitters.

    The caller has copied and synced the originals under ``document_id`` before; when the answer is ``duplicate``
    its copy is an orphan to remove.
    """
    key = content_key(files)
    try:
        with store.write() as connection:
            result = _admit(
                connection, store, arrival_id, document_id, files, key, profile, profile_digest, lane, replaces, due_at
            )
            crashpoint.reached("admit.before_commit")
    except IntegrityError:
        # PostgreSQL: another admitter of the same bytes committed first; now it can be seen.
        with store.write() as connection:
            known = _duplicate(connection, store, arrival_id, files, key)
            if known is None:
                raise
            result = known
    crashpoint.reached("admit.committed")
    return result


def _admit(
    connection: sa.Connection,
    store: Store,
    arrival_id: int,
    document_id: str,
    files: Sequence[Delivered],
    key: str,
    profile: str,
    profile_digest: str,
    lane: str,
    replaces: str | None,
    due_at: datetime | None,
) -> Admission:
    known = _duplicate(connection, store, arrival_id, files, key)
    if known:
        return known
    now = store.clock.now()
    row = connection.execute(sa.select(arrival).where(arrival.c.id == arrival_id)).mappings().one()
    connection.execute(
        document.insert().values(
            id=document_id,
            revision=1,
            station=row["station"],
            name=row["name"],
            content_key=key,
            profile=profile,
            profile_digest=profile_digest,
            state=State.RECEIVED,
            version=1,
            lane=lane,
            arrived_at=now,
            updated_at=now,
            due_at=due_at,
            fields={},
            confirmed={},
            priority=0,
            search=row["name"].casefold(),
            replaces=replaces,
        )
    )
    connection.execute(
        job.insert().values(
            document_id=document_id,
            revision=1,
            stage=DUE[State.RECEIVED],
            state="ready",
            lane=lane,
            attempt=0,
            troubles=0,
            run_after=now,
            created_at=now,
        )
    )
    _settle(connection, arrival_id, "admitted", now, files, key, document_id)
    audit.append(
        connection,
        now,
        Actor(f"station:{row['station']}", "station"),
        "admitted",
        document_id,
        1,
        {"name": row["name"], "files": [file.as_json() for file in files], "profile": profile},
    )
    return Admission("admitted", document_id, arrival_id)


def _duplicate(
    connection: sa.Connection, store: Store, arrival_id: int, files: Sequence[Delivered], key: str
) -> Admission | None:
    known = connection.execute(sa.select(document.c.id).where(document.c.content_key == key)).scalar_one_or_none()
    if known is None:
        return None
    now = store.clock.now()
    _settle(connection, arrival_id, "duplicate", now, files, key, known)
    row = connection.execute(sa.select(arrival.c.station, arrival.c.name).where(arrival.c.id == arrival_id)).one()
    audit.append(
        connection,
        now,
        Actor(f"station:{row.station}", "station"),
        "duplicate",
        known,
        None,
        {"name": row.name, "files": [file.as_json() for file in files]},
    )
    return Admission("duplicate", known, arrival_id)


def _settle(
    connection: sa.Connection,
    arrival_id: int,
    state: str,
    now: datetime,
    files: Sequence[Delivered],
    key: str,
    document_id: str,
) -> None:
    changed = connection.execute(
        arrival.update()
        .where(arrival.c.id == arrival_id, arrival.c.state == "pending")
        .values(
            state=state,
            decided_at=now,
            bytes=sum(file.bytes for file in files),
            content_key=key,
            files=[file.as_json() for file in files],
            document_id=document_id,
        )
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"arrival {arrival_id} was settled twice")


def dismiss(store: Store, arrival_id: int, state: Literal["refused", "vanished"], vi: str, en: str) -> None:
    """End a pending ledger row that will not become a document: not a regular file, or gone before it was whole."""
    with store.write() as connection:
        now = store.clock.now()
        row = connection.execute(sa.select(arrival).where(arrival.c.id == arrival_id)).mappings().one()
        if row["state"] != "pending":
            return
        connection.execute(
            arrival.update()
            .where(arrival.c.id == arrival_id)
            .values(state=state, decided_at=now, reason_vi=vi, reason_en=en, cleared_at=now)
        )
        audit.append(
            connection,
            now,
            Actor(f"station:{row['station']}", "station"),
            state,
            None,
            None,
            {"name": row["name"], "reason": en},
        )


def uncleared(store: Store, station: str) -> list[dict[str, Any]]:
    """Captures that are safe in the store but whose source may still lie in the scan folder."""
    with store.read() as connection:
        rows = connection.execute(
            sa.select(arrival).where(
                arrival.c.station == station, arrival.c.cleared_at.is_(None), arrival.c.state != "pending"
            )
        )
        return [dict(row) for row in rows.mappings()]


def cleared(store: Store, arrival_id: int) -> None:
    """The source is gone from the scan folder (runs twice without harm)."""
    with store.write() as connection:
        connection.execute(
            arrival.update()
            .where(arrival.c.id == arrival_id, arrival.c.cleared_at.is_(None))
            .values(cleared_at=store.clock.now())
        )


def superseded(store: Store, arrival_id: int) -> None:
    """The source changed after it was taken: the document made of the old bytes ends as rejected, with the reason.

    Nothing is mixed: the new bytes become a document of their own. A document already approved by a person is
    left alone (she saw what she approved) and only the audit says so.
    """
    with store.write() as connection:
        now = store.clock.now()
        row = connection.execute(sa.select(arrival).where(arrival.c.id == arrival_id)).mappings().one()
        if row["state"] != "admitted":
            return
        found = (
            connection.execute(sa.select(document).where(document.c.id == row["document_id"]).with_for_update())
            .mappings()
            .one()
        )
        early = State(found["state"]) in {
            State.RECEIVED,
            State.CHECKED,
            State.RECOGNISED,
            State.ASSEMBLED,
            State.HELD,
        }
        version = found["version"] + (1 if early else 0)
        if early:
            stop_jobs(connection, found["id"], found["revision"], now, "superseded")
            connection.execute(
                document.update()
                .where(document.c.id == found["id"])
                .values(
                    state=State.REJECTED,
                    version=version,
                    updated_at=now,
                    held_from=found["state"],
                    held_vi=f"Tệp «{row['name']}» còn thay đổi sau khi được lấy; bản mới hơn được xử lý thay thế.",
                    held_en=f"File «{row['name']}» still changed after it was taken; its newer version replaces it.",
                )
            )
        audit.append(
            connection,
            now,
            Actor(f"station:{row['station']}", "station"),
            "superseded",
            found["id"],
            version,
            {"name": row["name"], "from": found["state"], "to": State.REJECTED if early else found["state"]},
        )


def trouble(store: Store, arrival_id: int, vi: str, en: str) -> None:
    """Why a pending capture cannot be taken just now, for `sohoa status` and the desk."""
    with store.write() as connection:
        connection.execute(
            arrival.update()
            .where(arrival.c.id == arrival_id, arrival.c.state == "pending")
            .values(reason_vi=vi, reason_en=en)
        )


def pending(store: Store, station: str) -> dict[str, int]:
    """Captures noticed and not yet decided: name → arrival id."""
    with store.read() as connection:
        rows = connection.execute(
            sa.select(arrival.c.name, arrival.c.id).where(arrival.c.station == station, arrival.c.state == "pending")
        )
        return {str(row.name): int(row.id) for row in rows}


def refused_names(store: Store, station: str) -> set[str]:
    """Names refused before as not regular files: they stay in the folder and are not noticed again."""
    with store.read() as connection:
        rows = connection.execute(
            sa.select(arrival.c.name).where(arrival.c.station == station, arrival.c.state == "refused")
        )
        return set(rows.scalars())


def rhythm(store: Store, station: str) -> float:
    """The longest pause (s) this station's scanner was seen to make inside one capture."""
    with store.read() as connection:
        found = connection.execute(
            sa.select(station_rhythm.c.longest_gap).where(station_rhythm.c.station == station)
        ).scalar_one_or_none()
        return float(found or 0.0)


def learn_rhythm(store: Store, station: str, longest_gap: float) -> None:
    with store.write() as connection:
        changed = connection.execute(
            station_rhythm.update().where(station_rhythm.c.station == station).values(longest_gap=longest_gap)
        )
        if changed.rowcount == 0:
            connection.execute(station_rhythm.insert().values(station=station, longest_gap=longest_gap))
