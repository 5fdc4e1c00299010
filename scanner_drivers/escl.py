"""Scan with network scanners that speak eSCL (AirScan, Mopria): HTTP and XML, nothing to install.

The end of the pages is the dangerous moment: devices answer a jam with an empty page and then «no more pages». A batch
is complete only when the device's own job says Completed and counts as many images as have come.
"""

from __future__ import annotations

import contextlib
import hashlib
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from intake.errors import EnvironmentTrouble, OperatorError
from intake.ports import Clock, ScannedPage, ScanRequest
from scanner_drivers import delivered, escl_messages

PAGE_BYTES_MAX = 200_000_000
PAGE_SECONDS_MAX = 300.0
"""a page that drips in for longer than this is given up"""
START_TRIES = 10
PAGE_TRIES = 40
"""503 «not ready» before a page: slow devices take half a minute at high resolution"""
EARLY_TRIES = 5
"""404 while the job still works: some devices are asked too soon"""
RETRY_SECONDS = 1.0

_MAGIC = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG\r\n\x1a\n", ".png"))

FEEDER = {
    "Jam": (
        "Kẹt giấy trong khay nạp. Hãy lấy giấy kẹt ra, xếp lại đủ các tờ",
        "Paper is jammed in the feeder. Remove it",
    ),
    "Mispick": (
        "Máy không kéo được giấy. Hãy xếp lại giấy cho phẳng",
        "The feeder did not pick the sheet. Straighten it",
    ),
    "MultipickDetected": (
        "Hai tờ bị kéo cùng lúc. Hãy tách giấy, xếp lại đủ các tờ",
        "Two sheets were pulled together. Separate them",
    ),
    "HatchOpen": ("Nắp khay nạp đang mở. Hãy đóng nắp", "The feeder's cover is open. Close it"),
    "DoorOpen": ("Nắp máy đang mở. Hãy đóng nắp", "The device's door is open. Close it"),
    "DuplexPageTooShort": ("Tờ giấy quá ngắn để quét hai mặt", "The sheet is too short for both sides"),
    "DuplexPageTooLong": ("Tờ giấy quá dài để quét hai mặt", "The sheet is too long for both sides"),
    "InputTrayFailed": ("Khay nạp bị lỗi. Hãy tắt bật lại máy", "The input tray failed. Switch the device off and on"),
    "InputTrayOverloaded": ("Khay nạp quá đầy. Hãy bớt giấy", "The input tray is too full. Take paper out"),
    "Empty": ("Khay nạp giấy trống. Hãy đặt giấy vào", "The document feeder is empty. Put paper in"),
}


