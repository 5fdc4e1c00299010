"""What stands between the browser and the desk: headers, sizes of requests, and how often one address may try."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from intake.errors import NotAllowed

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

FORM_BYTES = 1_000_000
UPLOAD_BYTES = 300_000_000


class Guard:
    """ASGI middleware: the headers on every answer, and an end to bodies larger than the path takes."""

    def __init__(self, app: ASGIApp, upload_paths: tuple[str, ...] = ()) -> None:
        self.app = app
        self.upload_paths = upload_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = UPLOAD_BYTES if scope["path"].startswith(self.upload_paths) else FORM_BYTES
        taken = 0
        started = False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise _TooLarge
            return message

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        try:
            declared = Request(scope).headers.get("content-length", "0")
            if not declared.isdigit() or int(declared) > most:
                raise _TooLarge
            await self.app(scope, counted, dressed)
        except _TooLarge:
            if not started:
                await PlainTextResponse("Dữ liệu gửi lên quá lớn. / The request is too large.", 413)(
                    scope, receive, dressed
                )


class _TooLarge(Exception):
    """The body is longer than the path takes."""


class Pace:
    """At most ``times`` acts per ``span`` from one source, by the clock handed in; forgets the quietest sources first."""

    def __init__(self, times: int, span: timedelta, sources: int = 4096) -> None:
        self.times = times
        self.span = span
        self.sources = sources
        self._seen: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = Lock()

    def step(self, source: str, now: datetime) -> None:
        """Count one act; NotAllowed says when the next one is welcome."""
        with self._lock:
            recent = [at for at in self._seen.pop(source, []) if now - self.span < at <= now]
            if len(recent) >= self.times:
                self._seen[source] = recent
                wait = int((recent[0] + self.span - now).total_seconds()) + 1
                raise TooOften(
                    f"Thử quá nhiều lần từ máy này. Hãy đợi {wait} giây rồi thử lại.",
                    f"Too many tries from this computer. Wait {wait} seconds, then try again.",
                )
            recent.append(now)
            self._seen[source] = recent
            while len(self._seen) > self.sources:
                self._seen.popitem(last=False)


class TooOften(NotAllowed):
    """The rate limit; HTTP 429."""
