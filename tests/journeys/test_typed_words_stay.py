"""What was typed into a sheet is there again, whatever came between, and for nobody but who typed it."""

import re

import pytest
from django.db import connection
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.xdist_group("pages"),
    pytest.mark.skipif(
        connection.vendor != "sqlite",
        reason="pages look the same on either database; they are seen on SQLite",
    ),
]

QUIET = """
import json
from cases.models import Case
from escalations.models import Escalation
mine = Case.objects.live().filter(owner__username="lucia", is_restricted=False, status="open")
busy = Escalation.objects.running().values("case")
print(json.dumps(mine.exclude(pk__in=busy).order_by("pk").first().number))
"""
PASSWORD = "desk-example"
BACK = "What you typed here before is back."


@pytest.fixture(scope="module")
def number(served):
    return served.ask(QUIET)


@pytest.fixture
def page(served):
    with served.seen_by("lucia", viewport={"width": 1280, "height": 800}) as page:
        yield page


def sign_in(page, username):
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")


def new_case(page, served):
    page.goto(f"{served.url}/cases/new/?who=Farmacias")
    page.locator(".pick__row").first.click()
    expect(page.locator("#id_subject")).to_be_visible()
    return page.url


def test_a_sheet_that_was_sent_after_the_session_had_ended_is_there_when_one_is_back(page, served, number):
    page.goto(f"{served.url}/cases/{number}/")
    page.get_by_role("link", name="Assign", exact=True).click()
    page.get_by_role("dialog").get_by_label("Why").fill("Nobody may lose this")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("dialog").get_by_role("button", name="Assign the case").click()
    expect(page).to_have_url(re.compile("/login/"))
    sign_in(page, "lucia")
    expect(page).to_have_url(re.compile(f"/cases/{number}/assign/"))
    expect(page.get_by_label("Why")).to_have_value("Nobody may lose this")
    expect(page.get_by_text(BACK)).to_be_visible()
    page.get_by_role("button", name="Begin anew").click()
    expect(page.get_by_label("Why")).to_have_value("")
    page.reload()
    expect(page.get_by_label("Why")).to_have_value("")
    expect(page.get_by_text(BACK)).to_have_count(0)


def test_a_sheet_that_does_not_reach_the_desk_stays_open_and_is_sent_once_more(page, served, number):
    page.goto(f"{served.url}/cases/{number}/")
    page.get_by_role("link", name="Assign", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("In the lift")
    page.context.set_offline(True)
    for _try in range(2):
        dialog.get_by_role("button", name="Assign the case").click()
        expect(dialog.get_by_role("alert")).to_contain_text("The desk could not be reached.")
        expect(dialog.get_by_role("alert")).to_have_count(1)
        expect(dialog.get_by_label("Why")).to_have_value("In the lift")
    page.context.set_offline(False)
    dialog.get_by_role("button", name="Assign the case").click()
    expect(page.locator(".toasts")).to_contain_text("The case has changed hands.")
    # Now it was taken: the next one begins empty.
    page.get_by_role("link", name="Assign", exact=True).click()
    expect(page.get_by_role("dialog").get_by_label("Why")).to_have_value("")


def test_a_new_case_half_written_survives_a_wrong_click_and_is_thrown_away_by_cancel(page, served):
    address = new_case(page, served)
    page.locator("#id_subject").fill("Lines are dead in Girona")
    page.locator("#id_impact").select_option(index=0)
    impact = page.locator("#id_impact").input_value()
    page.get_by_role("link", name="Mine").first.click()
    expect(page).to_have_url(re.compile("view=mine"))
    page.goto(address)
    expect(page.locator("#id_subject")).to_have_value("Lines are dead in Girona")
    expect(page.locator("#id_impact")).to_have_value(impact)
    page.get_by_role("link", name="Cancel").click()
    page.goto(address)
    expect(page.locator("#id_subject")).to_have_value("")


def test_a_new_case_that_was_opened_leaves_the_next_one_empty(page, served):
    address = new_case(page, served)
    page.locator("#id_subject").fill("Only once")
    page.locator("#id_body").fill("Nothing works.")
    page.locator("#id_body").press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/cases/C-\d+/$"))
    page.goto(address)
    expect(page.locator("#id_subject")).to_have_value("")


def test_nobody_who_signs_in_after_one_sees_what_one_typed(page, served, number):
    address = new_case(page, served)
    page.locator("#id_subject").fill("Not for other eyes")
    page.goto(f"{served.url}/cases/{number}/")
    page.locator("#id_reply-body").fill("Nor is this")
    page.context.clear_cookies(name="sessionid")
    # Before the desk could keep it.
    page.goto(f"{served.url}/login/?next=/cases/{number}/")
    sign_in(page, "elena")
    expect(page.locator("#id_reply-body")).to_have_value("")
    page.goto(address)
    expect(page.locator("#id_subject")).to_have_value("")
