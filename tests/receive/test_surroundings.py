"""A full disk and a folder without permission: the source stays, the reason is told, and it goes on when mended."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
from PIL import Image

from intake.profile import load
from intake.receive.complete import incomplete
from intake.receive.watch import Watch
from intake.settings import shipped_profiles
from intake.store import Store
from intake.store.balance import balance
from intake.store.reading import counts, waiting_captures
from tests.surroundings.clock import ManualClock

NOBODY = 65534


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that an ordinary user may enter, even when the tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="sohoa-open-"))
    made.chmod(0o755)
    (made / "scan").mkdir(mode=0o777)
    (made / "scan").chmod(0o777)
    (made / "documents").mkdir(mode=0o777)
    (made / "documents").chmod(0o777)
    Image.effect_noise((600, 800), 60).convert("RGB").save(made / "scan" / "a.jpg", quality=90)
    yield made
    shutil.rmtree(made)


class SameProcess:
    """The structural check without a process of its own: an ordinary user may not start this machine's Python."""

    def incomplete(self, path: Path) -> str | None:
        return incomplete(path)


def _passes(url: str, home: Path, file_limit: int | None, ordinary_user: bool) -> None:
    """Some passes of a watch in a process of its own, under the limit."""
    clock = ManualClock()
    store = Store(url, clock)
    if ordinary_user and os.geteuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, resource.RLIM_INFINITY))
    watch = Watch(
        store,
        "vanthu",
        home / "scan",
        home / "documents",
        load(shipped_profiles() / "incoming.toml"),
        "desk",
        SameProcess(),
    )
    for _ in range(6):
        watch.once()
        clock.forward(1)
    store.close()


def _in_a_process(url: str, home: Path, *, file_limit: int | None = None, ordinary_user: bool = False) -> None:
    process = get_context("fork").Process(target=_passes, args=(url, home, file_limit, ordinary_user))
    process.start()
    process.join(120)
    assert process.exitcode == 0


def test_disk_that_takes_no_more_keeps_the_source_and_says_so(home: Path, postgres_url: Callable[[], str]) -> None:
    """The copy fails half way: nothing is admitted, nothing is left over; with room again the capture is taken."""
    url = postgres_url()
    store = Store(url, ManualClock())
    source = (home / "scan" / "a.jpg").read_bytes()
    _in_a_process(url, home, file_limit=10_000)

    assert (home / "scan" / "a.jpg").read_bytes() == source
    assert counts(store) == {}
    assert list((home / "documents").rglob("*.jpg")) == []
    assert "dung lượng" in waiting_captures(store)[0]["reason_vi"]

    _in_a_process(url, home)
    assert counts(store) == {"received": 1}
    assert balance(store, home / "documents").balances
    store.close()


def test_file_without_read_permission_waits_with_its_reason(home: Path, postgres_url: Callable[[], str]) -> None:
    url = postgres_url()
    store = Store(url, ManualClock())
    (home / "scan" / "a.jpg").chmod(0)
    _in_a_process(url, home, ordinary_user=True)

    (waiting,) = waiting_captures(store)
    assert "quyền" in waiting["reason_vi"]
    assert (home / "scan" / "a.jpg").exists()

    (home / "scan" / "a.jpg").chmod(0o644)
    _in_a_process(url, home, ordinary_user=True)
    assert counts(store) == {"received": 1}
    store.close()


def test_folder_that_cannot_be_cleared_does_not_admit_twice(home: Path, postgres_url: Callable[[], str]) -> None:
    """A read-only scan folder: taken once, left where it is, not taken again."""
    url = postgres_url()
    store = Store(url, ManualClock())
    (home / "scan").chmod(0o555)
    _in_a_process(url, home, ordinary_user=True)
    _in_a_process(url, home, ordinary_user=True)

    assert counts(store) == {"received": 1}
    assert (home / "scan" / "a.jpg").exists()
    assert waiting_captures(store) == []

    (home / "scan").chmod(0o777)
    _in_a_process(url, home, ordinary_user=True)
    assert not (home / "scan" / "a.jpg").exists()
    store.close()
