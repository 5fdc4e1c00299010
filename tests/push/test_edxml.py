"""edXML: what we write is exactly the order of QCVN 102:2016, what others write is read, and nothing is lost between."""

from __future__ import annotations

import io
import uuid
import zipfile
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from intake.errors import DocumentError
from workers.push.edxml import (
    NAMESPACE,
    STATUS_WORDS,
    Attachment,
    Business,
    Code,
    Message,
    Organ,
    ResponseFor,
    Staff,
    Status,
    StatusCode,
    Trace,
    content_id,
    document_id,
)
from workers.push.edxml_read import read, read_header
from workers.push.edxml_write import write_message, write_status

GOLDEN = Path(__file__).parent / "golden"
XSD = etree.XMLSchema(etree.parse(Path(__file__).parents[2] / "workers" / "push" / "edxml.xsd"))
HANOI = timezone(timedelta(hours=7))
MOMENT = datetime(2026, 11, 22, 9, 15, 0, tzinfo=HANOI)

FULL = Message(
    sender=Organ(
        "000.00.01.H26",
        "UBND thành phố Hà Nội",
        "Sở Tài nguyên và Môi trường",
        "18 Huỳnh Thúc Kháng",
        "vanthu@example.gov.vn",
        "02437731566",
        "02437731567",
        "https://example.gov.vn",
    ),
    receivers=(Organ("H26.1.2", name="Văn phòng UBND"), Organ("G12.18", name="Cục Quản lý công sản")),
    document_id="000.00.01.H26,2026/11/20,252/QĐ-UBND",
    code=Code("252", "QĐ-UBND"),
    subject="Về việc giao kế hoạch sử dụng đất năm 2027 & <các> dự án",
    place="Hà Nội",
    promulgation_date=date(2026, 11, 20),
    type_detail=2,
    type_name="Quyết định",
    content="Tóm tắt",
    competence="KT",
    signer_position="PHÓ CHỦ TỊCH",
    signer_name="Nguyễn Văn Ánh",
    due_date=date(2026, 12, 1),
    priority=3,
    sphere="Nội bộ",
    typer_notation="PL",
    amount=300,
    pages=12,
    appendixes=("Phụ lục I", "Phụ lục II"),
    responses=(ResponseFor("G12.18", "15/CV-QLCS", "G12.18,2026/11/01,15/CV-QLCS", date(2026, 11, 1)),),
    steering_type=2,
    to_places=("Như trên", "Lưu: VT, QLĐĐ"),
    business=Business.REPLACE,
    reason="Thay thế bản gửi nhầm",
    on_paper=True,
    staff=Staff("Văn thư", "Trần Thị Lan", "lan@example.gov.vn", "0900000000"),
    traces=(Trace("000.00.01.H26", MOMENT),),
    attachments=(
        Attachment("252_QĐ-UBND.pdf", "application/pdf", content_id("D1", "signed.pdf"), data=b"%PDF-1.7 golden"),
    ),
)
STATUS = Status(
    Organ("H26.1.2", name="Văn phòng UBND"),
    ResponseFor("000.00.01.H26", "252/QĐ-UBND", "000.00.01.H26,2026/11/20,252/QĐ-UBND", date(2026, 11, 20)),
    StatusCode.REFUSED,
    MOMENT,
    "Gửi sai nơi nhận",
    Staff("Văn phòng", "Lê Văn Tám"),
)


def written(package: Message | Status) -> bytes:
    stream = io.BytesIO()
    if isinstance(package, Message):
        write_message(package, stream)
    else:
        write_status(package, stream)
    return stream.getvalue()


def valid(data: bytes) -> bool:
    return XSD.validate(etree.fromstring(data))


@pytest.mark.parametrize(("package", "name"), [(FULL, "document.edxml"), (STATUS, "status-02.edxml")])
def test_what_is_written_is_the_golden_file_byte_for_byte(package, name):
    """The golden files were read against the order of the standard by eye; a change of one byte is a decision."""
    assert written(package) == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("package", [FULL, STATUS], ids=["document", "status"])
def test_every_field_comes_back(package):
    assert read(written(package)) == package


@pytest.mark.parametrize("code", list(StatusCode))
def test_every_status_code_is_written_valid_and_read_back(code):
    status = Status(STATUS.sender, STATUS.response_for, code, MOMENT, "lý do")
    assert valid(written(status)), XSD.error_log
    assert read(written(status)) == status
    assert STATUS_WORDS[code]


def test_a_refusal_without_a_reason_is_not_written():
    with pytest.raises(DocumentError, match="reason"):
        written(Status(STATUS.sender, STATUS.response_for, StatusCode.REFUSED, MOMENT))


