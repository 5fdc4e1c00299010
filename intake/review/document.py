"""The review screen: one document, its page beside its fields, and the person's word on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from intake import field_rules
from intake.errors import OperatorError
from intake.field_rules import Problem, Twin, Value
from intake.model import FIELD_LENGTH, Actor, Box, Field, FieldName
from intake.profile import Profile
from intake.review import pages, second_key
from intake.review.queue import next_path
from intake.review.seat import VIETNAM, Acting, Form, Seat, Seated, number_of, text_of
from intake.review.sureness import sureness
from intake.states import State
from intake.store import amend, decide, decision, desk, reading
from intake.store.reading import Whole

router = APIRouter()

ORDER = (
    FieldName.ORGAN_NAME,
    FieldName.CODE_NUMBER,
    FieldName.CODE_NOTATION,
    FieldName.ISSUED_DATE,
    FieldName.TYPE_NAME,
    FieldName.SUBJECT,
    FieldName.PRIORITY,
    FieldName.DUE_DATE,
    FieldName.SIGNER_POSITION,
    FieldName.SIGNER_FULL_NAME,
    FieldName.PAGE_AMOUNT,
    FieldName.LANGUAGE,
    FieldName.FILE_CODE,
    FieldName.DESCRIPTION,
)
"""Fields as the eye meets them on the paper: head, kind, abstract, stamps, signature, then what is not printed."""

SOURCE_KINDS = ("bản gốc", "bản chính", "bản sao y")
"""what the paper is (NĐ 30/2020 Đ3.8–3.10): decides SAO Y or SAO LỤC"""
FIRST_THUMBS = 12
"""thumbs sent with the page; those of a longer document follow once its first page is drawn"""
PUT_OFF = timedelta(hours=2)
MAY_REVIEW = decision.MAY["approve"]
MAY_RELEASE = decision.MAY["release"]


@dataclass(frozen=True, slots=True)
class Row:
    """One field on the screen. ``sure``: ``sure``, ``doubt``, ``none`` (nothing read), ``person`` or ``early`` (the
    reading goes on)."""

    name: FieldName
    text: str
    read: str
    sure: str
    percent: int
    suggestion: str
    page: int | None
    box: list[float] | None
    handwritten: bool
    required: bool
    length: int | None


@router.get("/documents/{document_id}")
def show(seat: Seated, document_id: str) -> Response:
    """The screen of one document. A reviewer who opens a waiting document takes its lease."""
    known = reading.whole(seat.store, document_id)
    if known.state is State.REFUSED:
        return seat.page("refused.html", row=known.row)
    once = second_key.pending(seat.store, known)
    if once is not None and once.first_by != seat.person.name and seat.person.has(*MAY_REVIEW):
        return seat.go(f"/second/{document_id}")
    reviewing = known.state is State.ASSEMBLED and seat.person.has(*MAY_REVIEW) and once is None
    profile = seat.desk.settings.profile_of(known.row["profile"])
    taken = reviewing and decide.take(seat.store, document_id, seat.acting(MAY_REVIEW), _lease(profile))
    known = reading.whole(seat.store, document_id)
    views = pages.page_views(known)
    seat.saw(document_id, "document", always=True)
    values = {
        "known": known,
        "row": known.row,
        "priority": _read(known).get(FieldName.PRIORITY, {}).get("value") or 0 if known.head else known.row["priority"],
        "views": views,
        "first_thumbs": FIRST_THUMBS,
        "attempt": known.published.get("pdf", {}).get("attempt", 0),
        "rows": rows_of(known, profile),
        "findings": known.findings,
        "editable": taken,
        "owner": _owner(known, seat),
        "may_take": reviewing and not taken,
        "may_release": known.state is State.HELD and seat.person.has(*MAY_RELEASE),
        "may_reject": known.state in (State.HELD, State.APPROVED) and seat.person.has(*MAY_REVIEW),
        "may_arrange": pages.may_arrange(known) and seat.person.has(*MAY_REVIEW),
        "source_kinds": SOURCE_KINDS,
        "source_kind": known.published.get("review", {}).get("facts", {}).get("source_kind", "bản chính"),
        "cuts_tiles": seat.desk.cut_tile is not None,
        "reads_zones": seat.desk.read_zone is not None,
        "priorities": field_rules.PRIORITIES,
        "once": once,
        "keys": second_key.both(second_key.differing(seat.store, known)),
        "problems": _problems(seat, known, profile, _stored(known)) if taken else (),
    }
    return seat.page("document.html", **values)


@router.post("/documents/{document_id}/check")
def check(seat: Acting, form: Form, document_id: str) -> Response:
    """What is odd about the fields as typed now; nothing is stored."""
    known = reading.whole(seat.store, document_id)
    profile = seat.desk.settings.profile_of(known.row["profile"])
    values = field_rules.parse(_typed(form))
    return JSONResponse(
        {
            "problems": [_problem(item, seat) for item in _problems(seat, known, profile, values)],
            "values": {name: field_rules.shown(name, value) for name, value in values.items()},
        }
    )


@router.post("/documents/{document_id}/approve")
def approve(seat: Acting, form: Form, document_id: str) -> Response:
    """Confirm the fields as typed. 422 with the problems while something is wrong, or odd and not yet confirmed."""
    actor = seat.acting(MAY_REVIEW)
    known = reading.whole(seat.store, document_id)
    profile = seat.desk.settings.profile_of(known.row["profile"])
    values = field_rules.parse(_typed(form))
    kind = text_of(form, "source_kind", 20)
    if kind not in SOURCE_KINDS:
        raise OperatorError("Hãy chọn văn bản giấy là bản gì.", "Choose what the paper is.")
    found = _problems(seat, known, profile, values)
    confirmed = set(text_of(form, "confirmed", 4000).split())
    open_ones = [item for item in found if item.level == "error" or item.key not in confirmed]
    if open_ones:
        return JSONResponse(
            {
                "problems": [_problem(item, seat) for item in open_ones],
                "values": {name: field_rules.shown(name, value) for name, value in values.items()},
            },
            422,
        )
    version = _version(form)
    if second_key.wanted(seat.store, profile, known, actor):
        desk.first_key(seat.store, document_id, version, actor, _plain(values), kind)
        return seat.done(next_path(seat, document_id), state=State.ASSEMBLED)
    decide.approve(seat.store, document_id, version, actor, _plain(values), source_kind=kind)
    if found:
        desk.noted(seat.store, "warnings.confirmed", actor, document_id, {"warnings": [item.key for item in found]})
    return seat.done(next_path(seat, document_id), state=State.APPROVED)


@router.post("/documents/{document_id}/reject")
def reject(seat: Acting, form: Form, document_id: str) -> Response:
    """Reject with a reason; «secret» refuses the document and wipes what this browser may still hold of it."""
    actor = seat.acting(decision.MAY["reject"])
    reason = text_of(form, "reason", 20)
    text = text_of(form, "text")
    if reason == "other" and not text:
        raise OperatorError("Hãy ghi lý do từ chối.", "Write why it is rejected.")
    page = number_of(form, "page")
    if reason == "rescan" and page is not None and reading.whole(seat.store, document_id).state is State.ASSEMBLED:
        amend.ask_rescan(seat.store, document_id, _version(form), actor, page, text)
        return seat.done(next_path(seat, document_id))
    decide.reject(seat.store, document_id, _version(form), actor, reason, text, page)
    amend.drop_rescans(seat.store, document_id)
    answer = seat.done(next_path(seat, document_id))
    if reason == "secret":
        answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@router.post("/documents/{document_id}/hold")
def hold(seat: Acting, form: Form, document_id: str) -> Response:
    """Hand to a senior with a word why."""
    text = text_of(form, "text")
    if not text:
        raise OperatorError("Hãy ghi điều cần người phụ trách xem.", "Write what the senior should look at.")
    decide.hold(seat.store, document_id, _version(form), seat.acting(decision.MAY["hold"]), text)
    return seat.done(next_path(seat, document_id))


@router.post("/documents/{document_id}/release")
def release(seat: Acting, form: Form, document_id: str) -> Response:
    """A senior lets a held document go on, and says why that is right."""
    text = text_of(form, "text")
    if not text:
        raise OperatorError("Hãy ghi vì sao được đi tiếp.", "Write why it may go on.")
    decide.release(seat.store, document_id, _version(form), seat.acting(MAY_RELEASE), text)
    amend.drop_rescans(seat.store, document_id)
    return seat.done("/queue?view=held")


@router.post("/documents/{document_id}/postpone")
def postpone(seat: Acting, form: Form, document_id: str) -> Response:
    """Out of the way for two hours; the deadline stays where it is."""
    until = seat.store.clock.now() + PUT_OFF
    desk.postpone(seat.store, document_id, seat.acting(MAY_REVIEW), until, text_of(form, "text"))
    return seat.done(next_path(seat, document_id))


@router.post("/documents/{document_id}/take")
def take(seat: Acting, form: Form, document_id: str) -> Response:
    """Keep the lease while working (no reason), or take the document over from its holder (with one)."""
    known = reading.whole(seat.store, document_id)
    lease = _lease(seat.desk.settings.profile_of(known.row["profile"]))
    reason = text_of(form, "reason", 500)
    if known.state is not State.ASSEMBLED:
        return JSONResponse({"taken": False, "state": known.state, "version": known.version})
    taken = decide.take(seat.store, document_id, seat.acting(MAY_REVIEW), lease, take_over_reason=reason or None)
    if not seat.wants_json:
        return seat.go(f"/documents/{document_id}")
    return JSONResponse({"taken": taken, "state": known.state, "version": known.version})


@router.post("/documents/{document_id}/let-go")
def let_go(seat: Acting, document_id: str) -> Response:
    """The page was left: the document is free for others at once."""
    decide.let_go(seat.store, document_id, Actor(seat.person.name, "clerk"))
    return Response(status_code=204)


@router.post("/documents/{document_id}/read")
def read(seat: Acting, form: Form, document_id: str) -> Response:
    """Read the zone a person drew on a page into a field: a suggestion, never a value of its own."""
    if seat.desk.read_zone is None:
        raise OperatorError("Trạm này không đọc được vùng chọn.", "This station cannot read a zone.")
    known = reading.whole(seat.store, document_id)
    page, name = number_of(form, "page"), text_of(form, "field", 40)
    try:
        box = Box(*(float(part) for part in text_of(form, "box", 100).split()))
        field = FieldName(name)
    except (ValueError, TypeError) as error:
        raise OperatorError("Vùng chọn không hợp lệ.", "The zone is not valid.") from error
    if page is None or not pages.may_show(known) or not (0 < box.width <= 2000 and 0 < box.height <= 2000):
        raise OperatorError("Vùng chọn không hợp lệ.", "The zone is not valid.")
    actor = seat.acting(MAY_REVIEW)
    text = seat.desk.read_zone(document_id, page, box, field)
    desk.noted(
        seat.store, "zone.read", actor, document_id, {"page": page, "box_mm": box.as_list(), "field": field.value}
    )
    return JSONResponse({"text": text or ""})


def rows_of(known: Whole, profile: Profile) -> tuple[Row, ...]:
    """The fields in the order of the paper, each with how sure its reading is."""
    return tuple(_row(name, known, profile) for name in ORDER)


def _row(name: FieldName, known: Whole, profile: Profile) -> Row:
    field = Field.from_json(name, _read(known).get(name) or {"value": None})
    value: Value = known.row["confirmed"].get(name, field.value)
    return Row(
        name=name,
        text=field_rules.shown(name, value),
        read=field_rules.shown(name, field.value),
        sure="person" if name in known.row["confirmed"] else "early" if known.head else sureness(profile, field),
        percent=int(field.confidence * 100),
        suggestion=field_rules.shown(name, field.suggestion) if field.suggestion else "",
        page=field.page,
        box=field.box.as_list() if field.box else None,
        handwritten=field.handwritten,
        required=name in profile.ocr.required,
        length=FIELD_LENGTH.get(name),
    )


def _read(known: Whole) -> Mapping[str, Any]:
    """The fields as far as they are read: of page 1's head while the rest is still being read."""
    return (known.head or known.row)["fields"]  # type: ignore[no-any-return]


