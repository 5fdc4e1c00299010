"""The desk as one ASGI application, built from a store, the station's settings and what the station can do for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from intake.errors import (
    DocumentError,
    EnvironmentTrouble,
    NotAllowed,
    OperatorError,
    SohoaError,
    StaleVersion,
)
from intake.review import (
    api,
    batches,
    check_pdf,
    connections_page,
    corrections,
    crops,
    deliveries_page,
    document,
    entrance,
    group,
    media,
    oidc,
    people_page,
    queue,
    register,
    reports,
    second_key,
    signing_desk,
    texts,
)
from intake.review.guard import Guard, TooOften
from intake.review.seat import (
    CutTile,
    Desk,
    ReadZone,
    Seat,
    SignInNeeded,
    Verify,
    desk_of,
    language_of,
    local,
    safe_path,
)
from intake.review.signing import SigningDesk
from intake.settings import Settings
from intake.store import Store, people

HERE = Path(__file__).parent


def create_app(
    store: Store,
    settings: Settings,
    *,
    sign: SigningDesk | None,
    verify: Verify | None = None,
    read_zone: ReadZone | None = None,
    cut_tile: CutTile | None = None,
) -> FastAPI:
    """The desk. ``sign``, ``verify``, ``read_zone`` and ``cut_tile`` are what the station's process offers; what needs
    one that is missing is not shown."""
    app = FastAPI(title="Sohoa", docs_url=None, redoc_url=None, openapi_url=None)
    parts = (
        entrance,
        oidc,
        queue,
        batches,
        document,
        media,
        signing_desk,
        check_pdf,
        people_page,
        reports,
        crops,
        group,
        second_key,
        corrections,
        connections_page,
        deliveries_page,
        register,
    )
    paths = frozenset(getattr(route, "path", "") for part in parts for route in part.router.routes)
    app.state.desk = Desk(store, settings, _texts(), _templates(), sign, verify, read_zone, cut_tile, paths)
    app.add_middleware(Guard, upload_paths=("/verify", "/rescans/", "/api/v1/documents"))
    if settings.desk.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.desk.trusted_proxies))
    for part in parts:
        app.include_router(part.router)
    served = api.create_api(app.state.desk)
    served.state.status = _status
    app.mount("/api/v1", served)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_exception_handler(SohoaError, _tell)
    app.add_exception_handler(HTTPException, _tell_http)
    app.add_exception_handler(ClientDisconnect, _gone)
    return app


@cache
def _texts() -> texts.Texts:
    return texts.load()


@cache
def _templates() -> Environment:
    """Compiled once for every desk of this process."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["local"] = local
    return templates


def _status(error: SohoaError) -> int:
    if isinstance(error, TooOften):
        return 429
    if isinstance(error, SignInNeeded):
        return 401
    if isinstance(error, StaleVersion):
        return 409
    if isinstance(error, NotAllowed):
        return 403
    if isinstance(error, DocumentError):
        return 422
    if isinstance(error, EnvironmentTrouble):
        return 503
    return 400 if isinstance(error, OperatorError) else 500


async def _tell(request: Request, error: Exception) -> Response:
    """An error of the house as a page that says what to do now, or as JSON for scripts."""
    if not isinstance(error, SohoaError):
        raise error
    return _answer(request, _status(error), error.vi, error.en)


async def _tell_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404:
        return _answer(request, 404, "Không có trang này.", "There is no such page.")
    return _answer(request, error.status_code, "Yêu cầu không hợp lệ.", "The request is not valid.")


async def _gone(request: Request, error: Exception) -> Response:
    """The browser left before its request was read: nobody to tell, and no fault."""
    return Response(status_code=400)


def _answer(request: Request, status: int, vi: str, en: str) -> Response:
    language = language_of(request)
    if "application/json" in request.headers.get("accept", "") or request.url.path.startswith("/api/"):
        return JSONResponse({"message": en if language == "en" else vi, "vi": vi, "en": en}, status)
    if status == 401:
        onward = request.url.path if request.method == "GET" else "/queue"
        return RedirectResponse(f"/login?next={safe_path(onward)}", 303)
    desk = desk_of(request)
    token = request.cookies.get(desk.cookie)
    session = people.session_of(desk.store, token) if token and status not in (429, 503) else None
    return Seat(desk, request, language, session).page("error.html", status, vi=vi, en=en)
