"""The stage's own promises: confirmed fields in the file, nothing published on failure, the certification asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from intake.errors import DocumentError, EnvironmentTrouble, OperatorError
from intake.profile.sections import SignSection
from tests.sign.authority import AGENCY, PASSWORD, Authority
from tests.sign.paper import RECORD, document, pdf
from workers.sign import pades, proof, stage
from workers.sign.certificate import check
from workers.sign.demo_ca import DemoAuthority
from workers.sign.pkcs12 import OpenKey, Pkcs12Signer
from workers.sign.single import sign_file
from workers.sign.uplift import Update
from workers.sign.verify import verify
from workers.tools.pki import TrustStore, load_trust


def test_what_the_person_confirmed_is_in_the_signed_file_and_the_time_is_one(
    key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    confirmed = RECORD | {"Subject": "Về việc đã được văn thư xác nhận", "CodeNumber": "77"}
    paper = document(tmp_path, confirmed=confirmed)
    out = tmp_path / "out"
    out.mkdir()
    result = stage.run(paper, section, out, signer=key, now=now, trust=trust, demo_allowed=True)
    with pikepdf.open(out / "signed.pdf") as opened:
        described = bytes(opened.Root.Metadata.read_bytes()).decode()
        assert "Về việc đã được văn thư xác nhận" in described
        signature = opened.Root.AcroForm.Fields[0].V
        assert str(signature.SubFilter) == "/ETSI.CAdES.detached"
        assert str(signature.Name) == AGENCY
    report = verify(out / "signed.pdf", trust, now, online=True)
    assert report.own[0].mark is not None
    shown = datetime.fromisoformat(report.own[0].mark.time)
    assert report.own[0].signed_at is not None
    assert shown == datetime.fromisoformat(report.own[0].signed_at) == now
    assert result.facts["signed_at"] == now.isoformat()
    again = tmp_path / "again"
    again.mkdir()
    stage.run(paper, section, again, signer=key, now=now, trust=trust, demo_allowed=True)
    hashes = [json.loads((one / "evidence.json").read_text())["described_sha256"] for one in (out, again)]
    assert hashes[0] == hashes[1], "the same paper and fields give the same bytes to sign"


def test_the_evidence_beside_the_file_says_who_when_with_what_and_what_was_known(
    key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    stage.run(document(tmp_path), section, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    told = json.loads((tmp_path / "evidence.json").read_text())
    assert told["certificate"]["subject"].startswith(f"Common Name: {AGENCY}")
    assert told["revocation"]["checked"]
    assert told["revocation"]["crls"][0]["der"]
    assert told["revocation"]["ocsps"]
    assert [entry["subject"].split(",")[0] for entry in told["chain"]] == [
        "Common Name: Gốc thử nghiệm",
        "Common Name: CA trung gian thử nghiệm",
        f"Common Name: {AGENCY}",
    ]
    assert told["mark_text"][0].startswith("SAO Y; ")


@pytest.mark.parametrize(("docmdp", "value"), [("no-changes", 1), ("fill-forms", 2), ("annotate", 3)])
def test_the_certification_the_profile_asks_for_is_in_the_file(
    docmdp: str, value: int, key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    wanted = section.model_copy(update={"docmdp": docmdp})
    stage.run(document(tmp_path), wanted, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    with pikepdf.open(tmp_path / "signed.pdf") as opened:
        assert int(opened.Root.Perms.DocMDP.Reference[0].TransformParams.P) == value
    assert verify(tmp_path / "signed.pdf", trust, now, online=True).verdict == "valid"


def test_an_update_that_changes_the_page_does_not_pass_the_proof(
    key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    """As if the signing library wrote more than the signature."""
    source, touched, signed = pdf(tmp_path / "a.pdf"), tmp_path / "b.pdf", tmp_path / "c.pdf"
    with source.open("rb") as stream, touched.open("wb") as output:
        writer = Update(stream)
        page = writer.find_page_for_modification(0)[0].get_object()
        page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 9 9 re f"))
        writer.update_container(page)
        writer.write(output)
    checked = check(key, section, trust, now, demo_allowed=True)
    pades.sign(touched, signed, key, section, checked, now)
    proof.prove(touched, signed, checked, now)
    with pytest.raises(DocumentError, match="bị ghi lại"):
        proof.prove(source, signed, checked, now)


def test_a_signature_by_another_key_does_not_pass_the_proof(
    ca: Authority, key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    source, signed = pdf(tmp_path / "a.pdf"), tmp_path / "b.pdf"
    checked = check(key, section, trust, now, demo_allowed=True)
    with Pkcs12Signer(ca.pkcs12("other")).open(PASSWORD) as other:
        pades.sign(source, signed, other, section, checked, now)
    with pytest.raises(DocumentError, match="không đạt"):
        proof.prove(source, signed, checked, now)


def test_a_document_without_a_pdf_or_with_a_field_too_long_is_held(
    key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    paper = document(tmp_path, confirmed=RECORD | {"CodeNotation": "X" * 31})
    out = tmp_path / "out"
    out.mkdir()
    for one in (paper, replace(paper, published={})):
        with pytest.raises(DocumentError):
            stage.run(one, section, out, signer=key, now=now, trust=trust, demo_allowed=True)
    assert list(out.iterdir()) == []


def test_damaged_and_locked_files_are_refused_with_words_on_the_command_line_s_way(
    key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    good, locked, broken = pdf(tmp_path / "good.pdf"), tmp_path / "locked.pdf", tmp_path / "broken.pdf"
    with pikepdf.open(good) as opened:
        opened.save(locked, encryption=pikepdf.Encryption(owner="a", user="b"))
    broken.write_bytes(good.read_bytes()[:4000])
    paper = document(tmp_path)
    for source in (locked, broken):
        with pytest.raises(DocumentError, match=source.name):
            sign_file(paper, source, tmp_path / "out.pdf", section, key, trust, now, demo_allowed=True)
    with pytest.raises(OperatorError, match="Không có thư mục"):
        sign_file(paper, good, tmp_path / "no" / "out.pdf", section, key, trust, now, demo_allowed=True)
    assert list(tmp_path.glob("out*")) == []


def test_a_disk_that_cannot_be_written_is_trouble_of_the_station_not_of_the_document(
    key: OpenKey, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    source = pdf(tmp_path / "a.pdf")
    with pytest.raises(EnvironmentTrouble, match="dung lượng"):
        pades.begin(source, tmp_path / "unmounted" / "b.pdf", key, section, now)


def test_the_station_demo_key_is_plainly_a_demo(demo: DemoAuthority, section: SignSection, now: datetime) -> None:
    assert demo.pkcs12.stat().st_mode & 0o077 == 0
    with Pkcs12Signer(demo.pkcs12).open(PASSWORD) as key:
        with pytest.raises(OperatorError, match="CHỈ DÙNG THỬ"):
            check(key, section, load_trust(demo.trust), now)
        checked = check(key, section, load_trust(demo.trust), now, demo_allowed=True)
        assert checked.revocation_known, "the demo brings its own CRL and needs no network"
        assert "CHỈ DÙNG THỬ" in checked.certificate.issuer.human_friendly


def test_a_signed_file_can_be_read_by_the_strictest_reader(
    key: OpenKey, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    stage.run(document(tmp_path), section, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    with (tmp_path / "signed.pdf").open("rb") as stream:
        reader = PdfFileReader(stream, strict=True)
        assert reader.xrefs.total_revisions == 2
        assert len(reader.embedded_signatures) == 1
