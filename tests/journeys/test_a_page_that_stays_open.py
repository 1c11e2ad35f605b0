"""Pages that stand open keep themselves true: a countdown that passes, a case that changes, a queue that was
empty."""

import re

import pytest
from playwright.sync_api import expect

NOTE = """
from django.utils import timezone
from cases.models import Case, Person
from cases.operations import talk
case = Case.objects.numbered("{number}").get()
talk.note(case=case, body="The invoice was found.", by=Person.objects.get(username="ana"), now=timezone.now())
print("[]")
"""
RUNNING = """
import json
from django.utils import timezone
from cases.models import Case, Person
case = Case.objects.live().filter(
    owner__username="lucia", standing__kind="clock", standing__due_at__gt=timezone.now(), is_restricted=False
).order_by("standing__due_at").first()
print(json.dumps([case.number, case.standing.due_at.timestamp()]))
"""
TAG = """
import json
from cases import history
from cases.models import Tag
from django.utils import timezone
with history.acting(by=history.INSTALLATION, reason="test", now=timezone.now(), via="test"):
    print(json.dumps(Tag.objects.create(name="Harbour").pk))
"""
TAGGED = """
from django.utils import timezone
from cases.models import Case, Person, Tag
from cases.operations.tagging import tag
ana, case = Person.objects.get(username="ana"), Case.objects.numbered("{number}").get()
tag(case=case, add=[Tag.objects.get(pk={tag})], by=ana, now=timezone.now())
print("[]")
"""
SOON = """
from datetime import timedelta
from django.utils import timezone
from cases.models import Case, Channel, Person, Promise
from cases.operations import promising
case, now = Case.objects.numbered("{number}").get(), timezone.now()
promising.promise(
    case=case, what="A call at once", due_at=now + timedelta(minutes=2), kind=Promise.Kind.UPDATE,
    channel=Channel.PHONE, revision=case.revision, by=Person.objects.get(username="lucia"), now=now,
)
print("[]")
"""
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture(scope="module")
def owed(served):
    """The number of a case of Lucia's on which something is owed, and until when, in seconds of the epoch."""
    return served.ask(RUNNING)


def test_at_the_second_a_term_passes_words_and_mark_say_that_it_is_late(served, owed):
    number, due = owed
    with served.seen_by("lucia") as page:
        page.clock.install()
        page.goto(f"{served.url}/cases/{number}/")
        strip = page.locator(".strip")
        expect(strip.locator(".strip__left")).not_to_contain_text("late")
        mark = strip.locator(".pill use")
        # From here on the clock stands; the page is behind it by as long as it took to come, up to 55 s.
        page.clock.pause_at(due - 60)
        expect(strip.locator(".strip__left")).not_to_contain_text("late")
        page.clock.run_for(115_000)
        expect(strip.locator(".strip__left")).to_have_text(re.compile(r"late by 0 min \d\d s"))
        expect(strip.locator(".pill")).to_contain_text(re.compile("At risk, due|Breached"))
        expect(mark).to_have_attribute("href", re.compile("triangle|octagon"))
        expect(page.locator("#clocks .clock__left").first).to_contain_text("late 0:")


def test_a_case_page_shows_what_was_done_meanwhile_and_leaves_alone_what_is_typed(served, owed):
    number, _due = owed
    with served.seen_by("lucia") as page:
        page.goto(f"{served.url}/cases/{number}/")
        expect(page.locator("[data-presence][data-last]")).to_have_count(1)
        page.locator("#id_reply-body").fill("Dear Aoife, we look into it.")
        page.evaluate("window.stayed = true")
        top = page.evaluate("document.activeElement.getBoundingClientRect().top")
        served.ask(NOTE.format(number=number))
        page.evaluate(LOOK)
        expect(page.locator(".timeline")).to_contain_text("The invoice was found.")
        expect(page.locator("[data-fresh-says]")).to_have_text("The page shows what has changed.")
        stayed, at, typed = page.evaluate(
            "[window.stayed, document.activeElement.id, document.activeElement.value]"
        )
        assert stayed and at == "id_reply-body" and typed.startswith("Dear Aoife, we look into it.")
        assert abs(page.evaluate("document.activeElement.getBoundingClientRect().top") - top) <= 1
        # A text speaks of the case as its writer saw it; the empty note of the case as it is.
        revisions = page.evaluate(
            "['reply', 'note'].map((name) => +document.querySelector(`#form-${name} [name$=revision]`).value)"
        )
        assert revisions[0] < revisions[1]


def test_a_queue_moves_no_row_under_the_hand_and_says_in_place_what_has_changed(served):
    """Whatever is owed first by now: the row that is pointed at, or has the focus, stays where it is."""
    with served.seen_by("lucia") as page:
        page.goto(f"{served.url}/cases/")
        rows, numbers = page.locator("[data-row]"), page.locator("[data-row] .queue__number")
        before, row = numbers.all_text_contents(), rows.nth(2)
        row.hover()
        row.locator(".queue__open").focus()
        at = row.bounding_box()
        served.ask(SOON.format(number=before[-1]))
        page.evaluate(LOOK)
        expect(rows.last.locator(".c-what")).to_contain_text("A call at once")
        assert numbers.all_text_contents() == before
        assert row.bounding_box() == at
        expect(row.locator(".queue__open")).to_be_focused()
        # Whoever asks for the queue anew gets it in its order.
        page.reload()
        expect(numbers.last).not_to_have_text(before[-1])


def test_a_queue_that_was_empty_shows_what_comes_and_is_a_whole_queue_then(served, owed):
    tag = served.ask(TAG)
    with served.seen_by("lucia") as page:
        page.goto(f"{served.url}/cases/?view=all&tag={tag}")
        expect(page.locator("table.queue")).to_have_count(0)
        page.evaluate("window.stayed = true")
        served.ask(TAGGED.format(number=owed[0], tag=tag))
        page.evaluate(LOOK)
        expect(page.locator("table.queue .queue__number")).to_have_text(owed[0])
        page.locator("table.queue [name=case]").check()
        expect(page.locator("[data-count]")).to_have_text("1 chosen")
        assert page.evaluate("window.stayed")
