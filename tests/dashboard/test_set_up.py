"""What the practice changes itself: texts, checklists, places, lists. Each change is shown, then made, by managers only."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from data_access import checklists, merging, practice, staffed_hours, texts
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.events import EligibilityChecked
from data_access.lead_lists import listing
from data_access.vocabulary import Channel, ContactMethod, Eligibility, Kind, RecordItem, Role, TextUse, Topic
from tests.dashboard.conftest import NOW
from tests.dashboard.test_pages import ENTRY, fill, visit, words
from tests.factories import World, log, record

DAY = timedelta(days=1)
TODAY = NOW.date()


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception
    return at


def change(at: AppTest, name: str) -> AppTest:
    """Ask what it changes, see it, and save it."""
    assert "this changes **" in words(press(at, f"rules_ask_{name}"))
    return press(at, f"rules_save_{name}")


def block(at: AppTest, name: str) -> AppTest:
    next(group for group in at.get("button_group") if group.key == "lists_block").set_value(name)
    return at.run()


# ---------------------------------------------------------------- texts


def test_a_script_is_written_shown_beside_the_inquiry_and_revised(shown_world: World) -> None:
    """Version 1 for scheduling inquiries; then version 2, and both can be read."""
    at = visit("texts")
    assert "No text is in force yet." in words(at)
    at.selectbox(key="texts_script_kind").set_value(Kind.SCHEDULING).run()
    at.text_area[0].set_value("Say hello.").run()
    change(at, "texts")
    assert "there is no script for: **partner request, information request, warm introduction**" in words(at)
    lead = log(shown_world, NOW - DAY)
    page = visit("lead", lead=str(lead))
    assert "Say hello." in words(page)
    at = visit("texts")
    at.selectbox(key="texts_script_kind").set_value(Kind.SCHEDULING).run()
    assert at.text_area[0].value == "Say hello."
    at.text_area[0].set_value("Say hello twice.").run()
    change(at, "texts")
    with reading(shown_world.engine) as c:
        assert [text["version"] for text in texts.versions(c, TextUse.SCRIPT, kind=Kind.SCHEDULING)] == [2, 1]
        assert texts.versions(c, TextUse.SCRIPT, kind=Kind.SCHEDULING)[0]["staff_id"] == shown_world.bob


def test_words_that_promise_an_outcome_are_named_before_they_are_saved(shown_world: World) -> None:
    """Whoever means something else by them may go on."""
    at = visit("texts")
    at.text_area[0].set_value("We guarantee the best results.").run()
    press(at, "rules_ask_texts")
    assert "Look at these words: **guarantee, best**" in words(at)
    press(at, "rules_save_texts")
    assert "says what may promise an outcome" in " ".join(e.label for e in at.expander)


def test_what_is_done_by_the_script_beside_a_lead_says_so(shown_world: World) -> None:
    """Only what is said or written to somebody, and only while somebody goes by it."""
    with writing(shown_world.engine) as c:
        texts.write(c, TextUse.SCRIPT, "Say hello.", effective_from=TODAY - DAY, now=NOW)
    lead = log(shown_world, NOW - timedelta(hours=1))
    at = visit("lead", lead=str(lead))
    at.toggle(key="texts_by_script").set_value(True).run()
    press(at, f"desk_reached_{lead}")
    assert "Reached by call, by script v1" in " ".join(at.dataframe[0].value["What"])
    at.toggle(key="texts_by_script").set_value(False).run()
    press(at, f"desk_eligible_{lead}")
    with reading(shown_world.engine) as c:
        noted = c.execute(sa.select(t.events.c.kind, t.events.c.text_id).order_by(t.events.c.id)).all()
    assert [(kind, by is not None) for kind, by in noted] == [
        ("received", False), ("reached", True), ("eligibility_checked", False),
    ]  # fmt: skip


# ---------------------------------------------------------------- checklists


def test_a_checklist_is_revised_for_a_service_line(shown_world: World) -> None:
    """What differs is shown line by line; the practice's own list stays."""
    at = visit("checklists")
    at.selectbox(key="checklists_line").set_value(shown_world.imaging).run()
    assert "the practice's own: this service line has none" in words(at)
    group = next(g for g in at.get("button_group") if g.key == f"checklists_clinical_notes_{shown_world.imaging}")
    group.set_value("Helps")
    at.run()
    press(at, "rules_ask_checklist")
    assert "this changes **1 line**" in words(at)
    press(at, "rules_save_checklist")
    assert "Version **1** asks for **imaging or lab results" in words(at)
    with reading(shown_world.engine) as c:
        assert checklists.checklist_on(c, shown_world.imaging, TODAY).items[RecordItem.CLINICAL_NOTES] is False
        assert checklists.checklist_on(c, shown_world.cardiology, TODAY).items[RecordItem.CLINICAL_NOTES] is True


