"""Write down what a small practice looks like in a database of the present schema, for the tests of the schemas to come.

    python -m tests.data_access.schemas.keep

Run it before a schema is changed that was in use: the file is what that version wrote, so it is never written anew.
"""

import json
import tempfile
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from data_access import engine as databases
from data_access import events as e
from data_access import schema
from data_access.columns import metadata
from data_access.vocabulary import Channel, CloseReason, ContactMethod, Pathway, RecordItem
from tests import factories
from tests.factories import NOW, World, log, record

FOLDER = Path(__file__).parent
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def work(engine: Engine) -> World:
    """Found the practice in an empty database, and work five leads."""
    world = factories.found(engine)
    for number in range(5):
        at = NOW - (number * 3 + 1) * DAY
        lead = log(
            world, at,
            **({}, {"pathway": Pathway.CLINICIAN, "partner_id": world.lakeside, "channel": Channel.FAX},
               {"location_id": world.south, "channel": Channel.PHONE, "reference": f"P-{number}"})[number % 3],
        )  # fmt: skip
        if number % 2 == 0:
            record(world, lead, e.Reached(method=ContactMethod.CALL), at + 2 * HOUR)
        if number % 4 == 0:
            record(world, lead, e.Booked(starts_at=at + 9 * DAY), at + 3 * HOUR)
        if number == 0:
            record(world, lead, e.Attended(), at + 10 * DAY)
        if number == 3:
            record(world, lead, e.Closed(reason=CloseReason.UNREACHABLE), at + DAY)
        if number % 3 == 1:
            record(world, lead, e.RecordsRequested(items=(RecordItem.CLINICAL_NOTES,)), at + HOUR, now=at + 5 * HOUR)
    return world


def main() -> None:
    """Write the file of the present schema."""
    with tempfile.TemporaryDirectory() as folder, databases.opened(f"sqlite:///{folder}/x.db") as engine:
        schema.migrate(engine)
        work(engine)
        with engine.connect() as c:
            revision = MigrationContext.configure(c).get_current_revision()
            held = {}
            for table in metadata.sorted_tables:
                rows = c.execute(sa.text(f'SELECT * FROM "{table.name}"'))  # our own names
                if found := [list(row) for row in rows]:
                    held[table.name] = [list(rows.keys()), *found]
    file = FOLDER / f"{revision}.json"
    if file.exists():
        raise SystemExit(f"{file.name} is there already")
    file.write_text(json.dumps(held, sort_keys=True, separators=(",", ":")).replace("]],", "]],\n") + "\n")


if __name__ == "__main__":
    main()
