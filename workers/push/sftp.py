"""Deliver over SFTP into a folder of another machine: the same steps as on a disk, the host known by its key.

SFTP version 3 has no way to ask for an fsync, so what was written is read back and compared by SHA-256 before it is
renamed; the machine at the other end is as durable as its own disk.
"""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import io
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import paramiko

from intake.errors import EnvironmentTrouble, OperatorError
from intake.model import Assignment, Receipt
from intake.ports import Package
from workers.push.drop import Drop, TakenError, utc_now
from workers.push.naming import folder_name
from workers.push.options import Options, Value

BLOCK = 1 << 20


class SftpFiles:
    """``drop.Files`` over SFTP. Works only inside ``session``; one session per act of the connector."""

    def __init__(self, read: Options) -> None:
        self._host = read.text("host")
        self._port = read.number("port", 22, least=1)
        self._user = read.text("user")
        self._path = read.text("path").rstrip("/") or "/"
        self._host_key = read.text("host_key")
        self._key_file = read.optional_path("key_file")
        self._wait = read.seconds("wait_seconds", 10)
        self._call = read.seconds("call_seconds", 300)
        self._verify = read.flag("verify", True)
        self._read = read
        self._named = [name for name in ("password", "passphrase") if read.text(name, "")]
        self._key = _host_key(self._host_key)
        self._sftp: paramiko.SFTPClient

    @contextmanager
    def session(self) -> Iterator[None]:
        """Connected, and cut off when ``call_seconds`` are over, whatever the other side is doing."""
        client = paramiko.SSHClient()
        client.get_host_keys().add(self._known_as(), self._key.get_name(), self._key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        watch = threading.Timer(self._call, client.close)
        watch.daemon = True
        watch.start()
        try:
            client.connect(
                self._host,
                port=self._port,
                username=self._user,
                password=self._secret("password"),
                passphrase=self._secret("passphrase"),
                key_filename=str(self._key_file) if self._key_file else None,
                timeout=self._wait,
                banner_timeout=self._wait,
                auth_timeout=self._wait,
                channel_timeout=self._wait,
                allow_agent=False,
                look_for_keys=False,
            )
            self._sftp = client.open_sftp()
            channel = self._sftp.get_channel()
            if channel is not None:
                channel.settimeout(self._wait)
            yield
        except paramiko.BadHostKeyException as error:
            raise self._trouble(
                "đưa khóa máy chủ khác với khóa đã khai (host_key); đã dừng, hãy hỏi người quản trị nơi nhận",
                "shows another host key than the one configured (host_key); stopped, ask its administrator",
            ) from error
        except paramiko.AuthenticationException as error:
            raise self._trouble(
                "không nhận tài khoản hoặc khóa đăng nhập", "does not accept the account or its key"
            ) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            said = _WORDS.get(getattr(error, "errno", None) or 0)
            why = str(error) or type(error).__name__
            vi, en = said or (f"báo lỗi «{why}»", f"answers «{why}»")
            raise self._trouble(vi, en) from error
        finally:
            watch.cancel()
            client.close()

    def check(self) -> None:
        self._sftp.stat(self._path)

    def read(self, path: str) -> bytes | None:
        try:
            with self._sftp.open(self._at(path), "rb") as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes | Path) -> None:
        source = content.open("rb") if isinstance(content, Path) else io.BytesIO(content)
        with source:
            self._sftp.putfo(source, self._at(path), confirm=True)
            source.seek(0)
            if self._verify and self._digest(path) != hashlib.file_digest(source, "sha256").digest():
                raise OSError(errno.EIO, "the file arrived damaged")

    def make(self, path: str) -> None:
        folder = self._path
        for part in path.split("/"):
            folder = f"{folder}/{part}"
            try:
                self._sftp.mkdir(folder)
            except OSError:
                self._sftp.stat(folder)

    def rename(self, old: str, new: str) -> bool:
        try:
            self._sftp.rename(self._at(old), self._at(new))
        except OSError as error:
            if not self._exists(old):
                return False
            if self._exists(new):
                raise TakenError(new) from error
            raise
        return True

    def replace(self, old: str, new: str) -> None:
        """Over an existing file where the server knows how; else the old one goes first: it is only a repetition of
        what the receipt says, and is written again by the next try."""
        try:
            self._sftp.posix_rename(self._at(old), self._at(new))
        except OSError:
            if self._exists(new):
                self._sftp.remove(self._at(new))
            self._sftp.rename(self._at(old), self._at(new))

    def is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(self._sftp.stat(self._at(path)).st_mode or 0)
        except FileNotFoundError:
            return False

    def names(self, path: str) -> list[str]:
        return sorted(self._sftp.listdir(self._at(path)))

    def remove(self, path: str) -> None:
        try:
            for entry in self._sftp.listdir_attr(self._at(path)):
                inner = f"{path}/{entry.filename}"
                if stat.S_ISDIR(entry.st_mode or 0):
                    self.remove(inner)
                else:
                    self._sftp.remove(self._at(inner))
            self._sftp.rmdir(self._at(path))
        except OSError:
            return

    def _at(self, path: str) -> str:
        return f"{self._path}/{path}"

    def _exists(self, path: str) -> bool:
        try:
            self._sftp.stat(self._at(path))
        except FileNotFoundError:
            return False
        return True

    def _digest(self, path: str) -> bytes:
        found = hashlib.sha256()
        with self._sftp.open(self._at(path), "rb") as stream:
            stream.prefetch()
            while block := stream.read(BLOCK):
                found.update(block)
        return found.digest()

    def _known_as(self) -> str:
        return self._host if self._port == 22 else f"[{self._host}]:{self._port}"

    def _secret(self, name: str) -> str | None:
        return self._read.secret(name) if name in self._named else None

    def _trouble(self, vi: str, en: str) -> EnvironmentTrouble:
        return EnvironmentTrouble(
            f"Nơi nhận SFTP {self._host}:{self._path} {vi}. Hồ sơ còn nguyên, hệ thống sẽ gửi lại.",
            f"The SFTP target {self._host}:{self._path} {en}. The document is safe and will be sent again.",
        )


