"""A child process in a group of its own whose silence is limited: a scanner program that hangs is ended, not awaited."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

GRACE = 5.0
"""seconds between asking a program to stop (SIGINT: scanimage then lets the device finish) and ending it"""


def _interruptible() -> None:
    """A station started in the background of a shell ignores SIGINT, and so would the program that inherits it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class SilentTooLong(Exception):
    """The program has written nothing for the allowed time; it has been ended."""


class WatchedProcess:
    """Run a program; read its output line by line; end it and all its children when the block is left."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        silence: float,
        grace: float = GRACE,
        cwd: Path | None = None,
    ) -> None:
        """``silence``: seconds without any output, after which ``lines`` raises SilentTooLong."""
        self.silence = silence
        self.grace = grace
        self.process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(env), cwd=cwd,
            start_new_session=True, preexec_fn=_interruptible,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def lines(self) -> Iterator[tuple[str, str]]:
        """``("out"|"err", line)`` as they come; carriage returns end a line too (progress). Ends with the program."""
        pending = {"out": b"", "err": b""}
        with selectors.DefaultSelector() as selector:
            for name, stream in (("out", self.process.stdout), ("err", self.process.stderr)):
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ, name)
            while selector.get_map():
                ready = selector.select(self.silence)
                if not ready:
                    self.stop()
                    raise SilentTooLong
                # complaints first: a rounded setting is known before the page it spoiled
                for key, _ in sorted(ready, key=lambda item: item[0].data):
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fileobj)
                    pending[key.data] += data.replace(b"\r", b"\n")
                    *whole, pending[key.data] = pending[key.data].split(b"\n")
                    for line in whole:
                        yield key.data, line.decode("utf-8", "replace").strip()
        for name, rest in pending.items():
            if rest:
                yield name, rest.decode("utf-8", "replace").strip()

    def status(self) -> int:
        """The exit status; negative for a signal. The program must have closed its output."""
        try:
            return self.process.wait(self.silence)
        except subprocess.TimeoutExpired as error:
            self.stop()
            raise SilentTooLong from error

    def stop(self) -> None:
        """End the whole group: SIGINT, then SIGKILL. Harmless when it has ended."""
        if self.process.poll() is None:
            self._signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.grace)
        self._signal(signal.SIGKILL)  # children that outlived it
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the group is gone
            os.killpg(self.process.pid, number)
