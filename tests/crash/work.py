"""One RQ worker process for the crash tests: ``python -m tests.crash.work HOME``."""

from __future__ import annotations

import sys
from pathlib import Path

from intake.settings import load
from workers.queues.rq import work

if __name__ == "__main__":
    work(load(Path(sys.argv[1])))
