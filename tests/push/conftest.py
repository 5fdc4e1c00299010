"""Documents as the stages before push leave them, made in the test with a real PDF."""

from __future__ import annotations

import shutil
from pathlib import Path

import pikepdf
import pytest

from intake.folder import DocumentFolder
from intake.model import Actor, sha256_of
from intake.store import Store, people
from tests.surroundings.clock import ManualClock

CONFIRMED = {
    "TypeName": "Quyết định",
    "CodeNumber": "252",
    "CodeNotation": "QĐ-UBND",
    "IssuedDate": "2026-11-20",
    "OrganName": "ỦY BAN NHÂN DÂN THÀNH PHỐ HÀ NỘI",
    "Subject": "Về việc giao kế hoạch sử dụng đất năm 2027 & <các> dự án",
    "SignerPosition": "KT. CHỦ TỊCH, PHÓ CHỦ TỊCH",
    "SignerFullName": "Nguyễn Văn Ánh",
    "Priority": 2,
}


@pytest.fixture
def signed_document(tmp_path: Path):
    """Makes a signed document: ``make(id, number=…, pages=…)`` with folders and facts as sign publishes them."""

    def make(document_id: str = "D0001", *, number: str = "252", confirmed: dict | None = None) -> DocumentFolder:
        root = tmp_path / "documents" / document_id
        (root / "original").mkdir(parents=True)
        (root / "sign.1").mkdir()
        signed = root / "sign.1" / "signed.pdf"
        with pikepdf.new() as pdf:
            pdf.add_blank_page(page_size=(595.28, 841.89))
            pdf.docinfo["/Title"] = f"{document_id} {number}"
            pdf.save(signed)
        return DocumentFolder(
            document_id=document_id,
            root=root,
            published={"sign": 1},
            confirmed={**CONFIRMED, "CodeNumber": number, **(confirmed or {})},
            facts={
                "check": {"verdict": "pass", "pages": 1},
                "pdf": {"pages": 1, "pdfa": "pass"},
                "review": {"by": "lan", "at": "2026-11-22T02:00:00+00:00", "source_kind": "bản chính"},
                "sign": {
                    "signer": "Trần Thị Lan",
                    "agency": "SỞ TÀI NGUYÊN",
                    "signed_at": "2026-11-22T09:15:00+07:00",
                    "level": "B-B",
                    "sha256": sha256_of(signed),
                },
            },
        )

    return make


@pytest.fixture(scope="session")
def with_people(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with people: hashing passwords is meant to be slow, so once for all tests."""
    path = tmp_path_factory.mktemp("people") / "people.db"
    shutil.copyfile(sqlite_template, path)
    store = Store(f"sqlite:///{path}", ManualClock())
    for name, role in (("lan", "clerk"), ("minh", "senior"), ("ngoc", "auditor"), ("quet", "operator")):
        people.add(store, name, name.title(), [role], "mat-khau-thu-123", Actor("test", "admin"))
    store.close()
    return path
