"""Every page and sheet for everybody: what axe-core finds in real Chromium, in light, in dark and at phone
width, by WCAG 2.2 AA; and what a first visit weighs."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "sqlite",
        reason="pages look the same on either database; they are seen on SQLite",
    ),
]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# For these axe fetches all style sheets and all sound again on every page, which takes longer than all other
# rules together. The style sheets are the same everywhere, and there is no sound.
OF_THE_STYLES = ["css-orientation-lock", "no-autoplay-audio"]
COLOURS = ["color-contrast"]


def only(rules):
    return {"runOnly": {"type": "rule", "values": rules}}


def all_but(rules):
    switched_off = {rule: {"enabled": False} for rule in rules}
    return {"runOnly": {"type": "tag", "values": TAGS}, "rules": switched_off, "preload": False}


LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
WIDE, NARROW = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
# A page is loaded once and looked at three times: dark changes colours alone, a narrow page all else.
LOOKS = {
    "light": (LIGHT, WIDE, all_but(OF_THE_STYLES)),
    "dark": (DARK, WIDE, only(COLOURS)),
    "phone": (LIGHT, NARROW, all_but([*COLOURS, *OF_THE_STYLES])),
}
# What axe says, and nothing of what it passed: that is long, and would be carried here for nothing.
RUN = """([context, options]) => axe.run(context, {...options, resultTypes: ["violations"]}).then(found =>
    found.violations.flatMap(rule => rule.nodes.slice(0, 3).map(
        node => `${rule.id}: ${rule.help} — ${node.html.slice(0, 160)}`)))"""
# What a link of the workspace does with a sheet: over the page it stands on.
OPEN = """address => {
    const link = Object.assign(document.createElement("a"), {href: address, hidden: true});
    link.dataset.dialog = "";
    document.body.append(link);
    link.click();
    link.remove();
}"""
# A page is looked at as the first of them that may open it. A manager reaches every case.
READERS = ("agent", "manager")
# What is no page: parts of pages, answers to forms, doors out, files.
NO_PAGE = {"logout", "case-draft", "case-file", "case-understood", "understood"}
# Examples of each thing that an address may name beside its case: {what: [{number of its case, id}, …]}.
WHERE = """
import json
from django.utils import timezone
from cases import history, surveys
from cases.models import Absence, Ask, Case, CaseLink, Decision, DoneTogether, Party, Person, Promise, Survey
from escalations.models import AskBack, Escalation, Handoff, Option
from reports.models import Happened
agent, manager = (
    Person.objects.working().filter(role=role).order_by("pk").first() for role in ("agent", "manager")
)
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

def one(row, case=None):
    return [{"id": row.pk, "number": case and case.number}]

def each(*values):
    return [{"id": value, "number": None} for value in values]

