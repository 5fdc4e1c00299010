"""A backup made while the station runs restores onto an empty home, and balances."""

from __future__ import annotations

import hashlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from intake.errors import OperatorError
from intake.folder import ORIGINAL, document_root
from intake.states import State
from intake.store import Store, audit
from intake.store.backup import restore_from, save_to
from intake.store.balance import balance
from intake.store.reading import counts, every
from tests.store.paper import arrive, take, work
from tests.surroundings.clock import ManualClock
from tests.surroundings.patience import until


def _with_files(store: Store, documents: Path, name: str, content: bytes) -> str:
    """Files first, then the commit, as the receiving end does."""
    document_id = f"20261123-{hashlib.sha256(content).hexdigest()[:10]}"
    folder = document_root(documents, document_id) / ORIGINAL
    folder.mkdir(parents=True)
    (folder / "001.jpg").write_bytes(content)
    return arrive(store, name, content, identifier=document_id).document_id


def test_restored_home_balances_and_goes_on(store: Store, tmp_path: Path, clock: ManualClock) -> None:
    home, documents = tmp_path / "home", tmp_path / "home" / "documents"
    documents.mkdir(parents=True)
    (home / "sohoa.toml").write_text('[station.vanthu]\nfolder = "scan"\n', encoding="utf-8")
    _with_files(store, documents, "a.jpg", b"a")
    work(store, until=State.ASSEMBLED)
    _with_files(store, documents, "b.jpg", b"b")
    take(store)  # one job is running while the backup is made
    assert save_to(store, home, documents, tmp_path / "backup") == 2

    restore_from(tmp_path / "backup", tmp_path / "new", clock)
    restored = Store(f"sqlite:///{tmp_path / 'new' / 'sohoa.db'}", clock)
    assert counts(restored) == counts(store)
    assert [row["id"] for row in every(restored)] == [row["id"] for row in every(store)]
    assert audit.verify(restored).head == audit.verify(store).head
    assert balance(restored, tmp_path / "new" / "documents").balances
    assert arrive(restored, "c.jpg", b"c").outcome == "admitted"
    restored.close()


def test_a_backup_never_overwrites(store: Store, tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "old").mkdir()
    with pytest.raises(OperatorError):
        save_to(store, tmp_path, tmp_path / "documents", tmp_path / "old")
    (tmp_path / "old" / "x").touch()
    with pytest.raises(OperatorError):
        restore_from(tmp_path / "old", tmp_path / "old", clock)
    with pytest.raises(OperatorError):
        restore_from(tmp_path / "old", tmp_path / "empty", clock)


@pytest.mark.parametrize("damage", ["changed", "missing", "extra row"])
def test_balance_notices(sqlite_store: Store, tmp_path: Path, damage: str) -> None:
    """An original that lost its hash, a folder that is gone, an arrival without its document."""
    documents = tmp_path / "documents"
    document_id = _with_files(sqlite_store, documents, "a.jpg", b"a")
    assert balance(sqlite_store, documents).balances
    original = document_root(documents, document_id) / ORIGINAL / "001.jpg"
    if damage == "changed":
        original.write_bytes(b"A")
    elif damage == "missing":
        original.unlink()
    else:
        with sqlite_store.write() as connection:
            connection.exec_driver_sql("DELETE FROM finding")
            connection.exec_driver_sql("DELETE FROM job")
            connection.exec_driver_sql("DELETE FROM document")

    assert not balance(sqlite_store, documents).balances


def test_what_looks_at_a_busy_station_sees_one_moment(store: Store, tmp_path: Path, clock: ManualClock) -> None:
    """Found on PostgreSQL: a commit between two queries tore the backup and made a whole audit chain look cut off."""
    documents, home = tmp_path / "documents", tmp_path / "home"
    home.mkdir()
    stop = threading.Event()

    def busy() -> None:
        for number in itertools.count():
            _with_files(store, documents, f"{number}.jpg", str(number).encode())
            if stop.is_set():
                return

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(busy)
        try:
            until(lambda: sum(counts(store).values()) >= 5)
            for look in range(8):
                assert audit.verify(store).whole
                assert balance(store, documents).balances
                save_to(store, home, documents, tmp_path / f"backup{look}")
                restore_from(tmp_path / f"backup{look}", tmp_path / f"new{look}", clock)
                restored = Store(f"sqlite:///{tmp_path / f'new{look}' / 'sohoa.db'}", clock)
                assert audit.verify(restored).whole
                assert balance(restored, tmp_path / f"new{look}" / "documents").balances
                restored.close()
        finally:
            stop.set()
        writer.result()
