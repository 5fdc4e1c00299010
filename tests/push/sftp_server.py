"""An SFTP server over a folder, paramiko's own, that can also go wrong at a chosen moment."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import paramiko
from paramiko import SFTP_FAILURE, SFTP_OK, SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface

ACCOUNT = ("vanthu", "mat-khau")


class Faults:
    """``cut_after``: the connection dies after so many file acts, the last of them done. ``full``: writes fail.
    ``refuse``: no account is good. ``silent``: connections are accepted and nothing is said."""

    def __init__(self) -> None:
        self.cut_after = -1
        self.full = False
        self.refuse = False
        self.silent = False
        self.acts = 0
        self.cut = lambda: None

    def act(self) -> None:
        self.acts += 1
        if self.cut_after == self.acts:
            self.cut()


class _Account(paramiko.ServerInterface):
    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def get_allowed_auths(self, username):
        return "password"

    def check_auth_password(self, username, password):
        good = (username, password) == ACCOUNT and not self.faults.refuse
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class _Handle(SFTPHandle):
    def __init__(self, flags, path: Path, faults: Faults) -> None:
        super().__init__(flags)
        self.faults = faults
        self.readfile = self.writefile = path.open("wb+" if flags & os.O_TRUNC else "rb")
        self.path = path

    def stat(self):
        return SFTPAttributes.from_stat(self.path.stat())

    def write(self, offset, data):
        return SFTP_FAILURE if self.faults.full else super().write(offset, data)

    def close(self):
        super().close()
        self.faults.act()


def _answering(work):
    """What the disk says, as SFTP says it."""

    def call(self, *args):
        try:
            result = work(self, *args)
        except OSError as error:
            return SFTPServer.convert_errno(error.errno)
        return SFTP_OK if result is None else result

    return call


class _Disk(SFTPServerInterface):
    def __init__(self, server, root: Path, faults: Faults) -> None:
        self.root = root
        self.faults = faults

    def _path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    @_answering
    def list_folder(self, path):
        found = []
        for entry in self._path(path).iterdir():
            attributes = SFTPAttributes.from_stat(entry.stat())
            attributes.filename = entry.name
            found.append(attributes)
        return found

    @_answering
    def stat(self, path):
        return SFTPAttributes.from_stat(self._path(path).stat())

    lstat = stat

    @_answering
    def open(self, path, flags, attr):
        return _Handle(flags, self._path(path), self.faults)

    @_answering
    def remove(self, path):
        self._path(path).unlink()

    @_answering
    def rename(self, old, new):
        """As OpenSSH: never over anything that exists."""
        if self._path(new).exists():
            return SFTP_FAILURE
        self._path(old).rename(self._path(new))
        self.faults.act()
        return None

    @_answering
    def posix_rename(self, old, new):
        self._path(old).replace(self._path(new))
        self.faults.act()

    @_answering
    def mkdir(self, path, attr):
        self._path(path).mkdir()
        self.faults.act()

    @_answering
    def rmdir(self, path):
        self._path(path).rmdir()


class SftpHost:
    """``with SftpHost(folder) as host``: serves ``folder`` as ``/`` on ``host.port``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults = Faults()
        self.key = paramiko.ECDSAKey.generate()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open: list[object] = []

    @property
    def host_key(self) -> str:
        return f"{self.key.get_name()} {self.key.get_base64()}"

    def __enter__(self) -> SftpHost:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        for thing in self._open:
            thing.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            if not self.faults.silent:
                threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        transport = paramiko.Transport(connection)
        self._open.append(transport)
        transport.add_server_key(self.key)
        transport.set_subsystem_handler("sftp", SFTPServer, _Disk, self.root, self.faults)
        self.faults.cut = transport.close
        try:
            transport.start_server(event=threading.Event(), server=_Account(self.faults))
        except (paramiko.SSHException, EOFError, OSError):
            transport.close()
