"""`sohoa audit`: is the chain whole, and does everything that came in lie somewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from intake.errors import ExitCode
from intake.settings import SystemClock, load
from intake.store import Store
from intake.store.audit import verify as verify_chain
from intake.store.balance import balance as balance_of

app = typer.Typer(help="Nhật ký và đối soát / audit chain and balance.", no_args_is_help=True)

Home = Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")]
Json = Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")]


@app.command()
def verify(home: Home = None, as_json: Json = False) -> None:
    """Kiểm chuỗi nhật ký / check the hash chain.

    Ví dụ / example: sohoa audit verify
    """
    settings = load(home)
    store = Store(settings.database_url, SystemClock())
    report = verify_chain(store)
    store.close()
    if as_json:
        typer.echo(
            json.dumps({"whole": report.whole, "rows": report.rows, "head": report.head, "broken_at": report.broken_at})
        )
    elif report.whole:
        typer.echo(
            f"Chuỗi nhật ký nguyên vẹn: {report.rows} dòng. / The audit chain is whole: {report.rows} rows. {report.head}"
        )
    else:
        typer.echo(f"{report.vi}\n{report.en}")
    if not report.whole:
        raise typer.Exit(int(ExitCode.FINDINGS))


@app.command()
def balance(home: Home = None, as_json: Json = False) -> None:
    """Đối soát: vào = ra + đang xử lý + … và băm từng bản gốc / prove that nothing was lost.

    Ví dụ / example: sohoa audit balance
    """
    settings = load(home)
    store = Store(settings.database_url, SystemClock())
    report = balance_of(store, settings.documents)
    store.close()
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        typer.echo(report.text())
    if not report.balances:
        raise typer.Exit(int(ExitCode.FINDINGS))
