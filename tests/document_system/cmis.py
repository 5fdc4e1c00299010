"""A repository that speaks the part of CMIS 1.1's browser binding that a delivery needs, on the same moody socket."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from python_multipart import parse_form

from tests.document_system.server import DocumentSystem, Handler, Refusal

EXCEPTIONS = {404: "objectNotFound", 409: "nameConstraintViolation", 422: "invalidArgument", 401: "permissionDenied"}


class Repository:
    """Objects by folder and unique name, in SQLite; survives restarts."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(home / "repository.sqlite", check_same_thread=False)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS object (id INTEGER PRIMARY KEY, folder TEXT, name TEXT, properties TEXT,"
            " content BLOB, created INTEGER, UNIQUE (folder, name))"
        )

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def create(self, folder: str, name: str, properties: Mapping[str, str], content: bytes) -> dict[str, Any]:
        now = int(datetime.now(UTC).timestamp() * 1000)
        with self._lock, self._db:
            try:
                self._db.execute(
                    "INSERT INTO object (folder, name, properties, content, created) VALUES (?, ?, ?, ?, ?)",
                    (folder, name, json.dumps(dict(properties)), content, now),
                )
            except sqlite3.IntegrityError as error:
                raise Refusal(409, f"«{name}» exists") from error
        return self.get(folder, name)

    def get(self, folder: str, name: str) -> dict[str, Any]:
        with self._lock:
            row = self._db.execute(
                "SELECT id, properties, content, created FROM object WHERE folder = ? AND name = ?", (folder, name)
            ).fetchone()
        if row is None:
            raise Refusal(404, f"no «{name}»")
        return json.loads(row[1]) | {
            "cmis:objectId": str(row[0]),
            "cmis:name": name,
            "cmis:creationDate": row[3],
            "cmis:contentStreamLength": len(row[2]),
        }

    def content(self, folder: str, name: str) -> bytes:
        with self._lock:
            row = self._db.execute(
                "SELECT content FROM object WHERE folder = ? AND name = ?", (folder, name)
            ).fetchone()
        if row is None:
            raise Refusal(404, f"no «{name}»")
        return bytes(row[0])

    def set_content(self, folder: str, name: str, content: bytes) -> dict[str, Any]:
        with self._lock, self._db:
            self._db.execute("UPDATE object SET content = ? WHERE folder = ? AND name = ?", (content, folder, name))
        return self.get(folder, name)

    def set_property(self, folder: str, name: str, ident: str, value: str) -> None:
        known = self.get(folder, name) | {ident: value}
        with self._lock, self._db:
            self._db.execute(
                "UPDATE object SET properties = ? WHERE folder = ? AND name = ?", (json.dumps(known), folder, name)
            )

    def delete(self, ident: str) -> None:
        with self._lock, self._db:
            self._db.execute("DELETE FROM object WHERE id = ?", (ident,))

    def digests(self) -> list[str]:
        """SHA-256 of every PDF."""
        with self._lock:
            rows = self._db.execute("SELECT content FROM object WHERE name LIKE '%.pdf'").fetchall()
        return [hashlib.sha256(row[0]).hexdigest() for row in rows]


class CmisHandler(Handler):
    """``<url>/root/<folder>[/<name>]``; only the folder ``den`` exists."""

    def route(self, body: bytes) -> tuple[int, Any]:
        if not self.system.access.allows(self.headers.get("Authorization", "")):
            raise Refusal(401, "who are you?")
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query))
        root, *where = [unquote(part) for part in address.path.strip("/").split("/")]
        if root != "root" or not where or where[0] != "den" or len(where) > 2:
            raise Refusal(404, "no such folder")
        name = where[1] if len(where) == 2 else ""
        if self.command == "POST":
            return self._act(where[0], name, query, body)
        if query.get("cmisselector") == "content":
            return 200, self.repository.content(where[0], name)
        return 200, {"succinctProperties": self.repository.get(where[0], name)}

    @property
    def repository(self) -> Repository:
        return self.system.store

    def refused(self, refusal: Refusal) -> tuple[int, Any]:
        said = {"exception": EXCEPTIONS.get(refusal.status, "runtime"), "message": refusal.message}
        return refusal.status, said

    def _act(self, folder: str, name: str, query: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        form, content = self._form(body)
        action = form.get("cmisaction")
        if action == "delete":
            self.repository.delete(query.get("objectId", ""))
            return 200, {}
        if action == "setContent":
            return 201, {"succinctProperties": self.repository.set_content(folder, name, content)}
        if action != "createDocument":
            raise Refusal(422, f"cmisaction {action}")
        ids = {key[len("propertyId") :]: value for key, value in form.items() if key.startswith("propertyId[")}
        given = {ident: form.get(f"propertyValue{at}", "") for at, ident in ids.items()}
        if not given.get("cmis:name") or not given.get("cmis:objectTypeId"):
            raise Refusal(422, "cmis:name and cmis:objectTypeId are required")
        return 201, {"succinctProperties": self.repository.create(folder, given["cmis:name"], given, content)}

    def _form(self, body: bytes) -> tuple[dict[str, str], bytes]:
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/form-data"):
            return dict(parse_qsl(body.decode())), b""
        form: dict[str, str] = {}
        contents: list[bytes] = []

        def field(part: Any) -> None:
            form[part.field_name.decode()] = (part.value or b"").decode()

        def file(part: Any) -> None:
            part.file_object.seek(0)
            contents.append(part.file_object.read())

        parse_form(
            {"Content-Type": kind.encode(), "Content-Length": str(len(body)).encode()}, io.BytesIO(body), field, file
        )
        return form, contents[0] if contents else b""


class CmisSystem(DocumentSystem):
    """As ``DocumentSystem``, with a CMIS repository behind the socket."""

    handler = CmisHandler
    keeper = Repository
