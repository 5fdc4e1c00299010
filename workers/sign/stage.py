"""Stage «sign»: the mark and the organisation's signature on one document, proven before it is published.

No worker takes this stage on its own (NĐ 30/2020 Đ32.2.c): the văn thư's act hands in an unlocked key.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pikepdf
from asn1crypto import x509

from intake.folder import DocumentFolder
from intake.model import Finding, Severity, StageResult, sha256_of
from intake.ports import SigningSession
from intake.profile.sections import SignSection
from workers.sign import pades, proof, verify
from workers.sign.certificate import Checked, check
from workers.sign.evidence import write_evidence
from workers.sign.mark import mark_text
from workers.sign.place import Place, place
from workers.sign.timestamp import TimeStampAuthority
from workers.tools import pdfa
from workers.tools.pki import TrustStore, holder
from workers.tools.record import record

SIGNED = "signed.pdf"
EVIDENCE = "evidence.json"
_DESCRIBED = "described.tmp.pdf"


@dataclass(frozen=True)
class Prepared:
    """A document ready for the token: the very bytes that will be signed lie at ``source`` inside ``out``.

    ``incoming``: it arrived signed and gets no mark. ``sha256`` is of ``source``: the same document and confirmed
    fields give the same bytes, so what was shown can be compared with what is signed.
    """

    document: DocumentFolder
    section: SignSection
    out: Path
    source: Path
    sha256: str
    paragraphs: tuple[str, ...]
    where: Place | None
    incoming: bool = False


def run(
    document: DocumentFolder,
    section: SignSection,
    out: Path,
    *,
    signer: SigningSession,
    now: datetime,
    trust: TrustStore,
    demo_allowed: bool = False,
    checked: Checked | None = None,
    where: Place | None = None,
) -> StageResult:
    """Write signed.pdf and evidence.json. ``now``: the signing time, in the mark and in the signature alike.

    ``checked``: the certificate's check when a set shares one; ``where``: the place shown to the person before.
    Raises OperatorError (certificate, PIN), EnvironmentTrouble (token), DocumentError; then nothing is published.
    """
    checked = checked or check(signer, section, trust, now, demo_allowed)
    ready = prepare(document, section, out, now, where)
    try:
        begun = begin(ready, signer, now)
        pressed = pades.press(begun, signer) if begun else None
        return complete(ready, pressed, signer, checked, now)
    finally:
        discard(ready)


def prepare(
    document: DocumentFolder, section: SignSection, out: Path, now: datetime, where: Place | None = None
) -> Prepared:
    """Bring the PDF's description to what the person confirmed and find the mark's place. DocumentError as in ``run``."""
    published = document.of("pdf") / "document.pdf"
    if proof.bears_signature(published):
        return Prepared(document, section, out, published, sha256_of(published), (), None, incoming=True)
    target = out / _DESCRIBED
    if document.confirmed:
        pages = int(str(document.facts.get("pdf", {}).get("pages") or 0)) or _pages(published)
        pdfa.describe(published, target, record(document.confirmed, pages=pages))
    else:
        shutil.copyfile(published, target)
    try:
        paragraphs = mark_text(document, section, now)
        where = where or place(target, paragraphs)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Prepared(document, section, out, target, sha256_of(target), paragraphs, where)


def begin(ready: Prepared, signer: SigningSession, now: datetime) -> pades.Begun | None:
    """Everything before the token. None for an incoming signed PDF that only passes on."""
    target = ready.out / SIGNED
    if not ready.incoming:
        words = mark_text(ready.document, ready.section, now)
        return pades.begin(ready.source, target, signer, ready.section, now, words, ready.where)
    if not ready.section.countersign_incoming:
        return None
    return pades.begin(ready.source, target, signer, ready.section.model_copy(update={"docmdp": "none"}), now)


def complete(
    ready: Prepared,
    pressed: pades.Pressed | None,
    signer: SigningSession,
    checked: Checked,
    now: datetime,
    authority: TimeStampAuthority | None = None,
) -> StageResult:
    """Time-stamp (from ``authority`` when a set shares one), evidence, proof. Nothing stays in ``out`` on failure."""
    signed = ready.out / SIGNED
    try:
        extra: dict[str, Any] = {"described_sha256": ready.sha256}
        findings: tuple[Finding, ...] = ()
        was_pdfa = True
        if ready.incoming:
            report = verify.verify(ready.source, checked.trust, now)
            findings = (_arrived(report),)
            extra |= {"incoming": report.verdict, "incoming_report": report.as_json()}
            was_pdfa = pdfa.validate(ready.source).passed
        if pressed is None:
            shutil.copyfile(ready.source, signed)
            facts = _passed_on(ready, report)
        else:
            done = pades.complete(pressed, checked, authority)
            proof.prove(ready.source, signed, checked, now, was_pdfa)
            findings = (*findings, *checked.findings, *done.findings, *_moved(done.place))
            facts = _facts(ready, signer, now, done)
            extra["mark_text"] = list(pressed.begun.paragraphs)
        write_evidence(ready.out / EVIDENCE, facts | extra, checked if pressed else None, signer, findings)
        return StageResult(findings, (SIGNED, EVIDENCE), facts)
    except BaseException:
        signed.unlink(missing_ok=True)
        raise


def discard(ready: Prepared) -> None:
    """Remove the working copy; the published PDF is never touched."""
    if not ready.incoming:
        ready.source.unlink(missing_ok=True)


def preview(document: DocumentFolder, section: SignSection, now: datetime) -> tuple[tuple[str, ...], Place]:
    """The mark's words and its place on page 1."""
    paragraphs = mark_text(document, section, now)
    return paragraphs, place(document.of("pdf") / "document.pdf", paragraphs)


