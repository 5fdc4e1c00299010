"""Stage «sign»: the mark and the organisation's signature on one document, proven before it is published.

No worker takes this stage on its own (NĐ 30/2020 Đ32.2.c): the văn thư's act hands in an unlocked key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Mapping
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
from workers.sign.mark import mark_text
from workers.sign.place import Place, place
from workers.tools import pdfa
from workers.tools.pki import TrustStore, holder, organisation
from workers.tools.record import record

SIGNED = "signed.pdf"
EVIDENCE = "evidence.json"
_DESCRIBED = "described.tmp.pdf"


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
    source = document.of("pdf") / "document.pdf"
    checked = checked or check(signer, section, trust, now, demo_allowed)
    if pdfa.is_signed(source):
        return _incoming(document, section, out, source, signer, checked, trust, now)
    described = prepared(document, source, out)
    paragraphs = mark_text(document, section, now)
    try:
        done = pades.sign(described, out / SIGNED, signer, section, checked, now, paragraphs, where)
        proof.prove(described, out / SIGNED, checked)
        before = sha256_of(described)
    except BaseException:
        (out / SIGNED).unlink(missing_ok=True)
        raise
    finally:
        described.unlink(missing_ok=True)
    findings = (*checked.findings, *done.findings, *_moved(done.place))
    facts = _facts(out, signer, section, now, done)
    _evidence(out, facts, checked, signer, {"described_sha256": before, "mark_text": list(paragraphs)}, findings)
    return StageResult(findings, (SIGNED, EVIDENCE), facts)


def prepared(document: DocumentFolder, source: Path, out: Path) -> Path:
    """The file that is signed: ``source`` with its description brought to what the person confirmed.

    The same document and confirmed fields give the same bytes, so its hash can be frozen before the signing.
    """
    target = out / _DESCRIBED
    if document.confirmed:
        pages = int(str(document.facts.get("pdf", {}).get("pages") or 0)) or _pages(source)
        pdfa.describe(source, target, record(document.confirmed, pages=pages))
    else:
        shutil.copyfile(source, target)
    return target


def preview(document: DocumentFolder, section: SignSection, now: datetime) -> tuple[tuple[str, ...], Place]:
    """What the desk shows before the act: the mark's words and its place on page 1."""
    paragraphs = mark_text(document, section, now)
    return paragraphs, place(document.of("pdf") / "document.pdf", paragraphs)


def _pages(source: Path) -> int:
    with pikepdf.open(source) as pdf:
        return len(pdf.pages)


def _incoming(
    document: DocumentFolder,
    section: SignSection,
    out: Path,
    source: Path,
    signer: SigningSession,
    checked: Checked,
    trust: TrustStore,
    now: datetime,
) -> StageResult:
    """A PDF that arrived signed passes on byte for byte; the profile may add one invisible signature of ours."""
    report = verify.verify(source, trust, now)
    findings = [_arrived(report)]
    if section.countersign_incoming:
        plain = section.model_copy(update={"docmdp": "none"})
        done = pades.sign(source, out / SIGNED, signer, plain, checked, now)
        proof.prove(source, out / SIGNED, checked, was_pdfa=pdfa.validate(source).passed)
        findings += [*checked.findings, *done.findings]
        facts = _facts(out, signer, section, now, done)
    else:
        shutil.copyfile(source, out / SIGNED)
        facts = {
            "signer": report.signer,
            "agency": report.agency,
            "signed_at": None,
            "level": "incoming",
            "sha256": sha256_of(out / SIGNED),
            "mark": None,
        }
    facts["incoming"] = report.verdict
    extra = {"incoming_report": report.as_json()}
    _evidence(out, facts, checked if section.countersign_incoming else None, signer, extra, tuple(findings))
    return StageResult(tuple(findings), (SIGNED, EVIDENCE), facts)


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


def _facts(
    out: Path, signer: SigningSession, section: SignSection, now: datetime, done: pades.Signed
) -> dict[str, Any]:
    where = done.place
    return {
        "signer": holder(x509.Certificate.load(signer.certificate)),
        "agency": section.agency,
        "signed_at": now.isoformat(timespec="seconds"),
        "level": done.level,
        "sha256": sha256_of(out / SIGNED),
        "mark": {"page": 1, "box_mm": where.box.as_list(), "moved": where.moved} if where else None,
    }


def _evidence(
    out: Path,
    facts: Mapping[str, Any],
    checked: Checked | None,
    signer: SigningSession,
    extra: Mapping[str, Any],
    findings: tuple[Finding, ...],
) -> None:
    """What TT 41/2017 and NĐ 23/2025 ask to be kept: certificate, chain, CRL/OCSP at signing time, the checks."""
    data: dict[str, Any] = {**facts, **extra, "findings": [finding.as_json() for finding in findings]}
    if checked is not None:
        certificate = checked.certificate
        data["device"] = signer.device
        data["demo"] = signer.demo
        data["certificate"] = {
            "subject": certificate.subject.human_friendly,
            "organisation": organisation(certificate),
            "issuer": certificate.issuer.human_friendly,
            "serial": f"{certificate.serial_number:x}",
            "sha256": certificate.sha256.hex(),
            "not_before": certificate.not_valid_before.isoformat(),
            "not_after": certificate.not_valid_after.isoformat(),
            "der": base64.b64encode(certificate.dump()).decode(),
        }
        data["chain"] = [
            {"subject": c.subject.human_friendly, "sha256": c.sha256.hex()} for c in checked.path.iter_certs(True)
        ]
        data["revocation"] = {
            "checked": checked.revocation_known,
            "crls": [_kept(answer.dump()) for answer in checked.context.crls],
            "ocsps": [_kept(answer.dump()) for answer in checked.context.ocsps],
        }
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
    (out / EVIDENCE).write_text(text + "\n", encoding="utf-8")


KEEP_MAX = 200_000
"""bytes of a CRL kept whole in the evidence; of a larger one its hash"""


def _kept(der: bytes) -> dict[str, Any]:
    shown: dict[str, Any] = {"sha256": hashlib.sha256(der).hexdigest(), "bytes": len(der)}
    if len(der) <= KEEP_MAX:
        shown["der"] = base64.b64encode(der).decode()
    return shown
