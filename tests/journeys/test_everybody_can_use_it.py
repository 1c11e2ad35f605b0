"""Every page and sheet for everybody: what axe-core finds in real Chromium, in light, in dark and at phone
width, by WCAG 2.2 AA; that nothing is cut off, down to the width of 400 per cent; what a visit weighs."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from tests.journeys.looks import COLOURS, DARK, LIGHT, NARROW, OF_THE_STYLES, RUN, cut_off, only, wrong_in

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "sqlite",
        reason="pages look the same on either database; they are seen on SQLite",
    ),
]

# What a link of the workspace does with a sheet: over the page it stands on.
OPEN = """address => {
    const link = Object.assign(document.createElement("a"), {href: address, hidden: true});
    link.dataset.dialog = "";
    document.body.append(link);
    link.click();
    link.remove();
}"""
# Who looks. They read Russian and Spanish, whose words are the longest.
AGENT, MANAGER = "irina", "marta"
# What an agent may not open, and is looked at as a manager.
MANAGERS = {"watchdog", "decisions", "dashboard"}
# What is asked for and shows no page of its own, and why.
NO_PAGE = {
    "home": "leads to the first page",
    "logout": "the way out",
    "notices-read": "sent to, never asked",
    "notices-bell": "a part of every page",
    "me-notices": "leads to one's own page, where its form is",
    "me-theme": "sent to, never asked",
    "watchdog-timers": "leads to the watchdog, where its form is",
    "watchdog-notices": "leads to the watchdog, where its form is",
    "case-list-live": "rows for the queue",
    "case-list-people": "names for the queue's filters",
    "case-new-ahead": "a part of the new case's page",
    "customer-new": "leads to the choice of a customer, where its form is",
    "case-reply": "leads to the case, where its form is",
    "case-note": "leads to the case, where its form is",
    "case-call": "leads to the case, where its form is",
    "case-promise": "leads to the case, where its form is",
    "case-reply-fill": "leads to the case, where its form is",
    "case-reply-preview": "leads to the case, where its form is",
    "case-draft": "leads to the case; what is typed is sent to it",
    "case-file": "a file",
    "case-colleagues": "names for the composer",
    "case-understood": "a sentence beside a field",
    "understood": "a sentence beside a field",
    "configuration-history": "of the console, and looked at with it",
    "dashboard-csv": "a file",
    "health-live": "for programs",
    "health-ready": "for programs",
    "metrics": "for programs",
    "away-end": "leads to one's absences, where its form is",
    "notice-open": "sent to, never asked",
}
# What an address is asked with to show its page, and its page in another state: {name: [query, …]}.
ASKED_WITH = {
    "case-list": ["", "?view=all&q=invoice", "?view=all&q=zzz"],
    "case-new": ["", "?who=a", "?customer={customer}"],
    "call-new": ["", "?customer={customer}"],
    "cases-together": [f"?do={what}&case={{box}}&back=view%3Dall" for what in ("assign", "close")],
    "case-print": ["?internal=1&history=1"],
}
# Which case an address is about, where it is not the one with most on it.
ABOUT = {"case-open": "not to be read", "case-profile": "kept"}
# What is then sent from a page, by the first form of it that is found: the page that comes back refuses it,
# or shows what others did meanwhile beside what was typed.
SENT = {
    "case-assign": ("form.sheet", {}),
    "case-open": ("form.sheet", {}),
    "case-new ?customer={customer}": ("form.intake", {}),
    "call-new ?customer={customer}": ("main form[method=post]", {}),
    "case": ("#form-note", {}),
    "case-priority": ("form.sheet", {"revision": "0", "reason": "They called again"}),
}
SEND = """([selector, typed]) => {
    const form = document.querySelector(selector);
    for (const [name, value] of Object.entries(typed)) form.elements[name].value = value;
    form.noValidate = true;
    form.submit();
}"""
# Examples of each thing that an address may name beside its case: {what: [{number of its case, id}, …]}.
WHERE = """
import json
from django.utils import timezone
from cases import history, surveys
from cases.models import Absence, Ask, Case, CaseLink, Decision, DoneTogether, Party, Person, Promise
from cases.models import SavedView, Survey
from escalations.models import AskBack, Escalation, Handoff, Option
from reports.models import Happened
agent, manager = (Person.objects.get(username=name) for name in ("irina", "marta"))
mine = Case.objects.reachable(agent, "case.work").filter(status="open")
asks, running = Ask.objects.with_state(), Escalation.objects.running()
waiting = Handoff.objects.filter(state="waiting", escalation__in=running)
decision, question = Decision.objects.filter(state="waiting"), AskBack.objects.filter(answered_at=None)
theirs = Case.objects.reachable(manager, "case.restrict")
owed, named = Promise.objects.owed().filter(case__in=mine), Party.objects.filter(case__in=theirs)
link = CaseLink.objects.active().exclude(kind="merged").filter(source__in=theirs, target__in=theirs)
tagged, refused = Case.objects.filter(status="open").order_by("pk")[:2]
together = DoneTogether.objects.create(
    person=manager, key="an example", what="tag", done_at=timezone.now(), outcomes=[
        {"case": tagged.pk, "is_done": True, "why": "", "changed": {"tags": [[], []]}, "revision": 1},
        {"case": refused.pk, "is_done": False, "why": "Refused.", "changed": {}, "revision": 1},
    ]
)
with history.acting(by=history.INSTALLATION, reason="an example", now=timezone.now()):
    survey = Survey.objects.create(
        case=tagged, customer=tagged.customer, contact=tagged.customer.contacts.first(),
        asked_at=timezone.now(), expires_at=timezone.now() + timezone.timedelta(days=1),
    )

