"""`sohoa backup` and `sohoa restore`: a copy of everything while the station runs (QĐ 12/2020 Đ29.4)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intake.settings import SystemClock, load
from intake.store import Store
from intake.store.backup import restore_from, save_to

Home = Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")]


def backup(
    target: Annotated[Path, typer.Argument(help="Thư mục sao lưu mới / new backup folder.")],
    home: Home = None,
) -> None:
    """Sao lưu khi đang chạy / back up while running.

    Ví dụ / example: sohoa backup /media/usb/sohoa-2026-11-22
    """
    settings = load(home)
    store = Store(settings.database_url, SystemClock())
    saved = save_to(store, settings.home, settings.documents, target)
    store.close()
    typer.echo(f"Đã sao lưu {saved} hồ sơ vào {target}. / {saved} documents were backed up to {target}.")


def restore(
    source: Annotated[Path, typer.Argument(help="Thư mục sao lưu / backup folder.")],
    home: Annotated[Path, typer.Option("--home", help="Thư mục trống của trạm / the station's empty home.")],
) -> None:
    """Khôi phục vào một thư mục trống / restore onto an empty home.

    Ví dụ / example: sohoa restore /media/usb/sohoa-2026-11-22 --home /srv/sohoa-moi
    """
    restore_from(source, home, SystemClock())
    typer.echo(
        f"Đã khôi phục vào {home}. Hãy chạy: sohoa audit balance --home {home} / Restored to {home}; now run that."
    )