# ---------------------------------------------------------------- places


def test_hours_are_changed_from_a_day_on_and_nonsense_is_refused(shown_world: World) -> None:
    """Monday gets a lunch break; the other days stay."""
    at = visit("places")
    monday = at.text_input(key=f"places_hours_Monday_{TODAY + DAY}_{shown_world.north}")
    assert monday.value == "09:00-17:00"
    monday.set_value("nine to five").run()
    assert "Monday: 'nine to five' is not a stretch of hours" in words(at)
    at.text_input(key=f"places_hours_Monday_{TODAY + DAY}_{shown_world.north}").set_value(
        "9:00-12:00, 13:00-17:00"
    ).run()
    press(at, "rules_ask_hours")
    assert "this changes **1 line**" in words(at)
    press(at, "rules_save_hours")
    with reading(shown_world.engine) as c:
        hours = staffed_hours.hours_on(c, TODAY + DAY)[shown_world.north]
        assert [(h.opens, h.closes) for h in hours if h.weekday == 0] == [(540, 720), (780, 1020)]
        assert len(hours) == 6
    assert "**From 25 Nov 2026**: Monday: 09:00-12:00, 13:00-17:00; Tuesday to Friday: 09:00-17:00" in words(
        visit("places")
    )
    with reading(shown_world.engine) as c:
        assert len(staffed_hours.hours_on(c, TODAY)[shown_world.north]) == 5, "today was promised by today's hours"


def test_public_holidays_are_ticked_and_entered(shown_world: World) -> None:
    """Proposed for the location's country, those ahead only; once entered, not proposed again."""
    at = visit("places")
    ticks = next(g for g in at.get("button_group") if g.key == "places_ticked")
    christmas = next(option for option in ticks.options if "Christmas" in str(option))
    assert not [option for option in ticks.options if "Veterans" in str(option) and "2026" in str(option)], "it is over"
    day = next(d for d in (TODAY + n * DAY for n in range(400)) if d.month == 12 and d.day == 25)
    ticks.set_value([day])
    at.run()
    change(at, "holidays")
    with reading(shown_world.engine) as c:
        assert [(one["closed_on"], one["label"]) for one in staffed_hours.closures_from(c, TODAY)] == [
            (day, "Christmas Day")
        ]
    again = next(g for g in at.get("button_group") if g.key == "places_ticked")
    assert christmas not in again.options


def test_details_are_verified_and_a_stale_one_is_named(shown_world: World) -> None:
    """Both locations were never looked at; after North is, South is left."""
    at = visit("places")
    assert "nobody has verified the details of **North, South**" in words(at)
    at.toggle(key=f"places_verified_{shown_world.north}").set_value(True).run()
    at.text_input(key=f"places_phone_{shown_world.north}").set_value("(555) 010-1000").run()
    change(at, "details")
    assert "nobody has verified the details of **South**" in words(at)


def test_a_location_is_added_in_its_own_time_zone(shown_world: World) -> None:
    """And can be logged for at once."""
    at = visit("places")
    at.text_input(key="places_new_name").set_value("West").run()
    at.selectbox(key="places_zone").set_value("America/Denver").run()
    change(at, "place")
    with reading(shown_world.engine) as c:
        assert [(p["name"], p["zone"]) for p in practice.active(c, t.locations)][-1] == ("West", "America/Denver")