SavedView.objects.create(person=agent, name="Everything", query="view=all")
found = mine.order_by("-escalations", "pk").first()
others = Case.objects.findable(agent).exclude(pk__in=Case.objects.reachable(agent, "case.read"))

def one(row, case=None):
    return [{"id": row.pk, "number": case and case.number}]

def each(*values):
    return [{"id": value, "number": None} for value in values]

print(json.dumps({
    "number": found.number,
    "customer": found.customer_id,
    "box": f"{found.number}:{found.revision}",
    "not to be read": others.order_by("pk").first().number,
    "kept": mine.filter(owner=agent, standing__holder=None, standing__holder_team=None).first().number,
    "ask": one(asks.filter(state="open").first(), asks.filter(state="open").first().case),
    "decided ask": one(asks.filter(state="granted").first(), asks.filter(state="granted").first().case),
    "decision": one(decision.first(), decision.first().ask.case),
    "promise": one(owed.first(), owed.first().case),
    "party": one(named.first(), named.first().case),
    "link": one(link.first(), link.first().source),
    "handoff": one(waiting.first(), waiting.first().escalation.case),
    "escalation": one(running.first(), running.first().case),
    "question": one(question.first(), question.first().handoff.escalation.case),
    "option": one(Option.objects.filter(is_active=True).first(), running.first().case),
    "absence": one(Absence.objects.filter(starts_at__gt=timezone.now()).first()),
    "done": one(together),
    "token": each(surveys.link(survey.pk).split("/")[-2]),
    "what presses": each("late", "load"),
    "what happened": each(Happened.values[0]),
}))
"""
# Which examples an address means, where the name it has for them is not enough.
MEANT = {
    "ask-take-back": "decided ask",
    "dashboard-now": "what presses",
    "dashboard-happened": "what happened",
}


def addresses(named):
    """{name: pattern} of what can be asked for in the workspace, where `named` says so of the set of what the
    address names beside a case's number."""
    found = {}

    def walk(patterns, prefix=""):
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                if entry.app_name != "admin" and not route.startswith(("api/", "i18n/")):
                    walk(entry.url_patterns, route)
            elif isinstance(entry, URLPattern) and named(set(re.findall(r"<\w+:(\w+)>", route)) - {"number"}):
                view = getattr(entry.callback, "view_class", None)
                if entry.name and (view is None or hasattr(view, "get")):
                    found[entry.name] = route

    walk(get_resolver().url_patterns)
    return found


def filled(route, **values):
    return re.sub(r"<\w+:(\w+)>", lambda name: str(values[name[1]]), route)


@pytest.fixture(scope="module")
def where(served):
    return served.ask(WHERE)


@pytest.fixture(scope="module")
def pages(served, where):
    """{name, with what it is asked with: address} of every page that needs no more than a case."""
    found = {}
    for name, route in addresses(lambda others: not others).items():
        if name not in NO_PAGE:
            address = f"{served.url}/{filled(route, number=where[ABOUT.get(name, 'number')])}"
            for query in ASKED_WITH.get(name, [""]):
                found[f"{name} {query}".strip()] = address + query.format(**where)
    return found


