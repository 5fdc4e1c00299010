"""`sohoa doctor`: each dependency, version, permission, font, model, token and clock — found, or what to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from intake.errors import ExitCode, SohoaError
from intake.plugins import GROUPS, plugins
from intake.plugins import load as load_plugin
from intake.settings import Settings, SystemClock, load
from intake.store import Store
from intake.store.reading import latest_audit_time
from workers.forward.calendar import DATA, known_until
from workers.queues.rq import connect
from workers.sign.typeface import FONT_FILE
from workers.tools.tessdata import tessdata_path

LIBRARIES = (
    "opencv-python", "pytesseract", "tesserocr", "pikepdf", "img2pdf", "pillow", "pyhanko", "watchdog", "rq", "redis",
    "sqlalchemy", "fastapi",
)  # fmt: skip
PROGRAMS = {
    "tesseract": "sudo apt-get install tesseract-ocr tesseract-ocr-vie",
    "scanimage": "sudo apt-get install sane-utils",
    "pdfsig": "sudo apt-get install poppler-utils",
    "qpdf": "sudo apt-get install qpdf",
}
CALENDAR_AHEAD = timedelta(days=30)
"""The Government announces next year's holidays in autumn: this long before the data end, somebody is told."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing looked at. ``needed``: the station cannot work without it."""

    what: str
    good: bool
    said: str
    needed: bool = True


def command(
    home: Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")] = False,
) -> None:
    """Khám trạm / examine the station.

    Ví dụ / example: sohoa doctor --home /srv/sohoa
    """
    found = [*machine(), *station(home)]
    if as_json:
        rows = [{"what": f.what, "good": f.good, "needed": f.needed, "said": f.said} for f in found]
        typer.echo(json.dumps(rows, ensure_ascii=False))
    else:
        table = Table("", "mục / item", "kết quả / result")
        for item in found:
            table.add_row("✓" if item.good else ("✗" if item.needed else "–"), item.what, item.said)
        Console().print(table)
    if any(item.needed and not item.good for item in found):
        raise typer.Exit(int(ExitCode.DEPENDENCY_MISSING))


def machine() -> Iterator[Found]:
    """What does not depend on a station."""
    for name in LIBRARIES:
        yield Found(f"Python: {name}", True, version(name))
    for program, remedy in PROGRAMS.items():
        path = shutil.which(program)
        yield Found(program, path is not None, _version(program) if path else remedy, needed=program == "tesseract")
    try:
        yield Found("tessdata vie", True, tessdata_path())
    except SohoaError as error:
        yield Found("tessdata vie", False, f"{error.vi} / {error.en}")
    font = Path(FONT_FILE)
    yield Found(
        "phông chữ dấu ký / mark font",
        font.is_file(),
        str(font) if font.is_file() else "sudo apt-get install fonts-liberation2",
    )
    for group in GROUPS:
        for plugin in plugins(group):
            try:
                plugin.load()
                yield Found(f"{group}: {plugin.name}", True, f"{plugin.distribution} {plugin.version}", needed=False)
            except SohoaError as error:
                yield Found(f"{group}: {plugin.name}", False, error.en, needed=False)
    yield Found(
        "OMP_THREAD_LIMIT",
        True,
        f"{os.environ.get('OMP_THREAD_LIMIT', 'chưa đặt / not set')} (tiến trình con đặt 1 / children set 1)",
        needed=False,
    )


