"""`sohoa ocr`: read files without a database, for scripts, benches and curious people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from intake.profile.sections import OcrSection
from workers.cli.secret import refuse_secret
from workers.ocr.reading import read


def command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            exists=True,
            dir_okay=False,
            help="Các tệp của MỘT văn bản, theo thứ tự trang / Files of ONE document, in page order",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="In JSON ra đầu ra chuẩn / JSON on standard output")] = False,
    header_only: Annotated[
        bool,
        typer.Option("--header-only", help="Chỉ đọc phần đầu trang 1 (nhanh) / Read only the head of page 1 (quick)"),
    ] = False,
    engine: Annotated[str, typer.Option(help="Bộ nhận dạng / OCR engine: tesserocr, pytesseract")] = "tesserocr",
    jobs: Annotated[int, typer.Option(min=1, help="Số trang đọc song song / Pages read side by side")] = 1,
) -> None:
    """Đọc số, ký hiệu, ngày, trích yếu… và toàn văn / Read number, notation, date, abstract… and the full text.

    Ví dụ / Example: sohoa ocr 001.jpg 002.jpg --json
    """
    refuse_secret(files)
    reading = read(files, OcrSection(engine=engine), header_only, jobs=jobs)
    if as_json:
        print(json.dumps(reading.as_json(), ensure_ascii=False, indent=1))
        return
    console = Console()
    table = Table("Trường / Field", "Giá trị / Value", "Tin cậy / Confidence")
    for name, field in reading.fields.items():
        table.add_row(name.value, "–" if field.value is None else str(field.value), f"{field.confidence:.3f}")
    console.print(table)
    for finding in reading.findings:
        console.print(f"{finding.code}: {finding.vi}")
        console.print(f"{finding.code}: {finding.en}", style="dim")
    console.print(f"Quyết định / Decision: {reading.decision}")
