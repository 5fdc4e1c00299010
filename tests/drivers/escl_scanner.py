"""An eSCL scanner on the loopback: real HTTP, and every bad habit seen in the field, chosen by the first path segment."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAMESPACES = (
    'xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"'
)


@dataclass
class Habit:
    """How one scanner behaves. ``answers`` to NextDocument in order: bytes (a page), a status, or a pair of status and
    Retry-After; ``cut``: the page is announced longer than it is. After the last answer: 404."""

    answers: Sequence[Any] = ()
    starts: Sequence[int] = ()
    location: str = "{path}"
    state: str = "Idle"
    feeder: str = "ScannerAdfLoaded"
    feeder_after: str = "ScannerAdfEmpty"
    job_states: Sequence[str] = ("Completed",)
    completed: int | None = -1
    """images the job says it made; -1: as many as were sent"""
    forgets_jobs: bool = False
    formats: Sequence[str] = ("application/pdf", "image/jpeg")
    resolutions: Sequence[tuple[int, int]] = ((100, 100), (200, 200), (300, 300), (400, 200))
    duplex: bool = False
    content_type: str = "image/jpeg"
    cut: bool = False
    raw_capabilities: bytes | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    jobs: int = 0
    at: int = 0
    sent: int = 0
    asked_after_end: int = 0
    settings: list[bytes] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    habits: dict[str, Habit]

    def log_message(self, *_: Any) -> None:
        pass

    def _route(self) -> tuple[Habit, str]:
        name, _, rest = self.path.lstrip("/").partition("/eSCL/")
        return self.habits[name], rest

    def _send(self, status: int, body: bytes = b"", kind: str = "text/xml", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        habit, rest = self._route()
        with habit.lock:
            if rest == "ScannerCapabilities":
                self._send(200, habit.raw_capabilities or capabilities(habit))
            elif rest == "ScannerStatus":
                self._send(200, status(habit, self.path.rpartition("/")[0]))
            elif rest.endswith("/NextDocument"):
                self._document(habit)
            else:
                self._send(404)

    def _document(self, habit: Habit) -> None:
        answer = habit.answers[habit.at] if habit.at < len(habit.answers) else 404
        habit.at += 1
        if isinstance(answer, tuple):
            self._send(answer[0], Retry_After=str(answer[1]))
        elif isinstance(answer, int):
            habit.asked_after_end += habit.at > len(habit.answers)
            self._send(answer)
        elif habit.cut:
            self.send_response(200)
            self.send_header("Content-Type", habit.content_type)
            self.send_header("Content-Length", str(len(answer) + 1000))
            self.end_headers()
            self.wfile.write(answer)
            self.close_connection = True
        else:
            habit.sent += 1
            self._send(200, answer, habit.content_type)

    def do_POST(self) -> None:
        habit, _ = self._route()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with habit.lock:
            if habit.jobs < len(habit.starts):
                refused = habit.starts[habit.jobs]
                habit.jobs += 1
                self._send(refused)
                return
            habit.settings.append(body)
            habit.jobs += 1
            habit.at = habit.sent = 0
            self._send(201, Location=habit.location.format(path=f"{self.path}/{habit.jobs}"))

    def do_DELETE(self) -> None:
        habit, rest = self._route()
        with habit.lock:
            habit.deleted.append(rest)
            self._send(200)


def capabilities(habit: Habit) -> bytes:
    formats = "".join(f"<pwg:DocumentFormat>{name}</pwg:DocumentFormat>" for name in habit.formats)
    steps = "".join(
        f"<scan:DiscreteResolution><scan:XResolution>{x}</scan:XResolution><scan:YResolution>{y}</scan:YResolution>"
        "</scan:DiscreteResolution>"
        for x, y in habit.resolutions
    )
    caps = (
        "<scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>2550</scan:MaxWidth><scan:MinHeight>16</scan:MinHeight>"
        "<scan:MaxHeight>3508</scan:MaxHeight><scan:SettingProfiles><scan:SettingProfile><scan:ColorModes>"
        "<scan:ColorMode>Grayscale8</scan:ColorMode><scan:ColorMode>RGB24</scan:ColorMode></scan:ColorModes>"
        f"<scan:DocumentFormats>{formats}</scan:DocumentFormats><scan:SupportedResolutions><scan:DiscreteResolutions>{steps}"
        "</scan:DiscreteResolutions></scan:SupportedResolutions></scan:SettingProfile></scan:SettingProfiles>"
    )
    duplex = f"<scan:AdfDuplexInputCaps>{caps}</scan:AdfDuplexInputCaps>" if habit.duplex else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><scan:ScannerCapabilities {NAMESPACES}><pwg:Version>2.0</pwg:Version>'
        "<pwg:MakeAndModel>Loopback MFP</pwg:MakeAndModel>"
        f"<scan:Platen><scan:PlatenInputCaps>{caps}</scan:PlatenInputCaps></scan:Platen>"
        f"<scan:Adf><scan:AdfSimplexInputCaps>{caps}</scan:AdfSimplexInputCaps>{duplex}<scan:FeederCapacity>50"
        "</scan:FeederCapacity></scan:Adf><scan:CompressionFactorSupport><scan:Min>0</scan:Min><scan:Max>100</scan:Max>"
        "<scan:Normal>25</scan:Normal><scan:Step>1</scan:Step></scan:CompressionFactorSupport></scan:ScannerCapabilities>"
    ).encode()


def status(habit: Habit, root: str) -> bytes:
    done = habit.jobs > len(habit.starts) and habit.at >= len(habit.answers)
    feeder = habit.feeder_after if done else habit.feeder
    jobs = ""
    if habit.jobs > len(habit.starts) and not habit.forgets_jobs:
        step = min(max(habit.asked_after_end - 1, 0), len(habit.job_states) - 1)
        count = habit.sent if habit.completed == -1 else habit.completed
        counted = "" if count is None else f"<pwg:ImagesCompleted>{count}</pwg:ImagesCompleted>"
        jobs = (
            f"<scan:Jobs><scan:JobInfo><pwg:JobUri>{root}/ScanJobs/{habit.jobs}</pwg:JobUri>{counted}"
            f"<pwg:JobState>{habit.job_states[step]}</pwg:JobState></scan:JobInfo></scan:Jobs>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><scan:ScannerStatus {NAMESPACES}><pwg:Version>2.0</pwg:Version>'
        f"<pwg:State>{habit.state}</pwg:State><scan:AdfState>{feeder}</scan:AdfState>{jobs}</scan:ScannerStatus>"
    ).encode()


@contextmanager
def serving(habits: dict[str, Habit], context: Any = None) -> Iterator[int]:
    """Serve on a free port of the loopback; yields the port. ``context``: an SSLContext for https."""
    handler = type("BoundHandler", (Handler,), {"habits": habits})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
