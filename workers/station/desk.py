"""The desk served by the station's own process, so that the token never leaves the văn thư's machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import uvicorn

from intake.errors import EnvironmentTrouble
from intake.review.app import create_app
from intake.settings import Settings
from intake.store import Store
from workers.sign.verify import verify
from workers.station.magnifier import Magnifier
from workers.station.metrics import instrument
from workers.station.signing import TokenDesk
from workers.station.suggest import Suggestions
from workers.station.zone import ZoneReader
from workers.tools.pki import load_trust

STOP_SECONDS = 3.0
"""what a request or a signature that is just being made gets to end"""


class DeskServer:
    """The desk on ``desk.host:desk.port``; port 0 takes a free one (``address`` tells)."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.signing = TokenDesk(store, settings)
        app = create_app(
            store,
            settings,
            sign=self.signing,
            verify=verifier(store, settings),
            read_zone=ZoneReader(store, settings),
            cut_tile=Magnifier(store, settings),
        )
        app.state.suggest = Suggestions(store)
        instrument(app, store, settings)
        self._socket = _bind(settings.desk.host, settings.desk.port)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(STOP_SECONDS),
        )
        self._server = uvicorn.Server(config)  # outside the main thread it leaves the signals to the station
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="desk", daemon=True
        )

    @property
    def address(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Within a few seconds: the rest of the 30 that a service manager gives belongs to the running stages."""
        end = monotonic() + STOP_SECONDS
        self._server.should_exit = True
        self.signing.stop_all(STOP_SECONDS)
        self._thread.join(max(0.0, end - monotonic()))
        self._socket.close()


def _bind(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise EnvironmentTrouble(
            f"Không mở được cổng {host}:{port} ({error.strerror}). Hãy tắt chương trình đang dùng cổng đó hoặc đổi "
            "desk.port trong sohoa.toml.",
            f"{host}:{port} cannot be opened ({error.strerror}). Stop the program that uses it or change desk.port.",
        ) from error
    listening.listen(128)
    return listening


def verifier(store: Store, settings: Settings) -> Callable[[Path], Mapping[str, Any]]:
    """Judges a handed-in PDF by the station's trust folder; CRL and OCSP are asked for trusted certificates only."""

    def check(path: Path) -> Mapping[str, Any]:
        return verify(path, load_trust(settings.trust_folder), store.clock.now(), online=True).as_json()

    return check
