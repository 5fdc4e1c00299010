"""The local pool: threads that look for ready jobs themselves; no server to install."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from time import monotonic

import structlog

from intake.errors import EnvironmentTrouble
from intake.settings import Settings
from intake.store import Store
from intake.store.claim import LANES
from workers.runner.run import Runner

log = structlog.get_logger()

IDLE_SECONDS = 0.5
"""How long an idle worker sleeps unless it is woken; a cost in latency only."""
GRACE_SECONDS = 20.0
"""A clean stop lets a running stage finish this long, then hands its job back."""
HAND_BACK_SECONDS = 3.0
"""A stage is asked about once a second whether it should stop; then one commit."""


class LocalPool:
    """``processes`` workers, each a thread with its own child process."""

    def __init__(
        self, store: Store, settings: Settings, processes: int | None = None, lanes: Sequence[str] = LANES
    ) -> None:
        number = settings.workers.processes if processes is None else processes
        self._runners = [Runner(store, settings) for _ in range(number)]
        self._lanes = lanes
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(runner, index), name=f"worker-{index}", daemon=True)
            for index, runner in enumerate(self._runners)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something became ready: look now."""
        self._wake.set()

    def ask(self) -> None:
        """Take no new job."""
        self._stopping.set()
        self._wake.set()

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Finish within ``grace`` seconds, all workers together, or hand back."""
        self.ask()
        self._join(grace)
        for runner in self._runners:
            runner.stop()
        self._join(HAND_BACK_SECONDS)
        for runner in self._runners:
            runner.close()

    def _join(self, seconds: float) -> None:
        end = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - monotonic()))

    def _work(self, runner: Runner, index: int) -> None:
        while not self._stopping.is_set():
            try:
                done = runner.once(lanes=self._lanes)
            except EnvironmentTrouble as trouble:
                log.warning("worker waits", worker=index, reason=trouble.en)
                done = None
            if done is None:
                self._wake.wait(IDLE_SECONDS)
                self._wake.clear()
            else:
                self._wake.set()  # a finished stage made the next one ready: others may look too
