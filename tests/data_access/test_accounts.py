"""Who may sign in: one address is one person, and somebody can always let others in."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import accounts
from data_access import tables as t
from data_access.engine import writing
from data_access.vocabulary import Role
from tests.factories import NOW, World

ADA, BEA = "ada@clinic.example", "bea@clinic.example"


def change(c: Connection, staff_id: int | None, role: Role = Role.ADMINISTRATOR, **values: Any) -> None:
    given = {"name": "Ada", "email": ADA, "active": True, "sees_all": True, "locations": ()} | values
    entry = {"name": given.pop("name"), "active": given.pop("active"), "role": role}
    accounts.change_person(c, staff_id, entry, **given)


def id_of(c: Connection, name: str) -> int:
    return int(c.scalar(sa.select(t.staff.c.id).where(t.staff.c.name == name)) or 0)


@pytest.mark.parametrize(
    "typed", ["anna", "anna@", "@clinic.example", "anna @clinic.example", "a@b", f"{'a' * 250}@b.cd"]
)
def test_what_is_no_address_is_refused_with_an_example(typed: str) -> None:
    """Before somebody wonders why they cannot sign in."""
    with pytest.raises(ValueError, match=r"anna@clinic\.example"):
        accounts.plain_email(typed)


def test_an_address_is_one_person_however_it_is_written(world: World) -> None:
    """The provider may tell it in capitals; nobody else can be given it."""
    with writing(world.engine) as c:
        change(c, None, email="  ADA@Clinic.example ")
        found = accounts.of_email(c, "Ada@CLINIC.example")
        assert found is not None
        assert (found.name, found.role, found.locations) == ("Ada", Role.ADMINISTRATOR, None)
        with pytest.raises(ValueError, match=r"Ada signs in as ada@clinic\.example already"):
            change(c, None, name="Bea", email=ADA)


def test_who_has_no_address_or_left_does_not_sign_in(world: World) -> None:
    """Nor does an empty address find anybody."""
    with writing(world.engine) as c:
        change(c, None)
        change(c, None, Role.MANAGER, name="Bea", email=BEA)
        bea = id_of(c, "Bea")
        change(c, bea, Role.MANAGER, name="Bea", email=BEA, active=False)
        assert accounts.of_email(c, BEA) is None
        change(c, bea, Role.MANAGER, name="Bea", email=" ")
        assert accounts.of_email(c, BEA) is None
        assert accounts.of_email(c, "") is None


@pytest.mark.parametrize("last", [{"active": False}, {"role": Role.MANAGER}, {"email": ""}])
def test_the_last_administrator_who_can_sign_in_stays(last: dict[str, Any], world: World) -> None:
    """Otherwise nobody could let anybody in; with a second one the first may go."""
    with writing(world.engine) as c:
        change(c, None)
        ada = id_of(c, "Ada")
    with pytest.raises(ValueError, match="last administrator"), writing(world.engine) as c:
        change(c, ada, **last)
    with writing(world.engine) as c:
        assert accounts.of_email(c, ADA)
        change(c, None, name="Bea", email=BEA)
        change(c, ada, **last)


def test_somebody_sees_the_locations_that_they_were_given_last(world: World) -> None:
    """Some, others, none, all."""
    with writing(world.engine) as c:
        change(c, None)
        change(c, None, Role.FRONT_DESK, name="Bea", email=BEA, sees_all=False, locations=[world.north])
        bea = id_of(c, "Bea")
        for places in ([world.south], [], [world.north, world.south]):
            change(c, bea, Role.FRONT_DESK, name="Bea", email=BEA, sees_all=False, locations=places)
            found = accounts.of_email(c, BEA)
            assert found is not None
            assert found.locations == frozenset(places)
        change(c, bea, Role.FRONT_DESK, name="Bea", email=BEA)
        found = accounts.of_email(c, BEA)
        assert found is not None
        assert found.locations is None


def test_the_first_administrator_comes_from_outside_and_may_be_somebody_known(world: World) -> None:
    """Who has the address already becomes it, also when they had left; a new one is called by what stands before the @."""
    with writing(world.engine) as c:
        c.execute(sa.update(t.staff).where(t.staff.c.id == world.alice).values(email=BEA, active=False))
        made = accounts.make_administrator(c, "BEA@clinic.example", None)
        assert (made.staff_id, made.name, made.role, made.locations) == (world.alice, "Alice", Role.ADMINISTRATOR, None)
        assert accounts.make_administrator(c, ADA, None).name == "ada"
        with pytest.raises(ValueError, match="there is Bob already"):
            accounts.make_administrator(c, "bob@clinic.example", "Bob")


def test_a_sign_in_is_noted_once_and_ends_once(world: World) -> None:
    """It says who the person is by now, and a minute passes before it is noted again as used."""
    with writing(world.engine) as c:
        change(c, None)
        ada = id_of(c, "Ada")
        assert accounts.begin(c, "d" * 64, ada, NOW)
        assert not accounts.begin(c, "d" * 64, ada, NOW)
        found = accounts.sign_in(c, "d" * 64)
        assert found is not None
        assert found.account is not None
        assert not accounts.wants_touch(found, NOW + timedelta(seconds=59))
        assert accounts.wants_touch(found, NOW + timedelta(seconds=60))
        assert accounts.end(c, "d" * 64, NOW) == ada
        assert accounts.end(c, "d" * 64, NOW) is None
        assert accounts.sign_in(c, "e" * 64) is None


def test_another_address_ends_the_sign_ins_that_somebody_came_by(world: World) -> None:
    """Whoever used the address before is not known to be this person any more."""
    with writing(world.engine) as c:
        change(c, None)
        ada = id_of(c, "Ada")
        accounts.begin(c, "d" * 64, ada, NOW)
        change(c, ada)
        assert accounts.sign_in(c, "d" * 64)
        change(c, ada, email="ada.new@clinic.example")
        assert accounts.sign_in(c, "d" * 64) is None


@pytest.mark.parametrize(("idle", "age", "stands"), [(29, 119, True), (30, 60, False), (1, 120, False)])
def test_a_sign_in_stands_as_long_as_it_is_used_and_not_too_old(idle: int, age: int, stands: bool) -> None:
    """Half an hour without use, two hours in all."""
    minute = timedelta(minutes=1)
    found = accounts.SignIn(None, NOW - age * minute, NOW - idle * minute, None)
    assert found.stands(NOW, 30 * minute, 120 * minute) is stands
