"""The rest connector against a document system that really stores, honest and in every bad mood."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from intake.errors import DocumentError, EnvironmentTrouble, OperatorError
from tests.conformance.connector import ConnectorConformance, FaultConformance, deliver, digest, key_of, make_package
from tests.document_system.hostility import MOODS, Hostility
from tests.document_system.server import Access, DocumentSystem
from tests.push.authority import Authority
from workers.push.rest import RestConnector

QUICK = {"wait_seconds": 0.1, "call_seconds": 0.2}
"""small enough that a silent server costs a test little"""


class TestRest(ConnectorConformance, FaultConformance):
    moods = MOODS

    @pytest.fixture
    def system(self, tmp_path):
        with DocumentSystem(tmp_path / "system") as system:
            yield system

    @pytest.fixture
    def connect(self, system, tmp_path):
        return lambda: RestConnector({"url": system.url}, tmp_path)

    @pytest.fixture
    def stored(self, system):
        return lambda: [document["sha256"] for document in system.store.all()]

    @pytest.fixture
    def hurried(self, system, tmp_path):
        return lambda: RestConnector({"url": system.url, **QUICK}, tmp_path)

    @pytest.fixture
    def mood(self, system):
        def set_mood(name: str) -> None:
            system.hostility = Hostility() if name == "honest" else Hostility(**{name: 1.0})

        return set_mood


@pytest.fixture
def package(tmp_path):
    return make_package(tmp_path / "package", key_of("one"))


@pytest.fixture
def serve(tmp_path):
    """Starts document systems and stops them after the test."""
    running = []

    def start(**options) -> DocumentSystem:
        system = DocumentSystem(tmp_path / f"system{len(running)}", **options).start()
        running.append(system)
        return system

    yield start
    for system in running:
        system.stop()


def test_the_arrival_number_is_the_document_systems_to_give(serve, tmp_path):
    system = serve()
    connector = RestConnector({"url": system.url}, tmp_path)
    packages = [make_package(tmp_path / f"p{i}", key_of(f"{i}"), number=str(i)) for i in range(3)]
    receipts = [connector.put_if_absent(package.key, package) for package in packages]
    assert [receipt.arrival_number for receipt in receipts] == ["1", "2", "3"]


def test_the_duplicate_warning_comes_back_with_the_receipt(serve, tmp_path):
    connector = RestConnector({"url": serve().url}, tmp_path)
    first, second = (make_package(tmp_path / name, key_of(name)) for name in "ab")
    receipt = connector.put_if_absent(first.key, first)
    assert connector.put_if_absent(second.key, second).detail["duplicate_of"] == receipt.remote_id


def test_the_files_come_down_as_they_went_up(serve, tmp_path, package):
    system = serve()
    receipt = RestConnector({"url": system.url}, tmp_path).put_if_absent(package.key, package)
    for role, path in package.files.items():
        assert system.store.file(receipt.remote_id, role) == path.read_bytes(), role


def test_a_lost_answer_is_asked_for_before_anything_is_sent_again(serve, tmp_path, package):
    """The system commits and falls silent, then recovers: put itself comes back with the receipt."""
    system = serve(hostility=Hostility(seed=3, commit_then_silence=0.5))
    connector = RestConnector({"url": system.url, **QUICK}, tmp_path)
    while True:
        try:
            receipt = deliver(connector, package)
            break
        except EnvironmentTrouble:
            continue
    assert [document["id"] for document in system.store.all()] == [receipt.remote_id]


def test_a_refusal_is_a_document_error_with_the_systems_own_words(serve, tmp_path):
    connector = RestConnector({"url": serve().url}, tmp_path)
    package = make_package(tmp_path / "p", key_of("x"), Subject="")
    with pytest.raises(DocumentError, match=r"record\.Subject"):
        connector.put_if_absent(package.key, package)


def test_a_package_over_the_limit_is_refused_before_it_is_sent(serve, tmp_path, package):
    connector = RestConnector({"url": serve().url, "payload_bytes_max": 100}, tmp_path)
    with pytest.raises(DocumentError, match="payload_bytes_max"):
        connector.put_if_absent(package.key, package)


def test_a_stopped_system_is_a_trouble_and_the_copy_arrives_after_its_return(serve, tmp_path, package):
    system = serve()
    connector = RestConnector({"url": system.url, **QUICK}, tmp_path)
    system.stop()
    with pytest.raises(EnvironmentTrouble, match="cannot be reached"):
        connector.put_if_absent(package.key, package)
    system.start()
    assert deliver(connector, package)


def test_refused_documents_come_back_with_the_reason(serve, tmp_path, package):
    system = serve()
    connector = RestConnector({"url": system.url}, tmp_path)
    receipt = connector.put_if_absent(package.key, package)
    system.store.set_status(receipt.remote_id, "02", "Gửi sai nơi nhận")
    assert connector.answer(receipt) == ("02", "Gửi sai nơi nhận")


# --- the security of the wire


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "ca")


def test_a_certificate_of_the_agencys_own_authority_is_accepted(serve, tmp_path, package, authority):
    system = serve(tls=authority.server())
    connector = RestConnector({"url": system.url, "ca_file": "ca/ca.pem"}, tmp_path)
    assert connector.put_if_absent(package.key, package)


@pytest.mark.parametrize("wrong", ["unknown authority", "expired", "other host"])
def test_a_certificate_that_is_not_right_stops_everything(serve, tmp_path, package, authority, wrong):
    """Nothing is sent: the system behind it has stored nothing."""
    context = {
        "unknown authority": lambda: Authority(tmp_path / "other", "Other CA").server(),
        "expired": lambda: authority.server(expired=True),
        "other host": lambda: authority.server("elsewhere.example"),
    }[wrong]()
    system = serve(tls=context)
    connector = RestConnector({"url": system.url, "ca_file": "ca/ca.pem"}, tmp_path)
    with pytest.raises(EnvironmentTrouble, match=r"(?i)certificate"):
        connector.put_if_absent(package.key, package)
    assert system.store.all() == []


def test_a_client_certificate_opens_a_system_that_asks_for_one(serve, tmp_path, package, authority):
    system = serve(tls=authority.server(ask_client=True))
    authority.issue("sohoa")
    options = {"url": system.url, "ca_file": "ca/ca.pem", **QUICK}
    with pytest.raises(EnvironmentTrouble):
        RestConnector(options, tmp_path).put_if_absent(package.key, package)
    mine = {"client_cert_file": "ca/sohoa.pem", "client_key_file": "ca/sohoa.key"}
    assert RestConnector(options | mine, tmp_path).put_if_absent(package.key, package)


@pytest.mark.parametrize(
    "url",
    [
        "dms",
        "https://",
        "ftp://dms.example",
        "https://[nowhere",
        "https://a b",
        "https://x..y",
        "https://\x00",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_is_none_is_named(tmp_path, url):
    with pytest.raises(OperatorError):
        RestConnector({"url": url}, tmp_path)
    with pytest.raises(OperatorError):
        RestConnector(
            {"url": "https://dms.example", "token_url": url, "client_id": "a", "client_secret": "env:B"}, tmp_path
        )


def test_plain_http_to_another_machine_needs_an_explicit_yes(tmp_path):
    with pytest.raises(OperatorError, match="https"):
        RestConnector({"url": "http://dms.example"}, tmp_path)
    RestConnector({"url": "http://dms.example", "allow_http": True}, tmp_path)


def test_an_api_key_is_read_from_its_file_and_never_shown(serve, tmp_path, package):
    system = serve(access=Access(api_key="s3cret-key"))
    (tmp_path / "key").write_text("wrong-key\n")
    connector = RestConnector({"url": system.url, "api_key": "file:key"}, tmp_path)
    with pytest.raises(EnvironmentTrouble, match="401") as raised:
        connector.put_if_absent(package.key, package)
    assert "wrong-key" not in str(raised.value)
    (tmp_path / "key").write_text("s3cret-key\n")
    assert connector.put_if_absent(package.key, package)


def test_a_secret_written_into_the_profile_is_refused(serve, tmp_path, package):
    connector = RestConnector({"url": serve().url, "api_key": "s3cret"}, tmp_path)
    with pytest.raises(OperatorError, match="file:path") as raised:
        connector.find(package.key)
    assert "s3cret" not in str(raised.value)


def test_a_token_that_runs_out_is_fetched_anew(serve, tmp_path, monkeypatch):
    system = serve(access=Access(client_id="sohoa", client_secret="hush", token_uses=3))
    monkeypatch.setenv("DMS_SECRET", "hush")
    connector = RestConnector(
        {
            "url": system.url,
            "token_url": f"{system.url}/oauth/token",
            "client_id": "sohoa",
            "client_secret": "env:DMS_SECRET",
        },
        tmp_path,
    )
    packages = [make_package(tmp_path / f"p{i}", key_of(f"{i}"), number=str(i)) for i in range(8)]
    for package in packages:
        connector.put_if_absent(package.key, package)
    assert len(system.store.all()) == 8


def test_a_wrong_client_secret_is_a_trouble_that_does_not_show_it(serve, tmp_path, package, monkeypatch):
    system = serve(access=Access(client_id="sohoa", client_secret="hush"))
    monkeypatch.setenv("DMS_SECRET", "other")
    connector = RestConnector(
        {
            "url": system.url,
            "token_url": f"{system.url}/oauth/token",
            "client_id": "sohoa",
            "client_secret": "env:DMS_SECRET",
        },
        tmp_path,
    )
    with pytest.raises(EnvironmentTrouble, match="client_secret") as raised:
        connector.put_if_absent(package.key, package)
    assert "other" not in str(raised.value)


class _Odd(BaseHTTPRequestHandler):
    """Answers that a hostile or broken peer could give; ``answer`` is set per test."""

    answer = b""
    asked: list[str]

    def log_message(self, *args):
        """Quiet."""

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def do_GET(self):
        self.asked.append(self.path)
        self.wfile.write(self.answer)


@pytest.fixture
def odd():
    """Starts a server that answers every request with the given bytes; gives its url and what it was asked."""
    servers = []

    def start(answer: bytes) -> tuple[str, list[str]]:
        asked: list[str] = []
        handler = type("Odd", (_Odd,), {"answer": answer, "asked": asked})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://localhost:{server.server_address[1]}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_redirect_is_not_followed(odd, tmp_path, package):
    """Neither the copy nor the credentials go to a host nobody configured."""
    trap, trapped = odd(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    url, _ = odd(f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {trap}/x\r\nContent-Length: 0\r\n\r\n".encode())
    with pytest.raises(EnvironmentTrouble, match="redirects elsewhere"):
        RestConnector({"url": url}, tmp_path).put_if_absent(package.key, package)
    assert trapped == []


def test_an_id_that_is_an_address_stays_a_part_of_the_path(odd, tmp_path, package):
    """A remote id is data: it can not lead a later call to another path or host."""
    body = b'{"id": "http://169.254.169.254/../../x?y#z"}'
    url, asked = odd(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    connector = RestConnector({"url": url}, tmp_path)
    connector.recall(connector.put_if_absent(package.key, package))
    assert asked[-1] == "/v1/documents/http%3A%2F%2F169.254.169.254%2F..%2F..%2Fx%3Fy%23z/recall"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000,
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>no!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull",
        b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"",
    ],
    ids=["huge body", "huge header", "html", "no id", "null", "odd status", "no content", "nothing"],
)
def test_an_odd_answer_is_a_trouble_and_never_a_receipt(odd, tmp_path, package, answer):
    url, _ = odd(answer)
    with pytest.raises((EnvironmentTrouble, DocumentError)):
        RestConnector({"url": url, **QUICK}, tmp_path).put_if_absent(package.key, package)


def test_a_copy_stored_with_other_bytes_is_not_taken_for_delivered(odd, tmp_path, package):
    body = b'{"id": "7", "sha256": "%s"}' % (b"0" * 64)
    url, _ = odd(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    with pytest.raises(EnvironmentTrouble, match="other bytes"):
        RestConnector({"url": url}, tmp_path).put_if_absent(package.key, package)


def test_a_vendors_own_words_are_mapped_by_options(odd, tmp_path, package):
    body = b'{"data": {"ma": 42, "soDen": 7, "ngayNhan": "2026-11-22T08:00:00+07:00", "tt": "DA_TIEP_NHAN"}}'
    url, asked = odd(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    connector = RestConnector(
        {
            "url": f"{url}/api",
            "put_path": "van-ban-den",
            "put_method": "PUT",
            "find_path": "van-ban-den/tra-cuu/{key}",
            "status_path": "van-ban-den/{id}",
            "body": "json",
            "files": "pdf,record_json",
            "answer.id": "data.ma",
            "answer.number": "data.soDen",
            "answer.received_at": "data.ngayNhan",
            "answer.status": "data.tt",
            "field.CodeNumber": "so",
            "field.SignerInfo.FullName": "nguoiKy",
            "status.DA_TIEP_NHAN": "03",
        },
        tmp_path,
    )
    receipt = connector.put_if_absent(package.key, package)
    assert (receipt.remote_id, receipt.arrival_number) == ("42", "7")
    assert receipt.received_at.isoformat() == "2026-11-22T08:00:00+07:00"
    assert connector.status(receipt) == "03"
    assert asked == ["/api/van-ban-den", "/api/van-ban-den/42"]


def test_a_target_that_can_neither_find_nor_repeat_says_so(tmp_path):
    options = {"url": "https://dms.example", "find_path": "", "idempotent": False}
    assert RestConnector(options, tmp_path).delivery == "at-least-once"


def test_both_identical_answers_to_one_request_are_one_receipt(serve, tmp_path, package):
    system = serve(hostility=Hostility(twice=1.0))
    receipt = RestConnector({"url": system.url}, tmp_path).put_if_absent(package.key, package)
    assert [document["sha256"] for document in system.store.all()] == [digest(package)]
    assert receipt.remote_id == "1"
