"""Deliver into Mayan EDMS (API v4), an open-source document system that knows neither keys nor put-if-absent.

An upload there is not idempotent and its search index lags behind, so the key is written into the label, and a
delivery is looked for in the index and among the newest documents. Two stations at the same moment could still store
twice: the promise is at-least-once, and the desk shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from intake.errors import DocumentError, EnvironmentTrouble
from intake.model import Assignment, Receipt, sha256_of
from intake.ports import Package
from workers.push.credentials import Credentials
from workers.push.edxml import StatusCode
from workers.push.options import Options, Value
from workers.push.wire import Answer, AnswerLost, Parts, Wire
from workers.tools.assignment import assignment_json

PAGE = 100
LABEL_MAX = 255
MARK = "[sohoa {code}]"
"""begins a comment of ours: Mayan has no assignment, no recall and no status of its own for them"""


class MayanConnector:
    """Options: those of ``Wire`` and ``Credentials`` (``url`` is the server's own address; an API token is ``api_key``
    with ``api_key_prefix = "Token"``), ``document_type`` (its id), ``language`` (default ``vie``), ``look_back`` (newest
    documents searched beside the index; default 300), ``cabinet.<unit>`` = id of the cabinet of a unit."""

    name = "mayan"
    delivery: Literal["exactly-once", "at-least-once"] = "at-least-once"

    def __init__(self, options: Mapping[str, Value], base: Path) -> None:
        read = Options(self.name, {"api_key_prefix": "Token", **options}, base)
        self._wire = Wire(self.name, read)
        self._credentials = Credentials(self.name, read, self._wire)
        self._type = read.number("document_type", 1, least=1)
        self._language = read.text("language", "vie")
        self._look_back = read.number("look_back", 300, least=1)
        self._cabinets = read.table("cabinet")
        read.close()

    def find(self, key: str) -> Receipt | None:
        for found in self._likely(key):
            if str(found.get("label", "")).endswith(key):
                return self._receipt(key, found)
        return None

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        known = self.find(key)
        if known:
            return known
        pdf = package.files["pdf"]
        form = {
            "document_type_id": str(self._type),
            "label": _label(package.record, key),
            "description": str(package.record.get("Subject", "")),
            "language": self._language,
        }
        files: Parts = [("file", (pdf.name, pdf, "application/pdf"))]
        try:
            made = self._ask("POST", "documents/upload/", form=form, files=files)
        except AnswerLost:
            known = self.find(key)
            if known is None:
                raise
            return known
        receipt = self._receipt(key, self._ask("GET", f"documents/{int(made['id'])}/"))
        stored = receipt.detail.get("sha256")
        if stored and stored != sha256_of(pdf):
            raise EnvironmentTrouble(
                f"Mayan lưu tệp khác với bản đã ký (văn bản {receipt.remote_id}). Hãy báo người quản trị.",
                f"Mayan stored other bytes than the signed copy (document {receipt.remote_id}). Tell its administrator.",
            )
        return receipt

    def forward(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        said = assignment_json(assignment)
        self._say(receipt, StatusCode.ASSIGNED, json.dumps(said, ensure_ascii=False, sort_keys=True))
        cabinet = self._cabinets.get(assignment.unit)
        if cabinet:
            add = {"document": receipt.remote_id}
            self._ask("POST", f"cabinets/{int(cabinet)}/documents/add/", form=add)
        return replace(receipt, detail={**receipt.detail, "forwarded": said})

    def status(self, receipt: Receipt) -> str:
        said = list(self._comments(receipt))
        for code in (StatusCode.RECALLED, StatusCode.ASSIGNED):
            if any(text.startswith(MARK.format(code=code)) for text in said):
                return code
        return StatusCode.ARRIVED

    def recall(self, receipt: Receipt) -> None:
        self._say(receipt, StatusCode.RECALLED, "Văn bản được thu hồi (QĐ 12/2020/QĐ-UBND Đ10.4).")

    def _likely(self, key: str) -> Iterator[dict[str, Any]]:
        """What the index finds, then the newest documents, which the index may not know yet."""
        found = self._call("GET", "search/advanced/documents.documentsearchresult/?" + urlencode({"label": key}))
        if found.status == 200:
            yield from _json(found).get("results", [])
        for page in range(1, -(-self._look_back // PAGE) + 1):
            query = {"_ordering": "-datetime_created", "page_size": str(PAGE), "page": str(page)}
            answer = self._ask("GET", "documents/?" + urlencode(query))
            yield from answer.get("results", [])
            if not answer.get("next"):
                return

    def _receipt(self, key: str, found: Mapping[str, Any]) -> Receipt:
        latest = found.get("file_latest") or {}
        if not latest.get("checksum"):
            raise EnvironmentTrouble(
                f"Mayan đã nhận văn bản {found.get('id')} nhưng chưa xử lý xong tệp; sẽ hỏi lại.",
                f"Mayan has document {found.get('id')} but has not finished its file; will ask again.",
            )
        return Receipt(
            key=key,
            remote_id=str(found["id"]),
            received_at=datetime.fromisoformat(str(found["datetime_created"])),
            detail={"sha256": str(latest["checksum"])},
        )

    def _comments(self, receipt: Receipt) -> Iterator[str]:
        query = urlencode({"page_size": str(PAGE)})
        answer = self._ask("GET", f"documents/{int(receipt.remote_id)}/comments/?{query}")
        return (str(comment.get("text", "")) for comment in answer.get("results", []))

    def _say(self, receipt: Receipt, code: StatusCode, text: str) -> None:
        comment = f"{MARK.format(code=code)} {text}"
        if comment not in self._comments(receipt):
            self._ask("POST", f"documents/{int(receipt.remote_id)}/comments/", form={"text": comment})

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        answer = self._call(method, path, **content)
        if 200 <= answer.status < 300:
            return _json(answer)
        words = " ".join(answer.body.decode("utf-8", "replace").split())[:200] if answer.status < 500 else ""
        if answer.status == 400:
            raise DocumentError(
                f"Mayan không nhận văn bản: {words}. Hãy kiểm tra document_type và các trường.",
                f"Mayan refuses the document: {words}. Check document_type and the fields.",
            )
        raise EnvironmentTrouble(
            f"Mayan trả lời HTTP {answer.status} {words}. Hồ sơ còn nguyên, hệ thống sẽ thử lại.",
            f"Mayan answers HTTP {answer.status} {words}. The document is safe and will be tried again.",
        )

    def _call(
        self, method: str, path: str, *, form: Mapping[str, str] | None = None, files: Parts | None = None
    ) -> Answer:
        return self._wire.call(method, f"api/v4/{path}", headers=self._credentials.headers(), data=form, files=files)


def _label(record: Mapping[str, Any], key: str) -> str:
    printed = "/".join(str(record[name]) for name in ("CodeNumber", "CodeNotation") if record.get(name))
    return f"{printed[: LABEL_MAX - len(key) - 3]} · {key}" if printed else key


def _json(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body or b"{}")
    except ValueError as error:
        raise EnvironmentTrouble(
            "Mayan trả lời không phải JSON; hãy kiểm tra url.", "Mayan does not answer in JSON; check the url."
        ) from error
    return said if isinstance(said, dict) else {}
