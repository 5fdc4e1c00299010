"""The organisation's certificate is checked before anything is signed: dates, name, use, trust, revocation."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InsufficientRevinfoError,
    NotYetValidError,
    PathBuildingError,
    PathError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.fetchers.requests_fetchers import RequestsFetcherBackend
from pyhanko_certvalidator.path import ValidationPath

from intake.errors import NotAllowed, OperatorError
from intake.model import Finding, Severity
from intake.ports import SigningSession
from intake.profile.sections import SignSection
from workers.sign.mark import VIETNAM
from workers.sign.trusting import FETCH_SECONDS, Known
from workers.tools.pki import TrustStore, bears_name, holder


@dataclass(frozen=True)
class Checked:
    """A certificate that may sign: its path to a trusted root and the revocation evidence that was found."""

    certificate: x509.Certificate
    path: ValidationPath
    context: ValidationContext
    findings: tuple[Finding, ...]
    trust: TrustStore
    lock: threading.Lock = field(default_factory=threading.Lock)
    """held while ``context`` fetches: documents of one set are completed side by side"""

    @property
    def revocation_known(self) -> bool:
        return not any(finding.code == "sign.revocation_unchecked" for finding in self.findings)

    def known(self, now: datetime) -> Known:
        """What certificates met later in the same set are judged by; nothing is fetched any more."""
        return Known(self.trust, now, False, self.trust.others, self.trust.crls, ())


def check(
    session: SigningSession, section: SignSection, trust: TrustStore, now: datetime, demo_allowed: bool = False
) -> Checked:
    """Whether this key may sign for ``section.agency`` at ``now`` (aware). One check serves a whole set.

    ``demo_allowed``: the station's own setting, never the profile's, lets a key that anybody could have sign.

    Raises NotAllowed (demo key) or OperatorError: expired, not yet valid, another agency's, not for signing, weak,
    untrusted, revoked, or revocation unknown while the profile requires it. CRLs and OCSP answers are fetched from
    the addresses in certificates of the trusted path only.
    """
    certificate = x509.Certificate.load(session.certificate)
    if session.demo and not demo_allowed:
        raise NotAllowed(
            f"Chứng thư «{holder(certificate)}» CHỈ DÙNG THỬ, không được ký văn bản thật. Hãy dùng thiết bị lưu khóa "
            "bí mật "
            "của cơ quan (PKCS#11).",
            f"Certificate «{holder(certificate)}» is for trial only and must not sign. Use the agency's own device.",
        )
    _dates(certificate, now)
    _name(certificate, section)
    _usage(certificate)
    chain = [x509.Certificate.load(der) for der in session.chain]
    return asyncio.run(_trusted(certificate, chain, section, trust, now))


def check_signed(pdf: Path, section: SignSection, trust: TrustStore, now: datetime) -> Checked:
    """The same for the certificate of the last signature in a PDF, when its evidence is completed later."""
    with pdf.open("rb") as stream:
        last = PdfFileReader(stream, strict=False).embedded_regular_signatures[-1]
        certificate, others = last.signer_cert, list(last.other_embedded_certs)
    return asyncio.run(_trusted(certificate, others, section, trust, now))


def _dates(certificate: x509.Certificate, now: datetime) -> None:
    start, end = certificate.not_valid_before, certificate.not_valid_after
    shown = holder(certificate)
    if now < start:
        raise OperatorError(
            f"Chứng thư «{shown}» chưa có hiệu lực: chỉ từ {_day(start)}. Kiểm tra ngày giờ máy tính; chưa ký gì.",
            f"Certificate «{shown}» is not valid before {_day(start)}. Check the computer's clock; nothing was signed.",
        )
    if now > end:
        raise OperatorError(
            f"Chứng thư «{shown}» đã hết hạn từ {_day(end)}. Hãy gia hạn chứng thư của cơ quan; chưa ký gì.",
            f"Certificate «{shown}» expired on {_day(end)}. Have it renewed; nothing was signed.",
        )


def _name(certificate: x509.Certificate, section: SignSection) -> None:
    if not bears_name(certificate, section.agency, section.certificate_names):
        raise OperatorError(
            f"Chứng thư mang tên «{holder(certificate)}», không phải «{section.agency}» như hồ sơ quy tắc. Hãy cắm "
            "đúng thiết bị "
            "của cơ quan, hoặc ghi cách viết của chứng thư vào sign.certificate_names; chưa ký gì.",
            f"The certificate names «{holder(certificate)}», the profile says «{section.agency}». Plug in the "
            "agency's own "
            "device, or write the certificate's spelling into sign.certificate_names; nothing was signed.",
        )


def _usage(certificate: x509.Certificate) -> None:
    usage = certificate.key_usage_value
    signs = usage is None or bool(usage.native & {"digital_signature", "non_repudiation"})
    extended = certificate.extended_key_usage_value
    only_tsa = extended is not None and set(extended.native) == {"time_stamping"}
    key = certificate.public_key
    weak = (key.algorithm == "rsa" and key.bit_size < 2048) or (key.algorithm == "ec" and key.bit_size < 256)
    if certificate.ca or not signs or only_tsa or weak:
        raise OperatorError(
            f"Chứng thư «{holder(certificate)}» không dùng để ký văn bản được (sai mục đích, hoặc khóa ngắn hơn RSA "
            "2048 / "
            "ECDSA 256). Hãy chọn chứng thư chữ ký số của cơ quan; chưa ký gì.",
            f"Certificate «{holder(certificate)}» cannot sign documents (wrong purpose, or a key below RSA 2048 / "
            "ECDSA 256). Choose the agency's signing certificate; nothing was signed.",
        )


async def _trusted(
    certificate: x509.Certificate,
    chain: list[x509.Certificate],
    section: SignSection,
    trust: TrustStore,
    now: datetime,
) -> Checked:
    backend = RequestsFetcherBackend(per_request_timeout=FETCH_SECONDS)
    try:
        modes = {"require": ["require"], "when-reachable": ["require", "none"], "off": ["none"]}[section.revocation]
        for mode in modes:
            context = context_for(trust, chain, now, mode, backend)
            validator = CertificateValidator(certificate, intermediate_certs=chain, validation_context=context)
            try:
                path = await validator.async_validate_path()
            except InsufficientRevinfoError as error:
                if mode == modes[-1]:
                    raise _no_revocation(certificate) from error
                continue
            except (ValidationError, PathError) as error:
                raise _refusal(certificate, error) from error
            unknown = (_unchecked(certificate),) if mode == "none" else ()
            return Checked(certificate, path, context, unknown, trust)
        raise _no_revocation(certificate)
    finally:
        await backend.close()


def context_for(
    trust: TrustStore,
    certificates: list[x509.Certificate],
    now: datetime,
    mode: str,
    backend: RequestsFetcherBackend | None,
) -> ValidationContext:
    """A validation context at ``now``: the agency's roots only, revocation answers fetched through ``backend``."""
    context = ValidationContext(
        trust_roots=list(trust.roots),
        other_certs=[*trust.others, *certificates],
        crls=list(trust.crls),
        ocsps=[],
        moment=now,
        allow_fetching=backend is not None and mode != "none",
        fetcher_backend=backend,
        revocation_mode=mode,
        # a station's clock may be behind its CA's: an answer «from the future» still tells of a revocation, and must
        # not be passed over in favour of an older list
        retroactive_revinfo=True,
    )
    # an address inside a not yet trusted certificate is never followed
    context.certificate_registry.fetcher = None
    return context


