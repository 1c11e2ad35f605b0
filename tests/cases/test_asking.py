"""What customers ask and what is decided on it: words, money limits, approval, and what it blocks."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from cases import closing, history
from cases.errors import (
    AlreadyDecided,
    BeyondLimit,
    Blocked,
    ConflictOfInterest,
    Incomplete,
    NotDecided,
    NotTheirs,
    StaleCase,
    WrongMove,
)
from cases.models import Ask, Case, Decision, Notice, Party, Person, Team
from cases.operations import asking, ending, intake, promising, talk
from tests import factories as make
from tests import worlds
from tests.racing import at_once

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
CENT = Decimal("0.01")
LIMIT = Decimal(250)
REFUSAL = {"outcome": "refused", "grounds": "The log shows the call.", "remedies": "The ombudsman"}


@pytest.fixture
def desk():
    """Ana may give 250 alone, Marta (her supervisor) 1,000, Priya 5,000; Sven leads another department."""
    desk = worlds.desk()
    limits = {"ana": LIMIT, "jonas": LIMIT, "marta": 1000, "sven": 1000, "priya": 5000}
    with make.signed():
        for name, limit in limits.items():
            person = getattr(desk, name)
            person.money_limit = limit
            person.save()
    return desk


@pytest.fixture
def case(desk, now):
    return make.case(now=now, team=desk.care, owner=desk.ana)


@pytest.fixture
def ask(desk, case, now):
    return asking.ask(case=case, text="Pay back the second charge", by=desk.ana, now=now)


def decided(ask, by, now, outcome="granted", **words):
    return asking.decide(ask=ask, outcome=outcome, by=by, now=now, **words)


def offered(ask, by, now, amount, **words):
    return decided(ask, by, now, offer_kind="money", offer_amount=amount, **words)


def state(ask):
    return Ask.objects.with_state().get(pk=ask.pk).state


# --- What is asked ---


def test_asks_are_kept_in_the_customers_order(desk, case, now):
    for text in ("Money back", "A written reason", "One person to talk to"):
        asking.ask(case=case, text=f" {text} ", by=desk.ana, now=now, revision=case.revision)
    found = list(case.asks.order_by("position").values_list("position", "text"))
    assert found == [(1, "Money back"), (2, "A written reason"), (3, "One person to talk to")]


def test_several_asks_are_noted_at_once_within_what_else_is_done(desk, now):
    """As intake does it: in the transaction that opens the case."""
    with history.acting(by=desk.ana, reason="on the phone", now=now):
        customer = make.customer()
        case = intake.open_case(
            customer=customer, subject="Twice", body="Charged twice", channel="phone", by=desk.ana, now=now
        )
        found = asking.ask_all(case=case, texts=["Money back", "  ", "A reason"], by=desk.ana, now=now)
    assert [ask.text for ask in found] == ["Money back", "A reason"]
    assert {ask.recorded_by for ask in found} == {desk.ana}


@pytest.mark.parametrize("text", ["", "  "])
def test_an_ask_without_words_is_refused(desk, case, now, text):
    with pytest.raises(Incomplete):
        asking.ask(case=case, text=text, by=desk.ana, now=now)


def test_an_ask_worth_nothing_is_refused(desk, case, now):
    with pytest.raises(Incomplete):
        asking.ask(case=case, text="Money", amount=Decimal(0), by=desk.ana, now=now)


def test_only_a_live_case_takes_asks(desk, case, now):
    ending.resolve(case=case, reason="done", by=desk.ana, now=now)
    with pytest.raises(WrongMove):
        asking.ask(case=case, text="More", by=desk.ana, now=now)


def test_a_stale_page_asks_and_decides_nothing(desk, case, ask, now):
    seen = case.revision - 1
    with pytest.raises(StaleCase):
        asking.ask(case=case, text="More", by=desk.ana, now=now, revision=seen)
    with pytest.raises(StaleCase):
        decided(ask, desk.ana, now, revision=seen)
    assert state(ask) == "open"


def test_what_was_noted_is_put_right_while_nothing_is_decided(desk, ask, now):
    asking.correct(ask=ask, text=" The third charge ", amount=Decimal(5), by=desk.jonas, now=now)
    ask.refresh_from_db()
    assert (ask.text, ask.amount, ask.recorded_by) == ("The third charge", 5, desk.ana)
    with pytest.raises(Incomplete):
        asking.correct(ask=ask, text=" ", by=desk.ana, now=now)
    decided(ask, desk.ana, now)
    with pytest.raises(AlreadyDecided):
        asking.correct(ask=ask, text="The fourth", by=desk.ana, now=now)


def test_what_waits_for_approval_is_not_put_right_either(desk, ask, now):
    offered(ask, desk.ana, now, LIMIT + CENT)
    with pytest.raises(AlreadyDecided):
        asking.correct(ask=ask, text="Less", by=desk.ana, now=now)


def test_a_decision_stakes_what_is_asked_now_and_not_what_its_page_showed(desk, case, now):
    asking.ask(case=case, text="Damages", amount=Decimal(10), by=desk.ana, now=now)
    seen = case.asks.get()
    asking.correct(ask=case.asks.get(), text="Damages", amount=LIMIT + CENT, by=desk.jonas, now=now)
    assert decided(seen, desk.ana, now, **REFUSAL).state == "waiting"


# --- How an ask ends ---


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("granted", {}),
        ("partly", {"part": "The charge, not the interest"}),
        ("partly", {"part": "The charge", "grounds": "No interest was due", "remedies": "The ombudsman"}),
        ("refused", {"grounds": "The log shows the call", "remedies": "The ombudsman"}),
        ("withdrawn", {"customer_said": "On the phone, Monday: the bank has paid it"}),
    ],
)
def test_an_ask_ends_in_each_way_with_who_and_when(desk, ask, now, outcome, words):
    assert state(ask) == "open"
    row = decided(ask, desk.ana, now + HOUR, outcome, **words)
    assert (state(ask), row.made_by, row.made_at) == (outcome, desk.ana, now + HOUR)
    assert row.state == Decision.State.STANDS


@pytest.mark.parametrize(
    ("outcome", "words", "fields"),
    [
        ("partly", {}, {"part"}),
        ("partly", {"part": "  "}, {"part"}),
        ("refused", {}, {"grounds", "remedies"}),
        ("refused", {"grounds": "No"}, {"remedies"}),
        ("refused", {"remedies": "The ombudsman", "grounds": " "}, {"grounds"}),
        ("withdrawn", {}, {"customer_said"}),
        ("granted", {"grounds": "Because"}, {"grounds"}),
        ("granted", {"offer_kind": "money"}, {"offer_amount"}),
        ("granted", {"offer_kind": "money", "offer_amount": Decimal(0)}, {"offer_amount"}),
        ("granted", {"offer_kind": "goods"}, {"offer_what"}),
        ("granted", {"offer_amount": Decimal(5)}, {"offer_amount"}),
        ("granted", {"precedent": "C-20001"}, {"precedent"}),
        (
            "withdrawn",
            {"customer_said": "By mail", "offer_kind": "goods", "offer_what": "A router"},
            {"offer_kind", "offer_what"},
        ),
    ],
)
def test_a_decision_that_is_not_whole_is_refused_by_field(desk, ask, now, outcome, words, fields):
    with pytest.raises(Incomplete) as refusal:
        decided(ask, desk.ana, now, outcome, **words)
    assert set(refusal.value.message_dict) == fields
    assert state(ask) == "open"


ROW = {"state": "stands", "made_at": make.BEGINNING}


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "partly"},
        {"outcome": "refused", "grounds": "No"},
        {"outcome": "refused", "remedies": "The ombudsman"},
        {"outcome": "withdrawn"},
        {"outcome": "granted", "part": "some"},
        {"outcome": "nonsense"},
        {"outcome": "granted", "offer_kind": "money"},
        {"outcome": "granted", "offer_kind": "goods"},
        {"outcome": "granted", "offer_kind": "money", "offer_amount": -5},
        {"outcome": "granted", "offer_kind": "money", "offer_amount": 5, "at_stake": 4},
        {"outcome": "granted", "needs_approval": True},
        {"outcome": "granted", "state": "waiting"},
        {"outcome": "granted", "state": "taken_back"},
        {"outcome": "granted", "end_reason": "none"},
    ],
)
def test_the_database_refuses_a_decision_that_is_not_whole(desk, ask, fields):
    with make.signed(), pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(ask=ask, made_by=desk.ana, **{**ROW, **fields})


def test_the_database_refuses_ones_own_approval_and_a_second_decision(desk, ask):
    own = {"needs_approval": True, "approved_by": desk.ana, "approved_at": make.BEGINNING}
    with make.signed(), pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(ask=ask, made_by=desk.ana, outcome="granted", **ROW, **own)
    with make.signed():
        Decision.objects.create(ask=ask, made_by=desk.ana, outcome="granted", **ROW)
        with pytest.raises(IntegrityError), transaction.atomic():
            Decision.objects.create(ask=ask, made_by=desk.ana, outcome="granted", **ROW)


def test_a_decision_is_made_once(desk, ask, now):
    decided(ask, desk.ana, now)
    with pytest.raises(AlreadyDecided):
        decided(ask, desk.jonas, now, **REFUSAL)
    assert ask.decisions.count() == 1


# --- Money limits ---


@pytest.mark.parametrize(("amount", "found"), [(LIMIT - CENT, "stands"), (LIMIT, "stands")])
def test_an_offer_within_the_own_limit_stands_at_once(desk, ask, now, amount, found):
    row = offered(ask, desk.ana, now, amount, precedent="C-20001")
    assert (row.state, row.needs_approval, state(ask)) == (found, False, "granted")
    assert not Notice.objects.filter(kind="decision_waiting").exists()


def test_an_offer_one_cent_above_the_own_limit_waits_and_its_supervisor_is_told(desk, ask, now):
    row = offered(ask, desk.ana, now, LIMIT + CENT)
    assert (row.state, row.at_stake, state(ask)) == ("waiting", LIMIT + CENT, "waiting")
    [notice] = Notice.objects.filter(kind="decision_waiting")
    assert (notice.person, notice.facts["what"]) == (desk.marta, ask.text)


@pytest.mark.parametrize(("asked", "found"), [(LIMIT, "stands"), (LIMIT + CENT, "waiting"), (None, "stands")])
def test_what_one_may_not_grant_alone_one_may_not_refuse_alone(desk, case, now, asked, found):
    ask = asking.ask(case=case, text="Damages", amount=asked, by=desk.ana, now=now)
    assert decided(ask, desk.ana, now, **REFUSAL).state == found


@pytest.mark.parametrize(
    ("asked", "offer", "found"),
    [
        (400, LIMIT, "stands"),  # 150 are withheld
        (LIMIT * 2, LIMIT, "stands"),
        (LIMIT * 2 + CENT, LIMIT, "waiting"),  # and here more than she may refuse
        (300, LIMIT + CENT, "waiting"),
    ],
)
def test_of_a_part_the_larger_of_what_is_given_and_withheld_counts(desk, case, now, asked, offer, found):
    ask = asking.ask(case=case, text="Damages", amount=Decimal(asked), by=desk.ana, now=now)
    assert offered(ask, desk.ana, now, offer, outcome="partly", part="The fee").state == found


def test_granting_what_is_worth_more_than_the_limit_waits_without_an_offer_too(desk, case, now):
    ask = asking.ask(case=case, text="Damages", amount=LIMIT + CENT, by=desk.ana, now=now)
    assert decided(ask, desk.ana, now).state == "waiting"


def test_a_withdrawal_never_waits(desk, case, now):
    ask = asking.ask(case=case, text="Damages", amount=Decimal(9000), by=desk.ana, now=now)
    assert decided(ask, desk.ana, now, "withdrawn", customer_said="By mail").state == "stands"


@pytest.mark.parametrize("kind", ["goods", "exception", "waiver"])
def test_an_offer_that_nobody_priced_takes_somebody_who_may_approve(desk, case, now, kind):
    words = {"offer_kind": kind, "offer_what": "A month more"}
    first = asking.ask(case=case, text="One", by=desk.ana, now=now)
    second = asking.ask(case=case, text="Two", by=desk.ana, now=now)
    third = asking.ask(case=case, text="Three", by=desk.ana, now=now)
    assert decided(first, desk.ana, now, **words).state == "waiting"
    assert decided(second, desk.marta, now, **words).state == "stands"
    assert decided(third, desk.ana, now, offer_amount=LIMIT, **words).state == "stands"


def test_what_nobody_here_could_approve_is_refused_at_once(desk, ask, now):
    with pytest.raises(BeyondLimit):
        offered(ask, desk.ana, now, 5000 + CENT)
    assert (state(ask), Decision.objects.count()) == ("open", 0)
    assert offered(ask, desk.ana, now, 5000).state == "waiting"
    assert list(Notice.objects.filter(kind="decision_waiting").values_list("person", flat=True)) == [
        desk.priya.pk
    ]


# --- Approval ---


@pytest.mark.parametrize(("amount", "refused"), [(1000, None), (1000 + CENT, BeyondLimit)])
def test_a_supervisor_approves_up_to_their_own_limit(desk, ask, now, amount, refused):
    row = offered(ask, desk.ana, now, amount)
    if refused:
        with pytest.raises(refused):
            asking.approve(decision=row, by=desk.marta, now=now)
        assert state(ask) == "waiting"
        asking.approve(decision=row, by=desk.priya, now=now)
    else:
        asking.approve(decision=row, by=desk.marta, now=now + HOUR)
        row.refresh_from_db()
        assert (row.approved_by, row.approved_at) == (desk.marta, now + HOUR)
    assert state(ask) == "granted"
    assert Notice.objects.filter(kind="decision_approved", person=desk.ana).count() == 1


@pytest.mark.parametrize("who", ["ana", "jonas", "bruno", "sven", "audre", "adam"])
def test_nobody_else_approves_or_sends_back(desk, ask, now, who):
    """Who made it, agents, another department's supervisor, who only reads."""
    with make.signed():
        Person.objects.filter(pk=desk.jonas.pk).update(money_limit=9000)
    row = offered(ask, desk.ana, now, LIMIT + CENT)
    with pytest.raises(NotTheirs):
        asking.approve(decision=row, by=getattr(desk, who), now=now)
    with pytest.raises(NotTheirs):
        asking.send_back(decision=row, reason="no", by=getattr(desk, who), now=now)
    assert state(ask) == "waiting"