def _pages(source: Path) -> int:
    with pikepdf.open(source) as pdf:
        return len(pdf.pages)


def _passed_on(ready: Prepared, report: verify.Report) -> dict[str, Any]:
    return {
        "signer": report.signer,
        "agency": report.agency,
        "signed_at": None,
        "level": "incoming",
        "sha256": sha256_of(ready.out / SIGNED),
        "mark": None,
        "incoming": report.verdict,
    }


def _arrived(report: verify.Report) -> Finding:
    bad = report.verdict != "valid"
    return Finding(
        "sign.incoming_signed",
        Severity.WARN if bad else Severity.NOTE,
        f"Văn bản đến đã có chữ ký số, giữ nguyên từng byte. Kết quả kiểm tra: {report.verdict_vi}.",
        f"The document arrived signed and is kept byte for byte. Verification: {report.verdict}.",
        measured=report.verdict,
    )


def _moved(where: Place | None) -> tuple[Finding, ...]:
    if where is None or not where.moved:
        return ()
    return (
        Finding(
            "sign.mark_moved",
            Severity.NOTE,
            "Góc trên bên phải trang 1 (ô 14) đã có dấu hoặc chữ; dòng dấu sao được đặt ở chỗ trống gần nhất.",
            "Box 14 at the top right of page 1 is inked; the mark stands in the nearest free place.",
            page=1,
            box=where.box,
        ),
    )


def _facts(ready: Prepared, signer: SigningSession, now: datetime, done: pades.Signed) -> dict[str, Any]:
    where = done.place
    return {
        "signer": holder(x509.Certificate.load(signer.certificate)),
        "agency": ready.section.agency,
        "form": ready.section.form if where else "",
        "source_kind": ready.document.facts.get("review", {}).get("source_kind"),
        "signed_at": now.isoformat(timespec="seconds"),
        "level": done.level,
        "sha256": sha256_of(ready.out / SIGNED),
        "mark": {"page": 1, "box_mm": where.box.as_list(), "moved": where.moved} if where else None,
    }
