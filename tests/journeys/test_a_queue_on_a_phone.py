"""Many cases at once by thumb: the boxes and the bar are there, large enough, and in the way of nothing; what
was done by a slip is undone, with JavaScript or without."""

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

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# WCAG 2.2 asks for 24 by 24; a thumb for more.
SMALLEST = 44
PRIORITIES = """
import json
from cases.models import Case
print(json.dumps(list(Case.objects.order_by("pk").values_list("priority", flat=True))))
"""


def small_targets(page, selector):
    """What of `selector` is in sight and smaller than a thumb, or reaches out of the page."""
    found = page.locator(selector).all()
    boxes = [target.bounding_box() for target in found if target.is_visible()]
    assert boxes
    wide = page.viewport_size["width"]
    return [
        b
        for b in boxes
        if min(b["width"], b["height"]) < SMALLEST or b["x"] < 0 or b["x"] + b["width"] > wide
    ]


def test_rows_are_chosen_and_the_bar_covers_neither_the_last_row_nor_the_way_on(served):
    with served.seen_by("agent", **PHONE) as page:
        page.goto(f"{served.url}/cases/?view=all")
        bar = page.get_by_role("form", name="What to do with the chosen cases")
        expect(bar).to_be_hidden()
        assert small_targets(page, ".queue__box") == []
        last = page.locator("[data-row]").last
        last.locator(".queue__box").tap()
        expect(bar).to_contain_text("1 chosen")
        expect(bar).to_be_in_viewport(ratio=1)
        assert small_targets(page, ".together button") == []
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        assert last.bounding_box()["y"] + last.bounding_box()["height"] <= bar.bounding_box()["y"]
        # The navigation makes room for it, and comes back.
        expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        page.get_by_text("All on this page").tap()
        expect(bar).to_contain_text(f"{page.locator('[data-row]').count()} chosen")
        bar.get_by_role("button", name="Choose none").tap()
        expect(bar).to_be_hidden()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]


@pytest.mark.parametrize("scripts", [True, False])
def test_what_was_done_to_three_is_undone_from_the_queue(served, scripts):
    before = served.ask(PRIORITIES)
    with served.seen_by("agent", java_script_enabled=scripts, **PHONE) as page:
        page.goto(f"{served.url}/cases/?view=mine")
        for box in page.locator("tbody .queue__box").all()[:3]:
            box.tap()
        page.get_by_role("button", name="Set the priority").tap()
        page.get_by_label("Priority").select_option("Urgent")
        page.get_by_label("Why").fill("A slip")
        page.get_by_role("button", name="Set the priority of 3 cases").tap()
        expect(page.get_by_text("3 cases are done")).to_be_visible()
        page.get_by_role("link", name="Back to the queue").tap()
        expect(page.get_by_text("You set the priority of 3 cases")).to_be_visible()
        assert served.ask(PRIORITIES) != before
        page.get_by_role("button", name="Undo").tap()
        expect(page.get_by_text("3 cases were put back")).to_be_visible()
    assert served.ask(PRIORITIES) == before
