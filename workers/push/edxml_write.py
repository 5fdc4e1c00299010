"""Write edXML packages exactly as QCVN 102:2016 and the national axis' own library do: order, prefixes, base64.

The root and the attachment part carry the namespace as default, everything inside the envelope carries the prefix:
a receiver in use refuses packages where the envelope is unprefixed. Both names mean the same namespace, which an
element tree is free to spell either way; so the qualified names are written out one by one.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from intake.errors import DocumentError
from workers.push.edxml import NAMESPACE, PREFIX, Attachment, Message, Organ, ResponseFor, Staff, Status

HANOI = timezone(timedelta(hours=7))
RAW_TYPES = {
    ".pdf": "application/pdf",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
"""Files that go as they are; every other type is zipped first and travels as application/zip."""

_NAMESPACES = {"xmlns": NAMESPACE, f"xmlns:{PREFIX}": NAMESPACE}
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BLOCK = 3 << 20
"""bytes; divisible by three, so that no block but the last needs padding"""
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""No clock in a package: built twice it is the same bytes."""


class _Tree:
    """An XML writer that says every qualified name itself and leaves empty elements out."""

    def __init__(self, stream: BinaryIO) -> None:
        self._xml = XMLGenerator(stream, encoding="UTF-8", short_empty_elements=True)
        self._xml.startDocument()

    @contextmanager
    def inside(self, name: str, **attributes: str) -> Iterator[None]:
        self._xml.startElement(name, AttributesImpl(attributes))
        yield
        self._xml.endElement(name)

    def leaf(self, name: str, value: object) -> None:
        if value is None or value == "":
            return
        text = str(value)
        if _ILLEGAL.search(text):
            raise DocumentError(
                f"Trường {name} có ký tự điều khiển mà XML không chứa được. Hãy nhập lại trường này ở bàn soát.",
                f"Field {name} holds a control character that XML cannot carry. Type this field again at the desk.",
            )
        with self.inside(name):
            self.text(text)

    def text(self, text: str) -> None:
        self._xml.characters(text)

    def close(self) -> None:
        self._xml.endDocument()


def write_message(message: Message, stream: BinaryIO) -> None:
    """Write the document package. Raises DocumentError when a text cannot stand in XML, when there is no receiver, or
    the same receiver twice."""
    _check_receivers(message)
    tree = _Tree(stream)
    with tree.inside("edXML", **_NAMESPACES):
        with tree.inside(_p("edXMLEnvelope")):
            with tree.inside(_p("edXMLHeader")):
                _message_header(tree, message)
                _trace_list(tree, message)
            with tree.inside(_p("edXMLBody")), tree.inside(_p("edXMLManifest"), version="1.0"):
                for attachment in message.attachments:
                    _reference(tree, attachment)
        with tree.inside("AttachmentEncoded"):
            for attachment in message.attachments:
                _attachment(tree, attachment)
    tree.close()


def write_status(status: Status, stream: BinaryIO) -> None:
    """Write the status package: header only, no body. Raises DocumentError for a refusal without a reason."""
    if status.code == "02" and not status.description.strip():
        raise DocumentError(
            f"Từ chối văn bản {status.response_for.code} phải nêu lý do (QĐ 12/2020/QĐ-UBND Đ5.3). Hãy ghi lý do.",
            f"Refusing document {status.response_for.code} needs a reason (Decision 12/2020 Art. 5.3). State it.",
        )
    tree = _Tree(stream)
    with (
        tree.inside("edXML", **_NAMESPACES),
        tree.inside(_p("edXMLEnvelope")),
        tree.inside(_p("edXMLHeader")),
        tree.inside(_p("MessageHeader")),
    ):
        _organ(tree, "From", status.sender)
        _response_for(tree, status.response_for)
        _staff(tree, status.staff)
        tree.leaf(_p("StatusCode"), status.code)
        tree.leaf(_p("Description"), status.description)
        tree.leaf(_p("Timestamp"), _time(status.timestamp))
    tree.close()


def _check_receivers(message: Message) -> None:
    named = [receiver.organ_id for receiver in message.receivers if receiver.organ_id]
    if not message.receivers:
        raise DocumentError(
            f"Gói edXML của {message.code} không có nơi nhận. Hãy khai [push] organ_id hoặc receivers trong hồ sơ quy tắc.",
            f"The edXML package of {message.code} has no receiver. Set [push] organ_id or receivers in the profile.",
        )
    if len(named) != len(set(named)):
        raise DocumentError(
            f"Gói edXML của {message.code} ghi một nơi nhận hai lần. Hãy sửa [push] receivers.",
            f"The edXML package of {message.code} names a receiver twice. Mend [push] receivers.",
        )


def save(package: Message | Status, path: Path) -> Path:
    """Write the package into a new file."""
    with path.open("wb") as stream:
        if isinstance(package, Message):
            write_message(package, stream)
        else:
            write_status(package, stream)
    return path


def _p(name: str) -> str:
    return f"{PREFIX}:{name}"


def _day(day: date | None) -> str:
    return f"{day:%Y/%m/%d}" if day else ""


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(HANOI):%Y/%m/%d %H:%M:%S}"


