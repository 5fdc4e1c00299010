"""A watched child process is read line by line and never outlives its block."""

from __future__ import annotations

import os
import signal

import pytest

from scanner_drivers.watched import SilentTooLong, WatchedProcess


def shell(script: str, silence: float = 30.0, grace: float = 30.0) -> WatchedProcess:
    return WatchedProcess(["/bin/sh", "-c", script], os.environ, silence, grace)


def test_lines_of_both_streams_come_and_a_carriage_return_ends_one() -> None:
    with shell(r"printf 'a\rb\nrest'; printf 'x\n' >&2; exit 5") as process:
        lines = list(process.lines())
        assert process.status() == 5
    assert [line for stream, line in lines if stream == "out"] == ["a", "b", "rest"]
    assert [line for stream, line in lines if stream == "err"] == ["x"]


def test_silence_ends_the_program() -> None:
    with shell("echo one; sleep 600", silence=0.2) as process, pytest.raises(SilentTooLong):
        list(process.lines())
    assert process.process.returncode == -signal.SIGINT


def test_a_program_that_will_not_stop_is_killed() -> None:
    with shell("trap '' INT; echo one; while :; do sleep 600; done", silence=0.2, grace=0.1) as process:
        assert next(process.lines()) == ("out", "one")
    assert process.process.returncode == -signal.SIGKILL


def test_a_program_that_closes_its_output_and_stays_is_ended() -> None:
    with shell("exec >&- 2>&-; sleep 600", silence=0.2, grace=0.1) as process:
        assert list(process.lines()) == []
        with pytest.raises(SilentTooLong):
            process.status()
    assert process.process.returncode is not None
