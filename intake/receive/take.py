"""Take a settled capture into the store: copy, sync, prove that it did not change meanwhile, then commit."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from intake import crashpoint
from intake.errors import EnvironmentTrouble
from intake.folder import ORIGINAL, document_root, fsync_path
from intake.receive.listing import Capture, Seen, ignored
from intake.store import Store
from intake.store.admit import Admission, Delivered, admit

BLOCK = 1 << 20
VIETNAM_DAY = "%Y%m%d"


class StillChanging(Exception):
    """The source changed between listing and the end of the copy: wait for it to settle again."""


@dataclass(frozen=True, slots=True)
class Taking:
    """Where a capture goes and under which rules."""

    documents: Path
    profile: str
    profile_digest: str
    lane: str
    replaces: str | None = None
    due_at: datetime | None = None
    disk_free_min_bytes: int = 0
    """what must be left free on the disk of the documents after the copy; the stages need room too"""


def take(store: Store, arrival_id: int, capture: Capture, taking: Taking) -> Admission:
    """Copy, sync, re-stat, re-hash, commit. The source stays where it is until the sweep clears it.

    Raises StillChanging (nothing happened) or EnvironmentTrouble (disk full, permission; nothing happened).
    """
    document_id = f"{store.clock.now().strftime(VIETNAM_DAY)}-{secrets.token_hex(5)}"
    root = document_root(taking.documents, document_id)
    try:
        _prove_room(capture, taking)
        files = _copy_all(capture, root / ORIGINAL)
        crashpoint.reached("receive.copied")
        for folder in (root / ORIGINAL, root, root.parent, root.parent.parent):
            fsync_path(folder)
        crashpoint.reached("receive.synced")
        _prove_unchanged(capture, files)
        admission = admit(
            store,
            arrival_id,
            document_id,
            files,
            profile=taking.profile,
            profile_digest=taking.profile_digest,
            lane=taking.lane,
            replaces=taking.replaces,
            due_at=taking.due_at,
        )
    except StillChanging:
        shutil.rmtree(root, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(root, ignore_errors=True)
        raise EnvironmentTrouble(
            f"Không lấy được «{capture.name}» từ thư mục quét: {error.strerror}. Tệp gốc vẫn nguyên; hãy kiểm tra "
            "dung lượng đĩa và quyền truy cập, hệ thống sẽ tự thử lại.",
            f"«{capture.name}» could not be taken from the scan folder: {error.strerror}. The source is untouched; "
            "check disk space and permissions, it is tried again.",
        ) from error
    if admission.outcome == "duplicate":
        shutil.rmtree(root, ignore_errors=True)
    return admission


def _prove_room(capture: Capture, taking: Taking) -> None:
    """Full to the last byte, the database could not even say what happened: intake stops before that."""
    taking.documents.mkdir(parents=True, exist_ok=True)
    left = shutil.disk_usage(taking.documents).free - sum(file.size for file in capture.files)
    if left < taking.disk_free_min_bytes:
        raise EnvironmentTrouble(
            f"Đĩa chứa hồ sơ gần đầy: lấy «{capture.name}» thì còn {max(0, left) / 1e6:.0f} MB, cần để trống "
            f"{taking.disk_free_min_bytes / 1e6:.0f} MB. Tệp được để nguyên; hãy giải phóng đĩa, hệ thống tự lấy tiếp.",
            f"The disk of the documents is nearly full: after taking «{capture.name}» {max(0, left) / 1e6:.0f} MB would "
            f"be left of the {taking.disk_free_min_bytes / 1e6:.0f} MB that must stay free. The source is left where it "
            "is; free some space and it is taken.",
        )


def _copy_all(capture: Capture, target: Path) -> list[Delivered]:
    target.mkdir(parents=True)
    files = []
    for index, seen in enumerate(capture.files, 1):
        copy = target / f"{index:03d}{_suffix(seen.name)}"
        digest, size = _copy(seen, copy)
        copy.chmod(0o440)
        files.append(Delivered(seen.name, digest, size, seen.mtime_ns))
    return files


def _suffix(name: str) -> str:
    """The extension as delivered, for the check stage to compare with the content; nothing else of the name is used."""
    suffix = Path(name).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ""


def _copy(seen: Seen, target: Path) -> tuple[str, int]:
    source = open_regular(seen.path)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(source, "rb") as reader, target.open("xb") as writer:
        while block := reader.read(BLOCK):
            digest.update(block)
            writer.write(block)
            size += len(block)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest(), size


def open_regular(path: Path) -> int:
    """A descriptor of a regular file, symlinks refused even if one was swapped in after the listing."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StillChanging
    return descriptor


def hash_of(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a regular file, never through a symlink."""
    with os.fdopen(open_regular(path), "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return digest, stream.tell()


def _prove_unchanged(capture: Capture, files: list[Delivered]) -> None:
    for seen, file in zip(capture.files, files, strict=True):
        try:
            status = seen.path.lstat()
            same = (status.st_size, status.st_mtime_ns, status.st_ino) == (seen.size, seen.mtime_ns, seen.inode)
            if not same or hash_of(seen.path) != (file.sha256, file.bytes):
                raise StillChanging
        except FileNotFoundError:
            raise StillChanging from None
    if capture.path.is_dir():
        names = {entry.name for entry in capture.path.iterdir() if not ignored(entry.name)}
        if names != {seen.name for seen in capture.files}:
            raise StillChanging
