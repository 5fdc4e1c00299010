"""What people confirmed lately, and only that."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from intake.store import Store
from intake.store.confirmed import confirmed_lately
from intake.store.schema import document
from tests.store.paper import arrive


def test_only_what_a_person_confirmed_counts(store: Store) -> None:
    for name, confirmed in (("a", {"CodeNumber": "7"}), ("b", {})):
        identity = arrive(store, name, name.encode()).document_id
        with store.write() as connection:
            connection.execute(
                sa.update(document).where(document.c.id == identity).values(
                    confirmed=confirmed, organ_name="SỞ Y TẾ", code_notation="QĐ-SYT", code_number="7",
                    issued_date="2026-11-02",
                )
            )  # fmt: skip
    assert confirmed_lately(store) == (("SỞ Y TẾ", "QĐ-SYT", "7", date(2026, 11, 2)),)
