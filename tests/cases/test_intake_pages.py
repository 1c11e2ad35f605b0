"""The pages of intake, of calls and of cases beside each other: who may, what they refuse, what they cost."""

from copy import deepcopy
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from cases.models import (
    Case,
    CaseLink,
    Contact,
    Customer,
    IntakeRule,
    Message,
    Notice,
    NoticeKind,
    Party,
    Promise,
    Question,
    Service,
    Subscription,
)
from cases.operations import asking, attempts, ending, relating, talk
from cases.states import Metric
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 3, 11, 0, tzinfo=ZoneInfo("Europe/Madrid"))
HOUR = timedelta(hours=1)
TERMS = {(Metric.FIRST_RESPONSE, None): 4 * 3600, (Metric.RESOLUTION, None): 40 * 3600}
ROLES = ["agent", "supervisor", "manager", "auditor", "administrator", "stranger"]


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    """Views read the clock; here it stands."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    people = {
        "agent": make.person("Lucia", time_zone="Europe/Madrid"),
        "supervisor": make.person("Ana", "supervisor"),
        "manager": make.person("Marta", "manager"),
        "auditor": make.person("Audre", "auditor"),
        "administrator": make.person("Nora", "administrator"),
        "stranger": make.person("Tomas", time_zone="Europe/Madrid"),
    }
    department = make.team("Service", lead=people["supervisor"])
    people["care"] = make.team("Care", parent=department, people=[people["agent"]])
    make.team("Network", people=[people["stranger"]])
    make.policy(targets=TERMS)
    return people


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def customer():
    return make.customer("Northwind")


def new_case(desk, customer, at=NOW - HOUR, **fields):
    given = {"team": desk["care"], "owner": desk["agent"], "by": desk["agent"], **fields}
    return Case.objects.select_related("customer").get(pk=make.case(customer, now=at, **given).pk)


@pytest.fixture
def case(desk, customer):
    return new_case(desk, customer)


def get(client, person, name, /, *args, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query)


def post(client, person, name, /, *args, **data):
    client.force_login(person)
    return client.post(reverse(name, args=args), data)


def body(answer):
    return answer.content.decode()


# --- Who may open what ---

WHO_MAY = {
    #                  agent sup  man  aud  adm  stranger
    "case-new-ahead": (200, 200, 200, 403, 403, 200),
    "customer-new": (302, 302, 302, 403, 403, 302),
    "call-new": (200, 200, 200, 403, 403, 200),
    "case-link": (200, 200, 200, 403, 404, 403),
    "case-merge": (200, 200, 200, 403, 404, 403),
    "case-split": (200, 200, 200, 403, 404, 403),
    "case-tried": (200, 200, 200, 403, 404, 403),
    "case-answers": (200, 200, 200, 403, 404, 403),
}
ABOUT_A_CASE = ("case-link", "case-merge", "case-split", "case-tried", "case-answers")


def addressed(name, case):
    query = {"customer": case.customer_id} if name == "case-new-ahead" else {}
    return [case.number] if name in ABOUT_A_CASE else [], query


@pytest.mark.parametrize("name", WHO_MAY)
def test_each_page_answers_each_role(client, desk, case, name):
    args, query = addressed(name, case)
    found = tuple(get(client, desk[role], name, *args, **query).status_code for role in ROLES)
    assert found == WHO_MAY[name]


@pytest.mark.parametrize("name", [*WHO_MAY, "case-unlink"])
def test_nobody_opens_or_sends_anything_without_signing_in(client, case, name):
    args = [case.number, 1] if name == "case-unlink" else addressed(name, case)[0]
    for answer in (client.get(reverse(name, args=args)), client.post(reverse(name, args=args))):
        assert answer.status_code == 302 and answer.url.startswith(reverse("login"))


SENT = {
    "case-new": (422, 422, 422, 403, 403, 422),  # refused for what is missing, not for who asks
    "customer-new": (422, 422, 422, 403, 403, 422),
    "call-new": (422, 422, 422, 403, 403, 422),
    "case-link": (422, 422, 422, 403, 404, 403),
    "case-merge": (422, 422, 422, 403, 404, 403),
    "case-split": (422, 422, 422, 403, 404, 403),
    "case-tried": (422, 422, 422, 403, 404, 403),
    "case-answers": (422, 422, 422, 403, 404, 403),
    "case-unlink": (404, 404, 404, 403, 404, 403),
}


@pytest.mark.parametrize("name", SENT)
def test_each_form_answers_each_role_and_an_empty_one_writes_nothing(client, desk, case, name):
    args = [case.number] if name in ABOUT_A_CASE else [case.number, 1] if name == "case-unlink" else []
    found = tuple(
        post(client, desk[role], name, *args, customer=case.customer_id).status_code for role in ROLES
    )
    assert found == SENT[name]
    assert (Case.objects.count(), Message.objects.count(), Customer.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("name", [*ABOUT_A_CASE, "case-new", "call-new"])
@pytest.mark.parametrize("kept_by", ["restricted", "subject"])
def test_a_case_that_is_kept_from_somebody_does_not_exist_for_them(client, desk, customer, name, kept_by):
    secret = new_case(desk, customer, restricted_because="Fraud" if kept_by == "restricted" else "")
    who = desk["supervisor"]
    if kept_by == "subject":
        with make.signed():
            Party.objects.create(case=secret, person=who, kind="subject", reason="Rude")
    if name == "case-new":
        assert get(client, who, name, follows=secret.number).status_code == 404
    elif name == "call-new":
        assert get(client, who, name, case=secret.number).status_code == 404
        assert secret.number not in body(get(client, who, name, who=secret.number)).split("<main")[1].replace(
            f'value="{secret.number}"', ""
        )
        assert secret.subject not in body(get(client, who, name, customer=customer.pk))
        answer = post(
            client, who, name, customer=customer.pk, about=secret.number, body="x", key=str(UUID(int=3))
        )
        assert answer.status_code == 404
    else:
        assert get(client, who, name, secret.number).status_code == 404


@pytest.mark.parametrize("name", ["case-link", "case-merge"])
def test_the_number_of_a_case_that_is_kept_from_somebody_is_refused_like_one_that_is_none(
    client, desk, customer, case, name
):
    secret = new_case(desk, customer, owner=desk["manager"], by=desk["manager"], restricted_because="Fraud")
    said = {"kind": "related", "reason": "x", "revision": 1}
    answers = [
        post(client, desk["agent"], name, case.number, number=number, **said)
        for number in (secret.number, "C-99999")
    ]
    texts = [body(a).replace(secret.number, "C-99999") for a in answers]
    assert [a.status_code for a in answers] == [422, 422]
    assert "There is no case C-99999" in texts[0] and "There is no case C-99999" in texts[1]
    assert not CaseLink.objects.exists()


def test_the_case_page_shows_only_links_to_cases_its_reader_may_know_of(client, desk, customer, case):
    secret = new_case(desk, customer, restricted_because="Fraud", subject="The secret one")
    relating.link(case=case, other=secret, kind="caused_by", by=desk["agent"], now=NOW)
    theirs = body(get(client, desk["agent"], "case", case.number))
    assert "The secret one" in theirs and "cause of" not in theirs
    for who in ("supervisor", "stranger"):
        shown = body(get(client, desk[who], "case", case.number))
        assert secret.number not in shown and "The secret one" not in shown
        link = CaseLink.objects.get()
        answer = post(client, desk[who], "case-unlink", case.number, link.pk)
        assert answer.status_code == (404 if who == "supervisor" else 403)
    shown = get(client, desk["agent"], "case-unlink", case.number, link.pk)
    assert "The secret one" in body(shown)
    said = {"reason": "", "revision": shown.context["form"]["revision"].value()}
    assert post(client, desk["agent"], "case-unlink", case.number, link.pk, **said).status_code == 422
    assert CaseLink.objects.active().exists()
    said["reason"] = "another matter"
    for status in (302, 404):  # sent twice, there is no such link any more
        assert post(client, desk["agent"], "case-unlink", case.number, link.pk, **said).status_code == status
    assert not CaseLink.objects.active().exists()
    assert link.history.latest("history_id").history_change_reason == "another matter"


# --- Whose it is ---


def test_a_customer_is_found_or_added_with_whoever_is_on_the_line(client, desk, customer):
    assert "Northwind" in body(get(client, desk["agent"], "case-new", who="north"))
    assert "Northwind" not in body(get(client, desk["agent"], "case-new", who="fab")).split("<main")[1]
    said = {"name": "Fabrikam", "contact_name": "Eva", "phone": "+34 600 000 001", "language": "es"}
    answer = post(client, desk["agent"], "customer-new", time_zone="Europe/Madrid", **said)
    contact = Contact.objects.get(name="Eva")
    assert answer.url == f"{reverse('case-new')}?customer={contact.customer_id}&contact={contact.pk}"
    page = client.get(answer.url)
    assert f'<option value="{contact.pk}" selected>' in body(page)


def test_whoever_may_be_the_same_is_offered_before_a_customer_is_added(client, desk, customer):
    said = {
        "name": "Northwind Ltd",
        "email": "aoife@example.com",
        "language": "en",
        "time_zone": "UTC",
        "next": reverse("call-new"),
    }
    answer = post(client, desk["agent"], "customer-new", **said)
    assert answer.status_code == 422
    assert f"{reverse('call-new')}?customer={customer.pk}" in body(answer)
    assert 'value="Northwind Ltd"' in body(answer) and "same email address" in body(answer)
    assert Customer.objects.count() == 1
    answer = post(client, desk["agent"], "customer-new", none_of_these="1", **said)
    assert answer.url.startswith(reverse("call-new")) and Customer.objects.count() == 2


def test_an_address_from_outside_is_not_followed(client, desk):
    said = {"name": "A", "phone": "1", "language": "en", "time_zone": "UTC", "next": "//evil.example/"}
    assert post(client, desk["agent"], "customer-new", **said).url.startswith(reverse("case-new"))


# --- The case ---


def opening(customer, **fields):
    return {
        "key": str(UUID(int=1)),
        "customer": customer.pk,
        "channel": "phone",
        "subject": "Router",
        "body": "Nobody came.",
        "impact": 2,
        "urgency": 2,
        "received_at": "2026-03-03T10:30",
        **fields,
    }


@pytest.fixture
def outage():
    category = make.category("Outage")
    with make.signed():
        Question.objects.create(category=category, text="How many sites?", kind="number", is_required=True)
    return category


def test_a_form_that_is_sent_twice_opens_one_case_and_leads_to_it_twice(client, desk, customer):
    first = post(client, desk["agent"], "case-new", **opening(customer))
    second = post(client, desk["agent"], "case-new", **opening(customer))
    assert first.url == second.url
    assert Case.objects.count() == 1
    assert post(client, desk["stranger"], "case-new", **opening(customer)).url != first.url


def test_why_a_team_gets_it_is_said_in_words_and_by_no_number(client, desk, customer, outage):
    with make.signed():
        IntakeRule.objects.create(team=desk["care"], category=outage, channel="phone", position=180)
        IntakeRule.objects.create(team=desk["care"], position=190)
    asked = {"customer": customer.pk, "channel": "phone"}
    shown = body(get(client, desk["agent"], "case-new-ahead", **asked, category=outage.pk))
    assert f"by the rule for {outage}, phone" in shown and "180" not in shown
    assert "by the rule for any case" in body(get(client, desk["agent"], "case-new-ahead", **asked))


def test_a_form_without_its_key_opens_nothing(client, desk, customer):
    assert post(client, desk["agent"], "case-new", **opening(customer, key="")).status_code == 422
    assert not Case.objects.exists()


def test_all_that_was_said_is_taken_down_at_once(client, desk, customer, outage):
    with make.signed():
        IntakeRule.objects.create(team=desk["care"])
    question = Question.objects.get()
    answer = post(
        client,
        desk["agent"],
        "case-new",
        **opening(
            customer,
            category=outage.pk,
            contact_name="Eva",
            contact_phone="+34 600 000 001",
            asks="A technician\nA credit",
            tried="Restarted",
            promised="A call",
            promised_by="2026-03-03T15:00",
            asks_for="asked_supervisor",
            **{f"q-{question.pk}": "3"},
        ),
    )
    case = Case.objects.get()
    assert answer.url == reverse("case", args=[case.number])
    assert (case.contact.name, case.received_at) == ("Eva", NOW - HOUR / 2)
    assert case.promises.get().due_at == NOW + 4 * HOUR
    shown = body(client.get(answer.url))
    for words in (
        "How many sites?",
        "Restarted",
        "A technician",
        "A credit",
        "A call",
        "tell them the number",
    ):
        assert words in shown, words


@pytest.mark.parametrize(
    "wrong",
    [
        {"q": ""},
        {"q": "many"},
        {"promised": "A call"},
        {"promised": "A call", "promised_by": "2026-03-03T10:00"},
        {"contact_phone": "1"},
        {"received_at": "2026-03-03T11:01"},
        {"contact_email": "nonsense"},
        {"asks": "x\n" * 21},
    ],
)
def test_what_is_refused_opens_nothing_and_keeps_all_that_was_typed(client, desk, customer, outage, wrong):
    question = Question.objects.get()
    said = {
        "category": outage.pk,
        "asks": "A technician",
        "tried": "Restarted",
        "reference": "INC-7",
        **wrong,
    }
    said[f"q-{question.pk}"] = said.pop("q", "3")
    answer = post(client, desk["agent"], "case-new", **opening(customer, **said))
    assert answer.status_code == 422
    assert not Case.objects.exists() and not Contact.objects.exclude(name="Aoife Brennan").exists()
    shown = body(answer)
    kept = ["Nobody came.", "Router", "Restarted", "INC-7", f'value="{UUID(int=1)}"']
    kept += [f'value="{said[name]}"' for name in ("promised", "promised_by", "contact_phone") if name in said]
    assert [text for text in kept if text not in shown] == []
    assert "data-errors" in shown


def test_without_a_script_the_check_button_shows_what_is_asked_and_foreseen_and_writes_nothing(
    client, desk, customer, outage
):
    said = opening(customer, category=outage.pk, check="1", body="", promised="A call")
    answer = post(client, desk["agent"], "case-new", **said)
    assert answer.status_code == 200
    shown = body(answer)
    for words in (
        "How many sites?",
        "First response",
        "today 14:30",
        'value="A call"',
        f'value="{UUID(int=1)}"',
    ):
        assert words in shown, words
    assert "data-errors" not in shown and not Case.objects.exists()


def test_what_the_form_says_so_far_is_looked_ahead_from(client, desk, customer, case, outage):
    case_of_it = new_case(
        desk,
        customer,
        category=outage,
        subject="Router dead",
        at=NOW - 3 * HOUR,
        answers={Question.objects.get().pk: "1"},
    )
    ending.resolve(case=case_of_it, reason="Router replaced", by=desk["agent"], now=NOW - HOUR)
    shown = body(
        get(
            client,
            desk["agent"],
            "case-new-ahead",
            customer=customer.pk,
            category=outage.pk,
            subject="The router again",
            channel="phone",
            impact="2",
            urgency="2",
            received_at="2026-03-03T10:30",
        )
    )
    for words in (
        "How many sites?",
        "Router replaced",
        case.number,
        "Unrouted",
        "today 14:30",
        "13:30 in UTC",
    ):
        assert words in shown, words
    assert Case.objects.count() == 2


def test_nonsense_in_the_address_is_no_error(client, desk, customer):
    said = {"category": "x", "service": "999", "impact": "9", "received_at": "never", "contact": "-1"}
    assert get(client, desk["agent"], "case-new-ahead", customer=customer.pk, **said).status_code == 200
    for nonsense in ("x", "99999", "9" * 40, "-1"):
        assert get(client, desk["agent"], "case-new-ahead", customer=nonsense).status_code == 404


def test_a_follow_up_is_prefilled_from_the_case_that_has_ended_and_linked_to_it(client, desk, customer, case):
    ending.resolve(case=case, reason="Credited", by=desk["agent"], now=NOW)
    shown = body(get(client, desk["agent"], "case-new", follows=case.number))
    assert f'value="{case.subject}"' in shown and f"Follows up {case.number}" in shown
    answer = post(client, desk["agent"], "case-new", **opening(customer, follows=case.number))
    new = Case.objects.latest("pk")
    assert answer.url == reverse("case", args=[new.number])
    link = CaseLink.objects.get()
    assert (link.source, link.target, link.kind) == (new, case, "follow_up")


def test_an_empty_follow_up_is_refused_on_its_form(client, desk, customer, case):
    ending.resolve(case=case, reason="Credited", by=desk["agent"], now=NOW)
    client.force_login(desk["agent"])
    answer = client.post(f"{reverse('case-new')}?follows={case.number}")
    assert answer.status_code == 422
    assert {"subject", "body"} <= set(answer.context["form"].errors)
    assert f"Follows up {case.number}" in body(answer) and customer.name in body(answer)
    assert client.post(f"{reverse('case-new')}?follows=C-1").status_code == 404


def test_without_a_customer_it_is_asked_whose_it_is(client, desk):
    answer = post(client, desk["agent"], "case-new", subject="Charged twice")
    assert answer.status_code == 422 and "New case: whose?" in body(answer)
    for nonsense in ("x", "99999", "-1"):
        assert post(client, desk["agent"], "case-new", customer=nonsense).status_code == 404


def test_a_follow_up_is_of_the_customer_it_goes_on_from(client, desk, customer, case):
    ending.resolve(case=case, reason="Credited", by=desk["agent"], now=NOW)
    other = make.customer("Kessler")
    post(client, desk["agent"], "case-new", **opening(other, follows=case.number, contact=""))
    assert Case.objects.latest("pk").customer == customer


def test_whoever_is_the_only_contact_is_chosen_until_somebody_says_otherwise(client, desk, customer):
    contact = customer.contacts.get()
    for name in ("case-new", "call-new"):
        shown = body(get(client, desk["agent"], name, customer=customer.pk))
        assert f'<option value="{contact.pk}" selected>' in shown
    with make.signed():
        Contact.objects.create(customer=customer, name="Zoe")
    assert f'<option value="{contact.pk}" selected>' not in body(
        get(client, desk["agent"], "case-new", customer=customer.pk)
    )


# --- A call ---


def calling(case, **fields):
    return {
        "key": str(UUID(int=2)),
        "customer": case.customer_id,
        "about": case.number,
        "direction": "in",
        "was_reached": "yes",
        "body": "They asked for news.",
        "occurred_at": "2026-03-03T10:55",
        **fields,
    }


def test_a_call_is_found_by_number_or_customer_with_holder_state_what_was_told_and_what_is_next(
    client, desk, customer, case
):
    talk.note(case=case, body="Only among us", by=desk["agent"], now=NOW)
    talk.reply(case=case, body="We trace the payment.", by=desk["agent"], now=NOW)
    for query in ({"who": case.number}, {"case": case.number}, {"customer": customer.pk}):
        shown = body(get(client, desk["stranger"], "call-new", **query))
        for words in (case.number, "Lucia · Open", "We trace the payment.", "No case yet"):
            assert words in shown, words
        assert "Only among us" not in shown


def test_a_call_on_ones_own_case_is_logged_once_with_its_promise(client, desk, case):
    said = calling(case, promised="A call back", promised_by="2026-03-03T15:00", tried="Restarted")
    answers = [post(client, desk["agent"], "call-new", **said) for _n in range(2)]
    assert {a.url for a in answers} == {reverse("case", args=[case.number])}
    message = case.messages.get(channel="phone")
    assert (message.body, message.occurred_at) == ("They asked for news.", NOW - HOUR / 12)
    promise = case.promises.get()
    assert (promise.what, promise.due_at, promise.kind) == ("A call back", NOW + 4 * HOUR, "update")


def test_a_call_without_a_time_is_of_when_it_is_logged(client, desk, case, monkeypatch):
    shown = get(client, desk["agent"], "call-new", case=case.number).context["form"]
    assert shown["occurred_at"].value() is None
    later = NOW + timedelta(minutes=7, seconds=31)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert post(client, desk["agent"], "call-new", **calling(case, occurred_at="")).status_code == 302
    assert case.messages.get(channel="phone").occurred_at == later
    new = post(client, desk["agent"], "call-new", **calling(case, about="new", occurred_at=""))
    assert new.context["form"].initial["received_at"] == later


def test_a_strangers_call_is_logged_and_its_promise_noted_for_the_holder_who_is_told(client, desk, case):
    said = calling(case, promised="A call back", promised_by="2026-03-03T15:00")
    assert post(client, desk["stranger"], "call-new", **said).status_code == 302
    assert not Promise.objects.exists()
    assert "A call back" in case.messages.get(direction="internal").body
    assert Notice.objects.get(kind=NoticeKind.CALL_LOGGED).person == desk["agent"]
    assert "took a call and said" in body(get(client, desk["agent"], "notices"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": " "},
        {"about": ""},
        {"promised": "A call"},
        {"promised": "A call", "promised_by": "2026-03-03T10:00"},
        {"promised": "A call", "promised_by": "2026-03-03T15:00", "was_reached": "no"},
        {"occurred_at": "2026-03-03T11:05"},
    ],
)
def test_a_refused_call_keeps_all_that_was_typed(client, desk, case, wrong):
    answer = post(client, desk["agent"], "call-new", **calling(case, tried="Restarted", **wrong))
    assert answer.status_code == 422
    shown = body(answer)
    assert "Restarted" in shown and ("They asked for news." in shown or "body" in wrong)
    assert "promised" not in wrong or 'value="A call"' in shown
    assert case.messages.count() == 1 and not Promise.objects.exists()


def test_a_call_without_a_case_opens_one_and_nothing_is_typed_twice(client, desk, case):
    said = calling(
        case, about="new", promised="A call back", promised_by="2026-03-03T15:00", tried="Restarted"
    )
    answer = post(client, desk["agent"], "call-new", **said)
    assert answer.status_code == 200 and case.messages.count() == 1
    shown = body(answer)
    for words in (
        f'action="{reverse("case-new")}"',
        "They asked for news.",
        'value="A call back"',
        'value="2026-03-03T15:00"',
        'value="2026-03-03T10:55"',
        "Restarted",
        '<option value="phone" selected>',
    ):
        assert words in shown, words


def test_a_call_about_another_customers_case_is_refused(client, desk, case):
    other = make.customer("Fabrikam")
    answer = post(client, desk["agent"], "call-new", **{**calling(case), "customer": other.pk})
    assert answer.status_code == 403 and case.messages.count() == 1


def test_a_call_is_one_key_away_from_every_page_for_whoever_may_log_one(client, desk):
    link = f'href="{reverse("call-new")}" data-key="l"'
    assert link in body(get(client, desk["stranger"], "notices"))
    assert link not in body(get(client, desk["auditor"], "notices"))


# --- Beside each other ---


def test_cases_are_linked_merged_and_split_from_their_sheets(client, desk, customer, case):
    other = new_case(desk, customer, at=NOW, subject="The same again")
    agent = desk["agent"]
    said = {"number": case.number, "reason": "Same fault", "revision": 1}
    assert post(client, agent, "case-link", other.number, kind="caused_by", **said).status_code == 302
    assert "cause of" in body(get(client, agent, "case", case.number))
    stale = post(client, agent, "case-merge", other.number, **said)
    assert stale.status_code == 422 and "Same fault" in body(stale)
    assert post(client, agent, "case-merge", other.number, **{**said, "revision": 2}).status_code == 302
    shown = body(get(client, agent, "case", case.number))
    assert "merged with this:" in shown and other.number in shown
    assert f"merged {other.number} into it" in shown
    shown = body(get(client, agent, "case", other.number))
    assert f"goes on as {case.number}" in shown and 'id="form-note"' in shown
    for offered in ('id="form-reply"', 'id="form-promise"', "/pause/", "/escalate/"):
        assert offered not in shown, offered
    message = case.messages.get()
    ask = asking.ask(case=case, text="A credit note", by=agent, now=NOW)
    assert "A credit note" in body(get(client, agent, "case-split", case.number))
    fresh = Case.objects.get(pk=case.pk)
    split = {"messages": [message.pk], "subject": "Another matter", "revision": fresh.revision}
    split["asks"] = [ask.pk]
    assert post(client, agent, "case-split", case.number, **split).status_code == 302
    new = Case.objects.get(subject="Another matter")
    assert "split off from" in body(get(client, agent, "case", new.number))
    assert f"Goes on as {new.number}" in body(get(client, agent, "case", case.number))
    # What goes on on a case that is kept from them is not named to them.
    with make.signed():
        Case.objects.filter(pk=new.pk).update(
            is_restricted=True, restricted_because="A colleague", owner=None
        )
    for name in ("case", "case-print"):
        assert new.number not in body(get(client, agent, name, case.number)).partition("split off")[0]
    with make.signed():
        Case.objects.filter(pk=new.pk).update(is_restricted=False, restricted_because="")
    again = post(client, agent, "case-split", case.number, **split)
    assert again.status_code == 422 and "Another matter" in body(again)


def test_another_customers_message_cannot_be_split_off(client, desk, case):
    strange = new_case(desk, make.customer("Fabrikam")).messages.get()
    answer = post(
        client, desk["agent"], "case-split", case.number, messages=[strange.pk], subject="x", revision=1
    )
    assert answer.status_code == 422 and Case.objects.count() == 2


def test_merging_needs_both_cases_to_be_ones_own_work(client, desk, customer, case):
    theirs = new_case(desk, customer, team=desk["stranger"].teams.get(), owner=desk["stranger"])
    said = {"number": theirs.number, "reason": "Same", "revision": 1}
    answer = post(client, desk["agent"], "case-merge", case.number, **said)
    assert answer.status_code == 422 and "that you work on" in body(answer)


def test_what_was_tried_is_shown_and_added_to(client, desk, case):
    attempts.note_attempt(case=case, tried="Restarted", by=desk["agent"], now=NOW)
    answer = post(client, desk["agent"], "case-tried", case.number, tried="Measured", revision=2)
    assert answer.status_code == 302
    shown = body(client.get(answer.url))
    assert "Restarted" in shown and "Measured" in shown
    assert "Restarted" not in body(get(client, desk["stranger"], "case", case.number))


def test_questions_are_asked_later_with_what_is_known(client, desk, customer, outage):
    case = new_case(desk, customer, category=outage, by=desk["agent"], is_asked=False)
    field = f"q-{Question.objects.get().pk}"
    assert "How many sites?" in body(get(client, desk["agent"], "case-answers", case.number))
    for value, status in (("many", 422), ("", 422), ("3", 302)):
        said = {field: value, "revision": 1}
        assert post(client, desk["agent"], "case-answers", case.number, **said).status_code == status
    assert case.question_answers.get().value == "3"
    assert 'value="3"' in body(get(client, desk["agent"], "case-answers", case.number))
    stale = post(client, desk["agent"], "case-answers", case.number, **{field: "4", "revision": 1})
    assert stale.status_code == 422 and 'value="4"' in body(stale)


def test_what_else_is_open_is_told_apart(client, desk, customer):
    """Theirs beside who they are; others' of the same service beside the related cases."""
    with make.signed():
        fibre = Service.objects.create(name="Fibre")
        Subscription.objects.create(customer=customer, service=fibre)
    case = new_case(desk, customer, service=fibre)
    new_case(desk, customer, subject="Another of theirs")
    new_case(desk, make.customer("Kessler"), service=fibre, subject="The same elsewhere")
    shown = body(get(client, desk["agent"], "case", case.number))
    theirs = shown.partition("Their other open cases")[2].partition("</section>")[0]
    others = shown.partition("Open with the same service, Fibre")[2].partition("</section>")[0]
    assert "Another of theirs" in theirs and "The same elsewhere" not in theirs
    assert "The same elsewhere" in others and "Another of theirs" not in others
    assert "Also open" not in shown


