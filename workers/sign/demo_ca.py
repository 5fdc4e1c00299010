"""A certificate authority for `make demo` and tests: every name in it says that it is for trial only."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pkcs11 import Attribute, KeyType, ObjectClass

from intake.errors import DependencyMissing
from workers.sign.pkcs11 import DEMO_MARK

SOFTHSM = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"),
)
KEY_LABEL = "CHI DUNG THU"
DAYS = 3650


@dataclass(frozen=True, slots=True)
class DemoAuthority:
    """Where the demo's files are: ``trust`` (a trust folder with root and CRL), ``pkcs12`` and its ``password``."""

    trust: Path
    pkcs12: Path
    password: str


def make(folder: Path, agency: str, password: str, now: datetime) -> DemoAuthority:
    """Write a demo root, an empty CRL and the agency's trial certificate with its key under ``folder``.

    RSA 2048, SHA-256, valid from a day before ``now`` for ten years; the CA's own key is not kept.
    """
    trust = folder / "trust"
    trust.mkdir(parents=True, exist_ok=True)
    root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    root_name = _name(f"Sohoa Demo CA – {DEMO_MARK}", DEMO_MARK)
    start, end = now - timedelta(days=1), now + timedelta(days=DAYS)
    root = _certificate(root_name, root_name, root_key.public_key(), root_key, start, end, ca=True)
    own = _certificate(_name(agency, agency), root_name, key.public_key(), root_key, start, end, ca=False)
    revoked = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root_name)
        .last_update(start)
        .next_update(end)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    (trust / "demo-root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (trust / "demo.crl").write_bytes(revoked.public_bytes(serialization.Encoding.PEM))
    file = folder / "demo.p12"
    encryption = serialization.BestAvailableEncryption(password.encode("utf-8"))
    _private(file, pkcs12.serialize_key_and_certificates(KEY_LABEL.encode(), key, own, [root], encryption))
    return DemoAuthority(trust, file, password)


def softhsm_module() -> Path:
    """Debian's SoftHSM2 library; DependencyMissing when it is not installed."""
    for path in SOFTHSM:
        if path.exists():
            return path
    raise DependencyMissing(
        "Thiếu SoftHSM2 (thiết bị ký giả lập cho bản dùng thử). Hãy chạy: sudo apt-get install softhsm2",
        "SoftHSM2, the software token of the demo, is missing. Run: sudo apt-get install softhsm2",
    )


def token_config(folder: Path) -> Path:
    """A SoftHSM2 configuration whose tokens lie under ``folder``; the caller puts its path into SOFTHSM2_CONF."""
    tokens = folder / "tokens"
    tokens.mkdir(parents=True, exist_ok=True)
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    return config


def import_to_token(
    authority: DemoAuthority, config: Path, label: str, pin: str, always_authenticate: bool = False
) -> None:
    """Initialise a SoftHSM2 token ``label`` and put the demo's key and certificates on it.

    SOFTHSM2_CONF of this process must already name ``config``. ``always_authenticate``: a key that demands the PIN
    for every signature.
    """
    module = softhsm_module()
    environment = {**os.environ, "SOFTHSM2_CONF": str(config)}
    # the demo's PIN is in its printed instructions; no real token is ever made this way
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", pin],
        check=True,
        capture_output=True,
        env=environment,
    )
    key, own, others = pkcs12.load_key_and_certificates(authority.pkcs12.read_bytes(), authority.password.encode())
    assert isinstance(key, rsa.RSAPrivateKey)
    assert own is not None
    library = pkcs11.lib(str(module))
    library.reinitialize()
    with library.get_token(token_label=label).open(rw=True, user_pin=pin) as session:
        session.create_object(_key_object(key, always_authenticate))
        for certificate, identity, name in [(own, b"\x01", KEY_LABEL), *((c, b"\x02", "CA") for c in others)]:
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.CERTIFICATE,
                    Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    Attribute.TOKEN: True,
                    Attribute.ID: identity,
                    Attribute.LABEL: name,
                    Attribute.SUBJECT: certificate.subject.public_bytes(),
                    Attribute.VALUE: certificate.public_bytes(serialization.Encoding.DER),
                }
            )


def _key_object(key: rsa.RSAPrivateKey, always_authenticate: bool) -> dict[Attribute, object]:
    numbers = key.private_numbers()
    public = numbers.public_numbers
    return {
        Attribute.CLASS: ObjectClass.PRIVATE_KEY,
        Attribute.KEY_TYPE: KeyType.RSA,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.SIGN: True,
        Attribute.ALWAYS_AUTHENTICATE: always_authenticate,
        Attribute.ID: b"\x01",
        Attribute.LABEL: KEY_LABEL,
        Attribute.MODULUS: _bytes(public.n),
        Attribute.PUBLIC_EXPONENT: _bytes(public.e),
        Attribute.PRIVATE_EXPONENT: _bytes(numbers.d),
        Attribute.PRIME_1: _bytes(numbers.p),
        Attribute.PRIME_2: _bytes(numbers.q),
        Attribute.EXPONENT_1: _bytes(numbers.dmp1),
        Attribute.EXPONENT_2: _bytes(numbers.dmq1),
        Attribute.COEFFICIENT: _bytes(numbers.iqmp),
    }


def _bytes(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _name(common: str, organisation: str) -> x509.Name:
    # X.520 limits both to 64 letters; a longer agency name is written all the same, as Vietnamese CAs do
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation, _validate=False),
            x509.NameAttribute(NameOID.COMMON_NAME, common, _validate=False),
        ]
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: rsa.RSAPublicKey,
    signing: rsa.RSAPrivateKey,
    start: datetime,
    end: datetime,
    *,
    ca: bool,
) -> x509.Certificate:
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca, 0 if ca else None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not ca, content_commitment=not ca, key_cert_sign=ca, crl_sign=ca, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )


def _private(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
