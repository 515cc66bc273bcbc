"""Who saw what, how long it is kept, and erasing one person, as those see it who may; and contact details."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard import auth, privacy_actions
from data_access import audit, contacts, retention
from data_access import events as e
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.vocabulary import AuditKind, CloseReason, ContactField, DeidentifiedBecause, Ending, Role
from tests.dashboard.conftest import NOW, SignIn
from tests.dashboard.test_pages import visit, words
from tests.dashboard.test_set_up import change, press
from tests.factories import World, log, record

LONG_AGO = NOW - timedelta(days=800)
KEY = "A" * 43 + "="


def ended(world: World, reference: str) -> int:
    lead = log(world, LONG_AGO, reference=reference)
    record(world, lead, e.Closed(reason=CloseReason.UNREACHABLE), LONG_AGO)
    return lead


def part(name: str) -> AppTest:
    at = visit("privacy")
    at.segmented_control(key="privacy_block").set_value(name).run()
    assert not at.exception
    return at


def kinds(world: World) -> list[str]:
    with reading(world.engine) as c:
        return [line["kind"] for line in audit.lines(c, limit=50)]


@pytest.fixture
def administrator(shown_world: World, sign_in: SignIn) -> World:
    """The small practice, as an administrator of all of it sees it."""
    sign_in(Role.ADMINISTRATOR, shown_world.bob)
    return shown_world


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_only_an_administrator_reads_the_audit_log(role: Role, shown_world: World, sign_in: SignIn) -> None:
    """Everybody else is told that the page is not for them."""
    sign_in(role, shown_world.bob)
    at = visit("privacy")
    assert "not for your role" in words(at)
    assert not at.dataframe


def test_an_administrator_of_one_location_reads_nothing_of_the_others(shown_world: World, sign_in: SignIn) -> None:
    """The log and an erasure are of the whole practice."""
    viewer = sign_in(Role.ADMINISTRATOR, shown_world.bob, shown_world.north)
    at = visit("privacy")
    assert "see the whole practice" in words(at)
    assert not at.dataframe
    with pytest.raises(auth.NotAllowed):
        privacy_actions.erase(shown_world.engine, viewer, [1], NOW)


# ---------------------------------------------------------------- the audit log


def test_the_log_says_who_opened_and_changed_which_inquiry_from_where(administrator: World) -> None:
    """And can be looked through by inquiry and by what was done."""
    one, other = log(administrator, NOW), log(administrator, NOW)
    visit("lead", lead=str(one))
    visit("lead", lead=str(other))
    at = visit("privacy")
    assert list(at.dataframe[0].value["About"]) == [f"opened inquiry {other}", f"opened inquiry {one}"]
    assert set(at.dataframe[0].value["Who"]) == {"Bob"}
    assert set(at.dataframe[0].value["From"]) == {"10.0.0.7"}
    at.number_input(key="privacy_lead").set_value(one).run()
    assert list(at.dataframe[0].value["About"]) == [f"opened inquiry {one}"]
    at.selectbox(key="privacy_what").set_value(AuditKind.EXPORTED).run()
    assert "Nothing of this kind is in the log." in words(at)


def test_a_changed_line_is_found_out_on_the_page(administrator: World) -> None:
    """By whoever owns the database, for nobody else can change one."""
    visit("lead", lead=str(log(administrator, NOW)))
    assert "All 1 line follow" in words(press(visit("privacy"), "privacy_verify"))
    with administrator.engine.begin() as c:
        for (name,) in c.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            c.exec_driver_sql(f"DROP TRIGGER {name}")
        c.execute(sa.update(t.audit_lines).values(about="opened nothing"))
    assert "line 1 of the audit log was changed" in words(press(visit("privacy"), "privacy_verify"))


# ---------------------------------------------------------------- how long it is kept


def test_a_rule_is_set_tried_dry_and_carried_out(administrator: World) -> None:
    """What is open, or was taken up again after the dry run, keeps everything."""
    gone, again, open_ = ended(administrator, "A-1"), ended(administrator, "A-2"), log(administrator, LONG_AGO)
    at = part("How long it is kept")
    at.selectbox(key="privacy_ending").set_value(Ending.NOT_VISITED).run()
    at.number_input(key="privacy_months").set_value(24).run()
    change(at, "retention")
    at = press(part("How long it is kept"), "privacy_dry_run")
    assert "**2 leads** would be let go of" in words(at)
    with reading(administrator.engine) as c:
        assert not retention.deidentified(c, [gone, again, open_])
    record(administrator, again, e.Reopened(), NOW)
    at = press(at, "privacy_let_go")
    assert "Nothing points to a person any more on 1 lead." in words(at)
    with reading(administrator.engine) as c:
        assert retention.deidentified(c, [gone, again, open_]) == {gone}
    assert kinds(administrator)[0] == AuditKind.DEIDENTIFIED


def test_what_the_rules_keep_longer_by_now_is_not_let_go_of(administrator: World) -> None:
    """Between the dry run and the click a colleague changed the rule."""
    ended(administrator, "A-1")
    with writing(administrator.engine) as c:
        retention.set_rule(c, Ending.NOT_VISITED, 24, effective_from=LONG_AGO.date())
    at = press(part("How long it is kept"), "privacy_dry_run")
    assert "**1 lead** would be let go of" in words(at)
    with writing(administrator.engine) as c:
        retention.set_rule(c, Ending.NOT_VISITED, 48, effective_from=NOW.date())
    assert "any more on 0 leads" in words(press(at, "privacy_let_go"))


# ---------------------------------------------------------------- one person


def test_all_inquiries_of_one_person_are_erased_once_none_is_open(administrator: World) -> None:
    """They are known by their contact; another person's stay as they are."""
    one, other, stranger = (
        ended(administrator, "A-1"),
        log(administrator, NOW, reference="B-1"),
        ended(administrator, "C"),
    )
    with writing(administrator.engine) as c:
        contacts.note(c, one, "p" * 64)
        contacts.note(c, other, "p" * 64)
    at = part("Erase one person")
    at.number_input(key="privacy_person").set_value(one).run()
    assert "**2 inquiries** of this person" in words(at)
    assert f"Inquiry {other} is still open. Close it first." in words(press(at, "privacy_erase"))
    record(administrator, other, e.Closed(reason=CloseReason.UNREACHABLE), NOW)
    assert "Erased on 2 inquiries" in words(press(at, "privacy_erase"))
    with reading(administrator.engine) as c:
        left = {row.id: row.reference for row in c.execute(sa.select(t.leads.c.id, t.leads.c.reference))}
    assert left == {one: None, other: None, stranger: "C"}
    at.number_input(key="privacy_person").set_value(99).run()
    assert "There is no such inquiry." in words(at)


