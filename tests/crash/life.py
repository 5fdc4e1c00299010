"""One life of a station that drives everything it finds to its end (started by tests/crash/drive.py)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic

from intake import crashpoint
from intake.model import Actor
from intake.settings import SystemClock, load
from intake.states import TERMINAL, State
from intake.store import Store
from intake.store.decide import approve
from intake.store.reading import arrivals, counts, every, idle, queue, whole
from intake.store.signing import freeze
from workers.chain import WORKED
from workers.station.signing import TokenDesk
from workers.station.station import Station

PIN = "1234"
CLERK, VAN_THU = Actor("lan", "clerk"), Actor("hoa", "van_thu")
PATIENCE = 240.0
PATIENCE_EACH = 10.0
IN_CHILD = ("push.before_put", "push.after_put")
NOT_IN_TIME = 3


class Life:
    """The station, its worker and its two people."""

    def __init__(self, home: Path, mode: str) -> None:
        self.home = home
        self.armed_at_birth = os.environ.get("SOHOA_CRASH_AT")
        self.settings = load(home)
        self.store = Store(self.settings.database_url, SystemClock())
        self.station = Station(self.settings, self.store)
        self.desk = TokenDesk(self.store, self.settings)
        self._remote = mode == "rq"
        self._worker: subprocess.Popen[bytes] | None = None
        self._died = False
        self._tick = threading.Event()

    def bear(self) -> None:
        if self._remote:
            self._employ(self.armed_at_birth)
        self.station.start()

    def end(self) -> None:
        self._dismiss()
        self.station.stop()

    def meet(self, point: str, scan: Path) -> str:
        """Arm, drop, drive to the end; who died on the way, if it was not this process."""
        self._died = False
        if point not in IN_CHILD:
            if self._remote:
                self._employ(point)
            crashpoint.arm(point)
        shutil.copyfile(scan, self.settings.scan_folder("vanthu") / scan.name)
        self.drive(len(every(self.store)) + 1)
        crashpoint.arm(None)
        if self._died or self._dead_after_its_last_commit():
            return "worker"
        (document,) = [row for row in every(self.store) if row["name"] == scan.name]
        tries = {job["stage"]: job["attempt"] for job in whole(self.store, document["id"]).jobs}
        return "child" if point in IN_CHILD and tries["push"] > 1 else "nobody"

    def _dead_after_its_last_commit(self) -> bool:
        """At the very last point the document is at its end before anybody sees the worker fall."""
        if self._worker is None:
            return False
        try:
            return self._worker.wait(2) != 0
        except subprocess.TimeoutExpired:
            return False

    def drive(self, number: int) -> None:
        """Until that many documents are there and every one is at its end."""
        end = monotonic() + PATIENCE + PATIENCE_EACH * number
        while not self._done(number):
            if monotonic() > end:
                sys.exit(NOT_IN_TIME)
            for row in queue(self.store, states=(State.ASSEMBLED,)):
                fields = {name: item.get("value") for name, item in whole(self.store, row["id"]).row["fields"].items()}
                approve(self.store, row["id"], row["version"], CLERK, fields)
            self._sign()
            if self._worker is not None and self._worker.poll() is not None:
                self._died = True
                self._employ(None)
            self._tick.wait(0.1)

    def _done(self, number: int) -> bool:
        rows = counts(self.store)
        ended = all(State(state) in TERMINAL or State(state) is State.HELD for state in rows)
        return (
            ended
            and sum(rows.values()) >= number
            and "pending" not in arrivals(self.store)
            and idle(self.store, WORKED)
        )

    def _sign(self) -> None:
        waiting = [row["id"] for row in queue(self.store, states=(State.APPROVED,)) if self._ready(row["id"])]
        if not waiting:
            return
        frozen = freeze(self.store, VAN_THU, waiting, cap=100)
        self.desk.preview(frozen)
        self.desk.start(frozen.id, VAN_THU, PIN)
        while self.desk.progress(frozen.id).state == "signing":
            self._tick.wait(0.05)

    def _ready(self, document_id: str) -> bool:
        """Its sign job is ready, not still under the lease of a process that died."""
        return any(job["stage"] == "sign" and job["state"] == "ready" for job in whole(self.store, document_id).jobs)

    def _employ(self, crash_at: str | None) -> None:
        """A worker armed so, in place of the one there was."""
        self._dismiss()
        environment = {key: value for key, value in os.environ.items() if key != "SOHOA_CRASH_AT"}
        if crash_at:
            environment["SOHOA_CRASH_AT"] = crash_at
        command = [sys.executable, "-m", "tests.crash.work", str(self.home), str(os.getpid())]
        self._worker = subprocess.Popen(command, env=environment)

    def _dismiss(self) -> None:
        if self._worker is not None:
            self._worker.terminate()
            self._worker.wait()
            self._worker = None


def main(home: Path, mode: str, number: int, points: list[str]) -> int:
    life = Life(home, mode)
    life.bear()
    try:
        life.drive(number)
        for point in points:
            if point in IN_CHILD and point != life.armed_at_birth:
                break
            with (home / "relay.log").open("a") as log:
                print("begun", point, file=log, flush=True)
                died = life.meet(point, home.parent / "scans" / f"{point}.jpg")
                print(died, point, file=log, flush=True)
            if life.armed_at_birth:
                break
        return 0
    finally:
        life.end()
