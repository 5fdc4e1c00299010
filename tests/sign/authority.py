"""A real certificate authority over HTTP for these tests: certomancer's OCSP, CRLs and time-stamps on a local port,
and a time-stamp authority that misbehaves in every way asked of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from asn1crypto import tsp
from asn1crypto import x509 as asn1
from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig, ServiceLabel
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from intake.profile.rule import Rule

AGENCY = "Ủy ban nhân dân Thành phố Hồ Chí Minh"
LONG = "Ủy ban nhân dân " + "xã Tân Thới Nhì " * 11 + "Huyện X."
PASSWORD = "mật khẩu"
PIN = "123456"
KEYS = ("root", "interm", "ocsp", "tsa", "signer")


def box_14() -> Rule[str]:
    """The profile's rule about the mark."""
    return Rule[str](value="box 14", source="NĐ 30/2020/NĐ-CP Phụ lục I Phần II.I.3", holds_from=date(2020, 3, 5))


def _usage(*flags: str) -> dict[str, Any]:
    return {"id": "key_usage", "critical": True, "smart-value": {"schema": "key-usage", "params": list(flags)}}


def _crl(name: str) -> dict[str, Any]:
    smart = {"schema": "crl-dist-url", "params": {"crl-repo-names": [name]}}
    return {"id": "crl_distribution_points", "smart-value": smart}


def _ca(depth: int | None) -> dict[str, Any]:
    value = {"ca": True} if depth is None else {"ca": True, "path-len-constraint": depth}
    return {"id": "basic_constraints", "critical": True, "value": value}


