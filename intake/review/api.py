"""The desk's work for other systems: submit pages, ask how far a document is, fetch the result. OpenAPI at openapi.json."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, File, Form, Query, Request, UploadFile
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, Response

from intake.errors import EnvironmentTrouble, OperatorError, SohoaError
from intake.folder import fsync_path
from intake.model import Actor, sha256_of
from intake.review import pages
from intake.review.seat import Desk, SignInNeeded, address_of, desk_of
from intake.states import State
from intake.store import connections, desk, reading
from intake.store.connections import Token

SCANS = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pdf"}
PAGES_MOST = 500
REFERENCE = r"^[\w .()-]{1,80}\.[0-9a-f]{12}$"


class Problem(BaseModel):
    """An error of the house: the same message in both languages; it says what to do now."""

    vi: str
    en: str


class Submitted(BaseModel):
    reference: str
    """ask /arrivals/{reference} what became of it"""


class Arrival(BaseModel):
    reference: str
    state: Literal["pending", "admitted", "duplicate", "refused", "vanished"]
    document: str | None = None
    document_state: State | None = None
    reason: Problem | None = None


class Known(BaseModel):
    """One document. ``fields`` are the confirmed values (Appendix VI names), empty until a person confirmed them, and
    always empty for a refused document."""

    id: str
    station: str
    name: str
    state: State
    version: int
    revision: int
    arrived_at: datetime
    due_at: datetime | None = None
    pages: int | None = None
    fields: dict[str, str | int | None] = {}
    findings: list[dict[str, Any]] = []
    provisional: dict[str, str | int | None] | None = None
    """what the head of page 1 says while the rest is being read: it may change, nobody has looked at it yet; null as soon
    as the document is read whole"""
    assignment: dict[str, Any] | None = None
    sha256: str | None = None
    """of the signed PDF"""


class Found(BaseModel):
    documents: list[str]
    more: bool


class Told(BaseModel):
    """The body of a webhook: POSTed with X-Sohoa-Event, X-Sohoa-Time and X-Sohoa-Signature = "sha256=" + hex HMAC-SHA256
    over «time.body» with the webhook's secret. Answer 2xx to acknowledge; otherwise it comes again, in order."""

    event: int
    at: datetime
    action: str
    document: str
    version: int | None
    state: str | None


class ApiDesk:
    """One authenticated call: the desk and the system that calls."""

    def __init__(self, desk: Desk, token: Token) -> None:
        self.desk = desk
        self.token = token

    @property
    def actor(self) -> Actor:
        return Actor(f"api:{self.token.name}", "system")

    def known(self, document_id: str) -> reading.Whole:
        """A document of this token's own station; others do not exist for it."""
        if connections.station_of(self.desk.store, document_id) != self.token.station:
            raise Missing(f"Không có hồ sơ {document_id}.", f"There is no document {document_id}.")
        return reading.whole(self.desk.store, document_id)


class Missing(OperatorError):
    """Nothing by this name for this token; HTTP 404."""


_bearer = HTTPBearer(auto_error=False, description="A token made by the administrator under «Kết nối»")


def _calling(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> ApiDesk:
    desk = desk_of(request)
    desk.pace.step(address_of(request), desk.store.clock.now())
    token = connections.token_of(desk.store, credentials.credentials) if credentials else None
    if token is None:
        raise SignInNeeded("Mã kết nối không đúng hoặc đã đóng.", "The token is wrong or closed.")
    return ApiDesk(desk, token)


Calling = Annotated[ApiDesk, Depends(_calling)]
ANSWERS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem} for code in (400, 401, 403, 404, 409, 413, 429, 503)
}


def create_api(desk: Desk) -> FastAPI:
    """The API as an application of its own, mounted under /api/v1."""
    api = FastAPI(
        title="Sohoa", version="1", docs_url=None, redoc_url=None, responses=ANSWERS, servers=[{"url": "/api/v1"}]
    )
    api.state.desk = desk
    api.add_exception_handler(SohoaError, _tell)
    api.add_exception_handler(HTTPException, _tell_http)
    api.post("/documents", status_code=202, response_model=Submitted)(submit)
    api.get("/documents", response_model=Found)(find)
    api.get("/documents/{document_id}", response_model=Known)(show)
    api.get(
        "/documents/{document_id}/document.pdf",
        response_class=FileResponse,
        responses={200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}},
    )(pdf)
    api.get("/arrivals/{reference}", response_model=Arrival)(arrival)
    api.webhooks.post("document-changed")(_told)
    return api


