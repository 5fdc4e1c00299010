"""File-level faults for the gate's bench: what disks, networks, scanners and strangers do to files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf


def truncate(path: Path, rng: np.random.Generator) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * rng.uniform(0.15, 0.97))])


def empty(path: Path, rng: np.random.Generator) -> None:
    path.write_bytes(b"")


def corrupt_head(path: Path, rng: np.random.Generator) -> None:
    data = bytearray(path.read_bytes())
    length = int(rng.integers(24, 512))
    data[:length] = rng.bytes(length)
    path.write_bytes(bytes(data))


def not_an_image(path: Path, rng: np.random.Generator) -> None:
    kinds = (
        b"MZ" + rng.bytes(3000),
        b"PK\x03\x04" + rng.bytes(9000),
        "Kính gửi: Văn phòng. Đây là một tệp chữ thường.\n".encode() * 60,
        b"<!DOCTYPE html><html><body>" + b"x" * 3000,
        b"\xd0\xcf\x11\xe0" + rng.bytes(5000),
        bytes(4096),
    )
    path.write_bytes(kinds[int(rng.integers(len(kinds)))])


def bomb(path: Path, rng: np.random.Generator) -> None:
    """A small file that claims a giant image, of the kind its name says."""
    side = int(rng.integers(30_000, 65_000))
    if path.suffix == ".jpg":
        data = bytearray(path.read_bytes())
        for marker in (b"\xff\xc0", b"\xff\xc2"):
            at = data.find(marker)
            if at > 0:
                data[at + 5 : at + 9] = struct.pack(">HH", side, side)
        path.write_bytes(bytes(data))
        return
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    row = zlib.compress(bytes(1 + side // 8) * 64, 9)
    chunks = ((b"IHDR", header), (b"IDAT", row), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def encrypt(path: Path, rng: np.random.Generator) -> None:
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(user="open sesame", owner="open sesame"))


def activate(path: Path, rng: np.random.Generator) -> None:
    """One of: script on opening, script in the name tree, launch action, page action, embedded file, form submission."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        kind = int(rng.integers(6))
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('x');")
        if kind == 0:
            pdf.Root.OpenAction = script
        elif kind == 1:
            names = pikepdf.Array([pikepdf.String("a"), pdf.make_indirect(script)])
            pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=names))
        elif kind == 2:
            pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe")
        elif kind == 3:
            pdf.pages[0].obj.AA = pikepdf.Dictionary(O=script)
        elif kind == 4:
            pdf.attachments["note.txt"] = pikepdf.AttachedFileSpec(pdf, b"hello", filename="note.txt")
        else:
            link = pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 90, 90],
                A=pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F="http://localhost/"),
            )  # fmt: skip
            pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(link)])
        pdf.save(path)


def rename(path: Path, rng: np.random.Generator) -> Path:
    """A wrong extension; returns the new name."""
    others = [suffix for suffix in (".jpg", ".png", ".tif", ".pdf") if suffix != path.suffix]
    target = path.with_suffix(others[int(rng.integers(len(others)))])
    return path.replace(target)


DAMAGE: dict[str, tuple[Callable[[Path, np.random.Generator], object], str, str]] = {
    "truncated": (truncate, "file_truncated", "error"),
    "empty": (empty, "file_empty", "error"),
    "corrupt": (corrupt_head, "file_corrupt", "error"),
    "foreign": (not_an_image, "not_an_image", "error"),
    "bomb": (bomb, "decompression_bomb", "error"),
    "encrypted": (encrypt, "pdf_encrypted", "error"),
    "active": (activate, "pdf_active_content", "error"),
    "renamed": (rename, "extension_mismatch", "warning"),
}
"""kind → what it does, the code a checker must give, and its severity"""
