"""A scanner without hardware that behaves as real ones do, good and bad: for trying out stations and for tests.

The device name says how it behaves: ``pages=5``, ``jam@3``, ``half-written,from=/scans`` (see BEHAVIOURS).
Nothing is random and nothing waits: time is a Clock that is handed in.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from intake.errors import EnvironmentTrouble, OperatorError
from intake.ports import Clock, ScannedPage, ScanRequest
from scanner_drivers import delivered

BEHAVIOURS: Mapping[str, str] = {
    "good": "every page whole, under a .part name until it is / mọi trang đều đủ",
    "pages=N": "N sheets in the feeder (3 when not said) / khay có N tờ",
    "from=FOLDER": "the images of this folder are the sheets / lấy ảnh trong thư mục làm giấy",
    "empty": "the feeder is empty / khay trống",
    "jam@K": "jam at page K / kẹt giấy ở trang K",
    "cover": "the cover is open / nắp mở",
    "offline": "nobody answers / không liên lạc được",
    "multifeed@K": "two sheets pulled at page K, and the device notices / kéo hai tờ, máy phát hiện",
    "doublefeed@K": "two sheets pulled at page K, unnoticed: one page fewer / kéo hai tờ, máy không biết",
    "half-written": "each file grows under its final name, closed and reopened with pauses / tệp ghi dần",
    "truncated@K": "page K arrives cut off / trang K bị cắt",
    "wrong-resolution": "150 dpi whatever is asked / luôn trả 150 dpi",
    "gray": "gray whatever is asked / luôn trả ảnh xám",
}

PAUSES = (0.2, 1.0, 4.0)
"""seconds between the pieces of a half-written file, as seen from network scanners"""
SHEETS = 3
QUALITY = 85


@dataclass(frozen=True, slots=True)
class _Behaviour:
    flags: frozenset[str] = frozenset()
    at: Mapping[str, int] = field(default_factory=dict)
    pages: int | None = None
    folder: Path | None = None

    def hits(self, name: str, number: int) -> bool:
        return self.at.get(name) == number


class SimulatedDriver:
    """Driver ``simulated``: draws its pages or takes them from a folder, and fails as told by the device name."""

    name = "simulated"

    def __init__(self, clock: Clock | None = None) -> None:
        """``clock``: its ``sleep`` is called where a device would take its time; None: never."""
        self.clock = clock

    def devices(self) -> tuple[str, ...]:
        return ("good", "pages=10", "jam@2", "empty", "half-written")

    def scan(self, device: str, request: ScanRequest, out: Path) -> Iterator[ScannedPage]:
        """Deliver the sheets as the device's name says. Raises what a real driver raises for the same trouble."""
        behaviour = _parse(device)
        _start(behaviour, request)
        sheets = _sheets(behaviour, request)
        number, sheet = 0, 0
        while sheet < sheets:
            number += 1
            sheet += 1
            if behaviour.hits("jam", number):
                raise _jam(number)
            if behaviour.hits("multifeed", number):
                raise _multifeed(number)
            image = _image(behaviour, request, sheet)
            if behaviour.hits("doublefeed", number) and sheet < sheets:
                image = _overlapped(image, _image(behaviour, request, sheet + 1))
                sheet += 1
            data = _jpeg(image, 150 if "wrong-resolution" in behaviour.flags else request.resolution)
            if behaviour.hits("truncated", number):
                data = data[: len(data) * 2 // 3]
            path = out / f"p{number:04d}.jpg"
            with delivered.writing(out):
                self._write(path, data, "half-written" in behaviour.flags)
            delivered.verify(path, number, request)
            yield delivered.page(number, path)
        delivered.counted(number, request)

    def _write(self, path: Path, data: bytes, in_pieces: bool) -> None:
        if not in_pieces:
            part = path.with_name(path.name + ".part")
            part.write_bytes(data)
            part.rename(path)
            return
        step = len(data) // (len(PAUSES) + 1) + 1
        for index, start in enumerate(range(0, len(data), step)):
            if index and self.clock:
                self.clock.sleep(PAUSES[index - 1])
            with path.open("ab") as stream:
                stream.write(data[start : start + step])


def _parse(device: str) -> _Behaviour:
    flags: set[str] = set()
    at: dict[str, int] = {}
    pages: int | None = None
    folder: Path | None = None
    for word in device.removeprefix("simulated:").split(","):
        name, mark, value = word.partition("@" if "@" in word else "=")
        if not mark and word in BEHAVIOURS:
            flags.add(word)
        elif mark == "@" and f"{name}@K" in BEHAVIOURS and value.isdigit():
            at[name] = int(value)
        elif word.startswith("pages=") and value.isdigit():
            pages = int(value)
        elif word.startswith("from=") and value:
            folder = Path(value)
        else:
            raise OperatorError(
                f"Máy quét mô phỏng không có kiểu «{word}». Có: {', '.join(BEHAVIOURS)}.",
                f"The simulated scanner has no behaviour «{word}». There are: {', '.join(BEHAVIOURS)}.",
            )
    return _Behaviour(frozenset(flags), at, pages, folder)


def _start(behaviour: _Behaviour, request: ScanRequest) -> None:
    if not 50 <= request.resolution <= 600:
        raise OperatorError(
            f"Máy quét mô phỏng không có {request.resolution} dpi; có từ 50 đến 600.",
            f"The simulated scanner does not offer {request.resolution} dpi; it offers 50 to 600.",
        )
    if "offline" in behaviour.flags:
        raise EnvironmentTrouble(
            "Không liên lạc được với máy quét. Hãy kiểm tra nguồn và cáp mạng, rồi quét lại.",
            "The scanner does not answer. Check power and network cable, then scan again.",
        )
    if "cover" in behaviour.flags:
        raise EnvironmentTrouble(
            "Nắp máy quét đang mở. Hãy đóng nắp rồi quét lại cả lô.",
            "The scanner's cover is open. Close it and scan again.",
        )
    if "empty" in behaviour.flags and request.source != "flatbed":
        raise EnvironmentTrouble(
            "Khay nạp giấy trống. Hãy đặt giấy vào rồi quét lại.",
            "The document feeder is empty. Put paper in and scan again.",
        )


def _jam(number: int) -> EnvironmentTrouble:
    return EnvironmentTrouble(
        f"Kẹt giấy ở trang {number}. Hãy lấy giấy kẹt ra, xếp lại đủ các tờ, rồi quét lại cả lô.",
        f"Paper jam at page {number}. Remove the paper, put all sheets back and scan the whole batch again.",
    )


def _multifeed(number: int) -> EnvironmentTrouble:
    return EnvironmentTrouble(
        f"Hai tờ bị kéo cùng lúc ở trang {number}. Hãy tách giấy, xếp lại đủ các tờ, rồi quét lại cả lô.",
        f"Two sheets were pulled together at page {number}. Separate them and scan the whole batch again.",
    )


def _sheets(behaviour: _Behaviour, request: ScanRequest) -> int:
    """Sides to deliver: a flatbed takes one, a duplex feeder two for each sheet."""
    if request.source == "flatbed":
        return 1
    if behaviour.folder is not None:
        return len(_files(behaviour.folder))
    sheets = SHEETS if behaviour.pages is None else behaviour.pages
    return sheets * 2 if request.source == "duplex" else sheets


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".ppm"))
    if not found:
        raise OperatorError(
            f"Thư mục «{folder}» không có ảnh JPEG hay PNG cho máy quét mô phỏng.",
            f"Folder «{folder}» has no JPEG or PNG image for the simulated scanner.",
        )
    return found


