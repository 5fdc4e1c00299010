"""HTTP to a document system: certificates verified, one host only, every call bounded in time and in bytes.

The bounds httpx offers are per read, so a peer that drips one byte a second holds a worker for ever; here every read
and write of the socket also gets no more than what is left of the whole call. One connection per call: a connection
kept open may have been closed by the other side, and whether the request was then read is unknowable.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpcore
import httpx

from intake.errors import EnvironmentTrouble, OperatorError
from workers.push.options import Options

Parts = list[tuple[str, tuple[str, bytes | Path, str]]]
"""multipart: part name, (file name, content, media type); a Path is read while it is sent, never as a whole"""


REQUEST_ID: ContextVar[str] = ContextVar("REQUEST_ID", default="")
"""What the other side's log and our books call this try; sent as ``X-Request-Id``."""

SAID = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "sohoa"}
"""identity: an answer is bounded by what arrives, so it must not unfold afterwards"""


_HOST = re.compile(
    rb"[0-9A-Fa-f:.]+|([A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*"
)
"""an address, or labels of 1 to 63 letters: what a resolver can be asked for"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, wholly read."""

    status: int
    headers: httpx.Headers
    body: bytes


class AnswerLost(EnvironmentTrouble):
    """The request may have been carried out, but its answer did not arrive: ask before sending again."""


