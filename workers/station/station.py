"""The running station: starts its parts in order, stops them in order, and loses nothing in between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

import httpx
import structlog
from redis import Redis

from intake.errors import EnvironmentTrouble, SohoaError
from intake.receive.complete import Probe
from intake.receive.watch import Watch, hints
from intake.review import webhooks
from intake.settings import Settings, SystemClock
from intake.store import Store
from workers.forward.calendar import calendar_of
from workers.queues.local import GRACE_SECONDS, LocalPool
from workers.queues.rq import connect, ring
from workers.station import alarms, follow
from workers.station.glance import Glance
from workers.station.timestamps import complete_one
from workers.sweep import drop_orphans, let_go, sweep

log = structlog.get_logger()

SWEEP_SECONDS = 5.0
RING_SECONDS = 0.2
GLANCE_SECONDS = 0.5
COMPARE_SECONDS = 60.0
"""between two looks for targets whose books were not compared today"""
ORPHANS_EVERY = 720
"""sweeps between two looks for orphan folders (about an hour)"""


class Station:
    """Watches every station folder of the settings and works what arrives.

    With ``queue.redis`` set, jobs are rung for `sohoa work` processes; otherwise the local pool does them.
    """

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        self.settings = settings
        self.store = store or Store(settings.database_url, SystemClock())
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._probe = Probe()
        self._redis: Redis | None = connect(settings.queue.redis) if settings.queue.redis else None
        self.pool = LocalPool(self.store, settings, 0 if self._redis else None)

    def start(self) -> None:
        self.store.migrate()
        self.settings.documents.mkdir(parents=True, exist_ok=True)
        sweep(self.store, self.settings)
        for name in self.settings.station:
            folder = self.settings.scan_folder(name)
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise EnvironmentTrouble(
                    f"Không tạo được thư mục quét {folder} của trạm «{name}» ({error.strerror}); hãy sửa đường dẫn hoặc quyền.",
                    f"Scan folder {folder} of station «{name}» cannot be made ({error.strerror}); mend its path or "
                    "permissions.",
                ) from error
            self._spawn(f"watch-{name}", lambda name=name: self._watch(name))  # type: ignore[misc]
        self._spawn("sweep", self._sweep)
        self._spawn("webhooks", self._webhooks)
        self._spawn("timestamps", self._timestamps)
        self._spawn("glance", self._glance)
        self._spawn("follow", self._follow)
        self._spawn("compare", self._compare)
        if self._redis:
            self._spawn("ring", self._ring)
        self.pool.start()

    def stop(self) -> None:
        """Clean stop: no new captures, running stages finish or are handed back, then the parts close.

        All parts share one grace time: a service manager kills after 30 s, whatever still runs."""
        self._stopping.set()
        self.pool.ask()
        end = monotonic() + GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - monotonic()))
        self.pool.stop(max(0.0, end - monotonic()))
        self._probe.close()
        self.store.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Until ``stop`` is called elsewhere; True when it was."""
        return self._stopping.wait(seconds)

    def _spawn(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _watch(self, name: str) -> None:
        wanted = self.settings.station[name]
        folder = self.settings.scan_folder(name)
        wake = threading.Event()
        observer = hints(folder, wake)
        watch: Watch | None = None
        while not self._stopping.is_set():
            try:
                watch = watch or self._new_watch(name)
                done = watch.once()
                if done.admitted:
                    self.pool.wake()
                busy = bool(done.waiting)
            except SohoaError as trouble:  # the store away, or a profile that somebody is just changing
                log.warning("watch waits", station=name, reason=trouble.en)
                watch, busy = None, False  # its memory may be ahead of what was committed
            pause = min(wanted.poll_seconds, 0.5) if busy else wanted.poll_seconds
            if wake.wait(pause):
                wake.clear()
                self._stopping.wait(0.05)  # one listing for a burst of events
        if observer is not None:
            observer.stop()

    def _new_watch(self, name: str) -> Watch:
        wanted = self.settings.station[name]
        profile = self.settings.profile_of(wanted.profile)
        calendar = calendar_of(profile.forward)
        return Watch(
            self.store,
            name,
            self.settings.scan_folder(name),
            self.settings.documents,
            profile,
            wanted.lane,
            self._probe,
            due=lambda arrived: calendar.registry_deadline(arrived)[1],
            disk_free_min_bytes=self.settings.workers.disk_free_min_bytes,
        )

    def _sweep(self) -> None:
        rounds = 0
        while not self._stopping.wait(SWEEP_SECONDS):
            rounds += 1
            try:
                if sweep(self.store, self.settings):
                    self.pool.wake()
                alarms.watch(self.store, self.settings)
                if rounds % ORPHANS_EVERY == 1:
                    drop_orphans(self.store, self.settings.documents, self.store.clock.now())
                    let_go(self.store, self.settings)
            except (SohoaError, OSError) as trouble:
                log.warning("sweep waits", reason=str(trouble))

    def _webhooks(self) -> None:
        """Systems that asked to be told of changes are told; a slow one delays nobody."""
        with httpx.Client(timeout=10, follow_redirects=False) as client:
            while not self._stopping.wait(SWEEP_SECONDS):
                try:
                    webhooks.ring(self.store, client)
                except EnvironmentTrouble as trouble:
                    log.warning("webhooks wait", reason=trouble.en)

    def _timestamps(self) -> None:
        """Time-stamps that were away at signing; a call may take minutes, so the sweep does not wait for it."""
        while not self._stopping.wait(SWEEP_SECONDS):
            try:
                while complete_one(self.store, self.settings) and not self._stopping.is_set():
                    self.pool.wake()
            except EnvironmentTrouble as trouble:
                log.warning("time-stamps wait", reason=trouble.en)

    def _glance(self) -> None:
        """While many wait, the last come is looked at for a stamp of urgency; without a queue this costs nothing."""
        glance = Glance(self.store, self.settings)
        while not self._stopping.wait(GLANCE_SECONDS):
            try:
                while not self._stopping.is_set() and (found := glance.once()) is not None:
                    if found:
                        self.pool.wake()
            except SohoaError as trouble:
                log.warning("glance waits", reason=trouble.en)
        glance.close()

    def _follow(self) -> None:
        """What document systems say of delivered documents, and what they and the senders are still to be told."""
        while not self._stopping.wait(SWEEP_SECONDS):
            try:
                while follow.look_after(self.store, self.settings) and not self._stopping.is_set():
                    pass
            except SohoaError as trouble:
                log.warning("following waits", reason=trouble.en)

    def _compare(self) -> None:
        """The daily comparison of both sides' books; a long one delays nothing else."""
        while not self._stopping.wait(COMPARE_SECONDS):
            try:
                if follow.compare(self.store, self.settings):
                    self.pool.wake()
            except SohoaError as trouble:
                log.warning("comparison waits", reason=trouble.en)

    def _ring(self) -> None:
        assert self._redis is not None
        while not self._stopping.wait(RING_SECONDS):
            try:
                ring(self.store, self.settings, self._redis)
            except EnvironmentTrouble as trouble:
                log.warning("bell silent", reason=trouble.en)
                self._stopping.wait(SWEEP_SECONDS)
