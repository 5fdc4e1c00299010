"""What lifts a signature above B-B: time-stamps, validation evidence, and adding both when they were away before."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from asn1crypto import cms, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.general import SigningError, simple_cms_attribute
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.errors import PathError, ValidationError

from intake.errors import DocumentError, EnvironmentTrouble
from intake.model import Finding, Severity
from intake.profile.sections import SignSection
from workers.sign.certificate import Checked, check_signed
from workers.sign.timestamp import TimeStampAuthority, trouble
from workers.sign.trusting import authority_trouble, token_signed
from workers.tools.pki import TrustStore

TOKEN_MAX = 12_288
"""bytes kept in /Contents for a time-stamp token with its chain; a usual one has 5 000"""


class Update(IncrementalPdfFileWriter):
    """An incremental update that leaves XMP and Info alone: they say what a person confirmed, and the library would
    write its own name and the machine's time into them."""

    def _update_meta(self) -> None:
        return None


def authority_of(section: SignSection) -> TimeStampAuthority | None:
    """The profile's time-stamp authority when its level needs one."""
    if section.level == "B-B" or not section.tsa_url:
        return None
    return TimeStampAuthority(section.tsa_url, section.tsa_seconds, section.tsa_tries)


def with_timestamp(
    signature: cms.ContentInfo,
    authority: TimeStampAuthority | None,
    section: SignSection,
    checked: Checked,
    now: datetime,
) -> tuple[cms.ContentInfo, Finding | None]:
    """The signature with its time-stamp beside it; or as it was, with the finding that says why."""
    if section.level == "B-B":
        return signature, None
    if authority is None:
        return signature, pending_timestamp(section.level, trouble(None, ValueError("tsa_url")))
    value = signature["content"]["signer_infos"][0]["signature"].native
    try:
        token = asyncio.run(authority.async_timestamp(hashlib.sha256(value).digest(), "sha256"))
        asyncio.run(_acceptable(token["content"], checked, now))
    except TimestampRequestError as error:
        return signature, pending_timestamp(section.level, trouble(section.tsa_url, error))
    stamped = cms.ContentInfo.load(signature.dump())
    stamped["content"]["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes(
        [simple_cms_attribute("signature_time_stamp_token", token)]
    )
    return cms.ContentInfo.load(stamped.dump()), None


async def _acceptable(token: cms.SignedData, checked: Checked, now: datetime) -> None:
    """A token nobody will be able to rely on is no time-stamp: refused here, before it is in the file."""
    if len(token.dump()) + 64 > TOKEN_MAX:
        raise TimestampRequestError(f"token over {TOKEN_MAX} bytes")
    try:
        certificate, others = stamping_certificate(token)
        sound = token_signed(token, certificate)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TimestampRequestError("token cannot be read") from error
    if not sound:
        raise TimestampRequestError("token is not signed by its certificate")
    why = await authority_trouble(certificate, others, checked.known(now), now)
    if why is not None:
        raise TimestampRequestError(f"authority not trusted ({type(why).__name__})")


def stamping_certificate(token: cms.SignedData) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """The certificate that signed a token, and all it carries. ValueError when its own is not among them."""
    certificates = [choice.chosen for choice in token["certificates"]]
    serial = token["signer_infos"][0]["sid"].chosen["serial_number"].native
    own = [certificate for certificate in certificates if certificate.serial_number == serial]
    if not own:
        raise ValueError("no signing certificate")
    return own[0], certificates


def add_evidence(
    target: Path, level: str, checked: Checked, authority: TimeStampAuthority
) -> tuple[str, tuple[Finding, ...]]:
    """B-T → B-LT (CRLs, OCSP answers, certificates in the DSS) → B-LTA (document time-stamp over all of it).

    Each step works on a copy that replaces ``target`` only when complete. Returns the level reached.
    """
    if level == "B-T":
        return "B-T", ()
    if not checked.revocation_known:
        return "B-T", (pending_level(level, "CRL/OCSP"),)
    reached = "B-T"
    try:
        with checked.lock:
            _rewrite(target, lambda work: asyncio.run(_store(work, checked)))
        reached = "B-LT"
        if level == "B-LTA":
            _rewrite(target, lambda work: _stamp_document(work, authority))
            reached = "B-LTA"
    except (TimestampRequestError, PathError, ValidationError, SigningError) as error:
        return reached, (pending_level(level, str(error) or type(error).__name__),)
    return reached, ()