@pytest.fixture(scope="module")
def details(served, where):
    """({name: address} of the sheets, of the pages) about one thing, such as a handoff."""
    sheets, pages = {}, {}
    for name, route in addresses(bool).items():
        [other] = set(re.findall(r"<\w+:(\w+)>", route)) - {"number"}
        for place, example in enumerate(where.get(MEANT.get(name, other), []) if name not in NO_PAGE else []):
            values = {"number": example["number"], other: example["id"]}
            # What belongs to no case is a page; what is done about one thing of a case, a sheet over it.
            found = sheets if example["number"] else pages
            found[f"{name} {place}" if place else name] = f"{served.url}/{filled(route, **values)}"
    return sheets, pages


def test_nothing_is_wrong_on_any_page_nor_cut_off(served, pages, details):
    """Nor on what comes back when a form is refused."""
    found = {}
    of_managers = {name: address for name, address in pages.items() if name in MANAGERS} | details[1]
    of_agents = {name: address for name, address in pages.items() if name not in MANAGERS}
    for who, theirs in ((AGENT, of_agents), (MANAGER, of_managers)):
        with served.seen_by(who, reduced_motion="reduce") as page:
            for name, address in theirs.items():
                if (status := page.goto(address).status) != 200 or not page.locator("main").count():
                    found[name] = f"shows no page, but {status}"
                    continue
                found |= {(name, where): wrong for where, wrong in _wrong(page)}
                if name in SENT:
                    with page.expect_navigation() as sent:
                        page.evaluate(SEND, SENT[name])
                    assert sent.value.status == 422, name
                    found |= {(name, "refused", where): wrong for where, wrong in _wrong(page)}
    assert set(SENT) <= set(pages)
    assert found == {}


def test_nothing_is_wrong_on_any_sheet_nor_cut_off(served, pages, details):
    """Each in a dialog over one page, as a link opens it."""
    found, sheets = {}, details[0]
    with served.seen_by(MANAGER, reduced_motion="reduce") as page:
        page.goto(pages["saved-views"])
        page.evaluate(AXE_SCRIPT)
        for name, address in sheets.items():
            page.evaluate(OPEN, address)
            dialog = page.locator("dialog[open]")
            dialog.wait_for()
            found |= {(name, look): wrong for look, wrong in wrong_in(page, "dialog[open]")}
            found |= {(name, width): wrong for width, wrong in cut_off(page)}
            dialog.evaluate("dialog => dialog.remove()")
    assert found == {}


def _wrong(page):
    page.evaluate(AXE_SCRIPT)
    yield from wrong_in(page)
    yield from cut_off(page)


def test_every_address_is_looked_at_or_shows_no_page(served, where, details):
    """A new address needs an example of what it names, in WHERE; or a reason, if it shows no page."""
    looked_at = {name.partition(" ")[0] for found in details for name in found}
    assert set(addresses(bool)) - set(NO_PAGE) == looked_at
    without = addresses(lambda others: not others)
    assert set(NO_PAGE) - set(addresses(bool)) <= set(without)
    shows = set()
    with served.seen_by(MANAGER) as page:
        for name in set(NO_PAGE) & set(without) - {"logout", "configuration-history"}:
            address = f"{served.url}/{filled(without[name], number=where['number'])}"
            answer = page.request.get(address, max_redirects=0)
            if answer.status == 200 and "<main" in answer.text():
                shows.add(name)
    assert shows == set()


def test_no_page_is_locked_to_an_orientation_nor_plays_a_sound(served, pages):
    with served.seen_by(AGENT) as page:
        # All pages have the styles of the first, paper has those of its own.
        for name in ("case", "case-print ?internal=1&history=1"):
            page.goto(pages[name])
            page.evaluate(AXE_SCRIPT)
            assert page.evaluate(RUN, ["html", only(OF_THE_STYLES)]) == []


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_what_a_phone_alone_shows_has_colours_that_can_be_read(served, pages, scheme):
    with served.seen_by(AGENT, viewport=NARROW, reduced_motion="reduce", **scheme) as page:
        page.goto(pages["case"])
        page.evaluate(AXE_SCRIPT)
        assert page.evaluate(RUN, ["html", only(COLOURS)]) == []


