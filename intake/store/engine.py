"""Open the database: SQLite in WAL mode by default, PostgreSQL by setting; one writer lock, many readers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.exc import InterfaceError, OperationalError

from intake.errors import EnvironmentTrouble
from intake.ports import Clock

MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """The truth. ``write()`` is one transaction that sees nothing half done; ``read()`` never blocks a writer."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.clock = clock
        self.engine = _engine(url)
        # SQLite in WAL mode reads one snapshot anyway. PostgreSQL's default would give every query its own moment: a
        # backup torn between two tables, a chain whose head is older than its rows.
        self._one_moment = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A writing transaction; commits at the end, rolls back on any error."""
        with _translated(), self.engine.connect().execution_options(sohoa_write=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """All queries in it see one moment, on both back-ends."""
        with _translated(), self.engine.connect().execution_options(**self._one_moment) as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables to this version's shape (Alembic); safe to call at every start."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with _translated(), self.engine.connect().execution_options(sohoa_write=True) as connection, connection.begin():
            if self.engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(8640)"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """The database going away is trouble to wait out, never a bug of the document at hand."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        reason = str(error.orig or error).splitlines()[0]
        raise EnvironmentTrouble(
            f"Cơ sở dữ liệu không phản hồi ({reason}). Việc sẽ được thử lại; hãy kiểm tra đĩa và máy chủ.",
            f"The database does not answer ({reason}). The work is tried again; check the disk and the server.",
        ) from error


def _engine(url: str) -> sa.Engine:
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, connect_args={"timeout": 60, "check_same_thread": False})

        @event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            # A deferred BEGIN that later wants to write can fail at once with «database is locked»
            # whatever the timeout says; taking the lock first makes writers queue.
            write = connection.get_execution_options().get("sohoa_write", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

        return engine
    return sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
