"""Real servers on private ports and sockets: PostgreSQL and Redis as Debian ships them."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import psycopg
import redis


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One cluster in a temporary folder, owned by an ordinary user (PostgreSQL refuses root)."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sohoa-pg-"))
        self.port = free_port()
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._bin = sorted(Path("/usr/lib/postgresql").iterdir())[-1] / "bin"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._as_owner(["initdb", "-D", str(self.folder / "data"), "-U", "sohoa", "--auth=trust", "-E", "UTF8"])
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
        self._as_owner(
            ["pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-l", str(self.folder / "log"), "-w", "start"]
        )

    def stop(self, mode: str = "immediate") -> None:
        self._as_owner(["pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop"])

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self, name: str, template: str = "template1") -> str:
        """A fresh database; its SQLAlchemy URL."""
        with psycopg.connect(f"postgresql://sohoa@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://sohoa@127.0.0.1:{self.port}/{name}"

    def _as_owner(self, command: Sequence[str]) -> None:
        full = [str(self._bin / command[0]), *command[1:]]
        if os.geteuid() == 0:
            full = ["runuser", "-u", "postgres", "--", *full]
        subprocess.run(full, check=True, capture_output=True, cwd="/tmp")


class RedisServer:
    """One Redis without persistence: what it forgets, the store must know."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sohoa-redis-"))
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        client = redis.Redis.from_url(self.url)
        for _ in range(200):
            try:
                client.ping()
                return
            except redis.exceptions.ConnectionError:
                Event().wait(0.05)
        raise RuntimeError("redis-server does not answer")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def flush(self) -> None:
        redis.Redis.from_url(self.url).flushall()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