def test_what_a_category_needs_of_the_contact_is_said_when_it_is_chosen(client, desk):
    """Not only when the case is refused: before anything is typed twice. Whoever is written down counts."""
    outage = make.category("Outage")
    with make.signed():
        outage.contact_needs = "phone"
        outage.save()
    customer = make.customer("Reachable by mail alone")
    aoife = customer.contacts.get()
    asked = {"customer": customer.pk, "contact": aoife.pk}
    needed = "the contact must have a phone number"
    assert needed not in body(get(client, desk["agent"], "case-new-ahead", **asked))
    asked["category"] = outage.pk
    assert needed in body(get(client, desk["agent"], "case-new-ahead", **asked))
    there = {**asked, "contact_name": "Ole", "contact_phone": "+34 600 000 000"}
    assert needed not in body(get(client, desk["agent"], "case-new-ahead", **there))
    assert needed in body(get(client, desk["agent"], "case-new-ahead", **{**there, "contact_phone": " "}))
    # Without a script the page says it of every category, and of the chosen one when it is checked.
    plain = body(get(client, desk["agent"], "case-new", customer=customer.pk))
    assert "Outage: a phone number" in plain and needed not in plain
    checked = post(client, desk["agent"], "case-new", **asked, check="1")
    assert checked.status_code == 200 and needed in body(checked)


