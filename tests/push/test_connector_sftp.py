"""The sftp connector: the folder's promises over a wire that breaks, to a host known by its key."""

from __future__ import annotations

import hashlib

import pytest

from intake.errors import EnvironmentTrouble, OperatorError
from tests.conformance.connector import ConnectorConformance, FaultConformance, deliver, digest, key_of, make_package
from tests.push.sftp_server import ACCOUNT, SftpHost
from workers.push.sftp import SftpConnector


@pytest.fixture
def host(tmp_path):
    (tmp_path / "remote" / "den").mkdir(parents=True)
    (tmp_path / "password").write_text(ACCOUNT[1])
    with SftpHost(tmp_path / "remote") as host:
        yield host


@pytest.fixture
def options(host):
    return {
        "host": "127.0.0.1",
        "port": host.port,
        "user": ACCOUNT[0],
        "password": "file:password",
        "path": "/den",
        "host_key": host.host_key,
    }


class TestSftp(ConnectorConformance, FaultConformance):
    moods = ("cut 3", "cut 7", "cut 9", "cut 12", "full", "refuse", "silent")

    @pytest.fixture
    def connect(self, options, tmp_path):
        return lambda: SftpConnector(options, tmp_path)

    @pytest.fixture
    def hurried(self, options, tmp_path):
        return lambda: SftpConnector({**options, "wait_seconds": 1, "call_seconds": 2}, tmp_path)

    @pytest.fixture
    def stored(self, host):
        def now() -> list[str]:
            return [hashlib.sha256(path.read_bytes()).hexdigest() for path in host.root.glob("den/[!.]*/signed.pdf")]

        return now

    @pytest.fixture
    def mood(self, host):
        def set_mood(name: str) -> None:
            faults = host.faults
            kind, _, step = name.partition(" ")
            faults.acts, faults.cut_after = 0, int(step) if kind == "cut" else -1
            faults.full, faults.refuse, faults.silent = kind == "full", kind == "refuse", kind == "silent"

        return set_mood


def test_cut_off_after_every_act_it_is_delivered_once_and_whole(host, options, tmp_path):
    connector = SftpConnector(options, tmp_path)
    step, troubles = 0, 0
    while True:
        step += 1
        package = make_package(tmp_path / f"p{step}", key_of(f"{step}"), number=str(step))
        host.faults.acts, host.faults.cut_after = 0, step
        try:
            connector.put_if_absent(package.key, package)
            done = host.faults.acts < step
        except EnvironmentTrouble:
            troubles, done = troubles + 1, False
        host.faults.cut_after = -1
        receipt = deliver(connector, package)
        copies = list(host.root.glob(f"den/*_{package.key[:12]}/signed.pdf"))
        assert [hashlib.sha256(copy.read_bytes()).hexdigest() for copy in copies] == [digest(package)], step
        assert receipt.remote_id == copies[0].parent.name
        if done:
            break
    assert troubles > 5


def test_another_host_key_stops_before_anything_is_said(host, options, tmp_path):
    with SftpHost(tmp_path / "remote") as other:
        connector = SftpConnector({**options, "host_key": other.host_key}, tmp_path)
        with pytest.raises(EnvironmentTrouble, match="host_key"):
            connector.find(key_of("x"))


def test_a_host_key_that_is_none_is_named(options, tmp_path):
    with pytest.raises(OperatorError, match="host_key"):
        SftpConnector({**options, "host_key": "ssh-ed25519 nonsense"}, tmp_path)


def test_a_missing_folder_is_said(options, tmp_path):
    with pytest.raises(EnvironmentTrouble, match="no such delivery folder"):
        SftpConnector({**options, "path": "/khac"}, tmp_path).find(key_of("x"))


def test_the_password_is_never_shown(options, tmp_path):
    (tmp_path / "password").write_text("sai-mat-khau")
    with pytest.raises(EnvironmentTrouble, match="account") as raised:
        SftpConnector(options, tmp_path).find(key_of("x"))
    assert "sai-mat-khau" not in str(raised.value)
