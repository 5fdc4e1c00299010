"""`sohoa run`: the station — watched folders, workers and the desk — until Ctrl-C."""

from __future__ import annotations

import signal
import threading
import traceback
from functools import partial
from pathlib import Path
from typing import Annotated

import structlog
import typer

from intake.errors import SohoaError
from intake.settings import SystemClock, load
from intake.store import Store
from workers.station.desk import DeskServer
from workers.station.station import Station

log = structlog.get_logger()


def command(
    home: Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = None,
    desk: Annotated[bool, typer.Option(help="Mở bàn làm việc trên web / serve the desk.")] = True,
) -> None:
    """Chạy trạm / run the station.

    Ví dụ / example: sohoa run --home var/station
    """
    settings = load(home)
    for name in sorted({station.profile for station in settings.station.values()}):
        settings.profile_of(name)  # a mistake in a profile is told now, not by a folder nobody watches
    write_json_logs()
    store = Store(settings.database_url, SystemClock())
    store.migrate()
    server = DeskServer(store, settings) if desk else None
    station = Station(settings, store)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    failed: list[str] = []
    threading.excepthook = partial(part_died, failed=failed, stopping=stopping)
    station.start()
    if server:
        server.start()
        typer.echo(f"Bàn làm việc / desk: {server.address}   (Ctrl-C để dừng / to stop)", err=True)
    for name in settings.station:
        typer.echo(f"Thư mục quét / scan folder «{name}»: {settings.scan_folder(name)}", err=True)
    while not stopping.wait(1.0):
        pass
    typer.echo("Đang dừng, không mất việc nào… / stopping, nothing is lost…", err=True)
    if server:
        server.stop()
    station.stop()
    if failed:
        raise SohoaError(
            f"Một phần của trạm đã dừng vì lỗi phần mềm ({', '.join(failed)}); trạm dừng hẳn để không lỗi nào bị im "
            "lặng. Không mất hồ sơ nào; hãy khởi động lại và gửi nhật ký cho người bảo trì.",
            f"A part of the station died of a software fault ({', '.join(failed)}); the whole station stopped so that "
            "nothing fails in silence. No document is lost; start it again and send the log to the maintainers.",
        )


def part_died(dead: threading.ExceptHookArgs, failed: list[str], stopping: threading.Event) -> None:
    """A thread ended by an exception nobody expected: written down without its message, which may hold document text."""
    name = dead.thread.name if dead.thread else "?"
    trace = "".join(traceback.format_tb(dead.exc_traceback))
    log.error("part of the station died", part=name, kind=dead.exc_type.__name__, trace=trace)
    failed.append(name)
    stopping.set()


def write_json_logs() -> None:
    """One JSON object a line on standard error: document ids, never document text."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=typer.get_text_stream("stderr")),
    )
