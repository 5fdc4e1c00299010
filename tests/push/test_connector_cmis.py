"""The cmis connector against a repository of the browser binding, honest and in every bad mood."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intake.errors import EnvironmentTrouble
from tests.conformance.connector import (
    ASSIGNMENT,
    ConnectorConformance,
    FaultConformance,
    digest,
    key_of,
    make_package,
)
from tests.document_system.cmis import CmisSystem
from tests.document_system.hostility import MOODS, Hostility
from tests.document_system.server import Access
from workers.push.cmis import CmisConnector


@pytest.fixture
def system(tmp_path):
    with CmisSystem(tmp_path / "system") as system:
        yield system


@pytest.fixture
def options(system):
    return {"url": f"{system.url}/root", "folder": "den"}


@pytest.fixture
def package(tmp_path):
    return make_package(tmp_path / "package", key_of("one"))


class TestCmis(ConnectorConformance, FaultConformance):
    moods = MOODS

    @pytest.fixture
    def connect(self, options, tmp_path):
        return lambda: CmisConnector(options, tmp_path)

    @pytest.fixture
    def hurried(self, options, tmp_path):
        return lambda: CmisConnector({**options, "wait_seconds": 0.1, "call_seconds": 0.2}, tmp_path)

    @pytest.fixture
    def stored(self, system):
        return lambda: system.store.digests()

    @pytest.fixture
    def mood(self, system):
        def set_mood(name: str) -> None:
            system.hostility = Hostility() if name == "honest" else Hostility(**{name: 1.0})

        return set_mood


def test_the_copy_comes_last_so_that_it_means_the_whole(system, options, tmp_path, package):
    receipt = CmisConnector(options, tmp_path).put_if_absent(package.key, package)
    copy = system.store.get("den", f"{package.key}.pdf")
    beside = system.store.get("den", f"{package.key}.record.json")
    assert receipt.remote_id == copy["cmis:objectId"]
    assert int(beside["cmis:objectId"]) < int(copy["cmis:objectId"])


def test_people_can_read_what_it_is_and_properties_are_mapped(system, options, tmp_path, package):
    mapped = {**options, "property.hn:soKyHieu": "CodeNumber", "property.hn:nguoiKy": "SignerInfo.FullName"}
    CmisConnector(mapped, tmp_path).put_if_absent(package.key, package)
    found = system.store.get("den", f"{package.key}.pdf")
    assert found["cmis:description"].startswith("252/QĐ-UBND – 2026-11-20 – Quyết định – Về việc")
    assert (found["hn:soKyHieu"], found["hn:nguoiKy"]) == ("252", "Nguyễn Văn Ánh")


def test_a_changed_assignment_replaces_the_first(system, options, tmp_path, package):
    connector = CmisConnector(options, tmp_path)
    receipt = connector.put_if_absent(package.key, package)
    connector.forward(receipt, ASSIGNMENT)
    connector.forward(receipt, replace(ASSIGNMENT, unit="Thanh tra"))
    assert b'"Thanh tra"' in system.store.content("den", f"{package.key}.assignment.json")


def test_a_status_property_is_read_in_the_repositorys_words(system, options, tmp_path, package):
    words = {**options, "status_property": "hn:trangThai", "status.Hoàn thành": "06"}
    connector = CmisConnector(words, tmp_path)
    receipt = connector.put_if_absent(package.key, package)
    assert connector.status(receipt) == "01"
    system.store.set_property("den", f"{package.key}.pdf", "hn:trangThai", "Hoàn thành")
    assert connector.status(receipt) == "06"


def test_a_missing_folder_is_a_trouble_that_names_it(options, tmp_path, package):
    with pytest.raises(EnvironmentTrouble, match="«khac»"):
        CmisConnector({**options, "folder": "khac"}, tmp_path).put_if_absent(package.key, package)


def test_an_address_that_is_no_repository_is_said(system, tmp_path, package):
    with pytest.raises(EnvironmentTrouble):
        CmisConnector({"url": f"{system.url}/elsewhere", "folder": "den"}, tmp_path).put_if_absent(package.key, package)


def test_an_account_opens_a_repository_that_asks_for_one(tmp_path, package):
    (tmp_path / "password").write_text("mat-khau")
    basic = "Basic dmFudGh1Om1hdC1raGF1"
    with CmisSystem(tmp_path / "closed", access=Access(header=basic)) as system:
        options = {"url": f"{system.url}/root", "folder": "den"}
        with pytest.raises(EnvironmentTrouble, match="401"):
            CmisConnector(options, tmp_path).put_if_absent(package.key, package)
        account = {"user": "vanthu", "password": "file:password"}
        CmisConnector(options | account, tmp_path).put_if_absent(package.key, package)
        assert system.store.digests() == [digest(package)]