def _refusal(certificate: x509.Certificate, error: Exception) -> OperatorError:
    shown = holder(certificate)
    if isinstance(error, RevokedError):
        when = _day(error.revocation_dt)
        return OperatorError(
            f"Chứng thư «{shown}» (hoặc CA cấp nó) đã bị thu hồi ngày {when}. Ngừng ký và báo đơn vị cấp chứng thư; "
            "chưa ký gì.",
            f"Certificate «{shown}» (or its CA) was revoked on {when}. Stop and tell its issuer; nothing was signed.",
        )
    if isinstance(error, PathBuildingError):
        issuer = certificate.issuer.human_friendly
        return OperatorError(
            f"Chứng thư «{shown}» không dẫn tới chứng thư gốc tin cậy nào (nơi cấp: {issuer}). Hãy chép chứng thư gốc "
            "của nơi "
            "cấp vào kho tin cậy nếu cơ quan tin nơi đó; chưa ký gì.",
            f"Certificate «{shown}» leads to no trusted root (issuer: {issuer}). Put the issuer's root into the trust "
            "folder if the agency trusts it; nothing was signed.",
        )
    if isinstance(error, (ExpiredError, NotYetValidError)):
        return OperatorError(
            f"Chuỗi chứng thư của «{shown}» có chứng thư hết hạn hoặc chưa hiệu lực. Hãy cập nhật kho tin cậy; chưa "
            "ký gì.",
            f"The chain of «{shown}» has a certificate out of its dates. Update the trust folder; nothing was signed.",
        )
    return OperatorError(
        f"Chuỗi chứng thư của «{shown}» không hợp lệ ({type(error).__name__}). Hãy báo đơn vị cấp chứng thư; chưa ký "
        "gì.",
        f"The chain of «{shown}» is not valid ({type(error).__name__}). Tell its issuer; nothing was signed.",
    )


def _no_revocation(certificate: x509.Certificate) -> OperatorError:
    return OperatorError(
        f"Không lấy được CRL/OCSP nên chưa biết chứng thư «{holder(certificate)}» có bị thu hồi không; hồ sơ quy tắc "
        "bắt buộc "
        "phải biết. Kiểm tra mạng tới đơn vị cấp chứng thư rồi ký lại; chưa ký gì.",
        f"No CRL or OCSP answer, so it is not known whether «{holder(certificate)}» was revoked, and the profile "
        "requires "
        "it. Check the network to the issuer and sign again; nothing was signed.",
    )


def _unchecked(certificate: x509.Certificate) -> Finding:
    return Finding(
        "sign.revocation_unchecked",
        Severity.WARN,
        f"Đã ký nhưng chưa kiểm tra được chứng thư «{holder(certificate)}» có bị thu hồi không (không có CRL/OCSP).",
        f"Signed without knowing whether «{holder(certificate)}» was revoked (no CRL or OCSP answer).",
    )


def _day(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")
