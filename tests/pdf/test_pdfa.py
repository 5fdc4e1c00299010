"""PDF/A-2b is shown, not claimed: before signing, after signing, and when the record changes."""

from __future__ import annotations

import datetime
import gc
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Dictionary, Name, String
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, fields, sign_pdf

from intake.errors import DocumentError
from tests.pdf.paper import jpeg, made, poppler_text, printed, qpdf_is_content, saved, streams
from workers.pdf.writer import PageWriter
from workers.tools import pdfa, xmp
from workers.tools.record import record

SHEET = printed()
RECORD = record(
    {
        "TypeName": "Quyết định",
        "CodeNumber": "252",
        "CodeNotation": "QĐ-UBND",
        "IssuedDate": "2025-09-22",
        "OrganName": "Ủy ban nhân dân thành phố",
        "Subject": "Về việc <giao> & nhận «đất»",
        "SignerPosition": "CHỦ TỊCH",
        "SignerFullName": "Nguyễn Văn A",
        "Priority": 1,
    },
    pages=1,
)


@pytest.fixture
def assembled(tmp_path: Path) -> Path:
    source = saved(SHEET.image.copy(), tmp_path / "001.jpg")
    made([source], tmp_path / "document.pdf", SHEET.words, Subject="đọc máy")
    return tmp_path / "document.pdf"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SimpleSigner:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Văn thư")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.datetime(2026, 1, 1))
        .not_valid_after(datetime.datetime(2036, 1, 1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("key") / "k.p12"
    encryption = serialization.BestAvailableEncryption(b"1234")
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"k", key, certificate, None, encryption))
    loaded = SimpleSigner.load_pkcs12(str(file), passphrase=b"1234")
    assert loaded is not None
    return loaded


def signed(source: Path, signer: SimpleSigner, target: Path) -> Path:
    with source.open("rb") as stream:
        metadata = PdfSignatureMetadata(field_name="Signature", subfilter=fields.SigSeedSubFilter.PADES)
        out = sign_pdf(IncrementalPdfFileWriter(stream), metadata, signer=signer)
    target.write_bytes(out.getvalue())
    return target


def info(path: Path) -> dict[str, str]:
    with pikepdf.open(path) as pdf:
        return {key[1:]: str(value) for key, value in pdf.docinfo.items()}


@pytest.fixture
def collector():
    """Python's, set back to its pace afterwards."""
    pace = gc.get_threshold()
    yield
    gc.set_threshold(*pace)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collector")
def test_a_forgotten_file_closed_meanwhile_is_no_fault_of_the_document(assembled: Path) -> None:
    """The validator takes the collector's warning for one of the page's content, whenever it comes."""
    for pace in range(20, 600, 20):
        gc.collect()
        gc.disable()
        forgotten: list[object] = [assembled.open("rb")]
        forgotten.append(forgotten)
        del forgotten
        gc.set_threshold(pace, 1, 1)
        gc.enable()
        assert pdfa.validate(assembled).passed


def test_the_same_scans_and_record_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    source = saved(SHEET.image.copy(), tmp_path / "a.jpg")
    program = f"""
from pathlib import Path
from tests.pdf.paper import made, printed
made([Path({str(source)!r})], Path({str(tmp_path / "other.pdf")!r}), printed().words, Subject="Về việc")
"""
    made([source], tmp_path / "here.pdf", SHEET.words, Subject="Về việc")
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
    assert (tmp_path / "here.pdf").read_bytes() == (tmp_path / "other.pdf").read_bytes()


def test_another_scan_is_another_identity(tmp_path: Path) -> None:
    made([saved(SHEET.image.copy(), tmp_path / "a.jpg")], tmp_path / "a.pdf")
    made([saved(SHEET.image.copy(), tmp_path / "b.jpg", quality=50)], tmp_path / "b.pdf")
    found = []
    for name in ("a.pdf", "b.pdf"):
        with pikepdf.open(tmp_path / name) as pdf:
            found.append(pdfa.document_id(pdf))
    assert found[0] != found[1]
    assert all(one.startswith("uuid:") for one in found)


