"""Whether a certificate was trusted, in date and not revoked when it signed — and how sure that «when» is.

A trusted time-stamp proves the time. Without one only «now» can be judged: a certificate that has since expired or
been revoked then leads to «cannot be checked», never to «valid».
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, crl, ocsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore, EmbeddedPdfSignature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, validate_sig_integrity
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

from workers.sign.mark import VIETNAM
from workers.sign.report import Answer, Item
from workers.tools.pki import TrustStore, holder

FETCH_SECONDS = 20.0
"""for one CRL or OCSP answer"""


@dataclass(frozen=True)
class Known:
    """Everything certificates can be judged by: the trust store and what the file itself carries."""

    trust: TrustStore
    now: datetime
    online: bool
    certificates: tuple[x509.Certificate, ...]
    crls: tuple[crl.CertificateList, ...]
    ocsps: tuple[ocsp.OCSPResponse, ...]

    @classmethod
    def of(cls, reader: PdfFileReader, trust: TrustStore, now: datetime, online: bool) -> Known:
        certificates, crls, ocsps = list(trust.others), list(trust.crls), []
        if "/DSS" in reader.root:
            store = DocumentSecurityStore.read_dss(reader)
            certificates += list(store.load_certs())
            crls += [crl.CertificateList.load(stream.get_object().data) for stream in store.crls]
            ocsps += [ocsp.OCSPResponse.load(stream.get_object().data) for stream in store.ocsps]
        return cls(trust, now, online, tuple(certificates), tuple(crls), tuple(ocsps))

    def context(
        self, at: datetime, subject: x509.Certificate, others: list[x509.Certificate], revocation: bool
    ) -> ValidationContext:
        """``at`` is the moment judged. Lists issued after the certificate's own end may have dropped it and prove
        nothing, so they are left out."""
        lists = [one for one in self.crls if _issued(one) <= subject.not_valid_after]
        fetch = self.online and revocation and self.now <= subject.not_valid_after
        context = ValidationContext(
            trust_roots=list(self.trust.roots),
            other_certs=[*self.certificates, *others],
            crls=lists,
            ocsps=list(self.ocsps),
            moment=at,
            allow_fetching=fetch,
            fetcher_backend=RequestsFetcherBackend(per_request_timeout=FETCH_SECONDS) if fetch else None,
            revocation_mode="require" if revocation else "none",
            retroactive_revinfo=True,
        )
        context.certificate_registry.fetcher = None
        return context

    async def path(
        self, at: datetime, subject: x509.Certificate, others: list[x509.Certificate], revocation: bool
    ) -> ValidationPath:
        context = self.context(at, subject, others, revocation)
        return await CertificateValidator(subject, others, validation_context=context).async_validate_path()


def _issued(one: crl.CertificateList) -> datetime:
    return one["tbs_cert_list"]["this_update"].native


@dataclass(frozen=True, slots=True)
class Proof:
    """A time-stamp: ``field`` it belongs to, whether it is a document time-stamp, and whether it may be relied on."""

    field: str
    document: bool
    revision: int
    moment: datetime
    good: bool
    item: Item


async def proofs(signatures: list[EmbeddedPdfSignature], known: Known) -> list[Proof]:
    """Every time-stamp of the file, judged newest first: a later good one proves the time at which an earlier
    authority's certificate is to be judged (the B-LTA chain)."""
    found: list[Proof] = []
    at = known.now
    for signature in reversed(signatures):
        if signature.sig_object_type == "/DocTimeStamp":
            proof = await _document_stamp(signature, known, at)
            found.append(proof)
            if proof.good:
                at = min(at, proof.moment)
        else:
            for token in extract_tst_data_iter(signature.signer_info, signed=False):
                found.append(await _signature_stamp(signature, token, known, at))
    return found


async def _document_stamp(signature: EmbeddedPdfSignature, known: Known, at: datetime) -> Proof:
    info = signature.signed_data["encap_content_info"]["content"].parsed
    sound = info["message_imprint"]["hashed_message"].native == signature.compute_digest()
    sound = sound and token_signed(signature.signed_data, signature.signer_cert)
    others = list(signature.other_embedded_certs)
    trouble = await authority_trouble(signature.signer_cert, others, known, at)
    return _proof(signature, True, info["gen_time"].native, sound, trouble, signature.signer_cert)