class _Deadline(httpcore.NetworkBackend):
    """A network whose every wait ends when the call's time is up, and that connects only to addresses it has checked:
    a name is looked up once per call, so it cannot lead elsewhere between the check and the connection."""

    def __init__(self, until: float, loopback_only: bool) -> None:
        self._until = until
        self._loopback_only = loopback_only
        self._network = httpcore.SyncBackend()

    def left(self, timeout: float | None) -> float:
        """Seconds this wait may take; never 0, which sockets take for «do not block»."""
        rest = self._until - time.monotonic()
        if rest <= 0:
            raise httpcore.ReadTimeout("the time of the whole call is up")
        return rest if timeout is None else min(timeout, rest)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        last: Exception = httpcore.ConnectError("the name leads nowhere")
        for address in _addresses(host, port, self._loopback_only):
            try:
                stream = self._network.connect_tcp(address, port, self.left(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
            else:
                return _BoundedStream(stream, self)
        raise last


def _addresses(host: str, port: int, loopback_only: bool) -> list[str]:
    """Where the name leads now; raises httpcore.ConnectError when any of it is a place no document system is at: the
    network's own addresses (169.254.…, where clouds give away credentials), multicast, «anywhere», or, for plain http
    that was not allowed on purpose, another machine."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"the name «{host}» cannot be looked up ({error.strerror})") from error
    addresses = [str(info[4][0]) for info in found]
    for address in addresses:
        ip = ipaddress.ip_address(address.partition("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        wrong = ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved
        if wrong or (loopback_only and not ip.is_loopback):
            raise httpcore.ConnectError(f"«{host}» leads to {address}, which is blocked")
    return addresses


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _BoundedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Wire:
    """Calls below one base address.

    Options read: ``url``, ``ca_file`` (the agency's own CA; otherwise the system's), ``client_cert_file`` and
    ``client_key_file`` (mTLS), ``allow_http`` (default false; the loopback address is always allowed),
    ``wait_seconds`` (10: the longest silence), ``call_seconds`` (120: the whole call), ``answer_bytes_max`` (1 MB).
    """

    def __init__(self, name: str, read: Options) -> None:
        self._name = name
        self._insecure = read.flag("allow_http")
        self.base = self.address(read.text("url").rstrip("/") + "/")
        self._wait = read.seconds("wait_seconds", 10)
        self._call = read.seconds("call_seconds", 120)
        self._answer_max = read.number("answer_bytes_max", 1_000_000, least=1)
        self._tls = _tls(
            read.optional_path("ca_file"), read.optional_path("client_cert_file"), read.optional_path("client_key_file")
        )

    def address(self, text: str) -> httpx.URL:
        """An address from the options; OperatorError unless it is https, or http where that was allowed on purpose."""
        try:
            url = httpx.URL(text)
            if not _HOST.fullmatch(url.raw_host):
                raise httpx.InvalidURL("the host is not a host name")
        except httpx.InvalidURL as error:
            raise OperatorError(
                f"Nơi nhận «{self._name}»: «{text}» không phải địa chỉ hợp lệ ({error}).",
                f"Connector «{self._name}»: «{text}» is not a valid address ({error}).",
            ) from error
        if url.userinfo:
            raise OperatorError(
                f"Nơi nhận «{self._name}»: không ghi tên và mật khẩu vào địa chỉ; dùng khóa user, password.",
                f"Connector «{self._name}»: no name and password in the address; use options user and password.",
            )
        self._check_scheme(url)
        return url

    def _check_scheme(self, url: httpx.URL) -> None:
        if url.scheme == "https" and url.host:
            return
        if url.scheme == "http" and url.host and (self._insecure or _loopback(url.host)):
            return
        raise OperatorError(
            f"Nơi nhận «{self._name}»: địa chỉ {url} phải bắt đầu bằng https:// (QĐ 12/2020/QĐ-UBND Đ24.2). "
            "Nếu mạng nội bộ đã được mã hóa, đặt allow_http = true.",
            f"Connector «{self._name}»: address {url} must begin with https:// (Decision 12/2020 Art. 24.2). "
            "If the inner network is encrypted already, set allow_http = true.",
        )

    def call(
        self,
        method: str,
        path: str | httpx.URL,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        files: Parts | None = None,
        data: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, one answer. ``path`` is relative to the base address; a full URL only from our own options.

        Raises EnvironmentTrouble when nothing was sent, AnswerLost when it may have been. Redirects are an error:
        following one would carry the copy and the credentials to a host nobody configured.
        """
        url = path if isinstance(path, httpx.URL) else self.base.join(path)
        if not isinstance(path, httpx.URL) and (url.host, url.port) != (self.base.host, self.base.port):
            raise EnvironmentTrouble(
                f"Nơi nhận «{self._name}» trỏ sang máy chủ khác ({url.host}); đã chặn.",
                f"Connector «{self._name}» points to another host ({url.host}); blocked.",
            )
        with ExitStack() as opened:
            parts = [
                (part, (name, opened.enter_context(content.open("rb")) if isinstance(content, Path) else content, kind))
                for part, (name, content, kind) in files or []
            ]
            said = {**SAID, **(headers or {})}
            if REQUEST_ID.get():
                said["X-Request-Id"] = REQUEST_ID.get()
            request = httpx.Request(method, url, headers=said, json=json, files=parts or None, data=data)
            try:
                answer = self._send(request)
            except AnswerLost as error:
                # Asking again changes nothing there; a server under load resets a connection now and then.
                if method != "GET" or not isinstance(error.__cause__, httpcore.ReadError):
                    raise
                answer = self._send(request)
        if 300 <= answer.status < 400:
            raise EnvironmentTrouble(
                f"Nơi nhận «{self._name}» chuyển hướng sang địa chỉ khác; đã chặn. Hãy sửa khóa url theo địa chỉ mới.",
                f"Connector «{self._name}» redirects elsewhere; blocked. Set option url to the new address.",
            )
        return answer

    def _send(self, request: httpx.Request) -> Answer:
        pool = httpcore.ConnectionPool(
            ssl_context=self._tls,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=_Deadline(
                time.monotonic() + self._call, request.url.scheme == "http" and not self._insecure
            ),
        )
        waits = {"connect": self._wait, "read": self._wait, "write": self._wait, "pool": self._wait}
        try:
            with (
                pool,
                pool.stream(
                    request.method,
                    str(request.url),
                    headers=[*request.headers.raw, (b"Connection", b"close")],
                    content=iter(cast(Iterable[bytes], request.stream)),
                    extensions={"timeout": waits},
                ) as response,
            ):
                body = self._read(response)
                return Answer(response.status, httpx.Headers(response.headers), body)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise self._trouble(EnvironmentTrouble, error, "không kết nối được", "cannot be reached") from error
        except httpcore.TimeoutException as error:
            raise self._trouble(AnswerLost, error, "trả lời quá chậm", "answers too slowly") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise self._trouble(AnswerLost, error, "ngắt kết nối giữa chừng", "broke the connection off") from error

    def _read(self, response: httpcore.Response) -> bytes:
        body = bytearray()
        for block in response.iter_stream():
            body += block
            if len(body) > self._answer_max:
                raise AnswerLost(
                    f"Nơi nhận «{self._name}» trả lời dài quá {self._answer_max} byte; đã ngừng đọc.",
                    f"Connector «{self._name}» answers with more than {self._answer_max} bytes; reading stopped.",
                )
        return bytes(body)

    def _trouble(self, kind: type[EnvironmentTrouble], error: Exception, vi: str, en: str) -> EnvironmentTrouble:
        why = str(error) or type(error).__name__
        return kind(
            f"Nơi nhận «{self._name}» ({self.base.host}) {vi}: {why}. Hồ sơ còn nguyên, hệ thống sẽ thử lại.",
            f"Connector «{self._name}» ({self.base.host}) {en}: {why}. The document is safe and will be tried again.",
        )


def _tls(ca_file: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """The system's roots, or exactly the agency's; host names checked, TLS 1.2 at least."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise EnvironmentTrouble(
            f"Không đọc được chứng thư TLS ({ca_file or certificate}): {error}. Hãy kiểm tra tệp.",
            f"The TLS certificate ({ca_file or certificate}) cannot be read: {error}. Check the file.",
        ) from error
    return context


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
