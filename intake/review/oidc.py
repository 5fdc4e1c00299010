"""Sign in through the agency's identity provider: OpenID Connect's code flow with PKCE; off unless ``[oidc]`` is set.

The provider only says who somebody is. Account, roles and closing an account stay the desk's own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Depends
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.responses import RedirectResponse, Response

from intake.errors import EnvironmentTrouble, NotAllowed, OperatorError, SohoaError
from intake.review.guard import TooOften
from intake.review.seat import Seat, address_of, keep_session, safe_path, visitor
from intake.settings import OidcSettings
from intake.store import people

router = APIRouter()

COOKIE = "sohoa-oidc"
"""what was asked of the provider, for ten minutes; Lax, because the provider's answer comes from another site"""
MINUTES = 10
SECONDS = 10.0
"""patience with the provider"""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""signatures only: neither ``none`` nor a shared secret proves the provider"""
LEEWAY = 60
"""s the clocks of desk and provider may differ"""


@router.get("/login/oidc")
def leave(seat: Annotated[Seat, Depends(visitor)], next: str = "/queue") -> Response:
    """Off to the provider, with a state, a nonce and a code challenge nobody else knows."""
    settings = _settings(seat)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    try:
        provider = _described(settings)
    except EnvironmentTrouble as error:
        return _again(seat, error, 503)
    asked = {
        "response_type": "code",
        "scope": "openid profile",
        "client_id": settings.client_id,
        "redirect_uri": _back_address(seat),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in provider["authorization_endpoint"] else "?"
    answer = RedirectResponse(f"{provider['authorization_endpoint']}{joint}{urlencode(asked)}", 303)
    answer.set_cookie(
        COOKIE,
        " ".join((state, nonce, verifier, safe_path(next))),
        max_age=MINUTES * 60,
        httponly=True,
        secure=seat.desk.settings.desk.secure_cookies,
        samesite="lax",
        path="/login/oidc",
    )
    return answer


@router.get("/login/oidc/back")
def back(seat: Annotated[Seat, Depends(visitor)], code: str = "", state: str = "", error: str = "") -> Response:
    """The provider's answer: proven, then looked up among our own accounts."""
    settings = _settings(seat)
    begun = seat.request.cookies.get(COOKIE, "").split(" ", 3)
    try:
        seat.desk.sign_in_pace.step(address_of(seat.request), seat.store.clock.now())
        if len(begun) != 4 or not hmac.compare_digest(begun[0].encode(), state.encode()) or error or not code:
            raise _unproven("state" if not error else error[:60])
        _, nonce, verifier, onward = begun
        claims = _claims(seat, settings, code, nonce, verifier)
        name = claims.get(settings.claim)
        if not isinstance(name, str) or not name:
            raise _unproven(settings.claim)
        token, _ = people.sign_in_by(seat.store, name.lower(), settings.issuer, address=address_of(seat.request))
    except EnvironmentTrouble as trouble:
        return _again(seat, trouble, 503)
    except NotAllowed as trouble:
        return _again(seat, trouble, 429 if isinstance(trouble, TooOften) else 403)
    # A page, not a redirect: a Strict cookie is not sent along with a redirect that another site began.
    answer = seat.page("onward.html", onward=safe_path(onward))
    keep_session(seat.desk, answer, token)
    answer.delete_cookie(COOKIE, path="/login/oidc")
    return answer


def _claims(seat: Seat, settings: OidcSettings, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
    """The claims of an ID token that is signed by the provider, for us, now, and for this very question."""
    provider = _described(settings)
    secret = _secret(seat, settings)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _back_address(seat),
        "code_verifier": verifier,
        "client_id": settings.client_id,
    }
    answer = _asked(
        "POST", provider["token_endpoint"], data=form, auth=(settings.client_id, secret) if secret else None
    )
    keys = _asked("GET", provider["jwks_uri"])
    registry = jwt.JWTClaimsRegistry(
        now=int(seat.store.clock.now().timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": provider["issuer"]},
        aud={"essential": True, "value": settings.client_id},
        exp={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        token = jwt.decode(str(answer.get("id_token", "")), KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))  # type: ignore[arg-type]
        registry.validate(token.claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise _unproven(type(error).__name__) from error
    parties = token.claims["aud"]
    if isinstance(parties, list) and len(parties) > 1 and token.claims.get("azp") != settings.client_id:
        raise _unproven("azp")
    return token.claims


def _described(settings: OidcSettings) -> dict[str, Any]:
    found = _asked("GET", f"{settings.issuer}/.well-known/openid-configuration")
    wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if str(found.get("issuer", "")).rstrip("/") != settings.issuer or any(
        not isinstance(found.get(name), str) for name in wanted
    ):
        raise EnvironmentTrouble(
            f"Mô tả của {settings.issuer} không đúng là của nơi này. Hãy xem lại oidc.issuer trong sohoa.toml.",
            f"The description at {settings.issuer} is not that provider's. Check oidc.issuer in sohoa.toml.",
        )
    return found


def _asked(method: str, address: str, **more: Any) -> dict[str, Any]:
    try:
        answer = httpx.request(method, address, timeout=SECONDS, headers={"accept": "application/json"}, **more)
        if answer.status_code >= 500:
            answer.raise_for_status()
        data = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise EnvironmentTrouble(
            f"Nơi xác thực không trả lời ({type(error).__name__}). Hãy đăng nhập bằng mật khẩu hoặc thử lại sau.",
            f"The identity provider does not answer ({type(error).__name__}). Sign in with a password or try later.",
        ) from error
    return data if isinstance(data, dict) else {}


def _settings(seat: Seat) -> OidcSettings:
    if seat.desk.settings.oidc is None:
        raise OperatorError("Bàn kiểm tra này không dùng nơi xác thực chung.", "This desk uses no identity provider.")
    return seat.desk.settings.oidc


def _secret(seat: Seat, settings: OidcSettings) -> str:
    if settings.client_secret_file is None:
        return ""
    path = seat.desk.settings.home / settings.client_secret_file
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise EnvironmentTrouble(
            f"Không đọc được {settings.client_secret_file} ({error.strerror}).",
            f"{settings.client_secret_file} cannot be read ({error.strerror}).",
        ) from error


def _back_address(seat: Seat) -> str:
    return str(seat.request.base_url).rstrip("/") + "/login/oidc/back"


def _again(seat: Seat, trouble: SohoaError, status: int) -> Response:
    answer = seat.page("login.html", status, next="/queue", name="", trouble=trouble)
    answer.delete_cookie(COOKIE, path="/login/oidc")
    return answer


def _unproven(what: str) -> NotAllowed:
    return NotAllowed(
        f"Câu trả lời của nơi xác thực không dùng được ({what}). Hãy đăng nhập lại từ đầu.",
        f"The identity provider's answer cannot be used ({what}). Sign in again from the beginning.",
    )