def test_a_day_is_closed_and_opened_after_all(shown_world: World) -> None:
    """A training day, taken back while it lies ahead."""
    at = visit("places")
    at.text_input(key="places_day_label").set_value("Training").run()
    change(at, "day")
    assert "Training" in " ".join(at.dataframe[0].value["What"])
    change(at, "back")
    with reading(shown_world.engine) as c:
        assert staffed_hours.closures_from(c, TODAY) == []


# ---------------------------------------------------------------- lists


def test_a_partner_is_renamed_and_its_wishes_are_noted(shown_world: World) -> None:
    """A name that another one has is refused beside the button."""
    at = visit("lists")
    at.selectbox(key="lists_partner").set_value(shown_world.harbor).run()
    key = f"lists_partner_{shown_world.harbor}"
    at.text_input(key=f"{key}_name").set_value("lakeside family MEDICINE").run()
    assert "to count two partners as one, merge them" in words(press(at, "rules_ask_partner"))
    at.text_input(key=f"{key}_name").set_value("Harbor Health").run()
    at.selectbox(key=f"{key}_by").set_value(ContactMethod.FAX).run()
    at.toggle(key=f"{key}_contact").set_value(False).run()
    change(at, "partner")
    with reading(shown_world.engine) as c:
        row = c.execute(sa.select(t.partners).where(t.partners.c.id == shown_world.harbor)).mappings().one()
    assert (row["name"], row["may_contact"], row["preferred_contact"]) == ("Harbor Health", False, "fax")


def test_partners_are_merged_with_one_click_and_parted_with_another(shown_world: World) -> None:
    """Their leads are called by the name that goes on, and then by their own again."""
    world = shown_world
    with writing(world.engine) as c:
        twin = practice.add(c, t.partners, name="Harbor Hospitl", name_key="harbor hospitl", category="hospital")
    log(world, NOW - DAY, partner_id=twin)
    at = block(visit("lists"), "Partners that are one")
    assert "**1 pair** of names may be one partner" in words(at)
    press(at, f"lists_merge_{twin}_{world.harbor}")
    with reading(world.engine) as c:
        assert [row["partner"] for row in listing(c, locations=None)] == ["Harbor Hospital"]
    assert "no two names are alike" in words(at)
    merge = next(button.key for button in at.button if str(button.key).startswith("lists_unmerge_"))
    press(at, merge)
    with reading(world.engine) as c:
        assert [row["partner"] for row in listing(c, locations=None)] == ["Harbor Hospitl"]


def test_a_service_line_a_source_and_a_person_are_added_and_retired(shown_world: World) -> None:
    """Retired, they are offered no more; who leaves shows in who owns what."""
    at = block(visit("lists"), "Service lines")
    at.selectbox(key="lists_line").set_value(0).run()
    at.text_input(key="lists_line_None_name").set_value("Sleep").run()
    change(at, "line")
    at = block(at, "Sources")
    at.selectbox(key="lists_source").set_value(shown_world.website).run()
    at.toggle(key=f"lists_source_{shown_world.website}_active").set_value(False).run()
    change(at, "source")
    at = block(at, "People")
    at.selectbox(key="lists_person").set_value(0).run()
    at.text_input(key="lists_person_None_name").set_value("Dana").run()
    at.selectbox(key="lists_person_None_role").set_value(Role.SCHEDULING_LEAD).run()
    change(at, "person")
    with reading(shown_world.engine) as c:
        assert "Sleep" in [line["name"] for line in practice.active(c, t.service_lines)]
        assert practice.active(c, t.sources) == []
        assert "Dana" in [person["name"] for person in practice.active(c, t.staff)]


