"""``sohoa check``: the capture gate on plain files, no database needed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from intake.errors import ExitCode, OperatorError
from intake.model import sha256_of
from workers.check.gate import inspect
from workers.check.stage import report
from workers.check.target import certify
from workers.cli.profile_file import open_profile

_COLOUR = {"note": "dim", "warn": "yellow", "block": "red", "refuse": "bold red"}


def command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Các trang của MỘT văn bản, theo thứ tự. / The pages of ONE document, in order.",
                       exists=True, dir_okay=False, readable=True),
    ] = None,
    profile: Annotated[
        str, typer.Option(help="Hồ sơ quy tắc: tên hoặc tệp .toml. / Profile: a name or a .toml file.")
    ] = "incoming",
    target: Annotated[
        Path | None,
        typer.Option(help="Kiểm định máy quét bằng ảnh quét tờ chuẩn. / Certify the scanner by a scan of the test sheet.",
                     exists=True, dir_okay=False),
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Ghi chứng nhận vào tệp này. / Keep the certificate in this file.")
    ] = None,
    valid_days: Annotated[int, typer.Option(help="Số ngày hiệu lực. / Days it stays valid.", min=1, max=90)] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="In JSON. / Print JSON.")] = False,
) -> None:  # fmt: skip
    """Kiểm tra bản quét: mật, màu, dpi, tỷ lệ, đủ trang, rõ nét.

    Check a scan: secrecy, colour, dpi, scale, completeness, legibility.

    Ví dụ / Example:  sohoa check 001.jpg 002.jpg --json

    sohoa check --target quet.jpg --save tram1.json

    Mã thoát / exit code: 0 đạt hoặc cảnh báo (pass, warn); 10 chặn hoặc từ chối (block, refuse).
    """
    if target:
        _certify(target, save, valid_days, as_json)
        return
    if not files:
        raise OperatorError(
            "Chưa có tệp nào: viết các trang của một văn bản, ví dụ «sohoa check 001.jpg 002.jpg».",
            "No file given: name the pages of one document, e.g. «sohoa check 001.jpg 002.jpg».",
        )
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


def _certify(scan: Path, save: Path | None, valid_days: int, as_json: bool) -> None:
    """Print the certificate, keep it when asked; exit code FINDINGS when the station does not pass."""
    certificate = certify(scan)
    now = datetime.now(UTC)
    data = certificate.as_json() | {
        "scan": scan.name,
        "sha256": sha256_of(scan),
        "measured_at": now.isoformat(timespec="seconds"),
        "valid_until": (now + timedelta(days=valid_days)).isoformat(timespec="seconds")
        if certificate.certified
        else None,
    }
    text = json.dumps(data, ensure_ascii=False, indent=1)
    if save:
        save.write_text(text, encoding="utf-8")
    if as_json:
        typer.echo(text)
    else:
        verdict = (
            "đạt / certified"
            if certificate.certified
            else "không đạt / not certified: " + ", ".join(certificate.faults)
        )
        typer.echo(
            f"{verdict} · dpi {certificate.dpi_x:.1f} × {certificate.dpi_y:.1f} · tỷ lệ / scale {certificate.scale:.2%}"
        )
        typer.echo(
            f"SFR10 {certificate.sfr10:.2f} · lệch góc / turn {certificate.turn_deg:.2f}° · {data['valid_until'] or ''}"
        )
    if not certificate.certified:
        raise typer.Exit(int(ExitCode.FINDINGS))
