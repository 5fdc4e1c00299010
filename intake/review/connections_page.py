"""Connections: the administrator's page of other systems, their tokens and the addresses that are told."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from intake.errors import OperatorError
from intake.review.seat import Acting, Form, Seat, Seated, text_of
from intake.store import connections

router = APIRouter()

ADMINS = frozenset({"admin"})


@router.get("/connections")
def show(seat: Seated) -> Response:
    seat.acting(ADMINS | {"auditor"})
    return _page(seat)


@router.post("/connections/tokens")
def add_token(seat: Acting, form: Form) -> Response:
    """The token is in this one answer and nowhere else."""
    by = seat.acting(ADMINS)
    station = text_of(form, "station", 100)
    if station not in seat.desk.settings.station:
        raise OperatorError("Hãy chọn trạm nhận.", "Choose the station it submits to.")
    return _page(seat, token=connections.add_token(seat.store, text_of(form, "name", 60), station, by))


@router.post("/connections/tokens/{key}/close")
def close_token(seat: Acting, key: str) -> Response:
    connections.close_token(seat.store, key, seat.acting(ADMINS))
    return seat.go("/connections")


@router.post("/connections/webhooks")
def add_hook(seat: Acting, form: Form) -> Response:
    """The secret is in this one answer and nowhere else."""
    by = seat.acting(ADMINS)
    return _page(seat, secret=connections.add_hook(seat.store, text_of(form, "url", 500), by))


@router.post("/connections/webhooks/{hook_id}/close")
def close_hook(seat: Acting, hook_id: int) -> Response:
    connections.close_hook(seat.store, hook_id, seat.acting(ADMINS))
    return seat.go("/connections")


def _page(seat: Seat, token: str = "", secret: str = "") -> Response:
    return seat.page(
        "connections.html",
        tokens=connections.tokens(seat.store),
        hooks=connections.hooks(seat.store),
        stations=sorted(seat.desk.settings.station),
        may_change=seat.person.has(*ADMINS),
        token=token,
        secret=secret,
    )
