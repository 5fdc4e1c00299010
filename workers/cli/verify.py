"""`sohoa verify`: what the signatures of a PDF are worth, in words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from intake import settings
from intake.errors import ExitCode, OperatorError
from workers.sign.report import WORDS, Item, Report, Signature
from workers.sign.verify import verify
from workers.tools.pki import load_trust

_SIGN = {"valid": "✓", "invalid": "✗", "unknown": "?"}


def command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Tệp PDF đã ký / The signed PDF")],
    trust: Annotated[
        Path | None,
        typer.Option(help="Thư mục chứng thư gốc tin cậy (PEM, DER, CRL) / Folder of trusted roots and CRLs"),
    ] = None,
    home: Annotated[Path | None, typer.Option(help="Thư mục của trạm / The station's home")] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Hỏi CRL/OCSP của nơi cấp qua mạng / Ask the issuer's CRL and OCSP")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả JSON / Print JSON")] = False,
) -> None:
    """Kiểm tra chữ ký số của một PDF / Verify the signatures of a PDF.

    Mã thoát 0 khi hợp lệ, 10 khi không / Exit code 0 when valid, 10 otherwise.

    Ví dụ / Example:  sohoa verify vanban.pdf --trust chung-thu-goc/
    """
    report = verify(file, load_trust(trust or trust_folder(home)), datetime.now(UTC), online)
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        print("\n".join(lines(report)))
    if report.verdict != "valid":
        raise typer.Exit(int(ExitCode.FINDINGS))


def trust_folder(home: Path | None) -> Path:
    """The station's trust folder; without a station the demo's, when there is one."""
    try:
        return settings.load(home).trust_folder
    except OperatorError:
        demo = Path("var/demo/trust")
        if home is None and demo.is_dir():
            return demo
        raise


def lines(report: Report) -> list[str]:
    """The report for people, Vietnamese first."""
    told = [f"{report.file}: {report.verdict_vi.upper()} / {report.verdict}"]
    if report.trouble is not None:
        told += _item(report.trouble)
    for one in report.signatures:
        told += _signature(one)
    told += _item(report.pdfa)
    if report.updates:
        told.append("  Các phiên bản trong tệp / Revisions: " + "; ".join(vi for vi, _ in report.updates))
    return told


def _signature(one: Signature) -> list[str]:
    kind = "Dấu thời gian / Time-stamp" if one.kind == "timestamp" else "Chữ ký / Signature"
    told = [
        f"  {kind} «{one.field}»: {WORDS[one.verdict]} / {one.verdict}",
        f"    Người ký / Signer: {one.signer}; cơ quan / agency: {one.agency}; serial {one.serial}",
    ]
    if one.signed_at:
        told.append(f"    Ký lúc / Signed at: {one.signed_at}; mức / level {one.level}")
    return told + [line for item in one.items for line in _item(item, "    ")]


def _item(item: Item, indent: str = "  ") -> list[str]:
    return [f"{indent}{_SIGN[item.answer]} {item.vi}", f"{indent}  {item.en}"]