def test_a_campaign_is_added_noted_with_an_inquiry_and_put_right(shown_world: World) -> None:
    """The log form offers it once there is one, and no more once it is over; what was noted with it stays."""
    form = visit("log_inquiry")
    assert "Campaign" not in [box.label for box in form.selectbox]
    at = block(visit("lists"), "Campaigns")
    for name in ("Open house", "Mailing"):
        at.selectbox(key="lists_campaign").set_value(0).run()
        at.text_input(key="lists_campaign_None_name").set_value(name).run()
        change(at, "campaign")
    with reading(shown_world.engine) as c:
        mailing, house = (one["id"] for one in practice.active(c, t.campaigns))
    form = visit("log_inquiry")
    fill(form, channel=Channel.WEB_FORM, location=shown_world.north, campaign=house).button[0].click().run()
    assert "was saved" in words(form)
    with reading(shown_world.engine) as c:
        lead = c.execute(sa.select(t.leads.c.id, t.leads.c.campaign_id)).one()
    assert lead.campaign_id == house
    at = visit("lead", lead=str(lead.id))
    at.selectbox(key=f"lead_campaign_of_{lead.id}_1").set_value(mailing)
    next(button for button in at.button if button.label == "Correct it").click().run()
    with reading(shown_world.engine) as c:
        assert c.scalar(sa.select(t.leads.c.campaign_id)) == mailing
    assert any("Mailing" in one.value.to_string() for one in (*at.table, *at.dataframe))
    at = block(visit("lists"), "Campaigns")
    at.selectbox(key="lists_campaign").set_value(mailing).run()
    at.toggle(key=f"lists_campaign_{mailing}_active").set_value(False).run()
    change(at, "campaign")
    (offered,) = (box.options for box in visit("log_inquiry").selectbox if box.label == "Campaign")
    assert offered == ["Open house"]


def test_a_page_that_answers_a_topic_is_entered_and_seen_to_grow_old(shown_world: World) -> None:
    """It stands beside the weeks of its topic; not looked at for long, it says so, and a slip in its days is refused."""
    at = block(visit("lists"), "Pages and handouts")
    at.selectbox(key="lists_content").set_value(0).run()
    key = "lists_content_None"
    at.text_input(key=f"{key}_name").set_value("Before you come").run()
    at.selectbox(key=f"{key}_topic").set_value(Topic.PREPARATION).run()
    at.date_input(key=f"{key}_published").set_value(TODAY - 400 * DAY).run()
    at.date_input(key=f"{key}_reviewed").set_value(TODAY - 401 * DAY).run()
    assert "It was reviewed before it was published" in words(at)
    assert not [button for button in at.button if button.key == "rules_ask_content"]
    at.date_input(key=f"{key}_reviewed").set_value(TODAY - 181 * DAY).run()
    change(at, "content")
    log(shown_world, NOW - DAY, topic=Topic.PREPARATION)
    with reading(shown_world.engine) as c:
        (page,) = practice.active(c, t.content_items)
    for reviewed, stands in ((181, "look at it"), (180, "fresh")):
        with writing(shown_world.engine) as c:
            c.execute(sa.update(t.content_items).values(reviewed_on=TODAY - reviewed * DAY))
        at = visit("sources")
        at.selectbox(key="sources_topic").set_value(Topic.PREPARATION).run()
        table = at.table[-1].value
        assert table[["Answered by", "Stands"]].values.tolist() == [["Before you come", stands]]
    at.selectbox(key="sources_topic").set_value(Topic.TRIAGE).run()
    assert "No page or handout that answers it" in words(at)
    assert page["published_on"] == TODAY - 400 * DAY


# ---------------------------------------------------------------- capacity


def test_openings_are_planned_by_the_week_where_none_is_kept(shown_world: World) -> None:
    """From a day on, for a service line; from the next week on they are another number."""
    world = shown_world
    lead = log(world, NOW - 20 * DAY, service_line_id=world.cardiology)
    record(world, lead, EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW - 19 * DAY)
    at = visit("capacity")
    assert "No openings for new patients are known" in words(at)
    at.selectbox(key="capacity_plan_place").set_value(world.north).run()
    at.selectbox(key="capacity_plan_line").set_value(world.cardiology).run()
    at.number_input(key="capacity_plan").set_value(6).run()
    change(at, "plan")
    said, table = words(at), at.dataframe[0].value
    assert "openings a week are offered" in said
    assert table[["place", "stands"]].values.tolist() == [["North, Cardiology", "Fits"]]
    assert {"Where": "North, Cardiology", "Plan": "6 openings a week"} in at.table[-1].value.to_dict("records")
    with writing(world.engine) as c:
        practice.add(c, t.slots, location_id=world.north, starts_at=NOW + 3 * DAY, opened_at=NOW - DAY)
    at = visit("capacity")
    assert "Counted by the openings that are entered, and not by a plan: North." in words(at)
    assert at.dataframe[0].value["open"].tolist() == [1], "each opening is known there, so that the plan does not count"


