"""Scan with any device that SANE knows, through `scanimage` as a watched child process.

In-process bindings are not used: a crash or a dead-lock inside a backend would take our process with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from intake.errors import DependencyMissing, EnvironmentTrouble, OperatorError, SohoaError
from intake.ports import ScannedPage, ScanRequest
from scanner_drivers import delivered, sane_options
from scanner_drivers.watched import SilentTooLong, WatchedProcess

SILENCE = 120.0
"""seconds without a sign of life: a cold lamp warms up for about 60"""
DISCOVERY = 40.0

TEST_CONF = """\
number_of_devices 2
mode Color
depth 8
resolution 200.0
resolution_min 1.0
resolution_max 1200.0
resolution_quant 1.0
test-picture "Color pattern"
geometry_min 0.0
geometry_max 300.0
geometry_quant 0.01
tl_x 0.0
tl_y 0.0
br_x 210.0
br_y 297.0
"""
"""SANE's own simulated scanner; as shipped it is switched off and its glass is 200 mm, too small for A4"""

PNM_FAULTS = {"jammed": "--status-jammed", "nodocs": "--status-nodocs", "coveropen": "--status-coveropen",
              "ioerror": "--status-ioerror", "accessdenied": "--status-accessdenied"}  # fmt: skip

_ROUNDED = re.compile(r"rounded value of (\S+) from (-?[\d.]+) to (-?[\d.]+)")
_GEOMETRY = frozenset({"tl-x", "tl-y", "br-x", "br-y", "page-width", "page-height"})

STATUS: Mapping[int, tuple[str, str]] = {
    2: (
        "Việc quét đã bị hủy tại máy. Hãy quét lại cả lô.",
        "The scan was cancelled at the device. Scan the batch again.",
    ),
    3: ("Máy quét đang bận. Hãy đợi việc khác xong rồi quét lại.", "The scanner is busy. Wait and scan again."),
    5: ("Máy quét ngừng giữa chừng. Hãy quét lại cả lô.", "The scanner stopped in the middle. Scan the batch again."),
    6: (
        "Kẹt giấy trong khay nạp. Hãy lấy giấy kẹt ra, xếp lại đủ các tờ, rồi quét lại cả lô.",
        "Paper is jammed in the feeder. Remove it, put all sheets back and scan the whole batch again.",
    ),
    7: (
        "Khay nạp giấy trống. Hãy đặt giấy vào rồi quét lại.",
        "The document feeder is empty. Put paper in and scan again.",
    ),
    8: (
        "Nắp máy quét đang mở. Hãy đóng nắp rồi quét lại cả lô.",
        "The scanner's cover is open. Close it and scan again.",
    ),
    9: (
        "Mất liên lạc với máy quét. Hãy kiểm tra nguồn và cáp, rồi quét lại cả lô.",
        "Communication with the scanner failed. Check power and cable, then scan the whole batch again.",
    ),
    10: ("Máy tính hết bộ nhớ khi quét. Hãy đóng bớt chương trình.", "The computer ran out of memory while scanning."),
    11: (
        "Không có quyền dùng máy quét. Hãy thêm tài khoản chạy sohoa vào nhóm «scanner» rồi đăng nhập lại.",
        "Access to the scanner was denied. Add the account that runs sohoa to the group «scanner» and log in again.",
    ),
}
"""scanimage's exit status is the number of SANE's status (sane.h)"""


@dataclass(frozen=True, slots=True)
class _Device:
    """How scanimage is called for a device: its SANE name, its environment, options that come with the device."""

    name: str
    env: Mapping[str, str]
    extra: tuple[str, ...] = ()


