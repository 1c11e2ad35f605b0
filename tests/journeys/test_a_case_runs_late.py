"""The main job on the running product, seen through a browser: nobody acts, and level 2's holder has the
case."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.processes import manage

PASSWORD = "a-long-enough-secret"
# First response within 20 seconds; level 1 acknowledges within 10, else level 2 has it.
WORLD = f"""
from datetime import timedelta
from django.utils import timezone
from tests import factories as make
now = timezone.now() - timedelta(hours=1)
lucia, jonas = make.person("Lucia"), make.person("Jonas")
ana, priya = make.person("Ana", role="supervisor"), make.person("Priya", role="manager")
with make.signed(now):
    for person in (lucia, ana):
        person.set_password({PASSWORD!r})
        person.save()
make.team("Care", people=[lucia, jonas])
hours = 3600
make.policy("Quick", targets={{("first_response", None): 20, ("resolution", None): 8 * hours}}, now=now)
path = make.path("Late cases", now=now, fallback=priya, levels=[
    {{"person": jonas, "acknowledge_seconds": 10}},
    {{"person": ana, "acknowledge_seconds": 2 * hours}},
])
make.rule(path, metric="first_response")
make.customer("Northwind Clinics")
"""


def log_in(browser, product, username):
    page = browser.new_context().new_page()
    page.goto(f"http://localhost:{product['PORT']}/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("log in|sign in", re.IGNORECASE)).click()
    expect(page).not_to_have_url(re.compile("/login/"))
    return page


@pytest.mark.parametrize("running", ["embedded"], indirect=True)
def test_an_untouched_case_arrives_at_level_twos_holder(running, browser):
    manage(running, "shell", "--no-imports", "-c", WORLD)
    lucia = log_in(browser, running, "lucia")
    lucia.goto(f"http://localhost:{running['PORT']}/cases/new/")
    lucia.locator("#id_who").fill("Northwind")
    lucia.locator("#id_who").press("Enter")
    lucia.get_by_role("link", name=re.compile("Northwind Clinics")).click()
    lucia.get_by_role("textbox", name="Subject", exact=True).fill("Charged twice for 38 lines")
    lucia.get_by_label("What the customer says").fill("The October invoice charges 38 of our lines twice.")
    lucia.get_by_role("button", name=re.compile("open", re.IGNORECASE)).last.click()
    expect(lucia).to_have_url(re.compile(r"/cases/C-\d+/$"))
    case = lucia.url

    ana = log_in(browser, running, "ana")
    notices = f"http://localhost:{running['PORT']}/notices/"
    handed = ana.get_by_text(re.compile("was handed to you, level 2 of “Late cases”"))
    for _look in range(360):
        ana.goto(notices)
        if handed.count():
            break
        ana.wait_for_timeout(500)
    expect(handed).to_have_count(1)

    ana.goto(case)
    page = ana.locator("body")
    expect(page).to_contain_text("Level 2 of 2")
    expect(page).to_contain_text("Jonas")  # who had it before, and did not acknowledge
    expect(page).to_contain_text(re.compile("Priya"))  # announced: who gets it if Ana does not acknowledge
    expect(page).to_contain_text(re.compile("Engine"))  # the history is signed by the system
    expect(
        ana.get_by_role("button", name=re.compile("Acknowledge"))
        .or_(ana.get_by_role("link", name=re.compile("Acknowledge")))
        .first
    ).to_be_visible()


# A case whose timers were given up, as after a release that could not do them.
GIVEN_UP = f"""
from datetime import timedelta
from django.utils import timezone
from cases.models import Timer
from tests import factories as make
now = timezone.now()
nora = make.person("Nora", role="manager")
with make.signed(now):
    nora.set_password({PASSWORD!r})
    nora.save()
case = make.case(make.customer("Hostal Puerta"), now=now)
for kind, subject in (("review", case.pk), ("clock_at_risk", case.clocks.first().pk)):
    Timer.objects.create(case=case, kind=kind, subject_id=subject, step=9, due_at=now, armed_at=now,
        wake_at=now, state="set_aside", attempts=8, last_error="KeyError: 'rung'")
"""


@pytest.mark.parametrize("running", ["embedded"], indirect=True)
def test_the_watchdog_refreshes_itself_under_a_managers_hands_and_lets_the_engine_try_again(running, browser):
    manage(running, "shell", "--no-imports", "-c", GIVEN_UP)
    nora = log_in(browser, running, "nora")
    nora.goto(f"http://localhost:{running['PORT']}/watchdog/")
    expect(nora.locator("#verdict")).to_contain_text("2 timers cannot run")

    at = nora.locator(".verdict__at")
    before = at.inner_text()
    nora.locator(".stuck__error summary").first.click()
    nora.get_by_label("What was mended").fill("the rung is back")
    button = nora.get_by_role("button", name=re.compile("^Try again")).last
    button.focus()
    held, down = button.get_attribute("id"), nora.evaluate("window.scrollTo(0, 300), scrollY")
    expect(at).not_to_have_text(before)
    assert nora.evaluate("[document.activeElement.id, scrollY]") == [held, down]
    expect(nora.get_by_label("What was mended")).to_have_value("the rung is back")
    expect(nora.locator(".stuck__error[open]")).to_have_count(1)

    nora.context.set_offline(True)
    expect(nora.locator("[data-stale]")).to_be_visible()
    nora.context.set_offline(False)
    expect(nora.locator("[data-stale]")).to_be_hidden()

    nora.get_by_role("button", name="Try all 2 again").click()
    expect(nora.get_by_role("status").filter(has_text="The engine tries 2 timers again.")).to_be_visible()
    expect(nora.get_by_text("No timer is set aside.")).to_be_visible()
    expect(nora.locator("#verdict")).to_contain_text("keeps its word")
    expect(nora.locator(".figure").first).to_contain_text("2 engines look")