async def _signature_stamp(signature: EmbeddedPdfSignature, token: cms.SignedData, known: Known, at: datetime) -> Proof:
    info = token["encap_content_info"]["content"].parsed
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    value = signature.signer_info["signature"].native
    sound = imprint["hashed_message"].native == hashlib.new(algorithm, value).digest()
    signer = token["signer_infos"][0]
    certificates = [choice.chosen for choice in token["certificates"]]
    serial = signer["sid"].chosen["serial_number"].native
    own = next(c for c in certificates if c.serial_number == serial)
    sound = sound and token_signed(token, own)
    trouble = await authority_trouble(own, certificates, known, at)
    return _proof(signature, False, info["gen_time"].native, sound, trouble, own)


def token_signed(token: cms.SignedData, certificate: x509.Certificate) -> bool:
    """Whether a time-stamp token is really signed by ``certificate`` over its own content."""
    signer = token["signer_infos"][0]
    content = token["encap_content_info"]["content"].contents
    digest = hashlib.new(signer["digest_algorithm"]["algorithm"].native, content).digest()
    try:
        return all(validate_sig_integrity(signer, certificate, "tst_info", digest))
    except SignatureValidationError:
        return False


async def authority_trouble(
    certificate: x509.Certificate, others: list[x509.Certificate], known: Known, at: datetime
) -> Exception | None:
    usage = certificate.extended_key_usage_value
    if usage is None or "time_stamping" not in usage.native:
        return ValueError("extendedKeyUsage")
    try:
        await known.path(at, certificate, others, revocation=False)
        try:
            await known.path(at, certificate, others, revocation=True)
        except InsufficientRevinfoError:
            return None  # few authorities publish revocation of their own short-lived stamping certificates
    except (ValidationError, PathError) as error:
        return error
    return None


def _proof(
    signature: EmbeddedPdfSignature,
    document: bool,
    moment: datetime,
    sound: bool,
    trouble: Exception | None,
    authority: x509.Certificate,
) -> Proof:
    shown = moment.astimezone(VIETNAM).isoformat(timespec="seconds")
    kind, kind_en = ("Dấu thời gian văn bản", "Document time-stamp") if document else ("Dấu thời gian", "Time-stamp")
    name = holder(authority)
    if not sound:
        item = Item(
            "timestamp", "invalid", f"{kind} không khớp với chữ ký.", f"{kind_en} does not match the signature."
        )
    elif trouble is not None:
        why = type(trouble).__name__
        item = Item(
            "timestamp",
            "unknown",
            f"{kind} {shown} của «{name}» chưa tin được ({why}); hãy thêm chứng thư gốc của nơi cấp vào kho tin cậy.",
            f"{kind_en} {shown} by «{name}» cannot be trusted ({why}); add its root to the trust folder.",
        )
    else:
        item = Item("timestamp", "valid", f"{kind}: {shown}, cấp bởi «{name}».", f"{kind_en}: {shown}, by «{name}».")
    good = sound and trouble is None
    return Proof(signature.field_name, document, signature.signed_revision, moment, good, item)


async def signer_items(
    signature: EmbeddedPdfSignature, known: Known, claimed: datetime | None, proven: datetime | None
) -> list[Item]:
    """Trust, dates and revocation of the signer's certificate, and what is known of the time."""
    certificate, others = signature.signer_cert, list(signature.other_embedded_certs)
    at = proven or known.now
    items = [_time_item(claimed, proven), *_strength(signature, certificate)]
    items.append(await _trust(certificate, others, known, at, claimed, proven))
    if items[-1].answer == "valid":
        items.append(await _revocation(certificate, others, known, at, claimed, proven))
    return items


def _strength(signature: EmbeddedPdfSignature, certificate: x509.Certificate) -> list[Item]:
    """Nothing when the algorithms are of today and the certificate is for signing."""
    found = []
    key = certificate.public_key
    short = (key.algorithm == "rsa" and key.bit_size < 2048) or (key.algorithm == "ec" and key.bit_size < 256)
    if signature.md_algorithm in ("md5", "sha1") or short:
        what = f"{signature.md_algorithm}, {key.algorithm} {key.bit_size}"
        found.append(
            Item(
                "algorithm",
                "unknown",
                f"Thuật toán đã lỗi thời ({what}): ngày nay không còn chứng minh được nội dung nguyên vẹn.",
                f"Outdated algorithms ({what}): they no longer prove that the content is intact.",
            )
        )
    usage = certificate.key_usage_value
    if usage is not None and not usage.native & {"digital_signature", "non_repudiation"}:
        found.append(
            Item(
                "usage",
                "invalid",
                f"Chứng thư «{holder(certificate)}» không được cấp để ký.",
                f"Certificate «{holder(certificate)}» was not issued for signing.",
            )
        )
    return found


