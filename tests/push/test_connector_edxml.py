"""The edxml connector: packages out for a gateway, status packages in, and a recall that is a package of its own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from intake.ports import Package
from tests.conformance.connector import ConnectorConformance, digest, key_of, make_package
from tests.push.test_edxml import FULL, HANOI, MOMENT, STATUS
from workers.push.edxml import Attachment, Business, Code, Message, Status, StatusCode, content_id
from workers.push.edxml_read import read
from workers.push.edxml_write import save
from workers.push.exchange import EdxmlConnector


def with_edxml(package: Package) -> Package:
    """The package with a real edXML file around its own PDF."""
    message = replace(
        FULL,
        document_id=f"H26,2026/11/20,{package.key[:8]}",
        code=Code(str(package.record["CodeNumber"]), str(package.record["CodeNotation"])),
        attachments=(Attachment("a.pdf", "application/pdf", content_id(package.key, "a"), path=package.files["pdf"]),),
    )
    save(message, package.files["edxml"])
    return package


def sha256_inside(path: Path) -> str:
    message = read(path)
    assert isinstance(message, Message)
    return hashlib.sha256(message.attachments[0].content()).hexdigest()


class TestEdxml(ConnectorConformance):
    @pytest.fixture
    def make(self, tmp_path):
        def package(name: str = "a", **options: object) -> Package:
            return with_edxml(make_package(tmp_path / "packages" / name, key_of(name), **options))

        return package

    @pytest.fixture
    def connect(self, tmp_path):
        return lambda: EdxmlConnector({"path": "out", "answers": "in"}, tmp_path)

    @pytest.fixture
    def stored(self, tmp_path):
        def now() -> list[str]:
            found = [
                path
                for path in (tmp_path / "out").glob("*.edxml")
                if not re.search(r"-(thu-hoi|trang-thai-\d\d)$", path.stem)
            ]
            return [sha256_inside(path) for path in found]

        return now

    def test_a_status_package_changes_what_is_known_of_the_document(self, connect, make, tmp_path):
        connector, package = connect(), make()
        receipt = connector.put_if_absent(package.key, package)
        assert connector.status(receipt) == StatusCode.ARRIVED
        (tmp_path / "in").mkdir()
        about = replace(STATUS.response_for, document_id=receipt.detail["document_id"])
        other = replace(STATUS.response_for, document_id="H26,2026/11/20,khac")
        save(Status(STATUS.sender, about, StatusCode.ACCEPTED, MOMENT), tmp_path / "in" / "2.edxml")
        save(Status(STATUS.sender, other, StatusCode.DONE, MOMENT + timedelta(days=1)), tmp_path / "in" / "3.edxml")
        (tmp_path / "in" / "0.edxml").write_bytes(b"not a package")
        assert connector.answer(receipt) == (StatusCode.ACCEPTED, "")
        later = datetime(2026, 11, 23, 8, tzinfo=HANOI)
        save(Status(STATUS.sender, about, StatusCode.REFUSED, later, "Sai nơi nhận"), tmp_path / "in" / "1.edxml")
        assert connector.answer(receipt) == (StatusCode.REFUSED, "Sai nơi nhận")

    def test_a_recall_goes_out_once_as_a_package_without_attachment(self, connect, make, tmp_path):
        connector, package = connect(), make()
        receipt = connector.put_if_absent(package.key, package)
        connector.recall(receipt)
        (notice,) = (tmp_path / "out").glob("*-thu-hoi.edxml")
        message = read(notice)
        assert isinstance(message, Message)
        assert (message.business, message.attachments) == (Business.RECALL, ())
        assert message.document_id == receipt.detail["document_id"]
        notice.unlink()
        connector.recall(receipt)
        assert list((tmp_path / "out").glob("*-thu-hoi.edxml")) == []

    def test_the_package_arrives_as_built(self, connect, make, tmp_path):
        package = make()
        receipt = connect().put_if_absent(package.key, package)
        assert (tmp_path / "out" / receipt.remote_id).read_bytes() == package.files["edxml"].read_bytes()
        assert digest(package) == sha256_inside(tmp_path / "out" / receipt.remote_id)
