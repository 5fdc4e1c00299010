"""What the verification says, in values: valid, invalid or cannot be checked, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Answer = Literal["valid", "invalid", "unknown"]
"""TT 41/2017: hợp lệ, không hợp lệ, không kiểm tra được"""

WORDS = {
    "valid": "hợp lệ",
    "invalid": "KHÔNG hợp lệ",
    "unknown": "không kiểm tra được",
    "unsigned": "không có chữ ký số",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was checked. ``name``: integrity, coverage, updates, timestamp, signing_time, algorithm, usage,
    trust, revocation, mark, pdfa."""

    name: str
    answer: Answer
    vi: str
    en: str

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "answer": self.answer, "message": self.vi, "message_en": self.en}


@dataclass(frozen=True, slots=True)
class Mark:
    """The visible mark in the file: its words, page, box in mm as displayed, whether it stands in box 14."""

    text: str
    form: str
    agency: str
    time: str
    page: int
    box_mm: list[float]
    in_box_14: bool

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature or document time-stamp. ``signed_at`` is what the signer says; ``proven_at`` what a trusted
    time-stamp proves (ISO 8601, Vietnam's time)."""

    field: str
    kind: Literal["signature", "timestamp"]
    signer: str = ""
    agency: str = ""
    issuer: str = ""
    serial: str = ""
    signed_at: str | None = None
    proven_at: str | None = None
    level: str = ""
    covers_whole_file: bool = False
    items: tuple[Item, ...] = ()
    mark: Mark | None = None

    @property
    def verdict(self) -> Answer:
        """The mark is told, not judged: an odd mark does not break a sound signature."""
        return worst(item.answer for item in self.items if item.name != "mark")

    def as_json(self) -> dict[str, Any]:
        plain = ("field", "kind", "signer", "agency", "issuer", "serial", "signed_at", "proven_at", "level")
        return {
            **{name: getattr(self, name) for name in plain},
            "covers_whole_file": self.covers_whole_file,
            "verdict": self.verdict,
            "items": [item.as_json() for item in self.items],
            "mark": self.mark.as_json() if self.mark else None,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The whole file. ``verdict``: of all signatures together, ``unsigned`` when there is none."""

    file: str
    sha256: str
    signatures: tuple[Signature, ...]
    pdfa: Item
    trouble: Item | None = None
    updates: tuple[tuple[str, str], ...] = field(default=())
    """what each revision of the file brought, oldest first: Vietnamese, English"""

    @property
    def verdict(self) -> str:
        if self.trouble is not None:
            return self.trouble.answer
        return worst(one.verdict for one in self.signatures) if self.signatures else "unsigned"

    @property
    def verdict_vi(self) -> str:
        return WORDS[self.verdict]

    @property
    def own(self) -> tuple[Signature, ...]:
        return tuple(one for one in self.signatures if one.kind == "signature")

    @property
    def signer(self) -> str:
        return "; ".join(one.signer for one in self.own)

    @property
    def agency(self) -> str:
        return "; ".join(one.agency for one in self.own)

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "sha256": self.sha256,
            "verdict": self.verdict,
            "message": self.verdict_vi,
            "signatures": [one.as_json() for one in self.signatures],
            "pdfa": self.pdfa.as_json(),
            "trouble": self.trouble.as_json() if self.trouble else None,
            "updates": [vi for vi, _ in self.updates],
            "updates_en": [en for _, en in self.updates],
        }


def worst(answers: Iterable[Answer]) -> Answer:
    """``invalid`` over ``unknown`` over ``valid``."""
    seen = set(answers)
    return "invalid" if "invalid" in seen else "unknown" if "unknown" in seen else "valid"
