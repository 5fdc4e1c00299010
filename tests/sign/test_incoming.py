"""A PDF that arrives signed passes on byte for byte; a second signature is added only when the profile says so."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from intake.errors import DocumentError
from intake.folder import DocumentFolder
from intake.profile.sections import SignSection
from tests.sign.authority import AGENCY, Authority
from tests.sign.paper import document
from workers.sign import stage
from workers.sign.markread import read_mark
from workers.sign.pkcs12 import OpenKey
from workers.sign.single import sign_file
from workers.sign.verify import verify
from workers.tools.pki import TrustStore


@pytest.fixture
def arrived(
    ca: Authority, trust: TrustStore, key: OpenKey, section: SignSection, now: datetime, tmp_path: Path
) -> DocumentFolder:
    """A document whose only file another office signed."""
    first = tmp_path / "first"
    first.mkdir()
    stage.run(document(tmp_path, "a"), section, first, signer=key, now=now, trust=trust, demo_allowed=True)
    return document(tmp_path, "b", source=first / "signed.pdf", facts={"pdf": {"pages": 1, "signed_original": True}})


def test_it_is_kept_byte_for_byte_verified_and_described(
    arrived: DocumentFolder, trust: TrustStore, key: OpenKey, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    result = stage.run(arrived, section, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    assert (tmp_path / "signed.pdf").read_bytes() == (arrived.of("pdf") / "document.pdf").read_bytes()
    assert (result.facts["level"], result.facts["mark"], result.facts["signer"]) == ("incoming", None, AGENCY)
    assert [finding.code for finding in result.findings] == ["sign.incoming_signed"]
    evidence = json.loads((tmp_path / "evidence.json").read_text())
    assert evidence["incoming_report"]["signatures"][0]["signer"] == AGENCY


def test_the_profile_may_add_one_invisible_signature_as_an_update(
    arrived: DocumentFolder, trust: TrustStore, key: OpenKey, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    also = section.model_copy(update={"countersign_incoming": True})
    result = stage.run(arrived, also, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    before, after = (arrived.of("pdf") / "document.pdf").read_bytes(), (tmp_path / "signed.pdf").read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)
    assert result.facts["mark"] is None
    report = verify(tmp_path / "signed.pdf", trust, now, online=True)
    assert (report.verdict, len(report.own)) == ("valid", 2), report.as_json()
    assert read_mark(tmp_path / "signed.pdf", "Sohoa2") is None


def test_an_incoming_signature_that_does_not_hold_is_said_and_still_nothing_is_touched(
    arrived: DocumentFolder, trust: TrustStore, key: OpenKey, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    source = arrived.of("pdf") / "document.pdf"
    data = bytearray(source.read_bytes())
    data[data.index(b"DCTDecode") + 3000] ^= 0x10
    source.write_bytes(bytes(data))
    result = stage.run(arrived, section, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    assert (tmp_path / "signed.pdf").read_bytes() == bytes(data)
    assert result.facts["incoming"] == "invalid"
    assert result.findings[0].severity.word == "warn"
    assert "KHÔNG hợp lệ" in result.findings[0].vi


def test_the_command_line_puts_no_mark_on_a_signed_file(
    arrived: DocumentFolder, trust: TrustStore, key: OpenKey, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    source = arrived.of("pdf") / "document.pdf"
    with pytest.raises(DocumentError, match="đã có chữ ký số"):
        sign_file(arrived, source, tmp_path / "out.pdf", section, key, trust, now, demo_allowed=True)
    assert not (tmp_path / "out.pdf").exists()
