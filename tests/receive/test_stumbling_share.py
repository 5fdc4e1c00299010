"""A share that stumbles: any one call on it fails with ESTALE, EBUSY, EIO or ENOTCONN, and nothing is lost or doubled."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from intake.profile import load
from intake.receive.complete import incomplete
from intake.receive.watch import Watch
from intake.settings import shipped_profiles
from intake.store import Store, audit
from intake.store.balance import balance
from intake.store.reading import arrivals, counts, every
from tests.surroundings.clock import ManualClock

TOUCHES = {"open", "os.listdir", "os.scandir", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link"}


@dataclass
class Stumble:
    """The operating system's answer to the ``nth`` call on a path under ``place``: Python's audit events stand at
    every such call, so the code under test runs unchanged on a share that fails there."""

    place: str = ""
    nth: int = 0
    code: int = 0
    seen: int = 0
    calls: list[str] = field(default_factory=list)

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.place or event not in TOUCHES:
            return
        if not any(
            isinstance(given, str | bytes | Path) and os.fsdecode(given).startswith(self.place) for given in arguments
        ):
            return
        self.seen += 1
        if self.seen == self.nth:
            self.calls.append(event)
            raise OSError(self.code, os.strerror(self.code))


STUMBLE = Stumble()
sys.addaudithook(STUMBLE.hook)
"""A hook cannot be taken away again; without a place it lets everything pass."""


class SameProcess:
    """The structural check here, where the hook is."""

    def incomplete(self, path: Path) -> str | None:
        return incomplete(path)


@pytest.mark.parametrize("where", ["scan", "documents"])
@pytest.mark.parametrize("code", [errno.ESTALE, errno.EBUSY, errno.EIO, errno.ENOTCONN], ids=errno.errorcode.get)
def test_any_call_that_fails_once_costs_time_and_nothing_else(
    tmp_path: Path, sqlite_store: Store, clock: ManualClock, code: int, where: str
) -> None:
    """One capture per failing call, first to last: a file and a folder of pages, in turn."""
    scan, documents = tmp_path / "scan", tmp_path / "documents"
    scan.mkdir()
    documents.mkdir()
    profile = load(shipped_profiles() / "incoming.toml", {"intake": {"quiet_seconds": 1.0}})
    watch = Watch(sqlite_store, "vanthu", scan, documents, profile, "desk", SameProcess())
    number, whole, met = 0, 0, set()
    STUMBLE.code = code
    try:
        while whole < 2:  # a file and a folder, neither of which has that many calls
            number += 1
            _capture(scan, number)
            STUMBLE.place, STUMBLE.nth, STUMBLE.seen = str(tmp_path / where), number, 0
            STUMBLE.calls.clear()
            for _ in range(8):
                watch.once()
                clock.forward(1)
            STUMBLE.place = ""
            met.update(STUMBLE.calls)
            for _ in range(4):
                watch.once()
                clock.forward(1)
            assert counts(sqlite_store) == {"received": number}, (number, STUMBLE.calls)
            assert list(scan.iterdir()) == [], (number, STUMBLE.calls)
            whole = 0 if STUMBLE.calls else whole + 1
    finally:
        STUMBLE.place = ""
    assert met >= ({"open", "os.rename", "os.remove"} if where == "scan" else {"open", "os.mkdir"})
    assert arrivals(sqlite_store).get("admitted") == number == len(every(sqlite_store))
    assert balance(sqlite_store, documents).balances
    assert audit.verify(sqlite_store).whole


def _capture(scan: Path, number: int) -> None:
    image = Image.effect_noise((120, 160), 60).convert("RGB")
    if number % 2:
        image.save(scan / f"{number:03}.jpg")
        return
    (scan / f"{number:03}").mkdir()
    for page in (1, 2):
        image.rotate(page).save(scan / f"{number:03}" / f"{page}.jpg")
