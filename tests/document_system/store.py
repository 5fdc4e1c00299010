"""What the document system keeps: SQLite for the register, files for the bytes; one delivery per idempotency key."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL,
    record TEXT NOT NULL,
    number TEXT, notation TEXT, organ TEXT, year TEXT,
    sha256 TEXT NOT NULL,
    arrival_year INTEGER NOT NULL,
    arrival_number INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT '01',
    reason TEXT NOT NULL DEFAULT '',
    duplicate_of INTEGER,
    UNIQUE (arrival_year, arrival_number)
);
CREATE TABLE IF NOT EXISTS assignment (
    document INTEGER NOT NULL REFERENCES document (id),
    said TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (document, said)
);
CREATE TABLE IF NOT EXISTS report (
    document INTEGER NOT NULL REFERENCES document (id),
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (document, status)
);
"""


@dataclass(frozen=True, slots=True)
class Conflict(Exception):
    """The key is known with other bytes."""

    known: Mapping[str, Any]


class Store:
    """``home``/register.sqlite and ``home``/files/<key>/<role>. Survives restarts; safe to call from many threads."""

    def __init__(self, home: Path) -> None:
        self._files = home / "files"
        self._files.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(home / "register.sqlite", check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def find(self, key: str) -> dict[str, Any] | None:
        return self._one("SELECT * FROM document WHERE key = ?", key)

    def get(self, ident: str) -> dict[str, Any] | None:
        return self._one("SELECT * FROM document WHERE id = ?", ident)

    def put(
        self, key: str, document_id: str, record: Mapping[str, Any], files: Mapping[str, bytes]
    ) -> tuple[dict, bool]:
        """(the delivery, whether it is new). The same key and bytes again give the first delivery; other bytes under a
        known key raise Conflict."""
        sha256 = hashlib.sha256(files["pdf"]).hexdigest()
        with self._lock:
            known = self._row("SELECT * FROM document WHERE key = ?", key)
            if known:
                if known["sha256"] != sha256:
                    raise Conflict(known)
                return known, False
            folder = self._files / key
            folder.mkdir(exist_ok=True)
            for role, content in files.items():
                (folder / role).write_bytes(content)
            now = datetime.now(UTC)
            same = self._row(
                "SELECT * FROM document WHERE number = ? AND notation = ? AND organ = ? AND year = ? ORDER BY id",
                *_identity(record),
            )
            with self._db:
                self._db.execute(
                    "INSERT INTO document (key, document_id, record, number, notation, organ, year, sha256, arrival_year,"
                    " arrival_number, received_at, duplicate_of) VALUES (?,?,?,?,?,?,?,?,?,"
                    " 1 + (SELECT COALESCE(MAX(arrival_number), 0) FROM document WHERE arrival_year = ?), ?, ?)",
                    (
                        *(key, document_id, json.dumps(record, ensure_ascii=False), *_identity(record), sha256),
                        *(now.year, now.year, now.isoformat(), same["id"] if same else None),
                    ),
                )
            return self._row("SELECT * FROM document WHERE key = ?", key), True

    def file(self, ident: str, role: str) -> bytes | None:
        document = self.get(ident)
        path = self._files / document["key"] / role if document else None
        return path.read_bytes() if path and path.is_file() else None

    def assign(self, ident: str, said: Mapping[str, Any]) -> dict[str, Any] | None:
        with self._lock, self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO assignment SELECT id, ?, ? FROM document WHERE id = ?",
                (json.dumps(said, ensure_ascii=False, sort_keys=True), datetime.now(UTC).isoformat(), ident),
            )
            self._db.execute("UPDATE document SET status = '04' WHERE id = ? AND status IN ('01', '03')", (ident,))
        return self.get(ident)

    def assignments(self, ident: str) -> list[dict[str, Any]]:
        with self._lock:
            rows = self._db.execute("SELECT said FROM assignment WHERE document = ? ORDER BY rowid", (ident,))
            return [json.loads(row["said"]) for row in rows]

    def report(self, ident: str, status: str, reason: str) -> dict[str, Any] | None:
        with self._lock, self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO report SELECT id, ?, ? FROM document WHERE id = ?", (status, reason, ident)
            )
        return self.get(ident)

    def reports(self, ident: str) -> list[str]:
        """Status codes its sender was told, in that order."""
        with self._lock:
            rows = self._db.execute("SELECT status FROM report WHERE document = ? ORDER BY rowid", (ident,))
            return [row["status"] for row in rows]

    def lose(self, ident: str) -> None:
        """What a system does that restores an old back-up."""
        with self._lock, self._db:
            for table, column in (("assignment", "document"), ("report", "document"), ("document", "id")):
                self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (ident,))

    def set_status(self, ident: str, status: str, reason: str = "") -> dict[str, Any] | None:
        with self._lock, self._db:
            self._db.execute("UPDATE document SET status = ?, reason = ? WHERE id = ?", (status, reason, ident))
        return self.get(ident)

    def all(self, **like: str) -> list[dict[str, Any]]:
        """Documents whose ``number``, ``notation``, ``year`` are as given."""
        known = {name: value for name, value in like.items() if name in ("number", "notation", "year", "document_id")}
        where = " AND ".join(f"{name} = ?" for name in known) or "1"
        with self._lock:
            rows = self._db.execute(f"SELECT * FROM document WHERE {where} ORDER BY id", tuple(known.values()))
            return [_shown(row) for row in rows]

    def _one(self, sql: str, *values: Any) -> dict[str, Any] | None:
        with self._lock:
            return self._row(sql, *values)

    def _row(self, sql: str, *values: Any) -> dict[str, Any] | None:
        row = self._db.execute(sql, values).fetchone()
        return _shown(row) if row else None


def _identity(record: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """{number, notation, agency, year}: numbers begin again each year (NĐ 30/2020 Phụ lục VI I.III.1.h)."""
    return (
        str(record.get("CodeNumber", "")),
        str(record.get("CodeNotation", "")),
        str(record.get("OrganName", "")),
        str(record.get("IssuedDate", ""))[:4],
    )


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "id": str(row["id"]), "record": json.loads(row["record"])}