def submit(
    call: Calling,
    files: Annotated[list[UploadFile], File(description="The scanned pages in order, or one PDF or TIFF")],
    name: Annotated[str, Form(min_length=1, max_length=80, pattern=r"^[\w .()-]*$")] = "scan",
) -> Submitted:
    """Lay pages into the station's scan folder, whole or not at all; admission, secrecy gate and checks are the same as
    for a scanner."""
    kinds = [Path(each.filename or "").suffix.lower() for each in files]
    if not 1 <= len(files) <= PAGES_MOST or any(kind not in SCANS for kind in kinds):
        raise OperatorError(
            f"Gửi từ 1 đến {PAGES_MOST} tệp JPEG, PNG, TIFF hoặc PDF.",
            f"Send 1 to {PAGES_MOST} files: JPEG, PNG, TIFF or PDF.",
        )
    folder = call.desk.settings.scan_folder(call.token.station)
    reference = f"{name.strip(' .') or 'scan'}.{secrets.token_hex(6)}"
    hidden = folder / f".api-{reference}"
    try:
        hidden.mkdir(parents=True)
        for number, (each, kind) in enumerate(zip(files, kinds, strict=True), start=1):
            with (hidden / f"{number:03d}{kind}").open("wb") as target:
                shutil.copyfileobj(each.file, target, 1 << 20)
            fsync_path(hidden / f"{number:03d}{kind}")
        fsync_path(hidden)
        hidden.rename(folder / reference)
        fsync_path(folder)
    except OSError as error:
        shutil.rmtree(hidden, ignore_errors=True)
        raise EnvironmentTrouble(
            f"Không ghi được vào thư mục quét ({error.strerror}). Hãy thử lại sau.",
            f"The scan folder cannot be written ({error.strerror}). Try again later.",
        ) from error
    desk.noted(call.desk.store, "submitted", call.actor, None, {"reference": reference, "files": len(files)})
    return Submitted(reference=reference)


def arrival(call: Calling, reference: str) -> Arrival:
    """What became of a submission; ``pending`` until the station has taken it in."""
    if not re.fullmatch(REFERENCE, reference):
        raise Missing("Không có lần gửi này.", "There is no such submission.")
    row = connections.arrival_of(call.desk.store, call.token.station, reference)
    if row is None:
        if (call.desk.settings.scan_folder(call.token.station) / reference).is_dir():
            return Arrival(reference=reference, state="pending")
        raise Missing("Không có lần gửi này.", "There is no such submission.")
    reason = Problem(vi=row["reason_vi"], en=row["reason_en"] or "") if row["reason_vi"] else None
    return Arrival(
        reference=reference,
        state=row["state"],
        document=row["document_id"],
        document_state=row["document_state"],
        reason=reason,
    )


def find(
    call: Calling,
    state: Annotated[State | None, Query()] = None,
    text: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> Found:
    """Ids of this station's documents, the newest first, 50 to a page."""
    rows = reading.queue(
        call.desk.store,
        states=[state] if state else list(State),
        station=call.token.station,
        text=text,
        limit=51,
        skip=(page - 1) * 50,
        newest=True,
    )
    return Found(documents=[row["id"] for row in rows[:50]], more=len(rows) > 50)


def show(call: Calling, document_id: str) -> Known:
    """One document as it is now; every call is written down as a view."""
    known = call.known(document_id)
    secret = known.state is State.REFUSED
    desk.viewed(call.desk.store, document_id, call.actor, "api")
    facts = {stage: row["facts"] for stage, row in known.published.items()}
    return Known(
        id=document_id,
        station=known.row["station"],
        name=known.row["name"],
        state=known.state,
        version=known.version,
        revision=known.row["revision"],
        arrived_at=known.row["arrived_at"],
        due_at=known.row["due_at"],
        pages=None if secret else known.row["pages"],
        fields={} if secret else known.row["confirmed"],
        findings=[finding.as_json() for finding in known.findings],
        provisional=_values(known.head["fields"]) if known.head and not secret else None,
        assignment=None if secret else facts.get("forward", {}).get("assignment"),
        sha256=None if secret else facts.get("sign", {}).get("sha256"),
    )


def _values(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, str | int | None]:
    return {name: item["value"] for name, item in fields.items() if item.get("value") is not None}


def pdf(call: Calling, document_id: str) -> Response:
    """The signed PDF; before signing the assembled one."""
    known = call.known(document_id)
    file = pages.pdf_file(call.desk.store, call.desk.settings, known)
    desk.noted(call.desk.store, "viewed", call.actor, document_id, {"what": "pdf", "sha256": sha256_of(file)})
    return FileResponse(file, media_type="application/pdf", filename=f"{document_id}.pdf")


def _told(body: Told) -> None:
    """A document changed: ask for it if you want to know more."""


async def _tell(request: Request, error: Exception) -> Response:
    if not isinstance(error, SohoaError):
        raise error
    status = 404 if isinstance(error, Missing) else request.app.state.status(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"vi": error.vi, "en": error.en}, status, headers=headers)


async def _tell_http(_request: Request, error: Exception) -> Response:
    """What the framework refuses, in the shape of every other problem."""
    if not isinstance(error, HTTPException):
        raise error
    vi, en = ("Không có địa chỉ này.", "There is no such address.")
    if error.status_code != 404:
        vi, en = ("Yêu cầu không hợp lệ.", f"The request is not valid: {error.detail}.")
    return JSONResponse({"vi": vi, "en": en}, error.status_code, headers=error.headers)
