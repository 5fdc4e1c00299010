"""What is handed over: the signed copy, its Appendix VI record as JSON and XML, the edXML package, and a manifest.

A package holds no clock and no random number: built again after a crash it is the same bytes, so the receiver's
copy, ours and the manifest can always be compared.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from intake.errors import DocumentError
from intake.folder import DocumentFolder
from intake.model import sha256_of
from intake.ports import Package
from intake.profile.sections import PushSection
from workers.push.edxml import (
    Attachment,
    Code,
    Message,
    Organ,
    Trace,
    content_id,
    document_id,
)
from workers.push.edxml_write import save
from workers.push.record_xml import record_xml
from workers.tools.record import record as make_record

_SIGNS_FOR = re.compile(r"(TM|KT|TL|TUQ|Q)\.\s*(?=\S)")

FOLDER = "package"
NAMES = {
    "pdf": "signed.pdf",
    "record_json": "record.json",
    "record_xml": "record.xml",
    "edxml": "document.edxml",
    "audit": "audit.json",
    "manifest": "manifest.json",
}
"""Role → file name, the same in every package."""


def build(document: DocumentFolder, section: PushSection, out: Path) -> Package:
    """Write ``out``/package/ and describe it; its ``key`` is empty, because a key belongs to one target.

    Raises DocumentError when the document was not signed, or a field cannot stand in the record.
    """
    signed = document.of("sign") / "signed.pdf"
    if not signed.is_file():
        raise DocumentError(
            f"Hồ sơ {document.document_id} không có bản ký số «signed.pdf»; hãy ký lại.",
            f"Document {document.document_id} has no signed copy «signed.pdf»; sign it again.",
        )
    folder = out / FOLDER
    folder.mkdir()
    files = {role: folder / name for role, name in NAMES.items()}
    shutil.copyfile(signed, files["pdf"])
    record = make_record(document.confirmed, pages=_pages(document), organ_id=_old_form(section.organ_id))
    _write_json(files["record_json"], record)
    files["record_xml"].write_bytes(record_xml(record))
    save(_message(document, section, record, files), files["edxml"])
    _write_json(files["audit"], _audit_extract(document))
    _write_json(files["manifest"], _manifest(document, files))
    return Package(document_id=document.document_id, key="", record=record, files=files)


def _pages(document: DocumentFolder) -> int:
    for stage in ("pdf", "check"):
        pages = document.facts.get(stage, {}).get("pages")
        if isinstance(pages, int):
            return pages
    return 0


def _old_form(organ_id: str) -> str:
    """FileCode/OrganId has 13 characters in the decree (2020); a code of the later form does not fit there when it is
    longer, and then stands in the edXML package only."""
    return organ_id if len(organ_id) <= 13 else ""


def _manifest(document: DocumentFolder, files: Mapping[str, Path]) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "files": [
            {"role": role, "name": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
            for role, path in files.items()
            if role != "manifest"
        ],
    }


def _audit_extract(document: DocumentFolder) -> dict[str, Any]:
    """Who vouched for what: what a receiver needs to trust the copy, and nothing of the content."""
    kept = {
        "check": ("verdict", "pages"),
        "ocr": ("decision",),
        "pdf": ("pages", "sha256", "pdfa"),
        "review": ("by", "at", "source_kind"),
        "sign": ("signer", "agency", "signed_at", "level", "sha256"),
    }
    return {
        "document_id": document.document_id,
        "stages": {
            stage: {name: facts[name] for name in names if name in facts}
            for stage, names in kept.items()
            if (facts := document.facts.get(stage))
        },
    }


def _message(
    document: DocumentFolder, section: PushSection, record: Mapping[str, Any], files: Mapping[str, Path]
) -> Message:
    code = Code(str(record.get("CodeNumber", "")), str(record.get("CodeNotation", "")))
    issued = date.fromisoformat(record["IssuedDate"]) if "IssuedDate" in record else None
    issuer = str(record.get("OrganName", ""))
    ours = Organ(organ_id=section.organ_id, name=section.organ_name)
    if section.direction == "outgoing":
        sender = ours
        receivers = tuple(Organ(organ_id=code_, name=name) for code_, name in section.receivers.items())
    else:
        sender, receivers = Organ(organ_id=section.organ_ids.get(issuer, ""), name=issuer), (ours,)
    signer = record.get("SignerInfo", {})
    competence, position = _competence(str(signer.get("Position", "")))
    return Message(
        sender=sender,
        receivers=receivers,
        document_id=document_id(sender.organ_id, issued, code, fallback=document.document_id),
        code=code,
        subject=str(record.get("Subject", "")),
        promulgation_date=issued,
        type_name=str(record.get("TypeName", "")),
        competence=competence,
        signer_position=position,
        signer_name=str(signer.get("FullName", "")),
        due_date=datetime.fromisoformat(record["DueDate"]).date() if "DueDate" in record else None,
        priority=int(record.get("Priority", 0)),
        pages=record.get("PageAmount"),
        traces=_traces(document, section),
        attachments=(
            Attachment(
                name=_attachment_name(code, document.document_id),
                content_type="application/pdf",
                content_id=content_id(document.document_id, "signed.pdf"),
                path=files["pdf"],
                description=str(record.get("Subject", "")),
            ),
        ),
    )


def _competence(position: str) -> tuple[str, str]:
    """(TM, KT, TL, TUQ or Q; the rest): Appendix VI has one field, edXML two (NĐ 30/2020 Phụ lục I Phần I.II.7.a)."""
    found = _SIGNS_FOR.match(position)
    return (found[1], position[found.end() :]) if found else ("", position)


def _attachment_name(code: Code, document: str) -> str:
    stem = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in str(code)) or document
    return f"{stem}.pdf"


def _traces(document: DocumentFolder, section: PushSection) -> tuple[Trace, ...]:
    """When this agency sent it: the moment of its signature, after which Đ6.2 has it sent at once; the moment of
    acknowledged sending (Đ7.1) is only known afterwards and stands in the outbox."""
    signed_at = document.facts.get("sign", {}).get("signed_at")
    if not signed_at or not section.organ_id:
        return ()
    return (Trace(section.organ_id, datetime.fromisoformat(str(signed_at))),)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=False, default=str) + "\n", "utf-8")
