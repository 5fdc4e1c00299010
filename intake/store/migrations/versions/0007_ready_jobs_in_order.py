"""ready jobs in order

The index of ready jobs follows the order of a claim: with the stage before the id, every claim sorted the whole queue.
Alarms that still ring are found without reading those that were settled.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    ready = sa.text("state = 'ready'")
    op.drop_index('ix_job_ready', 'job')
    op.create_index('ix_job_ready', 'job', ['lane', 'id', 'stage'], sqlite_where=ready, postgresql_where=ready)
    still_open = sa.text('settled_at IS NULL')
    op.create_index('ix_alarm_open', 'alarm', ['document_id'], sqlite_where=still_open, postgresql_where=still_open)
