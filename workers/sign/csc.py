"""A key at a remote signing service that speaks the Cloud Signature Consortium's API (CSC v2).

The person's PIN or one-time code authorises the credential; the service never sees a document, only hashes. A
credential of SCAL 2 binds each authorisation to one hash, so it asks the person for every signature.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from asn1crypto import x509
from pyhanko.sign.signers import Signer as Engine
from pyhanko_certvalidator.registry import SimpleCertificateStore

from intake.errors import EnvironmentTrouble, OperatorError
from workers.sign.pkcs11 import DEMO_MARK

SHA256 = "2.16.840.1.101.3.4.2.1"
COMBINED = {"rsa": "1.2.840.113549.1.1.11", "ec": "1.2.840.10045.4.3.2"}
"""sha256WithRSAEncryption, ecdsa-with-SHA256"""
PLAIN = {"rsa": "1.2.840.113549.1.1.1", "ec": "1.2.840.10045.2.1"}
SECONDS = 30.0
BODY_MAX = 4_000_000
_REFUSED = ("invalid_otp", "invalid_pin", "invalid_authdata", "access_denied", "authorization_failed")


@dataclass(frozen=True)
class OpenCredential:
    """An authorised credential (``intake.ports.SigningSession``)."""

    certificate: bytes
    chain: tuple[bytes, ...]
    device: str
    engine: _Engine
    demo: bool

    def await_person(self) -> None:
        self.engine.authorise.await_person()


class CscSigner:
    """``Signer(url=…, credential=…, token_file=…, auth=…)``.

    ``url``: the service up to ``/csc/v2``. ``credential``: its credentialID; may be left out when there is one only.
    ``token_file``: file (mode 0600) with the OAuth 2 access token that lets this *station* speak to the service; it
    signs nothing without the person. ``auth``: ``PIN`` or ``OTP``, what the person types.
    """

    name = "csc"

    def __init__(self, url: str, token_file: str, credential: str | None = None, auth: str = "PIN") -> None:
        self.url, self.token_file, self.credential, self.auth = url.rstrip("/"), Path(token_file), credential, auth
        parts = urlsplit(self.url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise OperatorError(
                f"Dịch vụ ký từ xa phải dùng https, không phải «{self.url}».",
                f"A remote signing service must be reached by https, not «{self.url}».",
            )

    def tries_left(self) -> int | None:
        """Services do not tell."""
        return None

    @contextmanager
    def open(self, pin: str, ask: Callable[[], str] | None = None) -> Iterator[OpenCredential]:
        """Read the credential and authorise it: at once for as many signatures as it allows (SCAL 1), or hash by hash
        while signing (SCAL 2; the first uses ``pin``, the others ``ask``)."""
        try:
            access = self.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise EnvironmentTrouble(
                f"Không đọc được tệp mã truy cập {self.token_file} ({type(error).__name__}).",
                f"The access token file {self.token_file} cannot be read ({type(error).__name__}).",
            ) from error
        with httpx.Client(base_url=self.url, timeout=SECONDS, headers={"Authorization": f"Bearer {access}"}) as client:
            service = _Service(client)
            name = self.credential or self._only(service)
            told = service.call("credentials/info", credentialID=name, certificates="chain", certInfo=False)
            engine = self._engine(service, name, told, pin, ask)
            own, *others = (base64.b64decode(one) for one in told["cert"]["certificates"])
            demo = DEMO_MARK in x509.Certificate.load(own).issuer.human_friendly
            yield OpenCredential(own, tuple(others), f"CSC {urlsplit(self.url).hostname} {name}", engine, demo)

    def _only(self, service: _Service) -> str:
        names = service.call("credentials/list").get("credentialIDs", [])
        if len(names) != 1:
            raise OperatorError(
                f"Dịch vụ ký có {len(names)} chứng thư: {', '.join(names) or '–'}. Hãy ghi tùy chọn credential.",
                f"The service has {len(names)} credentials: {', '.join(names) or '–'}. Set the option credential.",
            )
        return str(names[0])

    def _engine(
        self, service: _Service, name: str, told: dict[str, Any], pin: str, ask: Callable[[], str] | None
    ) -> _Engine:
        key = told["key"]
        if key.get("status") != "enabled" or told["cert"].get("status", "valid") != "valid":
            raise OperatorError(
                f"Chứng thư «{name}» ở dịch vụ ký không dùng được (khóa {key.get('status')}).",
                f"Credential «{name}» cannot be used (key {key.get('status')}).",
            )
        certificates = [x509.Certificate.load(base64.b64decode(one)) for one in told["cert"]["certificates"]]
        kind = certificates[0].public_key.algorithm
        algorithms = key.get("algo", [])
        algorithm = COMBINED[kind] if COMBINED.get(kind) in algorithms else PLAIN.get(kind, "")
        if algorithm not in algorithms:
            raise OperatorError(
                f"Khóa «{name}» không hỗ trợ SHA-256 với RSA hay ECDSA.",
                f"Key «{name}» offers neither RSA nor ECDSA with SHA-256.",
            )
        engine = _Engine(service, name, algorithm, certificates)
        if str(told.get("SCAL", "1")) == "2":
            engine.authorise = _EachHash(service, name, self.auth, pin, ask)
        else:
            engine.authorise = _AtOnce(service, name, self.auth, pin, ask, int(told.get("multisign", 1)))
        return engine


class _EachHash:
    """SCAL 2: one authorisation of the person per hash (base64 → signature activation data)."""

    def __init__(self, service: _Service, name: str, auth: str, pin: str, ask: Callable[[], str] | None) -> None:
        self._service, self._name, self._auth, self._ask = service, name, auth, ask
        self._secret: str | None = pin

    def await_person(self) -> None:
        if self._secret is None and self._ask is not None:
            self._secret = self._ask()

    def __call__(self, digest: str) -> str:
        self.await_person()
        secret, self._secret = self._secret, None
        if secret is None:
            raise OperatorError(
                "Chứng thư này đòi xác nhận từng chữ ký. Hãy nhập PIN/OTP cho văn bản này.",
                "This credential demands an authorisation per signature. Enter the PIN or code for this document.",
            )
        return self._service.authorise(self._name, self._auth, secret, 1, [digest])


class _AtOnce:
    """One authorisation for ``limit`` signatures; when they are used up the person is asked again."""

    def __init__(
        self, service: _Service, name: str, auth: str, pin: str, ask: Callable[[], str] | None, limit: int
    ) -> None:
        self._service, self._name, self._auth, self._ask, self._limit = service, name, auth, ask, limit
        self._activation, self._left = service.authorise(name, auth, pin, limit, []), limit

    def await_person(self) -> None:
        if self._left == 0 and self._ask is not None:
            self._activation = self._service.authorise(self._name, self._auth, self._ask(), self._limit, [])
            self._left = self._limit

    def __call__(self, _: str) -> str:
        self.await_person()
        if self._left == 0:
            raise OperatorError(
                f"Dịch vụ ký chỉ cho {self._limit} chữ ký mỗi lần xác nhận. Hãy mở đợt ký mới cho phần còn lại.",
                f"The service allows {self._limit} signatures per authorisation. Start a new set for the rest.",
            )
        self._left -= 1
        return self._activation


class _Service:
    """The service's methods; its refusals in our words."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def authorise(self, name: str, auth: str, secret: str, count: int, digests: list[str]) -> str:
        body: dict[str, Any] = {
            "credentialID": name,
            "numSignatures": count,
            "authData": [{"id": auth, "value": secret}],
        }
        if digests:
            body |= {"hashes": digests, "hashAlgorithmOID": SHA256}
        return str(self.call("credentials/authorize", **body)["SAD"])

    def call(self, method: str, **body: Any) -> dict[str, Any]:
        """POST JSON; the answer's JSON. OperatorError: refused; EnvironmentTrouble: away or not understood."""
        try:
            answer = self.client.post(method, json=body)
            if len(answer.content) > BODY_MAX:
                raise _away(method, "answer too long")
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            # no cause attached: a request in a traceback would carry the PIN
            raise _away(method, type(error).__name__) from None
        if answer.status_code == httpx.codes.OK and isinstance(told, dict):
            return told
        word = str(told.get("error", "")) if isinstance(told, dict) else ""
        if answer.status_code in (401, 403) or any(refused in word for refused in _REFUSED):
            raise OperatorError(
                f"Dịch vụ ký từ chối ({word or answer.status_code}): sai PIN/OTP, hoặc mã truy cập của trạm hết hạn. "
                "Chưa ký gì.",
                f"The service refused ({word or answer.status_code}): wrong PIN or code, or the station's access token "
                "has expired. Nothing was signed.",
            )
        raise _away(method, word or f"HTTP {answer.status_code}")


