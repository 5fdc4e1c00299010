"""Verify any signed PDF: what each signature is worth, in words a clerk can act on.

The file may be hostile: nothing in it is executed, no address in an untrusted certificate is followed, and damage is
an answer, not a crash.
"""

from __future__ import annotations

import asyncio
import re
import struct
import zlib
from datetime import datetime
from pathlib import Path

import pikepdf
import pypdfium2
from asn1crypto import parser
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel, SuspiciousModification
from pyhanko.sign.validation import DocumentSecurityStore, EmbeddedPdfSignature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.status import SignatureCoverageLevel

from intake.errors import DocumentError
from intake.model import sha256_of
from intake.spelling import fold
from workers.sign.mark import VIETNAM
from workers.sign.markread import read_mark
from workers.sign.proof import hindrances
from workers.sign.report import Answer, Item, Mark, Report, Signature
from workers.sign.trusting import Known, Proof, proofs, signer_items, token_signed
from workers.tools.pki import TrustStore, holder, organisation

__all__ = ["Report", "verify"]

HOSTILE = (
    PdfError,
    SignatureValidationError,
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    ArithmeticError,
    RecursionError,
    RuntimeError,
    struct.error,
    zlib.error,
    OSError,
)
"""What libraries raise over damaged files; each becomes «cannot be checked» or «invalid»"""


def verify(path: Path, trust: TrustStore, now: datetime, online: bool = False) -> Report:
    """Check every signature of ``path`` against ``trust`` at ``now`` (aware).

    ``online`` lets CRL and OCSP addresses of trusted certificates be asked. Never raises over the file's content.
    """
    sha256 = sha256_of(path)
    standing = _pdfa(path)
    try:
        with path.open("rb") as stream:
            reader, odd = _reader(stream)
            signatures = reader.embedded_signatures
            known = Known.of(reader, trust, now, online)
            found = asyncio.run(_each(path, reader, signatures, known))
            updates = _updates(reader, signatures)
    except HOSTILE as error:
        return Report(path.name, sha256, (), standing, _unopened(path, error))
    if not found and _speaks_of_signatures(path):
        trouble = Item(
            "integrity",
            "invalid",
            "Tệp có dấu vết chữ ký số nhưng cấu trúc đã hỏng hoặc bị sửa: không tìm được chữ ký nào nguyên vẹn.",
            "The file shows traces of a signature, but its structure is damaged or altered: no intact one was found.",
        )
        return Report(path.name, sha256, (), standing, trouble)
    return Report(path.name, sha256, tuple(found), standing, odd if found else None, updates)


def _reader(stream: object) -> tuple[PdfFileReader, Item | None]:
    """Strict first. A hybrid cross-reference can show two readers two documents, so it is «cannot be checked»."""
    try:
        reader = PdfFileReader(stream, strict=True)  # type: ignore[arg-type]
        if reader.xrefs.hybrid_xrefs_present:
            return PdfFileReader(stream, strict=False), _hybrid()  # type: ignore[arg-type]
        list(reader.embedded_signatures)
        return reader, None
    except PdfError:
        reader = PdfFileReader(stream, strict=False)  # type: ignore[arg-type]
        return reader, _hybrid() if reader.xrefs.hybrid_xrefs_present else None


def _hybrid() -> Item:
    return Item(
        "integrity",
        "unknown",
        "Tệp có bảng tham chiếu kép (hybrid xref): hai phần mềm có thể hiện hai nội dung khác nhau, nên không kết "
        "luận được.",
        "The file has a hybrid cross-reference: two readers may show two contents, so nothing can be concluded.",
    )


def _unopened(path: Path, error: Exception) -> Item:
    signed = _speaks_of_signatures(path)
    name = type(error).__name__
    if signed:
        vi = f"Tệp có dấu vết chữ ký số nhưng không đọc được ({name}): đã hỏng, bị sửa hoặc có mật khẩu."
        en = f"The file shows traces of a signature but cannot be read ({name}): damaged, altered or encrypted."
        return Item("integrity", "invalid", vi, en)
    vi = f"Không mở được tệp như một PDF ({name}); hãy kiểm tra lại tệp."
    return Item("integrity", "unknown", vi, f"The file cannot be opened as a PDF ({name}); check the file.")


