"""Is the delivered file whole, what its name says, and safe to open? Judged on raw bytes, before any decoding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pikepdf
from PIL import Image

from intake.model import Finding, Severity
from workers.tools.pages import sniff

EXTENSIONS = {
    "jpeg": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "png": {".png"},
    "tiff": {".tif", ".tiff"},
    "pdf": {".pdf"},
}
_FOREIGN = (
    b"MZ", b"PK\x03\x04", b"\x7fELF", b"\xd0\xcf\x11\xe0", b"GIF8", b"BM", b"RIFF", b"{\\rtf", b"<!DOCTYPE", b"<html",
    b"<?xml", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"%!PS", b"ID3", b"OggS", b"#!",
)  # fmt: skip
_IMAGE_ENDS = (b"\xff\xd9", b"IEND", b"%%EOF")
_IMAGE_TRACES = (b"\xff\xda", b"\xff\xc4", b"IDAT", b"IEND", b"endobj", b"endstream", b"\xff\xdb")


def inspect_file(path: Path) -> tuple[list[Finding], bool]:
    """Findings of the raw file, and whether its pages may be opened."""
    kind = sniff(path)
    if kind == "empty":
        return [_empty(path)], False
    if kind == "other":
        return [_foreign_or_corrupt(path)], False
    findings = []
    if path.suffix.lower() not in EXTENSIONS[kind]:
        findings.append(
            _finding(
                "extension_mismatch", Severity.WARN, path,
                f"tên có đuôi «{path.suffix}» nhưng nội dung là {kind.upper()}. Đã xử lý theo nội dung; "
                "hãy sửa cấu hình đặt tên tệp của máy quét.",
                f"is named «{path.suffix}» but holds {kind.upper()}. "
                "Treated by content; mend the scanner's file naming.",
                measured=kind, limit=path.suffix.lower(),
            )
        )  # fmt: skip
    return findings, True


def cut_short(path: Path) -> Finding:
    return _finding(
        "file_truncated", Severity.BLOCK, path,
        "bị cắt cụt, thiếu phần cuối. Chờ máy quét ghi xong hoặc kiểm tra mạng và đĩa, rồi quét lại.",
        "is cut short, its end is missing. Let the scanner finish, check network and disk, then scan again.",
    )  # fmt: skip


def encrypted(path: Path) -> Finding:
    return _finding(
        "pdf_encrypted", Severity.BLOCK, path,
        "có mật khẩu. Tắt mã hóa trong cấu hình máy quét, rồi quét lại.",
        "is encrypted. Switch encryption off in the scanner's settings, then scan again.",
    )  # fmt: skip


def _empty(path: Path) -> Finding:
    return _finding(
        "file_empty", Severity.BLOCK, path,
        "rỗng (0 byte). Kiểm tra đĩa và mạng của máy quét, rồi quét lại.",
        "is empty (0 bytes). Check the scanner's disk and network, then scan again.",
        measured=0.0, unit="byte",
    )  # fmt: skip


def _foreign_or_corrupt(path: Path) -> Finding:
    """Recognisable other content is a wrong file; image innards without a header are a damaged image."""
    data = path.read_bytes()[:4_000_000]
    foreign = data.lstrip()[:16].startswith(_FOREIGN) or _is_text(data[:4096])
    traces = sum(trace in data for trace in _IMAGE_TRACES)
    tail = path.read_bytes()[-64:]
    ends = any(mark in tail for mark in _IMAGE_ENDS)
    if not foreign and (traces >= 2 or ends):
        return _finding(
            "file_corrupt", Severity.BLOCK, path,
            "bị hỏng phần đầu, không đọc được. Hãy quét lại; nếu lặp lại, kiểm tra đĩa và đường truyền.",
            "has a damaged head and cannot be read. Scan it again; if it recurs, check disk and network.",
        )  # fmt: skip
    return _finding(
        "not_an_image", Severity.BLOCK, path,
        "không phải JPEG, PNG, TIFF hay PDF. Đặt máy quét xuất một trong các định dạng đó; "
        "bỏ tệp lạ khỏi thư mục quét.",
        "is not JPEG, PNG, TIFF or PDF. Set the scanner to one of these; take foreign files out of the scan folder.",
    )  # fmt: skip


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sum(character.isprintable() or character.isspace() for character in text) > 0.97 * len(text)


def truncated(path: Path, kind: str) -> bool:
    """The file's own structure says that bytes are missing at its end."""
    if kind == "jpeg":
        return not _jpeg_ends(path.read_bytes())
    if kind == "png":
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 4096))
            return b"IEND" not in stream.read()
    if kind == "tiff":
        return _tiff_short(path)
    return _pdf_short(path)


def _jpeg_ends(data: bytes) -> bool:
    """End-of-image stands after the last scan; an EOI inside an EXIF thumbnail does not count."""
    start = data.rfind(b"\xff\xda")
    return start >= 0 and data.rfind(b"\xff\xd9") > start


