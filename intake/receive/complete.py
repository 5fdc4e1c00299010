"""Say whether a file is structurally whole: quiet time alone never proves that a scanner has finished.

A PDF cut in the middle still opens with all its pages in a forgiving reader, and an MFP's PDF is valid after
each page; so structure is one of three proofs, with quiet time and the re-hash after the copy.
"""

from __future__ import annotations

import os
import threading
import warnings
import zlib
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as PoolTimeout
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np
import pikepdf
from PIL import Image

PIXELS_MAX = 200_000_000
SHORTEST = 16
"""bytes; no scan is shorter than its own header"""
FLAT_ROWS = 0.12
"""A last share of rows this long, all of one value, in an image that is not flat elsewhere, is suspicious."""


def incomplete(path: Path) -> str | None:
    """None when whole (or when only the check stage can judge it); else what is missing, in English, for the log."""
    with path.open("rb") as stream:
        head = stream.read(1024)
        stream.seek(max(0, path.stat().st_size - 2048))
        tail = stream.read()
    if not head:
        return "zero bytes"
    if len(head) < SHORTEST:
        return f"only {len(head)} bytes"
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(path, tail)
    if head.startswith(b"\x89PNG"):
        return _image(path) if b"IEND" in tail else "PNG without IEND"
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return _image(path)
    if b"%PDF-" in head:
        return _pdf(path, tail)
    return None


def _jpeg(path: Path, tail: bytes) -> str | None:
    return _image(path) if b"\xff\xd9" in tail else "JPEG without end marker"


def _image(path: Path) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                for index in range(getattr(image, "n_frames", 1)):
                    image.seek(index)
                    if image.width * image.height > PIXELS_MAX:
                        return None  # the check stage refuses it without decoding
                    if _flat_end(np.asarray(image.convert("L"))):
                        return "the last rows are flat"
    except Image.DecompressionBombError:
        return None  # the check stage refuses it without decoding
    except (OSError, ValueError, TypeError, SyntaxError, EOFError, KeyError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk or the share speaks here, not the file's structure
        return f"{type(error).__name__}"
    return None


def _flat_end(gray: np.ndarray) -> bool:
    """Exactly one value over the last rows although the rows before vary: what decoders fill in for missing data."""
    rows = max(8, int(gray.shape[0] * FLAT_ROWS))
    end, before = gray[-rows:], gray[:-rows]
    return end.size > 0 and before.size > 0 and int(end.max()) == int(end.min()) == 128 and int(np.ptp(before)) > 32


def _pdf(path: Path, tail: bytes) -> str | None:
    if b"%%EOF" not in tail:
        return "PDF without %%EOF"
    try:
        with pikepdf.open(path, attempt_recovery=False) as pdf:
            problems = pdf.check_pdf_syntax()
            return str(problems[0]) if problems else _pdf_images(pdf)
    except pikepdf.PasswordError:
        return None
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, AttributeError, KeyError) as error:
        return f"{type(error).__name__}"


def _pdf_images(pdf: pikepdf.Pdf) -> str | None:
    """Every page image decodes. The syntax check decodes JPEG; it forgives the other filters what is missing."""
    for number, page in enumerate(pdf.pages, 1):
        for image in page.get_images().values():
            coded = image.get("/Filter")
            names = [coded] if isinstance(coded, pikepdf.Name) else list(coded or ())
            if isinstance(image, pikepdf.Stream) and len(names) == 1:
                reason = _image_stream(str(names[0]).removeprefix("/"), image.read_raw_bytes())
                if reason:
                    return f"page {number}: {reason}"
    return None


def _image_stream(kind: str, data: bytes) -> str | None:
    """A file server that preallocates leaves zeros where data is still to come; no coded image holds so many of them."""
    if kind == "FlateDecode":
        return _inflates(data)
    longest = {"CCITTFaxDecode": 256, "JBIG2Decode": 256, "JPXDecode": 4096}.get(kind)
    return f"a hole in its {kind} image" if longest and bytes(longest) in data else None


def _inflates(data: bytes) -> str | None:
    """To its end mark and check sum, without keeping what comes out."""
    stream = zlib.decompressobj()
    try:
        while not stream.eof:
            out = stream.decompress(data, 1 << 20)
            data = stream.unconsumed_tail
            if not out and not data:
                return "its FlateDecode image has no end"
    except zlib.error:
        return "its FlateDecode image does not decode"
    return None


def _die_with_the_station() -> None:
    """In the child: a station that is killed cannot end it, and it would wait for the next file for ever."""

    def wait() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


class Probe:
    """Looks into files in a child process with a time limit, so that hostile bytes cannot stop the watch."""

    def __init__(self, seconds: float = 60) -> None:
        self._seconds = seconds
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        """the stations of one process share the probe"""

    def incomplete(self, path: Path) -> str | None:
        """As ``incomplete``; a file that kills or outlasts the probe counts as whole: the check stage will hold it.

        A probe that died idle (the system short of memory) says nothing of the file: another looks at it.
        """
        for _ in range(2):
            try:
                return self._ask(path).result(self._seconds)
            except FileNotFoundError:
                return "gone"
            except PoolTimeout:
                self.close()
                return None
            except BrokenProcessPool:
                self.close()
        return None

    def _ask(self, path: Path) -> Future[str | None]:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    1, mp_context=get_context("spawn"), max_tasks_per_child=200, initializer=_die_with_the_station
                )
            return self._pool.submit(incomplete, path)

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)