class SftpConnector:
    """Options: ``host``, ``port`` (22), ``user``, ``path`` (must exist), ``host_key`` (as one line of the server's
    ``/etc/ssh/ssh_host_ed25519_key.pub``), ``key_file`` with ``passphrase``, or ``password`` (``env:`` or ``file:``),
    ``verify`` (default true: read back and compare), ``wait_seconds``, ``call_seconds``."""

    name = "sftp"
    delivery: Literal["exactly-once", "at-least-once"] = "exactly-once"

    def __init__(self, options: Mapping[str, Value], base: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        read = Options(self.name, options, base)
        self._files = SftpFiles(read)
        read.close()
        self._drop = Drop(self._files, now)

    def find(self, key: str) -> Receipt | None:
        with self._files.session():
            return self._drop.find(key)

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        box = {path.name: path for path in package.files.values()}
        with self._files.session():
            return self._drop.put(key, folder_name(package.record, key), box)

    def forward(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        with self._files.session():
            return self._drop.assign(receipt, assignment)

    def status(self, receipt: Receipt) -> str:
        with self._files.session():
            return self._drop.status(receipt, self._files.is_folder(receipt.remote_id))

    def recall(self, receipt: Receipt) -> None:
        with self._files.session():
            self._drop.recall(receipt)

    def report(self, receipt: Receipt, code: str, reason: str) -> bool:
        with self._files.session():
            self._drop.report(receipt, code, reason)
        return True


_WORDS: dict[int, tuple[str, str]] = {
    errno.ENOENT: ("không có thư mục nhận", "has no such delivery folder"),
    errno.EACCES: ("không cho phép ghi, hãy xin quyền", "may not be written, ask for the right"),
    errno.ECONNREFUSED: ("không nhận kết nối", "refuses the connection"),
}


def _host_key(text: str) -> paramiko.PKey:
    """``ssh-ed25519 AAAA…`` as in a .pub file."""
    kind, _, rest = text.strip().partition(" ")
    try:
        return paramiko.PKey.from_type_string(kind, base64.b64decode(rest.split()[0], validate=True))
    except (IndexError, binascii.Error, paramiko.SSHException) as error:
        raise OperatorError(
            "Nơi nhận «sftp»: host_key phải là một dòng «ssh-ed25519 AAAA…» (tệp /etc/ssh/ssh_host_ed25519_key.pub của "
            "máy nhận).",
            "Connector «sftp»: host_key must be one line «ssh-ed25519 AAAA…» (the server's "
            "/etc/ssh/ssh_host_ed25519_key.pub).",
        ) from error
