"""Group verification: all doubtful dates (or numbers) of the queue as crops on one screen; mend some, confirm the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from intake import field_rules
from intake.errors import StaleVersion
from intake.model import Field, FieldName
from intake.review.seat import VIETNAM, Acting, Form, Seat, Seated, text_of
from intake.review.sureness import sureness
from intake.store import decision, desk, reading

router = APIRouter()

KINDS = (FieldName.ISSUED_DATE, FieldName.CODE_NUMBER, FieldName.CODE_NOTATION)
LOOKED_AT = 300
"""documents of the queue that are looked through"""
SHOWN = 40
MAY = decision.MAY["approve"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubtful reading: ``crop`` False when it was read from no place (then the document itself must be opened)."""

    document_id: str
    version: int
    attempt: int
    text: str
    crop: bool
    sure: str
    subject: str
    trouble: str


@router.get("/group")
def start(seat: Seated) -> Response:
    return seat.go(f"/group/{KINDS[0]}")


@router.get("/group/{name}")
def show(seat: Seated, name: str) -> Response:
    seat.acting(MAY)
    field = _kind(name)
    return _page(seat, field, {}, 0)


@router.post("/group/{name}")
def confirm(seat: Acting, form: Form, name: str) -> Response:
    """Each crop that was left ticked is confirmed as typed; what is impossible or has changed stays, and says why."""
    actor = seat.acting(MAY)
    field = _kind(name)
    troubles: dict[str, str] = {}
    kept = 0
    for document_id in (value for value in form.getlist("document") if isinstance(value, str)):
        typed = text_of(form, f"value.{document_id}", 200)
        version = text_of(form, f"version.{document_id}", 12)
        if not typed or not version.isdigit():
            continue
        known = reading.whole(seat.store, document_id)
        values = field_rules.parse({field: typed})
        others = {key: item.get("value") for key, item in known.row["fields"].items() if key != field}
        wrong = [
            item
            for item in field_rules.problems(
                {**{FieldName(key): value for key, value in others.items()}, **values},
                required=(),
                arrived=known.row["arrived_at"].astimezone(VIETNAM).date(),
            )
            if item.field == field and (item.level == "error" or item.code == "grammar")
        ]
        if wrong:
            troubles[document_id] = seat.say(wrong[0].vi, wrong[0].en)
            continue
        try:
            desk.confirm_fields(
                seat.store, document_id, int(version), actor, {str(key): value for key, value in values.items()}
            )
            kept += 1
        except StaleVersion as error:
            troubles[document_id] = seat.say(error.vi, error.en)
    return _page(seat, field, troubles, kept)


def _page(seat: Seat, field: FieldName, troubles: dict[str, str], kept: int) -> Response:
    doubts = _doubts(seat, field, troubles)
    for doubt in doubts:
        seat.saw(doubt.document_id, f"group {field}")
    return seat.page("group.html", kinds=KINDS, field=field, doubts=doubts, kept=kept, reads=bool(doubts))


def _doubts(seat: Seat, name: FieldName, troubles: dict[str, str]) -> list[Doubt]:
    rows = reading.queue(
        seat.store, free_for=seat.person.name, later=False, keyed_once=False, with_fields=True, limit=LOOKED_AT
    )
    attempts = reading.attempts_of(seat.store, [row["id"] for row in rows], "pdf")
    found = []
    for row in rows:
        profile = seat.desk.settings.profile_of(row["profile"])
        field = Field.from_json(name, row["fields"].get(name) or {"value": None})
        if sureness(profile, field) in ("doubt", "none") and row["id"] in attempts:
            found.append(_doubt(row, field, attempts[row["id"]], sureness(profile, field), troubles))
    return found[:SHOWN]


def _doubt(row: dict[str, Any], field: Field, attempt: int, sure: str, troubles: dict[str, str]) -> Doubt:
    return Doubt(
        document_id=row["id"],
        version=row["version"],
        attempt=attempt,
        text=field_rules.shown(field.name, field.value),
        crop=field.box is not None,
        sure=sure,
        subject=row["subject"] or row["name"],
        trouble=troubles.get(row["id"], ""),
    )


def _kind(name: str) -> FieldName:
    return next((kind for kind in KINDS if kind == name), KINDS[0])
