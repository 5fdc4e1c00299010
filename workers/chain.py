"""The chain: stage → the function that does it, with what each may be handed beside its folder and profile section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from intake import crashpoint
from intake.folder import DocumentFolder
from intake.model import Receipt, StageResult
from intake.plugins import load
from intake.ports import Connector, Package, Tell
from intake.profile import Profile
from workers.check import glance
from workers.check import stage as check
from workers.check.station import certified
from workers.forward import stage as forward
from workers.forward.calendar import HANOI
from workers.ocr import stage as ocr
from workers.ocr.known import Confirmed, Known
from workers.pdf import stage as pdf
from workers.push import stage as push
from workers.push.key import delivery_key
from workers.tools.receipt import receipt_of


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What effects need and purity forbids: everything here is small, picklable and without secrets."""

    home: Path
    station: str
    arrived_at: datetime
    revision: int = 1
    attempt: int = 1
    booked: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """of push: receipts of earlier attempts, by target"""
    not_now: frozenset[str] = frozenset()
    """of push: targets to be left alone in this attempt"""
    earlier: Sequence[tuple[str, str, str | None, date]] = ()
    """of ocr: agency, notation, number and day of documents that people confirmed lately"""


Call = Callable[[DocumentFolder, Profile, Path, Surroundings, Tell], StageResult]


def _check(document: DocumentFolder, profile: Profile, out: Path, around: Surroundings, _: Tell) -> StageResult:
    known = certified(around.home, around.station, around.arrived_at)
    # what a person put right is not turned again behind her back
    return check.run(document, profile.check, out, known, set_upright=around.revision == 1)


def _ocr(document: DocumentFolder, profile: Profile, out: Path, around: Surroundings, tell: Tell) -> StageResult:
    arrived = around.arrived_at.astimezone(HANOI).date()
    known = Known(arrived, tuple(Confirmed(*row) for row in around.earlier))
    return ocr.run(document, profile.ocr, out, tell, known)


def _pdf(document: DocumentFolder, profile: Profile, out: Path, _: Surroundings, __: Tell) -> StageResult:
    return pdf.run(document, profile.pdf, out)


def _push(document: DocumentFolder, profile: Profile, out: Path, around: Surroundings, _: Tell) -> StageResult:
    def key_of(target: str, sha256: str) -> str:
        return delivery_key(target, document.document_id, around.revision, sha256)

    return push.run(
        document,
        profile.push,
        out,
        connectors=connectors(profile, around.home),
        key_of=key_of,
        booked={target: receipt_of(data) for target, data in around.booked.items()},
        not_now=around.not_now,
        attempt=around.attempt,
    )


def _forward(document: DocumentFolder, profile: Profile, out: Path, around: Surroundings, _: Tell) -> StageResult:
    delivered = document.facts["push"].get("receipts", {})
    receipts = {target: receipt_of(data) for target, data in delivered.items()}  # type: ignore[attr-defined]
    return forward.run(
        document,
        profile.forward,
        out,
        connectors=connectors(profile, around.home),
        receipts=receipts,
        station=around.station,
        arrived_at=around.arrived_at,
    )


def _glance(document: DocumentFolder, profile: Profile, _out: Path, _: Surroundings, __: Tell) -> StageResult:
    return glance.run(document, profile.check)


LINKS: Mapping[str, Call] = {
    "check": _check,
    "ocr": _ocr,
    "pdf": _pdf,
    "push": _push,
    "forward": _forward,
}
"""Stages a worker does on its own; ``review`` is a person's, ``sign`` runs only inside a signing act."""

GLANCE = "glance"
"""no stage: a look that moves a document in the queue and changes nothing else"""
CALLS: Mapping[str, Call] = {**LINKS, GLANCE: _glance}
"""Everything a child process can be asked to do."""

WORKED = frozenset(LINKS)


@dataclass(slots=True)
class _Pointed:
    """A connector between two crash points: a test may kill the process on either side of the put."""

    inner: Connector
    name: str = field(init=False)
    delivery: str = field(init=False)

    def __post_init__(self) -> None:
        self.name, self.delivery = self.inner.name, self.inner.delivery

    def find(self, key: str) -> Receipt | None:
        return self.inner.find(key)

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        crashpoint.reached("push.before_put")
        receipt = self.inner.put_if_absent(key, package)
        crashpoint.reached("push.after_put")
        return receipt

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def connectors(profile: Profile, home: Path) -> dict[str, Any]:
    """Target name → connector, built from the profile's targets."""
    return {
        target.name: _Pointed(load("sohoa.connectors", target.connector)(target.options, home))
        for target in profile.push.target
    }