print(json.dumps({
    "number": mine.order_by("-escalations", "pk").first().number,
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
    return {name: route for name, route in found.items() if name not in NO_PAGE and "health" not in name}


def filled(route, **values):
    return re.sub(r"<\w+:(\w+)>", lambda name: str(values[name[1]]), route)


@pytest.fixture(scope="module")
def where(served):
    return served.ask(WHERE)


@pytest.fixture(scope="module")
def pages(served, where):
    """{role: {name: address}} of what answers with a whole page of its own."""
    found, seen = {}, set()
    for role in READERS:
        with served.seen_by(role) as page:
            for name, route in addresses(lambda others: not others).items():
                if name in seen:
                    continue
                address = f"{served.url}/{filled(route, number=where['number'])}"
                answer = page.request.get(address, max_redirects=0)
                if answer.status not in (403, 404):
                    seen.add(name)
                if answer.status == 200 and "<main" in answer.text():
                    found.setdefault(role, {})[name] = address
    return found


@pytest.fixture(scope="module")
def details(served, where):
    """({name: address} of the sheets, of the pages) about one thing, such as a handoff."""
    sheets, pages = {}, {}
    with served.seen_by("manager") as page:
        for name, route in addresses(bool).items():
            [other] = set(re.findall(r"<\w+:(\w+)>", route)) - {"number"}
            for place, example in enumerate(where.get(MEANT.get(name, other), [])):
                values = {"number": example["number"], other: example["id"]}
                address = f"{served.url}/{filled(route, **values)}"
                answer = page.request.get(address, max_redirects=0)
                if answer.status == 200:
                    found = sheets if "data-sheet" in answer.text() else pages
                    found[f"{name} {place}" if place else name] = address
    return sheets, pages


def test_axe_finds_nothing_on_any_page(served, pages, details):
    found = {}
    for role in pages:
        with served.seen_by(role, reduced_motion="reduce") as page:
            theirs = pages[role] | (details[1] if role == "manager" else {})
            for name, address in theirs.items():
                page.goto(address)
                page.evaluate(AXE_SCRIPT)
                found |= {(name, look): wrong for look, wrong in _looks(page)}
    assert sum(map(len, pages.values())) > 20
    assert found == {}


def test_axe_finds_nothing_on_any_sheet(served, pages, details):
    """Each in a dialog over one page, as a link opens it."""
    found, sheets = {}, details[0]
    with served.seen_by("manager", reduced_motion="reduce") as page:
        page.goto(pages["agent"]["saved-views"])
        page.evaluate(AXE_SCRIPT)
        for name, address in sheets.items():
            page.evaluate(OPEN, address)
            dialog = page.locator("dialog[open]")
            dialog.wait_for()
            found |= {(name, look): wrong for look, wrong in _looks(page, "dialog[open]")}
            dialog.evaluate("dialog => dialog.remove()")
    assert found == {}


def test_every_sheet_about_one_thing_is_looked_at(details):
    """A new address needs an example of what it names, in WHERE."""
    looked_at = {name.partition(" ")[0] for found in details for name in found}
    leads_away = {"notice-open", "away-end"}
    assert set(addresses(bool)) - leads_away == looked_at


def _looks(page, context="html"):
    """(look, what is wrong in it) of what the page shows now, for each look in which something is."""
    for look, (scheme, size, options) in LOOKS.items():
        page.emulate_media(**scheme)
        page.set_viewport_size(size)
        if wrong := page.evaluate(RUN, [context, options]):
            yield look, wrong


def test_no_page_is_locked_to_an_orientation_nor_plays_a_sound(served, pages):
    with served.seen_by("agent") as page:
        # All pages have the styles of the first, paper has those of its own.
        for name in ("case", "case-print"):
            page.goto(pages["agent"][name])
            page.evaluate(AXE_SCRIPT)
            assert page.evaluate(RUN, ["html", only(OF_THE_STYLES)]) == []


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_what_a_phone_alone_shows_has_colours_that_can_be_read(served, pages, scheme):
    with served.seen_by("agent", viewport=NARROW, reduced_motion="reduce", **scheme) as page:
        page.goto(pages["agent"]["case"])
        page.evaluate(AXE_SCRIPT)
        assert page.evaluate(RUN, ["html", only(COLOURS)]) == []


def test_axe_finds_nothing_at_the_door(served):
    context = served.browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{served.url}/login/")
    page.evaluate(AXE_SCRIPT)
    assert list(_looks(page)) == []
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
    with served.seen_by("agent", reduced_motion="reduce") as page:
        page.goto(pages["agent"]["case-assign"])
        page.evaluate(AXE_SCRIPT)
        page.evaluate(styles)
        page.evaluate(wrong, "main")
        found = {look: {said.partition(":")[0] for said in every} for look, every in _looks(page)}
        assert found == expected
        page.goto(pages["agent"]["saved-views"])
        page.evaluate(AXE_SCRIPT)
        page.evaluate(styles)
        page.evaluate(OPEN, pages["agent"]["case-assign"])
        page.locator("dialog[open]").wait_for()
        page.evaluate(wrong, "dialog[open] form")
        found = {
            look: {said.partition(":")[0] for said in every} for look, every in _looks(page, "dialog[open]")
        }
        assert found == expected


@pytest.mark.parametrize("name", ["case-list", "case"])
def test_a_first_visit_weighs_little_and_asks_nobody_else(served, pages, name):
    """Without fonts, in bytes as they leave the server, which compresses by itself."""
    asked = []
    with served.seen_by("agent") as page:
        page.on("requestfinished", lambda request: asked.append(request))
        page.goto(pages["agent"][name])
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
