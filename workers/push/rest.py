"""Deliver to a document system that speaks HTTP and JSON: the API of openapi.json, or a vendor's by mapping.

Defaults are those of workers/push/openapi.json, which a vendor can implement as it stands. For an API that exists
already, the paths, the method, the field names and the names of states are options (docs/push.md lists them).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from intake.errors import DocumentError, EnvironmentTrouble, OperatorError
from intake.model import Assignment, Receipt, sha256_of
from intake.ports import Package
from workers.push.credentials import Credentials
from workers.push.edxml import StatusCode
from workers.push.options import Options, Value
from workers.push.wire import Answer, AnswerLost, Parts, Wire
from workers.tools.assignment import assignment_json

TYPES = {
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".xml": "application/xml",
    ".edxml": "application/xml",
}
TRY_LATER = frozenset({401, 403, 404, 405, 408, 423, 425, 429})
"""Answers about the way there, not about the document: nothing is wrong with it."""
WORDS_MAX = 300
"""characters of the other side's own words in a message of ours"""


def utc_now() -> datetime:
    return datetime.now(UTC)


class RestConnector:
    """Options: those of ``Wire`` and ``Credentials``, and ``find_path``, ``put_path``, ``put_method``,
    ``forward_path``, ``forward_method``, ``status_path``, ``recall_path``, ``recall_method``, ``report_path``
    (default none), ``report_method``, ``key_header``,
    ``body`` (``multipart`` | ``json``), ``files`` (roles, by comma), ``payload_bytes_max``, ``idempotent``,
    ``answer.id|number|received_at|sha256|status|reason``, ``field.<Appendix VI name>``, ``status.<their word>``.
    """

    name = "rest"

    def __init__(self, options: Mapping[str, Value], base: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        read = Options(self.name, options, base)
        self._wire = Wire(self.name, read)
        self._credentials = Credentials(self.name, read, self._wire)
        self._find_path = read.text("find_path", "v1/deliveries/{key}")
        self._put_path = read.text("put_path", "v1/deliveries/{key}")
        self._put_method = read.text("put_method", "PUT")
        self._forward_path = read.text("forward_path", "v1/documents/{id}/assignment")
        self._forward_method = read.text("forward_method", "PUT")
        self._status_path = read.text("status_path", "v1/documents/{id}/status")
        self._recall_path = read.text("recall_path", "v1/documents/{id}/recall")
        self._recall_method = read.text("recall_method", "PUT")
        self._report_path = read.text("report_path", "")
        self._report_method = read.text("report_method", "PUT")
        self._key_header = read.text("key_header", "Idempotency-Key")
        self._body = read.text("body", "multipart")
        self._roles = tuple(role.strip() for role in read.text("files", "").split(",") if role.strip())
        self._payload_max = read.number("payload_bytes_max", 500_000_000, least=1)
        self._answer = {
            "id": "id",
            "number": "arrival_number",
            "received_at": "received_at",
            "sha256": "sha256",
            "status": "status",
            "reason": "reason",
        } | read.table("answer")
        self._fields = read.table("field")
        self._states = read.table("status")
        idempotent = read.flag("idempotent", True)
        self.delivery: Literal["exactly-once", "at-least-once"] = (
            "exactly-once" if self._find_path or idempotent else "at-least-once"
        )
        read.close()
        if self._body not in ("multipart", "json"):
            raise OperatorError(
                f"Nơi nhận «rest»: body = «{self._body}»; hãy viết multipart hoặc json.",
                f"Connector «rest»: body = «{self._body}»; write multipart or json.",
            )
        self._now = now

    def find(self, key: str) -> Receipt | None:
        if not self._find_path:
            return None
        answer = self._call("GET", self._find_path, key=key)
        if answer.status == 404:
            return None
        return self._receipt(key, self._good(answer))

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        content = self._content(key, package)
        try:
            answer = self._call(self._put_method, self._put_path, key=key, **content)
        except AnswerLost:
            known = self.find(key)
            if known is None:
                raise
            return known
        if answer.status == 409:
            known = self.find(key)
            if known:
                return known
        receipt = self._receipt(key, self._good(answer))
        stored = self._of(_json(answer), "sha256")
        if stored and str(stored).lower() != sha256_of(package.files["pdf"]):
            raise EnvironmentTrouble(
                f"Nơi nhận lưu tệp khác với bản đã ký (số nhận {receipt.remote_id}). Hãy báo người quản trị nơi nhận.",
                f"The target stored other bytes than the signed copy (id {receipt.remote_id}). Tell its administrator.",
            )
        return receipt

    def forward(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        said = assignment_json(assignment)
        answer = self._call(self._forward_method, self._forward_path, key=receipt.key, id=receipt.remote_id, json=said)
        self._good(answer)
        return replace(receipt, detail={**receipt.detail, "forwarded": said})

    def status(self, receipt: Receipt) -> str:
        return self.answer(receipt)[0]

    def answer(self, receipt: Receipt) -> tuple[str, str]:
        """The status code and the reason given with it (refused, returned); the reason may be empty."""
        said = self._good(self._call("GET", self._status_path, key=receipt.key, id=receipt.remote_id))
        word = str(self._of(said, "status") or "")
        code = self._states.get(word, word)
        if code not in {str(known) for known in StatusCode}:
            raise EnvironmentTrouble(
                f'Nơi nhận trả trạng thái lạ «{word[:40]}». Hãy thêm khóa status.{word[:40]} = "01"…"16" vào options.',
                f'The target answers an unknown status «{word[:40]}». Add option status.{word[:40]} = "01"…"16".',
            )
        return code, str(self._of(said, "reason") or "")[:1000]

    def recall(self, receipt: Receipt) -> None:
        self._good(self._call(self._recall_method, self._recall_path, key=receipt.key, id=receipt.remote_id, json={}))

    def report(self, receipt: Receipt, code: str, reason: str) -> bool:
        """Have the system tell the sender a status (Đ5.3, Đ10.3, Đ10.4); False when it has no such call."""
        if not self._report_path:
            return False
        said = {"status": code, "reason": reason}
        self._good(self._call(self._report_method, self._report_path, key=receipt.key, id=receipt.remote_id, json=said))
        return True

    def _call(self, method: str, template: str, *, key: str, id: str = "", **content: Any) -> Answer:
        """One call, and a second one when the token had just run out."""
        path = template.lstrip("/").replace("{key}", quote(key, safe="")).replace("{id}", quote(id, safe=""))
        answer = self._wire.call(method, path, headers=self._headers(key), **content)
        if answer.status == 401 and self._credentials.expire():
            answer = self._wire.call(method, path, headers=self._headers(key), **content)
        return answer

    def _headers(self, key: str) -> dict[str, str]:
        return {self._key_header: key, **self._credentials.headers()}

    def _content(self, key: str, package: Package) -> dict[str, Any]:
        paths = {role: path for role, path in package.files.items() if not self._roles or role in self._roles}
        total = sum(path.stat().st_size for path in paths.values())
        if total > self._payload_max:
            raise DocumentError(
                f"Gói {total} byte, quá mức {self._payload_max} byte của nơi nhận (payload_bytes_max).",
                f"The package has {total} bytes, over the target's {self._payload_max} (payload_bytes_max).",
            )
        record = self._mapped(package.record)
        if self._body == "json":
            return {"json": _base64_body(key, package.document_id, record, paths)}
        about = {"key": key, "document_id": package.document_id, "record": record}
        files: Parts = [
            ("delivery", ("delivery.json", json.dumps(about, ensure_ascii=False).encode(), "application/json"))
        ]
        for role, path in paths.items():
            files.append((role, (path.name, path, TYPES.get(path.suffix, "application/octet-stream"))))
        return {"files": files}

    def _mapped(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record in the vendor's words; ``field.SignerInfo.FullName`` reaches into groups."""
        if not self._fields:
            return dict(record)
        return {theirs: value for ours, theirs in self._fields.items() if (value := _reach(record, ours)) is not None}

    def _good(self, answer: Answer) -> dict[str, Any]:
        if 200 <= answer.status < 300:
            return _json(answer)
        words = _words(answer)
        if answer.status >= 500 or answer.status in TRY_LATER:
            raise EnvironmentTrouble(
                f"Nơi nhận trả lời HTTP {answer.status}{words}. Hồ sơ còn nguyên, hệ thống sẽ thử lại.",
                f"The target answers HTTP {answer.status}{words}. The document is safe and will be tried again.",
            )
        raise DocumentError(
            f"Nơi nhận không nhận văn bản (HTTP {answer.status}){words}. Hãy xem lại các trường rồi gửi lại.",
            f"The target refuses the document (HTTP {answer.status}){words}. Look at the fields and send again.",
        )

    def _receipt(self, key: str, said: dict[str, Any]) -> Receipt:
        remote = self._of(said, "id")
        if remote in (None, ""):
            raise EnvironmentTrouble(
                f"Nơi nhận trả lời thành công nhưng không có mã nhận «{self._answer['id']}».",
                f"The target answers success without an id «{self._answer['id']}».",
            )
        number = self._of(said, "number")
        return Receipt(
            key=key,
            remote_id=str(remote),
            received_at=self._moment(self._of(said, "received_at")),
            arrival_number=None if number in (None, "") else str(number),
            detail={name: said[name] for name in ("duplicate_of", "warning") if name in said},
        )

    def _moment(self, text: Any) -> datetime:
        """The receiver's own time of entry (QĐ 12/2020/QĐ-UBND Đ7.2); without one, when its answer reached us."""
        try:
            moment = datetime.fromisoformat(str(text))
        except ValueError:
            return self._now()
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _of(self, said: Mapping[str, Any], name: str) -> Any:
        return _reach(said, self._answer[name])


def _reach(value: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _json(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body or b"{}")
    except ValueError as error:
        raise EnvironmentTrouble(
            f"Nơi nhận trả lời HTTP {answer.status} nhưng không phải JSON.",
            f"The target answers HTTP {answer.status}, but not in JSON.",
        ) from error
    return said if isinstance(said, dict) else {}


def _words(answer: Answer) -> str:
    """The other side's own words, shortened and on one line: a page of HTML helps nobody."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    text = next((said[name] for name in ("message", "detail", "error", "title") if name in said), "")
    return f": «{' '.join(str(text).split())[:WORDS_MAX]}»" if text else ""


def _base64_body(key: str, document_id: str, record: dict[str, Any], paths: Mapping[str, Path]) -> dict[str, Any]:
    from_role = {
        role: {"name": path.name, "content_base64": base64.b64encode(path.read_bytes()).decode("ascii")}
        for role, path in paths.items()
    }
    return {"key": key, "document_id": document_id, "record": record, "files": from_role}
