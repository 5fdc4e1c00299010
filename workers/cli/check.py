"""``sohoa check``: the capture gate on plain files, no database needed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from intake.errors import ExitCode, OperatorError
from intake.model import sha256_of
from intake.settings import load
from workers.check.gate import inspect
from workers.check.stage import report
from workers.check.station import keep
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
    station: Annotated[
        str | None,
        typer.Option(help="Lưu chứng nhận cho trạm này (cần --home hoặc SOHOA_HOME). / Keep it as this station's."),
    ] = None,
    side: Annotated[str, typer.Option(help="Mặt được kiểm định: front hoặc back. / Side: front or back.")] = "front",
    home: Annotated[Path | None, typer.Option(help="Thư mục của trạm / the station's home.")] = None,
    valid_days: Annotated[int, typer.Option(help="Số ngày hiệu lực. / Days it stays valid.", min=1, max=90)] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="In JSON. / Print JSON.")] = False,
) -> None:  # fmt: skip
    """Kiểm tra bản quét: mật, màu, dpi, tỷ lệ, đủ trang, rõ nét.

    Check a scan: secrecy, colour, dpi, scale, completeness, legibility.

    Ví dụ / Example:  sohoa check 001.jpg 002.jpg --json

    sohoa check --target quet.jpg --station desk1 --side front

    Mã thoát / exit code: 0 đạt hoặc cảnh báo (pass, warn); 10 chặn hoặc từ chối (block, refuse).
    """
    if target:
        settings = load(home) if station else None
        if settings and station:
            settings.scan_folder(station)  # an unknown name is said before anything is measured
        data = _certificate(target, valid_days, side)
        if settings and station:
            keep(settings.home, station, data | {"station": station})
        _show(data, save, as_json)
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


def _certificate(scan: Path, valid_days: int, side: str) -> dict[str, Any]:
    """What the scan of the test sheet shows, with its way of scanning and its expiry."""
    if side not in ("front", "back"):
        raise OperatorError("--side là front hoặc back.", "--side is front or back.")
    certificate = certify(scan)
    now = datetime.now(UTC)
    return certificate.as_json() | {
        "side": side,
        "scan": scan.name,
        "sha256": sha256_of(scan),
        "measured_at": now.isoformat(timespec="seconds"),
        "valid_until": (now + timedelta(days=valid_days)).isoformat(timespec="seconds")
        if certificate.certified
        else None,
    }


def _show(data: dict[str, Any], save: Path | None, as_json: bool) -> None:
    """Print the certificate, write it where asked; exit code FINDINGS when the station does not pass."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    if save:
        save.write_text(text, encoding="utf-8")
    if as_json:
        typer.echo(text)
    else:
        verdict = "đạt / certified" if data["certified"] else "không đạt / not certified: " + ", ".join(data["faults"])
        typer.echo(f"{verdict} · dpi {data['dpi_x']:.1f} × {data['dpi_y']:.1f} · tỷ lệ / scale {data['scale']:.2%}")
        typer.echo(f"SFR10 {data['sfr10']:.2f} · lệch góc / turn {data['turn_deg']:.2f}° · {data['valid_until'] or ''}")
    if not data["certified"]:
        raise typer.Exit(int(ExitCode.FINDINGS))