class WallClock:
    """Real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class EsclDriver:
    """Driver ``escl``. The device is the scanner's eSCL address: ``http://10.0.0.7/eSCL``.

    ``https://10.0.0.7/eSCL#sha256=…`` pins a self-signed certificate by its fingerprint; without it the certificate
    must be one the machine trusts.
    """

    name = "escl"

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or WallClock()

    def devices(self) -> tuple[str, ...]:
        """Always empty: the address is written down once per station, not searched for at every scan."""
        return ()

    def scan(self, device: str, request: ScanRequest, out: Path) -> Iterator[ScannedPage]:
        """Scan; the bytes of each page are kept as the device sent them.

        Raises OperatorError (address, setting not offered or not honoured), EnvironmentTrouble (offline, busy, feeder
        trouble, cut transfer, a job that did not complete, wrong count).
        """
        with _client(device) as client, _translated(device):
            capabilities = escl_messages.capabilities(_get(client, "ScannerCapabilities"))
            settings = escl_messages.settings(capabilities, request)
            self._ready(client, request)
            job = self._start(client, settings)
            finished = False
            try:
                number = 0
                while (path := self._next(client, job, number + 1, out)) is not None:
                    number += 1
                    delivered.verify(path, number, request)
                    yield delivered.page(number, path)
                finished = True
            finally:
                if not finished:  # ours only; other people's jobs on the device are never touched
                    with contextlib.suppress(httpx.HTTPError):
                        client.delete(job)
            delivered.counted(number, request)

    def _ready(self, client: httpx.Client, request: ScanRequest) -> None:
        status = escl_messages.status(_get(client, "ScannerStatus"))
        if status.state in ("Stopped", "Down"):
            raise EnvironmentTrouble(
                f"Máy quét đang dừng ({status.state}). Hãy xem màn hình của máy, xử lý rồi quét lại.",
                f"The scanner has stopped ({status.state}). See its panel, then scan again.",
            )
        if request.source != "flatbed" and status.feeder in FEEDER:
            raise _feeder(status.feeder, 0)

    def _start(self, client: httpx.Client, settings: bytes) -> str:
        for _ in range(START_TRIES):
            answer = client.post("ScanJobs", content=settings, headers={"Content-Type": "text/xml"})
            if answer.status_code == 201:
                return str(client.base_url.join(_job_path(answer.headers.get("Location", ""))))
            if answer.status_code not in (409, 503):
                raise _odd(f"{answer.status_code} to ScanJobs")
            self.clock.sleep(_wait(answer))
        raise EnvironmentTrouble(
            "Máy quét đang bận việc khác. Hãy đợi rồi quét lại.",
            "The scanner is busy with another job. Wait and scan again.",
        )

    def _next(self, client: httpx.Client, job: str, number: int, out: Path) -> Path | None:
        """The next page's file, or None at a proven end."""
        waits = early = 0
        while True:
            with client.stream("GET", f"{job}/NextDocument") as answer:
                if answer.status_code == 200:
                    return self._receive(answer, number, out)
                code = answer.status_code
                pause = _wait(answer)
            if code == 503 and waits < PAGE_TRIES:
                waits += 1
            elif code in (404, 409, 410) and self._ended(client, job, number - 1, last=early >= EARLY_TRIES):
                return None
            elif code in (404, 409, 410):
                early += 1
            else:
                raise _feeder_or(self._feeder_state(client), number - 1, _odd(f"{code} to NextDocument"))
            self.clock.sleep(pause)

    def _receive(self, answer: httpx.Response, number: int, out: Path) -> Path:
        part = out / f"p{number:04d}.part"
        begun, size, head = self.clock.now(), 0, b""
        try:
            with delivered.writing(out), part.open("wb") as stream:
                for block in answer.iter_bytes():
                    head = head or block[:16]
                    size += len(block)
                    if size > PAGE_BYTES_MAX or (self.clock.now() - begun).total_seconds() > PAGE_SECONDS_MAX:
                        raise _odd(f"page {number} too large or too slow: {size} bytes")
                    stream.write(block)
            if not size:
                # a jam shows like this on some devices; what follows looks like the normal end
                raise EnvironmentTrouble(
                    f"Máy quét gửi trang {number} rỗng: thường là kẹt giấy. Hãy kiểm tra khay nạp rồi quét lại cả lô.",
                    f"The scanner sent page {number} empty: usually a jam. Look at the feeder, then scan the whole batch again.",
                )
            suffix = next((suffix for magic, suffix in _MAGIC if head.startswith(magic)), None)
            if suffix is None:
                raise OperatorError(
                    f"Máy quét gửi trang {number} không phải JPEG hay PNG dù đã yêu cầu. Hãy dùng driver sane hoặc folder.",
                    f"The scanner sent page {number} as neither JPEG nor PNG although asked to. Use the sane or folder driver.",
                )
            return part.rename(part.with_suffix(suffix))
        finally:
            part.unlink(missing_ok=True)

    def _ended(self, client: httpx.Client, job: str, got: int, last: bool) -> bool:
        """Has the job really come to its end with every image delivered? Raises when it ended otherwise."""
        status = escl_messages.status(_get(client, "ScannerStatus"))
        name = job.rsplit("/", 1)[-1]
        mine = next((item for item in status.jobs if item.path.rstrip("/").rsplit("/", 1)[-1] == name), None)
        if status.feeder in FEEDER and status.feeder != "Empty":
            raise _feeder(status.feeder, got)
        if mine is None:  # some devices forget a job the moment it ends; then only pages and feeder speak
            if not got:
                raise _feeder("Empty", 0)
            return True
        if mine.state == "Completed":
            if mine.completed is not None and mine.completed != got:
                raise EnvironmentTrouble(
                    f"Máy quét đã quét {mine.completed} trang nhưng chỉ gửi {got}. Hãy quét lại cả lô.",
                    f"The scanner scanned {mine.completed} pages but sent {got}. Scan the whole batch again.",
                )
            if not got:
                raise _feeder("Empty", 0)
            return True
        if mine.state in ("Aborted", "Canceled") or last:
            if not got and status.feeder == "Empty":
                raise _feeder("Empty", 0)
            raise EnvironmentTrouble(
                f"Việc quét bị dừng sau {got} trang ({mine.state}). Hãy kiểm tra giấy trong khay rồi quét lại cả lô.",
                f"The scan stopped after {got} pages ({mine.state}). Look at the feeder, then scan the whole batch again.",
            )
        return False

    def _feeder_state(self, client: httpx.Client) -> str:
        with contextlib.suppress(httpx.HTTPError, EnvironmentTrouble):
            return escl_messages.status(_get(client, "ScannerStatus")).feeder
        return ""


