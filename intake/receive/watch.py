"""Watch one scan folder: events are hints, the listing is the truth, and every capture ends in the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from intake.errors import EnvironmentTrouble
from intake.profile import Profile, digest
from intake.receive.clear import clear
from intake.receive.listing import Capture, Strange, listing
from intake.receive.settle import Rhythm, Settling, Verdict
from intake.receive.take import StillChanging, Taking, take
from intake.store import Store
from intake.store.admit import (
    dismiss,
    learn_rhythm,
    notice,
    pending,
    refused_names,
    rhythm,
    trouble,
    uncleared,
)

log = structlog.get_logger()


class Structure(Protocol):
    """Whoever can say what a file lacks (``complete.Probe``)."""

    def incomplete(self, path: Path) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass over the folder did."""

    admitted: int = 0
    duplicates: int = 0
    cleared: int = 0
    waiting: int = 0
    away: bool = False
    """the folder, or the share it lies on, cannot be listed"""


class Watch:
    """The receiving end of one station. ``once()`` is one pass; it can be repeated, killed and repeated."""

    def __init__(
        self,
        store: Store,
        station: str,
        folder: Path,
        documents: Path,
        profile: Profile,
        lane: str,
        probe: Structure,
        due: Callable[[datetime], datetime] | None = None,
        disk_free_min_bytes: int = 0,
    ) -> None:
        """``due``: arrival → until when the desk must have presented it (working calendar). ``disk_free_min_bytes``:
        with less left on the disk of the documents nothing is taken in."""
        self._due = due
        self._store, self._station, self._folder = store, station, folder
        self._probe = probe
        self._profile = profile
        self._taking = Taking(documents, profile.name, digest(profile), lane, disk_free_min_bytes=disk_free_min_bytes)
        learned = Rhythm(timedelta(seconds=rhythm(store, station)))
        self._settling = Settling(
            timedelta(seconds=profile.intake.quiet_seconds),
            timedelta(seconds=profile.intake.damaged_after_seconds),
            learned,
        )
        self._pending = pending(store, station)
        self._refused = refused_names(store, station)
        self._away = False

    def once(self) -> Pass:
        """Clear what is safe, list, notice, settle, take, and clear again."""
        admitted = duplicates = waiting = 0
        present: set[str] = set()
        # First: after a crash a committed source still lies here and must not be noticed as a new arrival.
        cleared = self._clear()
        safe = {
            row["name"]: {(f["name"], f["bytes"], f["mtime_ns"]) for f in row["files"] or []}
            for row in uncleared(self._store, self._station)
        }
        try:
            entries = list(listing(self._folder))
        except OSError as error:
            if not self._away:
                log.warning("scan folder away", station=self._station, folder=str(self._folder), reason=error.strerror)
            self._away = True
            return Pass(away=True, waiting=len(self._pending))
        if self._away:
            log.info("scan folder back", station=self._station)
            self._away = False
        for entry in entries:
            present.add(entry.name)
            if isinstance(entry, Strange):
                self._refuse(entry)
                continue
            if safe.get(entry.name) == {(f.name, f.size, f.mtime_ns) for f in entry.files}:
                continue  # safe in the store, but the folder does not let us remove it
            outcome = self._one(entry)
            admitted += outcome == "admitted"
            duplicates += outcome == "duplicate"
            waiting += outcome is None
        self._vanished(present)
        if admitted or duplicates:
            cleared += self._clear()
        return Pass(admitted, duplicates, cleared, waiting)

    def _clear(self) -> int:
        try:
            return clear(self._store, self._station, self._folder)
        except OSError as error:
            log.warning("scan folder not cleared", station=self._station, reason=error.strerror)
            return 0

    def _one(self, capture: Capture) -> str | None:
        if capture.name not in self._pending:
            self._pending[capture.name] = notice(self._store, self._station, capture.name)
        arrival_id = self._pending[capture.name]
        if sum(file.size for file in capture.files) > self._profile.intake.bytes_max:
            self._say(
                arrival_id,
                f"«{capture.name}» lớn hơn giới hạn {self._profile.intake.bytes_max} byte của hồ sơ quy tắc; "
                "tệp được để nguyên. Hãy tách nhỏ hoặc nâng intake.bytes_max.",
                f"«{capture.name}» is larger than the profile's limit of {self._profile.intake.bytes_max} bytes; it is "
                "left where it is. Split it or raise intake.bytes_max.",
            )
            return None
        before = self._settling.rhythm
        try:
            verdict = self._settling.look(capture, self._store.clock.now(), self._structure)
        except OSError as error:
            self._cannot_read(arrival_id, capture, error)
            return None
        if self._settling.rhythm != before:
            learn_rhythm(self._store, self._station, self._settling.rhythm.longest_gap.total_seconds())
        if verdict is Verdict.WAIT:
            return None
        try:
            due_at = self._due(self._store.clock.now()) if self._due else None
            admission = take(self._store, arrival_id, capture, replace(self._taking, due_at=due_at))
        except StillChanging:
            self._settling.forget(capture.name)
            return None
        except EnvironmentTrouble as error:
            self._say(arrival_id, error.vi, error.en)
            return None
        self._settling.forget(capture.name)
        del self._pending[capture.name]
        log.info(admission.outcome, station=self._station, document=admission.document_id)
        return admission.outcome

    def _structure(self, capture: Capture) -> str | None:
        for file in capture.files:
            missing = self._probe.incomplete(file.path)
            if missing:
                return f"{file.name}: {missing}"
        return None

    def _cannot_read(self, arrival_id: int, capture: Capture, error: OSError) -> None:
        self._settling.forget(capture.name)
        self._say(
            arrival_id,
            f"Không đọc được «{capture.name}» ({error.strerror}). Tệp được để nguyên và được thử lại; hãy kiểm tra "
            "thư mục mạng và quyền đọc của trạm.",
            f"«{capture.name}» cannot be read ({error.strerror}). It is left there and tried again; check the share "
            "and the station's read permission.",
        )

    def _say(self, arrival_id: int, vi: str, en: str) -> None:
        trouble(self._store, arrival_id, vi, en)
        log.warning("capture waits", station=self._station, arrival=arrival_id, reason=en)

    def _refuse(self, entry: Strange) -> None:
        if entry.name in self._refused:
            return
        self._refused.add(entry.name)
        dismiss(
            self._store,
            notice(self._store, self._station, entry.name),
            "refused",
            f"«{entry.name}» không phải tệp thường ({entry.kind}); không mở. Hãy xóa khỏi thư mục quét.",
            f"«{entry.name}» is not a regular file ({entry.kind}); it was not opened. Remove it from the scan folder.",
        )
        log.warning("refused", station=self._station, kind=entry.kind)

    def _vanished(self, present: set[str]) -> None:
        for name in set(self._pending) - present:
            dismiss(
                self._store,
                self._pending.pop(name),
                "vanished",
                f"«{name}» biến mất khỏi thư mục quét trước khi ghi xong.",
                f"«{name}» left the scan folder before it was whole.",
            )
            self._settling.forget(name)


class Hints(FileSystemEventHandler):
    """Watchdog's events wake the loop early; a lost event costs one poll interval, never a file."""

    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in ("opened", "closed_no_write"):
            self._wake.set()


def hints(folder: Path, wake: threading.Event) -> Observer | None:  # type: ignore[valid-type]
    """Start watching for events; None where the platform or the share gives none (polling goes on anyway)."""
    observer = Observer()
    try:
        observer.schedule(Hints(wake), str(folder), recursive=True)
        observer.start()
    except OSError as error:
        log.info("no file events here; polling only", folder=str(folder), reason=error.strerror)
        return None
    return observer
