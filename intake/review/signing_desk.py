"""The signing desk: the văn thư sees exactly what she will sign, types her PIN, and watches what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from intake.errors import NotAllowed, OperatorError
from intake.model import COPY_FORMS, Actor
from intake.profile.sections import SignSection
from intake.review.document import SOURCE_KINDS
from intake.review.queue import line
from intake.review.seat import Acting, Form, Seat, Seated, text_of
from intake.review.signing import Progress, SigningDesk
from intake.states import State
from intake.store import reading, signing, timestamps
from intake.store.signing import Chosen, FrozenSet

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
    held, trouble = None, None
    if may:
        try:
            held = signing.assignment(seat.store, seat.person.name, seat.desk.settings.signer.plugin)
        except NotAllowed as error:
            trouble = error
    sections = _sections(seat, rows)
    return seat.page(
        "signing.html",
        lines=[line(row, seat) for row in rows],
        facts=facts,
        chosen={row["id"]: _usual(sections[row["profile"]], facts.get(row["id"], {})) for row in rows},
        fixed={row["id"]: _fixed(sections[row["profile"]]) for row in rows},
        kinds=SOURCE_KINDS,
        copy_forms=COPY_FORMS,
        forms=sorted({form for forms in COPY_FORMS.values() for form in forms}),
        cap=_cap(sections),
        may_sign=held is not None,
        van_thu=may,
        held=held,
        trouble=trouble,
        lacking=timestamps.waiting(seat.store),
    )


@router.post("/signing/freeze")
def freeze(seat: Acting, form: Form) -> Response:
    """Freeze the chosen documents: from here on only these bytes can be signed by this PIN entry."""
    _desk(seat)
    names = [value for value in form.getlist("document") if isinstance(value, str)]
    rows = {row["id"]: row for row in reading.queue(seat.store, states=(State.APPROVED,), limit=SHOWN)}
    rows = {name: rows[name] for name in names if name in rows}
    facts = reading.review_facts(seat.store, list(rows))
    sections = _sections(seat, list(rows.values()))
    chosen = {}
    for name, row in rows.items():
        section = sections[row["profile"]]
        if _fixed(section) is None:
            usual = _usual(section, facts.get(name, {}))
            kind = text_of(form, f"kind-{name}") or usual.source_kind
            chosen[name] = Chosen(kind, text_of(form, f"form-{name}") or usual.form)
    frozen = signing.freeze(seat.store, _signer(seat), names, cap=_cap(sections), chosen=chosen)
    return seat.go(f"/signing/{frozen.id}")


@router.get("/signing/{set_id}")
def frozen_set(seat: Seated, set_id: str) -> Response:
    """The frozen set: hashes, pages, fields, the mark as it will stand, and the PIN field."""
    sign = _desk(seat)
    frozen = signing.load(seat.store, set_id)
    waits = frozen.state == "frozen" and frozen.person == seat.person.name
    expired = frozen.expires_at <= seat.store.clock.now()
    shown = (waits and not expired) or sign.progress(set_id).state == "signing"
    marks = {mark.document_id: mark for mark in sign.preview(frozen)} if shown else {}
    for item in frozen.items:
        seat.saw(item["document_id"], "signing")
    return seat.page(
        "signing_set.html",
        frozen=frozen,
        mine=frozen.person == seat.person.name,
        kinds=SOURCE_KINDS,
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
    sign.start(set_id, actor, _pin(form))
    return seat.go(f"/signing/{set_id}")


@router.post("/signing/{set_id}/pin")
def again(seat: Acting, form: Form, set_id: str) -> Response:
    """The PIN that the key demands before its next signature; kept no more than the first one."""
    sign = _desk(seat)
    if signing.load(seat.store, set_id).person != _signer(seat).name:
        raise NotAllowed("Đợt ký này do người khác lập.", "This signing set was made by someone else.")
    sign.answer(set_id, _pin(form))
    return seat.done(f"/signing/{set_id}")


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


def _fixed(section: SignSection) -> str | None:
    """What stands in place of a choice: attachments bear Form 2.2, archives no form at all. None: she chooses."""
    if section.mark_form == "attachment":
        return "Mẫu 2.2"
    return None if section.form else "–"


def _usual(section: SignSection, facts: Mapping[str, Any]) -> Chosen:
    """The kind of paper the review named and the form of copy it allows (NĐ 30/2020 Đ3.10–3.12)."""
    kind = facts.get("source_kind", "bản chính")
    forms = COPY_FORMS.get(kind, (section.form,))
    return Chosen(kind, section.form if section.form in forms else forms[0])


def _pin(form: FormData) -> str:
    pin = form.get("pin")
    if not isinstance(pin, str) or not 1 <= len(pin) <= 64:
        raise OperatorError("Hãy nhập mã PIN của thiết bị ký.", "Type the PIN of the signing device.")
    return pin


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
        "asking": progress.asking,
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


def _sections(seat: Seat, rows: Sequence[Mapping[str, Any]]) -> dict[str, SignSection]:
    """Profile name → its signing rules; each profile is read once."""
    names = {str(row["profile"]) for row in rows} or {"incoming"}
    return {name: seat.desk.settings.profile_of(name).sign for name in names}


def _cap(sections: Mapping[str, SignSection]) -> int:
    """The smallest cap of the profiles at hand: one PIN entry must satisfy each of them."""
    return min(section.cap_per_pin for section in sections.values())