def station(home: Path | None) -> Iterator[Found]:
    """What a station needs; nothing when there is none at ``home``."""
    try:
        settings = load(home)
    except SohoaError as error:
        yield Found("trạm / station", False, f"{error.vi} / {error.en}", needed=home is not None)
        return
    for name in settings.station:
        yield _folder(f"thư mục quét / scan folder: {name}", settings.scan_folder(name))
        try:
            wanted = settings.profile_of(settings.station[name].profile)
            yield Found(f"hồ sơ quy tắc / profile: {wanted.name}", True, wanted.title)
            if not wanted.push.organ_id:
                yield Found(
                    f"mã định danh / organ_id: {wanted.name}",
                    False,
                    "khai [push] organ_id (QĐ 20/2020/QĐ-TTg) trước khi gửi gói edXML / "
                    "set [push] organ_id before edXML packages are sent",
                    needed=False,
                )
        except SohoaError as error:
            yield Found(f"hồ sơ quy tắc / profile: {settings.station[name].profile}", False, error.vi)
    yield _folder("hồ sơ / documents", settings.documents)
    free = shutil.disk_usage(settings.home).free
    enough = free > settings.workers.disk_free_min_bytes
    yield Found("đĩa trống / free disk", enough, f"{free / 1e9:.1f} GB")
    yield from _database(settings)
    if settings.queue.redis:
        yield _redis(settings.queue.redis)
    yield holidays(SystemClock().now().date())
    trusted = sorted(settings.trust_folder.glob("*.[pcd]e[mr]*")) + sorted(settings.trust_folder.glob("*.crt"))
    yield Found(
        "chứng thư gốc tin cậy / trusted roots",
        bool(trusted),
        ", ".join(path.name for path in trusted)
        or f"đặt chứng thư gốc vào / put root certificates into {settings.trust_folder}",
        needed=False,
    )
    if settings.signer.plugin == "pkcs11":
        yield _token(settings)


def _token(settings: Settings) -> Found:
    """Plugged in and not locked; no PIN is asked for, so no try is lost."""
    what = "thiết bị ký / token"
    settings.before_signer()
    try:
        left = load_plugin("sohoa.signers", "pkcs11")(**settings.signer.options).tries_left()
    except SohoaError as error:
        return Found(what, False, f"{error.vi} / {error.en}", needed=False)
    except TypeError:
        return Found(what, False, "khai signer.options.module / set signer.options.module", needed=False)
    told = {0: "đã bị khóa / locked", 1: "chỉ còn một lần nhập PIN / one try is left"}
    label = settings.signer.options.get("token_label", "")
    return Found(what, left != 0, f"{label} {told.get(left, '')}".strip() or "✓", needed=False)


def _redis(address: str) -> Found:
    shown = address.split("@")[-1]
    try:
        return Found("Redis", True, f"{connect(address).info('server')['redis_version']} {shown}")
    except (RedisError, ValueError) as error:
        return Found(
            "Redis",
            False,
            f"{shown} không phản hồi ({type(error).__name__}); việc vẫn chạy nhưng chậm hơn, hãy bật máy chủ Redis / "
            f"{shown} does not answer ({type(error).__name__}); the work goes on more slowly, start the Redis server",
        )


def _database(settings: Settings) -> Iterator[Found]:
    store = Store(settings.database_url, SystemClock())
    try:
        store.migrate()
        newest = latest_audit_time(store)
    except SohoaError as error:
        yield Found("cơ sở dữ liệu / database", False, f"{error.vi} / {error.en}")
        return
    finally:
        store.close()
    dialect = store.engine.dialect
    version_of = ".".join(str(number) for number in getattr(dialect, "server_version_info", None) or ())
    yield Found("cơ sở dữ liệu / database", True, f"{dialect.name} {version_of} {settings.database_url.split('@')[-1]}")
    now = SystemClock().now()
    behind = newest is not None and newest > now
    yield Found(
        "đồng hồ / clock",
        not behind,
        f"{now.astimezone():%Y-%m-%d %H:%M:%S %z}"
        + (
            " – chạy lùi so với nhật ký, hãy bật đồng bộ giờ / behind the audit chain, switch on time sync"
            if behind
            else ""
        ),
    )


def holidays(today: date) -> Found:
    """Deadlines beyond the last year of the holiday data would count holidays as working days."""
    until = known_until()
    return Found(
        "lịch nghỉ / holiday calendar",
        today + CALENDAR_AHEAD <= until,
        f"đến / until {until:%d/%m/%Y}"
        + ("" if today + CALENDAR_AHEAD <= until else f"; thêm năm mới vào / add the next year to {DATA}"),
        needed=False,
    )


def _folder(what: str, folder: Path) -> Found:
    folder_there = folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    return Found(
        what, folder_there, str(folder) if folder_there else f"cấp quyền đọc ghi / give read and write access: {folder}"
    )


def _version(program: str) -> str:
    said = subprocess.run(
        [program, "--version" if program != "pdfsig" else "-v"], capture_output=True, text=True, timeout=20
    )
    return ((said.stdout or said.stderr).splitlines() or ["?"])[0]
