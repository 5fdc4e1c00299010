"""The `sohoa` command: gathers the commands of the front and those plugged in by entry point."""

from __future__ import annotations

import sys

import typer

from intake.errors import SohoaError
from intake.plugins import plugins

app = typer.Typer(
    name="sohoa",
    help="Số hóa văn bản giấy tại văn thư / Paper into lawful electronic documents at the registry desk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def assemble() -> typer.Typer:
    """Register every plugged-in command; a plug-in that cannot be loaded is named and passed over."""
    for plugin in plugins("sohoa.commands"):
        try:
            command = plugin.load()
        except SohoaError as error:
            print(error.vi, error.en, sep="\n", file=sys.stderr)
            continue
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=plugin.name)
        else:
            app.command(plugin.name)(command)
    return app


def run() -> None:
    """Entry point of the `sohoa` script: errors of ours end with their text and their exit code."""
    try:
        assemble()()
    except SohoaError as error:
        print(error.vi, error.en, sep="\n", file=sys.stderr)
        sys.exit(int(error.exit_code))
