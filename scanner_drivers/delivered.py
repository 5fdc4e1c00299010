"""What every driver holds true of a page before it hands it over: whole, in colour, at the density asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from intake.errors import EnvironmentTrouble, OperatorError
from intake.folder import fsync_path
from intake.model import sha256_of
from intake.ports import ScannedPage, ScanRequest

DPI_TOLERANCE = 1.0
"""dpi; PNG stores pixels per metre, so 200 comes back as 199.9"""

STEPS = (75, 100, 150, 200, 240, 300, 400, 600, 1200)
"""resolutions scanners fall back to; a page smaller by exactly such a ratio was scanned at another resolution"""


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Translate a disk that cannot take the page (full, read-only, share gone) into EnvironmentTrouble."""
    try:
        yield
    except OSError as error:
        raise EnvironmentTrouble(
            f"Không ghi được trang quét vào «{out}» ({error.strerror or error}). Hãy kiểm tra dung lượng và quyền ghi, "
            "rồi quét lại cả lô.",
            f"The page cannot be written to «{out}» ({error.strerror or error}). Check free space and permissions, then "
            "scan the whole batch again.",
        ) from error


def page(number: int, path: Path) -> ScannedPage:
    """Make the file durable and hash it."""
    with writing(path.parent):
        fsync_path(path)
        return ScannedPage(number, path, sha256_of(path))


def verify(path: Path, number: int, request: ScanRequest) -> None:
    """Compare the page with what was asked; nothing may be silently replaced.

    Raises EnvironmentTrouble when the image is broken, OperatorError when resolution or colour are not as asked.
    """
    try:
        with Image.open(path) as image:
            image.load()
            mode, size, dpi = image.mode, image.size, image.info.get("dpi")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EnvironmentTrouble(
            f"Trang {number} máy quét gửi về bị hỏng hoặc chưa đủ ({type(error).__name__}). Hãy quét lại cả lô.",
            f"Page {number} came from the scanner damaged or incomplete ({type(error).__name__}). Scan the batch again.",
        ) from error
    if mode not in ("RGB", "RGBA"):
        raise OperatorError(
            f"Yêu cầu quét màu, trang {number} về không màu ({mode}). Hãy đặt máy quét ở chế độ màu rồi quét lại.",
            f"Colour was asked for, page {number} came without ({mode}). Set the scanner to colour and scan again.",
        )
    if dpi is not None:
        for axis in (0, 1):
            if abs(float(dpi[axis]) - request.resolution) > DPI_TOLERANCE:
                raise _not_honoured(number, request.resolution, f"{float(dpi[axis]):.0f}")
    asked = [value * request.resolution / 25.4 for value in request.area_mm[2:]]
    ratios = [have / want for have, want in zip(size, asked, strict=True)]
    for step in STEPS:
        expected = step / request.resolution
        if step != request.resolution and all(abs(ratio / expected - 1) < 0.006 for ratio in ratios):
            raise _not_honoured(number, request.resolution, str(step))


def counted(got: int, request: ScanRequest) -> None:
    """Raise EnvironmentTrouble when the operator's count of sheets is not what came: a jam or a double feed."""
    wanted = request.expected_pages
    if wanted is not None and got != wanted:
        raise EnvironmentTrouble(
            f"Cần {wanted} trang, máy quét trả {got}. Có thể hai tờ dính nhau hoặc còn giấy trong khay. "
            "Lô này chưa được nhận; hãy tách giấy, đếm lại rồi quét lại cả lô.",
            f"{wanted} pages were expected, the scanner delivered {got}. Two sheets may have stuck together or paper may "
            "be left in the feeder. The batch was not taken; separate the sheets, count them and scan all of them again.",
        )


def _not_honoured(number: int, wanted: int, got: str) -> OperatorError:
    return OperatorError(
        f"Yêu cầu {wanted} dpi, trang {number} về {got} dpi. Máy không làm đúng cài đặt này; "
        "hãy chọn độ phân giải máy có thật rồi quét lại.",
        f"{wanted} dpi were asked for, page {number} came at {got} dpi. The device does not honour this setting; "
        "choose a resolution it really has and scan again.",
    )