def _speaks_of_signatures(path: Path) -> bool:
    data = path.read_bytes()
    return b"/ByteRange" in data or b"ETSI.CAdES" in data or b"adbe.pkcs7" in data


async def _each(
    path: Path, reader: PdfFileReader, signatures: list[EmbeddedPdfSignature], known: Known
) -> list[Signature]:
    stamps = await proofs(signatures, known)
    return [await _one(path, reader, signature, known, stamps) for signature in signatures]


async def _one(
    path: Path, reader: PdfFileReader, signature: EmbeddedPdfSignature, known: Known, stamps: list[Proof]
) -> Signature:
    kind = "timestamp" if signature.sig_object_type == "/DocTimeStamp" else "signature"
    field = signature.field_name
    try:
        items = [_integrity(signature), *_coverage(signature), *outside(path, reader, signature)]
        if kind == "timestamp":
            own = [stamp for stamp in stamps if stamp.field == field]
            items += [stamp.item for stamp in own]
            proven, claimed, mark = (own[0].moment if own and own[0].good else None), None, None
        else:
            claimed = signature.self_reported_timestamp
            mine = [s for s in stamps if s.field == field or (s.document and s.revision > signature.signed_revision)]
            proven = min((stamp.moment for stamp in mine if stamp.good), default=None)
            items += [stamp.item for stamp in stamps if stamp.field == field]
            items += await signer_items(signature, known, claimed, proven)
            mark = _mark(path, field)
            if mark is not None:
                items.append(_mark_item(mark, signature, claimed))
        certificate = signature.signer_cert
        return Signature(
            field=field,
            kind=kind,  # type: ignore[arg-type]
            signer=holder(certificate),
            agency=organisation(certificate),
            issuer=str(certificate.issuer.human_friendly),
            serial=f"{certificate.serial_number:x}",
            signed_at=_local(claimed),
            proven_at=_local(proven),
            level=_level(signature, reader, stamps) if kind == "signature" else "",
            covers_whole_file=signature.coverage is SignatureCoverageLevel.ENTIRE_FILE,
            items=tuple(items),
            mark=mark,
        )
    except HOSTILE as error:
        name = type(error).__name__
        return Signature(
            field=field,
            kind=kind,  # type: ignore[arg-type]
            items=(
                Item(
                    "integrity",
                    "invalid",
                    f"Chữ ký «{field}» hỏng, không đọc được ({name}).",
                    f"Signature «{field}» is damaged and cannot be read ({name}).",
                ),
            ),
        )


def outside(path: Path, reader: PdfFileReader, signature: EmbeddedPdfSignature) -> list[Item]:
    """Bytes that no signature can cover and that an honest file leaves as they were written: behind the end of the last
    revision, and inside the signature's own placeholder, whose hexadecimal letters one writer writes in one case."""
    start, length, following, rest = (int(value) for value in list(signature.byte_range)[:4])
    final = signature.signed_revision == reader.xrefs.total_revisions - 1
    with path.open("rb") as stream:
        if final:
            stream.seek(following + rest)
            after = stream.read(TAIL_MAX)
        else:
            last = reader.xrefs.get_xref_container_info(reader.xrefs.total_revisions - 1)
            stream.seek(last.end_location)
            _, found, after = stream.read(TAIL_MAX).partition(b"%%EOF")
            after = after.strip() if found else b"%"
        stream.seek(start + length)
        gap = stream.read(max(0, following - start - length))
    header, body = parser.parse(signature.pkcs7_content, strict=False)[3:5]
    padding = signature.pkcs7_content[len(header) + len(body) :].strip(b"\0")
    written = bool(_PLACEHOLDER.fullmatch(gap)) and (gap == gap.upper() or gap == gap.lower())
    if after.strip() or padding or not written:
        vi, en = ("sau điểm cuối tệp", "behind its end") if after.strip() else ("trong vùng chữ ký", "in the signature")
        return [
            Item(
                "coverage",
                "invalid",
                f"Tệp có dữ liệu lạ {vi}, không thuộc phần được ký: tệp đã bị thêm bớt sau khi ký.",
                f"The file holds foreign data {en}, outside what was signed: something was changed after signing.",
            )
        ]
    if after:
        return [
            Item(
                "coverage",
                "unknown",
                "Sau điểm cuối tệp có khoảng trắng không thuộc phần được ký: đường truyền đã thêm vào. Hãy xin lại đúng tệp.",
                "White space stands behind the signed end: something on the way added it. Ask for the very file again.",
            )
        ]
    return []


