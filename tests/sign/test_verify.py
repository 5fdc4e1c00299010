"""Whatever is done to a signed file is noticed, and what cannot be known is called unknown, never valid."""

from __future__ import annotations

import io
import urllib.request
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from intake.errors import DocumentError
from intake.profile.sections import SignSection
from tests.sign.authority import PASSWORD, Authority, box_14
from tests.sign.paper import document, fill, pdf, press
from workers.sign import stage
from workers.sign.pkcs12 import OpenKey, Pkcs12Signer
from workers.sign.verify import verify
from workers.tools.pki import TrustStore, load_trust


@pytest.fixture(scope="module")
def signed(ca: Authority, trust: TrustStore, now: datetime, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A B-B file as the stage publishes it."""
    folder = tmp_path_factory.mktemp("signed")
    section = SignSection(agency="Ủy ban nhân dân Thành phố Hồ Chí Minh", mark=box_14())
    with Pkcs12Signer(ca.pkcs12()).open(PASSWORD) as key:
        stage.run(document(folder), section, folder, signer=key, now=now, trust=trust, demo_allowed=True)
    return (folder / "signed.pdf").read_bytes()


@pytest.fixture(scope="module")
def online(ca: Authority, trust: TrustStore, tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    """The root with both CRLs at hand, so that nothing has to be fetched."""
    folder = tmp_path_factory.mktemp("trust")
    (folder / "root.cer").write_bytes((ca.trust / "root.cer").read_bytes())
    for name in ("root", "interm"):
        with urllib.request.urlopen(f"{ca.url}/test/crls/{name}/latest.crl") as answer:
            (folder / f"{name}.crl").write_bytes(answer.read())
    return load_trust(folder)


def judge(data: bytes, folder: Path, trust: TrustStore, now: datetime) -> str:
    path = folder / "judged.pdf"
    path.write_bytes(data)
    return verify(path, trust, now).verdict


def test_an_untouched_file_is_valid_and_its_report_says_everything(
    signed: bytes, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(signed)
    report = verify(path, online, now)
    assert report.verdict == "valid", report.as_json()
    told = {item.name: item.answer for item in report.own[0].items}
    assert told == dict.fromkeys(("integrity", "coverage", "signing_time", "trust", "revocation", "mark"), "valid")
    assert report.pdfa.answer == "valid"
    assert report.own[0].covers_whole_file


def test_a_changed_byte_anywhere_is_noticed(signed: bytes, online: TrustStore, now: datetime, tmp_path: Path) -> None:
    """Sampled over the whole file, the signature and its padding included."""
    start = signed.index(b"/Contents <") + len(b"/Contents <")
    end = signed.index(b">", start)
    positions = [*range(7, start, start // 40), *range(start, end, (end - start) // 16)]
    positions += [*range(end + 1, len(signed), max(1, (len(signed) - end) // 40)), len(signed) - 2]
    missed = []
    for position in positions:
        broken = bytearray(signed)
        broken[position] ^= 0x01 if start <= position < end else 0x20
        if bytes(broken) != signed and judge(bytes(broken), tmp_path, online, now) == "valid":
            missed.append((position, signed[position - 8 : position + 8]))
    assert missed == []


def test_a_changed_byte_of_a_long_term_signature_is_noticed_too(
    ca: Authority, trust: TrustStore, key: OpenKey, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    """B-LTA: its last time-stamp covers the evidence as well."""
    wanted = section.model_copy(update={"level": "B-LTA", "tsa_url": ca.tsa()})
    stage.run(document(tmp_path), wanted, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    lasting = (tmp_path / "signed.pdf").read_bytes()
    later = now + timedelta(minutes=1)
    assert judge(lasting, tmp_path, trust, later) == "valid"
    evidence = lasting.index(b"/DSS") - 20_000
    positions = [*range(7, evidence, evidence // 6), *range(evidence, len(lasting), (len(lasting) - evidence) // 24)]
    missed = []
    for position in positions:
        broken = bytearray(lasting)
        broken[position] ^= 0x21
        if judge(bytes(broken), tmp_path, trust, later) == "valid":
            missed.append((position, lasting[position - 12 : position + 12]))
    assert missed == []


class Quiet(tuple):
    """Keeps Hypothesis from writing out a whole file."""

    def __repr__(self) -> str:
        return "(a signed file, …)"


@pytest.fixture
def damaged(signed: bytes, online: TrustStore, now: datetime, tmp_path: Path) -> Quiet:
    return Quiet((signed, online, now, tmp_path))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    share=st.floats(0, 1, exclude_max=True),
    kind=st.sampled_from(["cut", "insert", "remove", "double", "zero"]),
    length=st.integers(1, 2000),
)
def test_damage_of_any_kind_is_an_answer_and_never_a_crash_or_a_valid(
    share: float, kind: str, length: int, damaged: tuple[bytes, TrustStore, datetime, Path]
) -> None:
    signed, online, now, tmp_path = damaged
    position = int(share * len(signed))
    broken = {
        "cut": signed[:position],
        "insert": signed[:position] + b"\x00" * length + signed[position:],
        "remove": signed[:position] + signed[position + length :],
        "double": signed[:position] + signed[position : position + length] + signed[position:],
        "zero": signed[:position] + bytes(min(length, len(signed) - position)) + signed[position + length :],
    }[kind]
    if broken != signed:
        assert judge(broken, tmp_path, online, now) in ("invalid", "unknown", "unsigned")


def test_one_letter_of_another_case_in_the_signature_and_white_space_behind_the_end_are_noticed(
    signed: bytes, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    """Both leave the decoded signature as it was, so that other readers pass over them; no honest writer makes them."""
    start = signed.index(b"/Contents <") + len(b"/Contents <")
    letter = next(at for at in range(start, len(signed)) if signed[at : at + 1] in b"abcdef")
    other = signed[:letter] + signed[letter : letter + 1].upper() + signed[letter + 1 :]
    assert judge(other, tmp_path, online, now) == "invalid"
    end = signed.index(b">", start)
    assert judge(signed[:start] + signed[start:end].upper() + signed[end:], tmp_path, online, now) == "valid"
    for added in (b"\n", b"\r\n", b" " * 9):
        assert judge(signed + added, tmp_path, online, now) == "unknown"
    assert judge(signed + b"%x", tmp_path, online, now) == "invalid"


FOREIGN = (b"/V null", b" 999999999999 ", b"<<<<", b"[[[[[", b"endobj", b"stream\n", b"/Kids [3 0 R]")


@pytest.mark.slow
def test_three_thousand_damaged_copies_are_answered_and_none_is_called_valid(
    signed: bytes, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    """Most of the damage where a file is delicate: in its head and in its last 16 KB."""
    random = Random(20_261_122)
    missed, answers = [], Counter[str]()
    for _ in range(3300):
        at = random.choice(
            [random.randrange(len(signed)), random.randrange(3000), random.randrange(len(signed) - 16_000, len(signed))]
        )
        length, kind = random.choice([1, 2, 5, 30, 200, 2000]), random.randrange(7)
        broken = [
            signed[:at] + bytes([signed[at] ^ (1 << random.randrange(8))]) + signed[at + 1 :],
            signed[:at],
            signed[:at] + random.randbytes(length) + signed[at:],
            signed[:at] + signed[at + length :],
            signed[:at] + signed[at : at + length] + signed[at:],
            signed[:at] + bytes(length) + signed[at + length :],
            signed[:at] + random.choice(FOREIGN) + signed[at:],
        ][kind]
        if broken == signed:
            continue
        answers[judge(broken, tmp_path, online, now)] += 1
        if answers.pop("valid", 0):
            missed.append((kind, at, length))
    assert missed == []
    assert set(answers) <= {"invalid", "unknown", "unsigned"}


def update(signed: bytes, change: str) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    if change == "page":
        page = writer.find_page_for_modification(0)[0].get_object()
        page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 100 100 re f"))
        writer.update_container(page)
    elif change == "title":
        writer.set_info(generic.DictionaryObject({generic.pdf_name("/Title"): generic.pdf_string("khác")}))
        writer.update_root()
    elif change == "note":
        page = writer.find_page_for_modification(0)[0].get_object()
        entries = {"/Type": "/Annot", "/Subtype": "/Square"}
        note = generic.DictionaryObject({generic.pdf_name(k): generic.pdf_name(v) for k, v in entries.items()})
        note[generic.pdf_name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 500, 500)))
        page["/Annots"] = generic.ArrayObject([*page.get("/Annots", ()), writer.add_object(note)])
        writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("change", ["page", "note"])
def test_a_later_update_that_changes_what_is_seen_is_not_valid(
    change: str, signed: bytes, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    assert judge(update(signed, change), tmp_path, online, now) == "invalid"


def test_a_second_signature_leaves_the_first_valid_and_both_are_told(
    signed: bytes, ca: Authority, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "two.pdf"
    with Pkcs12Signer(ca.pkcs12("other")).open(PASSWORD) as key:
        meta = signers.PdfSignatureMetadata(field_name="Khac", subfilter=fields.SigSeedSubFilter.PADES)
        with path.open("wb") as output:
            writer = IncrementalPdfFileWriter(io.BytesIO(signed))
            signers.sign_pdf(writer, meta, key.engine, output=output)
    report = verify(path, online, now + timedelta(minutes=5))
    assert report.verdict == "valid", report.as_json()
    assert [one.signer for one in report.own] == ["Ủy ban nhân dân Thành phố Hồ Chí Minh", "Sở Y tế"]
    assert [one.covers_whole_file for one in report.own] == [False, True]


@pytest.mark.parametrize(
    ("name", "verdict", "item", "words"),
    [
        ("revoked", "invalid", "revocation", "thu hồi"),
        ("expired", "invalid", "trust", "không còn hoặc chưa có hiệu lực"),
        ("future", "invalid", "trust", "không còn hoặc chưa có hiệu lực"),
        ("encrypting", "invalid", "usage", "không được cấp để ký"),
    ],
)
def test_a_signature_by_a_certificate_that_could_not_sign_is_not_valid(
    name: str,
    verdict: str,
    item: str,
    words: str,
    ca: Authority,
    trust: TrustStore,
    section: SignSection,
    now: datetime,
    tmp_path: Path,
) -> None:
    """Made with the signature alone, as somebody without these checks would."""
    source, target = pdf(tmp_path / "a.pdf"), tmp_path / "b.pdf"
    with Pkcs12Signer(ca.pkcs12(name)).open(PASSWORD) as key:
        done = press(source, target, key, section, now)
        fill(done)
    report = verify(target, trust, now + timedelta(minutes=1), online=True)
    assert report.verdict == verdict, report.as_json()
    told = next(one for one in report.own[0].items if one.name == item)
    assert (told.answer, words in told.vi) == ("invalid", True)


def test_without_any_revocation_answer_the_verdict_is_unknown_with_what_to_do(
    signed: bytes, trust: TrustStore, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(signed)
    report = verify(path, trust, now)
    assert report.verdict == "unknown"
    told = next(item for item in report.own[0].items if item.name == "revocation")
    assert "CRL" in told.vi


def test_a_certificate_that_expired_since_and_no_time_stamp_is_unknown_not_valid(
    signed: bytes, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(signed)
    report = verify(path, online, now + timedelta(days=900))
    assert report.verdict == "unknown"
    assert any("không có dấu thời gian" in item.vi for item in report.own[0].items)


def test_an_untrusted_issuer_is_unknown(signed: bytes, now: datetime, tmp_path: Path) -> None:
    assert judge(signed, tmp_path, TrustStore(), now) == "unknown"


def test_a_mark_that_names_another_agency_or_another_time_is_told(
    key: OpenKey, section: SignSection, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    for words, answer in (
        ("SAO Y; Bộ Nội vụ; 2026-11-22T10:04:05+07:00", "unknown"),
        (f"SAO Y; {section.agency}; 2001-01-01T00:00:00+07:00", "invalid"),
    ):
        source, target = pdf(tmp_path / "a.pdf"), tmp_path / "b.pdf"
        done = press(source, target, key, section, now, (words,))
        fill(done)
        report = verify(target, online, now)
        assert report.verdict == "valid", "the signature itself is sound"
        assert next(item for item in report.own[0].items if item.name == "mark").answer == answer


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"\xff\xd8\xff\xe0JFIF", b"%PDF-1.7\n" + b"/ByteRange" * 9])
def test_files_that_are_no_signed_pdf_are_answered(
    data: bytes, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    assert judge(data, tmp_path, online, now) in ("unknown", "invalid")


def test_a_signature_with_an_outdated_hash_is_not_called_valid(
    key: OpenKey, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "old.pdf"
    with path.open("wb") as output:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf(tmp_path / "a.pdf").read_bytes()))
        meta = signers.PdfSignatureMetadata(
            field_name="S", subfilter=fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED, md_algorithm="sha1"
        )
        signers.sign_pdf(writer, meta, key.engine, output=output)
    report = verify(path, online, now + timedelta(minutes=5))
    assert report.verdict == "unknown"
    assert any(item.name == "algorithm" for item in report.own[0].items)


def test_a_file_with_a_password_is_answered(signed: bytes, online: TrustStore, now: datetime, tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(signed)) as opened:
        opened.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="a", user="b"))
    assert verify(tmp_path / "locked.pdf", online, now).verdict in ("invalid", "unknown")


def test_an_unsigned_pdf_is_called_unsigned(online: TrustStore, now: datetime, tmp_path: Path) -> None:
    assert judge(pdf(tmp_path / "a.pdf").read_bytes(), tmp_path, online, now) == "unsigned"


def hybrid(path: Path) -> Path:
    """A classic PDF whose trailer also points to a cross-reference stream (ISO 32000-1, 7.5.8.4)."""
    with pikepdf.open(path) as opened:
        opened.save(path.with_suffix(".c.pdf"), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    data = path.with_suffix(".c.pdf").read_bytes()
    start = data.rindex(b"\nxref\n") + 1
    body, tail = data[:start], data[start:]
    size = int(tail.split(b"/Size ")[1].split()[0].rstrip(b"/>"))
    number, offset = size, len(body)
    entries = bytes([0, 0, 0, 0, 0])
    stream = (
        b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 3 1] /Index [0 1] /Length %d >>\nstream\n%s\nendstream\nendobj\n"
        % (number, size + 1, len(entries), entries)
    )
    table = tail[: tail.index(b"trailer")]
    trailer = tail[tail.index(b"trailer") : tail.index(b"startxref")].replace(b"<<", b"<< /XRefStm %d " % offset, 1)
    made = body + stream + table + trailer + b"startxref\n%d\n%%%%EOF\n" % (offset + len(stream))
    target = path.with_suffix(".hybrid.pdf")
    target.write_bytes(made)
    return target


def test_a_hybrid_cross_reference_is_neither_signed_nor_called_valid(
    key: OpenKey, section: SignSection, online: TrustStore, now: datetime, tmp_path: Path
) -> None:
    source, target = hybrid(pdf(tmp_path / "a.pdf")), tmp_path / "b.pdf"
    with pytest.raises(DocumentError, match="chưa ký gì"):
        press(source, target, key, section, now)
    assert not target.exists()
    with target.open("wb") as output:
        writer = IncrementalPdfFileWriter(io.BytesIO(source.read_bytes()), strict=False)
        meta = signers.PdfSignatureMetadata(field_name="S", subfilter=fields.SigSeedSubFilter.PADES)
        signers.sign_pdf(writer, meta, key.engine, output=output)
    report = verify(target, online, now + timedelta(minutes=5))
    assert report.verdict == "unknown"
    assert report.trouble is not None
    assert "hybrid" in report.trouble.vi
