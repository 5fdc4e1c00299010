"""A station for the signing act: a real store, real document folders, and the token's desk over a key of the test CA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from intake.folder import digest, new_attempt, publish
from intake.model import Actor, StageResult
from intake.settings import Settings, SignerSettings
from intake.store import Store, people, reading, signing
from intake.store.claim import claim
from intake.store.finish import finish
from intake.store.signing import FrozenSet
from tests.sign.authority import AGENCY, PASSWORD, Authority
from tests.sign.paper import plain
from tests.store.paper import WORKER, arrive, confirm, facts
from workers.sign.demo_ca import DemoAuthority
from workers.station.signing import TokenDesk

HOA = Actor("hoa", "van_thu")
PASSWORD_HOA = "mat-khau-dai-12"


class SigningStation:
    """``sign``: keys of ``[profile.incoming.sign]``; ``signer``: by default the agency's valid key in a file."""

    def __init__(
        self, home: Path, store: Store, ca: Authority | DemoAuthority, signer: SignerSettings | None = None, **sign: Any
    ):
        self.ca, self.store = ca, store
        if isinstance(ca, Authority):
            signer = signer or SignerSettings(plugin="pkcs12", options={"file": str(ca.pkcs12())}, demo=True)
        assert signer is not None
        self.signer = signer
        self.settings = Settings(
            home=home,
            trust=str(ca.trust),
            signer=self.signer,
            profile={"incoming": {"sign": {"agency": AGENCY, **sign}}},
        )
        self.desk = TokenDesk(store, self.settings)
        admin = Actor("test", "admin")
        people.add(store, HOA.name, "Hoa", ["van_thu"], PASSWORD_HOA, admin)
        signing.assign_key(store, HOA.name, self.signer.plugin, "15/QĐ-VP", None, admin)

    def with_profile(self, **sign: Any) -> None:
        """The administrator changes the profile; the desk goes on."""
        self.settings = self.settings.model_copy(update={"profile": {"incoming": {"sign": {"agency": AGENCY, **sign}}}})
        self.desk = TokenDesk(self.store, self.settings)

    def approved(self, number: str = "1", source: Path | None = None, **fields: Any) -> str:
        """A document that waits for its signature."""
        identifier = arrive(self.store, f"{number}.jpg", number.encode()).document_id
        for stage in ("check", "ocr", "pdf"):
            claimed = claim(self.store, "w", str(self.settings.documents), stages={stage}, document_id=identifier)
            assert claimed is not None
            artefacts, told = (), facts(stage)
            if stage == "pdf":
                out = new_attempt(claimed.folder.root, stage, claimed.attempt)
                (out / "document.pdf").write_bytes(plain() if source is None else source.read_bytes())
                artefacts = digest(publish(out), ("document.pdf",))
                told = facts(stage, sha256=artefacts[0].sha256)
            finish(self.store, claimed, StageResult(facts=told), artefacts, actor=WORKER)
        confirm(self.store, identifier, CodeNumber=number, **fields)
        return identifier

    def freeze(self, *documents: str, **more: Any) -> FrozenSet:
        frozen = signing.freeze(self.store, HOA, documents, cap=500, **more)
        self.desk.preview(frozen)
        return frozen

    def sign(self, *documents: str, pin: str = PASSWORD) -> FrozenSet:
        """The whole act, to its end."""
        frozen = self.freeze(*documents)
        self.desk.start(frozen.id, HOA, pin)
        self.desk.join(frozen.id)
        return frozen

    def signed(self, document: str, stage: str = "sign") -> Path:
        """The published signed.pdf."""
        attempt = reading.whole(self.store, document).published[stage]["attempt"]
        root = self.settings.documents / document.split("-")[0] / document
        return root / f"{stage}.{attempt}" / "signed.pdf"
