"""The PAdES signature: one incremental update with the mark as its appearance.

Three steps, because they cost different things. ``begin`` writes the update and needs no key. ``press`` asks the token,
once per document, one document at a time. ``complete`` fetches the time-stamp, writes the signature and lifts the
level; many documents can do that side by side, and an authority that is away costs nothing but the level (B-B now,
lifted later by ``uplift.add_timestamp``).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import cms
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

from intake.errors import DocumentError, EnvironmentTrouble
from intake.model import Finding
from intake.ports import SigningSession
from intake.profile.sections import SignSection
from workers.sign import uplift
from workers.sign.appearance import MarkStyle
from workers.sign.certificate import Checked
from workers.sign.mark import VIETNAM, block, face_for
from workers.sign.place import Place, place
from workers.sign.timestamp import TimeStampAuthority

DIGEST = "sha256"
DOCMDP = {
    "no-changes": fields.MDPPerm.NO_CHANGES,
    "fill-forms": fields.MDPPerm.FILL_FORMS,
    "annotate": fields.MDPPerm.ANNOTATE,
}


@dataclass(frozen=True, slots=True)
class Signed:
    """``level`` reached, the place the mark took (None without one), findings about what is still missing."""

    level: str
    place: Place | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """The update is written to ``target`` with an empty /Contents; ``now`` is the signing time in mark and signature."""

    target: Path
    digest: PreparedByteRangeDigest
    section: SignSection
    now: datetime
    place: Place | None
    paragraphs: tuple[str, ...]
    attributes: bytes
    """DER of the signed attributes: all that the key sees"""


@dataclass(frozen=True, slots=True)
class Pressed:
    """The token has signed; the file at ``target`` still has an empty /Contents."""

    begun: Begun
    signature: bytes
    engine: signers.Signer


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
    """All three steps."""
    begun = begin(source, target, session, section, now, paragraphs, where)
    return complete(press(begun, session), checked)


def begin(
    source: Path,
    target: Path,
    session: SigningSession,
    section: SignSection,
    now: datetime,
    paragraphs: tuple[str, ...] = (),
    where: Place | None = None,
) -> Begun:
    """Write ``source`` and the update to ``target``. ``now`` is the signing time.

    ``paragraphs`` is the mark (none: an invisible signature); ``where`` a place found earlier for the same bytes.
    Raises DocumentError when the PDF cannot bear a signature; ``target`` is then not there.
    """
    with _removed_on_failure(target):
        shutil.copyfile(source, target)
        with target.open("r+b") as stream:
            writer = uplift.Update(stream)
            style, field, where = _appearance(writer.prev, source, paragraphs, where)
            digest = asyncio.run(_begin(writer, style, field, session, section, now))
        wanted = PdfCMSSignedAttributes(signing_time=now.astimezone(VIETNAM))
        attributes = asyncio.run(
            session.engine.signed_attrs(digest.document_digest, DIGEST, attr_settings=wanted, use_pades=True)
        )
        return Begun(target, digest, section, now, where, paragraphs, attributes.dump())


def press(begun: Begun, session: SigningSession) -> Pressed:
    """Let the token sign, and do nothing else: the next document waits for it. Errors of the key are the session's own;
    the file is removed on any failure."""
    with _removed_on_failure(begun.target):
        made = asyncio.run(session.engine.async_sign_raw(begun.attributes, DIGEST))
        return Pressed(begun, made, session.engine)


def assembled(pressed: Pressed) -> cms.ContentInfo:
    """The CMS signature around the key's value."""
    engine = pressed.engine
    around = signers.ExternalSigner(
        signing_cert=engine.signing_cert,
        cert_registry=engine.cert_registry,
        signature_value=pressed.signature,
        signature_mechanism=engine.get_signature_mechanism_for_digest(DIGEST),
        embed_roots=False,
    )
    attributes = cms.CMSAttributes.load(pressed.begun.attributes)
    return asyncio.run(around.async_sign_prescribed_attributes(DIGEST, attributes))


