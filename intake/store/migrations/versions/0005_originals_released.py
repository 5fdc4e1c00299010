"""originals released

The ledger remembers when the originals of a delivered copy were let go.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    op.add_column('arrival', sa.Column('released_at', sa.DateTime(timezone=True), nullable=True))
    there = sa.text('released_at IS NOT NULL')
    op.create_index('ix_arrival_released', 'arrival', ['released_at'], sqlite_where=there, postgresql_where=there)
