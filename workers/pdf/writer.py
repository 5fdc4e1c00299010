"""Pages from many small PDFs into one file, written as they come: a book needs no more memory than a sheet.

pikepdf copies the streams of foreign pages into memory at once, so 500 scans would be held together. Here each page
and what it refers to is written out and forgotten; the file is then opened lazily and finished with pikepdf.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

_CATALOGUE, _PAGES = 1, 2
_PAGE_TYPES = (Name.Page, Name.Pages)


class PageWriter:
    """Use as a context manager; ``add`` pages in order. On leaving, page tree and cross-reference table are written.

    Objects shared by pages of one source PDF are written once, as long as that source stays the same object.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._offsets: dict[int, int] = {}
        self._pages: list[int] = []
        self._numbers: dict[tuple[int, tuple[int, int]], int] = {}
        self._sources: dict[int, pikepdf.Pdf] = {}
        self._next = _PAGES + 1

    def __enter__(self) -> PageWriter:
        self._file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._file.close()

    def add(self, source: pikepdf.Pdf, page: pikepdf.Page) -> int:
        """Write a page of ``source`` with everything it refers to; returns the bytes written."""
        start = self._file.tell()
        self._sources[id(source)] = source  # an id is only unique while its object lives
        waiting: deque[tuple[int, Any]] = deque()
        number = self._take()
        self._pages.append(number)
        entries = {key: value for key, value in page.obj.items() if key != "/Parent"}
        body = self._dictionary(entries, source, waiting)
        self._write(number, body[:-2] + b"/Parent %d 0 R>>" % _PAGES)
        while waiting:
            number, value = waiting.popleft()
            self._write_value(number, value, source, waiting)
        return self._file.tell() - start

    def forget(self, source: pikepdf.Pdf) -> None:
        """No more pages of this source will come."""
        self._sources.pop(id(source), None)
        self._numbers = {key: number for key, number in self._numbers.items() if key[0] != id(source)}

    def _take(self) -> int:
        self._next += 1
        return self._next - 1

    def _write(self, number: int, body: bytes) -> None:
        self._offsets[number] = self._file.tell()
        self._file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    def _write_value(self, number: int, value: Any, source: pikepdf.Pdf, waiting: deque[tuple[int, Any]]) -> None:
        if not isinstance(value, Stream):
            self._write(number, self._direct(value, source, waiting))
            return
        data = value.read_raw_bytes()
        entries = {key: item for key, item in value.stream_dict.items() if key != "/Length"}
        head = self._dictionary(entries, source, waiting)[:-2] + b"/Length %d>>" % len(data)
        self._offsets[number] = self._file.tell()
        self._file.write(b"%d 0 obj\n%s\nstream\n" % (number, head))
        self._file.write(data)
        self._file.write(b"\nendstream\nendobj\n")

    def _text(self, value: Any, source: pikepdf.Pdf, waiting: deque[tuple[int, Any]]) -> bytes:
        if isinstance(value, pikepdf.Object) and value.is_indirect:
            key = (id(source), value.objgen)
            if key not in self._numbers:
                if isinstance(value, Dictionary) and value.get("/Type") in _PAGE_TYPES:
                    return b"null"  # a way back into the old page tree would drag every other page along
                self._numbers[key] = self._take()
                waiting.append((self._numbers[key], value))
            return b"%d 0 R" % self._numbers[key]
        return self._direct(value, source, waiting)

    def _direct(self, value: Any, source: pikepdf.Pdf, waiting: deque[tuple[int, Any]]) -> bytes:
        if value is None:
            return b"null"
        if isinstance(value, bool):
            return b"true" if value else b"false"
        if isinstance(value, int | Decimal | float):
            return format(value, "d" if isinstance(value, int) else "f").encode("ascii")
        if isinstance(value, Array):
            return b"[%s]" % b" ".join(self._text(item, source, waiting) for item in value)
        if isinstance(value, Dictionary):
            return self._dictionary(dict(value.items()), source, waiting)
        return value.unparse()

    def _dictionary(self, entries: dict[str, Any], source: pikepdf.Pdf, waiting: deque[tuple[int, Any]]) -> bytes:
        pairs = (
            Name(key).unparse() + b" " + self._text(value, source, waiting) for key, value in sorted(entries.items())
        )
        return b"<<%s>>" % b"".join(pairs)

    def _finish(self) -> None:
        kids = b" ".join(b"%d 0 R" % number for number in self._pages)
        self._write(_CATALOGUE, b"<</Type/Catalog/Pages %d 0 R>>" % _PAGES)
        self._write(_PAGES, b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(self._pages), kids))
        start = self._file.tell()
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n" % self._next)
        for number in range(1, self._next):
            self._file.write(b"%010d 00000 n \n" % self._offsets[number])
        self._file.write(
            b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (self._next, _CATALOGUE, start)
        )
