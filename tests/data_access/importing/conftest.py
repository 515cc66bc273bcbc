"""An empty practice to import into, on each kind of database."""

import pytest
import sqlalchemy as sa

from data_access import practice
from data_access.engine import writing


@pytest.fixture
def empty(database: sa.Engine) -> sa.Engine:
    with writing(database) as c:
        practice.found(c, "Spreadsheet practice", "America/New_York")
    return database