def _problems(seat: Seat, known: Whole, profile: Profile, values: Mapping[FieldName, Value]) -> tuple[Problem, ...]:
    number, notation = values.get(FieldName.CODE_NUMBER), values.get(FieldName.CODE_NOTATION)
    issued = str(values.get(FieldName.ISSUED_DATE) or "")
    twins: tuple[Twin, ...] = ()
    if number and notation and len(issued) == 10:
        found = reading.twins(
            seat.store,
            known.row["id"],
            str(number),
            str(notation),
            str(values.get(FieldName.ORGAN_NAME) or ""),
            issued[:4],
        )
        twins = tuple(Twin(*item) for item in found)
    return field_rules.problems(
        values,
        required=profile.ocr.required,
        arrived=known.row["arrived_at"].astimezone(VIETNAM).date(),
        pages=known.row["pages"],
        twins=twins,
    )


def _stored(known: Whole) -> dict[FieldName, Value]:
    fields = known.row["fields"]
    return {name: (fields.get(name) or {}).get("value") for name in ORDER}


def _typed(form: Any) -> dict[str, str]:
    return {name: text_of(form, f"field.{name}", 4000) for name in ORDER if f"field.{name}" in form}


def _plain(values: Mapping[FieldName, Value]) -> dict[str, Value]:
    return {str(name): value for name, value in values.items()}


def _problem(item: Problem, seat: Seat) -> dict[str, str]:
    return {"field": item.field, "key": item.key, "level": item.level, "text": seat.say(item.vi, item.en)}


def _version(form: Any) -> int:
    version = number_of(form, "version")
    if version is None:
        raise OperatorError("Thiếu số phiên bản của hồ sơ; hãy tải lại trang.", "The version is missing; load again.")
    return version


def _lease(profile: Profile) -> timedelta:
    return timedelta(minutes=profile.review.lease_minutes)


def _owner(known: Whole, seat: Seat) -> tuple[str, Any] | None:
    until = known.row["claimed_until"]
    if known.row["claimed_by"] and until and until > seat.store.clock.now():
        return known.row["claimed_by"], until
    return None
