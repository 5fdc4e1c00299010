"""A seat at the desk: who asks, in which language, with which proof, and how an answer is written for her."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from jinja2 import Environment
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from intake.errors import NotAllowed
from intake.field_rules import shown
from intake.model import Actor, Box, FieldName
from intake.review.guard import Pace
from intake.review.signing import SigningDesk
from intake.review.texts import LANGUAGES, Texts
from intake.settings import Settings
from intake.store import Store, people
from intake.store.desk import viewed
from intake.store.people import Person, Session
from intake.store.reading import Whole

VIETNAM = timezone(timedelta(hours=7))
"""no summer time since 1975; the desk writes local time, the store UTC"""

ReadZone = Callable[[str, int, Box, FieldName], str | None]
"""(document id, page, zone in mm, field) → text read in that zone, or None"""
CutTile = Callable[[Whole, int, int, int, int], bytes | None]
"""(document, page, level, column, row) → 512 px tile of the scan halved ``level`` times, WebP; None off the page"""
Verify = Callable[[Path], Mapping[str, Any]]
"""a PDF → the answer of `sohoa verify --json`"""


@dataclass(frozen=True)
class Desk:
    """Everything the pages share; built once by ``create_app``."""

    store: Store
    settings: Settings
    texts: Texts
    templates: Environment
    sign: SigningDesk | None = None
    verify: Verify | None = None
    read_zone: ReadZone | None = None
    cut_tile: CutTile | None = None
    paths: frozenset[str] = frozenset()
    """addresses this version of the desk answers: the menu shows no other"""
    views: Views = field(default_factory=lambda: Views())
    sign_in_pace: Pace = field(default_factory=lambda: Pace(20, timedelta(minutes=1)))
    pace: Pace = field(default_factory=lambda: Pace(1200, timedelta(minutes=1)))

    @cached_property
    def seconding(self) -> bool:
        """Some station's profile asks for a blind second key."""
        names = {each.profile for each in self.settings.station.values()}
        return any(self.settings.profile_of(name).review.second_key_share > 0 for name in names)

    @property
    def cookie(self) -> str:
        return "__Host-sohoa" if self.settings.desk.secure_cookies else "sohoa"

    def today(self) -> date:
        return self.store.clock.now().astimezone(VIETNAM).date()


class Views:
    """Which session was written down as having seen which document, so that its pictures are not written again."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = Lock()

    def first(self, key: str, document_id: str) -> bool:
        """True once per session and document (again when so many came after that it was forgotten)."""
        with self._lock:
            known = (key, document_id) in self._seen
            self._seen[(key, document_id)] = None
            self._seen.move_to_end((key, document_id))
            if len(self._seen) > self._most:
                self._seen.popitem(last=False)
        return not known


class SignInNeeded(NotAllowed):
    """No live session behind the cookie; HTTP 401 for scripts, the sign-in page for people."""


@dataclass(frozen=True)
class Seat:
    """One request of one person (``session`` is None on the sign-in page)."""

    desk: Desk
    request: Request
    language: str
    session: Session | None

    @property
    def store(self) -> Store:
        return self.desk.store

    @property
    def person(self) -> Person:
        if self.session is None:
            raise SignInNeeded("Hãy đăng nhập trước.", "Sign in first.")
        return self.session.person

    def acting(self, roles: Collection[str]) -> Actor:
        """This person for an act that takes one of ``roles``; NotAllowed otherwise."""
        if not self.person.has(*roles):
            names = ", ".join(self.t(f"role.{role}") for role in sorted(roles))
            raise NotAllowed(
                f"Việc này cần vai trò: {names}. Tài khoản của bạn không có.",
                f"This takes the role {names}; your account does not have it.",
            )
        return self.person.acting(roles)

    @property
    def reader(self) -> Actor:
        """This person looking, in her first role."""
        return self.person.acting(())

    def saw(self, document_id: str, what: str, *, always: bool = False) -> None:
        """Write down that this person was shown a document: every time for screens, once per session for pictures."""
        key = self.session.key if self.session else ""
        if self.desk.views.first(key, document_id) or always:
            viewed(self.store, document_id, self.reader, what)

    def t(self, key: str, **values: object) -> str:
        return self.desk.texts(key, self.language, **values)

    def say(self, vi: str, en: str) -> str:
        """The one of two messages that is in this seat's language."""
        return en if self.language == "en" and en else vi

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        body = self.desk.templates.get_template(template).render(
            t=self.t,
            say=self.say,
            lang=self.language,
            person=self.session.person if self.session else None,
            csrf=self.session.csrf if self.session else "",
            path=self.request.url.path,
            here=str(self.request.url.path) + (f"?{self.request.url.query}" if self.request.url.query else ""),
            now=self.store.clock.now(),
            shown=shown,
            signing=self.desk.sign is not None,
            verifying=self.desk.verify is not None,
            pages_at_hand=self.desk.paths,
            seconding=self.desk.seconding,
            oidc=self.desk.settings.oidc.label if self.desk.settings.oidc else "",
            **values,
        )
        return HTMLResponse(body, status)

    def go(self, path: str) -> RedirectResponse:
        return RedirectResponse(path, 303)

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.request.headers.get("accept", "")

    def done(self, path: str, **values: Any) -> Response:
        """After an act: the next address, as JSON for scripts and as a redirect for forms."""
        return JSONResponse({"next": path, **values}) if self.wants_json else self.go(path)