TAIL_MAX = 1_000_000
_PLACEHOLDER = re.compile(rb"<(?:[0-9A-Fa-f]{2})*>")


def _integrity(signature: EmbeddedPdfSignature) -> Item:
    signature.compute_integrity_info()
    if signature.sig_object_type == "/DocTimeStamp":
        info = signature.signed_data["encap_content_info"]["content"].parsed
        intact = info["message_imprint"]["hashed_message"].native == signature.compute_digest()
        valid = token_signed(signature.signed_data, signature.signer_cert)
    else:
        intact, valid = validate_sig_integrity(
            signature.signer_info, signature.signer_cert, "data", signature.compute_digest()
        )
    if intact and valid:
        return Item(
            "integrity",
            "valid",
            "Nội dung được ký còn nguyên vẹn; chữ ký khớp với chứng thư.",
            "What was signed is intact, and the signature matches its certificate.",
        )
    return Item(
        "integrity",
        "invalid",
        "Nội dung đã bị thay đổi sau khi ký, hoặc chữ ký không phải do chứng thư này tạo ra.",
        "The content changed after signing, or this certificate did not make the signature.",
    )


def _coverage(signature: EmbeddedPdfSignature) -> list[Item]:
    coverage, change = signature.coverage, signature.diff_result
    if coverage is SignatureCoverageLevel.ENTIRE_FILE:
        return [Item("coverage", "valid", "Chữ ký bao trùm toàn bộ tệp.", "The signature covers the whole file.")]
    if coverage is None or coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return [
            Item(
                "coverage",
                "invalid",
                "Chữ ký không bao trùm đủ tệp: có phần nội dung nằm ngoài chữ ký.",
                "The signature does not cover the file: part of the content lies outside it.",
            )
        ]
    covered = Item(
        "coverage",
        "valid",
        "Chữ ký bao trùm trọn phiên bản lúc ký; sau đó tệp có bổ sung (xem mục cập nhật).",
        "The signature covers the whole version that was signed; the file was extended later (see updates).",
    )
    return [covered, _update_item(signature, change)]


def _update_item(signature: EmbeddedPdfSignature, change: object) -> Item:
    level = ModificationLevel.OTHER if isinstance(change, SuspiciousModification) else change.modification_level  # type: ignore[attr-defined]
    allowed = signature.docmdp_level
    words = {
        ModificationLevel.NONE: ("không thay đổi gì", "nothing changed"),
        ModificationLevel.LTA_UPDATES: (
            "chỉ bổ sung bằng chứng kiểm tra, dấu thời gian",
            "only validation evidence and time-stamps were added",
        ),
        ModificationLevel.FORM_FILLING: (
            "có thêm chữ ký hoặc điền biểu mẫu, không đổi nội dung trang",
            "further signatures or form entries were added; the pages did not change",
        ),
        ModificationLevel.ANNOTATIONS: ("có thêm chú thích lên trang", "annotations were added to the pages"),
        ModificationLevel.OTHER: ("nội dung đã bị sửa sau khi ký", "the content was altered after signing"),
    }[level]
    forbidden = allowed is not None and level.value > allowed.value
    answer: Answer = "invalid" if level is ModificationLevel.OTHER or forbidden else "valid"
    if level is ModificationLevel.ANNOTATIONS and not forbidden and allowed is None:
        answer = "unknown"
    extra = (" Người ký không cho phép.", " The signer did not allow it.") if forbidden else ("", "")
    return Item("updates", answer, f"Sau khi ký: {words[0]}.{extra[0]}", f"After signing: {words[1]}.{extra[1]}")


