"""Short ways to put documents into a store and to work them, as the receiving end and the runner do."""

from __future__ import annotations

import hashlib

from intake.model import Actor, Finding, Severity, StageResult
from intake.states import State
from intake.store import Store
from intake.store.admit import Admission, Delivered, admit, notice
from intake.store.claim import Claim, claim
from intake.store.decide import approve
from intake.store.finish import OutboxEntry, finish
from intake.store.reading import whole

WORKER = Actor("worker:test")
CLERK = Actor("lan", "clerk")
SENIOR = Actor("hoa", "senior")
STAGES = ("check", "ocr", "pdf", "push", "forward")

FIELDS = {
    "TypeName": {"value": "Quyết định", "confidence": 0.99},
    "CodeNumber": {"value": "15", "confidence": 0.99},
    "CodeNotation": {"value": "QĐ-BNV", "confidence": 0.99},
    "IssuedDate": {"value": "2026-11-20", "confidence": 0.99},
    "Subject": {"value": "Về việc hoà giải ở cơ sở", "confidence": 0.9},
    "Priority": {"value": 0, "confidence": 0.99},
}


def arrive(
    store: Store, name: str = "a.jpg", content: bytes = b"a", lane: str = "desk", identifier: str = ""
) -> Admission:
    """A capture appears, is copied and admitted."""
    digest = hashlib.sha256(content).hexdigest()
    identifier = identifier or f"20261123-{hashlib.sha256(name.encode() + content).hexdigest()[:10]}"
    return admit(
        store,
        notice(store, "vanthu", name),
        identifier,
        [Delivered(name, digest, len(content))],
        profile="incoming",
        profile_digest="-",
        lane=lane,
    )


def take(store: Store, worker: str = "w1", **wanted: object) -> Claim:
    taken = claim(store, worker, "/nowhere", stages=STAGES, **wanted)  # type: ignore[arg-type]
    assert taken is not None
    return taken


def facts(stage: str, **more: object) -> dict[str, object]:
    base: dict[str, dict[str, object]] = {
        "check": {"pages": 1},
        "ocr": {"fields": FIELDS, "decision": "review"},
        "pdf": {"pages": 1, "sha256": "00", "pdfa": "pass"},
        "push": {"receipts": {}},
        "forward": {"assignment": {"unit": "Văn phòng", "due": "2026-11-24T10:00:00+00:00"}},
    }
    return {**base.get(stage, {}), **more}


def work(store: Store, *, until: State, worker: str = "w1") -> str:
    """Take the only document through the stages until it is in ``until``; its id."""
    while True:
        taken = take(store, worker)
        state = finish(store, taken, StageResult(facts=facts(taken.stage)), (), actor=WORKER)
        if state is until:
            return taken.document_id


def confirm(store: Store, document_id: str, **fields: str | int | None) -> State:
    seen = whole(store, document_id)
    values = {name: item["value"] for name, item in seen.row["fields"].items()} | fields
    return approve(store, document_id, seen.version, CLERK, values).state


def sign(store: Store, document_id: str, targets: tuple[str, ...] = ("deliver",)) -> State:
    """What the signing act commits, without a token: tests of the store need no signature."""
    taken = claim(store, "sign:v", "/nowhere", stages={"sign"}, document_id=document_id)
    assert taken is not None
    owed = [OutboxEntry(target, f"key-{target}-{document_id}") for target in targets]
    result = StageResult(facts={"sha256": "11"})
    return finish(store, taken, result, (), actor=Actor("v", "van_thu"), owed=owed)


def block(code: str = "check.dpi_low") -> Finding:
    return Finding(code, Severity.BLOCK, "Trang 1 chỉ 150 dpi; quét lại.", "Page 1 has 150 dpi; scan again.", page=1)
