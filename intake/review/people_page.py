"""People: the administrator's page of accounts, and everybody's own password."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from intake.errors import NotAllowed, OperatorError
from intake.review.seat import Acting, Form, Seated, text_of
from intake.store import people
from intake.store.people import ROLES

router = APIRouter()

ADMINS = frozenset({"admin"})


@router.get("/people")
def everyone(seat: Seated) -> Response:
    seat.acting(ADMINS | {"auditor"})
    return seat.page(
        "people.html", people=people.everyone(seat.store), roles=ROLES, may_change=seat.person.has(*ADMINS)
    )


@router.post("/people")
def add(seat: Acting, form: Form) -> Response:
    by = seat.acting(ADMINS)
    chosen = [str(role) for role in form.getlist("role")]
    people.add(
        seat.store,
        text_of(form, "name", 60),
        text_of(form, "full_name", 100),
        chosen,
        str(form.get("password", "")),
        by,
    )
    return seat.go("/people")


@router.post("/people/{name}/roles")
def roles(seat: Acting, form: Form, name: str) -> Response:
    people.set_roles(seat.store, name, [str(role) for role in form.getlist("role")], seat.acting(ADMINS))
    return seat.go("/people")


@router.post("/people/{name}/close")
def close(seat: Acting, name: str) -> Response:
    by = seat.acting(ADMINS)
    if name == by.name:
        raise OperatorError("Bạn không thể tự đóng tài khoản của mình.", "You cannot close your own account.")
    people.close(seat.store, name, by)
    return seat.go("/people")


@router.post("/people/{name}/unlock")
def unlock(seat: Acting, name: str) -> Response:
    people.unlock(seat.store, name, seat.acting(ADMINS))
    return seat.go("/people")


@router.post("/people/{name}/password")
def reset(seat: Acting, form: Form, name: str) -> Response:
    people.set_password(seat.store, name, str(form.get("password", "")), seat.acting(ADMINS))
    return seat.go("/people")


@router.get("/account")
def account(seat: Seated) -> Response:
    return seat.page("account.html")


@router.post("/account")
def change(seat: Acting, form: Form) -> Response:
    """One's own password: the old one proves who sits there; every session ends."""
    by = seat.reader
    if not people.proves(seat.store, by.name, str(form.get("old", ""))):
        raise NotAllowed("Mật khẩu hiện tại không đúng.", "The present password is wrong.")
    people.set_password(seat.store, by.name, str(form.get("password", "")), by)
    return seat.go("/login")
