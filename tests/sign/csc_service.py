"""A remote signing service for these tests: it really checks token, PIN, authorisation and hash, and really signs."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

ACCESS = "tram-so-1"


@dataclass
class Service:
    """``scal`` 1 or 2; ``multisign`` signatures per authorisation; ``mood`` makes it answer wrongly."""

    key: rsa.RSAPrivateKey
    certificates: list[bytes]
    pin: str
    scal: str = "1"
    multisign: int = 3
    mood: str = ""
    url: str = ""
    authorised: int = 0
    activations: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        request = Request(environ)
        return self._answer(request)(environ, start)

    def _answer(self, request: Request) -> Response:
        if self.mood == "down":
            return Response("Bad gateway", status=502)
        if self.mood == "html":
            return Response("<html></html>")
        if request.headers.get("Authorization") != f"Bearer {ACCESS}":
            return self._error(401, "invalid_token")
        body = json.loads(request.get_data())
        method = {
            "/csc/v2/credentials/list": self._list,
            "/csc/v2/credentials/info": self._info,
            "/csc/v2/credentials/authorize": self._authorise,
            "/csc/v2/signatures/signHash": self._sign,
        }.get(request.path)
        return method(body) if method else self._error(404, "not_found")

    def _error(self, status: int, word: str) -> Response:
        return Response(json.dumps({"error": word}), status=status, content_type="application/json")

    def _told(self, **answer: Any) -> Response:
        return Response(json.dumps(answer), content_type="application/json")

    def _list(self, _: dict[str, Any]) -> Response:
        return self._told(credentialIDs=["con-dau"])

    def _info(self, body: dict[str, Any]) -> Response:
        if body["credentialID"] != "con-dau":
            return self._error(400, "invalid_request")
        return self._told(
            key={"status": "disabled" if self.mood == "disabled" else "enabled", "algo": ["1.2.840.113549.1.1.11"]},
            cert={"status": "valid", "certificates": [base64.b64encode(one).decode() for one in self.certificates]},
            SCAL=self.scal,
            multisign=self.multisign,
        )

    def _authorise(self, body: dict[str, Any]) -> Response:
        if body["authData"] != [{"id": "PIN", "value": self.pin}]:
            return self._error(400, "invalid_pin")
        if body["numSignatures"] > self.multisign or (self.scal == "2" and len(body.get("hashes", ())) == 0):
            return self._error(400, "invalid_request")
        sad = secrets.token_urlsafe()
        self.authorised += 1
        self.activations[sad] = (body["numSignatures"], tuple(body.get("hashes", ())))
        return self._told(SAD=sad, expiresIn=300)

    def _sign(self, body: dict[str, Any]) -> Response:
        left, bound = self.activations.get(body["SAD"], (0, ()))
        if left < len(body["hashes"]) or (self.scal == "2" and tuple(body["hashes"]) != bound):
            return self._error(400, "invalid_request")
        self.activations[body["SAD"]] = (left - len(body["hashes"]), bound)
        if self.mood == "empty":
            return self._told(signatures=[])
        made = [
            self.key.sign(base64.b64decode(one), padding.PKCS1v15(), Prehashed(hashes.SHA256()))
            for one in body["hashes"]
        ]
        return self._told(signatures=[base64.b64encode(one).decode() for one in made])


@contextmanager
def running(service: Service) -> Iterator[Service]:
    server = make_server("127.0.0.1", 0, service, threaded=True)
    service.url = f"http://127.0.0.1:{server.server_port}/csc/v2"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
