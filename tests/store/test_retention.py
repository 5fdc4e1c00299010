"""Originals are let go only after their time, only of what ended, and only when the signed copy is proven whole."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from intake.errors import DocumentError
from intake.folder import ORIGINAL, DocumentFolder, document_root
from intake.model import Artefact, StageResult
from intake.states import State
from intake.store import Store, audit
from intake.store.balance import balance
from intake.store.claim import claim
from intake.store.finish import OutboxEntry, finish
from intake.store.retention import release
from tests.store.paper import WORKER, arrive, confirm, facts, take, work
from tests.surroundings.clock import ManualClock

KEPT = timedelta(days=30)
RECEIPT = {"key": "k", "remote_id": "7", "received_at": "2026-11-23T02:00:00+00:00"}


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    return tmp_path / "documents"


@pytest.fixture
def ended(store: Store, documents: Path) -> str:
    """A document that was signed, delivered and forwarded, with its files."""
    document_id = _signed(store, documents, b"scan")
    for stage in ("push", "forward"):
        more = {"receipts": {"deliver": RECEIPT}} if stage == "push" else {}
        finish(store, take(store), StageResult(facts=facts(stage, **more)), (), actor=WORKER)
    return document_id


def _signed(store: Store, documents: Path, content: bytes) -> str:
    admission = arrive(store, "a.jpg", content)
    assert admission.document_id is not None
    root = document_root(documents, admission.document_id)
    (root / ORIGINAL).mkdir(parents=True)
    (root / ORIGINAL / "001.jpg").write_bytes(content)
    document_id = work(store, until=State.ASSEMBLED)
    confirm(store, document_id)
    signing = claim(store, "hoa", str(documents), stages={"sign"})
    assert signing is not None
    (root / f"sign.{signing.attempt}").mkdir()
    (root / f"sign.{signing.attempt}" / "signed.pdf").write_bytes(b"%PDF signed")
    artefact = Artefact("signed.pdf", hashlib.sha256(b"%PDF signed").hexdigest(), 11)
    finish(
        store,
        signing,
        StageResult(facts={"signer": "hoa", "sha256": artefact.sha256}),
        (artefact,),
        actor=WORKER,
        owed=[OutboxEntry("deliver", f"{document_id}/deliver")],
    )
    return document_id


def test_originals_stay_until_their_time_is_over(store: Store, documents: Path, clock: ManualClock, ended: str) -> None:
    original = document_root(documents, ended) / ORIGINAL
    clock.forward(29 * 86400)
    assert release(store, documents, "incoming", KEPT) == 0
    assert original.is_dir()

    clock.forward(2 * 86400)
    assert release(store, documents, "backfile", KEPT) == 0, "another profile's time"
    assert release(store, documents, "incoming", KEPT) == 1
    assert not original.exists()
    assert release(store, documents, "incoming", KEPT) == 0
    assert balance(store, documents).balances
    assert audit.verify(store).whole
    with pytest.raises(DocumentError, match="retention"):
        _ = DocumentFolder(ended, document_root(documents, ended)).originals


def test_originals_stay_when_the_signed_copy_is_damaged(
    store: Store, documents: Path, clock: ManualClock, ended: str
) -> None:
    clock.forward(31 * 86400)
    (signed,) = document_root(documents, ended).glob("sign.*/signed.pdf")
    signed.write_bytes(b"%PDF sigmed")
    assert release(store, documents, "incoming", KEPT) == 0
    assert (document_root(documents, ended) / ORIGINAL).is_dir()


def test_originals_stay_while_a_delivery_is_owed(store: Store, documents: Path, clock: ManualClock) -> None:
    document_id = _signed(store, documents, b"scan")
    clock.forward(400 * 86400)
    assert release(store, documents, "incoming", KEPT) == 0
    assert (document_root(documents, document_id) / ORIGINAL).is_dir()


@pytest.mark.parametrize("state", ["waiting", "dead"])
def test_originals_stay_while_any_target_lacks_its_copy_whatever_the_document_says(
    store: Store, documents: Path, clock: ManualClock, ended: str, state: str
) -> None:
    """No script leaves an ended document with an open delivery; if one ever does, the originals are still there."""
    with store.write() as connection:
        connection.execute(sa.text("UPDATE outbox SET state = :state"), {"state": state})
    clock.forward(400 * 86400)
    assert release(store, documents, "incoming", KEPT) == 0
    assert (document_root(documents, ended) / ORIGINAL).is_dir()


def test_what_died_between_commit_and_removal_is_removed_the_next_time(
    store: Store, documents: Path, clock: ManualClock, ended: str
) -> None:
    """Put back after the commit, as a process killed before the removal leaves it."""
    clock.forward(31 * 86400)
    release(store, documents, "incoming", KEPT)
    original = document_root(documents, ended) / ORIGINAL
    original.mkdir()
    assert balance(store, documents).balances
    release(store, documents, "incoming", KEPT)
    assert not original.exists()
