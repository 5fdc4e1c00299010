"""The HTTP side: the API of workers/push/openapi.json on a real socket, honest or hostile."""

from __future__ import annotations

import io
import json
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from python_multipart import parse_form

from tests.document_system.hostility import WORKS, Hostility
from tests.document_system.store import Conflict, Store

OPENAPI = Path(__file__).parents[2] / "workers" / "push" / "openapi.json"
PATIENCE = 5.0
"""seconds a hostile handler waits for the client to give up; no client of the tests waits as long"""


@dataclass
class Access:
    """Who may call: with ``api_key``, with exactly the ``header``, or with tokens of ``client_id`` and
    ``client_secret``, each good for ``token_uses`` calls (so expiry needs no waiting). Empty = anybody."""

    api_key: str = ""
    header: str = ""
    client_id: str = ""
    client_secret: str = ""
    token_uses: int = 1_000_000

    def __post_init__(self) -> None:
        self._left: dict[str, int] = {}
        self._lock = threading.Lock()

    def issue(self, form: dict[str, str]) -> str | None:
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return None
        with self._lock:
            token = f"token-{len(self._left) + 1}"
            self._left[token] = self.token_uses
            return token

    def allows(self, header: str) -> bool:
        if self.header:
            return header == self.header
        if self.api_key:
            return header == f"Bearer {self.api_key}"
        if not self.client_id:
            return True
        token = header.removeprefix("Bearer ")
        with self._lock:
            left = self._left.get(token, 0)
            self._left[token] = left - 1
            return left > 0


class DocumentSystem:
    """``with DocumentSystem(home) as system: system.url``. Stops and starts again on the same port and store."""

    handler: type[Handler]
    keeper: Callable[[Path], Any] = Store

    def __init__(
        self,
        home: Path,
        *,
        hostility: Hostility | None = None,
        access: Access | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        bytes_max: int = 200_000_000,
    ) -> None:
        self.home = home
        self.hostility = hostility or Hostility()
        self.access = access or Access()
        self.bytes_max = bytes_max
        self._tls = tls
        self._port = port
        self._server: _Server | None = None
        self.store: Any = None

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self._port}"

    def start(self) -> DocumentSystem:
        self.store = self.keeper(self.home)
        handler = type("Handler", (self.handler,), {"system": self})
        self._server = _Server(("127.0.0.1", self._port), handler)
        self._port = self._server.server_address[1]
        if self._tls:
            self._server.tls = self._tls
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Ends in the middle of whatever is going on, as a power cut does; the store stays."""
        if self._server:
            self._server.shutdown()
            self._server.cut()
            self._server.server_close()
            self._server = None
            self.store.close()

    def __enter__(self) -> DocumentSystem:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = True
    request_queue_size = 64
    tls: ssl.SSLContext | None = None

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def finish_request(self, request: socket.socket, client_address: Any) -> None:
        self._open.add(request)
        try:
            if self.tls:
                request.settimeout(PATIENCE)
                request = self.tls.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
        except (OSError, ssl.SSLError):
            return
        finally:
            self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no news."""

    def cut(self) -> None:
        for request in tuple(self._open):
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


CODES = frozenset({"01", "02", "03", "04", "05", "06", "13", "15", "16"})


class Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Handler(BaseHTTPRequestHandler):
    system: DocumentSystem
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the store is the record."""

    def do_GET(self) -> None:
        self._serve()

    do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_TRACE = do_QUERY = do_GET

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > self.system.bytes_max:
            self.close_connection = True
            return self._answer(413, {"message": "package too large"})
        body = self.rfile.read(length)
        mood = "honest" if self.path.startswith("/oauth/") else self.system.hostility.mood()
        status, said = 500, {"message": "the document system has a bad day"}
        if mood == "expire":
            status, said = 401, {"message": "token expired"}
        elif mood in WORKS:
            worked = self._work(body)
            if mood == "twice":
                worked = self._work(body)
            if mood != "error_after":
                status, said = worked
        self._say(mood, status, said)

    def _say(self, mood: str, status: int, said: Any) -> None:
        if mood in ("commit_then_silence", "silence"):
            self.close_connection = True
            self._until_gone()
        elif mood == "reset":
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif mood == "garbage":
            self.close_connection = True
            self.wfile.write(b"\x00\x01 nothing that was agreed on\r\n\r\n")
        elif mood in ("drip", "trickle"):
            self.close_connection = True
            self._drip(self._bytes(status, said), slow=mood == "drip")
        elif mood == "half_close":
            self.close_connection = True
            whole = self._bytes(status, said)
            self.wfile.write(whole[: len(whole) // 2])
        elif mood == "twice":
            self.close_connection = True
            self.wfile.write(self._bytes(status, said) * 2)
        else:
            self._answer(status, said)

    def _until_gone(self) -> None:
        """Wait for the client to hang up, never longer than PATIENCE."""
        select.select([self.connection], [], [], PATIENCE)

    def _drip(self, whole: bytes, *, slow: bool) -> None:
        pace = 0.02 if slow else 0.0
        for at in range(len(whole)):
            self.wfile.write(whole[at : at + 1])
            self.wfile.flush()
            gone, _, _ = select.select([self.connection], [], [], pace)
            if gone:
                return

    def _bytes(self, status: int, said: Any) -> bytes:
        content = said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()
        kind = "application/octet-stream" if isinstance(said, bytes) else "application/json"
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (b"" if self.command == "HEAD" else content)

    def _answer(self, status: int, said: Any) -> None:
        self.close_connection = True
        self.wfile.write(self._bytes(status, said))

    def _work(self, body: bytes) -> tuple[int, Any]:
        try:
            return self.route(body)
        except Refusal as refusal:
            return self.refused(refusal)

    def refused(self, refusal: Refusal) -> tuple[int, Any]:
        return refusal.status, {"message": refusal.message}

    def route(self, body: bytes) -> tuple[int, Any]:
        address = urlsplit(self.path)
        parts = [unquote(part) for part in address.path.strip("/").split("/")]
        if parts == ["openapi.json"]:
            return 200, json.loads(OPENAPI.read_text("utf-8"))
        if parts == ["oauth", "token"] and self.command == "POST":
            token = self.system.access.issue(dict(parse_qsl(body.decode("utf-8", "replace"))))
            if token is None:
                return 401, {"error": "invalid_client"}
            return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        if not self.system.access.allows(self.headers.get("Authorization", "")):
            return 401, {"message": "who are you?"}
        routes: dict[tuple[str, ...], Callable[..., tuple[int, Any]]] = {
            ("GET", "deliveries", "*"): self._find,
            ("PUT", "deliveries", "*"): self._put,
            ("GET", "documents"): self._list,
            ("GET", "documents", "*"): self._get,
            ("GET", "documents", "*", "files", "*"): self._file,
            ("PUT", "documents", "*", "assignment"): self._assign,
            ("GET", "documents", "*", "status"): self._status,
            ("PUT", "documents", "*", "recall"): self._recall,
            ("PUT", "documents", "*", "report"): self._report,
        }
        if parts[:1] != ["v1"]:
            raise Refusal(404, "no such path")
        asked, known = parts[1:], False
        for (method, *shape), work in routes.items():
            if len(shape) != len(asked):
                continue
            pairs = list(zip(shape, asked, strict=True))
            if all(wanted in ("*", given) for wanted, given in pairs):
                known = True
                if method == self.command:
                    query = dict(parse_qsl(address.query))
                    return work(body, query, *(given for wanted, given in pairs if wanted == "*"))
        raise Refusal(405 if known else 404, "no such path or method")

    def _find(self, body: bytes, query: dict[str, str], key: str) -> tuple[int, Any]:
        known = self.system.store.find(key)
        return (200, _public(known)) if known else (404, {"message": "no delivery under this key"})

    def _put(self, body: bytes, query: dict[str, str], key: str) -> tuple[int, Any]:
        about, files = self._package(body)
        if about.get("key", key) != key:
            raise Refusal(422, "the key in delivery.json is not the key of the address")
        if "pdf" not in files or not files["pdf"].startswith(b"%PDF-"):
            raise Refusal(422, "file «pdf» is missing or no PDF")
        record = about.get("record")
        if not isinstance(record, dict) or not record.get("Subject"):
            raise Refusal(422, "record.Subject (trích yếu) is missing")
        try:
            stored, new = self.system.store.put(key, str(about.get("document_id", "")), record, files)
        except Conflict as conflict:
            return 409, {"message": "this key is known with other bytes", "id": conflict.known["id"]}
        return (201 if new else 200), _public(stored)

    def _package(self, body: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
        if "multipart/form-data" not in self.headers.get("Content-Type", ""):
            raise Refusal(415, "multipart/form-data wanted")
        files: dict[str, bytes] = {}

        def keep(part: Any) -> None:
            part.file_object.seek(0)
            files[part.field_name.decode()] = part.file_object.read()

        headers = {"Content-Type": self.headers["Content-Type"].encode(), "Content-Length": str(len(body)).encode()}
        try:
            parse_form(headers, io.BytesIO(body), None, keep)
            about = json.loads(files.pop("delivery", b"null"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refusal(422, f"the package cannot be read: {error}") from error
        if not isinstance(about, dict):
            raise Refusal(422, "part «delivery» is missing or no JSON object")
        return about, files

    def _list(self, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        return 200, {"documents": [_public(row) for row in self.system.store.all(**query)]}

    def _get(self, body: bytes, query: dict[str, str], ident: str) -> tuple[int, Any]:
        return 200, _public(self._known(ident)) | {"assignments": self.system.store.assignments(ident)}

    def _file(self, body: bytes, query: dict[str, str], ident: str, role: str) -> tuple[int, Any]:
        content = self.system.store.file(ident, role) if role.replace("_", "").isalnum() else None
        return (200, content) if content is not None else (404, {"message": "no such file"})

    def _assign(self, body: bytes, query: dict[str, str], ident: str) -> tuple[int, Any]:
        self._known(ident)
        try:
            said = json.loads(body)
        except ValueError as error:
            raise Refusal(422, "no JSON") from error
        if not isinstance(said, dict) or not isinstance(said.get("unit"), str) or not said["unit"]:
            raise Refusal(422, "unit is missing")
        return 200, _public(self.system.store.assign(ident, said))

    def _status(self, body: bytes, query: dict[str, str], ident: str) -> tuple[int, Any]:
        known = self._known(ident)
        return 200, {"status": known["status"], "reason": known["reason"]}

    def _recall(self, body: bytes, query: dict[str, str], ident: str) -> tuple[int, Any]:
        self._known(ident)
        return 200, _public(self.system.store.set_status(ident, "13"))

    def _report(self, body: bytes, query: dict[str, str], ident: str) -> tuple[int, Any]:
        self._known(ident)
        try:
            said = json.loads(body)
        except ValueError as error:
            raise Refusal(422, "no JSON") from error
        if not isinstance(said, dict) or said.get("status") not in CODES or not isinstance(said.get("reason", ""), str):
            raise Refusal(422, "status is missing or unknown")
        return 200, _public(self.system.store.report(ident, said["status"], said.get("reason", "")))

    def _known(self, ident: str) -> dict[str, Any]:
        known = self.system.store.get(ident)
        if known is None:
            raise Refusal(404, "no such document")
        return known


def _public(row: dict[str, Any] | None) -> dict[str, Any]:
    assert row is not None
    shown = ("id", "key", "document_id", "record", "sha256", "arrival_number", "received_at", "status", "reason")
    said = {name: row[name] for name in shown}
    return said | ({"duplicate_of": str(row["duplicate_of"])} if row["duplicate_of"] else {})


DocumentSystem.handler = Handler
