"""Put a delivery into a folder that somebody else empties: whole at once, once per key, however often we crash.

    <folder>/<name>                      what the receiver sees: complete from its first moment
    <folder>/.sohoa/part/<key>.<n>/      being written; meaningless to everyone else
    <folder>/.sohoa/delivery/<key>/      receipt.json, and box until it is handed over; later assignment, recall

The order is: write part, rename it to delivery/<key>, rename its box to the visible name. ``delivery/<key>`` is never
removed, so the first rename is the put-if-absent (a folder cannot be renamed onto a filled one) and, after a crash at
any point, its mere state decides: absent = begin, box inside = finish the rename, no box = delivered, whether or not
the receiver has taken the visible copy away since. The algorithm is the same on a disk and over SFTP.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from intake.errors import EnvironmentTrouble
from intake.model import Assignment, Receipt
from workers.push.edxml import StatusCode
from workers.tools.assignment import assignment_json
from workers.tools.receipt import receipt_json, receipt_of

HIDDEN = ".sohoa"
Box = Mapping[str, Path] | Path
"""What becomes visible: a folder (file name → file), or one file."""


class TakenError(Exception):
    """The new name of a rename exists already. Never leaves this package."""


class Files(Protocol):
    """A disk, here or elsewhere. Paths are relative to the delivery folder, with ``/``."""

    def check(self) -> None:
        """Raise EnvironmentTrouble when the delivery folder itself cannot be used."""

    def read(self, path: str) -> bytes | None:
        """None when there is no such file."""

    def write(self, path: str, content: bytes | Path) -> None:
        """A new file, durable when this returns, as far as the disk lets us say."""

    def make(self, path: str) -> None:
        """A folder with its parents; none the worse when it exists."""

    def rename(self, old: str, new: str) -> bool:
        """False when ``old`` is not there; TakenError when ``new`` is a filled folder. Durable when this returns."""

    def replace(self, old: str, new: str) -> None:
        """Rename a file over another one."""

    def is_folder(self, path: str) -> bool: ...

    def names(self, path: str) -> list[str]: ...

    def remove(self, path: str) -> None:
        """A folder and all below it; never raises, because it only tidies."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Drop:
    """The delivery folder behind ``files``; ``now`` gives aware times."""

    def __init__(self, files: Files, now: Callable[[], datetime] = utc_now) -> None:
        self._files = files
        self._now = now

    def find(self, key: str) -> Receipt | None:
        """The receipt, after finishing a hand-over that a crash left half done."""
        self._files.check()
        text = self._files.read(f"{HIDDEN}/delivery/{key}/receipt.json")
        if text is None:
            return None
        receipt = _parsed(key, text)
        try:
            self._files.rename(f"{HIDDEN}/delivery/{key}/box", receipt.remote_id)
        except TakenError as error:
            raise _trouble(
                f"đã có «{receipt.remote_id}» mà không do hệ thống này đặt; hãy dời đi",
                f"holds «{receipt.remote_id}», which was not put there by this system; move it away",
            ) from error
        return receipt

    def put(
        self,
        key: str,
        name: str,
        box: Box,
        *,
        detail: Mapping[str, Any] | None = None,
        beside: Mapping[str, bytes] | None = None,
    ) -> Receipt:
        """Deliver ``box`` under the visible ``name``, or return the receipt of the earlier delivery under this key.

        ``detail`` goes into the receipt; ``beside`` are files kept with it, out of sight, for later.
        """
        known = self.find(key)
        if known:
            return known
        self._files.make(f"{HIDDEN}/part")
        self._files.make(f"{HIDDEN}/delivery")
        part = f"{HIDDEN}/part/{key}.{uuid.uuid4().hex[:8]}"
        self._write(part, Receipt(key=key, remote_id=name, received_at=self._now(), detail=detail or {}), box)
        for hidden, content in (beside or {}).items():
            self._files.write(f"{part}/{hidden}", content)
        try:
            self._files.rename(part, f"{HIDDEN}/delivery/{key}")
        except TakenError:
            self._files.remove(part)
        receipt = self.find(key)
        if receipt is None:
            raise _trouble(f"không giữ được {HIDDEN}/delivery/{key}", f"did not keep {HIDDEN}/delivery/{key}")
        for left in self._files.names(f"{HIDDEN}/part"):
            if left.startswith(f"{key}."):
                self._files.remove(f"{HIDDEN}/part/{left}")
        return receipt

    def assign(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        """Written beside the document while it is there, and kept under its key in any case."""
        said = assignment_json(assignment)
        self._say(receipt, "assignment.json", said)
        detail = {**receipt.detail, "forwarded": said}
        return Receipt(receipt.key, receipt.remote_id, receipt.received_at, receipt.arrival_number, detail)

    def recall(self, receipt: Receipt) -> bool:
        """Says so beside the document, deletes nothing; False when it had been said before."""
        self._files.check()
        if self._said(receipt, "recall.json"):
            return False
        notice = {"key": receipt.key, "status": str(StatusCode.RECALLED), "at": self._now().isoformat()}
        self._say(receipt, "recall.json", notice)
        return True

    def report(self, receipt: Receipt, code: str, reason: str) -> None:
        """The status the sender is owed, beside the document; the same status is said once."""
        self._files.check()
        said = self._files.read(f"{HIDDEN}/delivery/{receipt.key}/report.json")
        if said is None or json.loads(said).get("status") != code:
            notice = {"key": receipt.key, "status": code, "reason": reason, "at": self._now().isoformat()}
            self._say(receipt, "report.json", notice)

    def kept(self, key: str, hidden: str) -> bytes | None:
        """A file kept beside the receipt."""
        return self._files.read(f"{HIDDEN}/delivery/{key}/{hidden}")

    def keep(self, key: str, hidden: str, content: bytes) -> None:
        """Put a file beside the receipt; it stays out of sight until it is published."""
        path = f"{HIDDEN}/delivery/{key}/{hidden}"
        part = f"{HIDDEN}/delivery/{key}/.{hidden}.{uuid.uuid4().hex[:8]}"
        self._files.write(part, content)
        self._files.replace(part, path)

    def publish(self, key: str, hidden: str, name: str) -> None:
        """Make a file kept beside the receipt visible, once; nothing when it was done before."""
        self._files.rename(f"{HIDDEN}/delivery/{key}/{hidden}", name)

    def status(self, receipt: Receipt, visible: bool) -> StatusCode:
        """13 recalled, 04 assigned, 01 while the copy lies there, 03 when it was taken away."""
        self._files.check()
        if self._said(receipt, "recall.json"):
            return StatusCode.RECALLED
        if self._said(receipt, "assignment.json"):
            return StatusCode.ASSIGNED
        return StatusCode.ARRIVED if visible else StatusCode.ACCEPTED

    def _write(self, part: str, receipt: Receipt, box: Box) -> None:
        self._files.make(part)
        text = _json(receipt_json(receipt))
        if isinstance(box, Path):
            self._files.write(f"{part}/box", box)
        else:
            self._files.make(f"{part}/box")
            for name, path in box.items():
                self._files.write(f"{part}/box/{name}", path)
            self._files.write(f"{part}/box/receipt.json", text)
        self._files.write(f"{part}/receipt.json", text)

    def _said(self, receipt: Receipt, name: str) -> bool:
        return self._files.read(f"{HIDDEN}/delivery/{receipt.key}/{name}") is not None

    def _say(self, receipt: Receipt, name: str, value: Mapping[str, Any]) -> None:
        self._files.check()
        self._files.make(f"{HIDDEN}/delivery/{receipt.key}")
        self._replace(f"{HIDDEN}/delivery/{receipt.key}/{name}", value)
        if self._files.is_folder(receipt.remote_id):
            self._replace(f"{receipt.remote_id}/{name}", value)

    def _replace(self, path: str, value: Mapping[str, Any]) -> None:
        text = _json(value)
        if self._files.read(path) == text:
            return
        folder, _, name = path.rpartition("/")
        part = f"{folder}/.{name}.{uuid.uuid4().hex[:8]}"
        self._files.write(part, text)
        self._files.replace(part, path)


def _parsed(key: str, text: bytes) -> Receipt:
    try:
        return receipt_of(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise _trouble(
            f"có biên nhận hỏng ở {HIDDEN}/delivery/{key}; hãy xem bản đã giao còn đó không rồi xóa mục này",
            f"has a damaged receipt at {HIDDEN}/delivery/{key}; see whether the copy is there, then delete that entry",
        ) from error


def _trouble(vi: str, en: str) -> EnvironmentTrouble:
    return EnvironmentTrouble(f"Thư mục nhận {vi}.", f"The delivery folder {en}.")


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
