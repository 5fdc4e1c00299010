"""Hand edXML packages to a gateway by folder: documents out, status packages in (QCVN 102:2016/BTTTT)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from intake.errors import DocumentError
from intake.model import Assignment, Receipt
from intake.ports import Package
from workers.push.drop import Drop, utc_now
from workers.push.edxml import SUFFIX, Business, Message, ResponseFor, Status, StatusCode
from workers.push.edxml_read import read as read_edxml
from workers.push.edxml_read import read_header
from workers.push.edxml_write import write_message, write_status
from workers.push.folder import LocalFiles
from workers.push.naming import folder_name
from workers.push.options import Options, Value

_RECALL = "recall.edxml"
_HEADER = "header.edxml"
Said = tuple[str, datetime, str, str]
"""DocumentId, when, status code, reason"""


class EdxmlConnector:
    """Options: ``path`` (where the gateway takes ``*.edxml``; default ``deliver-edxml``), ``answers`` (where it puts
    status packages; default ``<path>/status``), ``create`` (default true).

    A recall is a package of its own (BussinessDocType 1) with the same DocumentId and no attachment. Forwarding is
    not told to the outside: who handles a document is the receiving agency's affair.
    """

    name = "edxml"
    delivery: Literal["exactly-once", "at-least-once"] = "exactly-once"

    def __init__(self, options: Mapping[str, Value], base: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        read = Options(self.name, options, base)
        root = read.path("path", "deliver-edxml")
        self._files = LocalFiles(root, create=read.flag("create", True))
        self._answers = read.optional_path("answers") or root / "status"
        read.close()
        self._drop = Drop(self._files, now)
        self._now = now
        self._read: dict[tuple[str, int, int], Said | None] = {}

    def find(self, key: str) -> Receipt | None:
        return self._drop.find(key)

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        message = read_header(package.files["edxml"])
        notice, header = io.BytesIO(), io.BytesIO()
        write_message(replace(message, business=Business.RECALL), notice)
        write_message(message, header)
        return self._drop.put(
            key,
            f"{folder_name(package.record, key)}{SUFFIX}",
            package.files["edxml"],
            detail={"document_id": message.document_id},
            beside={_RECALL: notice.getvalue(), _HEADER: header.getvalue()},
        )

    def forward(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        return self._drop.assign(receipt, assignment)

    def status(self, receipt: Receipt) -> str:
        return self.answer(receipt)[0]

    def answer(self, receipt: Receipt) -> tuple[str, str]:
        """The newest status package about this document, and the reason it gives; before any, what the folder tells.

        A recall by its sender (BussinessDocType 1, the same DocumentId) is status 13 and outlives every other word."""
        answers = [said for said in self.answers() if said[0] == self._id(receipt)]
        recalled = next((said for said in answers if said[2] == StatusCode.RECALLED), None)
        newest = recalled or max(answers, key=lambda said: said[1], default=None)
        ours = self._drop.status(receipt, (self._files.root / receipt.remote_id).exists())
        if newest is None or ours == StatusCode.RECALLED:
            return ours, ""
        return newest[2], newest[3]

    def answers(self) -> Iterator[Said]:
        """Every status package and recall in the answers folder, each read once; everything else is passed over."""
        for path in sorted(self._answers.glob(f"*{SUFFIX}")) if self._answers.is_dir() else ():
            try:
                known = path.stat()
            except FileNotFoundError:
                continue  # the gateway took it back
            mark = (path.name, known.st_mtime_ns, known.st_size)
            if mark not in self._read:
                self._read[mark] = _said(path)
            said = self._read[mark]
            if said is not None:
                yield said

    def report(self, receipt: Receipt, code: str, reason: str) -> bool:
        """A status package to the sender (Đ10.3: the same day), once per status; False when this delivery is older than
        reports are."""
        header = self._drop.kept(receipt.key, _HEADER)
        if header is None:
            return False
        message = read_edxml(header)
        if not isinstance(message, Message) or self._drop.kept(receipt.key, f"report-{code}") is not None:
            return True
        about = ResponseFor(message.sender.organ_id, str(message.code), message.document_id, message.promulgation_date)
        package = io.BytesIO()
        write_status(Status(message.receivers[0], about, StatusCode(code), self._now(), reason), package)
        self._drop.keep(receipt.key, f"report-{code}", package.getvalue())
        self._drop.keep(receipt.key, f"report-{code}{SUFFIX}", package.getvalue())
        self._drop.publish(
            receipt.key, f"report-{code}{SUFFIX}", f"{Path(receipt.remote_id).stem}-trang-thai-{code}{SUFFIX}"
        )
        return True

    def recall(self, receipt: Receipt) -> None:
        self._drop.recall(receipt)
        self._drop.publish(receipt.key, _RECALL, f"{Path(receipt.remote_id).stem}-thu-hoi{SUFFIX}")

    def _id(self, receipt: Receipt) -> str:
        return str(receipt.detail.get("document_id", ""))


def _said(path: Path) -> Said | None:
    """A damaged package is passed over: one bad file must not keep the others' words from us."""
    try:
        package = read_edxml(path)
    except (DocumentError, FileNotFoundError):
        return None
    if isinstance(package, Status):
        return package.response_for.document_id, package.timestamp, package.code, package.description
    if package.business is Business.RECALL:
        newest = max((trace.timestamp for trace in package.traces), default=datetime.fromtimestamp(0, UTC))
        return package.document_id, newest, StatusCode.RECALLED, package.reason
    return None
