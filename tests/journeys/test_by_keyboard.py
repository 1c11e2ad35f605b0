"""The queue and a case by keyboard alone."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def queue(served):
    with served.seen_by("lucia", viewport={"width": 1280, "height": 720}) as page:
        page.goto(f"{served.url}/cases/")
        expect(page.locator("[data-row]").nth(2)).to_be_visible()
        yield page


def numbers(page):
    return page.locator("[data-row] .queue__number").all_text_contents()


def current(page):
    return page.locator("[data-current] .queue__number").text_content()


def test_the_queue_is_walked_and_a_case_opened_answered_and_escalated_without_a_mouse(served, queue):
    first, second = numbers(queue)[:2]
    for key, expected in (("j", first), ("j", second), ("k", first), ("k", first), ("j", second)):
        queue.keyboard.press(key)
        assert current(queue) == expected
    queue.keyboard.press("?")
    expect(queue.locator("dialog#shortcuts[open]")).to_be_visible()
    queue.keyboard.press("j")  # it is no key of the page below
    queue.keyboard.press("Escape")
    expect(queue.locator("dialog[open]")).to_have_count(0)
    # The reader is where they were.
    assert current(queue) == second
    assert queue.evaluate("document.activeElement.closest('[data-row]')?.hasAttribute('data-current')")
    queue.keyboard.press("Enter")
    queue.wait_for_url(f"**/cases/{second}/")
    queue.go_back()
    expect(queue.locator("[data-row]").first).to_be_visible()
    queue.keyboard.press("j")
    queue.keyboard.press("r")
    queue.wait_for_url(re.compile(rf"/cases/{first}/"))
    expect(queue.locator("#id_reply-body")).to_be_focused()
    queue.keyboard.type("j r e ? stay letters here")
    expect(queue.locator("#id_reply-body")).to_have_value(re.compile(r"j r e \? stay letters here"))
