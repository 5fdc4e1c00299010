"""`sohoa scan`: drive a scanner and drop the pages into the station's scan folder as one document."""

from __future__ import annotations

import json
import secrets
import shutil
from pathlib import Path
from typing import Annotated

import typer

from intake.errors import OperatorError
from intake.folder import fsync_path
from intake.plugins import load as load_plugin
from intake.ports import ScannerDriver, ScanRequest
from intake.settings import load


def command(
    driver: Annotated[str, typer.Option(help="Trình điều khiển / driver: sane, folder, simulated.")] = "sane",
    device: Annotated[str, typer.Option(help="Thiết bị / device name.")] = "",
    station: Annotated[str, typer.Option(help="Trạm nhận / station.")] = "",
    source: Annotated[str, typer.Option(help="flatbed | feeder | duplex")] = "flatbed",
    resolution: Annotated[int, typer.Option(help="dpi")] = 300,
    pages: Annotated[int | None, typer.Option(help="Số trang phải có / number of pages expected.")] = None,
    home: Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = None,
    out: Annotated[Path | None, typer.Option(help="Chỉ ghi ra thư mục này / only write here, no station.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")] = False,
) -> None:
    """Quét giấy bằng máy quét / scan paper.

    Ví dụ / example: sohoa scan --driver sane --device test --source feeder
    """
    if source not in ("flatbed", "feeder", "duplex"):
        raise OperatorError(
            f"Nguồn giấy «{source}» không có; hãy dùng flatbed, feeder hoặc duplex.",
            f"There is no source «{source}»; use flatbed, feeder or duplex.",
        )
    plugged: ScannerDriver = load_plugin("sohoa.scanner_drivers", driver)()
    request = ScanRequest(source=source, resolution=resolution, expected_pages=pages)  # type: ignore[arg-type]
    if not device:
        found = plugged.devices()
        if not found:
            raise OperatorError(
                "Không thấy máy quét nào. Hãy bật máy, cắm cáp, rồi thử lại (sohoa doctor).",
                "No scanner was found. Switch it on, connect it and try again (sohoa doctor).",
            )
        device = found[0]
    target = out or _scan_folder(home, station)
    target.mkdir(parents=True, exist_ok=True)
    name = f"scan-{secrets.token_hex(4)}"
    building = target / f".{name}"  # hidden from the watch until the whole batch is there
    building.mkdir()
    try:
        scanned = list(plugged.scan(device, request, building))
        if not scanned:
            raise OperatorError(
                "Máy quét không trả trang nào. Hãy đặt giấy vào khay rồi quét lại.",
                "The scanner delivered no page. Put paper in the feeder and scan again.",
            )
        if pages is not None and len(scanned) != pages:
            raise OperatorError(
                f"Máy quét trả {len(scanned)} trang, cần {pages}. Chưa nhận lô này; hãy quét lại cả lô.",
                f"The scanner delivered {len(scanned)} pages, {pages} were expected. The batch was not taken; scan it again.",
            )
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    fsync_path(building)
    final = building.rename(target / name)
    result = {
        "folder": str(final),
        "pages": [{"path": str(final / page.path.name), "sha256": page.sha256} for page in scanned],
    }
    typer.echo(json.dumps(result, ensure_ascii=False) if as_json else f"{len(scanned)} trang / pages → {final}")


def _scan_folder(home: Path | None, station: str) -> Path:
    settings = load(home)
    name = station or next(iter(settings.station), "")
    return settings.scan_folder(name)