def _get(client: httpx.Client, name: str) -> bytes:
    answer = client.get(name)
    if answer.status_code != 200:
        raise _odd(f"{answer.status_code} to {name}")
    return answer.content[:2_000_000]


def _job_path(location: str) -> str:
    """Only the path counts: devices put a wrong host, or half an address (``http://[fe80/eSCL``), in front of it."""
    _, absolute, rest = location.partition("://")
    path = "/" + rest.partition("/")[2] if absolute else location
    path = path.partition("?")[0].rstrip("/")
    if not path.startswith("/") or len(path) < 2:
        raise _odd(f"201 with the job address «{location}»")
    return path


def _wait(answer: httpx.Response) -> float:
    told = answer.headers.get("Retry-After", "")
    return min(float(told), 10.0) if told.isdigit() else RETRY_SECONDS


def _feeder(state: str, got: int) -> EnvironmentTrouble:
    vi, en = FEEDER[state]
    after, after_en = (f" (sau {got} trang)", f" (after {got} pages)") if got else ("", "")
    return EnvironmentTrouble(f"{vi}, rồi quét lại cả lô{after}.", f"{en}, then scan the whole batch again{after_en}.")


def _feeder_or(state: str, got: int, other: EnvironmentTrouble) -> EnvironmentTrouble:
    return _feeder(state, got) if state in FEEDER and state != "Empty" else other


def _odd(what: str) -> EnvironmentTrouble:
    return EnvironmentTrouble(
        f"Máy quét trả lời lạ ({what}). Hãy tắt bật lại máy rồi quét lại cả lô; nếu vẫn vậy, dùng driver sane hoặc folder.",
        f"The scanner answered oddly ({what}). Switch it off and on and scan the batch again; or use sane or folder.",
    )


@contextlib.contextmanager
def _translated(device: str) -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise EnvironmentTrouble(
            f"Không liên lạc được với máy quét {device}: {error}. Hãy kiểm tra nguồn, cáp mạng và địa chỉ.",
            f"The scanner {device} does not answer: {error}. Check power, network cable and address.",
        ) from error
    except httpx.HTTPError as error:
        raise EnvironmentTrouble(
            f"Đứt liên lạc với máy quét giữa chừng ({type(error).__name__}). Hãy quét lại cả lô.",
            f"The connection to the scanner broke in the middle ({type(error).__name__}). Scan the whole batch again.",
        ) from error


@contextlib.contextmanager
def _client(device: str) -> Iterator[httpx.Client]:
    address, _, fragment = device.removeprefix("escl:").partition("#")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OperatorError(
            f"Địa chỉ máy quét «{device}» không hợp lệ. Viết dạng http://10.0.0.7/eSCL",
            f"«{device}» is no scanner address. Write it as http://10.0.0.7/eSCL",
        )
    root = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/eSCL'}/"
    verify: ssl.SSLContext | bool = True
    if fragment.startswith("sha256="):
        verify = _pinned(parts.hostname, parts.port or 443, fragment.removeprefix("sha256=").replace(":", "").lower())
    limits = httpx.Timeout(60.0, connect=10.0)
    # trust_env: a proxy set for the machine must not see what is scanned
    with httpx.Client(base_url=root, verify=verify, timeout=limits, trust_env=False) as client:
        yield client


def _pinned(host: str, port: int, fingerprint: str) -> ssl.SSLContext:
    """A context that accepts this one certificate and no other."""
    try:
        pem = ssl.get_server_certificate((host, port), timeout=10)
    except OSError as error:
        raise EnvironmentTrouble(
            f"Không liên lạc được với máy quét {host}:{port}: {error}.",
            f"The scanner {host}:{port} does not answer: {error}.",
        ) from error
    found = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    if found != fingerprint:
        raise OperatorError(
            f"Chứng thư của máy quét đã khác: {found}. Nếu đúng là máy này, hãy sửa địa chỉ thành #sha256={found}",
            f"The scanner's certificate is another one: {found}. If this is the device, write #sha256={found}",
        )
    context = ssl.create_default_context(cadata=pem)
    context.check_hostname = False  # the certificate itself is known; devices rarely name themselves rightly
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
