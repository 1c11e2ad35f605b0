"""Days and times are chosen in the console by keyboard alone, in the page's language, and named for whoever
hears the page."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.db import connection

from tests.journeys.looks import DARK, LIGHT, NARROW, RUN, WIDE, only

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="pages look the same on either database; they are seen on SQLite"
)
HERE = "document.activeElement.getAttribute('aria-label')"
CHOSEN = "getComputedStyle(document.querySelector('.calendar .selected a')).backgroundColor"
TODAY = "getComputedStyle(document.querySelector('.calendar .today:not(.selected) a')).backgroundColor"


@pytest.mark.parametrize(
    "who, typed, day, before, written",
    [
        ("nora", "2030-03-31", "Sunday, 31 March 2030", "Thursday, 28 February 2030", "2030-03-01"),
        (
            "marta",
            "31/03/2030",
            "domingo, 31 de marzo de 2030",
            "jueves, 28 de febrero de 2030",
            "01/03/2030",
        ),
    ],
)
def test_a_day_is_chosen_by_keyboard(served, who, typed, day, before, written):
    with served.seen_by(who, viewport=WIDE, reduced_motion="reduce") as page:
        page.goto(f"{served.url}/admin/cases/absence/add/")
        page.fill("#id_starts_at_0", typed)
        page.focus("#calendarlink0")
        page.keyboard.press("Enter")
        box = page.get_by_role("dialog")
        assert page.evaluate(HERE) == day
        page.keyboard.press("PageUp")
        assert page.evaluate(HERE) == before, "the last of a shorter month"
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert page.input_value("#id_starts_at_0") == written
        page.focus("#calendarlink0")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        assert (box.count(), page.evaluate("document.activeElement.id")) == (0, "calendarlink0")
        assert page.input_value("#id_starts_at_0") == written


def test_an_hour_is_one_of_24_and_the_pickers_can_be_read_in_either_theme(served):
    with served.seen_by("nora", viewport=WIDE, reduced_motion="reduce") as page:
        page.goto(f"{served.url}/admin/cases/absence/add/")
        page.focus("#clocklink0")
        page.keyboard.press("Enter")
        assert page.get_by_role("dialog").get_attribute("aria-label") == "Choose a Time: From, Time"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        assert page.input_value("#id_starts_at_1") == "20:00"
        page.evaluate("DateTimeShortcuts.handleCalendarQuickLink(0, 0)")
        page.evaluate(AXE_SCRIPT)
        for link in ("#calendarlink0", "#clocklink0"):
            page.focus(link)
            page.keyboard.press("Enter")
            for size, scheme, is_dark in ((WIDE, LIGHT, False), (NARROW, DARK, True)):
                page.set_viewport_size(size)
                page.emulate_media(**scheme)
                page.evaluate(f"document.documentElement.classList.toggle('dark', {str(is_dark).lower()})")
                assert (
                    page.evaluate(RUN, [".calendarbox, .clockbox", only(["color-contrast", "link-name"])])
                    == []
                )
            page.evaluate("document.documentElement.classList.remove('dark')")
            page.set_viewport_size(WIDE)
            page.keyboard.press("Escape")


def test_the_chosen_day_is_filled_and_today_is_not(served):
    with served.seen_by("nora", viewport=WIDE, reduced_motion="reduce") as page:
        page.goto(f"{served.url}/admin/cases/absence/add/")
        today = page.evaluate("DateTimeShortcuts.now().toLocaleDateString('sv')")
        other = today[:8] + ("15" if not today.endswith("15") else "16")
        page.fill("#id_starts_at_0", other)
        page.click("#calendarlink0")
        assert page.evaluate(CHOSEN) != page.evaluate(TODAY) == "rgba(0, 0, 0, 0)"
