"""The `sohoa` command: knows its commands by entry point and loads only the one that is asked for."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command as built

from intake.errors import SohoaError
from intake.plugins import plugins


class Plugged(TyperGroup):
    """Commands behind entry points: `sohoa check` must not pay for the web server, nor suffer from its faults."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [plugin.name for plugin in plugins("sohoa.commands")]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """None for a name nobody offers; a plug-in that cannot be loaded is named and passed over."""
        for plugin in plugins("sohoa.commands"):
            if plugin.name == cmd_name:
                try:
                    return _command(cmd_name, plugin.load())
                except SohoaError as error:
                    print(error.vi, error.en, sep="\n", file=sys.stderr)
        return None


def _command(name: str, offered: Any) -> Any:
    """The command an entry point offers: a Typer application, or a plain function with a Typer signature."""
    if not isinstance(offered, typer.Typer):
        function, offered = offered, typer.Typer(add_completion=False)
        offered.command(name)(function)
    command = built(offered)
    command.name = name
    return command


app = typer.Typer(
    cls=Plugged,
    name="sohoa",
    help="Số hóa văn bản giấy tại văn thư / Paper into lawful electronic documents at the registry desk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def sohoa() -> None:
    """Số hóa văn bản giấy tại văn thư / Paper into lawful electronic documents at the registry desk."""


def run() -> None:
    """Entry point of the `sohoa` script: errors of ours end with their text and their exit code."""
    try:
        app()
    except SohoaError as error:
        print(error.vi, error.en, sep="\n", file=sys.stderr)
        sys.exit(int(error.exit_code))