def test_axe_finds_nothing_at_the_door(served):
    context = served.browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{served.url}/login/")
    page.evaluate(AXE_SCRIPT)
    assert [*wrong_in(page), *cut_off(page)] == []
    context.close()


def test_what_is_wrong_is_found_in_each_look(served, pages):
    """Neither the looks nor the run over a dialog are blind."""
    wrong = """where => document.querySelector(where).insertAdjacentHTML("beforeend",
        '<a class="wrong" href="/"></a><p class="wrong">Pale</p>')"""
    styles = """() => { const sheet = new CSSStyleSheet();
        sheet.replaceSync(".wrong { color: #777 !important; background: #888 !important }");
        document.adoptedStyleSheets = [sheet] }"""
    expected = {
        "light": {"link-name", "color-contrast"},
        "dark": {"color-contrast"},
        "phone": {"link-name"},
    }
    with served.seen_by(AGENT, reduced_motion="reduce") as page:
        page.goto(pages["case-assign"])
        page.evaluate(AXE_SCRIPT)
        page.evaluate(styles)
        page.evaluate(wrong, "main")
        found = {look: {said.partition(":")[0] for said in every} for look, every in wrong_in(page)}
        assert found == expected
        page.goto(pages["saved-views"])
        page.evaluate(AXE_SCRIPT)
        page.evaluate(styles)
        page.evaluate(OPEN, pages["case-assign"])
        page.locator("dialog[open]").wait_for()
        page.evaluate(wrong, "dialog[open] form")
        found = {
            look: {said.partition(":")[0] for said in every} for look, every in wrong_in(page, "dialog[open]")
        }
        assert found == expected


def test_what_is_cut_off_is_found(served, pages):
    """Each way in which it may be; and what ends in dots, and is whole elsewhere, is not."""
    wrong = """() => {
        document.querySelector("main").insertAdjacentHTML("beforeend", `
            <h2 class="narrow">Cut without dots</h2><h2 class="narrow dots">Dots alone</h2>
            <h2 class="narrow dots" title="Dots, and a title">Dots, and a title</h2>
            <p class="narrow dots">Words that are no heading</p>
            <a class="narrow dots" href="/">Dots on a link</a>
            <a class="narrow dots" href="mailto:a@example.com">a.very.long.one@example.com</a>
            <div class="strip-of-ours"><p class="wide">One thing</p></div><button class="out">Out</button>`);
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(`.narrow { display: block; width: 30px; overflow: hidden; white-space: nowrap }
            .dots { text-overflow: ellipsis } .strip-of-ours { overflow-x: auto } .wide { width: 700px }
            .out { position: absolute; left: 310px; width: 200px }`);
        document.adoptedStyleSheets = [sheet] }"""
    with served.seen_by(AGENT) as page:
        page.goto(pages["saved-views"])
        page.evaluate(wrong)
        found = {
            width: {re.split(":(?! “)|,| in <", said)[0] for said in every} for width, every in cut_off(page)
        }
    cut = {
        f"cut off: “{words}”" for words in ("Cut without dots", "Dots alone", "a.very.long.one@example.com")
    }
    narrow = cut | {"the page scrolls sideways", "scrolls sideways", "beyond the edge"}
    assert found == {390: narrow, 320: narrow, 1280: cut}


@pytest.mark.parametrize("name", ["case-list", "case"])
def test_a_first_visit_weighs_little_and_asks_nobody_else(served, pages, name):
    """Without fonts, in bytes as they leave the server, which compresses by itself."""
    asked = []
    with served.seen_by(AGENT) as page:
        page.on("requestfinished", lambda request: asked.append(request))
        page.goto(pages[name])
        page.wait_for_load_state("networkidle")
        # Weighed when all is there: while it arrives, only what is weighed by then would count.
        words = [request for request in asked if not request.url.endswith(".woff2")]
        weights = [
            (request.sizes()["responseBodySize"], request.response().header_value("content-encoding"))
            for request in words
        ]
    assert {urlsplit(request.url).netloc for request in asked} == {urlsplit(served.url).netloc}
    assert 20_000 < sum(weight for weight, _encoding in weights) < 100_000
    # What is too small to be worth it comes as it is.
    assert all(encoding == "gzip" or weight < 200 for weight, encoding in weights)
