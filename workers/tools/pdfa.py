"""PDF/A-2b: what makes a PDF one, and the verdict on a finished file — a label without validation is a lie."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import ImageCms

from intake.errors import DocumentError
from workers.tools import xmp

FLAVOUR = "2b"
VERSION = "1.7"
"""PDF/A-2 is built on PDF 1.7 (the decision asks for 1.4 or later)."""

# pikepdf logs every finding; findings reach people through the verdict
logging.getLogger("pikepdf.pdfa").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class PdfaFinding:
    """``rule``: veraPDF's rule id or ``pikepdf:…``; ``kind``: ``violation`` or ``unsupported`` (not checked)."""

    rule: str
    where: str
    message: str
    kind: str


@dataclass(frozen=True, slots=True)
class PdfaVerdict:
    """``findings`` hold against the file; ``tolerated`` come only from a signature's own objects."""

    findings: tuple[PdfaFinding, ...]
    tolerated: tuple[PdfaFinding, ...]

    @property
    def passed(self) -> bool:
        return not self.findings


def validate(path: Path) -> PdfaVerdict:
    """Whether the file on disk is PDF/A-2b. «Not checked» counts as failed.

    A signature puts /AcroForm into the catalogue, long-term evidence /DSS, certification /Perms (ISO 19005-2, 6.1.12):
    allowed there, but not known to the validator. These alone are tolerated in a file that bears a signature; whoever
    signs must show that the file before signing was valid and is an unchanged prefix of the signed one.
    """
    findings = _findings(path)
    if not findings or not is_signed(path):
        return PdfaVerdict(findings, ())
    tolerated = tuple(finding for finding in findings if _of_signature(finding))
    return PdfaVerdict(tuple(finding for finding in findings if finding not in tolerated), tolerated)


def _standard() -> ModuleType:
    # With the parsers of fonts and schemas behind it 13 MB: loaded when there is a PDF, not while its pages are read.
    from pikepdf import pdfa

    return pdfa


def _findings(path: Path) -> tuple[PdfaFinding, ...]:
    findings = _validated(path)
    # The validator takes every warning of the process for one of the content it parses, a forgotten file's too, which the
    # collector closes meanwhile: what is the content's comes again.
    if any(finding.kind == "violation" and finding.rule.startswith("pikepdf:") for finding in findings):
        again = _validated(path)
        findings = tuple(finding for finding in findings if finding in again)
    return findings


def _validated(path: Path) -> tuple[PdfaFinding, ...]:
    # given a path, the validator maps the file, and a book of 500 scans would be resident as a whole
    with path.open("rb") as stream:
        report = _standard().validate_written(stream, FLAVOUR)
    return tuple(PdfaFinding(f.rule, f.where, f.message, f.kind) for f in report.findings)


_UNKNOWN_KEYS = re.compile(r"unrecognized key\(s\) (.+) (?:is|are) not checked")
_EVIDENCE_KEYS = {"/DSS", "/Extensions"}


def _of_signature(finding: PdfaFinding) -> bool:
    if finding.kind != "unsupported" or "Catalog" not in finding.where:
        return False
    if (
        finding.where.endswith(("/AcroForm", "(/AcroForm)"))
        or finding.message == "permissions (/Perms) are not supported"
    ):
        return True
    named = _UNKNOWN_KEYS.fullmatch(finding.message)
    return bool(named and set(re.split(r",\s*", named[1])) <= _EVIDENCE_KEYS)


def open_lazily(path: Path) -> pikepdf.Pdf:
    """Open without mapping the file into memory: its images are read only when they are copied."""
    return pikepdf.open(path, access_mode=pikepdf.AccessMode.stream)


def is_signed(path: Path) -> bool:
    """Whether the PDF bears at least one signature (a signature field with a value)."""
    with open_lazily(path) as pdf:
        return bool(signatures(pdf))


