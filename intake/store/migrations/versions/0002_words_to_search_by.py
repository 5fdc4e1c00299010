"""words to search by

The desk finds documents by the beginnings of words, whatever their marks: FTS5 on SQLite, a text index on PostgreSQL.
Both are kept by the database itself, so no writer can forget them.

Revision: 0002
Follows: 0001
"""

from alembic import op

revision = '0002'
down_revision = '0001'

# The full-text table needs a number per document that VACUUM never changes; document's own rowid is not one.
SQLITE = (
    "CREATE TABLE search_row (n INTEGER PRIMARY KEY, document_id TEXT NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE search_words USING fts5(words, tokenize='unicode61', prefix='2 3')",
    "INSERT INTO search_row (document_id) SELECT id FROM document",
    "INSERT INTO search_words (rowid, words) SELECT n, search FROM document JOIN search_row ON document_id = id",
    """CREATE TRIGGER search_added AFTER INSERT ON document BEGIN
        INSERT INTO search_row (document_id) VALUES (new.id);
        INSERT INTO search_words (rowid, words) SELECT n, new.search FROM search_row WHERE document_id = new.id;
    END""",
    """CREATE TRIGGER search_changed AFTER UPDATE OF search ON document WHEN old.search <> new.search BEGIN
        UPDATE search_words SET words = new.search WHERE rowid = (SELECT n FROM search_row WHERE document_id = new.id);
    END""",
)
POSTGRESQL = (
    """CREATE INDEX ix_document_words ON document USING gin
        (to_tsvector('simple', regexp_replace(search, '[^a-z0-9]+', ' ', 'g')))""",
)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == 'sqlite' else POSTGRESQL:
        op.execute(statement)