def test_output_intent_version_and_identification(assembled: Path) -> None:
    with pikepdf.open(assembled) as pdf:
        assert pdf.pdf_version == "1.7"
        [intent] = pdf.Root.OutputIntents
        assert intent.S == Name.GTS_PDFA1
        assert intent.DestOutputProfile.N == 3
        assert b"pdfaid:part>2<" in pdf.Root.Metadata.read_bytes()
        assert pdf.Root.Lang == "vi-VN"
    assert qpdf_is_content(assembled)


def test_the_profile_carries_no_date_of_today() -> None:
    assert pdfa.srgb() == pdfa.srgb.__wrapped__()
    assert pdfa.srgb()[24:28] == bytes.fromhex("07d00001")


def test_describe_brings_the_confirmed_record_in_and_touches_nothing_else(assembled: Path, tmp_path: Path) -> None:
    pdfa.describe(assembled, tmp_path / "described.pdf", RECORD)
    assert streams(tmp_path / "described.pdf")[0][0] == streams(assembled)[0][0]
    assert poppler_text(tmp_path / "described.pdf") == poppler_text(assembled)
    found = info(tmp_path / "described.pdf")
    assert found["CodeNumber"] == "252"
    assert found["SignerInfo.FullName"] == "Nguyễn Văn A"
    assert found["Title"] == "Quyết định 252/QĐ-UBND: Về việc <giao> & nhận «đất»"
    with pikepdf.open(tmp_path / "described.pdf") as pdf:
        metadata = pdf.open_metadata()
        assert metadata["dc:identifier"] == "252/QĐ-UBND"
        assert metadata["dc:description"] == "Về việc <giao> & nhận «đất»"
        assert {"CodeNumber=252", "CodeNotation=QĐ-UBND", "Priority=1"} <= set(metadata["dc:subject"])
        assert str(pdf.Root.Outlines.First.Title) == "Quyết định 252/QĐ-UBND"
    assert pdfa.validate(tmp_path / "described.pdf").passed


def test_describing_twice_changes_nothing_more(assembled: Path, tmp_path: Path) -> None:
    for source, target in ((assembled, "1.pdf"), (assembled, "2.pdf"), (tmp_path / "1.pdf", "3.pdf")):
        pdfa.describe(source, tmp_path / target, RECORD)
    assert len({(tmp_path / name).read_bytes() for name in ("1.pdf", "2.pdf", "3.pdf")}) == 1


def test_a_signature_keeps_the_file_valid_and_its_record(assembled: Path, tmp_path: Path, signer: SimpleSigner) -> None:
    """pyHanko rewrites the XMP when it signs: what it writes must still be PDF/A and still say the same."""
    pdfa.describe(assembled, tmp_path / "described.pdf", RECORD)
    target = signed(tmp_path / "described.pdf", signer, tmp_path / "signed.pdf")
    verdict = pdfa.validate(target)
    assert verdict.passed, verdict.findings
    assert [finding.where.rsplit(" ", 1)[1] for finding in verdict.tolerated] == ["/AcroForm"]
    assert target.read_bytes().startswith((tmp_path / "described.pdf").read_bytes())
    assert pdfa.is_signed(target)
    with pikepdf.open(target) as pdf:
        assert pdf.open_metadata()["dc:identifier"] == "252/QĐ-UBND"
    assert info(target)["CodeNumber"] == "252"


def test_a_signed_file_is_never_rewritten(assembled: Path, tmp_path: Path, signer: SimpleSigner) -> None:
    target = signed(assembled, signer, tmp_path / "signed.pdf")
    with pytest.raises(DocumentError, match="signed"):
        pdfa.describe(target, tmp_path / "described.pdf", RECORD)
    assert not (tmp_path / "described.pdf").exists()


def test_a_form_without_signature_is_not_tolerated(assembled: Path, tmp_path: Path) -> None:
    with pikepdf.open(assembled) as pdf:
        pdf.Root.AcroForm = Dictionary(Fields=pikepdf.Array())
        pdf.save(tmp_path / "form.pdf")
    assert not pdfa.validate(tmp_path / "form.pdf").passed


