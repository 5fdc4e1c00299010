"""Hand edXML packages to a gateway by folder: documents out, status packages in (QCVN 102:2016/BTTTT)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from intake.errors import DocumentError
from intake.model import Assignment, Receipt
from intake.ports import Package
from workers.push.drop import Drop, utc_now
from workers.push.edxml import SUFFIX, Business, Status, StatusCode
from workers.push.edxml_read import read as read_edxml
from workers.push.edxml_read import read_header
from workers.push.edxml_write import write_message
from workers.push.folder import LocalFiles
from workers.push.naming import folder_name
from workers.push.options import Options, Value

_RECALL = "recall.edxml"


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

    def find(self, key: str) -> Receipt | None:
        return self._drop.find(key)

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        message = read_header(package.files["edxml"])
        notice = io.BytesIO()
        write_message(replace(message, business=Business.RECALL), notice)
        return self._drop.put(
            key,
            f"{folder_name(package.record, key)}{SUFFIX}",
            package.files["edxml"],
            detail={"document_id": message.document_id},
            beside={_RECALL: notice.getvalue()},
        )

    def forward(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        return self._drop.assign(receipt, assignment)

    def status(self, receipt: Receipt) -> str:
        return self.answer(receipt)[0]

    def answer(self, receipt: Receipt) -> tuple[str, str]:
        """The newest status package about this document, and the reason it gives; before any, what the folder tells."""
        answers = [status for status in self.answers() if status.response_for.document_id == self._id(receipt)]
        newest = max(answers, key=lambda status: status.timestamp, default=None)
        ours = self._drop.status(receipt, (self._files.root / receipt.remote_id).exists())
        if newest is None or ours == StatusCode.RECALLED:
            return ours, ""
        return newest.code, newest.description

    def answers(self) -> Iterator[Status]:
        """Every status package in the answers folder; what is no status package is passed over."""
        for path in sorted(self._answers.glob(f"*{SUFFIX}")) if self._answers.is_dir() else ():
            try:
                package = read_edxml(path)
            except DocumentError:
                continue
            if isinstance(package, Status):
                yield package

    def recall(self, receipt: Receipt) -> None:
        self._drop.recall(receipt)
        self._drop.publish(receipt.key, _RECALL, f"{Path(receipt.remote_id).stem}-thu-hoi{SUFFIX}")

    def _id(self, receipt: Receipt) -> str:
        return str(receipt.detail.get("document_id", ""))
