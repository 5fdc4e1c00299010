"""Receipts as JSON: push writes them into its facts, forward and the outbox read them back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from intake.model import Receipt


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """``{"key", "remote_id", "received_at" (ISO 8601 with zone), "arrival_number", "detail"}``."""
    return {
        "key": receipt.key,
        "remote_id": receipt.remote_id,
        "received_at": receipt.received_at.isoformat(),
        "arrival_number": receipt.arrival_number,
        "detail": dict(receipt.detail),
    }


def receipt_of(data: Mapping[str, Any]) -> Receipt:
    """The receipt of ``receipt_json``; raises KeyError or ValueError when it is not one. A time without zone is UTC."""
    moment = datetime.fromisoformat(str(data["received_at"]))
    number = data.get("arrival_number")
    return Receipt(
        key=str(data["key"]),
        remote_id=str(data["remote_id"]),
        received_at=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        arrival_number=None if number is None else str(number),
        detail=dict(data.get("detail") or {}),
    )
