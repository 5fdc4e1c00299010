"""`sohoa run`: the station — watched folders, workers and the desk — until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import structlog
import typer

from intake.settings import SystemClock, load
from intake.store import Store
from workers.station.desk import DeskServer
from workers.station.station import Station


def command(
    home: Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = None,
    desk: Annotated[bool, typer.Option(help="Mở bàn làm việc trên web / serve the desk.")] = True,
) -> None:
    """Chạy trạm / run the station.

    Ví dụ / example: sohoa run --home var/station
    """
    settings = load(home)
    write_json_logs()
    store = Store(settings.database_url, SystemClock())
    store.migrate()
    server = DeskServer(store, settings) if desk else None
    station = Station(settings, store)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
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