def test_a_manager_does_not_approve_their_own(desk, ask, now):
    with make.signed():
        other = make.person("Otto", "manager", money_limit=9000)
    row = offered(ask, desk.priya, now, 5000 + CENT)
    with pytest.raises(NotTheirs):
        asking.approve(decision=row, by=desk.priya, now=now)
    asking.approve(decision=row, by=other, now=now)
    assert state(ask) == "granted"


def test_an_approval_counts_once(desk, ask, now):
    row = offered(ask, desk.ana, now, 300)
    asking.approve(decision=row, by=desk.marta, now=now)
    for answer in (asking.approve, lambda **given: asking.send_back(reason="no", **given)):
        with pytest.raises(NotDecided):
            answer(decision=row, by=desk.priya, now=now)
    assert state(ask) == "granted"


def test_what_is_sent_back_opens_the_ask_again_with_the_reason(desk, ask, now):
    row = offered(ask, desk.ana, now, 300)
    with pytest.raises(Incomplete):
        asking.send_back(decision=row, reason=" ", by=desk.marta, now=now)
    asking.send_back(decision=row, reason="Half of it is ours", by=desk.marta, now=now)
    row.refresh_from_db()
    assert (row.state, row.ended_by, row.end_reason) == ("sent_back", desk.marta, "Half of it is ours")
    assert state(ask) == "open"
    told = Notice.objects.get(kind="decision_sent_back", person=desk.ana)
    assert told.facts["reason"] == "Half of it is ours"
    assert offered(ask, desk.ana, now, 150).state == "stands"


