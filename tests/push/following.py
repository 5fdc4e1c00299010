"""A station with delivered documents and a real document system on the other side, for what happens after the receipt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from intake.model import Assignment, StageResult
from intake.settings import Settings
from intake.states import State
from intake.store import Store
from intake.store.claim import claim
from intake.store.finish import OutboxEntry, finish
from intake.store.reading import whole
from tests.conformance.connector import DUE, key_of, make_package
from tests.document_system.server import DocumentSystem
from tests.push.test_edxml import FULL
from tests.store.paper import FIELDS, WORKER, arrive, confirm, facts
from tests.surroundings.clock import ManualClock
from workers.chain import connectors
from workers.push.edxml_write import save
from workers.push.key import delivery_key
from workers.push.stage import Try
from workers.tools.assignment import assignment_json
from workers.tools.receipt import receipt_json

UNIT = Assignment("Phòng Đất đai", None, (), DUE, "đất đai", "trích yếu có «đất»")


@dataclass
class Followed:
    """Two targets: ``dms`` over HTTP and ``share``, a folder."""

    store: Store
    clock: ManualClock
    system: DocumentSystem
    home: Path
    forward: dict[str, Any] = field(default_factory=dict)
    targets: list[dict[str, Any]] = field(default_factory=list)
    direction: str = "incoming"

    @property
    def settings(self) -> Settings:
        rest = {"url": self.system.url, "report_path": "v1/documents/{id}/report", "wait_seconds": 1, "call_seconds": 1}
        targets = self.targets or [
            {"name": "dms", "connector": "rest", "options": rest},
            {"name": "share", "connector": "folder", "options": {"path": "deliver"}},
        ]
        return Settings(
            home=self.home,
            profile={"incoming": {"push": {"target": targets, "direction": self.direction}, "forward": self.forward}},
        )

    def read(self, name: str = "a", *, priority: int = 0) -> str:
        """A document as far as the desk."""
        document_id = arrive(self.store, f"{name}.jpg", name.encode()).document_id
        for stage in ("check", "ocr", "pdf"):
            due = claim(self.store, "w", "/nowhere", stages={stage}, document_id=document_id)
            assert due is not None
            more = {"fields": {**FIELDS, "Priority": {"value": priority}}} if stage == "ocr" else {}
            finish(self.store, due, StageResult(facts=facts(stage, **more)), (), actor=WORKER)
        return document_id

    def signed(self, name: str = "a", *, priority: int = 0) -> str:
        document_id = self.read(name, priority=priority)
        confirm(self.store, document_id)
        self.sign(document_id)
        return document_id

    def sign(self, document_id: str, copy: str = "1") -> None:
        taken = claim(self.store, "sign:v", "/nowhere", stages={"sign"}, document_id=document_id)
        assert taken is not None
        names = [target.name for target in self.settings.profile_of("incoming").push.target]
        owed = [OutboxEntry(name, delivery_key(name, document_id, 1, key_of(copy))) for name in names]
        finish(self.store, taken, StageResult(facts={"sha256": key_of(copy)}), (), actor=WORKER, owed=owed)

    def delivered(self, name: str = "a", *, priority: int = 0) -> str:
        document_id = self.signed(name, priority=priority)
        self.push(document_id)
        return document_id

    def push(self, document_id: str) -> None:
        """What the push stage does with a real package, and the store with its result."""
        taken = claim(self.store, "w", "/nowhere", stages={"push"}, document_id=document_id)
        assert taken is not None
        links = connectors(self.settings.profile_of("incoming"), self.home)
        tries = []
        for row in whole(self.store, document_id).outbox:
            if row["state"] != "waiting":
                continue
            folder = self.home / "packages" / row["key"][:12]
            connector = links[row["target"]]
            package = make_package(folder, row["key"], number=document_id[-4:])
            save(replace(FULL, document_id=f"H26,2026/11/20,{document_id}"), package.files["edxml"])
            receipt = connector.find(row["key"]) or connector.put_if_absent(row["key"], package)
            tries.append(Try(row["target"], row["key"], "r1", self.clock.now(), 0.1, receipt, None, self.clock.now()))
        told = [each.as_json() for each in tries]
        receipts = {each.target: receipt_json(each.receipt) for each in tries if each.receipt}
        receipts |= {target: dict(receipt) for target, receipt in taken.booked.items()}
        promised = {name: each.delivery for name, each in links.items()}
        told_all = {"receipts": receipts, "tries": told, "delivery": promised}
        finish(self.store, taken, StageResult(facts=told_all), (), actor=WORKER)

    def forwarded(self, name: str = "a", *, priority: int = 0) -> str:
        document_id = self.delivered(name, priority=priority)
        self.forward_on(document_id)
        return document_id

    def forward_on(self, document_id: str) -> None:
        taken = claim(self.store, "w", "/nowhere", stages={"forward"}, document_id=document_id)
        assert taken is not None
        finish(self.store, taken, StageResult(facts={"assignment": assignment_json(UNIT)}), (), actor=WORKER)

    def state(self, document_id: str) -> State:
        return whole(self.store, document_id).state

    def row(self, document_id: str, target: str = "dms") -> dict[str, Any]:
        (row,) = [row for row in whole(self.store, document_id).outbox if row["target"] == target]
        return dict(row)

    def remote(self, document_id: str) -> str:
        return str(self.row(document_id)["receipt"]["remote_id"])