def _tiff_short(path: Path) -> bool:
    """An image directory or strip lies beyond the end of the file."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(8)
    order = "little" if head[:2] == b"II" else "big"
    if head[2:4] in (b"+\x00", b"\x00+"):
        return False  # BigTIFF: left to the decoder
    if int.from_bytes(head[4:8], order) >= size:
        return True
    try:
        with Image.open(path, formats=("TIFF",)) as image:
            for index in range(getattr(image, "n_frames", 1)):
                image.seek(index)
                tags = image.tag_v2
                for offsets, counts in ((273, 279), (324, 325)):
                    pairs = zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)
                    if any(offset + count > size for offset, count in pairs):
                        return True
    except (OSError, ValueError, TypeError, SyntaxError, EOFError, KeyError, AttributeError):
        return False  # damaged rather than short: the decoder will say so
    return False


def _pdf_short(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 2048))
        tail = stream.read()
    return b"%%EOF" not in tail and not re.search(rb"startxref\s+\d+", tail)


def undecodable(path: Path, number: int | None) -> Finding:
    """The file looked whole but its pixels cannot be read."""
    return _finding(
        "file_corrupt", Severity.BLOCK, path,
        "bị hỏng, không giải mã được ảnh. Hãy quét lại; nếu lặp lại, kiểm tra đĩa và đường truyền.",
        "is damaged, its image cannot be decoded. Scan it again; if it recurs, check disk and network.",
        page=number,
    )  # fmt: skip


def bomb(path: Path, limit: int) -> Finding:
    return _finding(
        "decompression_bomb", Severity.BLOCK, path,
        f"khai kích thước ảnh quá giới hạn {limit:,} điểm ảnh; không mở. Kiểm tra nguồn của tệp, quét lại từ bản giấy.",
        f"claims more than {limit:,} px; it was not opened. Ask where the file came from, scan the paper again.",
        limit=float(limit), unit="px",
    )  # fmt: skip


ACTIVE = ("/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/RichMedia", "/Movie", "/Sound")


def inspect_pdf(path: Path) -> Iterator[Finding]:
    """Active content, embedded files and signatures; nothing is run and nothing external is followed."""
    try:
        with pikepdf.open(path) as pdf:
            active = sorted(_active(pdf))
            signed = _signed(pdf)
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError):
        yield undecodable(path, None)
        return
    if active:
        yield _finding(
            "pdf_active_content", Severity.BLOCK, path,
            f"có nội dung hoạt động ({', '.join(active)}). "
            "Không phải tệp máy quét làm ra: kiểm tra nguồn, quét lại từ giấy.",
            f"holds active content ({', '.join(active)}). "
            "A scanner does not make that: ask for its source, scan again.",
            measured=", ".join(active),
        )  # fmt: skip
    if signed:
        yield _finding(
            "pdf_signed", Severity.WARN, path,
            "đã có chữ ký số. Giữ nguyên tệp, không ghi lại; xử lý như văn bản điện tử đến, không phải bản số hóa.",
            "is already signed. It is kept as it is, never rewritten; handle it as an electronic document.",
        )  # fmt: skip


def _active(pdf: pikepdf.Pdf) -> set[str]:
    """Names of action types, embedded files and scripts anywhere in the file's objects."""
    found: set[str] = set()
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream | pikepdf.Dictionary):
            found |= _active_keys(item)
    return found


def _active_keys(item: pikepdf.Object) -> set[str]:
    found = {key.lstrip("/") for key in ("/JS", "/EmbeddedFiles", "/XFA") if key in item}
    if str(item.get("/S", "")) in ACTIVE:
        found.add(str(item.get("/S")).lstrip("/"))
    if str(item.get("/Type", "")) == "/EmbeddedFile" or str(item.get("/Subtype", "")) in (
        "/FileAttachment",
        "/RichMedia",
    ):
        found.add("EmbeddedFile")
    for key in ("/OpenAction", "/A"):
        action = item.get(key)
        if isinstance(action, pikepdf.Dictionary) and str(action.get("/S", "")) in ACTIVE:
            found.add(str(action.get("/S")).lstrip("/"))
    if "/AA" in item:
        found.add("AA")
    return found


def _signed(pdf: pikepdf.Pdf) -> bool:
    form = pdf.Root.get("/AcroForm", None)
    if form is not None and int(form.get("/SigFlags", 0)) & 1:
        return True
    return any(
        isinstance(item, pikepdf.Dictionary) and "/ByteRange" in item and "/Contents" in item for item in pdf.objects
    )


def _finding(
    code: str, severity: Severity, path: Path, vi: str, en: str, *, page: int | None = None,
    measured: float | str | None = None, limit: float | str | None = None, unit: str = "",
) -> Finding:  # fmt: skip
    return Finding(
        f"check.{code}", severity, f"Tệp «{path.name}» {vi}", f"File «{path.name}» {en}",
        page=page, measured=measured, limit=limit, unit=unit,
    )  # fmt: skip
