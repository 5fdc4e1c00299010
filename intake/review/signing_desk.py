"""The signing desk: the văn thư sees exactly what she will sign, types her PIN, and watches what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from intake.errors import NotAllowed, OperatorError
from intake.model import Actor
from intake.review.document import SOURCE_KINDS
from intake.review.queue import line
from intake.review.seat import Acting, Form, Seat, Seated
from intake.review.signing import Progress, SigningDesk
from intake.states import State
from intake.store import reading, signing
from intake.store.signing import FrozenSet

router = APIRouter()

SIGNERS = frozenset({"van_thu"})
SHOWN = 500
"""approved documents listed at most; the rest come when these are signed"""


@router.get("/signing")
def waiting(seat: Seated) -> Response:
    """Everything approved, ready to be chosen for one PIN entry."""
    _desk(seat)
    rows = reading.queue(seat.store, states=(State.APPROVED,), limit=SHOWN)
    facts = reading.review_facts(seat.store, [row["id"] for row in rows])
    may = seat.person.has(*SIGNERS)
    decision, trouble = "", None
    if may:
        try:
            decision = signing.assignment(seat.store, seat.person.name, seat.desk.settings.signer.plugin)
        except NotAllowed as error:
            trouble = error
    return seat.page(
        "signing.html",
        lines=[line(row, seat) for row in rows],
        facts=facts,
        forms={row["id"]: _form(seat, row, facts) for row in rows},
        kinds=SOURCE_KINDS,
        cap=_cap(seat, rows),
        may_sign=may and trouble is None,
        van_thu=may,
        decision=decision,
        trouble=trouble,
    )


@router.post("/signing/freeze")
def freeze(seat: Acting, form: Form) -> Response:
    """Freeze the chosen documents: from here on only these bytes can be signed by this PIN entry."""
    _desk(seat)
    chosen = [value for value in form.getlist("document") if isinstance(value, str)]
    rows = {row["id"]: row for row in reading.queue(seat.store, states=(State.APPROVED,), limit=SHOWN)}
    cap = _cap(seat, [rows[name] for name in chosen if name in rows])
    frozen = signing.freeze(seat.store, _signer(seat), chosen, cap=cap)
    return seat.go(f"/signing/{frozen.id}")


@router.get("/signing/{set_id}")
def frozen_set(seat: Seated, set_id: str) -> Response:
    """The frozen set: hashes, pages, fields, the mark as it will stand, and the PIN field."""
    sign = _desk(seat)
    frozen = signing.load(seat.store, set_id)
    waits = frozen.state == "frozen" and frozen.person == seat.person.name
    expired = frozen.expires_at <= seat.store.clock.now()
    marks = {mark.document_id: mark for mark in sign.preview(frozen)} if waits and not expired else {}
    for item in frozen.items:
        seat.saw(item["document_id"], "signing")
    return seat.page(
        "signing_set.html",
        frozen=frozen,
        marks=marks,
        waits=waits and not expired,
        expired=expired and frozen.state == "frozen",
        progress=_told(sign.progress(set_id), frozen, seat),
    )


@router.post("/signing/{set_id}/start")
def start(seat: Acting, form: Form, set_id: str) -> Response:
    """Hand the PIN on, once. It is neither kept nor written anywhere, nor part of any answer."""
    sign = _desk(seat)
    actor = _signer(seat)
    frozen = signing.load(seat.store, set_id)
    if frozen.person != actor.name:
        raise NotAllowed("Đợt ký này do người khác lập.", "This signing set was made by someone else.")
    pin = form.get("pin")
    if not isinstance(pin, str) or not 1 <= len(pin) <= 64:
        raise OperatorError("Hãy nhập mã PIN của thiết bị ký.", "Type the PIN of the signing device.")
    sign.start(set_id, actor, pin)
    return seat.go(f"/signing/{set_id}")


@router.get("/signing/{set_id}/progress")
def progress(seat: Seated, set_id: str) -> Response:
    """What the page polls."""
    sign = _desk(seat)
    return JSONResponse(_told(sign.progress(set_id), signing.load(seat.store, set_id), seat))


@router.post("/signing/{set_id}/stop")
def stop(seat: Acting, set_id: str) -> Response:
    """Stop after the document being signed now."""
    sign = _desk(seat)
    if signing.load(seat.store, set_id).person != _signer(seat).name:
        raise NotAllowed("Đợt ký này do người khác lập.", "This signing set was made by someone else.")
    sign.stop(set_id)
    return seat.go(f"/signing/{set_id}")


def _form(seat: Seat, row: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]) -> str:
    """The form of copy the kind of paper allows (NĐ 30/2020 Đ3.10–3.11): a copy of a certified copy is SAO LỤC."""
    form = seat.desk.settings.profile_of(row["profile"]).sign.form
    return "SAO LỤC" if form == "SAO Y" and facts.get(row["id"], {}).get("source_kind") == "bản sao y" else form


def _told(progress: Progress, frozen: FrozenSet, seat: Seat) -> dict[str, Any]:
    outcomes: dict[str, Mapping[str, str]] = {}
    for item in frozen.items:
        key = item["document_id"]
        outcome, message = progress.outcomes.get(key, ("waiting", ""))
        outcomes[key] = {"outcome": outcome, "word": seat.t(f"outcome.{outcome}"), "message": message}
    return {
        "state": progress.state,
        "word": seat.t(f"set.{progress.state}"),
        "total": progress.total,
        "finished": progress.finished,
        "outcomes": outcomes,
        "message": seat.say(progress.vi, progress.en),
        "live": progress.state == "signing",
    }


def _signer(seat: Seat) -> Actor:
    return seat.acting(SIGNERS)


def _desk(seat: Seat) -> SigningDesk:
    if seat.desk.sign is None:
        raise OperatorError(
            "Trạm này không có thiết bị ký. Hãy ký tại trạm đã cắm thiết bị.",
            "This station has no signing device. Sign at the station that has it.",
        )
    return seat.desk.sign


def _cap(seat: Seat, rows: list[dict[str, Any]]) -> int:
    """The smallest cap of the profiles at hand: one PIN entry must satisfy each of them."""
    names = {row["profile"] for row in rows} or {"incoming"}
    return min(seat.desk.settings.profile_of(name).sign.cap_per_pin for name in names)
