"""Deliver into any repository that speaks CMIS 1.1's browser binding (Alfresco, Nuxeo and others).

The name of an object is unique in its folder by the standard, so a name made of the idempotency key is the
put-if-absent. The signed copy is created last, by one request: when it is there, the delivery is whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from intake.errors import DocumentError, EnvironmentTrouble
from intake.model import Assignment, Receipt
from intake.ports import Package
from workers.push.credentials import Credentials
from workers.push.edxml import StatusCode
from workers.push.options import Options, Value
from workers.push.wire import Answer, AnswerLost, Parts, Wire
from workers.tools.assignment import assignment_json

TYPES = {".pdf": "application/pdf", ".json": "application/json", ".xml": "application/xml"}


def utc_now() -> datetime:
    return datetime.now(UTC)


class CmisConnector:
    """Options: those of ``Wire`` and ``Credentials`` (``url`` is the repository's root folder URL, as its service
    document gives it), ``folder`` (path below it, must exist), ``type`` (default ``cmis:document``), ``files`` (roles
    put beside the copy; default ``record_json,record_xml,manifest``), ``property.<property id>`` = Appendix VI name,
    ``status_property`` with ``status.<their word>``, ``payload_bytes_max``.

    CMIS knows no assignment and no recall: they are objects beside the copy, ``<key>.assignment.json`` and
    ``<key>.recall.json``, for a rule or a person in the repository to act on.
    """

    name = "cmis"
    delivery: Literal["exactly-once", "at-least-once"] = "exactly-once"

    def __init__(self, options: Mapping[str, Value], base: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        read = Options(self.name, options, base)
        self._wire = Wire(self.name, read)
        self._credentials = Credentials(self.name, read, self._wire)
        self._folder = read.text("folder").strip("/")
        self._type = read.text("type", "cmis:document")
        self._beside = [role for role in read.text("files", "record_json,record_xml,manifest").split(",") if role]
        self._properties = read.table("property")
        self._status_property = read.text("status_property", "")
        self._states = read.table("status")
        self._payload_max = read.number("payload_bytes_max", 500_000_000, least=1)
        read.close()
        self._now = now

    def find(self, key: str) -> Receipt | None:
        found = self._object(f"{key}.pdf")
        return None if found is None else self._receipt(key, found)

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        known = self.find(key)
        if known:
            return known
        size = sum(path.stat().st_size for path in package.files.values())
        if size > self._payload_max:
            raise DocumentError(
                f"Gói {size} byte, quá mức {self._payload_max} byte của nơi nhận (payload_bytes_max).",
                f"The package has {size} bytes, over the target's {self._payload_max} (payload_bytes_max).",
            )
        for role in self._beside:
            if role in package.files:
                path = package.files[role]
                self._create(f"{key}.{path.name}", path, {})
        return self._receipt(key, self._create(f"{key}.pdf", package.files["pdf"], self._about(package)))

    def forward(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        said = assignment_json(assignment)
        content = json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
        name = f"{receipt.key}.assignment.json"
        self._create(name, content, {})
        if self._good(self._call("GET", name, {"cmisselector": "content"})).body != content:
            form = {"cmisaction": "setContent", "overwriteFlag": "true"}
            self._good(self._call("POST", name, {}, form, [("content", (name, content, "application/json"))]))
        return replace(receipt, detail={**receipt.detail, "forwarded": said})

    def status(self, receipt: Receipt) -> str:
        if self._object(f"{receipt.key}.recall.json"):
            return StatusCode.RECALLED
        if self._status_property:
            found = self._object(f"{receipt.key}.pdf") or {}
            word = str(found.get(self._status_property) or "")
            code = self._states.get(word, word)
            if code in {str(known) for known in StatusCode}:
                return code
        return StatusCode.ASSIGNED if self._object(f"{receipt.key}.assignment.json") else StatusCode.ARRIVED

    def recall(self, receipt: Receipt) -> None:
        notice = {"key": receipt.key, "status": str(StatusCode.RECALLED), "at": self._now().isoformat()}
        self._create(f"{receipt.key}.recall.json", json.dumps(notice).encode(), {})

    def _object(self, name: str) -> dict[str, Any] | None:
        answer = self._call("GET", name, {"cmisselector": "object", "succinct": "true"})
        if answer.status == 404 and _exception(answer) in ("objectNotFound", ""):
            return None
        return _properties(self._good(answer))

    def _create(self, name: str, content: bytes | Path, properties: Mapping[str, str]) -> dict[str, Any]:
        """The object of that name, made now or found there; one whose content is not whole is taken away again."""
        form = {"cmisaction": "createDocument", "succinct": "true"}
        named = {"cmis:objectTypeId": self._type, "cmis:name": name, **properties}
        for at, (ident, value) in enumerate(named.items()):
            form |= {f"propertyId[{at}]": ident, f"propertyValue[{at}]": value}
        kind = TYPES.get(Path(name).suffix, "application/octet-stream")
        try:
            answer = self._call("POST", "", {}, form, [("content", (name, content, kind))])
        except AnswerLost:
            found = self._object(name)
            if found is None:
                raise
            return found
        if answer.status == 409:
            found = self._object(name)
            if found is not None:
                return found
        made = _properties(self._good(answer))
        length = made.get("cmis:contentStreamLength")
        sent = content.stat().st_size if isinstance(content, Path) else len(content)
        if made.get("cmis:name") != name or (length is not None and int(length) != sent):
            self._take_away(made)
            raise EnvironmentTrouble(
                f"Kho CMIS lưu «{name}» không đúng tên hoặc không đủ byte; đã gỡ, sẽ gửi lại.",
                f"The CMIS repository stored «{name}» under another name or not whole; taken away, will be sent again.",
            )
        return made

    def _take_away(self, made: Mapping[str, Any]) -> None:
        ident = str(made.get("cmis:objectId", ""))
        if ident:
            self._call("POST", "", {"objectId": ident}, {"cmisaction": "delete", "allVersions": "true"})

    def _about(self, package: Package) -> dict[str, str]:
        """``property.…`` options filled from the record; the description names the document for people."""
        record = package.record
        printed = "/".join(str(record[name]) for name in ("CodeNumber", "CodeNotation") if record.get(name))
        texts = (printed, record.get("IssuedDate"), record.get("TypeName"), record.get("Subject"))
        about = {"cmis:description": " – ".join(str(text) for text in texts if text)}
        for ident, name in self._properties.items():
            value: Any = record
            for part in name.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            if value is not None:
                about[ident] = str(value)
        return about

    def _receipt(self, key: str, found: Mapping[str, Any]) -> Receipt:
        ident = found.get("cmis:objectId")
        if not ident:
            raise EnvironmentTrouble(
                "Kho CMIS trả lời không có cmis:objectId.", "The CMIS repository answers without cmis:objectId."
            )
        created = found.get("cmis:creationDate")
        moment = datetime.fromtimestamp(created / 1000, UTC) if isinstance(created, int) else self._now()
        return Receipt(key=key, remote_id=str(ident), received_at=moment)

    def _call(
        self,
        method: str,
        name: str,
        query: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        files: Parts | None = None,
    ) -> Answer:
        path = "/".join(quote(part, safe="") for part in (*self._folder.split("/"), name) if part)
        if query:
            path += "?" + "&".join(f"{quote(one)}={quote(two, safe='')}" for one, two in query.items())
        answer = self._wire.call(method, path, headers=self._credentials.headers(), data=form, files=files)
        if answer.status == 401 and self._credentials.expire():
            answer = self._wire.call(method, path, headers=self._credentials.headers(), data=form, files=files)
        return answer

    def _good(self, answer: Answer) -> Answer:
        if 200 <= answer.status < 300:
            return answer
        what = f"HTTP {answer.status} {_exception(answer)}".strip()
        if answer.status in (400, 409, 413, 415, 422) and _exception(answer) in ("invalidArgument", "constraint"):
            raise DocumentError(
                f"Kho CMIS không nhận văn bản ({what}). Hãy kiểm tra các khóa property.… và các trường.",
                f"The CMIS repository refuses the document ({what}). Check the property.… options and the fields.",
            )
        raise EnvironmentTrouble(
            f"Kho CMIS trả lời {what} ở «{self._folder}». Hồ sơ còn nguyên, hệ thống sẽ thử lại.",
            f"The CMIS repository answers {what} at «{self._folder}». The document is safe and will be tried again.",
        )


def _json(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _exception(answer: Answer) -> str:
    """The standard's name of what is wrong (CMIS 1.1 5.2.10); empty when the answer is not the repository's own."""
    return str(_json(answer).get("exception", ""))[:60]


def _properties(answer: Answer) -> dict[str, Any]:
    """Properties by id, from the succinct form or from the long one."""
    said = _json(answer)
    if isinstance(said.get("succinctProperties"), dict):
        return dict(said["succinctProperties"])
    long = said.get("properties")
    if isinstance(long, dict):
        return {ident: one.get("value") for ident, one in long.items() if isinstance(one, dict)}
    raise EnvironmentTrouble(
        "Địa chỉ url không trả lời theo CMIS 1.1 (browser binding).",
        "The url does not answer as CMIS 1.1 (browser binding).",
    )
