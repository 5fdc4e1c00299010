"""The package says the same thing in every form, and one target's trouble is not another's."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from intake.errors import DocumentError, EnvironmentTrouble
from intake.folder import DocumentFolder
from intake.model import StageResult, sha256_of
from intake.ports import Connector
from intake.profile.sections import ConnectorTarget, PushSection
from tests.document_system.hostility import Hostility
from tests.document_system.server import DocumentSystem
from workers.push.edxml import Message
from workers.push.edxml_read import read as read_edxml
from workers.push.folder import FolderConnector
from workers.push.key import delivery_key
from workers.push.package import build
from workers.push.rest import RestConnector
from workers.push.stage import run
from workers.tools.receipt import receipt_json, receipt_of

XSD = etree.XMLSchema(etree.parse(Path(__file__).parents[2] / "workers" / "push" / "edxml.xsd"))
SECTION = PushSection(
    target=(ConnectorTarget(name="share", connector="folder"), ConnectorTarget(name="dms", connector="rest")),
    organ_id="H26.1",
    organ_name="Sở Tài nguyên và Môi trường",
    organ_ids={"ỦY BAN NHÂN DÂN THÀNH PHỐ HÀ NỘI": "H26"},
)


def push(
    document: DocumentFolder, section: PushSection, connectors: Mapping[str, Connector], attempt: int = 1
) -> StageResult:
    out = document.root / f"push.{attempt}.tmp"
    out.mkdir()
    return run(
        document,
        section,
        out,
        connectors=connectors,
        key_of=lambda target, sha256: delivery_key(target, document.document_id, 1, sha256),
    )


@pytest.fixture
def package(signed_document, tmp_path):
    return build(signed_document(), SECTION, tmp_path)


def test_the_record_is_the_same_in_json_xml_and_edxml(package):
    record = json.loads(package.files["record_json"].read_text("utf-8"))
    xml = etree.parse(package.files["record_xml"])
    message = read_edxml(package.files["edxml"])
    assert isinstance(message, Message)
    assert record == package.record
    assert record["Subject"] == xml.findtext("Subject") == message.subject
    assert record["CodeNumber"] == xml.findtext("CodeNumber") == message.code.number == "252"
    assert record["CodeNotation"] == xml.findtext("CodeNotation") == message.code.notation == "QĐ-UBND"
    assert record["IssuedDate"] == xml.findtext("IssuedDate") == str(message.promulgation_date)
    assert record["SignerInfo"]["FullName"] == xml.findtext("SignerInfo/FullName") == message.signer_name
    assert record["Priority"] == int(xml.findtext("Priority")) == message.priority == 2


def test_the_edxml_package_obeys_the_schema_and_carries_the_signed_bytes(package):
    assert XSD.validate(etree.parse(package.files["edxml"])), XSD.error_log
    message = read_edxml(package.files["edxml"])
    assert isinstance(message, Message)
    assert message.attachments[0].content() == package.files["pdf"].read_bytes()
    assert message.document_id == "H26,2026/11/20,252/QĐ-UBND"
    assert (message.sender.organ_id, message.receivers[0].organ_id) == ("H26", "H26.1")
    assert message.competence == "KT"
    assert message.signer_position == "CHỦ TỊCH, PHÓ CHỦ TỊCH"


def test_for_release_the_package_goes_from_us_to_the_receivers(signed_document, tmp_path):
    section = SECTION.model_copy(
        update={"direction": "outgoing", "receivers": {"H26.2": "Sở Nội vụ", "G09": "Bộ Nội vụ"}}
    )
    message = read_edxml(build(signed_document(), section, tmp_path).files["edxml"])
    assert isinstance(message, Message)
    assert message.sender.organ_id == "H26.1"
    assert [receiver.organ_id for receiver in message.receivers] == ["H26.2", "G09"]


def test_the_manifest_names_every_file_with_its_digest(package):
    manifest = json.loads(package.files["manifest"].read_text("utf-8"))
    listed = {entry["role"]: entry for entry in manifest["files"]}
    assert set(listed) == set(package.files) - {"manifest"}
    for role, entry in listed.items():
        assert entry["sha256"] == sha256_of(package.files[role])
        assert entry["bytes"] == package.files[role].stat().st_size


def test_built_twice_it_is_the_same_bytes(signed_document, tmp_path):
    document = signed_document()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = build(document, SECTION, tmp_path / "a"), build(document, SECTION, tmp_path / "b")
    for role in first.files:
        assert first.files[role].read_bytes() == second.files[role].read_bytes(), role


def test_the_audit_extract_tells_who_vouched_and_nothing_of_the_content(package):
    extract = package.files["audit"].read_text("utf-8")
    stages = json.loads(extract)["stages"]
    assert stages["review"] == {"by": "lan", "at": "2026-11-22T02:00:00+00:00", "source_kind": "bản chính"}
    assert stages["sign"]["signer"] == "Trần Thị Lan"
    assert "kế hoạch sử dụng đất" not in extract


def test_an_unsigned_document_is_not_packed(signed_document, tmp_path):
    document = signed_document()
    with pytest.raises(DocumentError, match="sign"):
        build(replace(document, published={}), SECTION, tmp_path)


def test_every_target_gets_one_copy_under_its_own_key(signed_document, tmp_path):
    document = signed_document()
    with DocumentSystem(tmp_path / "system") as system:
        connectors = {"share": FolderConnector({}, tmp_path), "dms": RestConnector({"url": system.url}, tmp_path)}
        result = push(document, SECTION, connectors)
        again = push(document, SECTION, connectors, 2)
        assert len(system.store.all()) == 1
    receipts = result.facts["receipts"]
    assert again.facts["receipts"] == result.facts["receipts"]
    assert receipts["share"]["key"] != receipts["dms"]["key"]
    assert receipts["dms"]["arrival_number"] == "1"
    assert result.facts["sha256"] == sha256_of(document.of("sign") / "signed.pdf")
    assert {receipt_json(receipt_of(said))["key"] for said in receipts.values()} == {
        said["key"] for said in receipts.values()
    }


def test_the_same_number_twice_is_a_warning_at_the_desk_and_both_are_delivered(signed_document, tmp_path):
    """{number, notation, agency, year}: it may be one sheet scanned twice, or two documents that share a number."""
    with DocumentSystem(tmp_path / "system") as system:
        connectors = {"share": FolderConnector({}, tmp_path), "dms": RestConnector({"url": system.url}, tmp_path)}
        first, second, other = (
            push(signed_document(name, number=number), SECTION, connectors)
            for name, number in (("D1", "252"), ("D2", "252"), ("D3", "253"))
        )
    assert first.findings == other.findings == ()
    (warning,) = second.findings
    assert (warning.code, warning.severity.word, warning.measured) == ("push.duplicate", "warn", "1")
    assert second.facts["delivery"] == {"share": "exactly-once", "dms": "exactly-once"}


def test_one_targets_trouble_does_not_keep_the_copy_from_the_other(signed_document, tmp_path):
    document = signed_document()
    with DocumentSystem(tmp_path / "system", hostility=Hostility(error_before=1.0)) as system:
        connectors = {"dms": RestConnector({"url": system.url}, tmp_path), "share": FolderConnector({}, tmp_path)}
        with pytest.raises(EnvironmentTrouble, match="«dms»"):
            push(document, SECTION, connectors)
        assert len(list((tmp_path / "deliver").glob("[!.]*/signed.pdf"))) == 1
        system.hostility = Hostility()
        result = push(document, SECTION, connectors, 2)
        assert len(system.store.all()) == 1
    assert set(result.facts["receipts"]) == {"share", "dms"}
    assert len(list((tmp_path / "deliver").glob("[!.]*/signed.pdf"))) == 1


def test_a_refusal_names_the_target_and_what_it_said(signed_document, tmp_path):
    document = signed_document(confirmed={"Subject": None})
    with DocumentSystem(tmp_path / "system") as system:
        connectors = {"share": FolderConnector({}, tmp_path), "dms": RestConnector({"url": system.url}, tmp_path)}
        with pytest.raises(DocumentError, match=r"«dms».*record\.Subject"):
            push(document, SECTION, connectors)


def test_another_revision_or_target_is_another_delivery():
    keys = {
        delivery_key(*parts)
        for parts in [("a", "1", 1, "s"), ("b", "1", 1, "s"), ("a", "1", 2, "s"), ("a1", "", 1, "s")]
    }
    assert len(keys) == 4
    assert all(len(key) == 64 for key in keys)


def test_options_with_dots_are_written_as_toml_has_them(tmp_path):
    """``options.answer.id`` is a nested table in TOML, and one option for the connector."""
    data = tomllib.loads(
        """
        target = [{ name = "dms", connector = "rest", options.url = "https://dms.example", options.wait_seconds = 2.5,
                    options.answer.id = "ma", options.status.XONG = "06", options.allow_http = false }]
        """.replace("\n", " ")
    )
    options = PushSection.model_validate(data).target[0].options
    assert options["answer.id"] == "ma"
    assert options["status.XONG"] == "06"
    assert options["allow_http"] is False
    assert RestConnector(options, tmp_path).name == "rest"
