"""The managers' console for everybody: what axe-core finds on its pages by WCAG 2.2 AA, in light and dark."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.db import connection

from tests.journeys.looks import COLOURS, DARK, LIGHT, OF_THE_STYLES, RUN, TAGS, WIDE, only

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
from cases.models import Person
from escalations.models import PathVersion
print(json.dumps({
    "draft": PathVersion.objects.filter(published_at=None).order_by("pk").first().pk,
    "person": Person.objects.get(username="lucia").pk,
}))
"""
PAGES = [
    "",
    "changes/?about=cases.person:{person}",
    "cases/absence/calendar/",
    "cases/duty/roster/",
    "cases/packversion/",
    "cases/person/?q=lu",
    "cases/person/import/",
    "cases/person/{person}/change/",
    "cases/person/{person}/leave/",
    "cases/team/tree/",
    "escalations/pathversion/{draft}/change/",
    "escalations/rule/matrix/",
]
DARKEN = "document.documentElement.classList.add('dark')"


def test_axe_finds_nothing_on_the_consoles_pages(served):
    found, where = {}, served.ask(WHERE)
    with served.seen_by("marta", viewport=WIDE, reduced_motion="reduce") as page:
        for name in PAGES:
            page.emulate_media(**LIGHT)
            assert page.goto(f"{served.url}/admin/{name.format(**where)}").status == 200, name
            page.evaluate(AXE_SCRIPT)
            if wrong := page.evaluate(RUN, [CONTEXT, LAWS]):
                found[name, "light"] = wrong
            page.emulate_media(**DARK)
            page.evaluate(DARKEN)
            if wrong := page.evaluate(RUN, [CONTEXT, only(COLOURS)]):
                found[name, "dark"] = wrong
    assert found == {}
