"""``sohoa profile dry-run``: a profile's rules played over the documents of the past, before they are put to work."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from intake.settings import SystemClock, load
from intake.store import Store
from intake.store.deliveries import assigned
from workers.cli.profile_file import open_profile
from workers.forward.choose import UNMATCHED
from workers.forward.dry_run import Past, dry_run
from workers.tools.record import LANGUAGE


def command(
    name: Annotated[str, typer.Argument(help="Tên hồ sơ hoặc tệp .toml. / Name or .toml file.")],
    days: Annotated[int, typer.Option(help="Số ngày đã qua / days back.", min=1, max=3660)] = 31,
    home: Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")] = False,
) -> None:
    """Thử quy tắc chuyển trên văn bản tháng trước; không gửi gì / play forwarding rules over last month; nothing is sent.

    Ví dụ / example: sohoa profile dry-run ./moi.toml --days 31
    """
    section = open_profile(name).forward
    store = Store(load(home).database_url, SystemClock())
    rows = assigned(store, timedelta(days=days), 100_000)
    store.close()
    past = [
        Past(row["id"], {"Language": LANGUAGE, **row["record"]}, row["station"], row["arrived_at"], row["unit"])
        for row in rows
    ]
    tally = dry_run(past, section)
    if as_json:
        told = {
            "documents": tally.documents,
            "unmatched": tally.unmatched,
            "by_rule": dict(tally.by_rule),
            "by_unit": dict(tally.by_unit),
            "moved": [{"document": one, "was": was, "would_be": then} for one, was, then in tally.moved],
            "idle": list(tally.idle),
        }
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return
    table = Table(
        "quy tắc / rule", "văn bản / documents", title=f"{tally.documents} văn bản / documents, {days} ngày / days"
    )
    for rule, number in sorted(tally.by_rule.items(), key=lambda item: -item[1]):
        table.add_row("không quy tắc nào / no rule" if rule == UNMATCHED else rule, str(number))
    console = Console(highlight=False)
    console.print(table)
    for rule in tally.idle:
        console.print(f"quy tắc chưa lần nào khớp / never matched: {rule}", markup=False)
    for one, was, then in tally.moved:
        console.print(f"{one}: {was} → {then}", markup=False)