def local(moment: datetime | None, pattern: str = "%H:%M %d/%m/%Y") -> str:
    """A moment in Vietnamese local time; nothing for None."""
    return moment.astimezone(VIETNAM).strftime(pattern) if moment else ""


def desk_of(request: Request) -> Desk:
    return cast(Desk, request.app.state.desk)


def language_of(request: Request) -> str:
    chosen = request.cookies.get("lang", "vi")
    return chosen if chosen in LANGUAGES else "vi"


def keep_session(desk: Desk, answer: Response, token: str) -> None:
    """Put the session's cookie on an answer."""
    answer.set_cookie(
        desk.cookie,
        token,
        httponly=True,
        secure=desk.settings.desk.secure_cookies,
        samesite="strict",
        path="/",
        max_age=int(people.LONGEST.total_seconds()),
    )


def visitor(request: Request) -> Seat:
    """Anybody, signed in or not; every request counts against its address's pace."""
    desk = desk_of(request)
    desk.pace.step(address_of(request), desk.store.clock.now())
    token = request.cookies.get(desk.cookie)
    return Seat(desk, request, language_of(request), people.session_of(desk.store, token) if token else None)


def seated(seat: Annotated[Seat, Depends(visitor)]) -> Seat:
    """A signed-in person; SignInNeeded otherwise. Page requests keep the session awake, polling does not."""
    if seat.session is None:
        raise SignInNeeded(
            "Phiên làm việc đã hết. Hãy đăng nhập lại; nội dung bạn đang nhập vẫn còn.",
            "Your session has ended. Sign in again; what you typed is still there.",
        )
    if seat.request.headers.get("x-poll") is None:
        people.touch(seat.store, seat.session.key)
    return seat


async def form_of(request: Request) -> FormData:
    """The posted form, read without any model that could echo a secret back."""
    return await request.form(max_files=8, max_fields=400)


Form = Annotated[FormData, Depends(form_of)]


def acting(seat: Annotated[Seat, Depends(seated)], form: Form) -> Seat:
    """A signed-in person whose request proves it comes from our own page (CSRF token and Origin)."""
    same_origin(seat.request)
    session = seat.session
    proof = seat.request.headers.get("x-csrf") or str(form.get("csrf", ""))
    if session is None or not hmac.compare_digest(proof.encode(), session.csrf.encode()):
        raise NotAllowed(
            "Trang này đã cũ (mã bảo vệ không khớp). Hãy tải lại trang rồi làm lại.",
            "This page is out of date (its protection code does not match). Load it again and repeat.",
        )
    return seat


def same_origin(request: Request) -> None:
    """Refuse a post that another site's page sends from this browser."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowed("Yêu cầu đến từ một trang khác.", "The request comes from another site.")
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise NotAllowed("Yêu cầu đến từ một trang khác.", "The request comes from another site.")


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def text_of(form: FormData, name: str, most: int = 2000) -> str:
    """A text field of a form, without surrounding space; uploads and absent fields count as empty."""
    value = form.get(name)
    return value.strip()[:most] if isinstance(value, str) else ""


def number_of(form: FormData, name: str) -> int | None:
    """A whole number of a form, or None."""
    value = text_of(form, name, 12)
    return int(value) if value.isascii() and value.isdigit() else None


def safe_path(path: str) -> str:
    """A path of this site to return to; anything else becomes the queue."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path and "\r" not in path
    return path if inside else "/queue"


Visitor = Annotated[Seat, Depends(visitor)]
Seated = Annotated[Seat, Depends(seated)]
Acting = Annotated[Seat, Depends(acting)]
