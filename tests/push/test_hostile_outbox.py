"""The same promise through the books: workers, back-off, breaker and outbox against a document system in bad moods."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intake.errors import DeliveryRefused, Undelivered
from intake.model import sha256_of
from intake.profile.sections import ConnectorTarget, PushSection
from intake.states import State
from intake.store import Store, audit, outbox
from intake.store.claim import claim
from intake.store.deliveries import targets
from intake.store.fail import fail
from intake.store.finish import finish, owe
from intake.store.outbox import OutboxEntry
from intake.store.reading import counts, whole
from intake.store.schema import document
from tests.document_system.hostility import Hostility
from tests.document_system.server import DocumentSystem
from tests.push.test_hostile_run import MOODS
from tests.store.paper import WORKER
from tests.surroundings.clock import ManualClock
from workers.push.key import delivery_key
from workers.push.rest import RestConnector
from workers.push.stage import run
from workers.tools.receipt import receipt_of

SECTION = PushSection(target=(ConnectorTarget(name="dms", connector="rest"),))
WORKERS = 3


def signed(store: Store, name: str, sha256: str) -> None:
    """A document that has come as far as its signature, with its delivery owed in the same commit."""
    with store.write() as connection:
        now = store.clock.now()
        connection.execute(
            document.insert().values(
                id=name, revision=1, station="vanthu", name=f"{name}.jpg", content_key=name, profile="incoming",
                profile_digest="-", state="signed", version=5, lane="desk", arrived_at=now, updated_at=now, pages=1,
                fields={}, confirmed={}, priority=0, search="",
            )
        )  # fmt: skip
        outbox.add(connection, name, 1, [OutboxEntry("dms", delivery_key("dms", name, 1, sha256))], now)
        owe(connection, name, 1, State.SIGNED, "desk", now)


def prove(store: Store, clock: ManualClock, make, tmp_path: Path, count: int) -> None:
    documents = {f"D{number:05d}": make(f"D{number:05d}", number=str(number + 1)) for number in range(count)}
    for name, made in documents.items():
        signed(store, name, sha256_of(made.of("sign") / "signed.pdf"))
    restarts, lock, begun = {count // 3, 2 * count // 3}, threading.Lock(), [0]
    ended: set[str] = set()
    with DocumentSystem(tmp_path / "system", hostility=Hostility(seed=20261122, **MOODS)) as system:

        def work(worker: str) -> None:
            connector = RestConnector({"url": system.url, "wait_seconds": 0.15, "call_seconds": 0.4}, tmp_path)
            while counts(store).get("delivered", 0) < count:
                taken = claim(store, worker, "/nowhere", stages={"push"})
                if taken is None:
                    with lock:
                        clock.forward(1)
                    continue
                with lock:
                    begun[0] += 1
                    if begun[0] in restarts:
                        system.stop()
                        system.start()
                made = documents[taken.document_id]
                out = made.root / f"push.{taken.attempt}.tmp"
                out.mkdir()
                try:
                    result = run(
                        made,
                        SECTION,
                        out,
                        connectors={"dms": connector},
                        key_of=lambda target, sha256, name=taken.document_id: delivery_key(target, name, 1, sha256),
                        booked={target: receipt_of(each) for target, each in taken.booked.items()},
                        not_now=taken.not_now,
                        attempt=taken.attempt,
                        now=clock.now,
                    )
                except (Undelivered, DeliveryRefused) as trouble:
                    ended.add(fail(store, taken, trouble, actor=WORKER))
                    continue
                finish(store, taken, result, (), actor=WORKER)

        threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stored = {row["document_id"]: row for row in system.store.all()}
        assert len(system.store.all()) == len(stored) == count
    assert counts(store) == {"delivered": count}
    assert ended == {"retry"}
    for name in documents:
        (row,) = whole(store, name).outbox
        receipt, there = row["receipt"], stored[name]
        assert (row["state"], row["key"]) == ("delivered", there["key"])
        assert (receipt["remote_id"], receipt["arrival_number"]) == (there["id"], str(there["arrival_number"]))
        assert row["received_at"] == datetime.fromisoformat(there["received_at"]).astimezone(UTC)
        assert row["sent_at"] is not None
    assert sorted(row["arrival_number"] for row in stored.values()) == list(range(1, count + 1))
    (dms,) = targets(store)
    assert (dms["waiting"], dms["dead"], dms["delivered"]) == (0, 0, count)
    assert audit.verify(store).whole


def test_a_slice_through_the_outbox(sqlite_store: Store, clock: ManualClock, signed_document, tmp_path: Path) -> None:
    prove(sqlite_store, clock, signed_document, tmp_path, 40)


@pytest.mark.slow
def test_a_thousand_through_the_outbox(store: Store, clock: ManualClock, signed_document, tmp_path: Path) -> None:
    """1,000 documents and three workers on either database: stored once each, none lost, receipts match."""
    prove(store, clock, signed_document, tmp_path, 1000)
