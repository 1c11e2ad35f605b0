"""The console's pages of recalculations: who may see and do what, live progress, moving cases."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.models import Case, Recalculation
from cases.operations import recalculating, renewing
from tests import factories as make
from tests.cases.test_recalculating import at, draft, resolution, to_the_end
from tests.console_forms import said

pytestmark = pytest.mark.django_db
State = Recalculation.State
NOW = at(3, "12:00")
ROLES = {"agent": 403, "supervisor": 200, "manager": 200, "auditor": 200, "administrator": 200}


@pytest.fixture(autouse=True)
def tuesday_noon(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    monkeypatch.setattr(recalculating, "SLICE", 2)
    monkeypatch.setattr(recalculating, "TAKEN_UP_WITHIN", timedelta(0))


@pytest.fixture
def office():
    return make.calendar()


@pytest.fixture
def policy(office):
    return make.policy(targets=resolution(16), calendar=office)


@pytest.fixture
def priya(client):
    person = make.person("Priya", role="manager")
    client.force_login(person)
    return person


def opened(number):
    customer = make.customer()
    return [make.case(customer, now=at(2, "13:00")) for _ in range(number)]


def publish(client, office, **data):
    version = draft(office, closed=[date(2026, 3, 4)], now=NOW)
    page = reverse("admin:cases_calendarversion_publish", args=[version.pk])
    return client.post(page, data, follow=True)


def address(page="change", job=None):
    return reverse(f"admin:cases_recalculation_{page}", args=[(job or Recalculation.objects.get()).pk])


def live(page):
    return 'hx-trigger="every 1s"' in page.content.decode()


def text(page):
    return " ".join(page.content.decode().split())


def test_publishing_for_many_leads_to_the_page_that_shows_how_far_it_is(client, priya, office, policy):
    opened(3)
    page = publish(client, office)
    assert page.request["PATH_INFO"] == address()
    assert page.context["progress"].counted == "0 of 3 cases"
    assert live(page) and 'max="3" value="0"' in text(page)
    recalculating.next_slice(now=NOW + timedelta(seconds=1), size=2)
    part = client.get(address("progress"))
    assert live(part) and "2 of 3 cases" in text(part) and "2 clocks are due later." in text(part)
    to_the_end(NOW + timedelta(seconds=3))
    part = client.get(address("progress"))
    assert not live(part)
    assert "3 of 3 cases" in text(part) and "Done in 2 s." in text(part)
    assert "3 of 3 cases" in text(client.get(address()))
    assert "3 / 3" in text(client.get(reverse("admin:cases_recalculation_changelist")))


def test_publishing_for_few_says_what_it_did(client, priya, office, policy):
    opened(1)
    page = publish(client, office)
    assert page.request["PATH_INFO"] != address()
    assert said(page) == ["Published: Office v2.", "1 clock is due later."]


@pytest.mark.parametrize("role", ROLES)
def test_who_may_see_it(client, office, policy, role):
    client.force_login(make.person("Priya", role="manager"))
    opened(3)
    publish(client, office)
    client.force_login(make.person("Xenia", role=role))
    for page in (address(), address("progress"), reverse("admin:cases_recalculation_changelist")):
        assert client.get(page).status_code == ROLES[role], page


def test_a_stranger_sees_nothing_of_it(client, office, policy):
    client.force_login(make.person("Priya", role="manager"))
    opened(3)
    publish(client, office)
    client.logout()
    for page in (address(), address("progress")):
        assert client.get(page).status_code == 302
    assert client.post(address("again")).status_code == 302
    assert client.get(reverse("admin:cases_recalculation_progress", args=[999])).status_code == 302


def test_what_is_not_there_is_not_found(client, priya):
    assert client.get(reverse("admin:cases_recalculation_progress", args=[999])).status_code == 404
    assert client.post(reverse("admin:cases_recalculation_again", args=[999])).status_code == 404


def halted(client, office, monkeypatch, case):
    publish(client, office)
    renew = renewing.renew

    def fails(case_ids, **given):
        if case.pk in case_ids:
            raise ValueError("no such hour")
        return renew(case_ids, **given)

    with monkeypatch.context() as broken:
        broken.setattr(renewing, "renew", fails)
        to_the_end(NOW)


@pytest.mark.parametrize("role", ROLES)
def test_what_failed_is_said_and_tried_again_by_those_who_publish(client, office, policy, monkeypatch, role):
    client.force_login(make.person("Priya", role="manager"))
    cases = opened(3)
    halted(client, office, monkeypatch, cases[1])
    client.force_login(make.person("Xenia", role=role))
    if ROLES[role] == 200:
        page = client.get(address())
        assert not live(page)
        assert "1 case could not follow; it still waits." in text(page)
        named = role in ("supervisor", "manager", "auditor")
        assert (cases[1].number in text(page)) is named and "no such hour" in text(page)
        assert ("Try again" in text(page)) is (role == "manager")
    assert client.get(address("again")).status_code in (403, 405)
    answer = client.post(address("again"))
    assert answer.status_code == (302 if role == "manager" else 403)
    assert Recalculation.objects.get().state == (State.IN_PROGRESS if role == "manager" else State.HALTED)


def test_a_restricted_case_is_not_named_among_the_failures(client, priya, office, policy, monkeypatch):
    cases = opened(3)
    with make.signed():
        Case.objects.filter(pk=cases[1].pk).update(is_restricted=True, restricted_because="a colleague")
    halted(client, office, monkeypatch, cases[1])
    page = text(client.get(address()))
    assert "no such hour" in page and cases[1].number not in page


def test_nobody_taking_it_up_is_said(client, priya, office, policy, monkeypatch):
    opened(3)
    publish(client, office)
    assert "It is taken up within seconds." in text(client.get(address("progress")))
    later = NOW + timedelta(seconds=61)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert "Nobody works on it." in text(client.get(address("progress")))
    recalculating.next_slice(now=later, size=2)
    monkeypatch.setattr(timezone, "now", lambda: later + timedelta(seconds=60))
    assert "case a second" in text(client.get(address("progress")))
    monkeypatch.setattr(timezone, "now", lambda: later + timedelta(seconds=61))
    assert "Nobody works on it." in text(client.get(address("progress")))


# --- Moving cases -----------------------------------------------------------------------------------------


def moving(version):
    return reverse("admin:cases_slapolicyversion_move_cases", args=[version.pk])


@pytest.fixture
def newer(office, policy):
    return make.policy_version(policy.policy, resolution(4), office, now=at(3, "11:00"))


def chosen(*versions, **more):
    return {"versions": [version.pk for version in versions], **more}


def with_query(address, data):
    return f"{address}?" + "&".join(f"versions={pk}" for pk in data["versions"])


def test_cases_move_after_a_look_and_a_reason(client, priya, policy, newer):
    cases = opened(1)
    page = client.get(reverse("admin:cases_slapolicyversion_change", args=[newer.pk]))
    assert moving(newer) in text(page)
    page = client.get(moving(newer))
    assert page.context["which"]["versions"].value() == [policy.pk]
    page = client.get(moving(newer), chosen(policy))
    assert "1 open case would move." in text(page)
    assert "1 clock would be breached at once." in text(page) and "1 clock would get less time." in text(page)
    assert not Recalculation.objects.exists()
    asked = with_query(moving(newer), chosen(policy))
    assert client.post(asked, {"change_reason": ""}).status_code == 200
    assert not Recalculation.objects.exists()
    page = client.post(asked, {"change_reason": "New contract"}, follow=True)
    assert said(page)[0] == "The cases move to Standard v2."
    cases[0].refresh_from_db()
    assert cases[0].policy_version == newer
    assert Recalculation.objects.get().reason == "New contract"


def test_many_lead_to_the_page_that_shows_how_far_they_are(client, priya, policy, newer):
    opened(3)
    page = client.post(
        with_query(moving(newer), chosen(policy)), {"change_reason": "New contract"}, follow=True
    )
    assert page.request["PATH_INFO"] == address()
    assert "Standard v1" in text(page)


def test_cases_that_do_not_meet_the_conditions_are_said(client, priya, office, policy):
    [case] = opened(1)
    gold = make.policy("Gold", targets=resolution(4), calendar=office, tier="gold", position=5)
    page = client.get(moving(gold), chosen(policy))
    assert case.number in text(page) and page.context["found"] is None
    page = client.post(with_query(moving(gold), chosen(policy)), {"change_reason": "x"})
    assert case.number in text(page) and not Recalculation.objects.exists()


def test_only_a_version_in_force_offers_it(client, priya, policy, newer):
    opened(1)
    page = client.get(reverse("admin:cases_slapolicyversion_change", args=[policy.pk]))
    assert moving(policy) not in text(page)
    assert client.get(moving(policy)).status_code == 403


@pytest.mark.parametrize("role", ["agent", "supervisor", "auditor", "administrator"])
def test_only_who_publishes_moves_cases(client, policy, newer, role):
    opened(1)
    client.force_login(make.person("Xenia", role=role))
    asked = with_query(moving(newer), chosen(policy))
    assert client.get(asked).status_code == 403
    assert client.post(asked, {"change_reason": "x"}).status_code == 403
    assert not Recalculation.objects.exists()


def test_a_stranger_is_asked_to_come_in(client, policy, newer):
    assert client.get(moving(newer)).status_code == 302
    assert client.post(moving(newer), {"change_reason": "x"}).status_code == 302
