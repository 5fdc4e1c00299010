"""The idempotency key of a delivery: the same copy to the same target is the same delivery, whoever tries it."""

from __future__ import annotations

import hashlib


def delivery_key(target: str, document_id: str, revision: int, sha256: str) -> str:
    """SHA-256 (hex) of target name, document id, revision and the SHA-256 of signed.pdf.

    Joined by a byte no part can hold, so no two deliveries share a key by sliding letters from one part to the next.
    """
    return hashlib.sha256("\0".join((target, document_id, str(revision), sha256)).encode()).hexdigest()
