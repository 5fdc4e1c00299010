"""A small OpenID Connect provider that speaks the protocol: discovery, code flow with PKCE, signed tokens, keys."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "sohoa-desk", "a-secret-of-the-desk"


@cache
def new_key(other: bool = False) -> RSAKey:
    """The provider's key, or another one that calls itself the same; made once, making them is slow."""
    return RSAKey.generate_key(2048, {"kid": "1"})


def _part(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


class Provider:
    """Says yes to everybody as ``person``. ``spoil`` changes the claims of the next tokens, ``key`` who signs
    them, ``signed`` whether anybody does."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.person = "lan"
        self.spoil: dict[str, Any] = {}
        self.signed = True
        self.key = self.published = new_key()
        self.codes: dict[str, dict[str, str]] = {}
        self.app = self._app()

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def described(request: Request) -> dict[str, str]:
            here = str(request.base_url).rstrip("/")
            return {
                "issuer": here,
                "authorization_endpoint": f"{here}/authorize",
                "token_endpoint": f"{here}/token",
                "jwks_uri": f"{here}/keys",
            }

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return KeySet([self.published]).as_dict(private=False)

        @app.get("/authorize")
        def authorize(request: Request) -> RedirectResponse:
            asked = dict(request.query_params)
            assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == (
                "code",
                CLIENT,
                "S256",
            )
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

        @app.post("/token")
        def token(
            request: Request, code: str = Form(), redirect_uri: str = Form(), code_verifier: str = Form()
        ) -> JSONResponse:
            asked = self.codes.pop(code, None)
            told = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
            if (
                asked is None
                or asked["redirect_uri"] != redirect_uri
                or asked["code_challenge"] != challenge
                or request.headers.get("authorization") != f"Basic {told}"
            ):
                return JSONResponse({"error": "invalid_grant"}, 400)
            now = int(self.now().timestamp())
            claims = {
                "iss": str(request.base_url).rstrip("/"),
                "aud": CLIENT,
                "sub": "1",
                "iat": now,
                "exp": now + 300,
                "nonce": asked["nonce"],
                "preferred_username": self.person,
            }
            claims |= self.spoil
            token = jwt.encode({"kid": self.key.kid, "alg": "RS256"}, claims, self.key)
            if not self.signed:
                token = ".".join([_part({"alg": "none"}), _part(claims), ""])
            return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})

        return app
