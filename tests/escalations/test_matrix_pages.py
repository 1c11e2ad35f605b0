"""The matrix on its pages: who may read it, ask it and change it; with and without JavaScript."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.models import CaseReading, Notice
from escalations.models import Rule
from escalations.operations import matrix as operations
from tests import factories as make
from tests.console_forms import filled, said
from tests.workspace import ROLES, body, people

pytestmark = pytest.mark.django_db

WHO_MAY = {"matrix": (200,) * len(ROLES)}
CONSOLE = ("supervisor", "manager", "auditor", "administrator")


@pytest.fixture
def desk(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)
    return people()


@pytest.fixture
def rules(desk):
    path = make.path(levels=[{"person": desk["manager"]}], fallback=desk["manager"])
    triggers = ("threat", "safety", "opened")
    return [make.rule(path, trigger, position=n * 10) for n, trigger in enumerate(triggers, 1)]


def address(name, *args):
    return reverse(f"admin:escalations_rule_{name}", args=args)


def names():
    return [rule.name for rule in Rule.objects.order_by("position", "pk")]


def token(client):
    return client.get(address("matrix")).context["matrix"].token


@pytest.mark.parametrize("role", ROLES)
def test_everybody_who_works_here_reads_the_matrix_without_a_form(role, desk, rules, client):
    client.force_login(desk[role])
    page = client.get(reverse("matrix"))
    main = body(page).partition("<main")[2].partition("</main>")[0]
    assert page.status_code == WHO_MAY["matrix"][ROLES.index(role)] and "threat" in main
    assert "<form" not in main and "<button" not in main
    assert client.post(reverse("matrix")).status_code == 405


def test_nobody_reads_it_without_logging_in(client, rules):
    for page in (reverse("matrix"), address("matrix")):
        assert client.get(page).status_code == 302
        assert "/login/" in client.get(page).url


@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what_with_the_matrix(role, desk, rules, client):
    client.force_login(desk[role])
    rule = rules[0]
    reads, drafts, publishes = role in CONSOLE, role in ("supervisor", "manager"), role == "manager"
    expected = {
        ("get", address("matrix")): 200 if reads else 403,
        ("post", address("matrix")): 405 if reads else 403,
        ("get", address("switch", rule.pk)): 200 if publishes else 403,
        ("post", address("switch", rule.pk)): 200 if publishes else 403,
        ("get", address("switch", 0)): 404 if publishes else 403,
        ("get", address("order")): 405 if reads else 403,
        ("post", address("order")): 302 if publishes else 403,
        ("get", address("copy", rule.pk)): 405 if reads else 403,
        ("post", address("copy", 0)): 404 if drafts else 403,
        ("post", address("copy", rule.pk)): 302 if drafts else 403,
    }
    revisions = operations.revisions()
    seen = ",".join(f"{row.pk}:{revisions[row.pk]}" for row in rules)  # in the order of the page
    data = {"seen": seen, "down": str(rule.pk)}
    answers = {(method, url): getattr(client, method)(url, data).status_code for method, url in expected}
    assert answers == expected
    assert (names()[0] == "safety") is publishes


def test_only_whom_it_is_for_sees_the_buttons(desk, rules, client):
    for role, moves, copies in (
        ("manager", True, True),
        ("supervisor", False, True),
        ("auditor", False, False),
        ("administrator", False, False),
    ):
        client.force_login(desk[role])
        page = body(client.get(address("matrix")))
        assert ("Move “threat” up" in page, "Duplicate" in page) == (moves, copies), role


def test_a_row_is_moved_by_its_button(desk, rules, client):
    client.force_login(desk["manager"])
    data = {"seen": token(client), "up": rules[2].pk, "change_reason": "Openings matter"}
    page = client.post(address("order"), data, follow=True)
    assert names() == ["threat", "opened", "safety"]
    assert said(page) == ["The matrix is asked in this order from now on."]
    assert Rule.history.latest("history_id").history_change_reason == "Openings matter"
    client.post(address("order"), {"seen": token(client), "down": rules[0].pk})
    assert names() == ["opened", "threat", "safety"]
    client.post(address("order"), {"seen": token(client), "up": rules[2].pk})  # as far up as it goes
    assert names() == ["opened", "threat", "safety"]


def test_a_whole_order_is_saved_at_once(desk, rules, client):
    client.force_login(desk["manager"])
    order = ",".join(str(rule.pk) for rule in reversed(rules))
    client.post(address("order"), {"seen": token(client), "order": order, "save": ""})
    assert names() == ["opened", "safety", "threat"]


def test_a_stale_order_is_shown_beside_what_changed_with_the_reason_kept(desk, rules, client):
    client.force_login(desk["manager"])
    seen = token(client)
    with make.signed(by=desk["supervisor"]):
        Rule.objects.filter(pk=rules[0].pk).update(tier="gold")
    order = ",".join(str(rule.pk) for rule in reversed(rules))
    page = client.post(address("order"), {"seen": seen, "order": order, "change_reason": "My own"})
    assert page.status_code == 422 and names() == ["threat", "safety", "opened"]
    assert "“threat” was changed by Ana" in body(page)
    assert page.context["wanted"] == ["opened", "safety", "threat"]
    assert 'value="My own"' in body(page)
    # Sent again it speaks of the matrix as it is.
    again = {"seen": page.context["matrix"].token, "order": order}
    assert client.post(address("order"), again).status_code == 302
    assert names() == ["opened", "safety", "threat"]


@pytest.mark.parametrize(
    "data", [{"seen": "x"}, {"seen": "1"}, {"order": "a,b"}, {"up": "7"}, {"up": "x"}, {"seen": "1:1:1"}]
)
def test_an_order_that_no_page_sends_is_not_found(data, desk, rules, client):
    client.force_login(desk["manager"])
    assert client.post(address("order"), {"seen": token(client), **data}).status_code == 404


def test_a_rule_is_switched_with_a_reason_and_pressed_twice_stays(desk, rules, client):
    client.force_login(desk["manager"])
    page = client.post(address("switch", rules[0].pk), {"to": "off"})
    assert "This field is required." in body(page)
    for _press in range(2):
        client.post(address("switch", rules[0].pk), {"to": "off", "change_reason": "Noise"})
        rules[0].refresh_from_db()
        assert not rules[0].is_active
    assert "Off" in body(client.get(address("matrix")))
    client.post(address("switch", rules[0].pk), {"to": "on", "change_reason": "Missed"})
    rules[0].refresh_from_db()
    assert rules[0].is_active
    assert rules[0].history.latest("history_id").history_change_reason == "Missed"


def test_a_duplicate_opens_switched_off(desk, rules, client):
    client.force_login(desk["supervisor"])
    page = client.post(address("copy", rules[0].pk), follow=True)
    copy = Rule.objects.get(name="threat (copy)")
    assert not copy.is_active and page.request["PATH_INFO"] == address("change", copy.pk)


def case_of(desk, now, **fields):
    agent = desk["agent"]
    return make.case(now=now, owner=agent, team=agent.teams.get(), **fields)


def test_a_case_is_asked_about_by_its_number(desk, rules, client, now):
    make.rule(rules[0].path, "opened", name="gold", position=5, tier="gold")
    case = case_of(desk, now)
    client.force_login(desk["manager"])
    page = client.get(address("matrix"), {"trigger": "opened", "number": case.number})
    matrix = page.context["matrix"]
    assert matrix.asked.about == case.number and matrix.winner.rule.name == "opened"
    assert matrix.rows[0].verdict == "failed" and "starts “Complaints” at level 1" in body(page)


def test_a_case_that_is_only_described_is_asked_about(desk, rules, client):
    make.rule(rules[0].path, "opened", name="gold", position=5, tier="gold")
    client.force_login(desk["administrator"])
    for tier, rule in (("gold", "gold"), ("bronze", "opened")):
        page = client.get(address("matrix"), {"trigger": "opened", "tier": tier})
        assert page.context["matrix"].winner.rule.name == rule


def test_how_long_ago_the_customer_was_escalated_is_asked_too(desk, rules, client, now):
    make.rule(rules[0].path, "escalated_again", name="again", within_days=30)
    client.force_login(desk["manager"])
    case = case_of(desk, now)
    for number in ("", case.number):
        for days, answers in (("30", True), ("31", False), ("", False)):
            query = {"trigger": "escalated_again", "number": number, "days_since": days}
            page = client.get(address("matrix"), query)
            assert (page.context["matrix"].winner is not None) is answers, (number, days)


def test_a_case_that_is_not_the_readers_is_no_case(desk, rules, client, now):
    case = case_of(desk, now)
    for role, known in (("manager", True), ("supervisor", True), ("auditor", True), ("administrator", False)):
        client.force_login(desk[role])
        page = client.get(address("matrix"), {"trigger": "opened", "number": case.number})
        assert (page.context["matrix"].asked is not None) is known, role
        assert ("There is no case of this number that you may read." in body(page)) is not known
    assert CaseReading.objects.filter(case=case, person=desk["auditor"]).exists()


def test_a_rule_changed_on_its_own_page_is_told_too_and_leads_to_the_matrix(desk, rules, client):
    client.force_login(desk["manager"])
    page = client.get(address("change", rules[0].pk))
    client.post(address("change", rules[0].pk), filled(page, tier="gold", change_reason="Gold alone"))
    client.post(address("delete", rules[1].pk), {"post": "yes"})
    client.force_login(desk["agent"])
    assert "Marta changed the escalation matrix: threat" in body(client.get(reverse("notices")))
    [notice] = Notice.objects.filter(person=desk["agent"], kind="matrix_changed")
    assert client.post(reverse("notice-open", args=[notice.pk])).url == reverse("matrix")
    notice.refresh_from_db()
    assert notice.read_at is not None


def test_what_is_only_proposed_is_told_to_nobody(desk, rules, client):
    client.force_login(desk["supervisor"])
    client.post(address("copy", rules[0].pk))
    copy = Rule.objects.get(name="threat (copy)")
    page = client.get(address("change", copy.pk))
    client.post(address("change", copy.pk), filled(page, tier="gold", change_reason="Mine"))
    assert not Notice.objects.filter(kind="matrix_changed").exists()
