"""Named places where the world changes: a test kills the process at each and proves that nothing is lost."""

from __future__ import annotations

import os
import signal

POINTS = (
    "receive.copied",
    "receive.synced",
    "admit.before_commit",
    "admit.committed",
    "clear.renamed",
    "clear.removed",
    "claim.before_commit",
    "claim.committed",
    "head.before_commit",
    "head.committed",
    "stage.ran",
    "publish.synced",
    "publish.renamed",
    "finish.before_commit",
    "finish.committed",
    "enqueue.before",
    "enqueue.after",
    "sign.after",
    "push.before_put",
    "push.after_put",
    "decide.before_commit",
    "decide.committed",
)
"""Every point, in the order a document meets them (docs/guarantees.md shows the matrix)."""

_armed: tuple[str, int] | None = None
_seen = 0


def arm(name: str | None, nth: int = 1) -> None:
    """Die by SIGKILL the ``nth`` time ``name`` is reached in this process; None disarms. Only settings call this."""
    global _armed, _seen
    if name is not None and name.split("@")[0] not in POINTS:
        raise ValueError(f"no crash point {name!r}; there are {', '.join(POINTS)}")
    _armed, _seen = ((name, nth) if name else None), 0


def reached(name: str, stage: str | None = None) -> None:
    """Called at the place itself. ``arm("finish.committed@ocr")`` meets only that stage's."""
    global _seen
    if _armed is None or _armed[0] not in (name, f"{name}@{stage}"):
        return
    _seen += 1
    if _seen >= _armed[1]:
        os.kill(os.getpid(), signal.SIGKILL)
