"""A crash dump of the process that holds a PIN or an open key would hold it too: no dump is written."""

from __future__ import annotations

import resource


def no_core() -> None:
    """From now on this process writes no core file, however it ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
