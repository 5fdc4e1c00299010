"""`sohoa status`: how many documents stand where, what waits, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from intake.settings import SystemClock, load
from intake.store import Store, timestamps
from intake.store.reading import arrivals, counts, jobs, waiting_captures


def command(
    home: Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Cập nhật liên tục / keep updating.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")] = False,
) -> None:
    """Tình trạng trạm / state of the station.

    Ví dụ / example: sohoa status --live
    """
    settings = load(home)
    clock = SystemClock()
    store = Store(settings.database_url, clock)
    if as_json:
        typer.echo(json.dumps(snapshot(store), ensure_ascii=False))
    elif live:
        with Live(_table(snapshot(store)), console=Console()) as screen:
            while True:
                clock.sleep(1)
                screen.update(_table(snapshot(store)))
    else:
        Console().print(_table(snapshot(store)))
    store.close()


def snapshot(store: Store) -> dict[str, object]:
    """``{"documents": {state: n}, "arrivals": {state: n}, "jobs": [...], "waiting": [...],
    "timestamps": [...]}``"""
    return {
        "documents": counts(store),
        "arrivals": arrivals(store),
        "jobs": [
            {"stage": stage, "lane": lane, "state": state, "number": number}
            for stage, lane, state, number in jobs(store)
        ],
        "waiting": waiting_captures(store),
        "timestamps": [_lacking(row) for row in timestamps.waiting(store)],
    }


def _lacking(row: dict[str, Any]) -> dict[str, Any]:
    """A signed document whose time-stamp is still away; times in ISO 8601, UTC."""
    told = {name: row[name] for name in ("document_id", "level", "tries", "last_vi", "last_en")}
    times = {name: row[name].isoformat() if row[name] else None for name in ("since", "next_at", "held_until")}
    return told | times


def _table(data: dict[str, object]) -> Group:
    documents = Table("trạng thái / state", "số hồ sơ / documents", title="Hồ sơ / documents")
    for state, number in sorted(data["documents"].items()):  # type: ignore[attr-defined]
        documents.add_row(state, str(number))
    work = Table("bước / stage", "hàng / lane", "việc / job", "số / number", title="Việc đang chờ / live jobs")
    for item in data["jobs"]:  # type: ignore[attr-defined]
        work.add_row(item["stage"], item["lane"], item["state"], str(item["number"]))
    waiting = Table("trạm / station", "tệp / capture", "lý do / reason", title="Chưa lấy / not yet taken")
    for item in data["waiting"]:  # type: ignore[attr-defined]
        waiting.add_row(item["station"], item["name"], item["reason_vi"] or "đang ghi / settling")
    lacking = Table(
        "hồ sơ / document",
        "từ / since",
        "đã thử / tries",
        "lần sau / next",
        "lý do / reason",
        title="Đã ký, chờ dấu thời gian / signed, time-stamp still away",
    )
    for item in data["timestamps"]:  # type: ignore[attr-defined]
        lacking.add_row(item["document_id"], item["since"], str(item["tries"]), item["next_at"], item["last_vi"] or "")
    return Group(documents, work, waiting, *([lacking] if data["timestamps"] else []))
