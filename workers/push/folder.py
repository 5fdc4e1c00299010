"""Deliver into a folder that another system picks up from: atomic, once per key, even when the pick-up is quick.

    <path>/<number>_<notation>_<key>/   what the receiver sees: one sub-folder per document, complete when it appears
    <path>/.sohoa/part/<key>.<n>/       being written; meaningless to everyone else
    <path>/.sohoa/delivery/<key>/       receipt.json, and box/ until it is handed over; later assignment, recall

The order is: write part, rename it to delivery/<key>, rename its box to the visible name. ``delivery/<key>`` is never
removed, so the first rename is the put-if-absent (a folder cannot be renamed onto a filled one) and, after a crash at
any point, its mere state decides: absent = begin, box inside = finish the rename, no box = delivered, whether or not
the receiver has taken the visible folder away since.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from intake.errors import EnvironmentTrouble
from intake.folder import fsync_path
from intake.model import Assignment, Receipt
from intake.ports import Package
from workers.push.edxml import StatusCode
from workers.push.naming import folder_name
from workers.push.options import Options, Value
from workers.tools.assignment import assignment_json
from workers.tools.receipt import receipt_json, receipt_of


def utc_now() -> datetime:
    return datetime.now(UTC)


class FolderConnector:
    """Options: ``path`` (relative to the station's home; default ``deliver``), ``create`` (default true: make the
    folder when it is missing; set false for a mounted share, so that an unmounted one is noticed)."""

    name = "folder"
    delivery: Literal["exactly-once", "at-least-once"] = "exactly-once"

    def __init__(self, options: Mapping[str, Value], base: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        read = Options(self.name, options, base)
        self._path = read.path("path", "deliver")
        self._create = read.flag("create", True)
        read.close()
        self._now = now

    def find(self, key: str) -> Receipt | None:
        with _speaking(self._path):
            self._prepare()
            return self._finish(key)

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        with _speaking(self._path):
            self._prepare()
            known = self._finish(key)
            if known:
                return known
            part = self._write_part(key, package)
            try:
                part.rename(self._delivery(key))
                fsync_path(self._delivery())
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                shutil.rmtree(part)
            receipt = self._finish(key)
            if receipt is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._delivery(key)))
            for left in self._hidden("part").glob(f"{key}.*"):
                shutil.rmtree(left, ignore_errors=True)
            return receipt

    def forward(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        """Written beside the document while it is there, and kept under its key in any case."""
        said = assignment_json(assignment)
        self._say(receipt, "assignment.json", said)
        detail = {**receipt.detail, "forwarded": said}
        return Receipt(receipt.key, receipt.remote_id, receipt.received_at, receipt.arrival_number, detail)

    def status(self, receipt: Receipt) -> str:
        with _speaking(self._path):
            self._prepare()
            if self._delivery(receipt.key, "recall.json").exists():
                return StatusCode.RECALLED
            if self._delivery(receipt.key, "assignment.json").exists():
                return StatusCode.ASSIGNED
            here = (self._path / receipt.remote_id).is_dir()
            return StatusCode.ARRIVED if here else StatusCode.ACCEPTED

    def recall(self, receipt: Receipt) -> None:
        """Says so beside the document; deletes nothing, because the receiver may hold it already."""
        if self.status(receipt) == StatusCode.RECALLED:
            return
        notice = {"key": receipt.key, "status": str(StatusCode.RECALLED), "at": self._now().isoformat()}
        self._say(receipt, "recall.json", notice)

    def _hidden(self, *parts: str) -> Path:
        return self._path.joinpath(".sohoa", *parts)

    def _delivery(self, *parts: str) -> Path:
        return self._hidden("delivery", *parts)

    def _prepare(self) -> None:
        if not self._create and not self._path.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._path))
        self._hidden("part").mkdir(parents=True, exist_ok=True)
        self._delivery().mkdir(exist_ok=True)

    def _write_part(self, key: str, package: Package) -> Path:
        part = self._hidden("part", f"{key}.{uuid.uuid4().hex[:8]}")
        box = part / "box"
        box.mkdir(parents=True)
        receipt = Receipt(key=key, remote_id=folder_name(package.record, key), received_at=self._now())
        for path in package.files.values():
            shutil.copyfile(path, box / path.name)
            fsync_path(box / path.name)
        write_json(part / "receipt.json", receipt_json(receipt))
        write_json(box / "receipt.json", receipt_json(receipt))
        return part

    def _finish(self, key: str) -> Receipt | None:
        """Hand over the box when it is still inside; whoever comes second finds the work done."""
        try:
            text = self._delivery(key, "receipt.json").read_text("utf-8")
        except FileNotFoundError:
            return None
        receipt = receipt_of(json.loads(text))
        try:
            self._delivery(key, "box").rename(self._path / receipt.remote_id)
        except FileNotFoundError:
            return receipt
        fsync_path(self._path)
        fsync_path(self._delivery(key))
        return receipt

    def _say(self, receipt: Receipt, name: str, value: Mapping[str, Any]) -> None:
        with _speaking(self._path):
            self._prepare()
            self._delivery(receipt.key).mkdir(exist_ok=True)
            write_json(self._delivery(receipt.key, name), value)
            visible = self._path / receipt.remote_id
            if visible.is_dir():
                write_json(visible / name, value)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Atomic and durable: temp name, fsync, rename, fsync of the folder."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    part.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", "utf-8")
    fsync_path(part)
    part.replace(path)
    fsync_path(path.parent)


_WORDS: dict[int, tuple[str, str]] = {
    errno.ENOENT: ("không có (ổ mạng chưa gắn?)", "is missing (network drive not mounted?)"),
    errno.ENOTDIR: ("không phải là thư mục", "is not a folder"),
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
