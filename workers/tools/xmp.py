"""The Appendix VI record inside a PDF: XMP that every PDF/A validator knows, and Info entries under the decree's names.

XMP carries the record in predefined properties only. A namespace of our own would need a PDF/A extension schema,
which the validator at hand (pikepdf.pdfa) rejects: the conformance could then only be claimed, not shown.
The names of the decree stand verbatim as ``Name=value`` in dc:subject and as keys of the Info dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

PRODUCER = "Sohoa"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def flat(record: Mapping[str, Any]) -> dict[str, str]:
    """The record without nesting: ``SignerInfo.Position`` and so on, every value as text fit for XML."""
    out: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            out |= {f"{name}.{inner}": text for inner, text in flat(value).items()}
        elif value not in (None, ""):
            out[name] = _NOT_XML.sub("", str(value))
    return out


def title(record: Mapping[str, Any]) -> str:
    """``Quyết định 252/QĐ-UBND: Về việc …``, from what is known; empty when nothing is."""
    return ": ".join(filter(None, (heading(record), str(record.get("Subject") or ""))))


def heading(record: Mapping[str, Any]) -> str:
    """``Quyết định 252/QĐ-UBND``, from what is known."""
    return " ".join(filter(None, (str(record.get("TypeName") or ""), code(record))))


def code(record: Mapping[str, Any]) -> str:
    """The printed number, ``252/QĐ-UBND``; empty while CodeNumber is unknown, because half a number misleads."""
    number, notation = record.get("CodeNumber"), record.get("CodeNotation")
    return "/".join(str(part) for part in (number, notation) if part) if number else ""


def info(record: Mapping[str, Any]) -> dict[str, str]:
    """Document information: the standard entries agree with the XMP; the others bear the decree's names."""
    values = flat(record)
    standard = {
        "Title": title(values),
        "Author": values.get("OrganName", ""),
        "Subject": values.get("Subject", ""),
        "Creator": PRODUCER,
        "Producer": PRODUCER,
    }
    named = {name: text for name, text in values.items() if name not in standard}
    return {name: text for name, text in {**standard, **named}.items() if text}


def packet(record: Mapping[str, Any], document_id: str = "") -> bytes:
    """The XMP packet, UTF-8. ``document_id``: xmpMM:DocumentID, kept through every revision of the same scan."""
    values = flat(record)
    signer = " ".join(filter(None, (values.get("SignerInfo.Position"), values.get("SignerInfo.FullName"))))
    language = "vi" if values.get("Language", "").casefold() in ("tiếng việt", "vi", "") else ""
    properties = [
        _simple("pdfaid:part", "2"),
        _simple("pdfaid:conformance", "B"),
        _simple("dc:format", "application/pdf"),
        _alternatives("dc:title", title(values)),
        _list("dc:creator", "Seq", [values.get("OrganName", "")]),
        _list("dc:contributor", "Bag", [signer]),
        _alternatives("dc:description", values.get("Subject", "")),
        _simple("dc:identifier", code(values)),
        _list("dc:type", "Bag", [values.get("TypeName", "")]),
        _list("dc:date", "Seq", [values.get("IssuedDate", "")]),
        _list("dc:language", "Bag", [language]),
        _list("dc:subject", "Bag", _pairs(values)),
        _simple("pdf:Producer", PRODUCER),
        _simple("xmp:CreatorTool", PRODUCER),
        _simple("xmpMM:DocumentID", document_id),
    ]
    body = "\n".join(line for line in properties if line)
    return _PACKET.format(body=body).encode("utf-8")


_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
{body}
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def _pairs(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={text}" for name, text in values.items()]


def _simple(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _alternatives(name: str, text: str) -> str:
    return f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt></{name}>' if text else ""


def _list(name: str, kind: str, texts: list[str]) -> str:
    items = "".join(f"<rdf:li>{escape(text)}</rdf:li>" for text in texts if text)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>" if items else ""