def complete(pressed: Pressed, checked: Checked, authority: TimeStampAuthority | None = None) -> Signed:
    """Put the signature, with its time-stamp when it can be had, into the file and lift its level as the profile
    says. Raises DocumentError when the signature does not fit; the file is removed on any failure."""
    begun = pressed.begun
    level = begun.section.level
    with _removed_on_failure(begun.target):
        authority = authority or uplift.authority_of(begun.section)
        signature, lack = uplift.with_timestamp(assembled(pressed), authority, begun.section, checked, begun.now)
        with begun.target.open("r+b") as stream:
            begun.digest.fill_with_cms(stream, signature)
            stream.flush()
            os.fsync(stream.fileno())
        if lack is not None or authority is None:
            return Signed("B-B", begun.place, (lack,) if lack else ())
        level, findings = uplift.add_evidence(begun.target, level, checked, authority)
        return Signed(level, begun.place, findings)


@contextmanager
def _removed_on_failure(target: Path) -> Iterator[None]:
    try:
        yield
    except (PdfError, SigningError, ValueError, NotImplementedError) as error:
        target.unlink(missing_ok=True)
        raise DocumentError(
            f"Không ký được «{target.name}»: cấu trúc PDF không cho phép ({error}). Hãy tạo lại PDF/A từ bản quét; "
            "chưa ký gì.",
            f"«{target.name}» cannot be signed: the PDF's structure does not allow it ({error}). Make the PDF/A again "
            "from the scan; nothing was signed.",
        ) from error
    except OSError as error:
        target.unlink(missing_ok=True)
        raise EnvironmentTrouble(
            f"Không ghi được tệp đã ký «{target.name}» ({error.strerror}). Kiểm tra dung lượng và quyền ghi của ổ đĩa; "
            "văn bản vẫn chờ.",
            f"The signed file «{target.name}» cannot be written ({error.strerror}). Check the disk's space and "
            "permissions; the document waits.",
        ) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _appearance(
    reader: PdfFileReader, source: Path, paragraphs: tuple[str, ...], where: Place | None
) -> tuple[MarkStyle | None, fields.SigFieldSpec, Place | None]:
    name = _field_name(reader)
    if not paragraphs:
        return None, fields.SigFieldSpec(name), None
    where = where or place(source, paragraphs)
    face = face_for(paragraphs)
    letters = block(paragraphs, face, where.lines)
    if letters is None or letters.width > where.box.width * 72 / 25.4 + 0.5:
        # the words are not those the place was found for (another month's name, another form): measure again
        where = place(source, paragraphs)
        letters = block(paragraphs, face, where.lines)
    assert letters is not None
    where = where.fitted(letters)
    field = fields.SigFieldSpec(name, on_page=0, box=where.rectangle)  # type: ignore[arg-type]
    return MarkStyle(block=letters, place=where, face=face, border_width=0), field, where


def _field_name(reader: PdfFileReader) -> str:
    taken = {name for name, _, _ in fields.enumerate_sig_fields(reader)}
    number = 1
    while f"Sohoa{number}" in taken:
        number += 1
    return f"Sohoa{number}"


_RESERVES: dict[tuple[bytes, tuple[bytes, ...]], int] = {}


async def _reserve(act: signers.PdfSigningSession, session: SigningSession) -> int:
    """Characters for the signature in /Contents: twice its bytes, because it is hexadecimal, with some room for
    signatures of varying length (ECDSA). Measured once per certificate: it is a third of a signature's work."""
    key = (session.certificate, session.chain)
    if key not in _RESERVES:
        _RESERVES[key] = await act.estimate_signature_container_size(None, tight=True) + 2 * 256
    return _RESERVES[key]


async def _begin(
    writer: uplift.Update,
    style: MarkStyle | None,
    field: fields.SigFieldSpec,
    session: SigningSession,
    section: SignSection,
    now: datetime,
) -> PreparedByteRangeDigest:
    meta = signers.PdfSignatureMetadata(
        field_name=field.sig_field_name,
        md_algorithm=DIGEST,
        name=section.agency,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=section.docmdp != "none",
        docmdp_permissions=DOCMDP.get(section.docmdp, fields.MDPPerm.FILL_FORMS),
    )
    signer = signers.PdfSigner(meta, session.engine, stamp_style=style, new_field_spec=field)
    act = signer.init_signing_session(writer)
    act.system_time = now.astimezone(VIETNAM)
    reserve = await _reserve(act, session)
    if uplift.authority_of(section) is not None:
        reserve += 2 * uplift.TOKEN_MAX
    document = act.prepare_tbs_document(None, bytes_reserved=reserve)
    digest, _ = document.digest_tbs_document(in_place=True)
    return digest
