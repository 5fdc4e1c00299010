"""`sohoa pdf`: scans to one searchable PDF/A-2b, on plain files."""

from __future__ import annotations

import ctypes
import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from intake.errors import OperatorError
from intake.model import Finding, sha256_of
from intake.profile.sections import OcrSection
from workers.cli.secret import refuse_secret
from workers.ocr.reading import read
from workers.pdf.assemble import assemble
from workers.pdf.stage import findings_of, kept_as_signed, readable_record, signed_original
from workers.pdf.textlayer import load_words, words_of
from workers.tools import pdfa
from workers.tools.pages import list_pages


def command(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, help="Các trang của một văn bản / The pages of one document"),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Tệp PDF/A-2b sẽ ghi / The PDF/A-2b to write")],
    words: Annotated[
        Path | None,
        typer.Option(help="Thư mục kết quả đọc (words/NNN.json, ocr.json) / A folder of earlier reading"),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Số trang đọc song song / Pages read side by side")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả JSON / Print JSON")] = False,
) -> None:
    """Lập PDF/A-2b có lớp chữ ẩn từ ảnh quét / Make a PDF/A-2b with invisible text from scans.

    Ví dụ / Example:  sohoa pdf 001.jpg 002.jpg -o vanban.pdf
    """
    if output.resolve() in {path.resolve() for path in files}:
        raise OperatorError(
            f"«{output}» cũng là tệp nguồn; hãy chọn tên khác sau -o.",
            f"«{output}» is also a source; choose another name after -o.",
        )
    _give_memory_back()
    refuse_secret(files)
    result = _make(files, output, words, jobs)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print(f"{output}: {result['pages']} trang / pages, PDF/A-2b {result['pdfa']}")
        for finding in result["findings"]:
            print(f"  {finding['message']} / {finding['message_en']}")


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""glibc's mallopt parameters"""
_COLOURS, _KEPT = 4_500_000, 16_000_000
"""bytes: a sheet in colour at 200 dpi is 12 million, in grey 3.9 million; what the heap may keep unused at its end"""


def _give_memory_back() -> None:
    """Let the reading threads use one heap, and every page's colours go back to the system as soon as they are freed:
    glibc would keep a page's worth of each for itself. What it may keep is what every page needs again (docs/pdf.md).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _COLOURS)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)


def _make(files: list[Path], output: Path, words: Path | None, jobs: int) -> dict[str, Any]:
    pages = list_pages(files)
    signed = signed_original(files)
    if signed:
        shutil.copyfile(signed, output)
        findings = (kept_as_signed(signed),)
        passed = pdfa.validate(output).passed
    else:
        told: tuple[Finding, ...] = ()
        if words:
            fields = _fields(words)
            by_page = {page.number: load_words(words / "words" / f"{page.number:03d}.json") for page in pages}
        else:
            reading = read(files, OcrSection(), jobs=jobs)
            fields, told = reading.as_json()["fields"], reading.findings
            by_page = {page.number: words_of(page.as_json()) for page in reading.pages}
        record, left_out = readable_record(fields, len(pages))
        findings = (*told, *left_out, *findings_of(assemble(pages, lambda page: by_page[page.number], record, output)))
        passed = True  # assemble validates the bytes it wrote and raises otherwise
    return {
        "files": [str(path) for path in files],
        "output": str(output),
        "pages": len(pages),
        "bytes": output.stat().st_size,
        "sha256": sha256_of(output),
        "pdfa": "pass" if passed else "fail",
        "findings": [finding.as_json() for finding in findings],
    }


def _fields(folder: Path) -> dict[str, Any]:
    path = folder / "ocr.json"
    return json.loads(path.read_text(encoding="utf-8"))["fields"] if path.exists() else {}
