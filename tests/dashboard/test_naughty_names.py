"""Names that came in with a file are drawn as they are, on every page: no link, picture, colour or code comes of them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from data_access.importing import batches, mapping, planning
from data_access.importing.files import File
from data_access.importing.mapping import Mapping
from tests.dashboard.conftest import NOW
from tests.dashboard.test_pages import PAGES, visit, words
from tests.factories import World

NAMES = (
    "**Bold** clinic", "[here](https://evil.example)", "![x](https://evil.example/p.png)", ":red[warning] practice",
    "`code` centre", "$x^2$ doctors", "<img src=x onerror=alert(1)>", "~~gone~~", "=1+1", "' OR 1=1; --",
)  # fmt: skip
ACTIVE = re.compile(r"(?<!\\)(\*\*Bold|\[here\]|!\[x\]|:red\[warning|`code`|\$x\^2\$|<img src|~~gone~~)")
"""One of these names with nothing before what markdown would act on."""


@pytest.fixture
def naughty(shown_world: World) -> World:
    """The small practice with leads of half a year from partners, at locations and of sources with such names."""
    fields = {
        "id": "No", "received": "Came", "attempted": "Called", "booked": "Booked", "appointment": "Day", "attended": "Seen",
        "location": "Site", "partner": "From", "source": "Source", "campaign": "Ad", "service_line": "Line", "owner": "Who",
        "kind": {"constant": "scheduling"}, "pathway": {"constant": "clinician"}, "channel": {"constant": "fax"},
    }  # fmt: skip
    lines = [",".join(["No", "Came", "Called", "Booked", "Day", "Seen", "Site", "From", "Source", "Ad", "Line", "Who"])]
    for number in range(240):
        came = NOW - timedelta(days=number % 170, hours=number % 7)
        name = NAMES[number % len(NAMES)]
        booked = came + timedelta(days=3) if number % 3 else None
        seen = came + timedelta(days=9) if number % 4 == 1 else None
        told = [came, came + timedelta(hours=number % 40), booked, booked and booked + timedelta(days=6), seen]
        cells = [str(number), *(f"{at:%Y-%m-%d %H:%M}" if at and at < NOW else "" for at in told), *[name] * 6]
        lines.append(",".join(cells))
    plan = planning.plan([File.of("naughty.csv", "\n".join(lines).encode())], mapped(fields))
    result = batches.run(shown_world.engine, plan, now=NOW)
    assert result.added > 200, result
    return shown_world


def mapped(fields: dict[str, object]) -> Mapping:
    return mapping.parse({"source_system": "naughty", "zone": "America/New_York", "times_in": "UTC", "fields": fields})


@pytest.mark.parametrize("page", PAGES)
def test_no_page_acts_on_a_name(page: str, naughty: World, tmp_path: Path) -> None:
    """What a page says in sentences, captions and messages holds no name that markdown acts on."""
    text = words(visit(page, period="Last 26 weeks"))
    found = ACTIVE.search(text)
    assert not found, text[max(0, found.start() - 200) : found.end() + 80]
