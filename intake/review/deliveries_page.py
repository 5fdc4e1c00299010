"""Deliveries at the desk: late urgent documents, dead letters, targets, the head clerk's queue and the day's report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from intake.errors import OperatorError, SohoaError
from intake.review.seat import VIETNAM, Acting, Form, Seat, Seated, number_of, text_of
from intake.states import State
from intake.store import alarms, decide, decision, deliveries, reading, redrive

router = APIRouter()

READERS = frozenset({"clerk", "senior", "van_thu", "admin", "auditor"})
MAY_SEND = decision.MAY["release"]
MAY_RECALL = decision.MAY["recall"]
UNMATCHED = "–"
"""the rule's name in an assignment that no rule made (workers/forward/choose.py)"""


class Suggest(Protocol):
    """Who can name a likely unit; the station puts it on the application as ``state.suggest``."""

    def suggest(self, record: Mapping[str, Any]) -> tuple[str, float] | None: ...

    def measured(self) -> Mapping[str, int]: ...


@router.get("/deliveries")
def overview(seat: Seated, day: Annotated[str, Query(max_length=10)] = "") -> Response:
    """Everything about what leaves this desk; the day's report is today's unless ``day`` (ISO) asks for another."""
    seat.acting(READERS)
    chosen = _day(day) or seat.desk.today()
    since = datetime.combine(chosen, time(), VIETNAM)
    helper: Suggest | None = getattr(seat.request.app.state, "suggest", None)
    waiting = deliveries.unmatched(seat.store, UNMATCHED)
    return seat.page(
        "deliveries.html",
        ringing=alarms.ringing(seat.store),
        dead=deliveries.dead_letters(seat.store),
        owed=deliveries.owed(seat.store),
        targets=deliveries.targets(seat.store),
        waiting=[(row, helper.suggest(_record(row)) if helper else None) for row in waiting],
        measured=helper.measured() if helper and waiting else None,
        units=_units(seat),
        report=deliveries.day(seat.store, since, since + timedelta(days=1)),
        chosen=chosen,
        may_send=seat.person.has(*MAY_SEND),
        may_assign=seat.person.has(*MAY_RECALL),
    )


@router.get("/deliveries/{document_id}")
def one(seat: Seated, document_id: str) -> Response:
    """One document's deliveries: every try, the receipts, the status there, why it went where it went."""
    seat.acting(READERS)
    known = reading.whole(seat.store, document_id)
    tries = deliveries.tries(seat.store, document_id)
    seat.saw(document_id, "deliveries", always=True)
    if seat.wants_json:
        return JSONResponse({"document": document_id, "state": known.state, "tries": [_plain(each) for each in tries]})
    return seat.page(
        "delivery.html",
        row=known.row,
        outbox=known.outbox,
        tries=tries,
        promises=known.published.get("push", {}).get("facts", {}).get("delivery", {}),
        assignment=known.published.get("forward", {}).get("facts", {}).get("assignment"),
        alarm=alarms.of(seat.store, document_id),
        may_send=seat.person.has(*MAY_SEND) and known.state is State.HELD and known.row["held_from"] == State.SIGNED,
        may_recall=seat.person.has(*MAY_RECALL) and known.state in (State.DELIVERED, State.FORWARDED),
    )


@router.post("/deliveries/{document_id}/redrive")
def send_again(seat: Acting, form: Form, document_id: str) -> Response:
    """A dead letter is tried again; ``target`` given: what that target lost is delivered to it again."""
    actor, text, target = seat.acting(MAY_SEND), text_of(form, "text", 500), text_of(form, "target", 60)
    version = number_of(form, "version")
    if version is None:
        version = reading.whole(seat.store, document_id).version
    if target:
        done = redrive.deliver_again(seat.store, document_id, version, actor, [target], text)
    else:
        done = redrive.redrive(seat.store, document_id, version, actor, text)
    return seat.done("/deliveries", state=done.state, version=done.version)


@router.post("/deliveries/redrive")
def send_all_again(seat: Acting, form: Form) -> Response:
    """Every dead letter; one that changed meanwhile is passed over."""
    actor, text = seat.acting(MAY_SEND), text_of(form, "text", 500)
    sent = 0
    for row in {each["document_id"]: each for each in deliveries.dead_letters(seat.store, 1000)}.values():
        try:
            redrive.redrive(seat.store, row["document_id"], row["version"], actor, text)
            sent += 1
        except SohoaError:
            continue
    return seat.done("/deliveries", sent=sent)


@router.post("/deliveries/{document_id}/recall")
def take_back(seat: Acting, form: Form, document_id: str) -> Response:
    """Take back what was delivered; every target is told (QĐ 12/2020/QĐ-UBND Đ10.4)."""
    actor, text = seat.acting(MAY_RECALL), text_of(form, "text", 500)
    if not text:
        raise OperatorError("Hãy ghi lý do thu hồi.", "Write why it is recalled.")
    done = decide.recall(seat.store, document_id, _version(form), actor, text)
    return seat.done(f"/deliveries/{document_id}", state=done.state)


@router.post("/deliveries/{document_id}/assign")
def assign(seat: Acting, form: Form, document_id: str) -> Response:
    """The head clerk distributes a document that no rule matched."""
    actor = seat.acting(MAY_RECALL)
    unit, person = text_of(form, "unit", 200), text_of(form, "person", 100)
    done = redrive.assign(seat.store, document_id, _version(form), actor, unit, person, text_of(form, "text", 500))
    return seat.done("/deliveries", state=done.state)


def _version(form: Any) -> int:
    version = number_of(form, "version")
    if version is None:
        raise OperatorError("Thiếu số phiên bản của hồ sơ; hãy tải lại trang.", "The version is missing; load again.")
    return version


def _units(seat: Seat) -> list[str]:
    """Units the rules of this station's profiles name: what the head clerk most likely types."""
    names = {each.profile for each in seat.desk.settings.station.values()}
    sections = [seat.desk.settings.profile_of(name).forward for name in names]
    return sorted({rule.unit for section in sections for rule in section.rule})


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: item.get("value") for name, item in row["fields"].items()}, **row["confirmed"]}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _plain(each: Mapping[str, Any]) -> dict[str, Any]:
    names = ("target", "worker", "outcome", "request_id", "answer", "seconds")
    return {"at": each["at"].isoformat(), **{name: each[name] for name in names}}
