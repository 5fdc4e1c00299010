"""`sohoa show`: everything the store knows of one document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from intake.settings import SystemClock, load
from intake.store import Store
from intake.store.reading import Whole, attempts, whole


def command(
    document_id: Annotated[str, typer.Argument(help="Mã hồ sơ / document id.")],
    home: Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Kèm dấu vết lỗi / with tracebacks of bugs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")] = False,
) -> None:
    """Xem một hồ sơ / show one document.

    Ví dụ / example: sohoa show 20261122-0a1b2c3d4e
    """
    settings = load(home)
    store = Store(settings.database_url, SystemClock())
    found = whole(store, document_id)
    tries = attempts(store, document_id)
    store.close()
    if as_json:
        typer.echo(json.dumps(_plain(found, trace) | {"attempts": tries}, ensure_ascii=False, default=str))
        return
    console = Console()
    console.print(f"[bold]{found.row['name']}[/bold]  {found.row['id']}  {found.row['state']}  v{found.version}")
    if found.row["held_vi"]:
        console.print(found.row["held_vi"], found.row["held_en"], sep="\n")
    if found.head:
        console.print("[italic]Đang đọc tiếp; mới có phần đầu trang 1 / still being read; page 1's head only[/italic]")
    fields = Table("trường / field", "giá trị / value", "tin cậy / confidence", "nguồn / source")
    for name, item in (found.head["fields"] if found.head else found.row["fields"]).items():
        fields.add_row(name, str(item.get("value")), f"{item.get('confidence', 0):.3f}", item.get("source", ""))
    console.print(fields)
    for item in found.findings:
        console.print(f"{item.severity.word:6} {item.code}: {item.vi} / {item.en}")
    for row in found.history:
        console.print(f"{row['at']:%Y-%m-%d %H:%M:%S} {row['actor']} {row['action']}")
    if trace:
        for job in found.jobs:
            if job["error"]:
                console.print(f"{job['stage']}: {job['error']}")


def _plain(found: Whole, trace: bool) -> dict[str, Any]:
    return {
        "document": dict(found.row),
        "head": dict(found.head) if found.head else None,
        "findings": [item.as_json() for item in found.findings],
        "published": {stage: dict(item) for stage, item in found.published.items()},
        "jobs": [{key: value for key, value in job.items() if trace or key != "error"} for job in found.jobs],
        "outbox": [dict(item) for item in found.outbox],
        "history": [dict(item) for item in found.history],
    }
