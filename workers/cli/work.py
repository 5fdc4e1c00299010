"""`sohoa work`: one worker of many, on this or any machine, rung by RQ over Redis."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intake.errors import OperatorError
from intake.settings import load
from intake.store.claim import LANES
from workers.cli.run import write_json_logs
from workers.queues.rq import work


def command(
    queue: Annotated[str, typer.Option(help="Hàng đợi, cách nhau dấu phẩy / lanes: urgent,desk,bulk.")] = ",".join(
        LANES
    ),
    home: Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = None,
    burst: Annotated[bool, typer.Option(help="Dừng khi hết việc / stop when the queues are empty.")] = False,
) -> None:
    """Chạy một máy xử lý / run one worker.

    Ví dụ / example: sohoa work --queue urgent,desk --home /srv/sohoa
    """
    lanes = tuple(name.strip() for name in queue.split(",") if name.strip())
    unknown = [name for name in lanes if name not in LANES]
    if unknown or not lanes:
        raise OperatorError(
            f"Không có hàng đợi {', '.join(unknown) or '(trống)'}; hãy dùng: {', '.join(LANES)}.",
            f"There is no lane {', '.join(unknown) or '(empty)'}; use {', '.join(LANES)}.",
        )
    settings = load(home)
    write_json_logs()
    work(settings, lanes, burst=burst)
