"""The promise of push, measured: however the document system behaves, every document is stored once, with its receipt."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from intake.errors import EnvironmentTrouble
from intake.folder import DocumentFolder
from intake.profile.sections import ConnectorTarget, PushSection
from tests.document_system.hostility import Hostility
from tests.document_system.server import DocumentSystem
from workers.push.key import delivery_key
from workers.push.rest import RestConnector
from workers.push.stage import run

SECTION = PushSection(target=(ConnectorTarget(name="dms", connector="rest"),))
MOODS = {
    "commit_then_silence": 0.10,
    "error_before": 0.05,
    "error_after": 0.05,
    "twice": 0.05,
    "drip": 0.02,
    "trickle": 0.03,
    "half_close": 0.02,
    "reset": 0.02,
}
TRIES = 60
"""of one document; the runner would come back with growing pauses"""


def push_all(
    system: DocumentSystem, documents: list[DocumentFolder], home: Path, restart_at: Callable[[int], bool]
) -> dict[str, dict]:
    """Deliver as two workers do, trying again at every trouble; ``restart_at(n)`` cuts the system's power as n begin."""
    receipts: dict[str, dict] = {}
    queue, lock = list(reversed(list(enumerate(documents)))), threading.Lock()

    def work() -> None:
        connector = RestConnector({"url": system.url, "wait_seconds": 0.15, "call_seconds": 0.4}, home)
        while True:
            with lock:
                if not queue:
                    return
                number, document = queue.pop()
                if restart_at(number):
                    system.stop()
                    system.start()
            receipts[document.document_id] = push_one(connector, document)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return receipts


def push_one(connector: RestConnector, document: DocumentFolder) -> dict:
    for attempt in range(1, TRIES):
        out = document.root / f"push.{attempt}.tmp"
        out.mkdir()
        try:
            result = run(
                document,
                SECTION,
                out,
                connectors={"dms": connector},
                key_of=lambda target, sha256: delivery_key(target, document.document_id, 1, sha256),
            )
        except EnvironmentTrouble:
            continue
        return dict(result.facts["receipts"]["dms"])
    raise AssertionError(f"{document.document_id} was not delivered in {TRIES} tries")


def prove(signed_document, tmp_path: Path, count: int) -> None:
    documents = [signed_document(f"D{number:05d}", number=str(number + 1)) for number in range(count)]
    restarts = {count // 3, 2 * count // 3}
    with DocumentSystem(tmp_path / "system", hostility=Hostility(seed=20261122, **MOODS)) as system:
        receipts = push_all(system, documents, tmp_path, restarts.__contains__)
        stored = system.store.all()
    assert len(receipts) == count
    assert len(stored) == count
    assert {row["document_id"] for row in stored} == {document.document_id for document in documents}
    assert {row["document_id"]: (row["key"], row["id"], str(row["arrival_number"])) for row in stored} == {
        name: (receipt["key"], receipt["remote_id"], receipt["arrival_number"]) for name, receipt in receipts.items()
    }
    assert sorted(row["arrival_number"] for row in stored) == list(range(1, count + 1))
    assert {row["document_id"]: row["sha256"] for row in stored} == {
        document.document_id: document.facts["sign"]["sha256"] for document in documents
    }
    assert system.hostility.counted["commit_then_silence"] > count * 0.05


def test_a_slice_of_the_hostile_run(signed_document, tmp_path):
    prove(signed_document, tmp_path, 60)


@pytest.mark.slow
def test_the_hostile_run_in_full(signed_document, tmp_path):
    """1,000 documents: 0 lost, 0 doubled, every receipt that of the stored document, no gap in the arrival numbers."""
    prove(signed_document, tmp_path, 1000)
