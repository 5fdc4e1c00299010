"""`sohoa sign`: the mark and the organisation's signature on one PDF, by the person at the keyboard."""

from __future__ import annotations

import getpass
import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from intake import settings
from intake.errors import OperatorError
from intake.folder import DocumentFolder
from intake.model import FieldName
from intake.plugins import load
from intake.profile.sections import SignSection
from workers.cli.verify import trust_folder
from workers.sign.single import sign_file
from workers.tools.nocore import no_core
from workers.tools.pki import load_trust


def command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Tệp PDF/A chưa ký / The unsigned PDF/A")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Tệp đã ký sẽ ghi / The signed file to write")],
    profile: Annotated[str, typer.Option(help="Hồ sơ quy tắc / Profile")] = "copy",
    home: Annotated[Path | None, typer.Option(help="Thư mục của trạm / The station's home")] = None,
    agency: Annotated[str | None, typer.Option(help="Tên cơ quan / Agency (over the profile's)")] = None,
    form: Annotated[str | None, typer.Option(help="SAO Y | SAO LỤC | TRÍCH SAO | '' ")] = None,
    level: Annotated[str | None, typer.Option(help="B-B | B-T | B-LT | B-LTA")] = None,
    number: Annotated[str, typer.Option(help="Số (Mẫu 2.2) / Number, for attachments")] = "",
    notation: Annotated[str, typer.Option(help="Ký hiệu (Mẫu 2.2) / Notation, for attachments")] = "",
    signer: Annotated[str | None, typer.Option(help="pkcs11 | pkcs12 | …")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="khóa=giá trị cho thiết bị ký / key=value for the signer")
    ] = None,
    trust: Annotated[Path | None, typer.Option(help="Thư mục chứng thư gốc / Trust folder")] = None,
    pin_fd: Annotated[
        int | None, typer.Option(help="Đọc PIN từ bộ mô tả tệp này / Read the PIN from this file descriptor")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Cho phép khóa CHỈ DÙNG THỬ / Allow a trial key (never for real)")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả JSON / Print JSON")] = False,
) -> None:
    """Ký số của cơ quan lên bản số hóa / The organisation's signature on a digitised copy.

    PIN được hỏi trên màn hình; không bao giờ viết PIN trên dòng lệnh / The PIN is asked for, never written here.

    Ví dụ / Example:  sohoa sign vanban.pdf -o vanban-da-ky.pdf --option token_label=UBND
    """
    station = None
    with suppress(OperatorError):
        station = settings.load(home)
    if home is not None and station is None:
        settings.load(home)
    overrides = {"agency": agency, "form": form, "level": level, "mark_form": "attachment" if number else None}
    section = _section(station, profile, {key: value for key, value in overrides.items() if value is not None})
    plugin = signer or (station.signer.plugin if station else "pkcs11")
    options: dict[str, Any] = dict(station.signer.options) if station and not signer else {}
    options |= dict(_pair(text) for text in option or [])
    store = load_trust(trust or trust_folder(home))
    confirmed = {FieldName.CODE_NUMBER: number, FieldName.CODE_NOTATION: notation} if number else {}
    device = _device(plugin, options)
    document = DocumentFolder(file.name, file.parent.absolute(), confirmed=confirmed)
    no_core()
    with device.open(_pin(pin_fd), ask=lambda: _pin(pin_fd)) as session:
        allowed = demo or bool(station and station.signer.demo)
        result = sign_file(document, file, output, section, session, store, datetime.now(UTC), allowed)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    print(f"{output}: {result['level']}, {result['agency']}, {result['signed_at']}")
    for finding in result["findings"]:
        print(f"  {finding['message']} / {finding['message_en']}")


def _section(station: settings.Settings | None, profile: str, overrides: dict[str, Any]) -> SignSection:
    if station is not None:
        section = station.profile_of(profile).sign
    else:
        section = settings.load_profile(settings.find_profile(profile, (settings.shipped_profiles(),))).sign
    try:
        return SignSection.model_validate({**section.model_dump(), **overrides})
    except ValueError as error:
        raise OperatorError(
            f"Giá trị không hợp lệ: {', '.join(overrides)}. Xem `sohoa sign --help`.",
            f"Not a valid value: {', '.join(overrides)}. See `sohoa sign --help`.",
        ) from error


def _device(plugin: str, options: dict[str, Any]) -> Any:
    kind = load("sohoa.signers", plugin)
    try:
        return kind(**options)
    except TypeError as error:
        raise OperatorError(
            f"Thiết bị ký «{plugin}» cần các tùy chọn khác ({error}). Dùng --option khóa=giá trị.",
            f"Signer «{plugin}» wants other options ({error}). Use --option key=value.",
        ) from error


def _pair(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found:
        raise OperatorError(f"--option phải có dạng khóa=giá trị: «{text}».", f"--option is key=value: «{text}».")
    return key, value


def _pin(descriptor: int | None) -> str:
    """Asked on the terminal, or one line of a descriptor: never argv, never the environment."""
    if descriptor is None:
        if not sys.stdin.isatty():
            raise OperatorError(
                "Không có bàn phím để hỏi PIN. Hãy chạy trong cửa sổ dòng lệnh hoặc dùng --pin-fd.",
                "There is no terminal to ask for the PIN. Run in a terminal or use --pin-fd.",
            )
        return getpass.getpass("PIN: ")
    taken = bytearray()
    while (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
        taken += byte
    return taken.decode("utf-8").rstrip("\r")
