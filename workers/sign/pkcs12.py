"""A key in a PKCS#12 file: for the demonstration and tests only, because a file can be copied and a token cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.keys.internal import translate_pyca_cryptography_key_to_asn1
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from intake.errors import EnvironmentTrouble, OperatorError


@dataclass(frozen=True)
class OpenKey:
    """An unlocked key (``intake.ports.SigningSession``)."""

    certificate: bytes
    chain: tuple[bytes, ...]
    device: str
    engine: SimpleSigner
    demo: bool = True

    def await_person(self) -> None:
        """One password opens the file for the whole set."""


class Pkcs12Signer:
    """``Signer(file=…)``. Always ``demo``: the station's settings must allow demo keys before it may sign."""

    name = "pkcs12"

    def __init__(self, file: str | Path) -> None:
        self.file = Path(file)

    def tries_left(self) -> int | None:
        """A file can be tried without end."""
        return None

    @contextmanager
    def open(self, pin: str, ask: Callable[[], str] | None = None) -> Iterator[OpenKey]:
        """Unlock the file with its password."""
        try:
            data = self.file.read_bytes()
        except OSError as error:
            raise EnvironmentTrouble(
                f"Không đọc được tệp khóa thử nghiệm {self.file} ({type(error).__name__}). Hãy chạy lại `make demo`.",
                f"The trial key file {self.file} cannot be read ({type(error).__name__}). Run `make demo` again.",
            ) from error
        try:
            key, certificate, others = pkcs12.load_key_and_certificates(data, pin.encode("utf-8"))
        except ValueError:
            # no cause attached: the library's message is about the password
            raise OperatorError(
                f"Sai mật khẩu của tệp khóa {self.file.name}, hoặc tệp hỏng.",
                f"Wrong password for the key file {self.file.name}, or the file is damaged.",
            ) from None
        if key is None or certificate is None:
            raise OperatorError(
                f"Tệp {self.file.name} không có đủ khóa và chứng thư.",
                f"{self.file.name} does not hold both a key and a certificate.",
            )
        der = certificate.public_bytes(serialization.Encoding.DER)
        chain = tuple(other.public_bytes(serialization.Encoding.DER) for other in others)
        registry = SimpleCertificateStore()
        registry.register_multiple([x509.Certificate.load(other) for other in chain])
        engine = SimpleSigner(
            signing_cert=x509.Certificate.load(der),
            signing_key=translate_pyca_cryptography_key_to_asn1(key),
            cert_registry=registry,
            embed_roots=False,
        )
        yield OpenKey(der, chain, f"PKCS#12 {self.file.name}", engine)
