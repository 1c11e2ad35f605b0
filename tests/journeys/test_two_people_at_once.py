"""Two people on one case in two browsers: each sees the other, and neither overwrites the other unseen."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.processes import manage

PASSWORD = "a-long-enough-secret"
WORLD = f"""
from django.utils import timezone
from tests import factories as make
now = timezone.now()
lucia, jonas = make.person("Lucia"), make.person("Jonas")
with make.signed(now):
    for person in (lucia, jonas):
        person.set_password({PASSWORD!r})
        person.save()
team = make.team("Care", people=[lucia, jonas])
case = make.case(make.customer("Northwind Clinics"), now=now, team=team, owner=lucia)
print(case.number)
"""


def open_case(browser, product, username, number):
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"http://localhost:{product['PORT']}/login/?next=/cases/{number}/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("log in|sign in", re.IGNORECASE)).click()
    expect(page).to_have_url(re.compile(f"/cases/{number}/$"))
    return page


@pytest.mark.parametrize("running", ["embedded"], indirect=True)
def test_each_sees_the_other_and_what_was_typed_is_kept(running, browser):
    number = re.search(r"C-\d+", manage(running, "shell", "--no-imports", "-c", WORLD))[0]
    lucia = open_case(browser, running, "lucia", number)
    jonas = open_case(browser, running, "jonas", number)
    expect(jonas.locator(".presence")).to_contain_text("Lucia is reading")
    lucia.locator("#id_reply-body").press_sequentially("Dear")
    lucia.locator("#id_reply-body").fill("Dear Aoife, we have found it.")
    expect(jonas.locator(".presence")).to_contain_text("Lucia is writing a reply")

    jonas.locator("#id_reply-body").fill("Good morning, I look into it.")
    jonas.locator("#form-reply button.button--primary").click()
    expect(jonas.locator(".toast")).to_contain_text("on its way")
    # After an action the focus is on what is owed next.
    expect(jonas.locator("[data-next-thing]")).to_be_focused()
    expect(lucia.locator(".presence")).to_contain_text("Changed")

    lucia.locator("#form-reply button.button--primary").click()
    beside = lucia.locator(".meanwhile")
    expect(beside).to_be_focused()
    expect(beside).to_contain_text("Good morning, I look into it.")
    expect(beside).to_contain_text("Dear Aoife, we have found it.")
    # Whoever leaves the page finds the words again; sent anyway, they arrive once.
    lucia.goto(f"http://localhost:{running['PORT']}/cases/{number}/")
    expect(lucia.locator("#id_reply-body")).to_have_value("Dear Aoife, we have found it.")
    lucia.locator("#form-reply button.button--primary").click()
    expect(lucia.locator(".message", has_text="Dear Aoife, we have found it.")).to_have_count(1)

    jonas.close()
    expect(lucia.locator(".presence")).not_to_contain_text("Jonas")
