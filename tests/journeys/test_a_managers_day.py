"""A manager's day in a real browser: a path from a template to its first escalation, tried on a replayed
past and published by another manager, as the house asks for; and the matrix put in order by hand, by keys,
and refused where somebody else was quicker."""

import csv
import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from playwright.sync_api import expect

from tests.journeys.conftest import Served, environment, free_port, own_database, serving
from tests.journeys.processes import ROOT, scripting

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="pages look the same on either database; they are seen on SQLite"
)

LOG = ROOT.parent / "shared" / "data" / "uci_incident_sample_400.csv"
INCIDENTS = 40
# Who works there, beside whom the log names; nobody is in the third team yet. Says the log's first case and
# its days.
WORLD = """
import io
import json
from django.core.management import call_command
from django.db.models import Max, Min
from cases.models import Case
from escalations.models import EscalationPath
from tests import factories as make
call_command("replay_incidents", {log!r}, stdout=io.StringIO())
own = {{"time_zone": "UTC", "language": "en"}}
make.person("Priya", role="manager", **own)
make.person("Marek", role="manager", **own)
make.team("Service desk", people=[make.person("Jonas", **own)])
make.team("Specialists", people=[make.person("Sofia", **own)])
make.team("Third line")
make.person("Elena", **own)
make.customer("Contoso")
path = EscalationPath.objects.filter(versions__published_at__isnull=False).first()
for place, name in enumerate(("First", "Second", "Third"), 1):
    make.rule(path, trigger="safety", name=name, position=1000 + place)
found = Case.objects.aggregate(first=Min("received_at"), last=Max("received_at"))
number = Case.objects.order_by("pk").first().number
print(json.dumps([number, *(f"{{found[name]:%Y-%m-%d}}" for name in ("first", "last"))]))
"""
# A case opened at an instant, after the engine was there: its number, and whom the new path called so far.
OPENED = """
import json
from datetime import datetime
from cases import engine
from cases.models import Customer
from escalations.models import Escalation
from tests import factories as make
now = datetime.fromisoformat("{now}")
case = make.case(Customer.objects.get(name="Contoso"), now=now, subject="{subject}")
engine.run_until_idle(now=now)
rows = Escalation.objects.filter(path__name="Key customers").order_by("pk")
called = [[e.case.number, e.version.number, e.level_number, str(e.holder_team)] for e in rows]
print(json.dumps([case.number, called]))
"""
BACK_TESTED = "from escalations.tasks import back_test; back_test()"


def slice_of_the_log(folder):
    """The first incidents of the log, whole."""
    if not LOG.exists():
        pytest.skip(f"{LOG} is not there")
    with LOG.open(newline="", encoding="utf-8") as source, (folder / "log.csv").open("w", newline="") as out:
        rows = csv.DictReader(source)
        writer = csv.DictWriter(out, rows.fieldnames)
        writer.writeheader()
        wanted = {}
        for row in rows:
            if len(wanted) < INCIDENTS or row["number"] in wanted:
                wanted[row["number"]] = True
                writer.writerow(row)
    return folder / "log.csv"


@pytest.fixture(scope="module")
def desk(tmp_path_factory, migrated, browser):
    """The desk after the replay of a slice of the log."""
    folder = tmp_path_factory.mktemp("manager")
    with own_database(folder, template=migrated) as database:
        product = {**environment(folder, database), "PORT": str(free_port()), "PATHS_NEED_TWO": "true"}
        log = slice_of_the_log(folder)
        with scripting(product) as run:
            found = json.loads(run(WORLD.format(log=str(log))))
            with serving(product, folder):
                served = Served(product, browser, run)
                served.number, served.first, served.last = found
                yield served


