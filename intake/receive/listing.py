"""What lies in a scan folder right now: captures, and entries that must never be followed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

IGNORED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".lock")
IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "@eadir", "lost+found"})
OURS = ".sohoa-"
"""Prefix of sources being cleared: already safe in the store, hidden from the next listing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One regular file as listed: ``name`` relative to its capture."""

    name: str
    path: Path
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Capture:
    """One file, or one sub-folder of page images: a document-to-be. ``files`` are in page order."""

    name: str
    path: Path
    files: tuple[Seen, ...]

    @property
    def fingerprint(self) -> tuple[tuple[str, int, int, int], ...]:
        return tuple((file.name, file.size, file.mtime_ns, file.inode) for file in self.files)


@dataclass(frozen=True, slots=True)
class Strange:
    """Not a regular file or folder, or leading outside: refused, never opened."""

    name: str
    kind: str


def ignored(name: str) -> bool:
    """Names scanners and file servers use while writing, and their droppings."""
    low = name.lower()
    return low.startswith((".", "~$")) or low.endswith(IGNORED_SUFFIXES) or low in IGNORED_NAMES


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Page order: `page2` before `page10`."""
    return tuple(
        (0, int(part)) if part.isdigit() else (1, part.casefold()) for part in re.split(r"(\d+)", name) if part
    )


def listing(folder: Path) -> Iterator[Capture | Strange]:
    """Everything in the folder by age, oldest first; raises OSError when the folder (or its share) is away."""
    found: list[tuple[int, Capture | Strange]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if ignored(entry.name):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # renamed away between listing and stat
            found.append((status.st_mtime_ns, _one(entry, status)))
    for _, item in sorted(found, key=lambda pair: pair[0]):
        if isinstance(item, Strange) or item.files:
            yield item


def _one(entry: os.DirEntry[str], status: os.stat_result) -> Capture | Strange:
    path = Path(entry.path)
    if stat.S_ISREG(status.st_mode):
        return Capture(entry.name, path, (_seen(entry.name, path, status),))
    if not stat.S_ISDIR(status.st_mode):
        return Strange(entry.name, _kind(status.st_mode))
    files = []
    with os.scandir(path) as inner:
        for item in inner:
            if ignored(item.name):
                continue
            inner_status = item.stat(follow_symlinks=False)
            if not stat.S_ISREG(inner_status.st_mode):
                return Strange(f"{entry.name}/{item.name}", _kind(inner_status.st_mode))
            files.append(_seen(item.name, Path(item.path), inner_status))
    return Capture(entry.name, path, tuple(sorted(files, key=lambda file: natural(file.name))))


def _seen(name: str, path: Path, status: os.stat_result) -> Seen:
    return Seen(name, path, status.st_size, status.st_mtime_ns, status.st_ino)


def _kind(mode: int) -> str:
    for test, word in (
        (stat.S_ISLNK, "symlink"),
        (stat.S_ISFIFO, "fifo"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISDIR, "folder"),
    ):
        if test(mode):
            return word
    return "device"
