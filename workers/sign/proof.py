"""After signing: what was signed is what was there before, and the signature stands; otherwise nothing is published."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pikepdf
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, Reference
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import KeyUsageConstraints, async_validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel

from intake.errors import DocumentError
from workers.sign.certificate import Checked, context_for
from workers.tools import pdfa

KEY_USAGE = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
_BLOCK = 1 << 20


def bears_signature(pdf: Path) -> bool:
    """Whether a PDF is signed already. DocumentError when it cannot be opened (damaged, or with a password)."""
    try:
        return pdfa.is_signed(pdf)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, KeyError) as error:
        raise DocumentError(
            f"Không mở được PDF «{pdf.name}» ({type(error).__name__}): tệp hỏng hoặc có mật khẩu. Hãy quét lại; chưa "
            "ký gì.",
            f"The PDF «{pdf.name}» cannot be opened ({type(error).__name__}): damaged or with a password. Scan it "
            "again; "
            "nothing was signed.",
        ) from error


def prove(before: Path, after: Path, checked: Checked, now: datetime, was_pdfa: bool = True) -> None:
    """Raises DocumentError unless ``after`` begins with the bytes of ``before``, changes nothing but the form field,
    is as valid a PDF/A-2b as before and bears a trusted signature by ``checked`` over all of it."""
    if not _prefix(before, after):
        raise _broken(after, "byte gốc bị thay đổi", "the original bytes changed")
    try:
        with after.open("rb") as stream:
            reader = PdfFileReader(stream)
            changed = foreign_changes(reader, before)
            if changed:
                raise _broken(after, f"đối tượng {changed} bị ghi lại", f"object {changed} was rewritten")
            _signature_stands(reader, after, checked, now)
    except (PdfError, SignatureValidationError, ValueError) as error:
        raise _broken(after, f"chữ ký không đọc lại được: {error}", f"the signature cannot be read: {error}") from error
    if was_pdfa and hindrances(after):
        raise _broken(after, "không còn là PDF/A-2b", "it is PDF/A-2b no more")


def hindrances(signed: Path) -> tuple[pdfa.PdfaFinding, ...]:
    """What keeps a signed file from being PDF/A-2b."""
    return pdfa.validate(signed).findings


def _signature_stands(reader: PdfFileReader, after: Path, checked: Checked, now: datetime) -> None:
    # revocation was asked before signing; asking again would only make the token wait
    context = context_for(checked.trust, [], now, "none", None)
    last = reader.embedded_regular_signatures[-1]
    status = asyncio.run(
        async_validate_pdf_signature(last, signer_validation_context=context, key_usage_settings=KEY_USAGE)
    )
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE or (
        status.coverage is SignatureCoverageLevel.ENTIRE_REVISION
        and status.modification_level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES)
    )
    same = last.signer_cert.dump() == checked.certificate.dump()
    if not (status.bottom_line and whole and same):
        raise _broken(after, f"chữ ký không đạt ({status.summary()})", f"the signature fails ({status.summary()})")


def _prefix(before: Path, after: Path) -> bool:
    with before.open("rb") as old, after.open("rb") as new:
        while block := old.read(_BLOCK):
            if new.read(len(block)) != block:
                return False
    return True


def foreign_changes(reader: PdfFileReader, before: Path) -> list[int]:
    """Numbers of earlier objects that later revisions rewrote for anything but a signature: text, images, metadata
    and every page's content are therefore what they were."""
    with before.open("rb") as stream:
        old = PdfFileReader(stream)
        found = {
            reference.idnum
            for revision in range(old.xrefs.total_revisions, reader.xrefs.total_revisions)
            for reference in reader.xrefs.explicit_refs_in_revision(revision)
            if old.xrefs[reference] is not None and not _only_signed(reader, old, reference)
        }
        return sorted(found)


def _only_signed(reader: PdfFileReader, old: PdfFileReader, reference: Reference) -> bool:
    """Whether a rewritten object differs only in the entries a signature needs; lists may only grow at their end."""
    now, then = reader.get_object(reference, never_decrypt=True), old.get_object(reference, never_decrypt=True)
    if isinstance(now, ArrayObject) and isinstance(then, ArrayObject):
        return [repr(one) for one in list.__iter__(now)][: len(then)] == [repr(one) for one in list.__iter__(then)]
    if not isinstance(now, DictionaryObject) or type(now) is not type(then):
        return False
    if reference.idnum == old.root_ref.idnum:
        allowed = {"/AcroForm", "/Perms", "/Extensions", "/DSS", "/Version"}
    elif then.get("/Type") == "/Page":
        allowed = {"/Annots"}
    elif "/Fields" in then:
        allowed = {"/Fields", "/SigFlags"}
    else:
        return False
    return _entries(now, allowed) == _entries(then, allowed)


def _entries(value: DictionaryObject, without: set[str]) -> dict[str, str]:
    return {str(key): repr(value.raw_get(key)) for key in value if str(key) not in without}


def _broken(after: Path, vi: str, en: str) -> DocumentError:
    return DocumentError(
        f"Kiểm tra sau khi ký «{after.name}» không đạt: {vi}. Văn bản được giữ lại, không phát hành; hãy báo người "
        "quản trị.",
        f"«{after.name}» failed the check after signing: {en}. The document is held and not released; tell the "
        "administrator.",
    )