def signatures(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """The signature dictionaries of the file, document timestamps among them."""
    form = pdf.Root.get("/AcroForm", None)
    fields = list(form.get("/Fields", [])) if isinstance(form, Dictionary) else []
    found, seen = [], set()
    while fields:
        field = fields.pop(0)
        if not isinstance(field, Dictionary) or (field.is_indirect and field.objgen in seen):
            continue
        seen.add(field.objgen)
        fields += list(field.get("/Kids", []))
        value = field.get("/V", None)
        if isinstance(value, Dictionary) and "/ByteRange" in value:
            found.append(value)
    return found


def declare(pdf: pikepdf.Pdf, record: Mapping[str, Any], document_id: str = "") -> None:
    """Give the open PDF its sRGB output intent, XMP and Info; earlier ones are replaced."""
    if not _has_our_intent(pdf):
        profile = Stream(pdf, srgb(), N=3)
        pdf.Root.OutputIntents = Array(
            [
                pdf.make_indirect(
                    Dictionary(
                        Type=Name.OutputIntent,
                        S=Name.GTS_PDFA1,
                        OutputConditionIdentifier=String("sRGB IEC61966-2.1"),
                        Info=String("sRGB IEC61966-2.1"),
                        DestOutputProfile=pdf.make_indirect(profile),
                    )
                )
            ]
        )
    pdf.Root.Metadata = pdf.make_indirect(
        Stream(pdf, xmp.packet(record, document_id), Type=Name.Metadata, Subtype=Name.XML)
    )
    pdf.trailer.Info = pdf.make_indirect(
        Dictionary({f"/{name}": String(text) for name, text in xmp.info(record).items()})
    )
    pdf.Root.Lang = String("vi-VN")


def _has_our_intent(pdf: pikepdf.Pdf) -> bool:
    intents = pdf.Root.get("/OutputIntents", None)
    return (
        isinstance(intents, Array)
        and len(intents) == 1
        and "/DestOutputProfile" in intents[0]
        and intents[0].DestOutputProfile.read_bytes() == srgb()
    )


@cache
def srgb() -> bytes:
    """The sRGB profile as LittleCMS makes it, with the date of making blanked: the same bytes every day."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes.fromhex("07d0 0001 0001 0000 0000 0000")  # 1 January 2000, 00:00:00
    profile[84:100] = bytes(16)  # profile ID: 0 = not computed
    return bytes(profile)


def save(pdf: pikepdf.Pdf, target: Path) -> None:
    """Write the PDF and validate the bytes written; the same content gives the same bytes.

    Raises DocumentError with the rules broken, leaving no file, when the result is not PDF/A-2b.
    """
    temporary = target.with_name(target.name + ".tmp")
    try:
        pdf.save(temporary, **_standard().resolve_save_kwargs(FLAVOUR, deterministic_id=True, min_version=VERSION))
        findings = _findings(temporary)
        if findings:
            raise not_conforming(findings)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def not_conforming(findings: Iterable[PdfaFinding]) -> DocumentError:
    """The error of a file that cannot be made PDF/A-2b: what the page holds that archives forbid, and what to do."""
    listed = "; ".join(sorted({f"{f.rule} {f.message}" for f in findings})[:5])
    return DocumentError(
        f"Không lập được PDF/A-2b: {listed}. Hãy đặt máy quét xuất JPEG, TIFF hoặc PDF ảnh thường rồi quét lại.",
        f"No PDF/A-2b could be made: {listed}. Set the scanner to JPEG, TIFF or plain image PDF and scan again.",
    )


def describe(source: Path, target: Path, record: Mapping[str, Any]) -> None:
    """Write ``source`` (unsigned, PDF/A-2b) to ``target`` with XMP, Info and first bookmark as ``record`` says.

    Images and text are not touched; the same source and record give the same bytes. Raises DocumentError for a
    signed source (rewriting would kill the signature) or a result that is not PDF/A-2b.
    """
    with open_lazily(source) as pdf:
        if signatures(pdf):
            raise DocumentError(
                f"«{source.name}» đã được ký; không được ghi lại. Hãy chuyển nguyên văn tệp đã ký.",
                f"«{source.name}» is signed and must not be rewritten. Pass the signed file on as it is.",
            )
        declare(pdf, record, document_id(pdf))
        name_first_part(pdf, record)
        save(pdf, target)


def document_id(pdf: pikepdf.Pdf) -> str:
    """The xmpMM:DocumentID of an open PDF, empty when it has none."""
    return str(pdf.open_metadata().get("xmpMM:DocumentID", ""))


def name_first_part(pdf: pikepdf.Pdf, record: Mapping[str, Any]) -> None:
    """Bring the first bookmark's title up to the record."""
    outlines = pdf.Root.get("/Outlines", None)
    heading = xmp.heading(record)
    if heading and isinstance(outlines, Dictionary) and "/First" in outlines:
        outlines.First.Title = String(heading)
