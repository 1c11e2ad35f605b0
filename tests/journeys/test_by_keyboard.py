"""The queue and a case by keyboard alone, where whoever looks sees at every step where they are."""

import re

import pytest
from playwright.sync_api import expect

# A case of Lucia's on which no escalation runs, with all that a sheet or a menu may be opened for.
QUIET = """
import json
from cases.models import Case
from escalations.models import Escalation
mine = Case.objects.live().filter(owner__username="lucia", is_restricted=False, status="open")
busy = Escalation.objects.running().values("case")
print(json.dumps(mine.exclude(pk__in=busy).order_by("pk").last().number))
"""
# What of the element that has the focus lies in the window, and whether something else lies over it.
FOCUSED = """() => {
    const node = document.activeElement;
    if (!node || node === document.body) return null;
    // A box or a field that is seen by its label, or by the ground around it, has its ring there.
    const seen = [node, ...(node.labels ?? []), node.closest("label, .composer")].filter(Boolean);
    const box = (node.matches(".unseen") ? node.labels[0] : node).getBoundingClientRect();
    const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
    const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
    const points = [0.1, 0.5, 0.9].flatMap(x => [0.1, 0.5, 0.9].map(
        y => document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y)));
    const open = points.filter(at => at && seen.some(one => one.contains(at) || at.contains(one)));
    return {
        what: node.outerHTML.slice(0, 120),
        shown: right - left >= 1 && bottom - top >= 1 && open.length > points.length / 2,
        ringed: seen.some(one => getComputedStyle(one).outlineStyle !== "none"),
    };
}"""


@pytest.fixture
def queue(served):
    with served.seen_by("lucia", viewport={"width": 1280, "height": 720}) as page:
        page.goto(f"{served.url}/cases/")
        expect(page.locator("[data-row]").nth(2)).to_be_visible()
        yield page


@pytest.fixture(scope="module")
def number(served):
    return served.ask(QUIET)


def numbers(page):
    return page.locator("[data-row] .queue__number").all_text_contents()


def current(page):
    return page.locator("[data-current] .queue__number").text_content()


def tab_to(page, target):
    """Press Tab until what is meant has the focus, as whoever has no mouse must be able to."""
    for _stop in range(120):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not lead to {target}")


def type_into(page, field, text):
    tab_to(page, field)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)


def test_the_queue_is_walked_and_a_case_opened_answered_and_escalated_without_a_mouse(served, queue, number):
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
    expect(queue.locator("[data-row][data-current] :focus")).to_have_count(1)
    queue.keyboard.press("Enter")
    queue.wait_for_url(f"**/cases/{second}/")
    queue.go_back()
    expect(queue.locator("[data-row]").first).to_be_visible()
    queue.keyboard.press("j")
    queue.keyboard.press("r")
    queue.wait_for_url(re.compile(rf"/cases/{first}/"))
    reply = queue.locator("#id_reply-body")
    expect(reply).to_be_focused()
    queue.keyboard.type("j r e ? stay letters here")
    expect(reply).to_have_value(re.compile(r"j r e \? stay letters here"))
    queue.keyboard.press("Control+Enter")
    expect(queue.locator(".timeline")).to_contain_text("j r e ? stay letters here")
    tab_to(queue, queue.get_by_role("link", name="Back to the queue"))
    queue.keyboard.press("Enter")
    queue.wait_for_url("**/cases/")
    queue.keyboard.press("/")
    queue.keyboard.insert_text(number)
    queue.keyboard.press("Enter")
    queue.wait_for_url(f"**/cases/{number}/")
    queue.keyboard.press("e")
    sheet = queue.get_by_role("dialog", name=f"Escalate {number}")
    tab_to(queue, sheet.locator("#step-own"))
    queue.keyboard.press("ArrowRight")
    tab_to(queue, sheet.locator("#id_catalogue_reason"))
    queue.keyboard.type("Nobody here")
    for name in ("reason", "background", "tried", "next_steps"):
        type_into(queue, sheet.locator(f"#id_{name}"), "Nobody moves it on.")
    queue.keyboard.press("Control+Enter")
    expect(queue.locator(".toasts")).to_contain_text("has it, and is told.")
    expect(queue.get_by_role("region", name="Escalation")).to_contain_text("has it now")


def test_what_opens_on_a_case_takes_the_focus_and_gives_it_back(served, number):
    with served.seen_by("lucia", viewport={"width": 1280, "height": 720}) as page:
        page.goto(f"{served.url}/cases/{number}/")
        keys = page.keyboard
        keys.press("Tab")
        expect(page.locator("a.skip").first).to_be_in_viewport(ratio=1)
        keys.press("Tab")
        keys.press("Tab")
        expect(page.get_by_role("link", name="Skip to writing")).to_be_focused()
        keys.press("Enter")
        keys.press("Tab")
        assert page.evaluate("document.activeElement.closest('#composer') !== null")
        dialog, held = page.locator("dialog[open]"), page.locator(":focus")
        for opener in (
            page.get_by_role("banner").get_by_role("link", name="Assign"),
            page.get_by_role("region", name="Clocks").get_by_role("link", name="Pause"),
        ):
            opener.focus()
            keys.press("Enter")
            expect(dialog.locator(":focus")).to_have_count(1)
            # What is below cannot be reached meanwhile.
            keys.press("Shift+Tab")
            keys.press("Shift+Tab")
            assert held.count() == 0 or dialog.locator(":focus").count() == 1
            keys.press("Escape")
            expect(dialog).to_have_count(0)
            expect(opener).to_be_focused()
        more = page.get_by_label("More actions").first
        more.focus()
        keys.press("Enter")
        keys.press("Tab")
        expect(page.locator("details[open] .menu__item").first).to_be_focused()
        keys.press("Escape")
        expect(more).to_be_focused()
        keys.press("n")
        expect(page.locator("#id_note-body")).to_be_focused()
        keys.insert_text("They called again.")
        keys.press("Control+Enter")
        expect(page.locator(".timeline")).to_contain_text("They called again.")
        keys.press("p")
        expect(page.locator("#id_promise-what")).to_be_focused()


@pytest.mark.parametrize(
    ("address", "width", "height"),
    [("", 1280, 600), ("{number}/", 1280, 600), ("{number}/", 1000, 760), ("{number}/", 320, 640)],
)
def test_whoever_walks_by_tab_sees_where_they_are(served, number, address, width, height):
    """WCAG 2.4.7 and 2.4.11: there is a ring, and no bar that stays lies over it. There and back."""
    view = {"width": width, "height": height}
    with served.seen_by("lucia", viewport=view, reduced_motion="reduce") as page:
        page.goto(f"{served.url}/cases/{address.format(number=number)}")
        stops, hidden = 0, []
        for key in ("Tab", "Shift+Tab"):
            page.keyboard.press(key)
            while (at := page.evaluate(FOCUSED)) and stops < 300:
                stops += 1
                if not (at["shown"] and at["ringed"]):
                    hidden.append((key, at))
                page.keyboard.press(key)
        assert stops > 40
        assert hidden == []
