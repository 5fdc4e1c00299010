"""The evidence stored beside a signed document, so that it can be judged when the authorities are gone."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from intake.model import Finding
from intake.ports import SigningSession
from workers.sign.certificate import Checked
from workers.tools.pki import organisation

KEEP_MAX = 200_000
"""bytes of a CRL kept whole in the evidence; of a larger one its hash"""


def write_evidence(
    target: Path,
    facts: Mapping[str, Any],
    checked: Checked | None,
    signer: SigningSession,
    findings: tuple[Finding, ...],
) -> None:
    """What TT 41/2017 and NĐ 23/2025 ask to be kept: certificate, chain, CRL/OCSP at signing time, the checks."""
    data: dict[str, Any] = {**facts, "findings": [finding.as_json() for finding in findings]}
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
        data["revocation"] = _revocation(checked)
    _write(target, data)


def write_completed(target: Path, data: Mapping[str, Any], checked: Checked, now: datetime) -> None:
    """The evidence of the signing time, with what was known of revocation when its time-stamp came."""
    _write(target, {**data, "completed": {"at": now.isoformat(timespec="seconds"), "revocation": _revocation(checked)}})


def _revocation(checked: Checked) -> dict[str, Any]:
    return {
        "checked": checked.revocation_known,
        "crls": [_kept(answer.dump()) for answer in checked.context.crls],
        "ocsps": [_kept(answer.dump()) for answer in checked.context.ocsps],
    }


def _write(target: Path, data: Mapping[str, Any]) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
    target.write_text(text + "\n", encoding="utf-8")


def _kept(der: bytes) -> dict[str, Any]:
    shown: dict[str, Any] = {"sha256": hashlib.sha256(der).hexdigest(), "bytes": len(der)}
    if len(der) <= KEEP_MAX:
        shown["der"] = base64.b64encode(der).decode()
    return shown