def javascript(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def no_intent(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/OutputIntents"]


def no_metadata(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/Metadata"]


@pytest.mark.parametrize("harm", [javascript, no_intent, no_metadata])
def test_what_breaks_the_rules_is_seen(assembled: Path, tmp_path: Path, harm: object) -> None:
    with pikepdf.open(assembled) as pdf:
        harm(pdf)  # type: ignore[operator]
        pdf.save(tmp_path / "harmed.pdf")
    assert not pdfa.validate(tmp_path / "harmed.pdf").passed


def test_a_file_that_fails_is_not_written_and_an_older_one_stays(tmp_path: Path) -> None:
    target = tmp_path / "out.pdf"
    target.write_bytes(b"older")
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        with pytest.raises(DocumentError, match="ISO_19005_2"):
            pdfa.save(pdf, target)
    assert [path.name for path in tmp_path.iterdir()] == ["out.pdf"]
    assert target.read_bytes() == b"older"


@given(st.dictionaries(st.sampled_from(["Subject", "OrganName", "Description", "TypeName"]), st.text(max_size=60)))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_a_clerk_types_makes_a_valid_file(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    """Control characters, markup, emoji, lone surrogates: the packet stays XML, the file stays PDF/A."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdfa.declare(pdf, values)
        folder = tmp_path_factory.mktemp("typed")
        pdfa.save(pdf, folder / "a.pdf")
        assert pdfa.validate(folder / "a.pdf").passed


def test_half_a_number_is_no_number() -> None:
    assert xmp.code({"CodeNotation": "QĐ-UBND"}) == ""
    assert xmp.code({"CodeNumber": "252"}) == "252"
    assert xmp.heading({"TypeName": "Kế hoạch", "CodeNotation": "KH-UBND"}) == "Kế hoạch"


def test_memory_does_not_grow_with_the_book(tmp_path: Path) -> None:
    """120 scans of 600 KB take hardly more memory than 12 (500 pages: docs/pdf.md)."""
    program = """
import resource, sys
from pathlib import Path
from tests.pdf.paper import made
made([Path(sys.argv[1])] * int(sys.argv[2]), Path(sys.argv[3]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    data = jpeg(SHEET.image)
    comment = b"\xff\xfe\xff\xff" + bytes(0xFFFD)
    (tmp_path / "a.jpg").write_bytes(data[:2] + comment * 9 + data[2:])
    peaks = []
    for count in ("12", "120"):
        command = [sys.executable, "-c", program, str(tmp_path / "a.jpg"), count, str(tmp_path / "out.pdf")]
        run = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
        peaks.append(int(run.stdout))
    assert (tmp_path / "out.pdf").stat().st_size > 70_000_000
    assert peaks[1] - peaks[0] < 30_000


def test_objects_of_every_type_survive_being_written_page_by_page(tmp_path: Path) -> None:
    with pikepdf.new() as pdf, PageWriter(tmp_path / "a.pdf") as writer:
        values = pikepdf.Array([True, False, None, 1, -2.5, Name("/x y#"), pikepdf.Array([Dictionary(A=String("đ"))])])
        shared = pdf.make_indirect(Dictionary(Type=Name.Anything, Values=values))
        shared.Self = shared
        for _ in range(2):
            pdf.add_blank_page()
            pdf.pages[-1].obj.Resources = Dictionary(One=shared, Back=pdf.pages[0].obj)
            pdf.pages[-1].obj.Contents = pdf.make_stream(b"q Q")
            writer.add(pdf, pdf.pages[-1])
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        one, two = (page.obj.Resources for page in pdf.pages)
        assert one.One.objgen == two.One.objgen == one.One.Self.objgen
        assert "/Back" not in two, "the old page tree must not be dragged along"
        assert one.One.Values.unparse(resolved=True) == b"[ true false null 1 -2.5 /x#20y#23 [ << /A <feff0111> >> ] ]"
        assert [page.obj.Contents.read_bytes() for page in pdf.pages] == [b"q Q", b"q Q"]
    assert qpdf_is_content(tmp_path / "a.pdf")
