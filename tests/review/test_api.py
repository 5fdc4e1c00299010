"""The API: the same rules as the desk, for systems with a token; nothing it is sent makes it fall over."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from intake.model import Actor
from intake.review import webhooks
from intake.review.app import create_app
from intake.store import audit, connections, decide, reading
from tests.review.station import Clerk, Paper, Station

ADMIN = Actor("root", "admin")
LAN = Actor("lan", "clerk")


class System:
    """Another system with its token."""

    def __init__(self, station: Station, at: str = "quay-1") -> None:
        token = connections.add_token(station.store, "Hệ thống thử", at, ADMIN)
        self.http = TestClient(station.desk())
        self.http.headers["authorization"] = f"Bearer {token}"

    def get(self, path: str) -> httpx.Response:
        return self.http.get(f"/api/v1{path}")  # type: ignore[no-any-return]

    def submit(self, name: str = "scan", *files: tuple[str, bytes]) -> httpx.Response:
        sent = [("files", each) for each in (files or (("a.png", b"1"), ("b.png", b"2")))]
        return self.http.post("/api/v1/documents", files=sent, data={"name": name})  # type: ignore[no-any-return]


def test_pages_submitted_lie_in_the_scan_folder_whole_and_in_order(station: Station) -> None:
    system = System(station)
    answer = system.submit("Công văn 12")
    assert answer.status_code == 202
    reference = answer.json()["reference"]
    folder = station.settings.scan_folder("quay-1") / reference
    assert [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())] == [
        ("001.png", b"1"),
        ("002.png", b"2"),
    ]
    assert [path.name for path in folder.parent.iterdir()] == [reference], "nothing half written beside it"
    assert system.get(f"/arrivals/{reference}").json()["state"] == "pending"


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ".", "a\x00b", "x" * 81, "<b>", "a\nb"])
def test_no_name_leads_out_of_the_scan_folder(station: Station, name: str) -> None:
    answer = System(station).submit(name)
    folder = station.settings.scan_folder("quay-1")
    assert answer.status_code in (202, 400, 422)
    if answer.status_code == 202:
        assert (folder / answer.json()["reference"]).parent == folder
        assert (folder / answer.json()["reference"]).is_dir()
    assert not [
        path
        for path in station.settings.home.rglob("*")
        if path.name in ("x", "b", "001.png") and folder not in path.parents
    ]


def test_only_scans_are_taken(station: Station) -> None:
    system = System(station)
    assert system.submit("x", ("a.exe", b"1")).status_code == 400
    assert not station.settings.scan_folder("quay-1").exists()


def test_a_token_sees_its_own_station_and_nothing_without_it(station: Station) -> None:
    mine = station.document(Paper(number="1"))
    other = station.document(Paper(number="2"), station="quay-2")
    system = System(station)
    assert system.get("/documents").json() == {"documents": [mine], "more": False}
    assert system.get(f"/documents/{mine}").status_code == 200
    assert system.get(f"/documents/{other}").status_code == 404
    assert system.get(f"/documents/{other}/document.pdf").status_code == 404
    system.http.headers["authorization"] = "Bearer sohoa_wrong"
    answer = system.get("/documents")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_closed_token_opens_nothing(station: Station) -> None:
    system = System(station)
    connections.close_token(station.store, connections.tokens(station.store)[0].key, ADMIN)
    assert system.get("/documents").status_code == 401


def test_neither_desk_cookies_open_the_api_nor_tokens_the_desk(station: Station) -> None:
    assert Clerk(station, "lan").get("/api/v1/documents").status_code == 401
    system = System(station)
    system.http.follow_redirects = False
    assert system.http.get("/queue").headers["location"].startswith("/login")


def test_of_a_refused_document_the_api_says_no_more_than_the_desk(station: Station) -> None:
    secret = station.refused()
    answer = System(station).get(f"/documents/{secret}").json()
    assert answer["state"] == "refused"
    assert (answer["fields"], answer["pages"], answer["sha256"]) == ({}, None, None)
    assert System(station).get(f"/documents/{secret}/document.pdf").status_code == 403


def test_fields_are_given_once_a_person_confirmed_them_and_every_view_is_written_down(station: Station) -> None:
    document = station.document()
    system = System(station)
    assert system.get(f"/documents/{document}").json()["fields"] == {}
    decide.approve(station.store, document, reading.whole(station.store, document).version, LAN, {"CodeNumber": "7"})
    assert system.get(f"/documents/{document}").json()["fields"] == {"CodeNumber": "7"}
    views = [row["actor"] for row in reading.audit_rows(station.store, 50, document) if row["action"] == "viewed"]
    assert views == ["api:Hệ thống thử (system)"] * 2


class Listener:
    """A system that is told; it answers what it is set to answer."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answer = 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                listener.heard.append((dict(self.headers), body))
                self.send_response(listener.answer)
                self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/told"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def events(self) -> list[int]:
        return [json.loads(body)["event"] for _, body in self.heard]


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_change_is_told_signed_in_order_and_without_content(station: Station, listener: Listener) -> None:
    station.document(Paper(subject="có từ trước"))
    secret = connections.add_hook(station.store, listener.url, ADMIN)
    document = station.document(Paper(subject="Trích yếu riêng"))
    decide.approve(station.store, document, reading.whole(station.store, document).version, LAN, {"Subject": "Riêng"})
    with httpx.Client() as client:
        assert webhooks.ring(station.store, client) == 5
        assert webhooks.ring(station.store, client) == 0
    assert listener.events == sorted(listener.events)
    for headers, body in listener.heard:
        signed = hmac.new(secret.encode(), headers["X-Sohoa-Time"].encode() + b"." + body, hashlib.sha256).hexdigest()
        assert headers["X-Sohoa-Signature"] == f"sha256={signed}"
        assert "iêng".encode() not in body
    last = json.loads(listener.heard[-1][1])
    assert (last["action"], last["document"], last["state"]) == ("approve", document, "approved")