def test_the_golden_files_obey_the_schema():
    for name in ("document.edxml", "status-02.edxml"):
        assert valid((GOLDEN / name).read_bytes()), XSD.error_log


def test_envelope_names_are_prefixed_root_and_attachments_are_not():
    """A receiver in use refuses unprefixed envelopes."""
    text = written(FULL).decode()
    assert f'<edXML xmlns="{NAMESPACE}" xmlns:edXML="{NAMESPACE}"><edXML:edXMLEnvelope><edXML:edXMLHeader>' in text
    head, _, rest = text.partition("</edXML:edXMLEnvelope>")
    assert rest.startswith("<AttachmentEncoded><Attachment><ContentId>cid:")
    assert "<From" not in head
    assert "<edXML:ContentTransferEncoded>" in rest


def test_empty_values_are_left_out():
    message = Message(Organ(), (Organ("H26"),), "x", Code("1"), "Trích yếu")
    text = written(message).decode()
    assert valid(text.encode()), XSD.error_log
    for name in ("OrganName", "PromulgationInfo", "Content>", "SignerInfo", "DueDate", "ToPlaces", "CodeNotation"):
        assert f"<edXML:{name}" not in text


def test_a_package_needs_a_receiver_and_names_each_once():
    with pytest.raises(DocumentError, match="receiver"):
        written(Message(Organ("H26"), (), "x", Code("1"), "y"))
    with pytest.raises(DocumentError, match="twice"):
        written(Message(Organ("H26"), (Organ("G01"), Organ("G01")), "x", Code("1"), "y"))


def test_a_control_character_is_refused_with_the_field_named():
    with pytest.raises(DocumentError, match="Subject"):
        written(Message(Organ(), (Organ("H26"),), "x", Code("1"), "tr\x01ích yếu"))


@pytest.mark.parametrize("name", ["thuyết minh.txt", "bản vẽ.DWG", "không_đuôi"])
def test_files_of_other_types_travel_zipped_and_come_back_as_they_were(name):
    attachment = Attachment(name, "application/zip", content_id("D1", name), data=b"\x00\xff" * 500)
    package = written(Message(Organ(), (Organ("H26"),), "x", Code("1"), "y", attachments=(attachment,)))
    root = etree.fromstring(package)
    encoded = root.findtext(".//{*}ContentTransferEncoded")
    assert encoded.startswith("UEsD")
    assert root.findtext(".//{*}Attachment/{*}ContentType") == "application/zip"
    assert read(package).attachments == (attachment,)


def test_a_zip_that_was_attached_as_a_zip_is_not_unpacked():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "a")
    attachment = Attachment("hồ sơ.zip", "application/zip", content_id("D1", "z"), data=buffer.getvalue())
    message = Message(Organ(), (Organ("H26"),), "x", Code("1"), "y", attachments=(attachment,))
    assert read(written(message)).attachments == (attachment,)


def test_document_ids_follow_the_national_axis_and_fall_back_to_a_stable_uuid():
    code = Code("252", "QĐ-UBND")
    assert document_id("H26.1", date(2026, 1, 5), code, fallback="D1") == "H26.1,2026/01/05,252/QĐ-UBND"
    fallback = document_id("", date(2026, 1, 5), code, fallback="D1")
    assert fallback == document_id("", None, code, fallback="D1") != document_id("", None, code, fallback="D2")
    assert uuid.UUID(fallback)


# --- round trip as a law

# Control characters and surrogates cannot stand in XML; line ends and outer blanks are no part of these fields.
words = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Cn"), blacklist_characters="\ufffe\uffff"),
    min_size=1,
    max_size=40,
).filter(lambda text: text == text.strip())
maybe = st.just("") | words
organ_ids = st.sampled_from(["", "000.00.01.H26", "H26", "G12.18", "H49.64.33"])
organs = st.builds(Organ, organ_ids, maybe, maybe, maybe, maybe)
days = st.none() | st.dates(date(1945, 1, 1), date(2100, 1, 1))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda m: m.replace(microsecond=0, tzinfo=HANOI))
attachments = st.lists(st.binary(max_size=300), max_size=3).map(
    lambda contents: tuple(
        Attachment(f"tệp {n}.pdf", "application/pdf", content_id("D", str(n)), data=data)
        for n, data in enumerate(contents)
    )
)
messages = st.builds(
    Message,
    sender=organs,
    receivers=st.lists(organs, min_size=1, max_size=3, unique_by=lambda organ: organ.organ_id).map(tuple),
    document_id=words,
    code=st.builds(Code, maybe, maybe),
    subject=words,
    place=maybe,
    promulgation_date=days,
    type_name=maybe,
    content=maybe,
    competence=maybe,
    signer_position=maybe,
    signer_name=maybe,
    due_date=days,
    priority=st.integers(0, 4),
    pages=st.none() | st.integers(0, 999),
    appendixes=st.lists(words, max_size=3).map(tuple),
    to_places=st.lists(words, max_size=3).map(tuple),
    business=st.sampled_from(Business),
    reason=maybe,
    on_paper=st.booleans(),
    staff=st.builds(Staff, maybe, maybe),
    traces=st.lists(st.builds(Trace, words, moments), max_size=3).map(tuple),
    attachments=attachments,
)