def test_who_is_named_in_the_complaint_neither_decides_nor_approves_nor_is_told(desk, case, ask, now):
    with make.signed():
        for person in (desk.marta, desk.jonas):
            Party.objects.create(case=case, person=person, kind=Party.Kind.SUBJECT, reason="Shouted")
    with pytest.raises(ConflictOfInterest):
        decided(ask, desk.jonas, now)
    row = offered(ask, desk.ana, now, 300)
    for answer in (asking.approve, lambda **given: asking.send_back(reason="no", **given)):
        with pytest.raises(ConflictOfInterest):
            answer(decision=row, by=desk.marta, now=now)
    with pytest.raises(ConflictOfInterest):
        asking.take_back(ask=ask, reason="no", by=desk.jonas, now=now)
    assert set(Notice.objects.filter(kind="decision_waiting").values_list("person", flat=True)) == {
        desk.priya.pk
    }
    assert not Decision.objects.awaiting(desk.marta).exists()
    assert Decision.objects.awaiting(desk.priya).get() == row


# --- Taken back ---


def test_a_decision_is_taken_back_with_a_reason_while_the_case_is_live(desk, case, ask, now):
    row = decided(ask, desk.ana, now)
    with pytest.raises(Incomplete):
        asking.take_back(ask=ask, reason="", by=desk.jonas, now=now)
    asking.take_back(ask=ask, reason="The wrong invoice", by=desk.jonas, now=now + HOUR)
    row.refresh_from_db()
    assert (row.state, row.ended_by, row.ended_at) == ("taken_back", desk.jonas, now + HOUR)
    assert state(ask) == "open"
    with pytest.raises(NotDecided):
        asking.take_back(ask=ask, reason="again", by=desk.jonas, now=now)