def add_timestamp(
    pdf: Path, out: Path, section: SignSection, trust: TrustStore, now: datetime
) -> tuple[str, tuple[Finding, ...], Checked]:
    """Put the time-stamp that was away at signing time on a signed file, as a document time-stamp in a new
    incremental update: ``out`` begins with the bytes of ``pdf``. B-LT and B-LTA get their evidence before it.

    Needs no key and no PIN. Returns the level reached, what still lacks, and the signer's certificate as it is judged
    now. Raises EnvironmentTrouble when the authority is still away or nothing would be gained, OperatorError when the
    certificate was revoked or has expired meanwhile, DocumentError when ``pdf`` cannot be extended; ``out`` is then
    not written.
    """
    if not section.tsa_url:
        raise trouble(None, ValueError("tsa_url"))
    authority = TimeStampAuthority(section.tsa_url, section.tsa_seconds, section.tsa_tries)
    checked = check_signed(pdf, section, trust, now)
    long_term = section.level in ("B-LT", "B-LTA") and checked.revocation_known
    if not long_term and is_stamped(pdf):
        lack = pending_level(section.level, "CRL/OCSP")
        raise EnvironmentTrouble(lack.vi, lack.en)
    work = out.with_name(out.name + ".tmp")
    shutil.copyfile(pdf, work)
    try:
        if long_term:
            _rewrite(work, lambda copy: asyncio.run(_store(copy, checked)))
        _rewrite(work, lambda copy: _stamp_document(copy, authority))
        with work.open("rb") as stream:
            token = PdfFileReader(stream, strict=False).embedded_timestamp_signatures[-1].signed_data
            asyncio.run(_acceptable(token, checked, now))
        work.replace(out)
    except (TimestampRequestError, PathError, ValidationError) as error:
        raise trouble(section.tsa_url, error) from error
    except (PdfError, SigningError) as error:
        raise DocumentError(
            f"Không bổ sung được dấu thời gian vào «{pdf.name}» ({error}); tệp đã ký vẫn nguyên.",
            f"The time-stamp cannot be added to «{pdf.name}» ({error}); the signed file is untouched.",
        ) from error
    finally:
        work.unlink(missing_ok=True)
    reached = section.level if long_term or section.level == "B-T" else "B-T"
    lacks = () if reached == section.level else (pending_level(section.level, "CRL/OCSP"),)
    return reached, lacks, checked


def is_stamped(pdf: Path) -> bool:
    """Whether a time-stamp stands beside the last signature or over the whole file."""
    with pdf.open("rb") as stream:
        reader = PdfFileReader(stream, strict=False)
        if reader.embedded_timestamp_signatures:
            return True
        return bool(list(extract_tst_data_iter(reader.embedded_regular_signatures[-1].signer_info, signed=False)))


def _rewrite(target: Path, step: Callable[[Path], None]) -> None:
    """Run a step on a copy; a step that fails half-way leaves ``target`` as it was."""
    work = target.with_name(target.name + ".lift")
    shutil.copyfile(target, work)
    try:
        step(work)
        work.replace(target)
    finally:
        work.unlink(missing_ok=True)


async def _store(work: Path, checked: Checked) -> None:
    """The DSS: every certificate and every revocation answer the signature and its time-stamp need."""
    with work.open("r+b") as stream:
        last = PdfFileReader(stream, strict=False).embedded_regular_signatures[-1]
        paths = [checked.path]
        for attribute in last.signer_info["unsigned_attrs"] or ():
            if attribute["type"].native == "signature_time_stamp_token":
                certificate, others = stamping_certificate(attribute["values"][0]["content"])
                validator = CertificateValidator(certificate, others, validation_context=checked.context)
                paths.append(await validator.async_validate_usage(set(), extended_key_usage={"time_stamping"}))
        writer = Update(stream, strict=False)
        # sig_contents=None: no VRI, which PAdES has deprecated
        DocumentSecurityStore.supply_dss_in_writer(writer, None, paths=paths, validation_context=checked.context)
        writer.write_in_place()


def _stamp_document(work: Path, authority: TimeStampAuthority) -> None:
    stamper = signers.PdfTimeStamper(authority)
    with work.open("r+b") as stream:
        # a fixed reserve saves the trial call with which the library would measure the authority's answer
        stamper.timestamp_pdf(Update(stream, strict=False), "sha256", bytes_reserved=2 * TOKEN_MAX, in_place=True)


def pending_timestamp(level: str, lack: EnvironmentTrouble) -> Finding:
    return Finding(
        "sign.timestamp_pending",
        Severity.WARN,
        f"{lack.vi} Văn bản đã ký hợp lệ ở mức B-B; dấu thời gian (mức {level}) sẽ được bổ sung khi máy chủ trả lời.",
        f"{lack.en} The document is validly signed at B-B; the time-stamp (level {level}) is added when it answers.",
        measured="B-B",
        limit=level,
    )


def pending_level(level: str, why: str) -> Finding:
    return Finding(
        "sign.level_pending",
        Severity.WARN,
        f"Chưa đạt mức {level}: thiếu bằng chứng ({why}). Chữ ký vẫn hợp lệ; sẽ bổ sung sau.",
        f"Level {level} is not reached: evidence is missing ({why}). The signature is valid; it is added later.",
        limit=level,
    )