# --- What they cost ---


def cost(client, person, assert_at_most, name, **query):
    client.force_login(person)
    client.get(reverse(name), query)
    with assert_at_most(200) as counted:
        assert client.get(reverse(name), query).status_code == 200
    return len(counted)


@pytest.mark.parametrize(("name", "expected"), [("case-new-ahead", 21), ("call-new", 27)])
def test_a_page_costs_the_same_for_many_cases_as_for_few(
    client, desk, customer, django_assert_max_num_queries, name, expected
):
    category = make.category("Billing")
    with make.signed():
        fibre = Service.objects.create(name="Fibre")
        Subscription.objects.create(customer=customer, service=fibre)

    def more(number):
        for n in range(number):
            row = new_case(
                desk, customer if n % 2 else make.customer(f"C{n}"), category=category, service=fibre
            )
            talk.reply(case=row, body="Hello", by=desk["agent"], now=NOW)
            if n % 3 == 0:
                ending.resolve(case=row, reason="Credited", by=desk["agent"], now=NOW)

    query = {"customer": customer.pk, "subject": "Charged twice", "channel": "phone"}
    query |= {"category": category.pk, "service": fibre.pk, "impact": 2, "urgency": 2}
    more(4)
    few = cost(client, desk["agent"], django_assert_max_num_queries, name, **query)
    more(24)
    many = cost(client, desk["agent"], django_assert_max_num_queries, name, **query)
    assert few == many == expected
