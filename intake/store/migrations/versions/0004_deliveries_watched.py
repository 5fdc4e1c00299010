"""deliveries watched

Every delivery has its own tries, back-off and status; targets have a circuit breaker and a pace; alarms are kept.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from intake.store.schema import UtcTime

revision = '0004'
down_revision = '0003'

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')


def upgrade() -> None:
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('tries', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('next_at', UtcTime(), nullable=True))
        batch_op.add_column(sa.Column('earlier', JSON, nullable=True))
        batch_op.add_column(sa.Column('status', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('status_reason', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('status_at', UtcTime(), nullable=True))
        batch_op.add_column(sa.Column('look_at', UtcTime(), nullable=True))
        batch_op.add_column(sa.Column('report', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('reported', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('reported_at', UtcTime(), nullable=True))
        batch_op.add_column(sa.Column('recall', sa.Text(), nullable=True))
        batch_op.create_index('ix_outbox_target', ['target', 'state'], unique=False)
        batch_op.create_index(
            'ix_outbox_look',
            ['look_at'],
            unique=False,
            sqlite_where=sa.text('look_at IS NOT NULL'),
            postgresql_where=sa.text('look_at IS NOT NULL'),
        )
    with op.batch_alter_table('delivery_attempt', schema=None) as batch_op:
        batch_op.add_column(sa.Column('outcome', sa.Text(), server_default='trouble', nullable=False))
        batch_op.add_column(sa.Column('request_id', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('seconds', sa.Float(), nullable=True))
    op.create_table(
        'delivery_target',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('open_until', UtcTime(), nullable=True),
        sa.Column('probe_until', UtcTime(), nullable=True),
        sa.Column('pace_seconds', sa.Float(), nullable=False),
        sa.Column('next_at', UtcTime(), nullable=True),
        sa.Column('last_well', UtcTime(), nullable=True),
        sa.Column('last_trouble_at', UtcTime(), nullable=True),
        sa.Column('last_trouble', sa.Text(), nullable=True),
        sa.Column('compared_at', UtcTime(), nullable=True),
        sa.Column('compared', JSON, nullable=True),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_delivery_target')),
    )
    op.execute("INSERT INTO delivery_target (name, failures, pace_seconds) SELECT DISTINCT target, 0, 0.0 FROM outbox")
    op.create_table(
        'alarm',
        sa.Column('document_id', sa.Text(), nullable=False),
        sa.Column('due_at', UtcTime(), nullable=False),
        sa.Column('rung_at', UtcTime(), nullable=False),
        sa.Column('told', JSON, nullable=False),
        sa.Column('next_at', UtcTime(), nullable=True),
        sa.Column('settled_at', UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_alarm_document_id')),
        sa.PrimaryKeyConstraint('document_id', name=op.f('pk_alarm')),
    )
