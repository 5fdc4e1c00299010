"""The socket between the desk and the process that signs: the desk shows and asks, it never touches a key.

The PIN is handed on in one call and kept nowhere: not in the store, not in a log, not in an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from intake.model import Actor, Box
from intake.store.signing import FrozenSet


@dataclass(frozen=True, slots=True)
class MarkPreview:
    """Where and how the mark will stand on page ``page``: ``box`` in mm from the top left; ``moved`` = not box 14.

    ``lines`` are its words with the time still open. ``vi``/``en`` say why it moved, or why this document cannot be
    signed (then ``possible`` is False).
    """

    document_id: str
    form: str
    lines: tuple[str, ...]
    page: int = 1
    box: Box | None = None
    moved: bool = False
    possible: bool = True
    vi: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a set is. ``refused`` = the PIN or the device said no and nothing was signed: the set stays frozen.

    ``outcomes``: document id → (``signed|changed|failed|waiting``, message in Vietnamese / English).
    """

    state: Literal["frozen", "signing", "done", "stopped", "refused"]
    total: int
    finished: int
    outcomes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    vi: str = ""
    en: str = ""
    asking: bool = False
    """the key wants the person's PIN for its next signature"""


@runtime_checkable
class SigningDesk(Protocol):
    """What the station offers to the signing page. Calls return at once; signing runs in the station's own thread."""

    def preview(self, frozen: FrozenSet) -> Sequence[MarkPreview]:
        """The mark of every document of the set, in its order."""

    def start(self, set_id: str, actor: Actor, pin: str) -> None:
        """Begin; OperatorError or NotAllowed when it cannot (no assignment, set used or expired)."""

    def progress(self, set_id: str) -> Progress:
        """Where it is now."""

    def answer(self, set_id: str, pin: str) -> None:
        """The PIN the key asks for before its next signature; OperatorError when it asks for none."""

    def stop(self, set_id: str) -> None:
        """Stop after the document being signed; the others wait again."""
