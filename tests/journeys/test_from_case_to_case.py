"""A morning's queue is worked off case by case: the way on, the way back and the search are on the case."""

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
VIEW = "/cases/?view=mine&sort=priority"


@pytest.fixture
def page(served):
    with served.seen_by("lucia", viewport={"width": 1280, "height": 720}) as page:
        yield page


def numbers(page):
    expect(page.locator("[data-row]").nth(2)).to_be_visible()
    return page.locator("[data-row] .queue__number").all_text_contents()


def is_at(page, number):
    expect(page).to_have_url(re.compile(f"/cases/{number}/$"))
    expect(page.locator(".case-title__number")).to_have_text(number)


def test_the_next_case_of_the_queue_is_one_key_away_and_the_way_back_is_to_the_same_queue(page, served):
    page.goto(served.url + VIEW)
    first, second, third = numbers(page)[:3]
    for key in ("j", "Enter"):
        page.keyboard.press(key)
    is_at(page, first)
    expect(page.get_by_role("link", name="Previous case of the queue")).to_be_hidden()
    for key, number in (("j", second), ("j", third), ("k", second)):
        page.keyboard.press(key)
        is_at(page, number)
    page.get_by_role("link", name="Back to the queue").click()
    expect(page).to_have_url(served.url + VIEW)


def test_a_case_that_was_not_reached_by_a_queue_has_no_next_one(page, served):
    page.goto(served.url + VIEW)
    number = numbers(page)[0]
    page.context.new_page().goto(f"{served.url}/cases/{number}/")
    alone = page.context.pages[-1]
    is_at(alone, number)
    expect(alone.get_by_role("link", name="Next case of the queue")).to_be_hidden()
    alone.keyboard.press("j")
    alone.keyboard.press("u")
    expect(alone).to_have_url(f"{served.url}/cases/")


def test_another_case_is_looked_for_from_a_case(page, served):
    page.goto(served.url + VIEW)
    first, second = numbers(page)[:2]
    page.goto(f"{served.url}/cases/{first}/")
    field = page.get_by_role("search").get_by_role("searchbox")
    assert field.bounding_box()["width"] < 40
    page.keyboard.press("/")
    expect(field).to_be_focused()
    assert field.bounding_box()["width"] > 200
    page.keyboard.type(second)
    page.keyboard.press("Enter")
    is_at(page, second)
