"""Migrations lead to exactly the tables the code speaks of."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from intake.store import Store
from intake.store.schema import metadata


def test_migrated_database_is_what_the_code_expects(store: Store) -> None:
    with store.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), metadata)

    # full-text search lives beside the tables the code speaks of: FTS5's own tables, a text index
    told = [item for item in differences if "search_" not in str(item) and "ix_document_words" not in str(item)]
    assert [item for item in told if item[0] not in ("remove_fk", "add_fk")] == []


def test_migrating_twice_changes_nothing(store: Store) -> None:
    store.migrate()
    store.migrate()