# ---------------------------------------------------------------- contact details


@pytest.fixture
def desk(shown_world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> World:
    """The small practice keeps contact details, and Alice of the front desk in North looks."""
    monkeypatch.setenv("HANDOFF_CONTACT_KEYS", KEY)
    sign_in(Role.FRONT_DESK, shown_world.alice, shown_world.north)
    return shown_world


def keep(at: AppTest, lead: int, phone: str) -> AppTest:
    press(at, f"contact_show_{lead}")
    at.text_input(key=f"contact_{ContactField.PHONE}_{lead}").set_value(phone)
    return press(at, f"contact_save_{lead}")


def test_contact_details_are_shown_on_request_and_the_log_says_to_whom(desk: World) -> None:
    """Until then the page says only that there are some; hidden again, it holds nothing of them."""
    lead = log(desk, NOW)
    at = keep(visit("lead", lead=str(lead)), lead, "555 010 1234")
    assert "Kept encrypted: phone number." in words(at)
    assert "555 010 1234" not in str(at)
    before = kinds(desk).count(AuditKind.READ_CONTACT)
    press(at, f"contact_show_{lead}")
    assert at.text_input(key=f"contact_{ContactField.PHONE}_{lead}").value == "555 010 1234"
    assert kinds(desk).count(AuditKind.READ_CONTACT) == before + 1
    press(at, f"contact_hide_{lead}")
    assert "555 010 1234" not in str(at)


def test_contact_details_that_cannot_be_are_refused_and_stay_typed(desk: World) -> None:
    """What is no phone number, with what was typed."""
    lead = log(desk, NOW)
    at = keep(visit("lead", lead=str(lead)), lead, "x" * 5)
    assert ":red[" in words(at)
    assert at.text_input(key=f"contact_{ContactField.PHONE}_{lead}").value == "xxxxx"


def test_contact_details_are_not_for_managers_nor_for_other_locations(desk: World, sign_in: SignIn) -> None:
    """The page has no such block for them, and what is behind it refuses."""
    lead, south = log(desk, NOW), log(desk, NOW, location_id=desk.south)
    keep(visit("lead", lead=str(lead)), lead, "555 010 1234")
    with pytest.raises(auth.NotAllowed):
        privacy_actions.contact_of(desk.engine, sign_in(Role.FRONT_DESK, desk.alice, desk.north), south)
    manager = sign_in(Role.MANAGER, desk.bob)
    assert "Contact details" not in words(visit("lead", lead=str(lead)))
    for refused in (privacy_actions.contact_of, lambda *a: privacy_actions.keep_contact(*a, {}, {})):
        with pytest.raises(auth.NotAllowed):
            refused(desk.engine, manager, lead)


def test_what_was_changed_or_erased_since_somebody_looked_is_not_written_over(desk: World) -> None:
    """Neither a colleague's later number, nor a person who asked to be erased."""
    lead = log(desk, NOW)
    first = visit("lead", lead=str(lead))
    keep(first, lead, "555 010 1111")
    press(first, f"contact_show_{lead}")
    second = press(visit("lead", lead=str(lead)), f"contact_show_{lead}")
    second.text_input(key=f"contact_{ContactField.PHONE}_{lead}").set_value("555 010 2222")
    press(second, f"contact_save_{lead}")
    first.text_input(key=f"contact_{ContactField.PHONE}_{lead}").set_value("555 010 3333")
    assert "changed or erased since you looked" in words(press(first, f"contact_save_{lead}"))
    record(desk, lead, e.Closed(reason=CloseReason.UNREACHABLE), NOW)
    third = press(visit("lead", lead=str(lead)), f"contact_show_{lead}")
    with writing(desk.engine) as c:
        retention.deidentify(c, [lead], DeidentifiedBecause.REQUEST, NOW)
    assert "changed or erased since you looked" in words(press(third, f"contact_save_{lead}"))
    with reading(desk.engine) as c:
        assert not c.execute(sa.select(t.contact_details)).all()


def test_without_a_key_no_contact_details_are_offered(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor kept."""
    monkeypatch.delenv("HANDOFF_CONTACT_KEYS")
    lead = log(desk, NOW)
    assert "Contact details" not in words(visit("lead", lead=str(lead)))


def test_with_another_key_it_is_said_that_they_cannot_be_read(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is lost."""
    lead = log(desk, NOW)
    keep(visit("lead", lead=str(lead)), lead, "555 010 1234")
    monkeypatch.setenv("HANDOFF_CONTACT_KEYS", "B" * 42 + "A=")
    assert "not among" in words(press(visit("lead", lead=str(lead)), f"contact_show_{lead}"))
    monkeypatch.setenv("HANDOFF_CONTACT_KEYS", f"{'B' * 42}A= {KEY}")
    at = press(visit("lead", lead=str(lead)), f"contact_show_{lead}")
    assert at.text_input(key=f"contact_{ContactField.PHONE}_{lead}").value == "555 010 1234"