class _Engine(Engine):
    """pyHanko's signer over the service: hashes go out, signatures come back."""

    authorise: _EachHash | _AtOnce

    def __init__(self, service: _Service, name: str, algorithm: str, certificates: list[x509.Certificate]) -> None:
        registry = SimpleCertificateStore()
        registry.register_multiple(certificates[1:])
        super().__init__(signing_cert=certificates[0], cert_registry=registry, embed_roots=False)
        self.service, self.credential_name, self.algorithm = service, name, algorithm

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        certificate = self.signing_cert
        assert certificate is not None
        if dry_run:
            return bytes(certificate.public_key.byte_size if certificate.public_key.algorithm == "rsa" else 150)
        digest = base64.b64encode(hashlib.new(digest_algorithm, data).digest()).decode()
        return await asyncio.to_thread(self._ask, digest)

    def _ask(self, digest: str) -> bytes:
        told = self.service.call(
            "signatures/signHash",
            credentialID=self.credential_name,
            SAD=self.authorise(digest),
            hashes=[digest],
            hashAlgorithmOID=SHA256,
            signAlgo=self.algorithm,
        )
        try:
            return base64.b64decode(told["signatures"][0], validate=True)
        except (KeyError, IndexError, TypeError, ValueError):
            raise _away("signatures/signHash", "no signature") from None


def _away(method: str, why: str) -> EnvironmentTrouble:
    return EnvironmentTrouble(
        f"Dịch vụ ký từ xa không trả lời đúng ({method}: {why}). Văn bản vẫn chờ; hãy thử lại sau.",
        f"The remote signing service did not answer properly ({method}: {why}). Documents wait; try again later.",
    )
