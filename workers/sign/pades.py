"""The PAdES signature: one incremental update with the mark as its appearance, then what lifts its level.

The token is asked once per document. The time-stamp is fetched after the token has signed and put beside the
signature; so an authority that is away costs nothing but the level (B-B now, lifted later by ``add_timestamp``).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from asn1crypto import cms
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError, simple_cms_attribute
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.errors import PathError, ValidationError

from intake.errors import DocumentError, EnvironmentTrouble
from intake.model import Finding, Severity
from intake.ports import SigningSession
from intake.profile.sections import SignSection
from workers.sign.appearance import MarkStyle
from workers.sign.certificate import Checked, check_signed
from workers.sign.mark import VIETNAM, block, face_for
from workers.sign.place import Place, place
from workers.sign.timestamp import TimeStampAuthority, trouble
from workers.tools.pki import TrustStore

DIGEST = "sha256"
TSA_RESERVE = 12_288
"""bytes kept in /Contents for a time-stamp token with its chain"""
DOCMDP = {
    "no-changes": fields.MDPPerm.NO_CHANGES,
    "fill-forms": fields.MDPPerm.FILL_FORMS,
    "annotate": fields.MDPPerm.ANNOTATE,
}


class Update(IncrementalPdfFileWriter):
    """An incremental update that leaves XMP and Info alone: they say what a person confirmed, and the library would
    write its own name and the machine's time into them."""

    def _update_meta(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Signed:
    """``level`` reached, the place the mark took (None without one), findings about what is still missing."""

    level: str
    place: Place | None
    findings: tuple[Finding, ...] = ()
    timestamp: datetime | None = None


def sign(
    source: Path,
    target: Path,
    session: SigningSession,
    section: SignSection,
    checked: Checked,
    now: datetime,
    paragraphs: tuple[str, ...] = (),
    where: Place | None = None,
) -> Signed:
    """Sign ``source`` into ``target`` (overwritten; removed again on any failure). ``now`` is the signing time.

    ``paragraphs`` is the mark (none: an invisible signature); ``where`` a place found earlier for the same bytes.
    Raises DocumentError when the PDF cannot bear a signature; errors of the key are the session's own.
    """
    shutil.copyfile(source, target)
    try:
        with target.open("r+b") as stream:
            style, field, where = _appearance(stream, source, paragraphs, where)
            authority = _authority(section)
            done = asyncio.run(_sign(stream, style, field, session, section, now, authority))
        return _lift(target, done, where, section, checked, now, authority)
    except (PdfError, SigningError, ValueError, NotImplementedError) as error:
        target.unlink(missing_ok=True)
        raise DocumentError(
            f"Không ký được «{source.name}»: cấu trúc PDF không cho phép ({error}). Hãy tạo lại PDF/A từ bản quét; "
            "chưa ký gì.",
            f"«{source.name}» cannot be signed: the PDF's structure does not allow it ({error}). Make the PDF/A again "
            "from the scan; nothing was signed.",
        ) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _authority(section: SignSection) -> TimeStampAuthority | None:
    if section.level == "B-B" or not section.tsa_url:
        return None
    return TimeStampAuthority(section.tsa_url, section.tsa_seconds, section.tsa_tries)


def _appearance(
    stream: IO[bytes], source: Path, paragraphs: tuple[str, ...], where: Place | None
) -> tuple[MarkStyle | None, fields.SigFieldSpec, Place | None]:
    name = _field_name(source)
    if not paragraphs:
        return None, fields.SigFieldSpec(name), None
    where = where or place(source, paragraphs)
    face = face_for(paragraphs)
    letters = block(paragraphs, face, where.lines)
    if letters is None or letters.width > where.box.width * 72 / 25.4 + 0.5:
        # the words are not those the place was found for (another month's name, another form): measure again
        where = place(source, paragraphs)
        letters = block(paragraphs, face, where.lines)
    field = fields.SigFieldSpec(name, on_page=0, box=where.rectangle)  # type: ignore[arg-type]
    return MarkStyle(block=letters, place=where, face=face, border_width=0), field, where


def _field_name(source: Path) -> str:
    with source.open("rb") as stream:
        taken = {name for name, _, _ in fields.enumerate_sig_fields(PdfFileReader(stream, strict=False))}
    number = 1
    while f"Sohoa{number}" in taken:
        number += 1
    return f"Sohoa{number}"


async def _sign(
    stream: IO[bytes],
    style: MarkStyle | None,
    field: fields.SigFieldSpec,
    session: SigningSession,
    section: SignSection,
    now: datetime,
    authority: TimeStampAuthority | None,
) -> tuple[bytes, datetime | None, EnvironmentTrouble | None]:
    meta = signers.PdfSignatureMetadata(
        field_name=field.sig_field_name,
        md_algorithm=DIGEST,
        name=section.agency,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=section.docmdp != "none",
        docmdp_permissions=DOCMDP.get(section.docmdp, fields.MDPPerm.FILL_FORMS),
    )
    engine: signers.Signer = session.engine
    writer = Update(stream)
    signer = signers.PdfSigner(meta, engine, stamp_style=style, new_field_spec=field)
    act = signer.init_signing_session(writer)
    act.system_time = now.astimezone(VIETNAM)
    attributes = PdfCMSSignedAttributes(signing_time=act.system_time)
    size = await act.estimate_signature_container_size(None, tight=True) + 2 * 256
    reserve = size + (2 * TSA_RESERVE if authority else 0)
    document = act.prepare_tbs_document(None, bytes_reserved=reserve)
    prepared, output = document.digest_tbs_document(in_place=True)
    signature = await engine.async_sign(
        prepared.document_digest, DIGEST, use_pades=True, signed_attr_settings=attributes
    )
    signature, stamped, lack = await _with_timestamp(signature, authority, section)
    _fill(prepared, output, signature)
    output.flush()
    os.fsync(output.fileno())
    return signature.dump(), stamped, lack


def _fill(prepared: PreparedByteRangeDigest, output: IO[bytes], signature: cms.ContentInfo) -> None:
    try:
        prepared.fill_with_cms(output, signature)
    except ValueError as error:
        raise SigningError("/Contents") from error


async def _with_timestamp(
    signature: cms.ContentInfo, authority: TimeStampAuthority | None, section: SignSection
) -> tuple[cms.ContentInfo, datetime | None, EnvironmentTrouble | None]:
    """The signature with its time-stamp beside it, or as it was with the reason."""
    if authority is None:
        lack = trouble(section.tsa_url, ValueError("tsa_url")) if section.level != "B-B" else None
        return signature, None, lack
    value = signature["content"]["signer_infos"][0]["signature"].native
    try:
        token = await authority.async_timestamp(hashlib.sha256(value).digest(), DIGEST)
    except TimestampRequestError as error:
        return signature, None, trouble(section.tsa_url, error)
    if len(token.dump()) > TSA_RESERVE:
        return signature, None, trouble(section.tsa_url, ValueError("token too long"))
    stamped = cms.ContentInfo.load(signature.dump())
    stamped["content"]["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes(
        [simple_cms_attribute("signature_time_stamp_token", token)]
    )
    moment = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    return cms.ContentInfo.load(stamped.dump()), moment, None


def _lift(
    target: Path,
    done: tuple[bytes, datetime | None, EnvironmentTrouble | None],
    where: Place | None,
    section: SignSection,
    checked: Checked,
    now: datetime,
    authority: TimeStampAuthority | None,
) -> Signed:
    _, stamped, lack = done
    if section.level == "B-B":
        return Signed("B-B", where)
    if lack is not None:
        return Signed("B-B", where, (pending_timestamp(section.level, lack),))
    if section.level == "B-T":
        return Signed("B-T", where, timestamp=stamped)
    assert authority is not None
    level, findings = add_evidence(target, section.level, checked, authority)
    return Signed(level, where, findings, stamped)


def add_evidence(
    target: Path, level: str, checked: Checked, authority: TimeStampAuthority
) -> tuple[str, tuple[Finding, ...]]:
    """B-T → B-LT (CRLs, OCSP answers, certificates in the DSS) → B-LTA (document time-stamp over all of it).

    Works on a copy that replaces ``target`` only when complete. Returns the level reached.
    """
    reached, findings = "B-T", []
    if not checked.revocation_known:
        return reached, (pending_level(level, "CRL/OCSP"),)
    try:
        _rewrite(target, lambda work: asyncio.run(_store(work, checked)))
        reached = "B-LT"
        if level == "B-LTA":
            _rewrite(target, lambda work: _stamp_document(work, authority, checked))
            reached = "B-LTA"
    except (TimestampRequestError, PathError, ValidationError, SigningError) as error:
        findings.append(pending_level(level, str(error) or type(error).__name__))
    return reached, tuple(findings)


def add_timestamp(pdf: Path, out: Path, section: SignSection, trust: TrustStore, now: datetime) -> Signed:
    """Put the time-stamp that was away at signing time on a signed file, as a document time-stamp in a new
    incremental update: ``out`` begins with the bytes of ``pdf``. B-LT and B-LTA get their evidence before it.

    Needs no key and no PIN. Raises EnvironmentTrouble when the authority is still away (``out`` is not written).
    """
    if not section.tsa_url:
        raise trouble(None, ValueError("tsa_url"))
    authority = TimeStampAuthority(section.tsa_url, section.tsa_seconds, section.tsa_tries)
    checked = None
    if section.level in ("B-LT", "B-LTA"):
        checked = check_signed(pdf, section, trust, now)
    long_term = checked if checked is not None and checked.revocation_known else None
    shutil.copyfile(pdf, out)
    try:
        if long_term is not None:
            _rewrite(out, lambda work: asyncio.run(_store(work, long_term)))
        _rewrite(out, lambda work: _stamp_document(work, authority, long_term))
    except (TimestampRequestError, PathError, ValidationError) as error:
        out.unlink(missing_ok=True)
        raise trouble(section.tsa_url, error) from error
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    reached = section.level if long_term is not None else "B-T"
    lacking = () if reached == section.level else (pending_level(section.level, "CRL/OCSP"),)
    return Signed(reached, None, lacking)


def _rewrite(target: Path, step: Callable[[Path], None]) -> None:
    """Run a step on a copy; a step that fails half-way leaves ``target`` as it was."""
    work = target.with_suffix(".lift.tmp")
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
        tsa_certificate = _timestamp_certificate(last.signer_info)
        if tsa_certificate is not None:
            certificate, others = tsa_certificate
            validator = CertificateValidator(certificate, intermediate_certs=others, validation_context=checked.context)
            paths.append(await validator.async_validate_usage(set(), extended_key_usage={"time_stamping"}))
        writer = Update(stream, strict=False)
        # sig_contents=None: no VRI, which PAdES has deprecated
        DocumentSecurityStore.supply_dss_in_writer(writer, None, paths=paths, validation_context=checked.context)
        writer.write_in_place()


def _timestamp_certificate(info: cms.SignerInfo) -> tuple[cms.Certificate, list[cms.Certificate]] | None:
    for attribute in info["unsigned_attrs"] or ():
        if attribute["type"].native == "signature_time_stamp_token":
            content = attribute["values"][0]["content"]
            certificates = [choice.chosen for choice in content["certificates"]]
            serial = content["signer_infos"][0]["sid"].chosen["serial_number"].native
            signing = [c for c in certificates if c.serial_number == serial]
            return (signing[0], certificates) if signing else None
    return None


def _stamp_document(work: Path, authority: TimeStampAuthority, checked: Checked | None) -> None:
    stamper = signers.PdfTimeStamper(authority)
    with work.open("r+b") as stream:
        writer = Update(stream, strict=False)
        stamper.timestamp_pdf(writer, DIGEST, checked.context if checked else None, in_place=True)


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
