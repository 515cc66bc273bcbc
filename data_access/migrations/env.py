"""Alembic's entry: runs the migrations on the connection that `data_access.engine.migrate` hands over."""

from alembic import context

from data_access.fact_tables import lead_facts

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=lead_facts.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
