"""A real open-source document system: delivered, found by number, downloaded byte for byte, signature still valid.

Optional, because Mayan is 145 packages of its own: ``pip install mayan-edms`` in an environment of its own, then
``SOHOA_MAYAN=<that environment>/bin/mayan-edms.py pytest -m slow tests/push/test_connector_mayan.py``.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from intake.ports import Package
from tests.conformance.connector import ASSIGNMENT, ConnectorConformance, key_of, make_package
from tests.push.authority import Authority
from tests.push.mayan_server import MayanServer
from workers.push.mayan import MayanConnector

PROGRAM = os.environ.get("SOHOA_MAYAN", "")
COUNT = int(os.environ.get("SOHOA_MAYAN_DOCUMENTS", "50"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM, reason="SOHOA_MAYAN does not name a mayan-edms.py"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = MayanServer(Path(PROGRAM), tmp_path_factory.mktemp("mayan"))
    yield server
    server.close()


@pytest.fixture
def connector(server, tmp_path) -> MayanConnector:
    (tmp_path / "token").write_text(server.token)
    return MayanConnector(
        {"url": server.url, "api_key": "file:token", "wait_seconds": 120, "call_seconds": 120}, tmp_path
    )


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("ca"))
    certificate, key = authority.issue("so-tai-nguyen")
    return signers.SimpleSigner.load(str(key), str(certificate), ca_chain_files=(str(authority.file),))


def signed(package: Package, signer: signers.SimpleSigner) -> Package:
    """The package with a real PDF, really signed."""
    blank = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595.28, 841.89))
        pdf.docinfo["/Title"] = package.key
        pdf.save(blank)
    done = signers.sign_pdf(
        IncrementalPdfFileWriter(blank), signers.PdfSignatureMetadata(field_name="Signature"), signer=signer
    )
    package.files["pdf"].write_bytes(done.getvalue())
    return package


def test_documents_are_delivered_found_by_number_and_come_back_as_they_were(server, connector, signer, tmp_path):
    packages, root = [], next(iter(signer.cert_registry))
    for number in range(1, COUNT + 1):
        made = make_package(tmp_path / f"p{number}", key_of(f"mayan {number}"), number=str(7000 + number))
        package = signed(made, signer)
        receipt = connector.put_if_absent(package.key, package)
        assert connector.put_if_absent(package.key, package) == receipt
        packages.append(package)
    assert server.get("documents/?page_size=1").json()["count"] == COUNT
    for package in packages:
        number = package.record["CodeNumber"]
        hits = server.get(f"search/advanced/documents.documentsearchresult/?label={number}").json()["results"]
        (found,) = (hit for hit in hits if hit["label"].startswith(f"{number}/"))
        latest = found["file_latest"]
        content = server.get(f"documents/{found['id']}/files/{latest['id']}/download/").content
        assert content == package.files["pdf"].read_bytes()
        assert hashlib.sha256(content).hexdigest() == latest["checksum"]
        (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root]))
        assert status.bottom_line, status.summary()


def test_it_is_handed_on_and_recalled_by_comments_said_once(server, connector, signer, tmp_path):
    package = signed(make_package(tmp_path / "p", key_of("on"), number="8001"), signer)
    receipt = connector.put_if_absent(package.key, package)
    assert connector.status(receipt) == "01"
    connector.forward(receipt, ASSIGNMENT)
    connector.forward(receipt, ASSIGNMENT)
    assert connector.status(receipt) == "04"
    connector.recall(receipt)
    connector.recall(receipt)
    assert connector.status(receipt) == "13"
    assert server.get(f"documents/{receipt.remote_id}/comments/").json()["count"] == 2


class TestMayan(ConnectorConformance):
    @pytest.fixture
    def connect(self, connector):
        return lambda: connector

    @pytest.fixture
    def make(self, tmp_path, signer, request):
        """Keys and numbers of their own: the server lives through all tests of this file."""

        def package(name: str = "a", **options: object) -> Package:
            key = key_of(f"{request.node.name} {name}")
            return signed(make_package(tmp_path / "packages" / name, key, **options), signer)

        return package

    @pytest.fixture
    def stored(self, server, request):
        """What came since this test began."""

        def documents() -> list[dict]:
            return server.get("documents/?page_size=500").json()["results"]

        before = {document["id"] for document in documents()}

        def now() -> list[str]:
            return [document["file_latest"]["checksum"] for document in documents() if document["id"] not in before]

        return now