@settings(max_examples=60, deadline=None)
@given(messages)
def test_any_package_comes_back_as_it_went(message):
    assert read(written(message)) == message


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"<edXML>{text}</edXML>".encode()))
def test_anything_else_is_refused_and_nothing_worse(data):
    with pytest.raises(DocumentError):
        read(data)


# --- what others write


def test_the_older_soap_generation_is_read_by_local_names():
    message = read(GOLDEN / "older-soap.xml")
    assert (message.sender.organ_id, message.code, message.promulgation_date) == (
        "000.00.01.H26",
        Code("05", "BNV-VP"),
        date(2014, 3, 9),
    )
    assert message.business is Business.UPDATE
    assert [(item.name, item.content()) for item in message.attachments] == [("cong van.pdf", b"%PDF-1.4 old")]
    assert message.traces[0].timestamp == datetime(2014, 3, 9, 8, 30, tzinfo=HANOI)


def test_an_unprefixed_package_with_trace_headers_first_and_hrefs_is_read():
    message = read(GOLDEN / "other-builder.edxml")
    assert message.document_id == "H49.64,2026/03/01,12/UBND-VX"
    assert message.subject == "Về việc hòa giải ở cơ sở"
    assert [trace.organ_id for trace in message.traces] == ["H49.64", "H49"]
    assert message.attachments[0].content() == b"trong goi zip"
    assert message.attachments[0].description == "Phụ lục"


def test_a_status_of_one_digit_is_understood():
    text = written(Status(STATUS.sender, STATUS.response_for, StatusCode.DONE, MOMENT)).decode()
    assert read(text.replace(">06<", ">6<").encode()).code is StatusCode.DONE


@pytest.mark.parametrize(
    "attack",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><edXML>&a;</edXML>',
        b'<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd"><edXML/>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><edXML>&a;</edXML>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "b">]><edXML>&a;</edXML>'.encode("utf-16"),
    ],
)
def test_entities_and_document_types_are_refused(attack):
    with pytest.raises(DocumentError):
        read(attack)


def test_a_zip_bomb_is_stopped_by_what_it_unpacks_to():
    attachment = Attachment("bom.txt", "application/zip", content_id("D", "b"), data=b"0" * 5000)
    package = written(Message(Organ(), (Organ("H26"),), "x", Code("1"), "y", attachments=(attachment,)))
    with pytest.raises(DocumentError, match="unpacks"):
        read(package, unzipped_max=1000)


def test_broken_base64_is_named():
    text = written(FULL).decode()
    with pytest.raises(DocumentError, match="252_QĐ-UBND"):
        read(text.replace("<edXML:ContentTransferEncoded>", "<edXML:ContentTransferEncoded>*").encode())


def test_a_file_is_written_in_blocks_and_is_whole(tmp_path):
    content = bytes(range(256)) * 30_000
    (tmp_path / "a.pdf").write_bytes(content)
    attachment = Attachment("a.pdf", "application/pdf", content_id("D", "a"), path=tmp_path / "a.pdf")
    package = written(Message(Organ(), (Organ("H26"),), "x", Code("1"), "y", attachments=(attachment,)))
    assert read(package).attachments[0].content() == content
    (tmp_path / "p.edxml").write_bytes(package)
    assert read_header(tmp_path / "p.edxml") == Message(Organ(), (Organ("H26"),), "x", Code("1"), "y")


@pytest.mark.parametrize("data", [b"", b"<a/>", b"<edXML><edXMLHeader/></edXML>", written(STATUS)])
def test_a_header_that_is_no_documents_is_refused(tmp_path, data):
    (tmp_path / "p.edxml").write_bytes(data)
    with pytest.raises(DocumentError):
        read_header(tmp_path / "p.edxml")


def test_a_twenty_megabyte_attachment_is_one_text_node_and_is_read():
    attachment = Attachment("to.pdf", "application/pdf", content_id("D", "t"), data=b"%PDF" + bytes(20_000_000))
    message = Message(Organ(), (Organ("H26"),), "x", Code("1"), "y", attachments=(attachment,))
    assert read(written(message)).attachments[0].data == attachment.data
