"""``sohoa check``: the capture gate on plain files, no database needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from intake.errors import ExitCode
from workers.check.gate import inspect
from workers.check.stage import report
from workers.cli.profile import open_profile

_COLOUR = {"note": "dim", "warn": "yellow", "block": "red", "refuse": "bold red"}


def command(
    files: Annotated[
        list[Path],
        typer.Argument(help="Các trang của MỘT văn bản, theo thứ tự. / The pages of ONE document, in order.",
                       exists=True, dir_okay=False, readable=True),
    ],
    profile: Annotated[
        str, typer.Option(help="Hồ sơ quy tắc: tên hoặc tệp .toml. / Profile: a name or a .toml file.")
    ] = "incoming",
    as_json: Annotated[bool, typer.Option("--json", help="In JSON. / Print JSON.")] = False,
) -> None:  # fmt: skip
    """Kiểm tra bản quét: mật, màu, dpi, tỷ lệ, đủ trang, rõ nét.

    Check a scan: secrecy, colour, dpi, scale, completeness, legibility.

    Ví dụ / Example:  sohoa check 001.jpg 002.jpg --json

    Mã thoát / exit code: 0 đạt hoặc cảnh báo (pass, warn); 10 chặn hoặc từ chối (block, refuse).
    """
    section = open_profile(profile).check
    findings, measures = inspect(files, section)
    data = report([str(path) for path in files], findings, measures)
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False, indent=1))
    else:
        console = Console()
        for finding in findings:
            word = finding.severity.word
            console.print(f"[{_COLOUR[word]}]{word:6}[/] {finding.code}: {finding.vi}", highlight=False)
        console.print(f"{data['verdict']} · {data['pages']} trang / pages")
    if data["verdict"] in ("block", "refuse"):
        raise typer.Exit(int(ExitCode.FINDINGS))
