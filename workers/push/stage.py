"""push: one package, every target that may be tried; what already arrived is found, not sent again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from intake.errors import DeliveryRefused, DocumentError, EnvironmentTrouble, SohoaError, Undelivered
from intake.folder import DocumentFolder
from intake.model import Finding, Receipt, Severity, StageResult, sha256_of
from intake.ports import Connector, Package
from intake.profile.sections import PushSection
from workers.push.package import FOLDER, build
from workers.push.wire import REQUEST_ID
from workers.tools.receipt import receipt_json

KeyOf = Callable[[str, str], str]
"""(target name, SHA-256 of signed.pdf) → idempotency key; ``workers.push.key.delivery_key`` with the document's id
and revision bound to it."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Try:
    """One target asked once. ``acknowledged_at``: when the receipt reached us (QĐ 12/2020/QĐ-UBND Đ7.1)."""

    target: str
    key: str
    request_id: str
    at: datetime
    seconds: float
    receipt: Receipt | None = None
    error: SohoaError | None = None
    acknowledged_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The shape that ``intake.store.outbox.note_tries`` books."""
        outcome = "receipt" if self.receipt else "refused" if isinstance(self.error, DocumentError) else "trouble"
        number = f" · số đến {self.receipt.arrival_number}" if self.receipt and self.receipt.arrival_number else ""
        return {
            "target": self.target,
            "key": self.key,
            "request_id": self.request_id,
            "at": self.at.isoformat(),
            "seconds": round(self.seconds, 3),
            "outcome": outcome,
            "answer": f"{self.receipt.remote_id}{number}" if self.receipt else str(self.error),
            "receipt": receipt_json(self.receipt) if self.receipt else None,
            "acknowledged_at": self.acknowledged_at.isoformat() if self.acknowledged_at else None,
        }


def run(
    document: DocumentFolder,
    section: PushSection,
    out: Path,
    *,
    connectors: Mapping[str, Connector],
    key_of: KeyOf,
    booked: Mapping[str, Receipt] | None = None,
    not_now: Collection[str] = (),
    attempt: int = 1,
    now: Callable[[], datetime] = utc_now,
) -> StageResult:
    """Deliver to every target of the profile; ``connectors`` maps target name → connector.

    ``booked``: receipts of earlier attempts; ``not_now``: targets to be left alone this time. One target in trouble
    does not keep the copy from the others. All that may be tried are tried; then DeliveryRefused is raised when one
    refused the document, or Undelivered when one has no copy yet, and both carry what every target answered.
    """
    package = build(document, section, out)
    sha256 = sha256_of(package.files["pdf"])
    receipts = dict(booked or {})
    tries: list[Try] = []
    for target in section.target:
        if target.name in receipts or target.name in not_now:
            continue
        key = key_of(target.name, sha256)
        tried = _try(connectors[target.name], target.name, key, package, f"{key[:16]}.{attempt}", now)
        tries.append(tried)
        if tried.receipt:
            receipts[target.name] = tried.receipt
    told = [each.as_json() for each in tries]
    wanted = [target.name for target in section.target]
    errors = [each.error for each in tries if each.error]
    if any(isinstance(error, DocumentError) for error in errors):
        raise DeliveryRefused(*_together(errors), told)
    if missing := [name for name in wanted if name not in receipts]:
        raise Undelivered(*(_together(errors) if errors else _waiting(missing)), told)
    return StageResult(
        findings=tuple(finding for name in wanted for finding in _warnings(name, receipts[name])),
        artefacts=tuple(f"{FOLDER}/{path.name}" for path in package.files.values()),
        facts={
            "receipts": {name: receipt_json(receipts[name]) for name in wanted},
            "sha256": sha256,
            "delivery": {name: connectors[name].delivery for name in wanted},
            "tries": told,
        },
    )


def deliver(connector: Connector, key: str, package: Package) -> Receipt:
    """Ask first, then send: after a lost answer the copy may already be there."""
    return connector.find(key) or connector.put_if_absent(key, replace(package, key=key))


def _try(
    connector: Connector, target: str, key: str, package: Package, request_id: str, now: Callable[[], datetime]
) -> Try:
    begun, at = time.monotonic(), now()
    token = REQUEST_ID.set(request_id)
    try:
        receipt, error = deliver(connector, key, package), None
    except (EnvironmentTrouble, DocumentError) as trouble:
        receipt, error = None, _at(target, trouble)
    finally:
        REQUEST_ID.reset(token)
    acknowledged = now() if receipt else None
    return Try(target, key, request_id, at, time.monotonic() - begun, receipt, error, acknowledged)


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


def _together(errors: list[SohoaError]) -> tuple[str, str]:
    return "\n".join(error.vi for error in errors), "\n".join(error.en for error in errors)


def _waiting(targets: list[str]) -> tuple[str, str]:
    names = ", ".join(targets)
    return f"Nơi nhận {names} đang tạm nghỉ; sẽ gửi lại.", f"Target {names} is left alone for now; tried again later."
