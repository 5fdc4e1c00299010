"""What every test may ask for: a manual clock, a real store on both back-ends, real servers, a station's home."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from intake.store import Store
from tests.surroundings.clock import ManualClock
from tests.surroundings.servers import PostgresServer, RedisServer

_numbers = itertools.count()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, clock: ManualClock, sqlite_template: Path) -> Iterator[Store]:
    shutil.copyfile(sqlite_template, tmp_path / "truth.db")
    store = Store(f"sqlite:///{tmp_path / 'truth.db'}", clock)
    yield store
    store.close()


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """A migrated database to copy: migrations are run once, not once a test."""
    url = postgres.new_database("template_sohoa")
    store = Store(url, ManualClock())
    store.migrate()
    store.close()
    return "template_sohoa"


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_template: str) -> Callable[[], str]:
    """Makes a fresh, migrated database each time it is called."""
    return lambda: postgres.new_database(f"sohoa_{os.getpid()}_{next(_numbers)}", postgres_template)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    store = Store(f"sqlite:///{path}", ManualClock())
    store.migrate()
    store.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Store]:
    """The same claims on both back-ends."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_store")
        return
    opened = Store(request.getfixturevalue("postgres_url")(), clock)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The project's own sample scans."""
    return Path(__file__).parents[1] / "samples"
