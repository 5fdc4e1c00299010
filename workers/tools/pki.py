"""Certificates as files and as names: the trust store, and whose name a certificate bears."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import crl, pem, x509

from intake.errors import OperatorError
from intake.spelling import nfc, tone_folded

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")


@dataclass(frozen=True, slots=True)
class TrustStore:
    """What an agency trusts: ``roots`` (self-signed), ``others`` (CAs below them, helpers only), revocation lists."""

    roots: tuple[x509.Certificate, ...] = ()
    others: tuple[x509.Certificate, ...] = ()
    crls: tuple[crl.CertificateList, ...] = ()


def load_trust(folder: Path) -> TrustStore:
    """Every ``.pem .crt .cer .der .crl`` file of ``folder``, sub-folders included; other files are passed over.

    Raises OperatorError when the folder is missing or a file in it is neither a certificate nor a CRL: a trust store
    that is silently half read would answer wrongly.
    """
    if not folder.is_dir():
        raise OperatorError(
            f"Không có thư mục chứng thư gốc tin cậy {folder}. Hãy tạo thư mục và chép chứng thư gốc của Ban Cơ yếu "
            "Chính phủ (hoặc CA của cơ quan) vào đó.",
            f"There is no trust folder {folder}. Create it and copy the root certificates of your CA into it.",
        )
    certificates: list[x509.Certificate] = []
    lists: list[crl.CertificateList] = []
    for path in sorted(folder.rglob("*")):
        suffix = path.suffix.lower()
        if suffix == ".crl":
            lists += (_parse(path, der, crl.CertificateList) for der in _der_blocks(path))
        elif suffix in (".pem", ".crt", ".cer", ".der"):
            certificates += (_parse(path, der, x509.Certificate) for der in _der_blocks(path))
    roots = tuple(c for c in certificates if c.self_issued)
    return TrustStore(roots, tuple(c for c in certificates if not c.self_issued), tuple(lists))


def _der_blocks(path: Path) -> Iterable[bytes]:
    data = path.read_bytes()
    if not pem.detect(data):
        return [data]
    try:
        return [der for _, _, der in pem.unarmor(data, multiple=True)]
    except ValueError as error:
        raise _unreadable(path) from error


def _parse(path: Path, der: bytes, kind: type) -> x509.Certificate | crl.CertificateList:
    try:
        value = kind.load(der, strict=True)
        value.native  # noqa: B018  asn1crypto parses lazily; damage must show here, not during a signature
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable(path) from error
    return value


def _unreadable(path: Path) -> OperatorError:
    return OperatorError(
        f"Tệp «{path}» trong kho chứng thư tin cậy không phải chứng thư X.509 hay CRL. Hãy thay hoặc bỏ tệp này.",
        f"File «{path}» in the trust folder is neither an X.509 certificate nor a CRL. Replace or remove it.",
    )


def names(certificate: x509.Certificate, *keys: str) -> tuple[str, ...]:
    """Values of the subject's attributes (``common_name``, ``organization_name``, …) in order, NFC."""
    found = []
    for rdn in certificate.subject.chosen:
        for pair in rdn:
            if pair["type"].native in keys and isinstance(pair["value"].native, str):
                found.append(nfc(pair["value"].native))
    return tuple(found)


def holder(certificate: x509.Certificate) -> str:
    """The name a reader should see: CN, else O, else the whole subject."""
    found = names(certificate, "common_name") or names(certificate, "organization_name")
    return found[0] if found else str(certificate.subject.human_friendly)


def organisation(certificate: x509.Certificate) -> str:
    """The body the certificate names: O, else CN."""
    found = names(certificate, "organization_name") or names(certificate, "common_name")
    return found[0] if found else ""


def same_name(left: str, right: str) -> bool:
    """Equal agency names whatever the Unicode composition, case, spaces, kind of dash or place of the tone mark."""
    return _folded(left) == _folded(right)


def _folded(name: str) -> str:
    return tone_folded(name.translate(_DASHES))


def bears_name(certificate: x509.Certificate, agency: str, also: Iterable[str] = ()) -> bool:
    """Whether this is the agency's own certificate: its CN is ``agency`` or one of ``also`` (how the CA wrote it).

    O counts only when there is no CN: a person's certificate names the agency in O and the person in CN, and a
    person's key must never make the organisation's signature (NĐ 30/2020 Đ33.2).
    """
    borne = names(certificate, "common_name") or names(certificate, "organization_name")
    return any(same_name(name, wanted) for name in borne for wanted in (agency, *also) if wanted.strip())
