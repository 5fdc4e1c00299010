"""One life of a station that drives everything it finds to the end: watched folder, stages, clerk, văn thư, delivery.

Run as ``python -m tests.crash.drive [--number N] HOME MODE POINT…``. MODE is ``local`` or ``rq`` (then a ``sohoa work``
process does the stages). First it drives on until N documents are at their end. Then, for each point in turn, it arms
the point, drops a fresh scan, and drives that to its end too — unless it is killed on the way, which is the purpose.
``HOME/relay.log`` says which point was begun and, when station and document outlived it, who died: ``worker``,
``child`` or ``nobody``.

Points inside a stage's child are armed from the start of a process (SOHOA_CRASH_AT); a life armed so does only the
first of its points.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    # Here and not above: every child that is spawned imports this module again, and needs nothing of the station.
    from tests.crash.life import main

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("mode", choices=("local", "rq"))
    parser.add_argument("--number", type=int, default=0)
    parser.add_argument("points", nargs="*")
    given = parser.parse_args()
    sys.exit(main(given.home, given.mode, given.number, given.points))
