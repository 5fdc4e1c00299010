"""A long-lived child process that runs stages under limits: a crash of native code costs one attempt only."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic
from typing import Any

from intake import crashpoint
from intake.errors import SohoaError, StageCrashed
from intake.folder import DocumentFolder
from intake.model import StageResult
from intake.ports import Tell
from intake.profile import Profile
from workers.chain import CALLS, Surroundings

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """All a stage needs, small enough to pickle."""

    stage: str
    document: DocumentFolder
    profile: str
    """JSON of the profile: generic pydantic models do not pickle"""
    out: Path
    surroundings: Surroundings


@dataclass(frozen=True, slots=True)
class Told:
    """What a stage says before its answer: it goes through the same pipe, ahead of it."""

    word: Mapping[str, Any]


class StageBug(Exception):
    """A stage raised what it must not. ``trace`` has the frames; the message is left out, it may hold document text."""

    def __init__(self, kind: str, trace: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.trace = trace

    def __reduce__(self) -> tuple[type[StageBug], tuple[str, str]]:
        return type(self), (self.kind, self.trace)


class Child:
    """One child; started at its first task and again after a crash, a time-out or ``recycle_after`` tasks."""

    def __init__(self, memory_bytes: int, seconds: float, recycle_after: int, crash_at: str | None = None) -> None:
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._recycle_after = recycle_after
        self._crash_at = crash_at  # armed in the first child only: its successor must live
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._served = 0

    def call(
        self,
        task: Task,
        beat: Callable[[], None],
        stopping: Callable[[], bool],
        told: Tell | None = None,
    ) -> StageResult:
        """Run the stage in the child. ``beat`` is called about once a second (it extends the lease), ``told`` with what
        the stage says before it is done.

        Raises what the stage raised (SohoaError), StageBug, StageCrashed, or InterruptedError when ``stopping``.
        """
        pipe = self._ready()
        try:
            pipe.send(task)
            answer = self._answer_to(task, pipe, beat, stopping, told)
        except BaseException:
            # Whatever ended the wait (a database that is away when the lease is extended, too): an answer that still
            # comes would be taken for the next document's.
            self.close()
            raise
        self._served += 1
        if isinstance(answer, BaseException):
            raise answer
        result: StageResult = answer
        return result

    def _answer_to(
        self, task: Task, pipe: Connection, beat: Callable[[], None], stopping: Callable[[], bool], told: Tell | None
    ) -> Any:
        end = monotonic() + self._seconds
        while True:
            # Never a whole second beyond the end: a short limit would be passed by any answer that comes in that time.
            while not pipe.poll(max(0.0, min(POLL_SECONDS, end - monotonic()))):
                if monotonic() >= end:
                    raise _crashed(task, f"quá {self._seconds:.0f} giây", f"took more than {self._seconds:.0f} s")
                beat()
                if stopping():
                    raise InterruptedError
            try:
                answer = pipe.recv()
            except (EOFError, ConnectionResetError):
                code = self._exit_code()
                raise _crashed(task, f"tiến trình dừng đột ngột ({code})", f"its process died ({code})") from None
            if not isinstance(answer, Told):
                return answer
            if told is not None:
                told(answer.word)

    def _ready(self) -> Connection:
        if self._served >= self._recycle_after or (self._process is not None and not self._process.is_alive()):
            self.close()
        if self._pipe is None:
            context = get_context("spawn")
            ours, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve, args=(theirs, self._memory_bytes, os.getpid(), self._crash_at), daemon=True
            )
            self._process.start()
            self._crash_at = None
            theirs.close()
            self._pipe, self._served = ours, 0
        return self._pipe

    def _exit_code(self) -> str:
        if self._process is None:
            return "?"
        self._process.join(5)
        code = self._process.exitcode
        return signal.Signals(-code).name if code is not None and code < 0 else f"exit {code}"

    def close(self) -> None:
        """Kill the child; whatever it was doing is an attempt that never happened."""
        if self._process is not None:
            self._process.kill()
            self._process.join(5)
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None
        self._served = 0


def _crashed(task: Task, vi: str, en: str) -> StageCrashed:
    return StageCrashed(
        f"Bước {task.stage} của hồ sơ {task.document.document_id}: {vi}.",
        f"Stage {task.stage} of document {task.document.document_id}: {en}.",
    )


def _serve(pipe: Connection, memory_bytes: int, parent: int, crash_at: str | None) -> None:
    """The child's life: die with the parent, keep the limits, answer one task after the other."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_THREAD_LIMIT"] = "1"  # two Tesseracts with OpenMP fight over two cores: 4-8 times slower
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the document
    if crash_at:
        name, _, nth = crash_at.partition(":")
        crashpoint.arm(name, int(nth or 1))
    while True:
        try:
            task: Task = pipe.recv()
        except EOFError:
            return
        # No lock: a stage tells nothing after it returned, and the answer is sent after that.
        pipe.send(_answer(task, lambda word: pipe.send(Told(word))))


def _answer(task: Task, tell: Tell) -> Any:
    try:
        profile = Profile.model_validate_json(task.profile)
        return CALLS[task.stage](task.document, profile, task.out, task.surroundings, tell)
    except SohoaError as error:
        return error
    except MemoryError:
        return _crashed(task, "vượt giới hạn bộ nhớ", "went over its memory limit")
    except Exception as error:  # noqa: BLE001 - the one place where a stage's bug becomes a value
        return StageBug(type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
