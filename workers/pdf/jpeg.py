"""The outside of a JPEG: what its markers declare, whether it is whole, and the strips of a TIFF joined into one.

TIFF cuts a JPEG page into strips, each a small JPEG without tables. They are joined without touching a coded bit:
strips of whole rows of coded units become restart intervals of one picture (ITU-T T.81, B.2.1 and F.1.1.5).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = (0xC0, 0xC1)
_VIEWABLE = (0xC0, 0xC1, 0xC2)
"""baseline, extended and progressive with Huffman coding: what PDF readers decode"""
_DHT, _DQT, _DRI, _SOS = 0xC4, 0xDB, 0xDD, 0xDA
_INTERVAL_MAX = 0xFFFF


@dataclass(frozen=True, slots=True)
class Segment:
    marker: int
    start: int
    """offset of the 0xFF byte"""
    body: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """``sampling``: (horizontal, vertical) factors of each component; ``adobe``: APP14 transform (0, 1, 2) or None;
    ``scan``: offset of the first coded byte after SOS."""

    kind: int
    precision: int
    width: int
    height: int
    ids: bytes
    sampling: tuple[tuple[int, int], ...]
    adobe: int | None
    jfif: bool
    scan: int
    segments: tuple[Segment, ...]

    @property
    def viewable(self) -> bool:
        """Whether PDF readers are required to decode it (8 bits, Huffman coded)."""
        return self.kind in _VIEWABLE and self.precision == 8

    @property
    def is_rgb(self) -> bool:
        """Three components that are red, green and blue, not luma and chroma, as libjpeg decides it."""
        if len(self.ids) != 3:
            return False
        return self.adobe == 0 if self.adobe is not None else not self.jfif and self.ids == b"RGB"


def frame(data: bytes) -> Frame:
    """Read the markers up to the first scan; ValueError when they are not those of a JPEG."""
    found: Segment | None = None
    adobe, jfif = None, False
    segments = []
    for segment in _segments(data):
        segments.append(segment)
        if segment.marker in _SOF:
            found = segment
        elif segment.marker == 0xEE and segment.body[:5] == b"Adobe" and len(segment.body) >= 12:
            adobe = segment.body[11]
        elif segment.marker == 0xE0 and segment.body[:5] == b"JFIF\0":
            jfif = True
    if found is None or segments[-1].marker != _SOS:
        raise ValueError("JPEG without a frame or a scan")
    precision, height, width, count = struct.unpack(">BHHB", found.body[:6])
    parts = [found.body[6 + 3 * i : 9 + 3 * i] for i in range(count)]
    if any(len(part) != 3 for part in parts):
        raise ValueError("JPEG frame header cut short")
    return Frame(
        found.marker,
        precision,
        width,
        height,
        bytes(part[0] for part in parts),
        tuple((part[1] >> 4, part[1] & 15) for part in parts),
        adobe,
        jfif,
        segments[-1].start + 4 + len(segments[-1].body),
        tuple(segments),
    )


def _segments(data: bytes) -> list[Segment]:
    if data[:2] != SOI:
        raise ValueError("no JPEG")
    at, found = 2, []
    while True:
        if at + 4 > len(data) or data[at] != 0xFF:
            raise ValueError("JPEG markers cut short")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in (0xD8, 0x01) or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(data):
            raise ValueError("JPEG segment cut short")
        found.append(Segment(marker, at, data[at + 4 : at + 2 + length]))
        if marker == _SOS:
            return found
        at += 2 + length


def is_whole(data: bytes, header: Frame) -> bool:
    """Whether the coded data end with an end-of-image marker (bytes after it do no harm)."""
    return data.rfind(EOI, header.scan) >= 0


def joined(tables: bytes, strips: Sequence[bytes], rows_per_strip: int, width: int, height: int) -> bytes | None:
    """One JPEG of a TIFF frame's strips, coded data untouched; None when they cannot be joined without recoding.

    ``tables``: the frame's JPEGTables; ``rows_per_strip``, ``width``, ``height`` in px.
    """
    frames = [frame(strip) for strip in strips]
    first = frames[0]
    tall = 8 * max(v for _, v in first.sampling)
    across = -(-width // (8 * max(h for h, _ in first.sampling)))
    interval = across * (rows_per_strip // tall)
    same = all(
        (f.kind, f.precision, f.ids, f.sampling, f.width, _tables(f), _scan_header(f))
        == (first.kind, first.precision, first.ids, first.sampling, width, _tables(first), _scan_header(first))
        for f in frames
    )
    plain = first.kind in _SEQUENTIAL and not any(s.marker == _DRI for f in frames for s in f.segments)
    if len(strips) > 1 and (rows_per_strip % tall or not 0 < interval <= _INTERVAL_MAX):
        return None
    if not (same and plain and sum(f.height for f in frames) >= height > 0):
        return None
    out = [SOI, tables[2 : tables.rfind(EOI)] if tables else b"", *_tables(first)]
    sof = next(s for s in first.segments if s.marker in _SOF)
    out.append(_segment(sof.marker, sof.body[:1] + struct.pack(">HH", height, width) + sof.body[5:]))
    if len(strips) > 1:
        out.append(_segment(_DRI, struct.pack(">H", interval)))
    out.append(_segment(_SOS, first.segments[-1].body))
    for number, (strip, header) in enumerate(zip(strips, frames, strict=True)):
        end = strip.rfind(EOI, header.scan)
        if end < 0:
            return None
        if number:
            out.append(bytes((0xFF, 0xD0 + (number - 1) % 8)))
        out.append(strip[header.scan : end])
    out.append(EOI)
    return b"".join(out)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def _tables(header: Frame) -> tuple[bytes, ...]:
    return tuple(_segment(s.marker, s.body) for s in header.segments if s.marker in (_DHT, _DQT))


def _scan_header(header: Frame) -> bytes:
    return header.segments[-1].body
