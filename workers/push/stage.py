"""push: one package, every target; what already arrived is found, not sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from intake.errors import DocumentError, EnvironmentTrouble, SohoaError
from intake.folder import DocumentFolder
from intake.model import Finding, Receipt, Severity, StageResult, sha256_of
from intake.ports import Connector, Package
from intake.profile.sections import PushSection
from workers.push.package import FOLDER, build
from workers.tools.receipt import receipt_json

KeyOf = Callable[[str, str], str]
"""(target name, SHA-256 of signed.pdf) → idempotency key; ``workers.push.key.delivery_key`` with the document's id
and revision bound to it."""


def run(
    document: DocumentFolder,
    section: PushSection,
    out: Path,
    *,
    connectors: Mapping[str, Connector],
    key_of: KeyOf,
) -> StageResult:
    """Deliver to every target of the profile; ``connectors`` maps target name → connector.

    One target in trouble does not keep the copy from the others: all are tried, then EnvironmentTrouble is raised
    for those that failed, and the next try finds the receipts of those that succeeded. A target that refuses the
    document raises DocumentError, once all others were tried.
    """
    package = build(document, section, out)
    sha256 = sha256_of(package.files["pdf"])
    receipts: dict[str, dict[str, Any]] = {}
    findings: list[Finding] = []
    troubles: list[SohoaError] = []
    refusals: list[SohoaError] = []
    for target in section.target:
        try:
            receipt = deliver(connectors[target.name], key_of(target.name, sha256), package)
            receipts[target.name] = receipt_json(receipt)
            findings += _warnings(target.name, receipt)
        except EnvironmentTrouble as trouble:
            troubles.append(_at(target.name, trouble))
        except DocumentError as refusal:
            refusals.append(_at(target.name, refusal))
    if refusals:
        raise _together(DocumentError, refusals + troubles)
    if troubles:
        raise _together(EnvironmentTrouble, troubles)
    return StageResult(
        findings=tuple(findings),
        artefacts=tuple(f"{FOLDER}/{path.name}" for path in package.files.values()),
        facts={
            "receipts": receipts,
            "sha256": sha256,
            "delivery": {target.name: connectors[target.name].delivery for target in section.target},
        },
    )


def deliver(connector: Connector, key: str, package: Package) -> Receipt:
    """Ask first, then send: after a lost answer the copy may already be there."""
    return connector.find(key) or connector.put_if_absent(key, replace(package, key=key))


def _warnings(target: str, receipt: Receipt) -> list[Finding]:
    """The receiver knows a document of the same number, notation, agency and year (NĐ 30/2020 Phụ lục VI I.III.1.h)."""
    earlier = receipt.detail.get("duplicate_of")
    if not earlier:
        return []
    return [
        Finding(
            "push.duplicate",
            Severity.WARN,
            f"Nơi nhận «{target}» đã có văn bản cùng số, ký hiệu, cơ quan và năm (mã {earlier}). Hãy kiểm tra có phải "
            "một văn bản quét hai lần không; nếu phải, thu hồi bản sau.",
            f"Target «{target}» holds a document of the same number, notation, agency and year (id {earlier}). See "
            "whether one document was scanned twice; if so, recall the later one.",
            measured=str(earlier),
        )
    ]


def _at(target: str, error: SohoaError) -> SohoaError:
    return type(error)(f"Nơi nhận «{target}»: {error.vi}", f"Target «{target}»: {error.en}")


def _together(kind: type[SohoaError], errors: list[SohoaError]) -> SohoaError:
    return kind("\n".join(error.vi for error in errors), "\n".join(error.en for error in errors))
