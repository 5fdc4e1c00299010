"""One RQ worker process for the crash tests: ``python -m tests.crash.work HOME``. It does not outlive its station."""

from __future__ import annotations

import ctypes
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    # Here and not above: every child that is spawned imports this module again.
    from intake.settings import load
    from workers.queues.rq import work

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    work(load(Path(sys.argv[1])))
