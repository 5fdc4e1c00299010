"""What was away when a document was signed, added later: the time-stamp and the long-term evidence, without key or PIN."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pikepdf

from intake.errors import DocumentError
from intake.folder import DocumentFolder
from intake.model import Finding, Severity, StageResult, sha256_of
from intake.profile.sections import SignSection
from workers.sign import proof, uplift
from workers.sign.evidence import write_completed
from workers.sign.mark import VIETNAM
from workers.sign.stage import EVIDENCE, SIGNED
from workers.sign.verify import verify
from workers.tools.pki import TrustStore

PENDING = ("sign.timestamp_pending", "sign.level_pending")


def run(
    document: DocumentFolder, section: SignSection, out: Path, *, beside: bool, trust: TrustStore, now: datetime
) -> StageResult:
    """Write signed.pdf (it begins with the bytes of the one before) and evidence.json, both proven like a signature.

    ``section.level`` is the level wanted. ``beside``: delivery has begun, so what was delivered stays true and this
    file is kept beside it. EnvironmentTrouble: ask again later; OperatorError, DocumentError: it can never be had.
    """
    stage = "timestamp" if beside and "timestamp" in document.published else "sign"
    source = document.of(stage) / SIGNED
    target = out / SIGNED
    try:
        evidence = json.loads((document.of(stage) / EVIDENCE).read_text(encoding="utf-8"))
        told = [item for item in evidence["findings"] if item["code"] not in PENDING]
        was_pdfa = not proof.hindrances(source)
    except (pikepdf.PdfError, ValueError, KeyError, TypeError) as error:
        raise DocumentError(
            f"Tệp đã ký hoặc bằng chứng của hồ sơ {document.document_id} không đọc lại được ({type(error).__name__}). Hãy "
            "khôi phục từ bản sao lưu.",
            f"The signed file or the evidence of document {document.document_id} cannot be read ({type(error).__name__}). "
            "Restore it from the backup.",
        ) from error
    level, lacks, checked = uplift.add_timestamp(source, target, section, trust, now)
    proof.prove(source, target, checked, now, was_pdfa=was_pdfa)
    proven = verify(target, trust, now).own[-1].proven_at
    facts = {**document.facts["sign"], "level": level, "sha256": sha256_of(target), "proven_at": proven}
    findings = lacks or (_added(level, now, beside),)
    evidence |= facts | {"findings": [*told, *(item.as_json() for item in findings)]}
    write_completed(out / EVIDENCE, evidence, checked, now)
    return StageResult(findings, (SIGNED, EVIDENCE), facts)


def _added(level: str, now: datetime, beside: bool) -> Finding:
    shown = now.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")
    if not beside:
        return Finding(
            "sign.timestamp_added",
            Severity.NOTE,
            f"Dấu thời gian không có được lúc ký đã được bổ sung ngày {shown} (mức {level}).",
            f"The time-stamp that was away at signing was added on {shown} (level {level}).",
            measured=level,
        )
    return Finding(
        "sign.timestamp_beside",
        Severity.NOTE,
        f"Dấu thời gian có được ngày {shown}, sau khi văn bản đã chuyển đi. Bản đã chuyển giữ nguyên; bản có dấu thời "
        f"gian (mức {level}) được lưu bên cạnh để chứng minh thời điểm ký.",
        f"The time-stamp came on {shown}, after delivery. What was delivered stays as it is; the time-stamped version "
        f"(level {level}) is kept beside it as proof of the time.",
        measured=level,
    )
