"""Deliver into a folder of this machine or of a mounted share, from which another system picks up."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

from intake.errors import EnvironmentTrouble
from intake.folder import fsync_path
from intake.model import Assignment, Receipt
from intake.ports import Package
from workers.push.drop import Drop, TakenError, utc_now
from workers.push.naming import folder_name
from workers.push.options import Options, Value

FILLED = frozenset({errno.ENOTEMPTY, errno.EEXIST})


class LocalFiles:
    """``drop.Files`` on a file system. ``create``: make the folder when it is missing."""

    def __init__(self, root: Path, *, create: bool) -> None:
        self.root = root
        self._create = create

    def check(self) -> None:
        with _speaking(self.root):
            if self._create:
                self.root.mkdir(parents=True, exist_ok=True)
            os.scandir(self.root).close()

    def read(self, path: str) -> bytes | None:
        with _speaking(self.root):
            try:
                return (self.root / path).read_bytes()
            except FileNotFoundError:
                return None

    def write(self, path: str, content: bytes | Path) -> None:
        with _speaking(self.root):
            target = self.root / path
            if isinstance(content, Path):
                shutil.copyfile(content, target)
            else:
                target.write_bytes(content)
            fsync_path(target)
            fsync_path(target.parent)

    def make(self, path: str) -> None:
        with _speaking(self.root):
            (self.root / path).mkdir(parents=True, exist_ok=True)

    def rename(self, old: str, new: str) -> bool:
        with _speaking(self.root):
            try:
                (self.root / old).rename(self.root / new)
            except FileNotFoundError:
                return False
            except OSError as error:
                if error.errno in FILLED:
                    raise TakenError(new) from error
                raise
            fsync_path((self.root / new).parent)
            fsync_path((self.root / old).parent)
            return True

    def replace(self, old: str, new: str) -> None:
        with _speaking(self.root):
            (self.root / old).replace(self.root / new)
            fsync_path((self.root / new).parent)

    def is_folder(self, path: str) -> bool:
        return (self.root / path).is_dir()

    def names(self, path: str) -> list[str]:
        with _speaking(self.root):
            return sorted(entry.name for entry in (self.root / path).iterdir())

    def remove(self, path: str) -> None:
        shutil.rmtree(self.root / path, ignore_errors=True)


class FolderConnector:
    """Options: ``path`` (relative to the station's home; default ``deliver``), ``create`` (default true: make the
    folder when it is missing; set false for a mounted share, so that an unmounted one is noticed)."""

    name = "folder"
    delivery: Literal["exactly-once", "at-least-once"] = "exactly-once"

    def __init__(self, options: Mapping[str, Value], base: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        read = Options(self.name, options, base)
        self._files = LocalFiles(read.path("path", "deliver"), create=read.flag("create", True))
        read.close()
        self._drop = Drop(self._files, now)

    def find(self, key: str) -> Receipt | None:
        return self._drop.find(key)

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        box = {path.name: path for path in package.files.values()}
        return self._drop.put(key, folder_name(package.record, key), box)

    def forward(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        return self._drop.assign(receipt, assignment)

    def status(self, receipt: Receipt) -> str:
        return self._drop.status(receipt, self._files.is_folder(receipt.remote_id))

    def recall(self, receipt: Receipt) -> None:
        self._drop.recall(receipt)

    def report(self, receipt: Receipt, code: str, reason: str) -> bool:
        """What the sender is to be told, for the receiver's own system to pass on."""
        self._drop.report(receipt, code, reason)
        return True


_WORDS: dict[int, tuple[str, str]] = {
    errno.ENOENT: ("không có (ổ mạng chưa gắn?)", "is missing (network drive not mounted?)"),
    errno.ENOTDIR: ("không phải là thư mục", "is not a folder"),
    errno.EEXIST: ("không phải là thư mục", "is not a folder"),
    errno.ENOSPC: ("đã đầy, hãy giải phóng chỗ trống", "is full, free some space"),
    errno.EDQUOT: ("đã hết hạn mức dung lượng", "is over its quota"),
    errno.EFBIG: ("không nhận tệp lớn như vậy", "does not take a file this large"),
    errno.EROFS: ("chỉ cho đọc", "is read-only"),
    errno.EACCES: ("không cho phép ghi, hãy xin quyền", "may not be written, ask for the right"),
    errno.EPERM: ("không cho phép ghi, hãy xin quyền", "may not be written, ask for the right"),
}


@contextmanager
def _speaking(path: Path) -> Iterator[None]:
    """Turns what the file system says into words a desk can act on."""
    try:
        yield
    except OSError as error:
        vi, en = _WORDS.get(error.errno or 0, (f"báo lỗi «{error.strerror}»", f"answers «{error.strerror}»"))
        raise EnvironmentTrouble(
            f"Thư mục nhận {path} {vi}. Hồ sơ còn nguyên, hệ thống sẽ gửi lại.",
            f"The delivery folder {path} {en}. The document is safe and will be sent again.",
        ) from error