def test_what_was_decided_stays_once_the_case_is_resolved(desk, case, ask, now):
    decided(ask, desk.ana, now)
    ending.resolve(case=case, reason="credited", by=desk.ana, now=now)
    with pytest.raises(WrongMove):
        asking.take_back(ask=ask, reason="No", by=desk.ana, now=now)


def test_one_that_waits_is_taken_back_and_leaves_every_list(desk, ask, now):
    row = offered(ask, desk.ana, now, 300)
    assert Decision.objects.awaiting(desk.marta).exists()
    asking.take_back(ask=ask, reason="Wrong figure", by=desk.ana, now=now)
    assert not Decision.objects.awaiting(desk.marta).exists()
    with pytest.raises(NotDecided):
        asking.approve(decision=row, by=desk.marta, now=now)


# --- Who may approve what: both ways round ---


@pytest.mark.parametrize("restricted", ["", "a colleague's case"])
@pytest.mark.parametrize("held", ["", "person", "team"])
def test_who_is_told_is_who_may_approve_it(desk, now, restricted, held):
    below = make.team("Care, nights", parent=desk.care)
    case = make.case(now=now, by=desk.ana, team=below, owner=desk.ana, restricted_because=restricted)
    with make.signed():
        Party.objects.create(case=case, person=desk.sven, kind=Party.Kind.ACCESS, reason="asked to help")
        standing = case.standing
        standing.holder = desk.priya if held == "person" else None
        standing.holder_team = desk.care if held == "team" else None
        standing.save()
    ask = asking.ask(case=case, text="Damages", by=desk.ana, now=now)
    with make.signed():
        row = Decision.objects.create(
            ask=ask,
            made_by=desk.ana,
            made_at=now,
            outcome="granted",
            offer_kind="money",
            offer_amount=900,
            at_stake=900,
            needs_approval=True,
            state="waiting",
        )
    told = set(asking.approvers(case, stake=Decimal(900), but=desk.ana))
    everybody = Person.objects.working()
    assert told == {p for p in everybody if row in Decision.objects.awaiting(p)}
    assert desk.sven in told
    assert (desk.marta in told) is (not restricted or held == "team")