@pytest.mark.parametrize("answer", [500, 302, 404])
def test_what_was_not_acknowledged_comes_again_later_and_nothing_is_skipped(
    station: Station, listener: Listener, answer: int
) -> None:
    connections.add_hook(station.store, listener.url, ADMIN)
    station.document()
    listener.answer = answer
    with httpx.Client() as client:
        assert webhooks.ring(station.store, client) == 0
        assert webhooks.ring(station.store, client) == 0, "not before its time"
        assert len(listener.heard) == 1
        assert connections.hooks(station.store)[0].last_answer == f"HTTP {answer}"
        listener.answer = 204
        station.clock.forward(minutes=1)
        assert webhooks.ring(station.store, client) == 4
    assert listener.events[0] == listener.events[1], "the same event under the same number"
    assert connections.hooks(station.store)[0].last_answer is None


def test_an_address_that_is_not_there_delays_no_other(station: Station, listener: Listener) -> None:
    connections.add_hook(station.store, "http://127.0.0.1:9/nobody", ADMIN)
    connections.add_hook(station.store, listener.url, ADMIN)
    station.document()
    with httpx.Client() as client:
        assert webhooks.ring(station.store, client) == 4
    assert connections.hooks(station.store)[0].last_answer == "ConnectError"


def test_the_administrator_makes_and_closes_connections_and_secrets_are_shown_once(station: Station) -> None:
    station.person("quan", "admin")
    quan = Clerk(station, "quan")
    page = quan.post("/connections/tokens", name="Một cửa", station="quay-1").text
    assert "sohoa_" in page, page
    token = page[page.index("sohoa_") :].split("<")[0]
    assert connections.token_of(station.store, token) is not None
    assert token not in quan.get("/connections").text
    assert token not in str(reading.audit_rows(station.store, 500))
    for url in ("ftp://x", "javascript:alert(1)", "http://u:p@x/", "https://"):
        assert quan.post("/connections/webhooks", url=url).status_code == 400
    assert Clerk(station, "lan").get("/connections").status_code == 403
    assert audit.verify(station.store).whole


@pytest.fixture(scope="module")
def api_schema(opened: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    """The API of a station with documents in several states, as its own description says it is."""
    station = Station(tmp_path_factory.mktemp("api"))
    station.document()
    station.document(upto="check")
    station.refused()
    app = create_app(station.store, station.settings, sign=None)
    app.state.desk.pace.times = 10**9
    token = connections.add_token(station.store, "schemathesis", "quay-1", ADMIN)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    schema.config.headers = {"Authorization": f"Bearer {token}"}
    yield schema
    station.store.close()


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_the_api_keeps_to_its_description_whatever_it_is_sent(api_schema: BaseSchema) -> None:
    """Schemathesis over every operation: no 500, no undocumented status, no answer of another shape."""
    operations = [result.ok() for result in api_schema.get_all_operations()]
    assert len(operations) == 5
    for operation in operations:

        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy())
        def holds(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=CHECKS)

        holds()
