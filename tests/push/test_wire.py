"""The wire itself: where a name may lead, what may be sent over it, and what no message, log or database row holds."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import httpcore
import pytest
import structlog

from intake.errors import EnvironmentTrouble, OperatorError
from tests.conformance.connector import key_of, make_package
from tests.document_system.hostility import Hostility
from tests.document_system.server import Access, DocumentSystem
from workers.push.options import Options
from workers.push.rest import RestConnector
from workers.push.wire import Wire, _addresses

SECRET = "khong-ai-duoc-biet-8f3a"


def leads_to(*addresses: str):
    """A resolver of names that always gives these."""

    def resolve(host: str, port: int, *_args: object, **_options: object) -> list[tuple]:
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, port)) for each in addresses]

    return resolve


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1",
        "::ffff:169.254.169.254",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
    ],
)
def test_a_name_that_leads_to_the_networks_own_places_is_blocked(monkeypatch, address):
    """Where clouds give away credentials, where everybody listens, and nowhere."""
    monkeypatch.setattr(socket, "getaddrinfo", leads_to("10.1.2.3", address))
    with pytest.raises(httpcore.ConnectError, match="blocked"):
        _addresses("dms.example.vn", 443, loopback_only=False)


def test_an_address_of_the_agencys_own_network_is_where_document_systems_are(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", leads_to("10.1.2.3", "192.168.1.7", "fd00::7"))
    assert _addresses("dms.example.vn", 443, loopback_only=False) == ["10.1.2.3", "192.168.1.7", "fd00::7"]


def test_plain_http_to_this_machine_stays_on_this_machine_wherever_its_name_leads(monkeypatch, tmp_path):
    """A resolver that answers «localhost» with another machine would carry the copy away unencrypted."""
    monkeypatch.setattr(socket, "getaddrinfo", leads_to("10.1.2.3"))
    with pytest.raises(EnvironmentTrouble, match="blocked"):
        RestConnector({"url": "http://localhost:9"}, tmp_path).find(key_of("a"))


def test_the_name_is_looked_up_once_per_call_so_it_cannot_change_after_the_check(tmp_path, monkeypatch):
    """DNS rebinding: the second answer would be the blocked place; it is never asked for."""
    with DocumentSystem(tmp_path / "system") as system:
        real, asked = socket.getaddrinfo, []

        def resolve(host, port, *args, **options):
            if host != "localhost":
                return real(host, port, *args, **options)  # an address as it stands is nobody's to answer
            asked.append(host)
            return real("127.0.0.1" if len(asked) == 1 else "169.254.169.254", port, *args, **options)

        connector = RestConnector({"url": system.url}, tmp_path)
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert connector.find(key_of("a")) is None
    assert asked == ["localhost"]


def test_the_environments_proxy_is_not_used(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with DocumentSystem(tmp_path / "system") as system:
        assert RestConnector({"url": system.url}, tmp_path).find(key_of("a")) is None


def test_another_host_is_blocked_whoever_names_it(tmp_path):
    """An absolute address where a path belongs: an option, or an id the other side gave."""
    wire = Wire("rest", Options("rest", {"url": "https://dms.example.vn/api"}, tmp_path))
    for path in ("https://elsewhere.example.vn/x", "//elsewhere.example.vn/x", "http://169.254.169.254/latest"):
        with pytest.raises(EnvironmentTrouble, match="another host"):
            wire.call("GET", path)


def test_an_answer_without_end_is_cut_off(tmp_path):
    with DocumentSystem(tmp_path / "system") as system:
        package = make_package(tmp_path / "package", key_of("a"))
        RestConnector({"url": system.url}, tmp_path).put_if_absent(package.key, package)
        with pytest.raises(EnvironmentTrouble, match="more than 50 bytes"):
            RestConnector({"url": system.url, "answer_bytes_max": 50}, tmp_path).find(package.key)


@pytest.mark.parametrize("kind", ["api_key", "password", "client_secret"])
def test_no_secret_is_in_any_message_or_log_whatever_goes_wrong(tmp_path, kind, caplog, capfd, monkeypatch):
    """Wrong secret, stopped system, bad days: the words and the log never hold it; nor do the object's own words."""
    caplog.set_level(logging.DEBUG)
    (tmp_path / "secret").write_text(SECRET)
    reference = "file:secret"
    said: list[str] = []
    with DocumentSystem(tmp_path / "system", access=Access(api_key="another")) as system:
        options = {
            "api_key": {"api_key": reference},
            "password": {"user": "sohoa", "password": reference},
            "client_secret": {"token_url": f"{system.url}/oauth/token", "client_id": "x", "client_secret": reference},
        }[kind]
        connector = RestConnector({"url": system.url, "wait_seconds": 0.2, "call_seconds": 0.4, **options}, tmp_path)
        package = make_package(tmp_path / "package", key_of("a"))
        for mood in ({}, {"error_before": 1.0}, {"garbage": 1.0}, {"silence": 1.0}):
            system.hostility = Hostility(**mood)
            with pytest.raises(EnvironmentTrouble) as trouble:
                connector.put_if_absent(package.key, package)
            said += [str(trouble.value), repr(trouble.value), repr(trouble.value.__cause__)]
            structlog.get_logger().warning("stage failed", reason=str(trouble.value))
    said += [repr(connector), str(vars(connector)), caplog.text, *capfd.readouterr()]
    assert not [each for each in said if SECRET in each]


def test_a_missing_secret_file_is_named_and_tried_again(tmp_path: Path):
    """An unmounted disk of secrets is the weather, not the document."""
    with (
        DocumentSystem(tmp_path / "system") as system,
        pytest.raises(EnvironmentTrouble, match="api_key"),
    ):
        RestConnector({"url": system.url, "api_key": "file:secrets/dms"}, tmp_path).find(key_of("a"))


def test_a_url_with_a_secret_in_it_is_refused(tmp_path):
    with pytest.raises(OperatorError, match="mật khẩu") as refusal:
        RestConnector({"url": f"https://sohoa:{SECRET}@dms.example.vn"}, tmp_path)
    assert SECRET not in str(refusal.value)