def test_teams_above_are_found_to_the_top(desk):
    below = make.team("Nights", parent=desk.care)
    assert Team.with_all_above([below.pk]) == {below.pk, desk.care.pk}
    assert Team.with_all_above([]) == set()


# --- What it blocks ---


def test_an_unanswered_ask_blocks_resolving_and_closing_by_name(desk, case, ask, now):
    for end in (ending.resolve, ending.close):
        with pytest.raises(Blocked) as refusal:
            end(case=case, reason="done", by=desk.ana, now=now)
        assert refusal.value.messages == [
            "The customer asks “Pay back the second charge”, and nothing is decided."
        ]
    assert Case.objects.get(pk=case.pk).status == "new"


def test_a_decision_that_waits_blocks_and_says_so_until_it_is_approved(desk, case, ask, now):
    row = offered(ask, desk.ana, now, 300)
    [blocker] = closing.blockers(case, "resolved")
    assert blocker.where == f"ask-{ask.pk}"
    assert "waits for approval" in blocker.words
    with pytest.raises(Blocked):
        ending.resolve(case=case, reason="done", by=desk.ana, now=now)
    asking.approve(decision=row, by=desk.marta, now=now)
    ending.resolve(case=case, reason="done", by=desk.ana, now=now)
    ending.close(case=case, reason="confirmed", by=desk.ana, now=now)


