"""Alembic's door: runs migrations on the connection the store hands in."""

from typing import Any, Literal

from alembic import context

from intake.store.schema import UtcTime, metadata

connection = context.config.attributes["connection"]


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration is history: it must not import today's types."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcTime) else False


context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, render_item=_render)
with context.begin_transaction():
    context.run_migrations()
