"""Read edXML packages as they are met in the field: by local name, whatever the prefixes, order, spelling or age.

Entities, document types and the network are off; size, depth and unzipped size are bounded, because a package comes
from somebody else. What we write is exact (edxml_write.py); what we read is what others wrote.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from lxml import etree

from intake.errors import DocumentError
from workers.push.edxml import (
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
)

BYTES_MAX = 700_000_000
UNZIPPED_MAX = 500_000_000
HANOI = timezone(timedelta(hours=7))
_DATE_FORMS = ("%Y/%m/%d", "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y")
_TIME_FORMS = (
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%Y/%m/%d",
    "%d/%m/%Y",
)
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def read(source: Path | bytes, *, unzipped_max: int = UNZIPPED_MAX) -> Message | Status:
    """The package; a Status when it carries a status code, else a Message. ``unzipped_max``: bytes of all attachments.

    Raises DocumentError when it is not an edXML package, or is larger or stranger than a package may be.
    """
    root = _parse(source)
    header = _find(root, "MessageHeader")
    if header is None:
        raise _bad("không có MessageHeader", "there is no MessageHeader")
    if _text(header, "StatusCode"):
        return _status(header)
    return _message(root, header, unzipped_max)


def read_header(path: Path) -> Message:
    """The document package of ``path`` without its attachments, reading no further than the header. For packages of
    our own making: a header that does not come first is not looked for."""
    try:
        for _, element in etree.iterparse(str(path), tag="{*}edXMLHeader", resolve_entities=False, no_network=True):
            header = _child(element, "MessageHeader")
            if header is not None and not _text(header, "StatusCode"):
                return _message(element, header, 0)
            break
    except etree.XMLSyntaxError as error:
        raise _bad(f"không phải XML hợp lệ ({error.msg})", f"is not valid XML ({error.msg})") from error
    raise _bad("không chứa văn bản", "holds no document")


def _parse(source: Path | bytes) -> etree._Element:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > BYTES_MAX:
        raise _bad(f"lớn quá {BYTES_MAX} byte", f"is larger than {BYTES_MAX} bytes")
    data = source if isinstance(source, bytes) else source.read_bytes()
    if _DOCTYPE.search(data) or b"\0" in data[:256]:
        raise _bad("có khai báo DOCTYPE hoặc không phải UTF-8", "declares a DOCTYPE, or is not UTF-8")
    # huge_tree: an attachment is one text node and passes libxml2's 10 MB; the bound above takes its place.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _bad(f"không phải XML hợp lệ ({error.msg})", f"is not valid XML ({error.msg})") from error


def _message(root: etree._Element, header: etree._Element, unzipped_max: int) -> Message:
    code = _child(header, "Code")
    issued = _child(header, "PromulgationInfo")
    kind = _child(header, "DocumentType")
    signer = _child(header, "SignerInfo")
    other = _child(header, "OtherInfo")
    business = _find(root, "Bussiness", "Business")
    sender = _child(header, "From")
    return Message(
        sender=_organ(sender),
        receivers=tuple(_organ(element) for element in _children(header, "To")),
        document_id=_text(header, "DocumentId"),
        code=Code(_text(code, "CodeNumber"), _text(code, "CodeNotation")),
        subject=_text(header, "Subject"),
        place=_text(issued, "Place"),
        promulgation_date=_date(_text(issued, "PromulgationDate")),
        document_type=_number(_text(kind, "Type")) or 0,
        type_detail=_number(_text(kind, "TypeDetail")),
        type_name=_text(kind, "TypeName"),
        content=_text(header, "Content"),
        competence=_text(signer, "Competence"),
        signer_position=_text(signer, "Position"),
        signer_name=_text(signer, "FullName"),
        due_date=_date(_text(header, "DueDate")),
        priority=_number(_text(other, "Priority")) or 0,
        sphere=_text(other, "SphereOfPromulgation"),
        typer_notation=_text(other, "TyperNotation"),
        amount=_number(_text(other, "PromulgationAmount")),
        pages=_number(_text(other, "PageAmount")),
        appendixes=_texts(_child(other, "Appendixes"), "Appendix"),
        responses=tuple(_response(element) for element in _children(header, "ResponseFor")),
        steering_type=_number(_text(header, "SteeringType")) or 0,
        to_places=_texts(_child(header, "ToPlaces"), "Place"),
        business=_business(_text(business, "BussinessDocType", "BusinessDocType")),
        reason=_text(business, "BussinessDocReason", "BusinessDocReason"),
        on_paper=_text(business, "Paper") not in ("", "0", "false"),
        staff=_staff(_child(business, "StaffInfo")),
        traces=tuple(_trace(element) for element in _all(root, "TraceHeader")),
        attachments=tuple(_attachments(root, unzipped_max)),
    )


def _status(header: etree._Element) -> Status:
    code = _text(header, "StatusCode").zfill(2)
    if code not in {str(known) for known in StatusCode}:
        raise _bad(f"có mã trạng thái lạ «{code[:20]}»", f"has an unknown status code «{code[:20]}»")
    return Status(
        sender=_organ(_child(header, "From")),
        response_for=_response(_child(header, "ResponseFor")),
        code=StatusCode(code),
        timestamp=_time(_text(header, "Timestamp")) or datetime.fromtimestamp(0, HANOI),
        description=_text(header, "Description"),
        staff=_staff(_child(header, "StaffInfo")),
    )


def _organ(element: etree._Element | None) -> Organ:
    return Organ(
        organ_id=_text(element, "OrganId"),
        in_charge=_text(element, "OrganizationInCharge"),
        name=_text(element, "OrganName"),
        address=_text(element, "OrganAdd"),
        email=_text(element, "Email"),
        telephone=_text(element, "Telephone"),
        fax=_text(element, "Fax"),
        website=_text(element, "Website"),
    )


def _response(element: etree._Element | None) -> ResponseFor:
    code = _child(element, "Code")
    nested = Code(_text(code, "CodeNumber"), _text(code, "CodeNotation"))
    return ResponseFor(
        organ_id=_text(element, "OrganId"),
        code=str(nested) or _text(element, "Code"),
        document_id=_text(element, "DocumentId"),
        promulgation_date=_date(_text(element, "PromulgationDate")),
    )


def _staff(element: etree._Element | None) -> Staff:
    return Staff(
        _text(element, "Department"), _text(element, "Staff"), _text(element, "Email"), _text(element, "Mobile")
    )


def _trace(element: etree._Element) -> Trace:
    return Trace(_text(element, "OrganId"), _time(_text(element, "Timestamp")) or datetime.fromtimestamp(0, HANOI))


def _business(text: str) -> Business:
    return Business(text) if text in {str(known) for known in Business} else Business.NEW


def _attachments(root: etree._Element, budget: int) -> Iterator[Attachment]:
    """Attachments in the order of the package, matched with their references by ContentId, with or without ``cid:``."""
    manifest = _find(root, "edXMLManifest", "Manifest")
    references = {_cid(element): element for element in _children(manifest, "Reference")}
    for element in _all(root, "Attachment"):
        encoded = _child(element, "ContentTransferEncoded")
        if encoded is None:
            continue
        reference = references.get(_cid(element))
        name = _text(element, "AttachmentName") or _text(reference, "AttachmentName") or "attachment"
        kind = _text(element, "ContentType") or _text(reference, "ContentType")
        data = _decoded(name, encoded.text or "")
        if kind == "application/zip" and not name.lower().endswith(".zip"):
            data = _unzipped(name, data, budget)
        budget -= len(data)
        yield Attachment(
            name=name,
            content_type=kind,
            content_id=_text(element, "ContentId"),
            data=data,
            description=_text(element, "Description") or _text(reference, "Description"),
        )


def _cid(element: etree._Element) -> str:
    href = next((value for name, value in element.attrib.items() if etree.QName(name).localname == "href"), "")
    return (_text(element, "ContentId") or href).removeprefix("cid:")


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad(f"tệp «{name}» hỏng mã base64", f"file «{name}» has broken base64") from error


def _unzipped(name: str, data: bytes, budget: int) -> bytes:
    """The one file inside; a bomb is stopped by what it unpacks to, not by what it claims."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
            if len(members) != 1:
                return data
            with archive.open(members[0]) as stream:
                content = stream.read(budget + 1)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise _bad(f"tệp «{name}» hỏng gói zip", f"file «{name}» has a broken zip") from error
    if len(content) > budget:
        raise _bad(f"tệp «{name}» bung ra quá lớn", f"file «{name}» unpacks to too much")
    return content


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _all(root: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (element for element in root.iter() if _local(element) in names)


def _find(root: etree._Element, *names: str) -> etree._Element | None:
    return next(_all(root, *names), None)


def _children(element: etree._Element | None, *names: str) -> list[etree._Element]:
    return [] if element is None else [child for child in element if _local(child) in names]


def _child(element: etree._Element | None, *names: str) -> etree._Element | None:
    return next(iter(_children(element, *names)), None)


def _text(element: etree._Element | None, *names: str) -> str:
    child = _child(element, *names)
    return "" if child is None or len(child) else (child.text or "").strip()


def _texts(element: etree._Element | None, name: str) -> tuple[str, ...]:
    return tuple(text for child in _children(element, name) if (text := (child.text or "").strip()))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _date(text: str) -> date | None:
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text[:10], form).date()
        except ValueError:
            continue
    return None


def _time(text: str) -> datetime | None:
    for form in _TIME_FORMS:
        try:
            return datetime.strptime(text[:19], form).replace(tzinfo=HANOI)
        except ValueError:
            continue
    return None


def _bad(vi: str, en: str) -> DocumentError:
    return DocumentError(
        f"Gói edXML {vi}. Hãy yêu cầu nơi gửi gửi lại.", f"The edXML package {en}. Ask the sender to send it again."
    )