def test_a_topic_that_is_withheld_is_not_offered_by_the_form(shown_world: World) -> None:
    """What was noted with it stays."""
    at = block(visit("lists"), "Topics and reasons")
    group = next(g for g in at.get("button_group") if g.key == "lists_words_topic")
    group.set_value([topic for topic in Topic if topic != Topic.SELF_PAY])
    at.run()
    change(at, "words_topic")
    form = visit("log_inquiry")
    topics = next(g for g in form.get("button_group") if g.label == "Topic")
    assert len(topics.options) == len(Topic) - 1


@pytest.mark.parametrize("page", ["texts", "checklists", "places", "lists"])
def test_only_managers_change_what_is_set_up(page: str, shown_world: World) -> None:
    """The others read it, or nothing at all."""
    with writing(shown_world.engine) as c:
        c.execute(sa.update(t.staff).where(t.staff.c.id == shown_world.bob).values(role=Role.FRONT_DESK))
        c.execute(sa.update(t.staff).where(t.staff.c.id == shown_world.charlie).values(role=Role.FRONT_DESK))
    from dashboard import auth, loaders
    from dashboard.auth import Viewer

    clerk = Viewer("Alice", Role.FRONT_DESK, None, shown_world.alice)
    assert not clerk.may(auth.CHANGE_RULES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loaders, "viewer", lambda: clerk)
        at = visit(page)
    assert not [button for button in at.button if str(button.key).startswith("rules_")]


def test_only_an_administrator_names_one(shown_world: World) -> None:
    """A manager is told so, and nothing is changed."""
    at = block(visit("lists"), "People")
    at.selectbox(key="lists_person").set_value(shown_world.bob).run()
    at.selectbox(key=f"lists_person_{shown_world.bob}_role").set_value(Role.ADMINISTRATOR).run()
    assert "Your role does not allow this (say who may sign in)" in words(press(at, "rules_ask_person"))


def test_what_is_over_today_is_not_closed_after_the_fact(shown_world: World) -> None:
    """At ten in the morning the whole day cannot be closed any more; the afternoon can."""
    at = visit("places")
    at.date_input(key="places_day").set_value(TODAY).run()
    at.text_input(key="places_day_label").set_value("Storm").run()
    assert "What is over today stays as it was." in words(at)
    at.text_input(key="places_day_hours").set_value("13:00-24:00").run()
    change(at, "day")
    with reading(shown_world.engine) as c:
        assert [(one["from_minute"], one["label"]) for one in staffed_hours.closures_from(c, TODAY)] == [(780, "Storm")]


def test_a_link_by_the_name_of_a_merged_partner_shows_the_one_that_goes_on(shown_world: World) -> None:
    """And an open view too; a name that nobody has is said, and not left out in silence."""
    world = shown_world
    log(world, NOW - DAY, partner_id=world.harbor)
    log(world, NOW - DAY)
    with writing(world.engine) as c:
        merging.merge_partners(c, world.harbor, world.lakeside, now=NOW)
    at = visit("funnel", partner="Harbor Hospital", period="All time")
    assert "partner Lakeside Family Medicine" in words(at)
    assert "Of **1 lead**" in words(at)
    at = AppTest.from_file(ENTRY, default_timeout=60)
    at.query_params["partner"] = "Nobody Knows"
    at.run()
    assert "Partner Nobody Knows is not there any more and was left out" in words(at)
