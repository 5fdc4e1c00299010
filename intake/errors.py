"""Every error of the house, rooted in one class and branched by who must act.

    SohoaError                       exit code 1
    ├── OperatorError                2   the person at the keyboard can fix it (wrong option, wrong profile, wrong PIN)
    │   ├── ProfileError             3   a profile file is wrong: file, key, what to write
    │   ├── NotAllowed               4   the person's role does not allow it
    │   └── StaleVersion             5   someone else changed the document first
    ├── DocumentError                6   this document cannot go on; the others do
    │   └── DeliveryRefused          6   a document system refuses it; what the other targets answered is kept
    ├── EnvironmentTrouble           7   disk, network, token, database: try again later
    │   ├── Undelivered              7   some target has no copy yet; what the other targets answered is kept
    │   ├── StageCrashed             7   the stage's child process died or outlasted its limit
    │   └── DependencyMissing        8   a program, font or language model is not installed
    └── StaleClaim                   9   this worker's lease was given to another worker

Texts say what happened, to which document or page, and what to do now, in Vietnamese and in English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """Exit codes of every ``sohoa`` command (listed in docs/reference/exit-codes.md)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PROFILE = 3
    NOT_ALLOWED = 4
    STALE_VERSION = 5
    DOCUMENT = 6
    ENVIRONMENT = 7
    DEPENDENCY_MISSING = 8
    STALE_CLAIM = 9
    FINDINGS = 10
    """`sohoa check` / `sohoa verify` ran well and the answer is no (verdict block, refuse, or invalid)."""


class SohoaError(Exception):
    """The root. ``vi`` and ``en`` carry the same message in both languages."""

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(f"{vi} / {en}")
        self.vi = vi
        self.en = en

    def __reduce__(self) -> tuple[type[SohoaError], tuple[str, str]]:
        """Errors cross the process boundary between a stage's child process and the runner."""
        return type(self), (self.vi, self.en)


class OperatorError(SohoaError):
    """The person at the keyboard can fix it."""

    exit_code = ExitCode.USAGE


class ProfileError(OperatorError):
    """A profile is wrong; the text names the file, the key and what to write."""

    exit_code = ExitCode.PROFILE


class NotAllowed(OperatorError):
    """The person's role, or the law, does not allow this act."""

    exit_code = ExitCode.NOT_ALLOWED


class StaleVersion(OperatorError):
    """The document changed since the person looked at it."""

    exit_code = ExitCode.STALE_VERSION


class DocumentError(SohoaError):
    """This document cannot go on; it is held with a finding and the rest of the queue goes on."""

    exit_code = ExitCode.DOCUMENT


class _Deliveries:
    """What every target answered (``intake.store.outbox.note_tries`` gives the shape), across process boundaries."""

    def __init__(self, vi: str, en: str, tries: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(vi, en)  # type: ignore[call-arg]
        self.tries = tuple(tries)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.vi, self.en, self.tries)  # type: ignore[attr-defined]


class DeliveryRefused(_Deliveries, DocumentError):
    """A target refuses the document; nothing but a person can change that."""


class EnvironmentTrouble(SohoaError):
    """Disk, network, token, database: nothing is wrong with the document; try again with back-off."""

    exit_code = ExitCode.ENVIRONMENT


class StageCrashed(EnvironmentTrouble):
    """The stage's child process died or outlasted its limit; tried once more, then the document is held."""


class Undelivered(_Deliveries, EnvironmentTrouble):
    """Some target has not taken the copy, or may not be tried now; the others' receipts count."""


class DependencyMissing(EnvironmentTrouble):
    """A program, font, model or library is not installed; the text gives the command that installs it."""

    exit_code = ExitCode.DEPENDENCY_MISSING


class StaleClaim(SohoaError):
    """The lease ran out and another worker owns the job: this result must not be committed."""

    exit_code = ExitCode.STALE_CLAIM
