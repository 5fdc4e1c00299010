"""The sweep: rescue leases of dead workers, drop folders no row points to, let go of old originals. It may run twice."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from intake.folder import document_root
from intake.settings import Settings
from intake.store import Store
from intake.store.reading import exists
from intake.store.rescue import rescue
from intake.store.retention import release

log = structlog.get_logger()

ORPHAN_AFTER = timedelta(hours=1)
"""A copy without a row this old was made by a process that died before its commit."""


def sweep(store: Store, settings: Settings) -> int:
    """Give back jobs whose worker is dead; returns how many."""
    rescued = rescue(store, str(settings.documents))
    if rescued:
        log.warning("jobs rescued from dead workers", number=rescued)
    return rescued


def let_go(store: Store, settings: Settings) -> int:
    """Originals past their profile's ``intake.originals_kept_days``; returns of how many documents."""
    profiles = {station.profile for station in settings.station.values()}
    released = 0
    for name in sorted(profiles):
        days = settings.profile_of(name).intake.originals_kept_days
        if days:
            released += release(store, settings.documents, name, timedelta(days=days))
    return released


def drop_orphans(store: Store, documents: Path, now: datetime) -> int:
    """Remove document folders that no row points to and unfinished attempt folders, when old enough.

    The sources of such copies still lie in the scan folder: the commit never happened.
    """
    dropped = 0
    for day in documents.glob("[0-9]" * 8):
        for folder in day.iterdir():
            identifier, _, revision = folder.name.partition(".r")
            if not _old(folder, now):
                continue
            if not exists(store, identifier):
                shutil.rmtree(folder)
                dropped += 1
                log.warning("orphan copy dropped", document=identifier)
                continue
            root = document_root(documents, identifier, int(revision or 1))
            for leftover in root.glob("*.tmp"):
                if _old(leftover, now):
                    shutil.rmtree(leftover)
    return dropped


def _old(folder: Path, now: datetime) -> bool:
    return now - datetime.fromtimestamp(folder.stat().st_mtime, UTC) > ORPHAN_AFTER
