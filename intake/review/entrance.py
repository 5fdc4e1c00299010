"""In and out: sign-in, sign-out, language."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from intake.errors import NotAllowed
from intake.review.guard import TooOften
from intake.review.seat import (
    Acting,
    Form,
    Seat,
    Visitor,
    address_of,
    keep_session,
    safe_path,
    same_origin,
    text_of,
    visitor,
)
from intake.review.texts import LANGUAGES
from intake.store import people

router = APIRouter()


@router.get("/")
def start() -> RedirectResponse:
    return RedirectResponse("/queue", 303)


@router.get("/login")
def ask(seat: Visitor, next: str = "/queue") -> Response:
    if seat.session is not None:
        return seat.go(safe_path(next))
    return seat.page("login.html", next=safe_path(next), name="", trouble=None)


@router.post("/login")
def enter(seat: Annotated[Seat, Depends(visitor)], form: Form) -> Response:
    """Open a session. A script (the page whose session ran out) gets the new protection code instead of a redirect;
    it names the person it had, so that nobody continues another's half-typed document."""
    same_origin(seat.request)
    desk = seat.desk
    name, onward = text_of(form, "name", 60).lower(), safe_path(text_of(form, "next") or "/queue")
    try:
        desk.sign_in_pace.step(address_of(seat.request), seat.store.clock.now())
        token, session = people.sign_in(
            seat.store, name, str(form.get("password", "")), address=address_of(seat.request)
        )
    except NotAllowed as error:
        if seat.wants_json:
            raise
        status = 429 if isinstance(error, TooOften) else 403
        return seat.page("login.html", status, next=onward, name=name, trouble=error)
    answer: Response = (
        JSONResponse({"csrf": session.csrf, "name": session.person.name}) if seat.wants_json else seat.go(onward)
    )
    keep_session(desk, answer, token)
    return answer


@router.post("/logout")
def leave(seat: Acting) -> Response:
    if seat.session is not None:
        people.sign_out(seat.store, seat.session)
    answer = seat.go("/login")
    answer.delete_cookie(
        seat.desk.cookie, path="/", httponly=True, samesite="strict", secure=seat.desk.settings.desk.secure_cookies
    )
    return answer


@router.post("/language")
def speak(request: Request, form: Form, seat: Visitor) -> Response:
    same_origin(request)
    chosen = text_of(form, "language", 2)
    answer = seat.go(safe_path(text_of(form, "back") or "/queue"))
    if chosen in LANGUAGES:
        answer.set_cookie("lang", chosen, max_age=365 * 86400, samesite="lax", path="/", httponly=True)
    return answer
