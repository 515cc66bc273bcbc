"""Alembic's entry: runs the migrations on the connection that `data_access.engine.migrate` hands over."""

from alembic import context

from data_access.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
