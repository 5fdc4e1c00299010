"""One RQ worker process for the crash tests: ``python -m tests.crash.work HOME [STATION_PID]``.

With the station's process id it does not outlive it, however early that dies: an unarmed worker left over from another
life would do the work that the armed one must meet.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    if len(sys.argv) > 2:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(sys.argv[2]):
            sys.exit(0)
    # Here and not above: every child that is spawned imports this module again.
    from intake.settings import load
    from workers.queues.rq import work

    work(load(Path(sys.argv[1])))
