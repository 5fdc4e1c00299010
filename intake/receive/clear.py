"""Clear the scan folder of what is safe in the store: after the commit, only unchanged bytes, twice without harm."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from intake import crashpoint
from intake.receive.listing import IGNORED_NAMES, OURS
from intake.receive.take import StillChanging, hash_of
from intake.store import Store
from intake.store.admit import cleared, superseded, uncleared


def clear(store: Store, station: str, folder: Path) -> int:
    """Remove the sources of admitted and duplicate captures; returns how many were removed.

    A source that changed after it was taken is left for the next listing as a new version, and the document
    made of the old bytes is told so. Raises OSError when the folder is away.
    """
    removed = 0
    for row in uncleared(store, station):
        hidden = folder / f"{OURS}{row['id']}"
        source = folder / row["name"]
        if not hidden.exists():
            if not source.exists():
                cleared(store, row["id"])
                continue
            source.rename(hidden)
            crashpoint.reached("clear.renamed")
        if _same(hidden, row):
            _remove(hidden)
            crashpoint.reached("clear.removed")
            removed += 1
        else:
            _put_back(hidden, source)
            superseded(store, row["id"])
        cleared(store, row["id"])
    return removed


def _same(hidden: Path, row: Mapping[str, Any]) -> bool:
    files = row["files"] or []
    try:
        if not hidden.is_dir():
            return len(files) == 1 and hash_of(hidden) == (files[0]["sha256"], files[0]["bytes"])
        # A page still being written (.part) counts: it must go back, not away.
        names = {
            entry.name
            for entry in hidden.iterdir()
            if not entry.name.startswith(".") and entry.name.lower() not in IGNORED_NAMES
        }
        return names <= {file["name"] for file in files} and all(
            hash_of(hidden / file["name"]) == (file["sha256"], file["bytes"])
            for file in files
            if (hidden / file["name"]).exists()
        )
    except StillChanging:
        return False


def _remove(hidden: Path) -> None:
    if hidden.is_dir():
        shutil.rmtree(hidden)
    else:
        hidden.unlink()


def _put_back(hidden: Path, source: Path) -> None:
    """Under its own name when that is free (the scanner may have written the next file there), else beside it."""
    target, number = source, 1
    while target.exists():
        number += 1
        target = source.with_name(f"{source.stem}-{number}{source.suffix}")
    hidden.rename(target)
