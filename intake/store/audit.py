"""The audit chain: each row carries the hash of the one before, written in the commit it tells of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from intake.model import Actor
from intake.store.engine import Store
from intake.store.schema import audit, audit_head

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class ChainReport:
    """``rows`` checked; ``broken_at`` is the first sequence number that does not fit, with the reason."""

    rows: int
    head: str
    broken_at: int | None = None
    vi: str = ""
    en: str = ""

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def append(
    connection: sa.Connection,
    at: datetime,
    actor: Actor,
    action: str,
    document_id: str | None = None,
    version: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add one row in the caller's transaction. ``data`` is small JSON without document text."""
    head = connection.execute(sa.select(audit_head.c.seq, audit_head.c.hash).with_for_update()).one_or_none()
    if head is None:
        connection.execute(audit_head.insert().values(id=1, seq=0, hash=GENESIS))
        seq, previous = 0, GENESIS
    else:
        seq, previous = head
    seq += 1
    canonical = json.dumps(dict(data or {}), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    row = {
        "seq": seq,
        "at": at,
        "actor": f"{actor.name} ({actor.role})",
        "action": action,
        "document_id": document_id,
        "version": version,
        "data": canonical,
        "previous": previous,
    }
    digest = _hash(row)
    connection.execute(audit.insert().values(**row, hash=digest))
    connection.execute(audit_head.update().values(seq=seq, hash=digest))


def verify(store: Store) -> ChainReport:
    """Recompute the whole chain; the head row pins its length, so a cut tail shows too."""
    previous, expected = GENESIS, 1
    with store.read() as connection:
        head = connection.execute(sa.select(audit_head.c.seq, audit_head.c.hash)).one_or_none()
        rows = connection.execution_options(yield_per=1000).execute(sa.select(audit).order_by(audit.c.seq))
        for row in rows.mappings():
            if row["seq"] != expected:
                return _broken(expected, previous, f"thiếu dòng {expected}", f"row {expected} is missing")
            if row["previous"] != previous or row["hash"] != _hash(dict(row)):
                return _broken(expected, previous, f"dòng {expected} bị sửa", f"row {expected} was changed")
            previous, expected = row["hash"], expected + 1
    length = expected - 1
    if (head.seq, head.hash) != (length, previous) if head else length:
        return _broken(expected, previous, "phần cuối bị cắt", "the tail was cut off")
    return ChainReport(length, previous)


def _broken(seq: int, head: str, vi: str, en: str) -> ChainReport:
    return ChainReport(
        seq - 1,
        head,
        seq,
        f"Chuỗi nhật ký đứt tại dòng {seq}: {vi}. Hãy báo quản trị và khôi phục từ bản sao lưu.",
        f"The audit chain breaks at row {seq}: {en}. Tell the administrator and restore from the backup.",
    )


def _hash(row: Mapping[str, Any]) -> str:
    at: datetime = row["at"]
    parts = [
        str(row["seq"]),
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        row["actor"],
        row["action"],
        row["document_id"] or "",
        "" if row["version"] is None else str(row["version"]),
        row["data"],
        row["previous"],
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
