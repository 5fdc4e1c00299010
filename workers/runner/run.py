"""Run one claimed job: load, call, publish, finish — or fail."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import traceback
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from intake import crashpoint
from intake.errors import EnvironmentTrouble, SohoaError, StaleClaim
from intake.folder import digest, new_attempt, publish
from intake.model import Actor, StageResult
from intake.settings import Settings
from intake.states import State
from intake.store import Store, head
from intake.store.claim import LANES, Claim, claim, extend, hand_back
from intake.store.confirmed import confirmed_lately
from intake.store.fail import fail
from intake.store.finish import finish
from intake.store.outbox import OutboxEntry
from workers.chain import WORKED, Surroundings
from workers.runner.child import Child, StageBug, Task

log = structlog.get_logger()

FAIR = 5
"""Every fifth claim looks from the least urgent lane up: urgent overtakes, nobody starves (4:1)."""


class Runner:
    """One worker: claims a job, runs its stage in a child process, makes the result true."""

    def __init__(self, store: Store, settings: Settings, name: str | None = None) -> None:
        self._store = store
        self._settings = settings
        self.name = name or f"{socket.gethostname()}/{os.getpid()}/{threading.get_ident()}"
        limits = settings.workers
        self._child = Child(limits.memory_bytes, limits.stage_seconds, limits.recycle_after, settings.crash_at)
        self._lease = timedelta(seconds=limits.lease_seconds)
        self._stop = threading.Event()
        self._claims = 0

    def once(
        self,
        *,
        lanes: Sequence[str] = LANES,
        stages: Collection[str] = WORKED,
        job_id: int | None = None,
    ) -> State | str | None:
        """Do one ready job; None when there is none. Returns the new state, or ``retry``, ``held``, ``stale``."""
        if self._disk_is_full():
            return None
        self._claims += 1
        order = tuple(reversed(lanes)) if self._claims % FAIR == 0 else tuple(lanes)
        claimed = claim(
            self._store,
            self.name,
            str(self._settings.documents),
            stages=stages,
            lanes=order,
            lease=self._lease,
            job_id=job_id,
        )
        return None if claimed is None else self.run(claimed)

    def run(self, claimed: Claim) -> State | str:
        """The claimed job to its end."""
        logged = log.bind(document=claimed.document_id, stage=claimed.stage, attempt=claimed.attempt)
        actor = Actor(f"worker:{self.name}")
        try:
            profile = self._settings.profile_of(claimed.profile)
            out = new_attempt(claimed.folder.root, claimed.stage, claimed.attempt)
            around = Surroundings(
                self._settings.home,
                claimed.station,
                claimed.arrived_at,
                claimed.revision,
                claimed.attempt,
                claimed.booked,
                claimed.not_now,
                confirmed_lately(self._store) if claimed.stage == "ocr" else (),
            )
            task = Task(claimed.stage, claimed.folder, profile.model_dump_json(), out, around)
            result = self._child.call(
                task, lambda: self._beat(claimed), self._stop.is_set, lambda word: self._told(claimed, word, actor)
            )
            crashpoint.reached("stage.ran", claimed.stage)
            state = settle(self._store, claimed, result, actor=actor, auto_accept=profile.review.auto_accept)
        except InterruptedError:
            hand_back(self._store, claimed)
            return "stopped"
        except StaleClaim:
            logged.warning("stale claim dropped")
            return "stale"
        except StageBug as bug:
            logged.error("bug in stage", kind=bug.kind)
            return fail(self._store, claimed, bug, f"{bug.trace}{bug.kind}", actor=actor)
        except SohoaError as error:
            logged.warning("stage failed", reason=type(error).__name__)
            return fail(self._store, claimed, error, actor=actor)
        except OSError as error:
            return fail(self._store, claimed, _disk_trouble(error), actor=actor)
        except Exception as error:  # noqa: BLE001 - a bug of ours costs this document a hold, never the worker
            logged.error("bug in runner", kind=type(error).__name__)
            trace = "".join(traceback.format_tb(error.__traceback__))
            return fail(self._store, claimed, error, f"{trace}{type(error).__name__}", actor=actor)
        logged.info("stage finished", state=state)
        return state

    def stop(self) -> None:
        """Give the running job back and stop; nothing is lost, the attempt simply never happened."""
        self._stop.set()

    def close(self) -> None:
        self._child.close()

    def _beat(self, claimed: Claim) -> None:
        if not extend(self._store, claimed, self._lease):
            raise self._given_away(claimed)

    def _told(self, claimed: Claim, word: Mapping[str, Any], actor: Actor) -> None:
        """Show the head of the page that is being read. It is a courtesy: a database that is away just now costs the
        early view, not the attempt."""
        try:
            shown = head.show(self._store, claimed, word["fields"], actor=actor)
        except EnvironmentTrouble as trouble:
            log.warning("head not shown", document=claimed.document_id, reason=trouble.en)
            return
        if not shown:
            raise self._given_away(claimed)

    def _given_away(self, claimed: Claim) -> StaleClaim:
        return StaleClaim(
            f"Việc {claimed.stage} của hồ sơ {claimed.document_id} đã giao cho máy khác.",
            f"The {claimed.stage} of document {claimed.document_id} went to another worker.",
        )

    def _disk_is_full(self) -> bool:
        self._settings.documents.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._settings.documents).free
        if free >= self._settings.workers.disk_free_min_bytes:
            return False
        log.error("disk nearly full, no work is taken", free_bytes=free, folder=str(self._settings.documents))
        return True


def settle(
    store: Store,
    claimed: Claim,
    result: StageResult,
    *,
    actor: Actor,
    auto_accept: bool = False,
    owed: Sequence[OutboxEntry] = (),
    timestamp_wait: timedelta = timedelta(0),
) -> State:
    """Publish the attempt's folder, then commit it: a folder nobody's row points to is harmless."""
    published = publish(claimed.folder.root / f"{claimed.stage}.{claimed.attempt}.tmp")
    return finish(
        store,
        claimed,
        result,
        digest(published, result.artefacts),
        actor=actor,
        auto_accept=auto_accept,
        owed=owed,
        timestamp_wait=timestamp_wait,
    )


def _disk_trouble(error: OSError) -> EnvironmentTrouble:
    return EnvironmentTrouble(
        f"Không ghi được vào đĩa: {error.strerror}. Hãy kiểm tra dung lượng và quyền; việc sẽ được thử lại.",
        f"The disk cannot be written: {error.strerror}. Check space and permissions; the work is tried again.",
    )
