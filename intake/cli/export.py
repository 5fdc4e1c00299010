"""`sohoa export`: the finished documents with their records, for archives and for moving house."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from intake.errors import OperatorError
from intake.model import sha256_of
from intake.settings import SystemClock, load
from intake.states import State
from intake.store import Store
from intake.store.claim import folder_of
from intake.store.reading import every


def command(
    target: Annotated[Path, typer.Argument(help="Thư mục xuất mới / new folder.")],
    home: Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Từ ngày đến / arrived since.")] = None,
) -> None:
    """Xuất văn bản đã ký kèm dữ liệu Phụ lục VI / export signed documents with their Appendix VI data.

    Ví dụ / example: sohoa export /media/usb/xuat --since 2026-11-01
    """
    if target.exists():
        raise OperatorError(f"{target} đã có; hãy chọn thư mục mới.", f"{target} exists; choose a new folder.")
    settings = load(home)
    clock = SystemClock()
    store = Store(settings.database_url, clock)
    target.mkdir(parents=True)
    done = 0
    manifest = []
    for row in every(store, since.astimezone() if since else None):
        if State(row["state"]) not in (State.DELIVERED, State.FORWARDED, State.SIGNED):
            continue
        folder = folder_of(store, str(settings.documents), row["id"])
        copy = target / f"{row['id']}.pdf"
        shutil.copyfile(folder.of("sign") / "signed.pdf", copy)
        record = {"id": row["id"], "file": copy.name, "sha256": sha256_of(copy), "fields": row["confirmed"]}
        (target / f"{row['id']}.json").write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
        manifest.append(f"{record['sha256']}  {copy.name}\n")
        done += 1
    (target / "manifest-sha256.txt").write_text("".join(manifest), encoding="utf-8")
    store.close()
    typer.echo(f"Đã xuất {done} văn bản vào {target}. / {done} documents were exported to {target}.")
