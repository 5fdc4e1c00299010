"""The queue: what waits, how urgent it is, who has it; renewed without reloading the page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from intake.review.seat import Seat, Seated
from intake.states import State
from intake.store import coming, reading

router = APIRouter()

VIEWS: Mapping[str, tuple[State, ...]] = {
    "review": (State.ASSEMBLED,),
    "later": (State.ASSEMBLED,),
    "held": (State.HELD,),
    "sign": (State.APPROVED,),
    "running": (State.RECEIVED, State.CHECKED, State.RECOGNISED, State.SIGNED, State.DELIVERED),
    "done": (State.FORWARDED,),
    "out": (State.REJECTED, State.REFUSED, State.RECALLED),
    "all": tuple(State),
}
"""The tabs of the queue → the states each shows."""

NEWEST_FIRST = frozenset({"running", "done", "out", "all"})
"""views of what nobody has to take up: the last come is what people look for"""
PAGE = 50
PAGES_MOST = 40
"""farther down nobody reads; searching finds"""
SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One row as the screen shows it. ``clock``: ``late``, ``soon``, ``ok`` or empty."""

    id: str
    state: State
    station: str
    name: str
    number: str
    subject: str
    kind: str
    organ: str
    priority: int
    age: str
    arrived: datetime
    due: datetime | None
    clock: str
    owner: str
    owner_until: datetime | None
    mine: bool
    postponed_until: datetime | None
    postponed_why: str
    pages: int | None
    coming: str
    """``reading``: only page 1's head is read so far; ``assembling``: read whole, the PDF is not there yet; else empty"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the queue's address asks for; ``since`` and ``until`` narrow it to one batch."""

    view: str = "review"
    station: str = ""
    text: str = ""
    page: int = 1
    mine: str = ""
    since: str = ""
    until: str = ""

    def address(self, **other: object) -> str:
        """The same question with something changed."""
        changed = asdict(self) | {"page": 1} | other
        return "/queue?" + urlencode({name: value for name, value in changed.items() if value})

    @property
    def batch(self) -> tuple[datetime | None, datetime | None]:
        return _moment(self.since), _moment(self.until)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


@router.get("/queue")
def queue(seat: Seated, asked: Annotated[Asked, Depends()]) -> Response:
    return seat.page("queue.html", **_content(seat, asked))


@router.get("/queue/rows")
def rows(seat: Seated, asked: Annotated[Asked, Depends()]) -> Response:
    """The table alone, for the page that polls; 304 while nothing changed."""
    content = _content(seat, asked)
    answer = seat.page("queue_rows.html", **content)
    mark = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:24]}"'
    if seat.request.headers.get("if-none-match") == mark:
        return Response(status_code=304)
    return HTMLResponse(answer.body, headers={"ETag": mark})


@router.get("/queue/next")
def following(seat: Seated) -> Response:
    """The document this person should take now."""
    return seat.go(next_path(seat))


def next_path(seat: Seat, after: str | None = None) -> str:
    """Where the next document to review lies; the queue when none waits."""
    found = reading.queue(seat.store, free_for=seat.person.name, later=False, keyed_once=False, limit=2)
    ready = [row["id"] for row in found if row["id"] != after]
    return f"/documents/{ready[0]}" if ready else "/queue"


def _content(seat: Seat, asked: Asked) -> dict[str, Any]:
    view = asked.view if asked.view in VIEWS else "review"
    page = max(1, min(asked.page, PAGES_MOST))
    asked = replace(asked, view=view, page=page, text=asked.text[:200])
    since, until = asked.batch
    found = reading.queue(
        seat.store,
        states=VIEWS[view],
        station=asked.station or None,
        text=asked.text,
        limit=PAGE + 1,
        skip=(page - 1) * PAGE,
        owner=seat.person.name if asked.mine else None,
        later={"review": False, "later": True}.get(view),
        newest=view in NEWEST_FIRST,
        since=since,
        until=until,
    )
    return {
        "asked": asked,
        "batch": (since, until) if since and until else None,
        "view": view,
        "views": list(VIEWS),
        "numbers": _numbers(seat),
        "stations": sorted({*seat.desk.settings.station, *([asked.station] if asked.station else [])}),
        "more": len(found) > PAGE and page < PAGES_MOST,
        "lines": [line(row, seat) for row in _with_coming(found[:PAGE], asked, seat)],
    }


def _with_coming(rows: list[dict[str, Any]], asked: Asked, seat: Seat) -> list[dict[str, Any]]:
    """The rows with what is known early: in the clerk's own list, on its first page, what is on its way stands where it
    will stand; elsewhere a document that is being read shows its head. Nobody holds what cannot be decided on yet."""
    if asked.view == "review" and asked.page == 1 and not asked.mine:
        since, until = asked.batch
        early = coming.coming(seat.store, station=asked.station or None, text=asked.text, since=since, until=until)
        return sorted([*rows, *early], key=coming.turn)
    heads = coming.heads(seat.store, [row["id"] for row in rows if row["state"] == State.CHECKED])
    return [{**row, **heads.get(row["id"], {})} for row in rows]


def _numbers(seat: Seat) -> dict[str, str]:
    """What stands on the tabs: exact up to a thousand, «1000+» beyond."""
    counts = reading.tally(seat.store)
    later = reading.put_off(seat.store)
    numbers = {}
    for view, states in VIEWS.items():
        number = sum(counts[state] for state in states)
        full = any(counts[state] >= reading.TALLY_MOST for state in states)
        if view in ("review", "later") and not full:
            number = later if view == "later" else number - later
        numbers[view] = f"{reading.TALLY_MOST}+" if full else str(number)
    numbers["later"] = str(later)
    return numbers


def line(row: Mapping[str, Any], seat: Seat) -> Line:
    """One document as a row; of a refused one nothing but id, file name, station and time."""
    now = seat.store.clock.now()
    state = State(row["state"])
    secret = state is State.REFUSED
    held = row["claimed_by"] if row["claimed_until"] and row["claimed_until"] > now else None
    numbers = [part for part in (row["code_number"], row["code_notation"]) if part]
    return Line(
        id=row["id"],
        state=state,
        station=row["station"],
        name=row["name"],
        number="" if secret else "/".join(numbers),
        subject="" if secret else (row["subject"] or ""),
        kind="" if secret else (row["type_name"] or ""),
        organ="" if secret else (row["organ_name"] or ""),
        priority=0 if secret else int(row["priority"] or 0),
        age=_age(now - row["arrived_at"], seat),
        arrived=row["arrived_at"],
        due=row["due_at"],
        clock=_clock(state, row["due_at"], now),
        owner=held or "",
        owner_until=row["claimed_until"] if held else None,
        mine=held == seat.person.name,
        postponed_until=row.get("postponed_until"),
        postponed_why=row.get("postponed_why") or "",
        pages=row["pages"],
        coming="reading" if row.get("provisional") else "assembling" if state is State.RECOGNISED else "",
    )


def _clock(state: State, due: datetime | None, now: datetime) -> str:
    if due is None or state in (State.FORWARDED, State.REJECTED, State.REFUSED, State.RECALLED):
        return ""
    if due <= now:
        return "late"
    return "soon" if due - now <= SOON else "ok"


def _age(span: timedelta, seat: Seat) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 60:
        return seat.t("age.minutes", n=minutes)
    if minutes < 48 * 60:
        return seat.t("age.hours", n=minutes // 60)
    return seat.t("age.days", n=minutes // (24 * 60))
