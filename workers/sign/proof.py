"""After signing: what was signed is what was there before, and the signature stands; otherwise nothing is published."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from pyhanko.pdf_utils.generic import DictionaryObject, Reference
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
_ROOT_MAY_CHANGE = {"/AcroForm", "/Perms", "/Extensions", "/DSS", "/Version"}
_PAGE_MAY_CHANGE = {"/Annots"}
_BLOCK = 1 << 20


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
    """What keeps a signed file from being PDF/A-2b. The evidence store (/DSS) of long-term signatures is data in the
    catalogue that PDF/A allows and the validator does not know."""
    return tuple(finding for finding in pdfa.validate(signed).findings if finding.message != _DSS_ALONE)


_DSS_ALONE = "unrecognized key(s) /DSS are not checked"


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
    and every page's content are therefore what they were. Catalogue and pages may only gain the form's entries."""
    with before.open("rb") as stream:
        old = PdfFileReader(stream)
        known = old.xrefs.total_revisions
        found = []
        pages = {_page_ref(old, number).idnum for number in range(int(old.root["/Pages"]["/Count"]))}
        allowed_form = _form_objects(old)
        for revision in range(known, reader.xrefs.total_revisions):
            for reference in reader.xrefs.explicit_refs_in_revision(revision):
                if not _existed(old, reference) or reference.idnum in allowed_form:
                    continue
                if not _same_but(reader, old, reference, pages):
                    found.append(reference.idnum)
        return sorted(set(found))


def _existed(old: PdfFileReader, reference: Reference) -> bool:
    return old.xrefs[reference] is not None


def _page_ref(reader: PdfFileReader, number: int) -> Reference:
    return reader.find_page_for_modification(number)[0].reference


def _form_objects(old: PdfFileReader) -> set[int]:
    form = old.root.get("/AcroForm", None)
    if form is None:
        return set()
    numbers = {raw.reference.idnum for raw in [old.root.raw_get("/AcroForm")] if hasattr(raw, "reference")}
    fields = form.raw_get("/Fields") if "/Fields" in form else None
    return numbers | ({fields.reference.idnum} if hasattr(fields, "reference") else set())


def _same_but(reader: PdfFileReader, old: PdfFileReader, reference: Reference, pages: set[int]) -> bool:
    """Whether a rewritten object differs only in the entries a signature needs."""
    if reference.idnum == old.root_ref.idnum:
        allowed = _ROOT_MAY_CHANGE
    elif reference.idnum in pages:
        allowed = _PAGE_MAY_CHANGE
    else:
        return _is_annots(old, reference, pages)
    now, then = reader.get_object(reference, never_decrypt=True), old.get_object(reference, never_decrypt=True)
    if not isinstance(now, DictionaryObject) or not isinstance(then, DictionaryObject):
        return False
    return _entries(now, allowed) == _entries(then, allowed)


def _is_annots(old: PdfFileReader, reference: Reference, pages: set[int]) -> bool:
    for number in range(len(pages)):
        page = old.find_page_for_modification(number)[0].get_object()
        raw = page.raw_get("/Annots") if "/Annots" in page else None
        if hasattr(raw, "reference") and raw.reference.idnum == reference.idnum:
            return True
    return False


def _entries(value: DictionaryObject, without: set[str]) -> dict[str, str]:
    return {str(key): repr(value.raw_get(key)) for key in value if str(key) not in without}


def _broken(after: Path, vi: str, en: str) -> DocumentError:
    return DocumentError(
        f"Kiểm tra sau khi ký «{after.name}» không đạt: {vi}. Văn bản được giữ lại, không phát hành; hãy báo người "
        "quản trị.",
        f"«{after.name}» failed the check after signing: {en}. The document is held and not released; tell the "
        "administrator.",
    )