@contextmanager
def console(desk, who="Priya"):
    with desk.seen_by(who, viewport={"width": 1440, "height": 900}) as page:
        yield page


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_a_path_from_its_template_to_its_first_escalation(desk):
    today = datetime.now(UTC)
    # An hour before midnight already the day after: it must not have begun when it is published.
    tomorrow = (today + timedelta(days=1, hours=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    with console(desk) as page:
        # From a template, with a team that nobody is in.
        page.goto(f"{desk.url}/admin/escalations/escalationpath/templates/support/")
        page.fill("#id_name", "Key customers")
        choose(page, "role_desk", "Third line")
        choose(page, "role_specialists", "Specialists")
        choose(page, "role_engineering", "Elena")
        choose(page, "role_fallback", "Priya")
        press(page, "Make the draft")
        expect(page.locator("#id_levels-0-name")).to_have_value("Service desk")
        draft = page.url

        # The check names the level and leads to it.
        page.goto(re.sub("change/$", "publish/", draft))
        blocked = page.locator("#findings li.blocks").first
        expect(blocked).to_contain_text("Third line")
        blocked.get_by_role("link").click()
        choose(page, "levels-0-team", "Service desk")
        page.fill(
            "#id_levels-0-steps_any", "Repeat the problem in your own words\n! Tell them when you call again"
        )
        page.fill("#id_change_reason", "nobody is in the third line yet")
        page.locator("[name=_continue]").click()
        expect(page.locator("#id_levels-0-steps_any")).to_have_value(re.compile("! Tell them"))

        # On a real case, and on the past.
        page.goto(re.sub("change/$", "preview/", draft))
        page.fill("#id_number", desk.number)
        press(page, "Show what would happen")
        expect(page.locator("#preview")).to_contain_text("Service desk")
        page.goto(re.sub("change/$", "back-test/", draft))
        page.fill("#id_since", desk.first)
        page.fill("#id_until", desk.last)
        press(page, "Begin")
        desk.run(BACK_TESTED)
        page.reload()
        expect(page.locator(".backtest-headline")).to_be_visible()

        # Nothing speaks against it any more, but whoever wrote it does not publish it.
        publish(page, draft, tomorrow)
        expect(page.locator("body")).to_contain_text("another escalation manager approves and publishes it")
        # Another one does, for tomorrow; and a rule that starts it.
        with console(desk, "Marek") as other:
            publish(other, draft, tomorrow)
            expect(other.locator("body")).to_contain_text("Published: Key customers v1")
        page.goto(f"{desk.url}/admin/escalations/rule/add/")
        page.fill("#id_name", "Every new case")
        choose(page, "trigger", "Case opened")
        choose(page, "path", "Key customers")
        page.fill("#id_change_reason", "the contracts begin tomorrow")
        page.locator("[name=_save]").click()
        expect(page.locator("body")).to_contain_text("Every new case")

        # Today it calls nobody; tomorrow it does.
        _number, called = opened_at(desk, today, "Before the contracts begin")
        assert called == []
        later, called = opened_at(desk, tomorrow + timedelta(hours=10), "After they begin")
        assert called == [[later, 1, 1, "Service desk"]]
        page.goto(f"{desk.url}/cases/{later}/")
        expect(page.locator("#ladder")).to_contain_text("Level 1 of 4")
        expect(page.locator("#ladder .steps")).to_contain_text("Tell them when you call again")

        # Who did all that, and what it said before.
        page.goto(draft)
        page.locator("a[href*='/admin/changes/?about=']", has_text="History").click()
        mended = page.locator(".deed", has_text="nobody is in the third line yet")
        expect(mended).to_contain_text("Priya")
        expect(mended.locator("del").first).to_have_text("Third line")
        expect(mended.locator("ins").first).to_have_text("Service desk")
        published = page.locator(".deed", has_text="the contracts begin tomorrow").first
        expect(published).to_contain_text("console")
        expect(published).to_contain_text("Marek")


def publish(page, draft, day):
    page.goto(re.sub("change/$", "publish/", draft))
    expect(page.locator("#findings li.blocks")).to_have_count(0)
    page.fill("#id_effective_at_0", f"{day:%Y-%m-%d}")
    page.fill("#id_effective_at_1", "00:00:00")
    page.fill("#id_change_reason", "the contracts begin tomorrow")
    press(page, "Publish")


def choose(page, field, words):
    """Choose by the words of a choice, whatever the console draws over the list."""
    value = page.locator(f"#id_{field} option", has_text=re.compile(f"^{re.escape(words)}")).first
    page.locator(f"#id_{field}").select_option(value.get_attribute("value"), force=True)


def opened_at(desk, now, subject):
    """(the number of a case opened at `now`, whom the new path has called by then)."""
    return desk.ask(OPENED.format(now=now.isoformat(), subject=subject))


def test_the_matrix_is_put_in_order_by_hand_and_by_keys_and_a_stale_order_is_refused(desk):
    address = f"{desk.url}/admin/escalations/rule/matrix/"
    with console(desk) as page, console(desk, "Marek") as other:
        page.goto(address)
        other.goto(address)
        # By its handle: the third before the first.
        grip = page.locator(".matrix__row", has_text="Third").locator("[data-grip]")
        grip.scroll_into_view_if_needed()
        grip.hover()
        page.mouse.down()
        box = page.locator(".matrix__row", has_text="First").bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 4, steps=8)
        page.mouse.up()
        assert in_order(page) == ["Third", "First", "Second"]
        # By keys: back down by one.
        page.locator(".matrix__row", has_text="Third").get_by_role("link").first.focus()
        page.keyboard.press("Alt+ArrowDown")
        assert in_order(page) == ["First", "Third", "Second"]
        page.fill("#order-why", "the third is more urgent")
        page.get_by_role("button", name="Save this order").click()
        expect(page.locator("body")).to_contain_text("asked in this order from now on")
        assert in_order(page) == ["First", "Third", "Second"]
        # Whoever still sees the old order is told what changed, and nothing is written.
        other.locator(".matrix__row", has_text="Second").get_by_role("link").first.focus()
        other.keyboard.press("Alt+ArrowUp")
        other.get_by_role("button", name="Save this order").click()
        expect(other.get_by_role("alert").first).to_contain_text("the matrix changed while you were at it")
        expect(other.get_by_role("alert").first).to_contain_text("Priya")
        assert in_order(other) == ["First", "Third", "Second"]


def in_order(page):
    names = page.locator(".matrix__row .matrix__name a").all_inner_texts()
    return [name for name in names if name in ("First", "Second", "Third")]
