"""Two people at the desk at once, in two real browsers."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import settled


def open_leads(page: Page) -> int:
    text = page.get_by_text(re.compile(r"[\d,]+ leads are open")).first.inner_text()
    return int(re.search(r"([\d,]+) leads are open", text)[1].replace(",", ""))


def desk(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-US").new_page()
    page.goto(f"{address}/my_day")
    settled(page)
    page.get_by_role("button", name="Came").first.wait_for()
    return page


def test_a_colleagues_change_appears_by_itself_and_typing_is_not_disturbed(demo_server: str, browser: Browser) -> None:
    """One fills in a form; the other notes a visit. The first sees one lead fewer without a reload, and keeps the form."""
    mine, other = desk(browser, demo_server), desk(browser, demo_server)
    before = open_leads(mine)
    mine.get_by_role("button", name="More").nth(1).click()
    mine.get_by_role("menuitem", name="Put off").or_(mine.get_by_text("Put off", exact=True)).first.click()
    form = mine.get_by_test_id("stForm")
    form.get_by_role("radio", name="Call").or_(form.get_by_role("button", name="Call", exact=True)).first.click()

    other.get_by_role("button", name="Came").nth(3).click()
    expect(other.get_by_text("came to the visit").first).to_be_visible()  # the toast says it too
    expect(mine.get_by_text(f"{before - 1:,} leads are open")).to_be_visible()
    expect(form.get_by_role("button", name="Leave it")).to_be_visible()

    other.get_by_role("button", name="Undo").click()
    expect(mine.get_by_text(f"{before:,} leads are open")).to_be_visible()
    form.get_by_role("button", name="Put off").click()
    expect(form.get_by_text("Choose the day on which it is to be taken up.")).to_be_visible()
    expect(form.get_by_text("Choose what is to be done then.")).to_have_count(0)  # what was chosen is still chosen


def test_a_new_partner_is_added_where_its_name_is_typed(demo_server: str, page: Page) -> None:
    """A few letters find a partner; a name nearly there is asked about; a new one needs its kind, and is added."""
    page.goto(f"{demo_server}/log_inquiry")
    settled(page)
    page.get_by_role("radio", name="Fax").or_(page.get_by_role("button", name="Fax")).first.click()
    settled(page)
    partner = page.get_by_role("combobox", name="Referral partner")
    partner.fill("stonebridge comm")
    expect(page.get_by_role("option", name="Stonebridge Community Health")).to_be_visible()
    partner.fill("Community Health Stonebridge")
    partner.press("Enter")
    page.get_by_role("button", name="Save inquiry").click()
    expect(page.get_by_text("There is Stonebridge Community Health already.")).to_be_visible()
    expect(page.get_by_text("Choose what kind of partner Community Health Stonebridge is: it is new.")).to_be_visible()
    page.get_by_role("radiogroup", name="What kind of partner is it?").get_by_text("Primary care", exact=True).click()
    settled(page)
    page.get_by_role("button", name="Save inquiry").click()
    expect(page.get_by_text("Not saved yet: see what is marked above.").first).to_be_visible()
    page.get_by_text("It is another partner").click()
    settled(page)
    page.get_by_role("button", name="Save inquiry").click()
    expect(page.get_by_text("was saved, clinician pathway").first).to_be_visible()
    settled(page)
    partner.fill("community health stone")
    expect(page.get_by_role("option", name="Community Health Stonebridge")).to_be_visible()


def test_inquiries_are_logged_by_the_keyboard_alone(demo_server: str, page: Page) -> None:
    """From the first key to the words "was saved": tabs, arrows, a reference, a few letters of the partner, Ctrl+Enter; then
    the next one, from where the focus was left, with the channel as it was.
    """
    page.goto(f"{demo_server}/log_inquiry")
    settled(page)
    page.get_by_role("button", name="Save inquiry").wait_for()
    keys = page.keyboard
    page.get_by_role("heading", name="Log inquiry").click()

    def saved(*first: str, reference: str) -> None:
        for key in first:
            keys.press(key)
        settled(page)
        keys.type(reference)
        keys.press("Tab")
        keys.type("fairview pri")
        keys.press("Enter")
        keys.press("Control+Enter")
        number = page.get_by_text(re.compile(r"from Fairview Primary Care was saved, clinician pathway")).first
        expect(number).to_be_visible()
        settled(page)

    saved("Tab", "Tab", "Tab", "ArrowRight", "ArrowRight", "ArrowRight", "Space", "Tab", reference="K-4711")
    expect(page.get_by_role("radio", name="Scheduling inquiry")).to_be_focused()
    saved("Tab", "Tab", reference="K-4712")
    settled(page)
    expect(page.get_by_role("radio", name="Fax", exact=True)).to_be_checked()


def test_who_asks_again_is_found_while_the_reference_is_typed(demo_server: str, page: Page) -> None:
    """The inquiry that is there is named as soon as the field is left; one click notes the call on it, one takes it back."""
    page.goto(f"{demo_server}/log_inquiry")
    settled(page)
    for _ in range(2):
        page.get_by_role("radio", name="Phone", exact=True).click()
        settled(page)
        page.get_by_role("textbox", name="Patient reference").fill("W-5501")
        page.keyboard.press("Tab")
        settled(page)
        again = page.get_by_role("button", name=re.compile(r"Add to inquiry \d+"))
        if again.count():
            break
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("was saved, patient pathway").first).to_be_visible()
        settled(page)
    again.click()
    expect(page.get_by_text("got in touch again").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The note was taken back.").first).to_be_visible()


def test_a_connection_that_drops_while_something_is_saved_loses_nothing_and_doubles_nothing(
    demo_server: str, browser: Browser
) -> None:
    """The wire is cut right after the click: once it is back, the list shows what was written, once."""
    page = desk(browser, demo_server)
    before = open_leads(page)
    context = page.context
    page.get_by_role("button", name="Came").first.click(no_wait_after=True)
    context.set_offline(True)
    page.wait_for_timeout(3_000)
    context.set_offline(False)
    expect(page.get_by_text(f"{before - 1:,} leads are open")).to_be_visible()
    settled(page)
    page.get_by_role("link", name="My day").click()
    expect(page.get_by_text(f"{before - 1:,} leads are open")).to_be_visible()
