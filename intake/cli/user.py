"""`sohoa user`: accounts of the desk, kept by whoever holds the server; passwords never stand on the command line."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from intake import settings as station
from intake.errors import OperatorError
from intake.model import Actor
from intake.store import Store, people, signing

app = typer.Typer(no_args_is_help=True, help="Người dùng của bàn văn thư / People of the desk.")

Home = Annotated[Path | None, typer.Option("--home", help="Thư mục của trạm / The station's folder.")]
PasswordFd = Annotated[
    int | None,
    typer.Option(
        "--password-fd",
        help="Đọc mật khẩu từ mô tả tệp này, không hỏi / Read the password from this file descriptor, do not ask.",
    ),
]
Name = Annotated[str, typer.Argument(help="Tên đăng nhập / User name.")]
Roles = Annotated[
    list[str],
    typer.Option("--role", help="operator, clerk, senior, van_thu, admin, auditor (lặp lại được / repeatable)."),
]


@app.command("list")
def list_people(home: Home = None) -> None:
    """Danh sách tài khoản / List the accounts.

    Ví dụ / Example: sohoa user list
    """
    for person in people.everyone(_store(home)):
        closed = f"đóng / closed {person.closed_at:%Y-%m-%d}" if person.closed_at else "mở / open"
        print(f"{person.name}\t{person.full_name}\t{','.join(person.roles)}\t{closed}")


@app.command()
def add(
    name: Name,
    role: Roles,
    full_name: Annotated[str, typer.Option("--full-name", help="Họ và tên / Full name.")] = "",
    password_fd: PasswordFd = None,
    home: Home = None,
) -> None:
    """Thêm người dùng / Add a person.

    Ví dụ / Example: sohoa user add lan --full-name "Nguyễn Thị Lan" --role clerk --role van_thu
    """
    person = people.add(_store(home), name, full_name, role, _password(password_fd, twice=True), _by())
    print(f"Đã thêm {person.name} ({', '.join(person.roles)}) / Added.")


@app.command()
def roles(name: Name, role: Roles, home: Home = None) -> None:
    """Đặt lại vai trò / Set the roles anew.

    Ví dụ / Example: sohoa user roles lan --role senior --role van_thu
    """
    people.set_roles(_store(home), name, role, _by())
    print(f"{name}: {', '.join(role)}")


@app.command()
def password(name: Name, password_fd: PasswordFd = None, home: Home = None) -> None:
    """Đặt mật khẩu mới, mở khóa, kết thúc các phiên đang mở / New password; unlocks, ends open sessions.

    Ví dụ / Example: sohoa user password lan
    """
    people.set_password(_store(home), name, _password(password_fd, twice=True), _by())
    print(f"Đã đổi mật khẩu của {name} / Password of {name} changed.")


@app.command()
def close(name: Name, home: Home = None) -> None:
    """Đóng tài khoản khi chuyển công tác; lịch sử giữ nguyên / Close an account on transfer; its history stays.

    Ví dụ / Example: sohoa user close lan
    """
    people.close(_store(home), name, _by())
    print(f"Đã đóng tài khoản {name} / Account {name} closed.")


@app.command("assign-key")
def assign_key(
    name: Name,
    decision: Annotated[
        str, typer.Option("--decision", help="Số quyết định giao thiết bị / Number of the decision that hands it over.")
    ],
    signer: Annotated[
        str, typer.Option("--signer", help="Tên thiết bị ký / Signing device; mặc định theo sohoa.toml.")
    ] = "",
    until: Annotated[str, typer.Option("--until", help="Đến hết ngày YYYY-MM-DD / Last day.")] = "",
    home: Home = None,
) -> None:
    """Ghi việc giao thiết bị lưu khóa bí mật cho văn thư (QĐ 12/2020 Đ19.3) / Record who holds the key device.

    Ví dụ / Example: sohoa user assign-key lan --decision 15/QĐ-VP
    """
    settings = station.load(home)
    store = _open(settings)
    person = people.find(store, name)
    if not person.has("van_thu"):
        raise OperatorError(
            f"{name} không có vai trò van_thu; chỉ văn thư được giao thiết bị (Đ19.3).",
            f"{name} does not have the role van_thu; only the văn thư is handed the device (Art. 19.3).",
        )
    try:
        last = datetime.fromisoformat(f"{until}T23:59:59+07:00").astimezone(UTC) if until else None
    except ValueError as error:
        raise OperatorError(
            f"Ngày «{until}» không hợp lệ; hãy viết YYYY-MM-DD.", f"«{until}» is not a date; write YYYY-MM-DD."
        ) from error
    signing.assign_key(store, name, signer or settings.signer.plugin, decision, last, _by())
    print(f"Đã giao thiết bị «{signer or settings.signer.plugin}» cho {name} theo {decision} / Device assigned.")


@app.command("return-key")
def return_key(
    name: Name,
    signer: Annotated[
        str, typer.Option("--signer", help="Tên thiết bị ký / Signing device; mặc định theo sohoa.toml.")
    ] = "",
    home: Home = None,
) -> None:
    """Ghi việc văn thư giao lại thiết bị; từ lúc này không ký được nữa / Record that the device was handed back.

    Ví dụ / Example: sohoa user return-key lan
    """
    settings = station.load(home)
    signing.return_key(_open(settings), name, signer or settings.signer.plugin, _by())
    print(f"{name} đã giao lại thiết bị / {name} handed the device back.")


def _store(home: Path | None) -> Store:
    return _open(station.load(home))


def _open(settings: station.Settings) -> Store:
    store = Store(settings.database_url, station.SystemClock())
    store.migrate()
    return store


def _by() -> Actor:
    return Actor(f"os:{getpass.getuser()}", "admin")


def _password(descriptor: int | None, *, twice: bool) -> str:
    if descriptor is not None:
        with os.fdopen(os.dup(descriptor), encoding="utf-8") as stream:
            return stream.readline().rstrip("\n")
    first = getpass.getpass("Mật khẩu / Password: ")
    if twice and getpass.getpass("Nhập lại / Again: ") != first:
        raise OperatorError("Hai lần nhập mật khẩu không giống nhau.", "The two passwords differ.")
    return first
