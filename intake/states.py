"""The life of a document as one table: what is true, which stage is due, and where its result leads."""

from __future__ import annotations

from enum import StrEnum

from intake.model import Finding, Severity


class State(StrEnum):
    """What is true of a document. Every document is in exactly one state."""

    RECEIVED = "received"
    CHECKED = "checked"
    RECOGNISED = "recognised"
    ASSEMBLED = "assembled"
    APPROVED = "approved"
    SIGNED = "signed"
    DELIVERED = "delivered"
    FORWARDED = "forwarded"
    REJECTED = "rejected"
    REFUSED = "refused"
    HELD = "held"
    RECALLED = "recalled"


DUE: dict[State, str] = {
    State.RECEIVED: "check",
    State.CHECKED: "ocr",
    State.RECOGNISED: "pdf",
    State.ASSEMBLED: "review",
    State.APPROVED: "sign",
    State.SIGNED: "push",
    State.DELIVERED: "forward",
}
"""State → the stage that leaves it. States not named here end the line or wait for an operator."""

NEXT: dict[str, State] = {
    "check": State.CHECKED,
    "ocr": State.RECOGNISED,
    "pdf": State.ASSEMBLED,
    "review": State.APPROVED,
    "sign": State.SIGNED,
    "push": State.DELIVERED,
    "forward": State.FORWARDED,
}
"""Stage → the state that is true when it has finished well."""

BY_PERSON: frozenset[str] = frozenset({"review", "sign"})
"""Stages no worker takes on its own: a clerk decides, a văn thư signs (NĐ 30/2020 Đ32.2.c)."""

TERMINAL: frozenset[State] = frozenset({State.FORWARDED, State.REJECTED, State.REFUSED, State.RECALLED})

UNREADABLE: frozenset[str] = frozenset(
    {
        "check.file_empty",
        "check.file_truncated",
        "check.file_corrupt",
        "check.not_an_image",
        "check.decompression_bomb",
        "check.pdf_encrypted",
    }
)
"""Findings only a new scan can cure: no operator can release such a document."""


def advance(stage: str, findings: tuple[Finding, ...]) -> State:
    """The state after ``stage`` ended with ``findings``. Secrecy wins over everything (fail closed)."""
    worst = max((finding.severity for finding in findings), default=Severity.NOTE)
    if worst is Severity.REFUSE:
        return State.REFUSED
    if worst is Severity.BLOCK:
        if any(finding.code in UNREADABLE for finding in findings):
            return State.REJECTED
        return State.HELD
    return NEXT[stage]
