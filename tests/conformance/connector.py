"""What every connector must hold, ours and anybody's: subclass, give the fixtures, run pytest.

    from tests.conformance.connector import ConnectorConformance

    class TestMine(ConnectorConformance):
        @pytest.fixture
        def connect(self):            # () -> Connector; called again for a second station of the same target
            ...
        @pytest.fixture
        def stored(self):             # () -> list of SHA-256 (hex) of every signed PDF the other side holds now
            ...

A target that can be put into bad moods also gives the fixtures of ``FaultConformance``. Nothing here waits for time
to pass: give your connector small time limits.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from intake.errors import DocumentError, EnvironmentTrouble
from intake.model import Assignment, Receipt
from intake.ports import Connector, Package

CODES = {"01", "02", "03", "04", "05", "06", "13", "15", "16"}
DUE = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)


def key_of(name: str) -> str:
    """Keys are SHA-256 in hex."""
    return hashlib.sha256(name.encode()).hexdigest()


def make_package(folder: Path, key: str, *, number: str = "252", size: int = 2000, **record: object) -> Package:
    """A package as push builds it, around a PDF of ``size`` bytes that nobody else has."""
    folder.mkdir(parents=True, exist_ok=True)
    pdf = b"%PDF-1.4\n% " + key.encode() + b"\n" + bytes(range(256)) * (size // 256) + b"\n%%EOF\n"
    about = {
        "TypeName": "Quyết định",
        "CodeNumber": number,
        "CodeNotation": "QĐ-UBND",
        "IssuedDate": "2026-11-20",
        "OrganName": "ỦY BAN NHÂN DÂN THÀNH PHỐ",
        "Subject": "Về việc giao kế hoạch sử dụng đất năm 2027",
        "Language": "Tiếng Việt",
        "PageAmount": 1,
        "SignerInfo": {"Position": "CHỦ TỊCH", "FullName": "Nguyễn Văn Ánh"},
        "Priority": 0,
        **record,
    }
    contents = {
        "pdf": ("signed.pdf", pdf),
        "record_json": ("record.json", json.dumps(about, ensure_ascii=False).encode()),
        "record_xml": ("record.xml", b"<IncomingDocument/>"),
        "edxml": ("document.edxml", b"<edXML/>"),
        "manifest": ("manifest.json", b'{"files": []}'),
    }
    for name, content in contents.values():
        (folder / name).write_bytes(content)
    return Package(
        document_id=f"D-{key[:8]}", key=key, record=about, files={r: folder / n for r, (n, _) in contents.items()}
    )


def digest(package: Package) -> str:
    return hashlib.sha256(package.files["pdf"].read_bytes()).hexdigest()


ASSIGNMENT = Assignment("Phòng Quản lý đất đai", "Trần Văn Bình", ("Thanh tra",), DUE, "đất đai", "trích yếu có «đất»")


class ConnectorConformance:
    """Honest conditions."""

    @pytest.fixture
    def connect(self) -> Callable[[], Connector]:
        raise NotImplementedError("give a fixture «connect» that returns () -> Connector")

    @pytest.fixture
    def stored(self) -> Callable[[], list[str]]:
        raise NotImplementedError("give a fixture «stored» that returns () -> list of SHA-256")

    @pytest.fixture
    def make(self, tmp_path: Path) -> Callable[..., Package]:
        def package(name: str = "a", **options: object) -> Package:
            return make_package(tmp_path / "packages" / name, key_of(name), **options)

        return package

    def test_it_speaks_the_protocol_and_says_what_it_promises(self, connect):
        connector = connect()
        assert isinstance(connector, Connector)
        assert connector.delivery in ("exactly-once", "at-least-once")

    def test_an_unknown_key_is_not_found(self, connect):
        assert connect().find(key_of("nothing")) is None

    def test_what_was_put_is_found_with_the_same_receipt(self, connect, make, stored):
        connector, package = connect(), make()
        receipt = connector.put_if_absent(package.key, package)
        assert receipt.key == package.key
        assert receipt.remote_id
        assert receipt.received_at.tzinfo
        assert connector.find(package.key) == receipt
        assert connect().find(package.key) == receipt
        assert stored() == [digest(package)]

    def test_a_second_put_stores_nothing_and_returns_the_first_receipt(self, connect, make, stored):
        package = make()
        first = connect().put_if_absent(package.key, package)
        assert connect().put_if_absent(package.key, package) == first
        assert len(stored()) == 1

    def test_different_keys_are_different_deliveries(self, connect, make, stored):
        connector, packages = connect(), [make("a"), make("b", number="253")]
        receipts = [connector.put_if_absent(package.key, package) for package in packages]
        assert receipts[0].remote_id != receipts[1].remote_id
        assert sorted(stored()) == sorted(digest(package) for package in packages)

    def test_the_same_number_under_another_key_is_kept_apart(self, connect, make, stored):
        connector, packages = connect(), [make("a"), make("b")]
        receipts = [connector.put_if_absent(package.key, package) for package in packages]
        assert receipts[0].remote_id != receipts[1].remote_id
        assert len(stored()) == 2

    def test_two_stations_at_the_same_moment_store_once(self, connect, make, stored):
        package, connectors = make(), [connect() for _ in range(4)]
        if connectors[0].delivery == "at-least-once":
            pytest.skip("promises at-least-once only, and says so")
        start, receipts, troubles = threading.Barrier(len(connectors)), [], []

        def put(connector: Connector) -> None:
            start.wait()
            try:
                receipts.append(connector.put_if_absent(package.key, package))
            except EnvironmentTrouble as trouble:
                troubles.append(trouble)

        threads = [threading.Thread(target=put, args=(connector,)) for connector in connectors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(stored()) == 1
        assert receipts, troubles
        assert {receipt.remote_id for receipt in receipts} == {connect().find(package.key).remote_id}

    @pytest.mark.parametrize(
        ("number", "notation"),
        [
            ("05", "BNV-VP"),
            ("803/2004", "QĐ-TTg"),
            ("../../x", "..\\y"),
            ("CON", "NUL:*?"),
            ("", ""),
            ("1" * 11, "Đ" * 30),
        ],
    )
    def test_any_number_and_notation_can_be_delivered(self, connect, make, stored, number, notation):
        package = make(number=number, CodeNotation=notation)
        receipt = connect().put_if_absent(package.key, package)
        assert connect().find(package.key) == receipt
        assert stored() == [digest(package)]

    def test_a_large_copy_arrives_whole(self, connect, make, stored):
        package = make(size=6_000_000)
        connect().put_if_absent(package.key, package)
        assert stored() == [digest(package)]

    def test_forwarding_twice_is_forwarding_once(self, connect, make, stored):
        connector, package = connect(), make()
        receipt = connector.put_if_absent(package.key, package)
        first = connector.forward(receipt, ASSIGNMENT)
        second = connect().forward(receipt, ASSIGNMENT)
        assert first.remote_id == second.remote_id == receipt.remote_id
        assert connector.status(first) in CODES
        assert len(stored()) == 1

    def test_a_recall_shows_as_13_and_may_be_said_twice(self, connect, make):
        connector, package = connect(), make()
        receipt = connector.put_if_absent(package.key, package)
        assert connector.status(receipt) in CODES
        connector.recall(receipt)
        connector.recall(receipt)
        assert connect().status(receipt) == "13"

    def test_a_status_told_to_the_sender_twice_is_told_once(self, connect, make, stored):
        """Optional: a connector with ``report(receipt, code, reason) -> bool`` (False = this target has no way to)."""
        connector, package = connect(), make()
        receipt = connector.put_if_absent(package.key, package)
        report = getattr(connector, "report", None)
        if report is None:
            pytest.skip("has no way to tell the sender, and says so")
        assert report(receipt, "03", "") == connect().report(receipt, "03", "")
        assert connector.status(receipt) in CODES
        assert connect().find(package.key) == receipt
        assert len(stored()) == 1

    def test_a_recalled_delivery_is_still_found(self, connect, make, stored):
        connector, package = connect(), make()
        receipt = connector.put_if_absent(package.key, package)
        connector.recall(receipt)
        assert connector.put_if_absent(package.key, package).remote_id == receipt.remote_id
        assert len(stored()) == 1


class FaultConformance:
    """A target in bad moods. Fixtures beside those above: ``mood`` (name → puts the target into it, ``honest`` ends
    it), ``hurried`` (() → Connector with time limits so small that a silent target costs a test little) and the class
    attribute ``moods`` (the names this target knows)."""

    moods: tuple[str, ...] = ()

    @pytest.fixture
    def hurried(self) -> Callable[[], Connector]:
        raise NotImplementedError("give a fixture «hurried»")

    @pytest.fixture
    def mood(self) -> Callable[[str], None]:
        raise NotImplementedError("give a fixture «mood»")

    def test_every_fault_is_a_trouble_to_be_tried_again_and_ends_in_one_copy(
        self, connect, hurried, make, stored, mood
    ):
        """Whatever goes wrong at put: no other exception, no wait beyond the connector's limits, one copy in the end."""
        for name in self.moods:
            package = make(name, number=str(self.moods.index(name) + 1))
            mood(name)
            began = datetime.now(UTC)
            with contextlib.suppress(EnvironmentTrouble):
                hurried().put_if_absent(package.key, package)
            assert datetime.now(UTC) - began < timedelta(seconds=10), name
            mood("honest")
            receipt = deliver(connect(), package)
            assert receipt.remote_id, name
            assert stored().count(digest(package)) == 1, name

    @pytest.mark.parametrize("act", ["find", "forward", "status", "recall"])
    def test_every_fault_elsewhere_is_a_trouble_too(self, connect, hurried, make, mood, act):
        package = make()
        receipt = connect().put_if_absent(package.key, package)
        for name in self.moods:
            mood(name)
            with contextlib.suppress(EnvironmentTrouble):
                perform(act, hurried(), receipt)
            mood("honest")
            perform(act, connect(), receipt)
        assert connect().find(package.key) == receipt


def deliver(connector: Connector, package: Package) -> Receipt:
    """As the push stage does: ask first."""
    return connector.find(package.key) or connector.put_if_absent(package.key, package)


def perform(act: str, connector: Connector, receipt: Receipt) -> object:
    if act == "find":
        return connector.find(receipt.key)
    if act == "forward":
        return connector.forward(receipt, ASSIGNMENT)
    return getattr(connector, act)(receipt)


__all__ = [
    "ASSIGNMENT",
    "ConnectorConformance",
    "DocumentError",
    "FaultConformance",
    "deliver",
    "key_of",
    "make_package",
]