def _level(signature: EmbeddedPdfSignature, reader: PdfFileReader, stamps: list[Proof]) -> str:
    """PAdES level by what is in the file (baseline levels; not a judgement)."""
    if signature.sig_object.get("/SubFilter") != "/ETSI.CAdES.detached":
        return str(signature.sig_object.get("/SubFilter", "?")).lstrip("/")
    own = any(stamp.field == signature.field_name for stamp in stamps)
    later = any(stamp.document and stamp.revision > signature.signed_revision for stamp in stamps)
    evidence = DocumentSecurityStore.read_dss(reader) if "/DSS" in reader.root else None
    long_term = evidence is not None and bool(evidence.crls or evidence.ocsps)
    if long_term and later and own:
        return "B-LTA"
    if long_term and (own or later):
        return "B-LT"
    return "B-T" if own or later else "B-B"


def _mark(path: Path, field: str) -> Mark | None:
    try:
        return read_mark(path, field)
    except (*HOSTILE, pikepdf.PdfError, pikepdf.PasswordError, pypdfium2.PdfiumError, DocumentError):
        return None


def _mark_item(mark: Mark, signature: EmbeddedPdfSignature, claimed: datetime | None) -> Item:
    spot = "ô 14" if mark.in_box_14 else f"trang {mark.page}, ngoài ô 14"
    spot_en = "in box 14" if mark.in_box_14 else f"on page {mark.page}, not in box 14"
    names = {fold(holder(signature.signer_cert)), fold(organisation(signature.signer_cert))}
    if mark.form and fold(mark.agency) not in names:
        return Item(
            "mark",
            "unknown",
            f"Dấu sao ghi «{mark.agency}» nhưng chứng thư mang tên «{holder(signature.signer_cert)}»; hãy đối chiếu "
            f"({spot}).",
            f"The mark says «{mark.agency}», the certificate «{holder(signature.signer_cert)}»; compare them "
            f"({spot_en}).",
        )
    shown = _moment(mark.time)
    if shown is not None and claimed is not None and abs((shown - claimed).total_seconds()) > 1:
        return Item(
            "mark",
            "invalid",
            f"Thời gian in trên dấu sao ({mark.time}) khác thời gian ký ({_local(claimed)}).",
            f"The time printed in the mark ({mark.time}) is not the signing time ({_local(claimed)}).",
        )
    return Item("mark", "valid", f"Hình thức sao: «{mark.text}» ({spot}).", f"Mark: «{mark.text}» ({spot_en}).")


def _moment(text: str) -> datetime | None:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None  # another pattern; nothing to compare
    return value if value.tzinfo else None


def _local(moment: datetime | None) -> str | None:
    return moment.astimezone(VIETNAM).isoformat(timespec="seconds") if moment else None


def _updates(reader: PdfFileReader, signatures: list[EmbeddedPdfSignature]) -> tuple[tuple[str, str], ...]:
    """What each revision of the file brought, oldest first."""
    by_revision = {one.signed_revision: one for one in signatures}
    told = []
    for revision in range(reader.xrefs.total_revisions):
        one, number = by_revision.get(revision), revision + 1
        if one is not None:
            stamp = one.sig_object_type == "/DocTimeStamp"
            vi, en = ("dấu thời gian", "time-stamp") if stamp else ("chữ ký", "signature")
            told.append((f"{number}: {vi} «{one.field_name}»", f"{number}: {en} «{one.field_name}»"))
        elif revision == 0:
            told.append(("1: văn bản ban đầu", "1: the document as it was"))
        else:
            vi = "bổ sung không kèm chữ ký (bằng chứng kiểm tra hoặc sửa đổi)"
            told.append((f"{number}: {vi}", f"{number}: an update without a signature (evidence, or changes)"))
    return tuple(told)


def _pdfa(path: Path) -> Item:
    try:
        found = hindrances(path)
    except (*HOSTILE, pikepdf.PdfError, pikepdf.PasswordError) as error:
        name = type(error).__name__
        return Item("pdfa", "unknown", f"Không kiểm tra được PDF/A ({name}).", f"PDF/A cannot be checked ({name}).")
    if not found:
        return Item("pdfa", "valid", "Đạt PDF/A-2b.", "Conforms to PDF/A-2b.")
    rules = "; ".join(sorted({finding.rule for finding in found})[:3])
    return Item("pdfa", "invalid", f"Không đạt PDF/A-2b ({rules}).", f"Not PDF/A-2b ({rules}).")