def _image(behaviour: _Behaviour, request: ScanRequest, sheet: int) -> Image.Image:
    dpi = 150 if "wrong-resolution" in behaviour.flags else request.resolution
    size = tuple(round(value * dpi / 25.4) for value in request.area_mm[2:])
    if behaviour.folder is not None:
        image = _opened(_files(behaviour.folder)[sheet - 1])
        if "wrong-resolution" in behaviour.flags:
            image = image.resize(size)
    else:
        image = drawn(sheet, size, dpi)
    return image.convert("L") if "gray" in behaviour.flags else image


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise OperatorError(
            f"Không đọc được ảnh «{path}» cho máy quét mô phỏng: {error}.",
            f"The image «{path}» for the simulated scanner cannot be read: {error}.",
        ) from error


def drawn(sheet: int, size: tuple[int, int], dpi: float) -> Image.Image:
    """A test sheet: its number, lines of text, a red ring of 36 mm, a blue stroke, and the grain of a sensor."""
    image = Image.new("RGB", size, (250, 249, 245))
    draw = ImageDraw.Draw(image)
    per_mm = dpi / 25.4
    large, small = (ImageFont.load_default(points * dpi / 72) for points in (22, 12))
    draw.text((30 * per_mm, 25 * per_mm), f"SIMULATED SHEET {sheet}", fill=(25, 25, 30), font=large)
    for line in range(12 + sheet % 5):
        text = f"{sheet}.{line + 1}  This sheet was drawn by the simulated scanner; it is no document."
        draw.text((30 * per_mm, (45 + 8 * line) * per_mm), text, fill=(25, 25, 30), font=small)
    x, y, r = 130 * per_mm, 210 * per_mm, 18 * per_mm
    draw.ellipse((x - r, y - r, x + r, y + r), outline=(205, 40, 45), width=max(1, round(per_mm)))
    points = [(x + step * per_mm, y + 6 * per_mm * np.sin(step / 3)) for step in range(-5, 30)]
    draw.line(points, fill=(40, 55, 160), width=max(1, round(0.5 * per_mm)))
    grain = np.random.default_rng(zlib.crc32(b"sheet %d" % sheet)).normal(0, 1.5, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def _overlapped(upper: Image.Image, lower: Image.Image) -> Image.Image:
    """Two sheets pulled together: the upper one's image, and below its edge what it left of the next."""
    fold = int(upper.height * 0.85)
    both = upper.copy()
    both.paste(lower.crop((0, fold, lower.width, lower.height)), (0, fold))
    ImageDraw.Draw(both).line((0, fold, both.width, fold), fill=(150, 150, 148), width=max(2, both.height // 700))
    return both


def _jpeg(image: Image.Image, dpi: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY, dpi=(dpi, dpi))
    return stream.getvalue()
