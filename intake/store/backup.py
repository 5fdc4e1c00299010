"""Back up and restore: the rows first, then the files they point to; published files never change, so nothing tears."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from intake.errors import OperatorError
from intake.folder import document_root, fsync_path
from intake.ports import Clock
from intake.store.engine import Store
from intake.store.schema import UtcTime, document, metadata

ROWS = "rows.jsonl"
DOCUMENTS = "documents"
SETTINGS = ("sohoa.toml", "profiles", "trust", "certificates")


def save_to(store: Store, home: Path, documents: Path, target: Path) -> int:
    """Copy rows (one consistent snapshot), settings, trust folder and document folders; returns the documents saved.

    Keys and PINs are never part of a backup. OperatorError when ``target`` exists.
    """
    if target.exists():
        raise OperatorError(f"{target} đã có; hãy chọn thư mục mới.", f"{target} exists; choose a new folder.")
    building = target.with_name(target.name + ".tmp")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    roots: list[Path] = []
    with store.read() as connection, (building / ROWS).open("w", encoding="utf-8") as lines:
        # One moment for all tables: no commit falls between two of them, and nobody waits for the backup.
        for table in metadata.sorted_tables:
            rows = connection.execute(sa.select(table).execution_options(yield_per=1000))
            for row in rows.mappings():
                lines.write(json.dumps([table.name, dict(row)], ensure_ascii=False, default=_plain) + "\n")
        for found in connection.execute(sa.select(document.c.id, document.c.revision)):
            roots += [document_root(documents, found.id, n) for n in range(1, found.revision + 1)]
    for name in SETTINGS:
        source = home / name
        if source.is_dir():
            shutil.copytree(source, building / name)
        elif source.is_file():
            shutil.copy2(source, building / name)
    for root in roots:
        shutil.copytree(
            root, building / DOCUMENTS / root.relative_to(documents), ignore=shutil.ignore_patterns("*.tmp")
        )
    fsync_path(building)
    building.rename(target)
    return len(roots)


def restore_from(source: Path, home: Path, clock: Clock, database_url: str | None = None) -> int:
    """Fill an empty home (and an empty database) from a backup; returns the documents restored."""
    if home.exists() and any(home.iterdir()):
        raise OperatorError(
            f"{home} không trống; chỉ khôi phục vào thư mục trống.", f"{home} is not empty; restore onto an empty home."
        )
    if not (source / ROWS).is_file():
        raise OperatorError(f"{source} không phải bản sao lưu.", f"{source} is not a backup.")
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    for name in (*SETTINGS, DOCUMENTS):
        if (source / name).is_dir():
            shutil.copytree(source / name, home / name)
        elif (source / name).is_file():
            shutil.copy2(source / name, home / name)
    store = Store(database_url or f"sqlite:///{home / 'sohoa.db'}", clock)
    store.migrate()
    restored = 0
    with store.write() as connection, (source / ROWS).open(encoding="utf-8") as lines:
        for line in lines:
            name, row = json.loads(line)
            table = metadata.tables[name]
            connection.execute(table.insert().values(**_typed(table, row)))
            restored += name == document.name
        if connection.dialect.name == "postgresql":
            _sequences(connection)
    store.close()
    return restored


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if value is not None and isinstance(table.c[name].type, UtcTime) else value
        for name, value in row.items()
    }


def _sequences(connection: sa.Connection) -> None:
    """PostgreSQL's counters do not follow explicit ids."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            highest = connection.execute(sa.select(sa.func.max(column))).scalar_one() or 0
            connection.execute(
                sa.select(
                    sa.func.setval(
                        sa.func.pg_get_serial_sequence(table.name, column.name), max(highest, 1), highest > 0
                    )
                )
            )
