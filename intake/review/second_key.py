"""Blind second key: on a sampled share a second person types number and date from the paper, without seeing the first.

Agreement approves the document as the first person confirmed it; disagreement goes to the senior with both readings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from intake import field_rules
from intake.errors import NotAllowed, OperatorError
from intake.model import Actor, FieldName
from intake.profile import Profile
from intake.review import crops
from intake.review.seat import Acting, Form, Seat, Seated, text_of
from intake.spelling import tone_folded
from intake.states import State
from intake.store import Store, decide, decision, desk, reading
from intake.store.desk import KeyedTwice
from intake.store.reading import Whole

router = APIRouter()

BLIND = (FieldName.CODE_NUMBER, FieldName.CODE_NOTATION, FieldName.ISSUED_DATE)
MAY = decision.MAY["approve"]


def sampled(document_id: str, share: float) -> bool:
    """Whether the share takes this document: the same answer each time, and nothing a clerk can see beforehand."""
    draw = int.from_bytes(hashlib.sha256(f"second key {document_id}".encode()).digest()[:8], "big")
    return draw < share * 2**64


def wanted(store: Store, profile: Profile, known: Whole, actor: Actor) -> bool:
    """This confirmation needs a second key before it counts. A senior who settles a disagreement needs none."""
    if not sampled(known.row["id"], profile.review.second_key_share):
        return False
    if pending(store, known) is not None:
        raise NotAllowed(
            "Văn bản này đang chờ người thứ hai nhập số và ngày.",
            "This document waits for a second person to type its number and date.",
        )
    if differing(store, known) is None:
        return True
    if actor.role == "clerk":
        raise NotAllowed(
            "Hai người đã nhập khác nhau; người phụ trách sẽ quyết định.",
            "Two people typed it differently; the senior decides.",
        )
    return False


def pending(store: Store, known: Whole) -> KeyedTwice | None:
    """The first key of a document that waits for its second, while the document is still the one that was keyed."""
    found = desk.keyed(store, known.row["id"])
    waits = found is not None and found.state == "waiting" and found.version == known.version
    return found if waits and known.state is State.ASSEMBLED else None


def differing(store: Store, known: Whole) -> KeyedTwice | None:
    """Two keys that do not agree."""
    found = desk.keyed(store, known.row["id"])
    return found if found is not None and found.state == "differs" else None


@router.get("/second")
def following(seat: Seated) -> Response:
    """The next document that waits for this person's key."""
    seat.acting(MAY)
    waiting = desk.waiting_for_second(seat.store, seat.person.name, 1)
    return seat.go(f"/second/{waiting[0]}") if waiting else seat.page("second_none.html")


@router.get("/second/{document_id}")
def ask(seat: Seated, document_id: str) -> Response:
    """Crops of number and date with empty inputs: nothing that was read or typed before is in the page."""
    seat.acting(MAY)
    known = reading.whole(seat.store, document_id)
    _first(seat, known)
    seat.saw(document_id, "second key", always=True)
    fields = [name for name in BLIND if crops.box_of(known, name) is not None] or list(BLIND)
    return seat.page(
        "second.html",
        row=known.row,
        fields=fields,
        shown_crops={name for name in fields if crops.box_of(known, name) is not None},
        waiting=len(desk.waiting_for_second(seat.store, seat.person.name)),
    )


@router.post("/second/{document_id}")
def typed(seat: Acting, form: Form, document_id: str) -> Response:
    """Compare with the first key; agreement approves, disagreement holds the document for the senior."""
    actor = seat.acting(MAY)
    known = reading.whole(seat.store, document_id)
    first = _first(seat, known)
    values = field_rules.parse({name: text_of(form, f"field.{name}", 200) for name in BLIND if f"field.{name}" in form})
    given = [name for name, value in values.items() if value is not None]
    if FieldName.CODE_NUMBER not in given and first.fields.get(FieldName.CODE_NUMBER) is not None:
        raise OperatorError("Hãy nhập số như thấy trên giấy.", "Type the number as you see it on the paper.")
    agrees = all(_same(first.fields.get(name), value) for name, value in values.items())
    desk.second_typed(seat.store, document_id, actor, {str(name): value for name, value in values.items()}, agrees)
    if agrees:
        decide.approve(seat.store, document_id, first.version, actor, dict(first.fields), source_kind=first.source_kind)
    else:
        text = "Hai người nhập số hoặc ngày khác nhau. / Two people typed number or date differently."
        decide.hold(seat.store, document_id, first.version, actor, text)
    return JSONResponse({"next": "/second"}) if seat.wants_json else seat.go("/second")


def _first(seat: Seat, known: Whole) -> KeyedTwice:
    first = pending(seat.store, known)
    if first is None:
        raise OperatorError(
            f"Hồ sơ {known.row['id']} không chờ người thứ hai.",
            f"Document {known.row['id']} waits for no second person.",
        )
    if first.first_by == seat.person.name:
        raise NotAllowed(
            "Bạn đã nhập lần thứ nhất; lần thứ hai phải là người khác.",
            "You typed the first time; the second person must be someone else.",
        )
    return first


def _same(first: Any, second: Any) -> bool:
    """The same value whatever case and tone placement; nothing equals nothing."""
    if first is None or second is None:
        return first is second
    return tone_folded(str(first)) == tone_folded(str(second))


def both(keyed: KeyedTwice | None) -> list[tuple[FieldName, Mapping[str, str]]]:
    """Both readings field by field, for the senior."""
    if keyed is None or keyed.second is None or keyed.second_by is None:
        return []
    return [
        (
            name,
            {
                keyed.first_by: field_rules.shown(name, keyed.fields.get(name)),
                keyed.second_by: field_rules.shown(name, keyed.second.get(name)),
            },
        )
        for name in BLIND
        if name in keyed.second
    ]