class SaneDriver:
    """Driver ``sane``.

    Devices: any SANE name (``fujitsu:fi-7160:1234``, ``airscan:e0:…``); ``test`` is SANE's simulated scanner;
    ``pnm:IMAGE`` plays an image file through SANE, ``pnm:IMAGE#jammed`` (``nodocs``, ``coveropen``, ``ioerror``,
    ``accessdenied``) fails as that status does.
    """

    name = "sane"

    def __init__(self, program: str = "scanimage", silence: float = SILENCE) -> None:
        """``program``: scanimage or one that behaves like it; ``silence``: seconds of inactivity allowed."""
        self.program = program
        self.silence = silence

    def devices(self) -> tuple[str, ...]:
        """Scanners SANE finds now (network ones too): takes seconds. Empty when none answers."""
        try:
            found = subprocess.run(
                [self._program(), "-f", "%d%n"], capture_output=True, text=True, timeout=DISCOVERY, env=_environment(),
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return ()
        return tuple(line.strip() for line in found.stdout.splitlines() if line.strip())

    def scan(self, device: str, request: ScanRequest, out: Path) -> Iterator[ScannedPage]:
        """Scan into ``out/p0001.png`` …; each page is yielded once it is whole, checked and durable.

        PNG, since scanimage's JPEG is fixed at quality 75. Raises EnvironmentTrouble (jam, empty feeder, cover,
        silence, wrong count), OperatorError (unknown device, setting not offered or not honoured), DependencyMissing.
        """
        program = self._program()
        with delivered.writing(out):
            next(out.iterdir(), None)
        with self._device(device) as target:
            options = self._options(program, target)
            arguments = sane_options.settings(options, request)
            command = [program, "-d", target.name, *target.extra, *arguments, "--format=png", "-p", "--batch-print",
                       "--batch-start=1", "--batch=p%04d.png"]  # fmt: skip
            if request.source == "flatbed":
                command.append("--batch-count=1")
            try:
                yield from self._pages(command, target, request, out)
            finally:
                for part in out.glob("p*.png.part"):
                    part.unlink(missing_ok=True)

    def _pages(self, command: list[str], target: _Device, request: ScanRequest, out: Path) -> Iterator[ScannedPage]:
        got, last = 0, ""
        try:
            with WatchedProcess(command, target.env, self.silence, cwd=out) as process:
                for stream, line in process.lines():
                    if stream == "out" and line.endswith(".png"):
                        got += 1
                        path = out / line  # scanimage runs inside out: its pattern must not meet a % in the path
                        delivered.verify(path, got, request)
                        yield delivered.page(got, path)
                    elif stream == "err" and line and not line.startswith("Progress"):
                        _not_rounded(line)
                        last = line if line.startswith("scanimage:") and "rounded" not in line else last
                status = process.status()
        except SilentTooLong as error:
            raise EnvironmentTrouble(
                f"Máy quét «{target.name}» im lặng quá {self.silence:g} giây sau {got} trang; đã dừng. "
                "Hãy tắt bật lại máy quét rồi quét lại cả lô.",
                f"The scanner «{target.name}» was silent for more than {self.silence:g} s after {got} pages and was "
                "stopped. Switch it off and on, then scan the whole batch again.",
            ) from error
        # An empty feeder ends a batch with status 0 as a full one does, and scanimage's own count includes the page
        # that failed: only the files count.
        if status == 7 and got and request.source != "flatbed":
            status = 0
        if status < 0:
            raise _crashed(-status, out, got)
        if status or not got:
            raise _trouble(status or 7, last, got)
        delivered.counted(got, request)

    def _program(self) -> str:
        found = shutil.which(self.program)
        if found is None:
            raise DependencyMissing(
                f"Chưa cài chương trình «{self.program}». Hãy chạy: sudo apt-get install sane-utils",
                f"The program «{self.program}» is not installed. Run: sudo apt-get install sane-utils",
            )
        return found

    @contextlib.contextmanager
    def _device(self, device: str) -> Iterator[_Device]:
        kind, _, rest = device.partition(":")
        if not device or device.startswith("-"):
            raise OperatorError(
                f"Tên máy quét «{device}» không hợp lệ. Xem tên máy bằng: scanimage -L",
                f"«{device}» is no scanner name. See the names with: scanimage -L",
            )
        if kind == "test":
            with _private("test", TEST_CONF) as env:
                yield _Device(f"test:{rest or 0}", env, ("--test-picture", "Color pattern"))
        elif kind == "pnm":
            image, _, fault = rest.partition("#")
            with _private("pnm", "") as env:
                source = _as_pnm(Path(image), Path(env["SANE_CONFIG_DIR"]))
                yield _Device("pnm:0", env, ("--filename", str(source), *_fault(fault)))
        else:
            yield _Device(device, _environment())

    def _options(self, program: str, target: _Device) -> dict[str, sane_options.Option]:
        command = [program, "-d", target.name, *target.extra, "-A"]
        lines: list[str] = []
        errors: list[str] = []
        raw = {"out": lines, "err": errors}
        try:
            with WatchedProcess(command, target.env, self.silence) as process:
                for stream, line in process.lines():
                    # the listing is read by its indentation, which the watch has taken off
                    raw[stream].append(f"  {line}" if line.startswith("-") else line)
                status = process.status()
        except SilentTooLong as error:
            raise _trouble(9, "", 0) from error
        if status:
            message = next(
                (line for line in errors if "open" in line or "failed" in line), errors[-1] if errors else ""
            )
            if status in STATUS:
                raise _trouble(status, message, 0)
            raise OperatorError(
                f"Không mở được máy quét «{target.name}» ({message}). Hãy kiểm tra máy đã bật, rồi xem tên bằng: scanimage -L",
                f"The scanner «{target.name}» cannot be opened ({message}). See that it is on; names: scanimage -L",
            )
        return sane_options.parse("\n".join(lines))


def _environment() -> dict[str, str]:
    """Ours, with scanimage's messages in English: they are parsed."""
    return {**os.environ, "LC_ALL": "C", "LANGUAGE": "C"}


@contextlib.contextmanager
def _private(backend: str, text: str) -> Iterator[dict[str, str]]:
    """A SANE configuration of its own with one backend: nothing else is probed, the machine's own is not touched."""
    with tempfile.TemporaryDirectory(prefix="sohoa-sane-") as folder:
        Path(folder, "dll.conf").write_text(f"{backend}\n", encoding="ascii")
        Path(folder, f"{backend}.conf").write_text(text, encoding="ascii")
        Path(folder, "dll.d").mkdir()
        yield {**_environment(), "SANE_CONFIG_DIR": folder}


def _as_pnm(image: Path, folder: Path) -> Path:
    if image.suffix.lower() in (".pnm", ".ppm"):
        return image.resolve()
    try:
        with Image.open(image) as opened:
            opened.convert("RGB").save(folder / "page.ppm")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise OperatorError(
            f"Không đọc được ảnh «{image}» cho máy quét pnm: {error}.",
            f"The image «{image}» for the pnm device cannot be read: {error}.",
        ) from error
    return folder / "page.ppm"


def _fault(fault: str) -> tuple[str, ...]:
    if not fault:
        return ()
    if fault not in PNM_FAULTS:
        raise OperatorError(
            f"Máy pnm không có lỗi «{fault}»; có: {', '.join(PNM_FAULTS)}.",
            f"The pnm device has no fault «{fault}»; it has: {', '.join(PNM_FAULTS)}.",
        )
    return (f"{PNM_FAULTS[fault]}=yes",)


def _not_rounded(line: str) -> None:
    """scanimage rounds what a device cannot do and goes on with status 0; for a record that is a failure."""
    match = _ROUNDED.search(line)
    if not match:
        return
    option, wanted, got = match.group(1), float(match.group(2)), float(match.group(3))
    if option in _GEOMETRY and abs(wanted - got) <= sane_options.AREA_SLACK_MM:
        return  # the glass in the device's own steps: the whole sheet is still seen, at the same scale
    raise OperatorError(
        f"Máy quét đổi «{option}» từ {wanted:g} thành {got:g}. Đã dừng; hãy chọn giá trị máy có thật.",
        f"The scanner changed «{option}» from {wanted:g} to {got:g}. Stopped; choose a value it really has.",
    )


def _crashed(signal: int, out: Path, got: int) -> EnvironmentTrouble:
    """scanimage aborts (signal 6) when the disk is full, and back-ends crash (signal 11)."""
    free = shutil.disk_usage(out).free // 1_000_000
    return EnvironmentTrouble(
        f"Chương trình quét bị dừng đột ngột (tín hiệu {signal}) sau {got} trang; đĩa của «{out}» còn {free} MB. "
        "Hãy giải phóng chỗ trống nếu đầy, rồi quét lại cả lô.",
        f"The scanning program crashed (signal {signal}) after {got} pages; the disk of «{out}» has {free} MB free. "
        "Make room if it is full, then scan the whole batch again.",
    )


def _trouble(status: int, message: str, got: int) -> SohoaError:
    vi, en = STATUS.get(
        status,
        (f"Máy quét báo lỗi {status}. Hãy kiểm tra máy rồi quét lại.", f"The scanner failed with status {status}."),
    )
    after, after_en = (f" (sau {got} trang)", f" (after {got} pages)") if got else ("", "")
    detail = f" [{message}]" if message else ""
    return EnvironmentTrouble(f"{vi}{after}{detail}", f"{en}{after_en}{detail}")