def _organ(tree: _Tree, name: str, organ: Organ) -> None:
    with tree.inside(_p(name)):
        tree.leaf(_p("OrganId"), organ.organ_id)
        tree.leaf(_p("OrganizationInCharge"), organ.in_charge)
        tree.leaf(_p("OrganName"), organ.name)
        tree.leaf(_p("OrganAdd"), organ.address)
        tree.leaf(_p("Email"), organ.email)
        tree.leaf(_p("Telephone"), organ.telephone)
        tree.leaf(_p("Fax"), organ.fax)
        tree.leaf(_p("Website"), organ.website)


def _message_header(tree: _Tree, message: Message) -> None:
    with tree.inside(_p("MessageHeader")):
        _organ(tree, "From", message.sender)
        for receiver in message.receivers:
            _organ(tree, "To", receiver)
        tree.leaf(_p("DocumentId"), message.document_id)
        with tree.inside(_p("Code")):
            tree.leaf(_p("CodeNumber"), message.code.number)
            tree.leaf(_p("CodeNotation"), message.code.notation)
        if message.place or message.promulgation_date:
            with tree.inside(_p("PromulgationInfo")):
                tree.leaf(_p("Place"), message.place)
                tree.leaf(_p("PromulgationDate"), _day(message.promulgation_date))
        with tree.inside(_p("DocumentType")):
            tree.leaf(_p("Type"), message.document_type)
            tree.leaf(_p("TypeDetail"), message.type_detail)
            tree.leaf(_p("TypeName"), message.type_name)
        tree.leaf(_p("Subject"), message.subject)
        tree.leaf(_p("Content"), message.content)
        if message.competence or message.signer_position or message.signer_name:
            with tree.inside(_p("SignerInfo")):
                tree.leaf(_p("Competence"), message.competence)
                tree.leaf(_p("Position"), message.signer_position)
                tree.leaf(_p("FullName"), message.signer_name)
        tree.leaf(_p("DueDate"), _day(message.due_date))
        _other_info(tree, message)
        for response in message.responses:
            _response_for(tree, response)
        tree.leaf(_p("SteeringType"), message.steering_type)
        if message.to_places:
            with tree.inside(_p("ToPlaces")):
                for place in message.to_places:
                    tree.leaf(_p("Place"), place)


def _other_info(tree: _Tree, message: Message) -> None:
    with tree.inside(_p("OtherInfo")):
        tree.leaf(_p("Priority"), message.priority)
        tree.leaf(_p("SphereOfPromulgation"), message.sphere)
        tree.leaf(_p("TyperNotation"), message.typer_notation)
        tree.leaf(_p("PromulgationAmount"), message.amount)
        tree.leaf(_p("PageAmount"), message.pages)
        if message.appendixes:
            with tree.inside(_p("Appendixes")):
                for appendix in message.appendixes:
                    tree.leaf(_p("Appendix"), appendix)


def _response_for(tree: _Tree, response: ResponseFor) -> None:
    with tree.inside(_p("ResponseFor")):
        tree.leaf(_p("OrganId"), response.organ_id)
        tree.leaf(_p("Code"), response.code)
        tree.leaf(_p("DocumentId"), response.document_id)
        tree.leaf(_p("PromulgationDate"), _day(response.promulgation_date))


def _staff(tree: _Tree, staff: Staff) -> None:
    if staff == Staff():
        return
    with tree.inside(_p("StaffInfo")):
        tree.leaf(_p("Department"), staff.department)
        tree.leaf(_p("Staff"), staff.staff)
        tree.leaf(_p("Email"), staff.email)
        tree.leaf(_p("Mobile"), staff.mobile)


def _trace_list(tree: _Tree, message: Message) -> None:
    with tree.inside(_p("TraceHeaderList")):
        with tree.inside(_p("Bussiness")):
            tree.leaf(_p("BussinessDocType"), message.business)
            tree.leaf(_p("BussinessDocReason"), message.reason)
            tree.leaf(_p("Paper"), int(message.on_paper))
            _staff(tree, message.staff)
        for trace in message.traces:
            with tree.inside(_p("TraceHeader")):
                tree.leaf(_p("OrganId"), trace.organ_id)
                tree.leaf(_p("Timestamp"), _time(trace.timestamp))


def _wire_type(attachment: Attachment) -> str:
    return RAW_TYPES.get(Path(attachment.name).suffix.lower(), "application/zip")


def _reference(tree: _Tree, attachment: Attachment) -> None:
    with tree.inside(_p("Reference")):
        tree.leaf(_p("ContentId"), attachment.content_id)
        tree.leaf(_p("ContentType"), _wire_type(attachment))
        tree.leaf(_p("Description"), attachment.description)
        tree.leaf(_p("AttachmentName"), attachment.name)


def _attachment(tree: _Tree, attachment: Attachment) -> None:
    with tree.inside("Attachment"):
        tree.leaf("ContentId", attachment.content_id)
        tree.leaf("AttachmentName", attachment.name)
        tree.leaf("Description", attachment.description)
        tree.leaf("ContentType", _wire_type(attachment))
        with tree.inside(_p("ContentTransferEncoded")):
            for block in _blocks(attachment):
                tree.text(base64.b64encode(block).decode("ascii"))


def _blocks(attachment: Attachment) -> Iterator[bytes]:
    """The bytes that travel, in blocks whose base64 can be joined: a book of scans is never in memory as a whole."""
    if Path(attachment.name).suffix.lower() not in RAW_TYPES:
        yield _zipped(attachment.name, attachment.content())
    elif attachment.path is None:
        yield attachment.content()
    else:
        with attachment.path.open("rb") as stream:
            while block := stream.read(BLOCK):
                yield block


def _zipped(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
