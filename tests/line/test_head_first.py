"""Two speeds, end to end: while the workers still read a document, the desk already shows what its head says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from intake.folder import ORIGINAL, document_root
from intake.settings import Settings, SystemClock, load
from intake.states import State
from intake.store import Store
from intake.store.coming import coming
from intake.store.reading import whole
from tests.crash.home import ROOT
from tests.store.paper import arrive, work
from tests.surroundings.patience import until
from tests.surroundings.servers import RedisServer
from workers.queues.local import LocalPool
from workers.queues.rq import connect, ring


@contextmanager
def _local(store: Store, settings: Settings) -> Iterator[Callable[[], None]]:
    pool = LocalPool(store, settings, 1)
    pool.start()
    yield lambda: None
    pool.stop()


@contextmanager
def _rq(store: Store, settings: Settings) -> Iterator[Callable[[], None]]:
    """A worker process as `sohoa work` starts it; ``ring`` is what the station does all the time."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SOHOA_")}
    command = [sys.executable, "-m", "tests.crash.work", str(settings.home)]
    worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    redis = connect(str(settings.queue.redis))

    def ring_again() -> None:
        ring(store, settings, redis)

    yield ring_again
    worker.kill()
    worker.wait()


@pytest.mark.parametrize("back_end", ["SQLite, local pool", "PostgreSQL, RQ"])
def test_the_desk_shows_the_head_while_the_rest_is_read(
    tmp_path: Path, samples: Path, back_end: str, request: pytest.FixtureRequest
) -> None:
    """An urgent document of many pages: number and urgency are there, and its lane is the urgent one, while it is still
    only checked; what is read in the end is the same, once, and the early view is gone."""
    home = tmp_path / "home"
    home.mkdir()
    more, workers = "", _local
    if back_end == "PostgreSQL, RQ":
        redis: RedisServer = request.getfixturevalue("redis_server")
        url = request.getfixturevalue("postgres_url")()
        more, workers = f'[database]\nurl = "{url}"\n[queue]\nredis = "{redis.url}"\n', _rq
    (home / "sohoa.toml").write_text(f'[station.vanthu]\nfolder = "scan"\n{more}', encoding="utf-8")
    settings = load(home, {})
    store = Store(settings.database_url, SystemClock())
    store.migrate()
    urgent = samples / "scans" / "cong-dien-hoa-toc.jpg"
    document_id = arrive(store, urgent.name, urgent.read_bytes()).document_id
    work(store, until=State.CHECKED)
    folder = document_root(settings.documents, document_id) / ORIGINAL
    folder.mkdir(parents=True)
    shutil.copyfile(urgent, folder / "001.jpg")
    for number, page in enumerate(sorted((samples / "scans" / "quyet-dinh-nang-luong").iterdir())[1:], start=2):
        shutil.copyfile(page, folder / f"{number:03}{page.suffix}")

    with workers(store, settings) as again:

        def shown() -> list[tuple[str, int]]:
            again()
            return [(row["state"], row["priority"]) for row in coming(store) if row.get("provisional")]

        until(lambda: shown() == [(State.CHECKED, 3)])
        early = whole(store, document_id)
        until(lambda: whole(store, document_id).state is not State.CHECKED)
        found = whole(store, document_id)
    store.close()
    assert early.state is State.CHECKED
    assert early.row["lane"] == "urgent"
    assert early.head is not None
    assert found.head is None
    for name in ("CodeNumber", "CodeNotation", "Priority"):
        assert found.row["fields"][name]["value"] == early.head["fields"][name]["value"]
    assert [row["action"] for row in found.history].count("ocr.finished") == 1
    assert {job["stage"]: job["attempt"] for job in found.jobs if job["stage"] == "ocr"} == {"ocr": 1}
