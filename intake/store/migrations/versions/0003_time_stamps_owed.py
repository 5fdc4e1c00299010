"""time-stamps owed

A document signed while the time-stamp authority was away is remembered until it has its time-stamp.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_table(
        'timestamp_owed',
        sa.Column('document_id', sa.Text(), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('level', sa.Text(), nullable=False),
        sa.Column('push_attempt', sa.Integer(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('last_vi', sa.Text(), nullable=True),
        sa.Column('last_en', sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_timestamp_owed_document_id')),
        sa.PrimaryKeyConstraint('document_id', 'revision', name=op.f('pk_timestamp_owed')),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        'ix_timestamp_owed_waiting',
        'timestamp_owed',
        ['next_at'],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
