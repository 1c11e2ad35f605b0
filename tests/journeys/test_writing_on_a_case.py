"""Writing on a case in a real browser: nothing typed is lost, nothing is sent twice, the keyboard will do."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.processes import manage
from tests.journeys.test_a_case_runs_late import PASSWORD, log_in

pytestmark = [
    pytest.mark.parametrize("running", ["embedded"], indirect=True),
]

WORLD = f"""
from django.utils import timezone
from cases.models import ReplyTemplate
from tests import factories as make
now = timezone.now()
lucia, jonas = make.person("Lucia"), make.person("Jonas")
with make.signed(now):
    lucia.set_password({PASSWORD!r})
    lucia.save()
    body = "Dear {{contact_name}}, by {{promise_date}}."
    ReplyTemplate.objects.create(name="We look into it", language="en", body=body)
make.team("Care", people=[lucia, jonas])
make.policy("Quick", targets={{("first_response", None): 8 * 3600}}, now=now)
make.case(make.customer("Northwind Clinics"), now=now, team=lucia.teams.get(), owner=lucia)
"""


@pytest.fixture
def lucia(running, browser):
    manage(
        running,
        "shell",
        "--no-imports",
        "-c",
        f"from cases.models import Person\nif not Person.objects.filter(username='lucia'): exec({WORLD!r})",
    )
    page = log_in(browser, running, "lucia")
    page.goto(f"http://localhost:{running['PORT']}/cases/C-20001/")
    yield page
    page.context.close()


def reply(page):
    return page.locator("#id_reply-body")


def note(page, text):
    page.locator(".segments label", has_text="Note").click()
    field = page.locator("#id_note-body")
    field.press_sequentially(text)
    return field


def said(page, text):
    return page.locator(".message__text", has_text=text)


def test_a_draft_is_there_in_another_browser_and_is_thrown_away_by_its_button(running, browser, lucia):
    reply(lucia).fill("Half a sentence")
    expect(lucia.locator(".composer__panel--reply [data-draft-kept]")).to_contain_text("Draft kept")
    elsewhere = log_in(browser, running, "lucia")
    elsewhere.goto(lucia.url)
    expect(reply(elsewhere)).to_have_value("Half a sentence")
    elsewhere.get_by_role("button", name="Discard").click()
    expect(reply(elsewhere)).to_have_value("")
    elsewhere.reload()
    expect(reply(elsewhere)).to_have_value("")


def test_a_text_sent_after_the_session_was_lost_is_there_when_one_is_back(running, lucia):
    note(lucia, "Nobody may lose this")
    lucia.context.clear_cookies(name="sessionid")
    lucia.locator(".composer__panel--note .button--primary").click()
    expect(lucia).to_have_url(re.compile("/login/"))
    lucia.get_by_label("Username").fill("lucia")
    lucia.get_by_label("Password").fill(PASSWORD)
    lucia.get_by_label("Password").press("Enter")
    expect(lucia).to_have_url(re.compile("/cases/C-20001/$"))
    lucia.locator(".segments label", has_text="Note").click()
    expect(lucia.locator("#id_note-body")).to_have_value("Nobody may lose this")
    expect(said(lucia, "Nobody may lose this")).to_have_count(0)
    lucia.locator("#id_note-body").press("Control+Enter")
    expect(said(lucia, "Nobody may lose this")).to_have_count(1)
    # Now it was sent: neither this tab nor the desk keeps it as a draft.
    lucia.reload()
    expect(lucia.locator("#id_note-body")).to_have_value("")


def test_going_back_and_sending_again_says_it_once(lucia):
    note(lucia, "Said once").press("Control+Enter")
    expect(said(lucia, "Said once")).to_have_count(1)
    lucia.go_back()
    lucia.locator(".segments label", has_text="Note").click()
    lucia.locator("#id_note-body").fill("Said once")
    lucia.locator(".composer__panel--note .button--primary").click()
    expect(lucia.get_by_role("status").filter(has_text="nothing was done twice")).to_be_visible()
    expect(said(lucia, "Said once")).to_have_count(1)
    expect(lucia.locator("#id_note-body")).to_have_value("")


def test_a_template_goes_in_where_one_writes_and_what_it_leaves_open_is_said(lucia):
    reply(lucia).fill("PS.")
    reply(lucia).press("Home")
    reply(lucia).blur()
    lucia.keyboard.press("t")
    expect(lucia.get_by_role("button", name="We look into it")).to_be_focused()
    lucia.keyboard.press("Enter")
    expect(reply(lucia)).to_have_value("Dear Aoife Brennan, by {promise_date}.PS.")
    expect(lucia.locator("[data-unfilled]")).to_contain_text("{promise_date}")
    lucia.get_by_role("button", name="Preview").click()
    dialog = lucia.get_by_role("dialog", name="As the customer will read it")
    expect(dialog).to_contain_text("It cannot be sent like this.")
    expect(dialog).to_contain_text("aoife@example.com")
    lucia.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(lucia.get_by_role("button", name="Preview")).to_be_focused()
    reply(lucia).fill("")


def test_a_colleague_is_called_with_the_keyboard(lucia):
    field = note(lucia, "Please look, @jo")
    expect(lucia.get_by_role("option", name=re.compile("Jonas"))).to_be_visible()
    field.press("Enter")
    expect(field).to_have_value("Please look, @jonas ")
    field.press_sequentially("today")
    field.press("Control+Enter")
    expect(said(lucia, "Please look").locator(".mention")).to_have_text("@jonas")
    expect(lucia.get_by_role("status").filter(has_text="Told: Jonas.")).to_be_visible()


def test_files_are_chosen_added_to_and_taken_away(lucia, tmp_path):
    for name in ("one.pdf", "two.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7 " + name.encode())
    reply(lucia).fill("Here they are")
    chosen = lucia.locator(".composer__panel--reply [data-chosen] li")
    for number, name in enumerate(("one.pdf", "two.pdf"), 1):
        with lucia.expect_file_chooser() as chooser:
            lucia.locator(".composer__panel--reply .attach").click()
        chooser.value.set_files(tmp_path / name)
        expect(chosen).to_have_count(number)
    lucia.get_by_role("button", name="Remove: one.pdf").click()
    expect(chosen).to_have_count(1)
    lucia.locator(".composer__panel--reply .button--primary").click()
    expect(lucia.get_by_role("link", name=re.compile("two.pdf"))).to_be_visible()
    expect(lucia.get_by_role("link", name=re.compile("one.pdf"))).to_have_count(0)
