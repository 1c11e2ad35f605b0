"""Asks, decisions, answers and the profile on their pages: who may open which, what each shows and does."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from cases.models import Answer, Ask, Case, ComplaintProfile, Decision, Party, Person
from cases.operations import asking, ending, profiling, promising
from tests import factories as make
from tests.cases.test_pages import HOUR, NOW, ROLES, Inline, body, new_case, page, post, queries
from tests.cases.test_pages import desk as pages_desk
from tests.cases.test_pages import eleven_in_madrid as eleven
from tests.cases.test_pages import made as pages_made

pytestmark = pytest.mark.django_db

desk, made, eleven_in_madrid = pages_desk, pages_made, eleven
LIMIT = Decimal(100)


@pytest.fixture
def case(desk):
    """With one ask that is open and one that waits for approval; the agent owns it and may give 100 alone."""
    limits = {"agent": LIMIT, "supervisor": 500, "manager": 5000}
    with make.signed():
        for role, limit in limits.items():
            Person.objects.filter(pk=desk[role].pk).update(money_limit=limit)
            desk[role].refresh_from_db()
    row = new_case(desk, at=NOW - HOUR)
    asking.ask_all(case=row, texts=["Pay it back", "A router"], by=desk["agent"], now=NOW)
    router = Ask.objects.get(text="A router")
    asking.decide(
        ask=router,
        outcome="granted",
        offer_kind="goods",
        offer_what="A mobile router",
        offer_amount=Decimal(300),
        precedent="C-20001",
        by=desk["agent"],
        now=NOW,
    )
    return Case.objects.get(pk=row.pk)


@pytest.fixture
def money(case):
    return Ask.objects.get(text="Pay it back")


@pytest.fixture
def waiting(case):
    return Decision.objects.get()


def address(name, case):
    """The arguments of each page that is about a case."""
    ask, decision = Ask.objects.get(case=case, position=1), Decision.objects.first()
    about = {
        "ask-correct": [ask.pk],
        "ask-decide": [ask.pk],
        "ask-take-back": [decision.ask_id],
        "decision-review": [decision.pk],
    }
    return [] if name == "decisions" else [case.number, *about.get(name, [])]


# --- Who may open what ---

WHO_MAY = {
    #                   agent sup  man  aud  adm  stranger
    "case-ask": (200, 200, 200, 403, 404, 403),
    "ask-correct": (200, 200, 200, 403, 404, 403),
    "ask-decide": (200, 200, 200, 403, 404, 403),
    "ask-take-back": (200, 200, 200, 403, 404, 403),
    "case-answer": (200, 200, 200, 403, 404, 403),
    "decision-review": (403, 200, 200, 403, 404, 403),
    "decisions": (403, 200, 200, 403, 403, 403),
    "case-profile": (200, 404, 404, 403, 404, 403),
}
SAID = {
    "case-ask": {"text": "A reason"},
    "ask-correct": {"text": "Pay it back at once"},
    "ask-decide": {"outcome": "granted"},
    "ask-take-back": {"reason": "No"},
    "case-answer": {
        "cause": "a",
        "remedy": "b",
        "turn_to": "c",
        "due_at": "2026-03-04T10:00",
        "channel": "mail",
    },
    "decision-review": {"verdict": "approve"},
    "case-profile": {"goal": "Keep them"},
}


@pytest.mark.parametrize("name", WHO_MAY)
def test_each_page_answers_each_role(client, desk, case, name):
    found = tuple(page(client, desk[role], name, *address(name, case)).status_code for role in ROLES)
    assert found == WHO_MAY[name]


@pytest.mark.parametrize("name", WHO_MAY)
def test_nobody_opens_a_page_without_signing_in(client, desk, case, name):
    answer = client.get(reverse(name, args=address(name, case)))
    assert answer.status_code == 302 and answer.url.startswith(reverse("login"))


@pytest.mark.parametrize("name", SAID)
def test_each_form_is_taken_from_each_role_or_refused(client, desk, case, name):
    """What may be opened may be sent; whoever may not leaves no trace."""
    for role, opened in zip(ROLES, WHO_MAY[name], strict=True):
        fresh = Case.objects.get(pk=case.pk)
        before = (Ask.objects.count(), Decision.history.count(), Answer.objects.count(), fresh.revision)
        answer = post(client, desk[role], name, *address(name, case), revision=fresh.revision, **SAID[name])
        if opened != 200:
            assert answer.status_code == opened, role
            fresh.refresh_from_db()
            after = (Ask.objects.count(), Decision.history.count(), Answer.objects.count(), fresh.revision)
            assert after == before, role
    post_once = {"ask-decide": Decision, "case-answer": Answer, "case-profile": ComplaintProfile}
    if name in post_once:
        assert post_once[name].objects.exists()


@pytest.mark.parametrize("name", [name for name in WHO_MAY if name != "decisions"])
@pytest.mark.parametrize("role", ["agent", "supervisor", "manager"])
def test_whom_the_complaint_names_finds_none_of_it(client, desk, case, name, role):
    args = address(name, case)
    with make.signed():
        Party.objects.create(case=case, person=desk[role], kind=Party.Kind.SUBJECT, reason="Shouted")
    assert page(client, desk[role], name, *args).status_code == 404
    said = {"revision": case.revision, **SAID[name]}
    assert post(client, desk[role], name, *args, **said).status_code == 404
    assert Case.objects.get(pk=case.pk).revision == case.revision
    if role != "agent":
        shown = body(page(client, desk[role], "decisions"))
        assert "A router" not in shown and "Nothing waits" in shown


@pytest.mark.parametrize("name", [name for name in WHO_MAY if name not in ("decisions", "case-profile")])
def test_a_restricted_case_is_not_found_by_those_it_is_kept_from(client, desk, case, name):
    args = address(name, case)
    with make.signed():
        Case.objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="staff matter")
    for role in ("supervisor", "manager", "stranger"):
        assert page(client, desk[role], name, *args).status_code == 404
    assert "A router" not in body(page(client, desk["manager"], "decisions"))


@pytest.mark.parametrize("name", ["ask-correct", "ask-decide", "ask-take-back", "decision-review"])
def test_what_belongs_to_another_case_is_not_found_under_this_one(client, desk, case, name):
    other = new_case(desk, "Fabrikam")
    [_number, pk] = address(name, case)
    assert page(client, desk["manager"], name, other.number, pk).status_code == 404
    said = {"revision": other.revision, **SAID[name]}
    assert post(client, desk["manager"], name, other.number, pk, **said).status_code == 404
    assert page(client, desk["manager"], name, case.number, 999_999).status_code == 404


# --- The case page ---


def test_the_case_page_shows_each_ask_with_how_it_stands(client, desk, case, money, waiting):
    shown = body(page(client, desk["agent"], "case", case.number))
    for words in ("What the customer asks", "Pay it back", "A router", "Waiting for approval", "C-20001"):
        assert words in shown
    assert "A mobile router (€300)" in shown
    assert reverse("ask-decide", args=[case.number, money.pk]) in shown
    assert reverse("ask-take-back", args=[case.number, waiting.ask_id]) in shown
    assert reverse("case-answer", args=[case.number]) in shown
    assert reverse("decision-review", args=[case.number, waiting.pk]) not in shown


@pytest.mark.parametrize("role", ["supervisor", "manager"])
def test_who_may_approve_is_shown_the_way(client, desk, case, waiting, role):
    shown = body(page(client, desk[role], "case", case.number))
    assert reverse("decision-review", args=[case.number, waiting.pk]) in shown


def test_who_only_finds_the_case_sees_no_asks(client, desk, case):
    shown = body(page(client, desk["stranger"], "case", case.number))
    assert "What the customer asks" not in shown and "A mobile router" not in shown


def test_an_auditor_reads_and_is_offered_nothing_to_do(client, desk, case, money):
    shown = body(page(client, desk["auditor"], "case", case.number))
    assert "Pay it back" in shown
    assert reverse("ask-decide", args=[case.number, money.pk]) not in shown


def test_the_history_tells_what_was_asked_decided_approved_and_taken_back(client, desk, case, money, waiting):
    asking.approve(decision=waiting, by=desk["supervisor"], now=NOW)
    asking.decide(
        ask=money, outcome="refused", grounds="The log", remedies="The board", by=desk["agent"], now=NOW
    )
    asking.take_back(ask=money, reason="Wrong month", by=desk["agent"], now=NOW)
    shown = body(page(client, desk["manager"], "case", case.number))
    for words in (
        "<b>Lucia</b> noted what the customer asks: “Pay it back”",
        "<b>Lucia</b> asked for approval to grant “A router”; offered: A mobile router (€300)",
        "<b>Ana</b> approved the decision on “A router”",
        "<b>Lucia</b> refused “Pay it back”: “The log”",
        "<b>Lucia</b> took back the decision on “Pay it back”: “Wrong month”",
        "Taken back by Lucia: Wrong month",
    ):
        assert words in shown


def test_words_of_customers_are_never_markup(client, desk, case, money):
    evil = "<script>alert(1)</script>"
    asking.ask(case=case, text=evil, by=desk["agent"], now=NOW)
    asking.decide(ask=money, outcome="refused", grounds=evil, remedies=evil, by=desk["agent"], now=NOW)
    for name in ("case", "ask-decide", "decision-review"):
        args = [case.number] if name == "case" else address(name, case)
        assert "<script>alert" not in body(page(client, desk["manager"], name, *args))


# --- Doing it ---


def test_an_ask_is_added_and_a_stale_page_adds_none(client, desk, case):
    said = {"text": "A reason in writing", "amount": "12.50", "revision": case.revision}
    assert post(client, desk["agent"], "case-ask", case.number, **said).status_code == 302
    again = post(client, desk["agent"], "case-ask", case.number, **said)
    assert again.status_code == 422 and "A reason in writing" in body(again)
    row = Ask.objects.get(text="A reason in writing")
    assert (row.amount, row.position, row.recorded_by) == (Decimal("12.50"), 3, desk["agent"])


def test_what_was_noted_is_put_right_and_the_history_tells_both(client, desk, case, money):
    shown = page(client, desk["agent"], "ask-correct", case.number, money.pk)
    assert shown.context["form"]["text"].value() == "Pay it back"
    said = {"text": "Pay back the third", "amount": "40", "revision": case.revision}
    assert post(client, desk["agent"], "ask-correct", case.number, money.pk, **said).status_code == 302
    told = body(page(client, desk["agent"], "case", case.number))
    assert "corrected what the customer asks" in told
    assert "<del>Pay it back</del> → <ins>Pay back the third</ins>" in told
    assert "<del>not said</del> → <ins>€40</ins>" in told and "worth €40" in told


@pytest.mark.parametrize(
    ("precedent", "linked"),
    [("C-20001", True), (" c-20001", True), ("20001", False), ("as for C-20001", False)],
)
def test_a_precedent_that_is_a_cases_number_leads_there(client, desk, case, money, precedent, linked):
    words = {"offer_kind": "money", "offer_amount": Decimal(5), "precedent": precedent}
    asking.take_back(ask=Ask.objects.get(text="A router"), reason="x", by=desk["agent"], now=NOW)
    asking.decide(ask=money, outcome="granted", by=desk["agent"], now=NOW, **words)
    shown = body(page(client, desk["agent"], "case", case.number))
    assert ('href="/cases/C-20001/">C-20001</a>' in shown) is linked


def test_a_refusal_without_grounds_comes_back_by_field_with_the_rest_kept(client, desk, case, money):
    said = {"outcome": "refused", "remedies": "The arbitration board", "revision": case.revision}
    answer = post(client, desk["agent"], "ask-decide", case.number, money.pk, **said)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["grounds"]
    assert "The arbitration board" in body(answer)
    said["grounds"] = "The log shows the call"
    assert post(client, desk["agent"], "ask-decide", case.number, money.pk, **said).status_code == 302
    assert money.decisions.get().outcome == "refused"


def test_what_was_typed_for_another_outcome_is_left_behind(client, desk, case, money):
    said = {"outcome": "granted", "grounds": "typed before", "part": "also", "revision": case.revision}
    assert post(client, desk["agent"], "ask-decide", case.number, money.pk, **said).status_code == 302
    assert (money.decisions.get().grounds, money.decisions.get().part) == ("", "")


@pytest.mark.parametrize(("amount", "state"), [("100.00", "stands"), ("100.01", "waiting")])
def test_an_offer_at_the_limit_stands_and_a_cent_above_waits(client, desk, case, money, amount, state):
    said = {"outcome": "granted", "offer_kind": "money", "offer_amount": amount, "revision": case.revision}
    answer = post(client, desk["agent"], "ask-decide", case.number, money.pk, **said)
    assert answer.status_code == 302
    assert money.decisions.get().state == state
    told = body(client.get(answer.url))
    assert ("It waits for approval; whoever may approve it is told." in told) is (state == "waiting")


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "many", "99999999999999"])
def test_an_amount_that_is_none_is_refused(client, desk, case, money, amount):
    said = {"outcome": "granted", "offer_kind": "money", "offer_amount": amount, "revision": case.revision}
    answer = post(client, desk["agent"], "ask-decide", case.number, money.pk, **said)
    assert answer.status_code == 422 and "offer_amount" in answer.context["form"].errors
    assert not money.decisions.exists()


def test_a_double_click_decides_once(client, desk, case, money):
    said = {"outcome": "granted", "revision": case.revision}
    found = [
        post(client, desk["agent"], "ask-decide", case.number, money.pk, **said).status_code for _ in range(2)
    ]
    assert found == [302, 422] and money.decisions.count() == 1


def test_approving_from_the_list_leads_back_to_it(client, desk, case, waiting):
    client.force_login(desk["supervisor"])
    review = reverse("decision-review", args=[case.number, waiting.pk])
    assert f"{review}?from=list" in body(client.get(reverse("decisions")))
    answer = client.post(f"{review}?from=list", {"verdict": "approve", "revision": case.revision})
    assert answer.url == reverse("decisions")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.approved_by) == ("stands", desk["supervisor"])
    assert "Nothing waits for your approval" in body(client.get(answer.url))


def test_sending_back_needs_a_reason(client, desk, case, waiting):
    said = {"verdict": "send-back", "revision": case.revision}
    refused = post(client, desk["supervisor"], "decision-review", case.number, waiting.pk, **said)
    assert refused.status_code == 422 and "reason" in refused.context["form"].errors
    said["reason"] = "Offer the cable first"
    sent = post(client, desk["supervisor"], "decision-review", case.number, waiting.pk, **said)
    assert sent.url == reverse("case", args=[case.number])
    assert "Sent back by Ana: Offer the cable first" in body(page(client, desk["agent"], "case", case.number))


@pytest.mark.parametrize("verdict", ["", "perhaps", None])
def test_sent_without_a_verdict_nothing_is_guessed(client, desk, case, waiting, verdict):
    """Ctrl and Enter send a form without any of its buttons."""
    said = {"reason": "Offer the cable first", "revision": case.revision}
    if verdict is not None:
        said["verdict"] = verdict
    answer = post(client, desk["supervisor"], "decision-review", case.number, waiting.pk, **said)
    assert answer.status_code == 422 and "Offer the cable first" in body(answer)
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_approving_with_a_reason_to_send_back_is_refused(client, desk, case, waiting):
    said = {"verdict": "approve", "reason": "Too much", "revision": case.revision}
    answer = post(client, desk["supervisor"], "decision-review", case.number, waiting.pk, **said)
    assert answer.status_code == 422 and "reason" in answer.context["form"].errors
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_what_is_above_the_readers_limit_is_said_and_refused(client, desk, case, waiting):
    with make.signed():
        Person.objects.filter(pk=desk["supervisor"].pk).update(money_limit=Decimal("299.99"))
    supervisor = Person.objects.get(pk=desk["supervisor"].pk)
    shown = body(page(client, supervisor, "decision-review", case.number, waiting.pk))
    assert "above your own limit" in shown and 'value="approve"' not in shown
    said = {"verdict": "approve", "revision": case.revision}
    assert post(client, supervisor, "decision-review", case.number, waiting.pk, **said).status_code == 422
    assert "Nothing waits" in body(page(client, supervisor, "decisions"))
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_a_decision_that_was_answered_meanwhile_is_not_answered_again(client, desk, case, waiting):
    asking.approve(decision=waiting, by=desk["supervisor"], now=NOW)
    fresh = Case.objects.get(pk=case.pk)
    shown = body(page(client, desk["manager"], "decision-review", case.number, waiting.pk))
    assert "does not wait any more" in shown
    said = {"verdict": "send-back", "reason": "No", "revision": fresh.revision}
    assert (
        post(client, desk["manager"], "decision-review", case.number, waiting.pk, **said).status_code == 422
    )


def test_the_sidebar_counts_what_waits_for_those_who_may_approve(client, desk, case):
    shown = body(page(client, desk["supervisor"], "case-list"))
    assert "To approve" in shown
    assert "To approve" not in body(page(client, desk["agent"], "case-list"))
    assert "To approve" not in body(page(client, desk["auditor"], "case-list", view="all"))


# --- In the way ---


@pytest.mark.parametrize("name", ["case-resolve", "case-close"])
def test_each_thing_in_the_way_is_named_and_linked(client, desk, case, money, waiting, name):
    promise = promising.promise(case=case, what="A call", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    here = reverse("case", args=[case.number])
    links = [f"{here}#ask-{money.pk}", f"{here}#ask-{waiting.ask_id}"]
    if name == "case-close":
        links.append(f"{here}#promise-{promise.pk}")
    shown = page(client, desk["agent"], name, case.number)
    case_page = body(page(client, desk["agent"], "case", case.number))
    for link in links:
        assert f'href="{link}"' in body(shown)
        assert f'id="{link.partition("#")[2]}"' in case_page
    fresh = Case.objects.get(pk=case.pk)
    refused = post(client, desk["agent"], name, case.number, reason="done", revision=fresh.revision)
    assert refused.status_code == 422
    assert all(f'href="{link}"' in body(refused) for link in links)
    assert Case.objects.get(pk=case.pk).status == fresh.status


def test_once_all_is_decided_the_sheet_is_clear_and_the_case_resolved(client, desk, case, money, waiting):
    asking.approve(decision=waiting, by=desk["supervisor"], now=NOW)
    asking.decide(ask=money, outcome="granted", by=desk["agent"], now=NOW)
    fresh = Case.objects.get(pk=case.pk)
    assert "still in the way" not in body(page(client, desk["agent"], "case-resolve", case.number))
    said = {"reason": "credited", "revision": fresh.revision}
    assert post(client, desk["agent"], "case-resolve", case.number, **said).status_code == 302
    shown = body(page(client, desk["agent"], "case", case.number))
    assert reverse("ask-take-back", args=[case.number, money.pk]) not in shown


# --- The answer ---


def test_the_answer_is_sent_once_and_kept_with_its_promise(client, desk, case):
    said = {**SAID["case-answer"], "cause": "A migration ran twice", "revision": case.revision}
    assert post(client, desk["agent"], "case-answer", case.number, **said).status_code == 302
    assert post(client, desk["agent"], "case-answer", case.number, **said).status_code == 422
    row = Answer.objects.get()
    assert row.promise.due_at.isoformat() == "2026-03-04T09:00:00+00:00"  # typed in Madrid
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "A migration ran twice" in shown and "gave the answer" in shown
    assert shown.count("Answer</span>") == 1  # the message is marked
    assert Case.objects.get(pk=case.pk).status == "open"


def test_an_answer_for_a_time_that_is_over_comes_back_with_its_text(client, desk, case):
    said = {**SAID["case-answer"], "cause": "My careful words", "due_at": "2026-03-03T11:00"}
    answer = post(client, desk["agent"], "case-answer", case.number, revision=case.revision, **said)
    assert answer.status_code == 422 and "My careful words" in body(answer)
    assert not Answer.objects.exists()


def test_the_answer_begins_with_its_writer_to_turn_to(client, desk, case):
    shown = page(client, desk["agent"], "case-answer", case.number)
    assert shown.context["form"]["turn_to"].value() == "Lucia, lucia@example.com"


# --- The profile ---


def test_the_profile_is_on_the_page_of_whoever_holds_it_and_of_nobody_else(client, desk, case):
    profiling.describe(case=case, goal="Keep the account", by=desk["agent"], now=NOW)
    assert "Keep the account" in body(page(client, desk["agent"], "case", case.number))
    assert "Keep the account" in body(page(client, desk["agent"], "case-profile", case.number))
    for role in ("supervisor", "manager", "auditor", "stranger"):
        shown = body(page(client, desk[role], "case", case.number))
        assert "Keep the account" not in shown and "Complaint profile" not in shown


def test_the_profile_is_never_asked_at_intake(client, desk):
    customer = make.customer("Kessler")
    shown = body(page(client, desk["agent"], "case-new", customer=customer.pk))
    assert "merit" not in shown and "least_acceptable" not in shown


# --- What they are made of, and cost ---


@pytest.mark.parametrize("name", WHO_MAY)
def test_pages_need_no_script_of_their_own_and_have_one_heading(client, desk, case, name):
    reader = Inline()
    who = desk["agent"] if name == "case-profile" else desk["supervisor"]
    reader.feed(body(page(client, who, name, *address(name, case))))
    assert reader.found == [] and reader.headings == 1


def test_the_case_page_costs_the_same_for_many_asks_as_for_two(
    client, desk, case, django_assert_max_num_queries
):
    few = queries(client, desk["supervisor"], django_assert_max_num_queries, "case", case.number)
    for number in range(12):
        row = asking.ask(case=case, text=f"Ask {number}", by=desk["agent"], now=NOW)
        if number % 2:
            words = {"offer_kind": "money", "offer_amount": Decimal(200)}
            asking.decide(ask=row, outcome="granted", by=desk["agent"], now=NOW, **words)
    many = queries(client, desk["supervisor"], django_assert_max_num_queries, "case", case.number)
    assert many == few


def test_the_list_costs_the_same_for_many_as_for_one(client, desk, case, django_assert_max_num_queries):
    few = queries(client, desk["manager"], django_assert_max_num_queries, "decisions")
    for number in range(8):
        other = new_case(desk, f"Customer {number}")
        row = asking.ask(case=other, text=f"Ask {number}", by=desk["agent"], now=NOW)
        words = {"offer_kind": "money", "offer_amount": Decimal(200)}
        asking.decide(ask=row, outcome="granted", by=desk["agent"], now=NOW, **words)
    many = queries(client, desk["manager"], django_assert_max_num_queries, "decisions")
    assert len(client.get(reverse("decisions")).context["rows"]) == 9
    assert many == few


def test_what_ended_with_the_case_is_shown_and_no_more_to_be_changed(client, desk, case, money, waiting):
    asking.take_back(ask=waiting.ask, reason="x", by=desk["agent"], now=NOW)
    for row in (money, waiting.ask):
        asking.decide(ask=row, outcome="granted", by=desk["agent"], now=NOW)
    ending.resolve(case=case, reason="credited", by=desk["agent"], now=NOW + timedelta(minutes=1))
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "Granted" in shown and "Take back" not in shown