def _time_item(claimed: datetime | None, proven: datetime | None) -> Item:
    if proven is not None:
        shown = proven.astimezone(VIETNAM).isoformat(timespec="seconds")
        return Item(
            "signing_time",
            "valid",
            f"Đã ký trước {shown} (dấu thời gian chứng minh).",
            f"Signed before {shown} (proven by time-stamp).",
        )
    shown = claimed.astimezone(VIETNAM).isoformat(timespec="seconds") if claimed else "–"
    return Item(
        "signing_time",
        "valid",
        f"Thời gian ký do máy ký khai: {shown}; chưa có dấu thời gian chứng minh.",
        f"Signing time as the signer states: {shown}; no time-stamp proves it.",
    )


async def _trust(
    certificate: x509.Certificate,
    others: list[x509.Certificate],
    known: Known,
    at: datetime,
    claimed: datetime | None,
    proven: datetime | None,
) -> Item:
    name = holder(certificate)
    if claimed is not None and not certificate.not_valid_before <= claimed <= certificate.not_valid_after:
        return Item(
            "trust",
            "invalid",
            f"Chứng thư «{name}» không còn hoặc chưa có hiệu lực vào thời gian ký được khai.",
            f"Certificate «{name}» was out of its dates at the stated signing time.",
        )
    try:
        path = await known.path(at, certificate, others, revocation=False)
    except PathBuildingError:
        return Item(
            "trust",
            "unknown",
            f"Chứng thư «{name}» không dẫn tới chứng thư gốc nào trong kho tin cậy (nơi cấp: "
            f"{certificate.issuer.human_friendly}).",
            f"Certificate «{name}» leads to no root of the trust folder (issuer: {certificate.issuer.human_friendly}).",
        )
    except (ExpiredError, NotYetValidError):
        return _out_of_dates(name, proven)
    except (ValidationError, PathError) as error:
        why = type(error).__name__
        return Item(
            "trust", "invalid", f"Chuỗi chứng thư của «{name}» không hợp lệ ({why}).", f"Invalid chain ({why})."
        )
    root = holder(path.first)
    return Item("trust", "valid", f"Chứng thư «{name}» tin cậy, gốc «{root}».", f"«{name}» is trusted; root «{root}».")


def _out_of_dates(name: str, proven: datetime | None) -> Item:
    answer: Answer = "invalid" if proven else "unknown"
    tail = "" if proven else ", và không có dấu thời gian chứng minh văn bản được ký trước đó"
    tail_en = "" if proven else ", and no time-stamp proves that it signed before"
    return Item(
        "trust", answer, f"Chứng thư «{name}» đã hết hạn{tail}.", f"Certificate «{name}» is out of its dates{tail_en}."
    )


async def _revocation(
    certificate: x509.Certificate,
    others: list[x509.Certificate],
    known: Known,
    at: datetime,
    claimed: datetime | None,
    proven: datetime | None,
) -> Item:
    try:
        await known.path(at, certificate, others, revocation=True)
    except RevokedError as error:
        day = error.revocation_dt.astimezone(VIETNAM).isoformat(timespec="seconds")
        before = proven is not None or claimed is None or error.revocation_dt <= claimed
        answer: Answer = "invalid" if before else "unknown"
        tail = "" if before else "; không có dấu thời gian chứng minh văn bản được ký trước lúc đó"
        tail_en = "" if before else "; no time-stamp proves that it signed before"
        return Item("revocation", answer, f"Chứng thư bị thu hồi lúc {day}{tail}.", f"Revoked at {day}{tail_en}.")
    except InsufficientRevinfoError:
        return Item(
            "revocation",
            "unknown",
            "Không có CRL/OCSP nên không biết chứng thư có bị thu hồi không. Hãy chép CRL của nơi cấp (.crl) vào kho "
            "tin cậy "
            "hoặc kiểm tra khi có mạng.",
            "No CRL or OCSP answer tells whether it was revoked. Put the issuer's CRL (.crl) into the trust folder or "
            "check online.",
        )
    except (ValidationError, PathError) as error:
        why = type(error).__name__
        return Item(
            "revocation", "unknown", f"Không kiểm tra được thu hồi ({why}).", f"Revocation not checked ({why})."
        )
    when = "lúc ký" if proven else "đến nay"
    return Item("revocation", "valid", f"Chứng thư không bị thu hồi ({when}).", "The certificate was not revoked.")
