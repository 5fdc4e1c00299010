"""Who we are to a document system: API key, account, OAuth2 client credentials, or none of them beside mTLS."""

from __future__ import annotations

import base64
import json
import time

import httpx

from intake.errors import EnvironmentTrouble, OperatorError
from workers.push.options import Options
from workers.push.wire import Wire

_EARLY = 30.0
"""seconds before its end a token is no longer used: it must live through the call it is sent with"""


class Credentials:
    """Options read: ``api_key`` with ``api_key_header`` (default ``Authorization``) and ``api_key_prefix`` (default
    ``Bearer``), or ``user`` and ``password`` (Basic), or ``token_url``, ``client_id``, ``client_secret``, ``scope``
    (OAuth2 client credentials, RFC 6749 4.4). ``api_key``, ``password`` and ``client_secret`` are ``env:NAME`` or
    ``file:path``, read at each use, so a changed secret needs no restart."""

    def __init__(self, name: str, read: Options, wire: Wire) -> None:
        self._name = name
        self._read = read
        self._wire = wire
        self._header = read.text("api_key_header", "Authorization")
        self._prefix = read.text("api_key_prefix", "Bearer")
        self._key_named = bool(read.text("api_key", ""))
        self._user = read.text("user", "")
        self._password_named = bool(read.text("password", ""))
        token_url = read.text("token_url", "")
        self._token_url = wire.address(token_url) if token_url else None
        self._client_id = read.text("client_id", "")
        self._scope = read.text("scope", "")
        self._secret_named = bool(read.text("client_secret", ""))
        self._token = ""
        self._ends = 0.0
        if self._token_url and not (self._client_id and self._secret_named):
            raise OperatorError(
                f"Nơi nhận «{name}»: có token_url thì phải có client_id và client_secret.",
                f"Connector «{name}»: token_url needs client_id and client_secret.",
            )

    def headers(self) -> dict[str, str]:
        """The headers that say who we are; raises EnvironmentTrouble when a secret or the token server is missing."""
        if self._token_url:
            if time.monotonic() >= self._ends:
                self._fetch(self._token_url)
            return {"Authorization": f"Bearer {self._token}"}
        if self._key_named:
            key = self._read.secret("api_key")
            return {self._header: f"{self._prefix} {key}".strip()}
        if self._user and self._password_named:
            pair = f"{self._user}:{self._read.secret('password')}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}
        return {}

    def expire(self) -> bool:
        """Forget the token after a 401; False when there is none to renew."""
        self._ends = 0.0
        return self._token_url is not None

    def _fetch(self, url: httpx.URL) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._read.secret("client_secret"),
        }
        if self._scope:
            form["scope"] = self._scope
        answer = self._wire.call("POST", url, data=form)
        try:
            said = json.loads(answer.body) if answer.status == 200 else {}
            self._token = str(said["access_token"])
            lives = float(said.get("expires_in", 60))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EnvironmentTrouble(
                f"Nơi nhận «{self._name}»: máy chủ cấp mã truy cập từ chối (HTTP {answer.status}). Hãy kiểm tra "
                "client_id, client_secret.",
                f"Connector «{self._name}»: the token server refused (HTTP {answer.status}). Check client_id and "
                "client_secret.",
            ) from error
        self._ends = time.monotonic() + max(lives - _EARLY, 0.0)
