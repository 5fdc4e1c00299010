"""Balance: every capture that ever appeared is in exactly one place, and every stored original still has its hash."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from intake.folder import ORIGINAL, document_root
from intake.model import sha256_of
from intake.states import State
from intake.store.engine import Store
from intake.store.schema import arrival, audit, document

DONE = {State.DELIVERED, State.FORWARDED, State.RECALLED}


@dataclass(frozen=True, slots=True)
class Balance:
    """in = delivered + pending + held + rejected + refused + duplicates (+ vanished before they were whole)."""

    arrived: int
    delivered: int
    pending: int
    held: int
    rejected: int
    refused: int
    duplicates: int
    vanished: int
    faults: tuple[str, ...] = field(default=())

    @property
    def accounted(self) -> int:
        return (
            self.delivered + self.pending + self.held + self.rejected + self.refused + self.duplicates + self.vanished
        )

    @property
    def balances(self) -> bool:
        return self.arrived == self.accounted and not self.faults

    def as_json(self) -> dict[str, Any]:
        return {
            "arrived": self.arrived,
            "delivered": self.delivered,
            "pending": self.pending,
            "held": self.held,
            "rejected": self.rejected,
            "refused": self.refused,
            "duplicates": self.duplicates,
            "vanished": self.vanished,
            "faults": list(self.faults),
            "balances": self.balances,
        }

    def text(self) -> str:
        sign = "=" if self.arrived == self.accounted else "≠"
        line = (
            f"vào / in {self.arrived} {sign} đã chuyển / delivered {self.delivered} + đang xử lý / pending {self.pending} "
            f"+ giữ / held {self.held} + từ chối / rejected {self.rejected} + mật, không nhận / refused {self.refused} "
            f"+ trùng / duplicates {self.duplicates} + biến mất trước khi ghi xong / vanished {self.vanished}"
        )
        return "\n".join([line, *self.faults, "CÂN / BALANCES" if self.balances else "LỆCH / DOES NOT BALANCE"])


def balance(store: Store, documents: Path) -> Balance:
    """Count from the ledger's side and from the documents' side, and re-hash every original still kept."""
    with store.read() as connection:
        ledger = {
            str(state): int(number)
            for state, number in connection.execute(
                sa.select(arrival.c.state, sa.func.count()).group_by(arrival.c.state)
            )
        }
        rows = connection.execute(
            sa.select(document.c.id, document.c.state, document.c.revision, arrival.c.files, arrival.c.released_at)
            .select_from(document)
            .outerjoin(arrival, sa.and_(arrival.c.document_id == document.c.id, arrival.c.state == "admitted"))
        ).all()
        amended = [
            (row.document_id, json.loads(row.data))
            for row in connection.execute(
                sa.select(audit.c.document_id, audit.c.data).where(audit.c.action == "amended").order_by(audit.c.seq)
            )
        ]
    states = [State(row.state) for row in rows]
    faults: list[str] = []
    if ledger.get("admitted", 0) != len(rows):
        faults.append(
            f"{ledger.get('admitted', 0)} lượt nhận nhưng {len(rows)} hồ sơ / "
            f"{ledger.get('admitted', 0)} admissions but {len(rows)} documents"
        )
    for row in rows:
        if row.released_at is not None:
            continue  # let go after the profile's time; the signed copy was proven whole then
        faults += _originals(document_root(documents, row.id), row.id, row.files)
    for document_id, told in amended:
        revision = int(told["revision"])
        faults += _originals(
            document_root(documents, document_id, revision), f"{document_id}.r{revision}", told["files"]
        )
    ended = {State.HELD: 0, State.REJECTED: 0, State.REFUSED: 0}
    for state in states:
        if state in ended:
            ended[state] += 1
    done = sum(state in DONE for state in states)
    return Balance(
        arrived=sum(ledger.values()),
        delivered=done,
        pending=ledger.get("pending", 0) + len(states) - done - sum(ended.values()),
        held=ended[State.HELD],
        rejected=ended[State.REJECTED],
        refused=ended[State.REFUSED] + ledger.get("refused", 0),
        duplicates=ledger.get("duplicate", 0),
        vanished=ledger.get("vanished", 0),
        faults=tuple(faults),
    )


def _originals(root: Path, document_id: str, files: list[dict[str, Any]] | None) -> list[str]:
    if files is None:
        return [f"{document_id}: không có dòng nhận / no ledger row"]
    stored = sorted((root / ORIGINAL).iterdir()) if (root / ORIGINAL).is_dir() else []
    if len(stored) != len(files):
        return [
            f"{document_id}: {len(stored)} bản gốc, cần {len(files)} / {len(stored)} originals, {len(files)} expected"
        ]
    return [
        f"{document_id}: bản gốc {path.name} đã đổi / original {path.name} was changed"
        for path, file in zip(stored, files, strict=True)
        if sha256_of(path) != file["sha256"]
    ]