def _config(url: str, now: datetime) -> dict[str, Any]:
    def valid(start_days: float, end_days: float) -> dict[str, str]:
        start, end = now + timedelta(days=start_days), now + timedelta(days=end_days)
        return {"valid-from": start.isoformat(), "valid-to": end.isoformat()}

    ocsp = {"schema": "aia-urls", "params": {"ocsp-responder-names": ["interm"]}}
    signing = [
        _usage("digital_signature", "non_repudiation"),
        _crl("interm"),
        {"id": "authority_information_access", "smart-value": ocsp},
    ]

    def signer(subject: str, start: float = -30, end: float = 700, **more: Any) -> dict[str, Any]:
        return {
            "subject": subject,
            "subject-key": "signer",
            "issuer": "interm",
            "validity": valid(start, end),
            "extensions": signing,
            **more,
        }

    decade = valid(-3650, 7300)
    certs = {
        "root": {
            "subject": "root",
            "issuer": "root",
            "subject-key": "root",
            "authority-key": "root",
            "validity": decade,
            "extensions": [_ca(None), _usage("key_cert_sign", "crl_sign")],
        },
        "interm": {
            "issuer": "root",
            "validity": decade,
            "extensions": [_ca(0), _usage("key_cert_sign", "crl_sign"), _crl("root")],
        },
        "ocsp": {
            "issuer": "interm",
            "validity": decade,
            "extensions": [
                _usage("digital_signature"),
                {"id": "extended_key_usage", "critical": True, "value": ["ocsp_signing"]},
                {"id": "ocsp_no_check", "value": None},
            ],
        },
        "tsa": {
            "issuer": "root",
            "validity": decade,
            "extensions": [
                _usage("digital_signature"),
                {"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]},
                _crl("root"),
            ],
        },
        "stranger": {
            "subject": "stranger",
            "issuer": "stranger",
            "subject-key": "tsa",
            "authority-key": "tsa",
            "validity": decade,
            "extensions": [{"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]}],
        },
        "valid": signer("agency"),
        "expired": signer("agency", -800, -1),
        "future": signer("agency", 1, 700),
        "revoked": signer(
            "agency",
            revocation={"revoked-since": (now - timedelta(days=2)).isoformat(), "reason": "key_compromise"},
        ),
        "other": signer("other"),
        "person": signer("person"),
        "long": signer("long"),
        "encrypting": {**signer("agency"), "extensions": [_usage("key_encipherment"), *signing[1:]]},
    }
    entities = {
        "root": {"common-name": "Gốc thử nghiệm"},
        "interm": {"common-name": "CA trung gian thử nghiệm"},
        "ocsp": {"common-name": "OCSP"},
        "tsa": {"common-name": "Dấu thời gian thử nghiệm"},
        "stranger": {"common-name": "Dấu thời gian không ai biết"},
        "agency": {"organization-name": AGENCY, "common-name": AGENCY},
        "other": {"organization-name": "Sở Y tế", "common-name": "Sở Y tế"},
        "person": {"organization-name": AGENCY, "common-name": "Nguyễn Văn A"},
        "long": {"organization-name": LONG, "common-name": LONG},
    }
    return {
        "external-url-prefix": url,
        "keysets": {"test": {"keys": {name: {"path": f"{name}.pem"} for name in KEYS}}},
        "pki-architectures": {
            "test": {
                "keyset": "test",
                "entity-defaults": {"country-name": "VN"},
                "entities": entities,
                "certs": certs,
                "services": {
                    "ocsp": {"interm": {"for-issuer": "interm", "responder-cert": "ocsp", "signing-key": "ocsp"}},
                    "crl-repo": {
                        name: {"for-issuer": name, "signing-key": name, "simulated-update-schedule": "P30D"}
                        for name in ("root", "interm")
                    },
                    "time-stamping": {
                        name: {"signing-key": "tsa", "signing-cert": name} for name in ("tsa", "stranger")
                    },
                },
            }
        },
    }


@dataclass(frozen=True)
class Authority:
    """``trust``: a trust folder with the root alone; ``url``: where CRL, OCSP and ``tsa()`` answer."""

    folder: Path
    trust: Path
    url: str
    arch: Any
    key: rsa.RSAPrivateKey
    server: _Server

    def tsa(self, manner: str = "") -> str:
        """The time-stamp authority's address; ``manner`` makes it misbehave."""
        return f"{self.url}/bad/{manner}" if manner else f"{self.url}/test/tsa/tsa"

    def certificate(self, name: str) -> asn1.Certificate:
        return self.arch.get_cert(CertLabel(name))

    def pkcs12(self, name: str = "valid") -> Path:
        """A PKCS#12 of one of the signer certificates, with the intermediate CA."""
        path = self.folder / f"{name}.p12"
        if not path.exists():
            own, interm = (x509.load_der_x509_certificate(self.certificate(n).dump()) for n in (name, "interm"))
            protection = serialization.BestAvailableEncryption(PASSWORD.encode())
            path.write_bytes(pkcs12.serialize_key_and_certificates(b"k", self.key, own, [interm], protection))
        return path


class _Server:
    """Certomancer's responders, ``/bad/<manner>`` and a switch that takes everything off the net."""

    def __init__(self) -> None:
        self.animator: Animator | None = None
        self.asked: list[str] = []
        self.closed = False
        self.closed_for: tuple[str, ...] = ()
        self.together = threading.Barrier(4)

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        request = Request(environ)
        self.asked.append(request.path)
        if self.closed or any(part in request.path for part in self.closed_for):
            return Response(status=503)(environ, start)
        if request.path.startswith("/bad/"):
            return self._bad(request, request.path.removeprefix("/bad/"))(environ, start)
        assert self.animator is not None
        return self.animator(environ, start)

    def _bad(self, request: Request, manner: str) -> Response:
        kind = "application/timestamp-reply"
        if manner == "500":
            return Response("no", status=500)
        if manner == "garbage":
            return Response(b"\x30\x82garbage" * 40, content_type=kind)
        if manner == "html":
            return Response("<html>Đăng nhập</html>", content_type="text/html")
        if manner == "empty":
            return Response(b"", content_type=kind)
        if manner == "endless":
            return Response((b"\x00" * 65_536 for _ in range(64)), content_type=kind)
        asked = tsp.TimeStampReq.load(request.get_data())
        if manner == "nonce":
            asked["nonce"] = asked["nonce"].native + 1
        elif manner == "imprint":
            asked["message_imprint"]["hashed_message"] = bytes(32)
        if manner == "rejection":
            status = tsp.PKIStatusInfo({"status": "rejection"}).dump()
            return Response(b"\x30" + bytes([len(status)]) + status, content_type=kind)
        if manner == "together":
            self.together.wait(timeout=60)  # answers only when four are waiting
        assert self.animator is not None
        name = "stranger" if manner == "selfmade" else "tsa"
        services = self.animator.architectures[ArchLabel("test")].service_registry
        return Response(
            services.summon_timestamper(ServiceLabel(name), datetime.now(UTC)).request_tsa_response(asked).dump(),
            content_type=kind,
        )


@contextmanager
def authority(folder: Path, now: datetime) -> Iterator[Authority]:
    """Start it; every key is made afresh."""
    made = {name: rsa.generate_private_key(65537, 2048) for name in KEYS}
    for name, key in made.items():
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.pem").write_bytes(pem)
    application = _Server()
    server = make_server("127.0.0.1", 0, application, threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    config = CertomancerConfig.from_yaml(yaml.safe_dump(_config(url, now)), key_search_dir=str(folder))
    arch = config.get_pki_arch(ArchLabel("test"))
    application.animator = Animator(AnimatorArchStore({ArchLabel("test"): arch}), with_web_ui=False)
    trust = folder / "trust"
    trust.mkdir()
    (trust / "root.cer").write_bytes(arch.get_cert(CertLabel("root")).dump())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Authority(folder, trust, url, arch, made["signer"], application)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