@pytest.mark.parametrize("outcome", ["granted", "partly", "refused", "withdrawn"])
def test_each_way_of_ending_lets_the_case_be_resolved(desk, case, ask, now, outcome):
    words = {
        "partly": {"part": "Half"},
        "refused": {"grounds": "x", "remedies": "y"},
        "withdrawn": {"customer_said": "By mail"},
    }
    decided(ask, desk.ana, now, outcome, **words.get(outcome, {}))
    ending.resolve(case=case, reason="done", by=desk.ana, now=now)
    assert Case.objects.get(pk=case.pk).status == "resolved"


def test_a_promise_blocks_closing_and_not_resolving(desk, case, now):
    row = promising.promise(case=case, what="A call", due_at=now + HOUR, by=desk.ana, now=now)
    assert closing.blockers(case, "resolved") == []
    [blocker] = closing.blockers(case)
    assert blocker.where == f"promise-{row.pk}"


def test_what_is_asked_does_not_hold_up_a_talk(desk, case, ask, now):
    talk.reply(case=case, body="We look into it", by=desk.ana, now=now)
    assert Case.objects.get(pk=case.pk).status == "open"


# --- Two at once ---


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_does(desk, ask, now):
    def deciding(who):
        return lambda: decided(Ask.objects.select_related("case").get(), who, now)

    assert at_once(deciding(desk.ana), deciding(desk.jonas)) == ["AlreadyDecided", "done"]
    assert Decision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_an_approval_and_a_sending_back_at_once_one_counts(desk, ask, now):
    offered(ask, desk.ana, now, 300)

    def waiting():
        return Decision.objects.select_related("ask__case").get()

    found = at_once(
        lambda: asking.approve(decision=waiting(), by=desk.marta, now=now),
        lambda: asking.send_back(decision=waiting(), reason="No", by=desk.priya, now=now),
    )
    assert found == ["NotDecided", "done"]


@pytest.mark.django_db(transaction=True)
def test_a_case_is_not_resolved_over_an_ask_that_comes_at_that_moment(desk, case, now):
    found = at_once(
        lambda: asking.ask(case=Case.objects.get(), text="One more", by=desk.ana, now=now),
        lambda: ending.resolve(case=Case.objects.get(), reason="done", by=desk.jonas, now=now),
    )
    assert found in (["Blocked", "done"], ["WrongMove", "done"])
