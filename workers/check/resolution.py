"""Does the file claim enough dots per inch on both axes? From placement in PDFs, from tags and pixels in images."""

from __future__ import annotations

from collections.abc import Iterator

from intake.model import Finding, Severity
from intake.profile.sections import CheckSection
from workers.check.view import PageView


def look(view: PageView, section: CheckSection) -> Iterator[Finding]:
    limit = section.dpi_min.value
    dpi = min(view.dpi)
    if not view.declared:
        yield Finding(
            "check.dpi_missing", Severity.WARN,
            f"Trang {view.number} không ghi độ phân giải; tạm suy ra {dpi:.0f} dpi theo khổ A4. "
            "Bật ghi dpi trong cấu hình máy quét; nếu giấy không phải A4, hãy quét lại.",
            f"Page {view.number} does not state its resolution; {dpi:.0f} dpi if the paper is A4. "
            "Make the scanner write its dpi; scan again if the paper is not A4.",
            page=view.number, measured=round(dpi, 1), limit=limit, unit="dpi",
        )  # fmt: skip
    if dpi < limit * (1 - section.dpi_tolerance):
        yield Finding(
            "check.dpi_low", Severity.BLOCK,
            f"Trang {view.number} chỉ có {dpi:.0f} dpi, yêu cầu từ {limit:.0f} dpi ({section.dpi_min.source}). "
            f"Đặt máy quét {limit:.0f} hoặc 300 dpi, rồi quét lại.",
            f"Page {view.number} has only {dpi:.0f} dpi, {limit:.0f} are demanded ({section.dpi_min.source}). "
            f"Set the scanner to {limit:.0f} or 300 dpi and scan again.",
            page=view.number, measured=round(dpi, 1), limit=limit, unit="dpi",
        )  # fmt: skip
