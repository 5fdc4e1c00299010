"""``python -m tests.document_system --home DIR --port 8700 [--api-key K] [--hostile SEED]``: run it by hand."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from tests.document_system.hostility import Hostility
from tests.document_system.server import Access, DocumentSystem


def main() -> None:
    options = argparse.ArgumentParser(prog="document_system")
    options.add_argument("--home", type=Path, required=True)
    options.add_argument("--port", type=int, default=8700)
    options.add_argument("--api-key", default="")
    options.add_argument("--hostile", type=int, default=None, metavar="SEED")
    given = options.parse_args()
    moods = Hostility()
    if given.hostile is not None:
        moods = Hostility(given.hostile, commit_then_silence=0.1, error_before=0.1, twice=0.05, drip=0.02, trickle=0.05)
    system = DocumentSystem(given.home, hostility=moods, access=Access(api_key=given.api_key), port=given.port)
    with system:
        print(system.url, flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
