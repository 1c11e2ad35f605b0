"""The managers' console for everybody: what axe-core finds on its pages by WCAG 2.2 AA, in light and in dark;
and that nothing is cut off, down to the width of 400 per cent, in the languages with the longest words."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.db import connection

from tests.journeys.looks import (
    COLOURS,
    DARK,
    LIGHT,
    NARROW,
    NARROWEST,
    OF_THE_STYLES,
    RUN,
    TAGS,
    WIDE,
    cut_off,
    only,
)

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="pages look the same on either database; they are seen on SQLite"
)

# Best practices are the frame's own, which is Unfold's: it has no landmark for what a page is about.
LAWS = {
    "runOnly": {"type": "tag", "values": [tag for tag in TAGS if tag != "best-practice"]},
    "rules": {rule: {"enabled": False} for rule in OF_THE_STYLES},
    "preload": False,
}
# Select2 draws a box of its own over a choice, and gives it no name, which no style or template of ours
# reaches; the choice below it has one.
CONTEXT = {"exclude": [[".select2-container"]]}
WHERE = """
import json
from cases.models import CalendarVersion, Category, Person, SlaPolicyVersion
from escalations.models import PathVersion
print(json.dumps({
    "draft": PathVersion.objects.filter(published_at=None).order_by("pk").first().pk,
    "calendar": CalendarVersion.objects.order_by("pk").last().pk,
    "category": Category.objects.get(name="Billing").pk,
    "person": Person.objects.get(username="lucia").pk,
    "policy": SlaPolicyVersion.objects.order_by("pk").last().pk,
}))
"""
# The example has no manager who reads Russian.
IN_RUSSIAN = """
from cases import history
from cases.models import Person
from django.utils import timezone
with history.acting(by=history.INSTALLATION, reason="an example", now=timezone.now()):
    Person.objects.filter(username="nora").update(language="ru")
print("{}")
"""
PAGES = [
    "",
    "changes/?about=cases.person:{person}",
    "cases/absence/add/",
    "cases/absence/calendar/",
    "cases/answer/",
    "cases/calendarversion/{calendar}/year/",
    "cases/category/{category}/delete/",
    "cases/clock/?p=3",
    "cases/duty/roster/",
    "cases/packversion/",
    "cases/person/?q=lu",
    "cases/person/import/",
    "cases/person/{person}/change/",
    "cases/person/{person}/leave/",
    "cases/slapolicyversion/{policy}/change/",
    "cases/team/tree/",
    "escalations/backtest/",
    "escalations/pathversion/{draft}/change/",
    "escalations/rule/matrix/",
]
# As loaded first; Unfold's scroller measures what it holds a moment after that has changed.
SIZES = (WIDE, NARROW, NARROWEST)
DARKEN = "document.documentElement.classList.add('dark')"


@pytest.fixture(scope="module")
def where(served):
    return served.ask(WHERE)


def test_nothing_is_wrong_on_the_consoles_pages_nor_cut_off(served, where):
    found = {}
    with served.seen_by("marta", viewport=WIDE, reduced_motion="reduce") as page:
        for name in PAGES:
            page.set_viewport_size(WIDE)
            page.emulate_media(**LIGHT)
            assert page.goto(f"{served.url}/admin/{name.format(**where)}").status == 200, name
            page.evaluate(AXE_SCRIPT)
            if wrong := page.evaluate(RUN, [CONTEXT, LAWS]):
                found[name, "light"] = wrong
            page.emulate_media(**DARK)
            page.evaluate(DARKEN)
            if wrong := page.evaluate(RUN, [CONTEXT, only(COLOURS)]):
                found[name, "dark"] = wrong
            found |= {(name, width): wrong for width, wrong in cut_off(page, SIZES, settles=True)}
    assert found == {}


def test_nothing_is_cut_off_in_russian(served, where):
    served.ask(IN_RUSSIAN)
    found = {}
    with served.seen_by("nora", viewport=WIDE, reduced_motion="reduce") as page:
        for name in PAGES:
            page.set_viewport_size(WIDE)
            assert page.goto(f"{served.url}/admin/{name.format(**where)}").status == 200, name
            assert page.locator("html[lang=ru]").count() == 1, name
            found |= {(name, width): wrong for width, wrong in cut_off(page, (WIDE, NARROWEST), settles=True)}
    assert found == {}


def test_the_end_of_a_list_says_how_many_there_are_and_leads_to_each_page(served):
    """Without the name of the rows, which would have to agree with their number; what stands for pages that
    are left out leads nowhere."""
    with served.seen_by("marta", viewport=WIDE) as page:
        page.goto(f"{served.url}/admin/cases/person/")
        assert page.locator(".list-count").inner_text().split()[0] == str(
            page.locator("#result_list tbody").count()
        )
        page.goto(f"{served.url}/admin/cases/clock/?p=3")
        pages = page.locator(".list-pages")
        assert pages.locator("a").count() > 3
        assert all(text.strip().isdigit() for text in pages.locator("a").all_inner_texts())
        assert pages.locator(".list-pages__gap").count() == 1


def test_a_moment_names_the_readers_zone_and_nothing_warns_of_the_browsers(served):
    """Django's script compares the browser's zone with the server's, and means the reader's."""
    with served.seen_by("marta", viewport=WIDE, timezone_id="Asia/Tokyo") as page:
        page.goto(f"{served.url}/admin/cases/absence/add/")
        page.wait_for_selector(".timezonewarning", state="attached")
        assert page.locator(".timezonewarning:visible").count() == 0
        assert all("Madrid" in said for said in page.locator(".moment-zone").all_inner_texts())
        assert page.locator(".moment-zone").count() == 2
