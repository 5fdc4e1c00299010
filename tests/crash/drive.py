"""One station process that drives everything it finds to the end: watched folder, stages, clerk, văn thư, delivery.

Run as ``python -m tests.crash.drive HOME MODE``; with SOHOA_CRASH_AT set it dies on the way, and the next run goes on.
MODE is ``local`` or ``rq`` (then ``sohoa work`` processes do the stages). It ends with exit code 0 when every
document is at its end.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic

from intake.model import Actor
from intake.settings import SystemClock, load
from intake.states import TERMINAL, State
from intake.store import Store
from intake.store.decide import approve
from intake.store.reading import arrivals, every, idle, queue, whole
from intake.store.signing import freeze
from workers.chain import WORKED
from workers.station.signing import TokenDesk
from workers.station.station import Station

PIN = "1234"
CLERK, VAN_THU = Actor("lan", "clerk"), Actor("hoa", "van_thu")
PATIENCE = 120.0


def main(home: Path, mode: str) -> int:
    settings = load(home)
    store = Store(settings.database_url, SystemClock())
    station = Station(settings, store)
    workers = []
    if mode == "rq":
        command = [sys.executable, "-m", "tests.crash.work", str(home)]
        workers = [subprocess.Popen(command) for _ in range(1)]
    station.start()
    desk = TokenDesk(store, settings)
    end = monotonic() + PATIENCE
    tick = threading.Event()
    try:
        while monotonic() < end:
            if _everything_done(store):
                return 0
            for row in queue(store, states=(State.ASSEMBLED,)):
                fields = {name: item.get("value") for name, item in whole(store, row["id"]).row["fields"].items()}
                approve(store, row["id"], row["version"], CLERK, fields)
            _sign(store, desk)
            workers = [worker for worker in workers if worker.poll() is None] or (
                [subprocess.Popen(command)] if mode == "rq" else []
            )
            tick.wait(0.1)
        return 3
    finally:
        for worker in workers:
            worker.kill()
        station.stop()


def _sign(store: Store, desk: TokenDesk) -> None:
    waiting = [row["id"] for row in queue(store, states=(State.APPROVED,)) if idle_sign(store, row["id"])]
    if not waiting:
        return
    frozen = freeze(store, VAN_THU, waiting, cap=100)
    desk.preview(frozen)
    desk.start(frozen.id, VAN_THU, PIN)
    tick = threading.Event()
    while desk.progress(frozen.id).state == "signing":
        tick.wait(0.05)


def idle_sign(store: Store, document_id: str) -> bool:
    """Its sign job is ready, not still under the lease of a process that died."""
    return any(job["stage"] == "sign" and job["state"] == "ready" for job in whole(store, document_id).jobs)


def _everything_done(store: Store) -> bool:
    rows = every(store)
    ended = all(State(row["state"]) in TERMINAL or State(row["state"]) is State.HELD for row in rows)
    return bool(rows) and ended and "pending" not in arrivals(store) and idle(store, WORKED)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
