"""A seeded mutator of scans: the ways files break on the road, and the ways someone breaks them on purpose."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from functools import cache

import img2pdf
from PIL import Image, ImageDraw

Mutation = Callable[[bytearray, random.Random], bytearray]


@cache
def seeds() -> dict[str, bytes]:
    """One small whole file of each kind (suffix → bytes)."""
    page = Image.new("RGB", (420, 594), (250, 248, 242))
    draw = ImageDraw.Draw(page)
    for line in range(30):
        draw.text((40, 40 + line * 17), f"Dong {line} cua van ban thu nghiem so {line * 7}", fill=(20, 20, 30))
    draw.ellipse((250, 430, 330, 510), outline=(200, 30, 30), width=4)
    jpeg, png, tiff, multi = (io.BytesIO() for _ in range(4))
    page.save(jpeg, "JPEG", quality=70, dpi=(50, 50))
    page.save(png, "PNG", dpi=(50, 50))
    page.save(tiff, "TIFF", compression="tiff_lzw", dpi=(50, 50))
    page.save(multi, "TIFF", compression="jpeg", save_all=True, append_images=[page], dpi=(50, 50))
    return {
        ".jpg": jpeg.getvalue(),
        ".png": png.getvalue(),
        ".tif": tiff.getvalue(),
        ".tiff": multi.getvalue(),
        ".pdf": bytes(img2pdf.convert([jpeg.getvalue(), png.getvalue()])),
    }


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 1, 4, 30))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _header_flip(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 3))):
        data[rng.randrange(min(400, len(data)))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data))]


def _hole(data: bytearray, rng: random.Random) -> bytearray:
    start, length = rng.randrange(len(data)), rng.randrange(1, 4000)
    data[start : start + length] = bytes(len(data[start : start + length]))
    return data


def _insert(data: bytearray, rng: random.Random) -> bytearray:
    where = rng.randrange(len(data))
    return data[:where] + rng.randbytes(rng.randrange(1, 2000)) + data[where:]


def _swap(data: bytearray, rng: random.Random) -> bytearray:
    a, b = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
    return data[:a] + data[b:] + data[a:b]


def _giant_number(data: bytearray, rng: random.Random) -> bytearray:
    """Lengths, offsets and sizes are what parsers trust."""
    where = rng.randrange(max(1, min(len(data) - 8, 2000)))
    size = rng.choice((2, 4))
    data[where : where + size] = rng.choice((b"\xff" * size, b"\x7f" + b"\xff" * (size - 1), bytes(size)))
    return data


def _wrong_head(data: bytearray, rng: random.Random) -> bytearray:
    head = rng.choice(
        (b"%PDF-1.7\n", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MZ", b"PK\x03\x04", b"<svg>")
    )
    return bytearray(head) + data[len(head) :]


def _token(data: bytearray, rng: random.Random) -> bytearray:
    """PDF keywords made to lie."""
    pairs = (
        (b"/Width", b"/Wdith"), (b"/Kids", b"/Kidz"), (b"/Length", b"/Lenght"), (b"endobj", b"endobi"), (b"xref", b"xxxx"),
        (b"/DCTDecode", b"/JBIG2Deco"), (b"/Page", b"/Pgae"), (b" 0 R", b" 9 R"), (b"/DeviceRGB", b"/DeviceXYZ"),
    )  # fmt: skip
    old, new = rng.choice(pairs)
    return bytearray(bytes(data).replace(old, new, rng.choice((1, -1))))


MUTATIONS: tuple[Mutation, ...] = (
    _flip, _header_flip, _cut, _hole, _insert, _swap, _giant_number, _wrong_head, _token,
)  # fmt: skip


def mutated(number: int, seed: int = 20261122) -> Iterator[tuple[str, bytes]]:
    """``number`` files as (name with suffix, bytes), the same for the same seed."""
    rng = random.Random(seed)
    kinds = sorted(seeds().items())
    for index in range(number):
        suffix, whole = kinds[index % len(kinds)]
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            data = rng.choice(MUTATIONS)(data or bytearray(b"\0"), rng)
        yield f"{index:05d}{suffix}", bytes(data)
