"""Sign one plain PDF outside any station: the command line's way to the same steps as the stage."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import x509

from intake.errors import DocumentError, OperatorError
from intake.folder import DocumentFolder
from intake.model import Finding, Severity, sha256_of
from intake.ports import SigningSession
from intake.profile.sections import SignSection
from workers.sign import pades, proof
from workers.sign.certificate import check
from workers.sign.mark import mark_text
from workers.sign.proof import bears_signature
from workers.tools import pdfa
from workers.tools.pki import TrustStore, holder


def sign_file(
    document: DocumentFolder,
    source: Path,
    output: Path,
    section: SignSection,
    session: SigningSession,
    trust: TrustStore,
    now: datetime,
    demo_allowed: bool = False,
) -> dict[str, Any]:
    """Sign ``source`` into ``output``; the result as JSON. ``output`` appears only when everything is proven.

    Raises DocumentError for a file that is already signed: it must not get the mark of a copy.
    """
    if output.resolve() == source.resolve():
        raise DocumentError("Tệp ra phải khác tệp vào.", "The output must be another file than the input.")
    if bears_signature(source):
        raise DocumentError(
            f"«{source.name}» đã có chữ ký số; phần mềm không đóng dấu sao lên tệp đã ký. Hãy chuyển nguyên văn tệp "
            "này.",
            f"«{source.name}» is already signed; a signed file gets no mark. Pass it on as it is.",
        )
    conforming = pdfa.validate(source).passed
    checked = check(session, section, trust, now, demo_allowed)
    if not output.absolute().parent.is_dir():
        raise OperatorError(f"Không có thư mục {output.parent}.", f"There is no folder {output.parent}.")
    work = output.with_name(output.name + ".tmp")
    try:
        done = pades.sign(source, work, session, section, checked, now, mark_text(document, section, now))
        proof.prove(source, work, checked, now, was_pdfa=conforming)
        work.replace(output)
    finally:
        work.unlink(missing_ok=True)
    findings = (*checked.findings, *done.findings, *(() if conforming else (_not_pdfa(source),)))
    where = done.place
    return {
        "input": str(source),
        "output": str(output),
        "signer": holder(x509.Certificate.load(session.certificate)),
        "agency": section.agency,
        "signed_at": now.isoformat(timespec="seconds"),
        "level": done.level,
        "sha256": sha256_of(output),
        "mark": {"page": 1, "box_mm": where.box.as_list(), "moved": where.moved} if where else None,
        "findings": [finding.as_json() for finding in findings],
    }


def _not_pdfa(source: Path) -> Finding:
    return Finding(
        "sign.not_pdfa",
        Severity.WARN,
        f"«{source.name}» không phải PDF/A-2b từ trước khi ký. Hãy lập PDF/A bằng `sohoa pdf` rồi ký.",
        f"«{source.name}» was not PDF/A-2b before signing. Make it with `sohoa pdf` and sign that.",
    )
