"""``sohoa deliveries``: the targets and what waits for a person, the day's report, and the books compared now."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from intake.errors import ExitCode
from intake.settings import SystemClock, load
from intake.store import Store, alarms, comparison, deliveries
from workers.forward.calendar import HANOI
from workers.station.follow import COMPARE_BACK, compare_books, connectors_of, repaired

app = typer.Typer(
    help="Gửi và chuyển: nơi nhận, thư hỏng, báo cáo ngày, đối chiếu. / Targets, dead letters, day report, comparison.",
    no_args_is_help=True,
)

Home = Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")]
Json = Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")]


@app.command()
def show(home: Home = None, as_json: Json = False) -> None:
    """Nơi nhận, thư hỏng, văn bản khẩn đang trễ / targets, dead letters, late urgent documents.

    Ví dụ / example: sohoa deliveries show
    """
    store = Store(load(home).database_url, SystemClock())
    found = {
        "targets": deliveries.targets(store),
        "dead_letters": deliveries.dead_letters(store),
        "late": alarms.ringing(store),
    }
    store.close()
    if as_json:
        print(_text(found))
        return
    targets = Table("nơi nhận / target", "tình trạng / gate", "chờ / waiting", "đã giao / delivered", "hỏng / dead")
    for each in found["targets"]:
        targets.add_row(each["name"], each["gate"], *(str(each[name]) for name in ("waiting", "delivered", "dead")))
    dead = Table("hồ sơ / document", "nơi nhận / target", "trả lời / answer", title="Thư hỏng / dead letters")
    for each in found["dead_letters"]:
        dead.add_row(each["document_id"], each["target"], each["answer"] or "–")
    late = Table("hồ sơ / document", "trạng thái / state", "đã báo / told", title="Khẩn đang trễ / late urgent")
    for each in found["late"]:
        late.add_row(each["document_id"], each["state"], " → ".join(told["to"] for told in each["told"]))
    Console().print(targets, dead, late)


@app.command()
def report(
    day: Annotated[datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="Ngày / day; hôm nay / today.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Báo cáo trạng thái tiếp nhận trong ngày (QĐ 12/2020 Đ10.3) / the day's status report.

    Ví dụ / example: sohoa deliveries report 2026-11-23
    """
    store = Store(load(home).database_url, SystemClock())
    now = day or store.clock.now().astimezone(HANOI)
    since = datetime(now.year, now.month, now.day, tzinfo=HANOI)
    rows = deliveries.day(store, since, since + timedelta(days=1))
    store.close()
    if as_json:
        print(_text(rows))
        return
    table = Table(
        "hồ sơ / document", "nơi nhận / target", "gửi / sent", "nhận / received", "số đến", "trạng thái", "đã báo"
    )
    for each in rows:
        table.add_row(
            each["document_id"],
            each["target"],
            _time(each["sent_at"]),
            _time(each["received_at"]),
            str((each["receipt"] or {}).get("arrival_number") or "–"),
            each["status"] or "–",
            each["reported"] or "–",
        )
    Console().print(table)


@app.command()
def compare(
    target: Annotated[str, typer.Argument(help="Tên nơi nhận; mặc định: tất cả. / Target; default: all.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Đối chiếu sổ của hai bên ngay bây giờ / compare both sides' books now.

    Mã thoát 10 khi hai bên khác nhau. / Exit code 10 when they differ.

    Ví dụ / example: sohoa deliveries compare dms
    """
    settings = load(home)
    store = Store(settings.database_url, SystemClock())
    names = [target] if target else [each["name"] for each in deliveries.targets(store)]
    found: dict[str, Any] = {}
    for name in names:
        books = comparison.booked(store, name, COMPARE_BACK)
        found[name] = repaired(store, compare_books(name, books, connectors_of(settings)))
        comparison.compared(store, name, found[name])
    store.close()
    if as_json:
        print(_text(found))
    else:
        for name, each in found.items():
            counts = ", ".join(f"{kind} {len(each[kind])}" for kind in ("missing", "changed", "unbooked"))
            typer.echo(f"{name}: {each['asked']} đã hỏi / asked; {counts}")
            for entry in (*each["missing"], *each["changed"]):
                typer.echo(f"  {entry['document_id']}: {entry['here']} ≠ {entry['there']}")
    if any(each["missing"] or each["changed"] for each in found.values()):
        raise typer.Exit(int(ExitCode.FINDINGS))


def _text(value: Any) -> str:
    def plain(other: Any) -> str:
        return other.astimezone(UTC).isoformat() if isinstance(other, datetime) else str(other)

    return json.dumps(value, ensure_ascii=False, indent=1, default=plain)


def _time(moment: datetime | None) -> str:
    return moment.astimezone(HANOI).strftime("%H:%M:%S %d/%m") if moment else "–"
