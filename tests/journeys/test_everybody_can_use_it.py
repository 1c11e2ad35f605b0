"""Every page for everybody: what axe-core finds in real Chromium, in light, in dark and at phone width, by
WCAG 2.2 AA; and what a first visit weighs."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "sqlite",
        reason="pages look the same on either database; they are seen on SQLite",
    ),
]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}}
# Dark changes colours alone; a narrow page changes all else.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
ALL_ELSE = EVERYTHING | {"rules": {"color-contrast": {"enabled": False}}}
LOOKS = {
    "light": ({"color_scheme": "light"}, EVERYTHING),
    "dark": ({"color_scheme": "dark"}, COLOURS),
    "phone": ({"viewport": {"width": 390, "height": 844}}, ALL_ELSE),
}
NUMBER = r"<\w+:number>"
# Who sees a page in full, where it is not an agent's.
SEEN_BY = {"watchdog": "manager"}
# What is no page: parts of pages, answers to forms, doors out, files.
NO_PAGE = {"logout", "menu"}
WHERE = """
import json
from cases.models import Case, Person
agent = Person.objects.working().filter(role="agent").order_by("pk").first()
mine = Case.objects.reachable(agent, "case.work").filter(status="open")
print(json.dumps({"number": mine.order_by("-escalations", "pk").first().number}))
"""


def addresses():
    """{name: pattern} of the pages of the workspace that need no more than a case's number."""
    found = {}

    def walk(patterns, prefix=""):
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                if entry.app_name != "admin" and not route.startswith(("api/", "i18n/")):
                    walk(entry.url_patterns, route)
            elif isinstance(entry, URLPattern) and set(re.findall(r"<\w+:(\w+)>", route)) <= {"number"}:
                view = getattr(entry.callback, "view_class", None)
                if entry.name and (view is None or hasattr(view, "get")):
                    found[entry.name] = route

    walk(get_resolver().url_patterns)
    return {name: route for name, route in found.items() if name not in NO_PAGE and "health" not in name}


@pytest.fixture(scope="module")
def where(served):
    return served.ask(WHERE)


@pytest.fixture(scope="module")
def pages(served, where):
    """{role: {name: address}} of what answers with a whole page."""
    found = {}
    for role in ("agent", "manager"):
        with served.seen_by(role) as page:
            for name, route in addresses().items():
                if SEEN_BY.get(name, "agent") != role:
                    continue
                answer = page.request.get(f"{served.url}/{re.sub(NUMBER, where['number'], route)}")
                if answer.status == 200 and "<main" in answer.text():
                    found.setdefault(role, {})[name] = answer.url
    return found


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_on_any_page(served, pages, look):
    found = {}
    for role, addresses_of_role in pages.items():
        with served.seen_by(role, **LOOKS[look][0]) as page:
            for name, address in addresses_of_role.items():
                page.goto(address)
                if wrong := _violations(page, LOOKS[look][1]):
                    found[name] = wrong
    assert sum(map(len, pages.values())) > 30
    assert found == {}


def test_axe_finds_nothing_at_the_door(served):
    context = served.browser.new_context()
    page = context.new_page()
    page.goto(f"{served.url}/login/")
    assert _violations(page) == []
    context.close()


def _violations(page, rules=EVERYTHING):
    report = Axe().run(page, options=rules | {"resultTypes": ["violations"]}).response
    return [
        f"{v['id']}: {v['help']} — {node['html'][:160]}"
        for v in report["violations"]
        for node in v["nodes"][:3]
    ]


@pytest.mark.parametrize("name", ["case-list", "case"])
def test_a_first_visit_weighs_little_and_asks_nobody_else(served, where, name):
    asked, bytes_by_kind = [], {}

    def count(request):
        asked.append(request)
        kind = "fonts" if request.url.endswith(".woff2") else "page"
        bytes_by_kind[kind] = bytes_by_kind.get(kind, 0) + request.sizes()["responseBodySize"]

    with served.seen_by("agent") as page:
        page.on("requestfinished", count)
        page.goto(f"{served.url}/{re.sub(r'<.*?>', where['number'], addresses()[name])}")
        page.wait_for_load_state("networkidle")
    assert {urlsplit(request.url).netloc for request in asked} == {urlsplit(served.url).netloc}
    assert bytes_by_kind["page"] < 100_000
