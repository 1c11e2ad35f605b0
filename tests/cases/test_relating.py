"""Cases beside each other: linked, merged so that nothing that is owed goes missing, split, followed up."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from cases import closing, conversations, engine, reconciling
from cases.errors import AlreadyDecided, Blocked, Incomplete, WrongMove
from cases.models import Ask, Attempt, Case, CaseLink, Message, Notice, NoticeKind, Party, Promise, Timer
from cases.operations import asking, attempts, ending, linking, merging, pausing, promising, relating, talk
from cases.states import CaseStatus, ClockState, Metric
from escalations.operations import escalate
from reports.changes import changes
from reports.timeline import events
from tests import factories as make

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TERMS = {
    (Metric.FIRST_RESPONSE, None): 4 * 3600,
    (Metric.NEXT_UPDATE, None): 8 * 3600,
    (Metric.RESOLUTION, None): 40 * 3600,
}


@pytest.fixture
def ana():
    person = make.person("Ana")
    make.policy(targets=TERMS)
    return person


@pytest.fixture
def customer():
    return make.customer()


@pytest.fixture
def older(ana, customer, now):
    return make.case(customer, now=now, owner=ana, subject="Charged twice")


@pytest.fixture
def newer(ana, customer, now):
    return make.case(customer, now=now + HOUR, owner=ana, subject="Charged twice again")


def merge(case, into, by, now, **given):
    return merging.merge(case=case, into=into, reason="The same invoice", by=by, now=now, **given)


def told(case):
    return [event.text for event in events(case)]


# --- Links ---


def test_a_link_is_told_in_both_histories_from_either_side(ana, older, newer, now):
    relating.link(case=newer, other=older, kind="caused_by", reason="Same fault", by=ana, now=now + HOUR)
    assert f"linked it as caused by {older.number}" in told(newer)
    assert f"linked {newer.number} as caused by it" in told(older)
    older.refresh_from_db()
    assert older.revision == 2


def test_related_is_one_link_whoever_begins_it(ana, older, newer, now):
    relating.link(case=older, other=newer, kind="related", by=ana, now=now + HOUR)
    with pytest.raises(WrongMove, match="already"):
        relating.link(case=newer, other=older, kind="related", by=ana, now=now + HOUR)
    assert CaseLink.objects.count() == 1


def test_a_case_is_not_linked_with_itself_nor_by_a_kind_that_has_its_own_way(ana, older, newer, now):
    with pytest.raises(WrongMove, match="itself"):
        relating.link(case=older, other=older, kind="related", by=ana, now=now)
    with pytest.raises(WrongMove):
        relating.link(case=older, other=newer, kind="merged", by=ana, now=now)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a, b: {"source": a, "target": a, "kind": "duplicate"},
        lambda a, b: {"source": a, "target": b, "kind": "related"},  # the older one stands last
        lambda a, b: {"source": a, "target": b, "kind": "nonsense"},
    ],
)
def test_the_database_refuses_links_that_make_no_sense(older, newer, now, wrong):
    with pytest.raises(IntegrityError), make.signed(), transaction.atomic():
        CaseLink.objects.create(made_at=now, **wrong(older, newer))


def test_the_database_keeps_one_link_of_a_kind_and_one_merge_of_a_case(ana, customer, older, newer, now):
    third = make.case(customer, now=now, owner=ana)
    with make.signed():
        CaseLink.objects.create(source=newer, target=older, kind="merged", made_at=now)
        for row in (
            {"source": newer, "target": older, "kind": "merged"},
            {"source": newer, "target": third, "kind": "merged"},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                CaseLink.objects.create(made_at=now, **row)


def test_a_link_is_taken_away_once_with_a_reason_and_can_be_made_again(ana, older, newer, now):
    link = relating.link(case=newer, other=older, kind="related", by=ana, now=now + HOUR)
    with pytest.raises(Incomplete):
        relating.unlink(link=link, by=ana, now=now + HOUR, reason=" ")
    relating.unlink(link=link, by=ana, now=now + 2 * HOUR, reason="Another invoice")
    with pytest.raises(WrongMove):
        relating.unlink(link=link, by=ana, now=now + 2 * HOUR, reason="Again")
    assert f"ended the link with {older.number}" in told(newer)
    relating.link(case=newer, other=older, kind="related", by=ana, now=now + 3 * HOUR)
    assert CaseLink.objects.active().count() == 1


def test_no_history_names_a_case_that_is_kept_from_somebody(ana, customer, older, now):
    secret = make.case(customer, now=now, owner=ana, by=ana, restricted_because="Fraud")
    relating.link(case=older, other=secret, kind="related", by=ana, now=now + HOUR)
    assert "linked it with another case" in told(older)
    assert secret.number not in " ".join(told(older))
    [change] = [c for c in changes(older, most=200)[0] if c.what in ("link", "link_from")]
    assert secret.pk not in [new for _name, _old, new in change.fields]


# --- Merging ---


def test_a_merged_case_is_closed_and_points_at_the_other_and_the_customer_is_told(ana, older, newer, now):
    at = now + 2 * HOUR
    merge(newer, older, ana, at)
    newer.refresh_from_db()
    assert (newer.status, newer.closed_at) == (CaseStatus.CLOSED, at)
    assert linking.merged_into(newer) == older
    assert f"merged it into {older.number}" in told(newer)
    assert f"merged {newer.number} into it" in told(older)
    notice = Notice.objects.get(kind=NoticeKind.CASE_MERGED, contact=newer.contact)
    assert notice.facts == {"into": older.number}
    # The case that was there first is owed sooner: nothing went over, and nobody is told he kept a promise.
    assert set(newer.clocks.values_list("state", flat=True)) == {ClockState.STOPPED}
    assert older.clocks.open().count() == 2


def test_of_two_terms_for_the_same_thing_the_one_due_sooner_goes_on(ana, older, newer, now):
    due = dict(older.clocks.values_list("metric", "due_at"))
    merge(older, newer, ana, now + 2 * HOUR)
    goes_on = {c.metric: c for c in newer.clocks.open()}
    assert {metric: clock.due_at for metric, clock in goes_on.items()} == due
    assert newer.clocks.filter(state=ClockState.STOPPED).count() == 2
    # It is woken for, and breaches when it would have.
    engine.run_until_idle(now=due[Metric.FIRST_RESPONSE] + timedelta(seconds=1))
    assert newer.clocks.get(metric=Metric.FIRST_RESPONSE, ended_at=None).breached_at is not None


def test_a_term_that_was_missed_goes_on_as_missed(ana, older, newer, now):
    talk.reply(case=newer, body="We look", by=ana, now=now + HOUR + HOUR)
    at = now + 5 * HOUR  # the older one's first response is over; the engine has not said so
    merge(older, newer, ana, at)
    clock = newer.clocks.get(metric=Metric.FIRST_RESPONSE, ended_at=None)
    assert clock.breached_at == now + 4 * HOUR
    assert older.clocks.get(metric=Metric.FIRST_RESPONSE).breached_at == now + 4 * HOUR


def test_a_pause_of_the_merged_case_ends_and_its_time_left_is_what_counts(ana, older, newer, now):
    reason = make.pause_reason()
    talk.reply(case=older, body="Which invoice?", by=ana, now=now + HOUR)
    pausing.pause(case=older, reason=reason, expected_end_at=now + 50 * HOUR, by=ana, now=now + HOUR)
    merge(older, newer, ana, now + 11 * HOUR)
    # One of its forty hours was used when it stood still: the newer one, with ten used, is due sooner.
    assert newer.clocks.get(metric=Metric.RESOLUTION).due_at == now + 41 * HOUR
    assert not older.pauses.open().exists()


def test_a_promise_goes_over_with_its_date_and_maker_and_wakes_the_engine_there(ana, older, newer, now):
    bruno = make.person("Bruno")
    due = now + 6 * HOUR
    given = promising.promise(case=newer, what="A call", due_at=due, by=bruno, now=now + HOUR)
    merge(newer, older, ana, now + 2 * HOUR)
    given.refresh_from_db()
    new = older.promises.get()
    assert (given.state, given.replaced_by) == (Promise.State.REPLACED, new)
    assert (new.what, new.due_at, new.made_by, new.told_at) == ("A call", due, bruno, now + HOUR)
    assert not Timer.objects.pending().filter(case=newer, kind__startswith="promise").exists()
    engine.run_until_idle(now=due + timedelta(seconds=1))
    new.refresh_from_db()
    assert new.state == Promise.State.BROKEN


def test_a_broken_promise_still_demands_a_new_date(ana, older, newer, now):
    promising.promise(case=newer, what="A call", due_at=now + 2 * HOUR, by=ana, now=now + HOUR)
    engine.run_until_idle(now=now + 2 * HOUR + timedelta(seconds=1))
    merge(newer, older, ana, now + 3 * HOUR)
    assert older.promises.get().state == Promise.State.BROKEN
    with pytest.raises(Blocked, match="A call"):
        ending.close(case=older, reason="Done", by=ana, now=now + 4 * HOUR)


def test_the_other_case_shows_the_messages_which_stay_where_they_are(ana, older, newer, now):
    merge(newer, older, ana, now + 2 * HOUR)
    assert conversations.said_on(older, ana).count() == 2
    assert newer.messages.count() == older.messages.count() == 1


def test_what_nothing_decides_yet_is_asked_on_the_other_case_behind_what_is_asked_there(
    ana, older, newer, now
):
    asking.ask_all(case=older, texts=["A call back"], by=ana, now=now + HOUR)
    decided, _open = asking.ask_all(case=newer, texts=["An apology", "A credit note"], by=ana, now=now + HOUR)
    asking.decide(ask=decided, outcome="granted", by=ana, now=now + HOUR)
    merge(newer, older, ana, now + 2 * HOUR)
    assert [ask.text for ask in older.asks.order_by("position")] == ["A call back", "A credit note"]
    assert [ask.text for ask in newer.asks.all()] == ["An apology"]
    assert closing.blockers(older, CaseStatus.RESOLVED) != []


def test_a_decision_that_waits_for_approval_speaks_against_a_merge(ana, older, newer, now):
    make.person("Marta", "manager", money_limit=1000)
    [credit] = asking.ask_all(case=newer, texts=["A credit note"], by=ana, now=now + HOUR)
    offer = {"offer_kind": "money", "offer_what": "credit"}
    asking.decide(ask=credit, outcome="granted", offer_amount=100, by=ana, now=now + HOUR, **offer)
    with pytest.raises(Blocked, match="waits for approval"):
        merge(newer, older, ana, now + 2 * HOUR)
    assert Case.objects.get(pk=newer.pk).is_live


def test_what_the_customer_writes_to_a_merged_case_reaches_the_other(ana, older, newer, now):
    talk.reply(case=older, body="We look", by=ana, now=now + HOUR)
    merge(newer, older, ana, now + 2 * HOUR)
    message = talk.receive(case=newer, body="And?", channel="mail", by=ana, now=now + 3 * HOUR)
    call = talk.log_call(case=newer, body="And?", incoming=True, was_reached=True, by=ana, now=now + 3 * HOUR)
    assert message.case_id == call.case_id == older.pk


def test_nobody_writes_to_the_customer_on_a_merged_case(ana, older, newer, now):
    merge(newer, older, ana, now + 2 * HOUR)
    with pytest.raises(WrongMove, match=older.number):
        talk.reply(case=newer, body="Hello", by=ana, now=now + 3 * HOUR)


def test_opening_a_merged_case_again_undoes_the_merge(ana, older, newer, now):
    merge(newer, older, ana, now + 2 * HOUR)
    ending.reopen(case=newer, reason="Another invoice after all", by=ana, now=now + 3 * HOUR)
    assert linking.merged_into(newer) is None
    assert conversations.said_on(older, ana).count() == 1
    assert newer.clocks.open().filter(metric=Metric.RESOLUTION).exists()
    merge(newer, older, ana, now + 4 * HOUR)
    assert linking.merged_into(newer) == older


def elses(ana, older, now):
    return make.case(make.customer("Fabrikam"), now=now, owner=ana)


def ended(ana, older, now):
    row = make.case(older.customer, now=now, owner=ana)
    ending.resolve(case=row, reason="Credited", by=ana, now=now)
    return row


def merged_already(ana, older, now):
    row = make.case(older.customer, now=now, owner=ana)
    merge(row, make.case(older.customer, now=now, owner=ana), ana, now)
    return row


def restricted(ana, older, now):
    return make.case(older.customer, now=now, owner=ana, by=ana, restricted_because="Fraud")


def about_somebody(ana, older, now):
    row = make.case(older.customer, now=now, owner=ana)
    with make.signed():
        Party.objects.create(case=row, person=make.person("Sven"), kind="subject", reason="Rude")
    return row


@pytest.mark.parametrize("target", [elses, ended, merged_already, restricted, about_somebody])
def test_what_does_not_go_together_is_not_merged(ana, older, now, target):
    into = target(ana, older, now)
    with pytest.raises(WrongMove):
        merge(older, into, ana, now + HOUR)
    older.refresh_from_db()
    assert older.is_live and older.revision == 1


def test_a_case_into_which_others_were_merged_is_not_merged_itself(ana, customer, older, newer, now):
    merge(newer, older, ana, now + 2 * HOUR)
    third = make.case(customer, now=now, owner=ana)
    with pytest.raises(WrongMove, match=f"merge {third.number} into it instead"):
        merge(older, third, ana, now + 2 * HOUR)
    with pytest.raises(WrongMove):
        merge(newer, older, ana, now + 2 * HOUR)


def test_an_escalated_case_is_not_merged_away(ana, older, newer, now):
    path = make.path(levels=[{"person": make.person("Jonas")}], fallback=ana)
    escalate.escalate(
        case=newer,
        path=path,
        kind="hierarchical",
        reason="a",
        background="b",
        tried="c",
        next_steps="d",
        by=ana,
        now=now + HOUR,
    )
    with pytest.raises(WrongMove, match="escalated"):
        merge(newer, older, ana, now + 2 * HOUR)


def test_what_a_higher_app_cannot_carry_over_speaks_against_merging(ana, older, newer, now, monkeypatch):
    def asks(case):
        if case.pk == newer.pk:
            yield closing.Blocker("“A credit note” is still asked for.", "")

    monkeypatch.setitem(closing.BLOCKERS, CaseStatus.CLOSED, [asks])
    with pytest.raises(Blocked, match="A credit note"):
        merge(newer, older, ana, now + 2 * HOUR)
    assert newer.clocks.open().count() == 2
    monkeypatch.setitem(closing.BLOCKERS, CaseStatus.CLOSED, [])
    seen = []
    monkeypatch.setattr(
        merging, "CARRIERS", [*merging.CARRIERS, lambda s, t, *, by, now: seen.append((s, t))]
    )
    merge(newer, older, ana, now + 2 * HOUR)
    assert seen == [(newer, older)]


def test_the_reconciler_finds_nothing_to_mend_after_a_merge(ana, older, newer, now):
    promising.promise(case=older, what="A call", due_at=now + 6 * HOUR, by=ana, now=now + HOUR)
    merge(older, newer, ana, now + 2 * HOUR)
    assert reconciling.whole_round(now=now + 2 * HOUR).repairs == []


def test_what_was_tried_goes_with_the_matter(ana, customer, older, newer, now):
    attempts.note_attempt(case=newer, tried="Restarted", by=ana, now=now + HOUR)
    attempts.note_attempt(case=older, tried="Measured", by=ana, now=now + 2 * HOUR)
    merge(newer, older, ana, now + 2 * HOUR)
    ending.resolve(case=older, reason="Credited", by=ana, now=now + 3 * HOUR)
    opening = {"subject": "Again", "body": "It came back.", "channel": "phone"}
    new = relating.follow_up(of=older, by=ana, now=now + 4 * HOUR, **opening)
    assert [a.what for a in Attempt.objects.known_on(older)] == ["Restarted", "Measured"]
    assert [a.what for a in Attempt.objects.known_on(new)] == ["Measured"]
    assert [a.what for a in Attempt.objects.known_on(newer)] == ["Restarted"]
    with make.signed():
        Party.objects.create(case=older, person=make.person("Sven"), kind="subject", reason="Rude")
    assert not Attempt.objects.known_on(new).exists()


def test_a_merge_needs_to_say_how_one_knows(ana, older, newer, now):
    with pytest.raises(Incomplete):
        merging.merge(case=newer, into=older, reason=" ", by=ana, now=now + HOUR)


# --- Splitting and following up ---


@pytest.fixture
def two_matters(ana, older, now):
    first = talk.receive(case=older, body="And the router is dead.", channel="mail", by=ana, now=now + HOUR)
    answer = talk.reply(case=older, body="The router is replaced.", by=ana, now=now + 2 * HOUR)
    talk.note(case=older, body="About the invoice", by=ana, now=now + 2 * HOUR)
    return first, answer


def split(case, messages, by, now, **given):
    return relating.split(
        case=case, messages=messages, subject="Router dead", reason="Two matters", by=by, now=now, **given
    )


def test_what_is_split_off_counts_from_when_the_customer_said_it(ana, older, two_matters, now):
    new = split(older, [two_matters[0]], ana, now + 3 * HOUR)
    assert (new.subject, new.received_at, new.owner) == ("Router dead", now + HOUR, ana)
    assert new.clocks.get(metric=Metric.FIRST_RESPONSE).due_at == now + 5 * HOUR
    assert [m.body for m in new.messages.all()] == ["And the router is dead."]
    assert older.messages.count() == 4
    assert f"split it off from {older.number}" in told(new)
    assert f"split {new.number} off from it" in told(older)
    assert Notice.objects.filter(case=new, kind=NoticeKind.CASE_RECEIVED).exists()


def test_what_was_answered_already_counts_as_answered(ana, older, two_matters, now):
    new = split(older, two_matters, ana, now + 3 * HOUR)
    clock = new.clocks.get(metric=Metric.FIRST_RESPONSE)
    assert (clock.state, clock.ended_at) == (ClockState.MET, now + 2 * HOUR)
    new.refresh_from_db()
    assert new.status == CaseStatus.OPEN


def test_a_split_wants_a_word_of_the_customer_and_only_this_cases_messages(
    ana, older, newer, two_matters, now
):
    with pytest.raises(Incomplete):
        split(older, [two_matters[1]], ana, now + 3 * HOUR)
    with pytest.raises(WrongMove):
        split(older, [newer.messages.get()], ana, now + 3 * HOUR)
    assert Case.objects.count() == 2


def test_what_comes_of_a_kept_case_is_kept_from_the_same_people(ana, customer, now):
    sven = make.person("Sven")
    secret = make.case(customer, now=now, owner=ana, by=ana, restricted_because="Fraud")
    with make.signed():
        Party.objects.create(case=secret, person=sven, kind="subject", reason="Rude")
    new = split(secret, list(secret.messages.all()), ana, now + HOUR)
    assert (new.is_restricted, new.restricted_because) == (True, "Fraud")
    assert set(new.parties.values_list("person", "kind")) == {(ana.pk, "access"), (sven.pk, "subject")}
    assert not Case.objects.findable(sven).filter(pk=new.pk).exists()


def test_a_follow_up_is_linked_to_the_case_that_has_ended(ana, older, now):
    opening = {"subject": "Again", "body": "It came back.", "channel": "phone"}
    with pytest.raises(WrongMove, match="still open"):
        relating.follow_up(of=older, by=ana, now=now + HOUR, **opening)
    ending.resolve(case=older, reason="Credited", by=ana, now=now + HOUR)
    new = relating.follow_up(of=older, by=ana, now=now + 2 * HOUR, **opening)
    assert new.customer == older.customer
    assert Message.objects.get(case=new).body == "It came back."
    assert f"opened it as a follow-up of {older.number}" in told(new)
    assert f"opened the follow-up {new.number}" in told(older)


def test_what_is_split_off_takes_the_files_and_asks_that_are_chosen_and_leaves_a_record(ana, older, now):
    photo, invoice = (SimpleUploadedFile(f"{name}.txt", name.encode()) for name in ("photo", "invoice"))
    said = talk.receive(
        case=older, body="The router is dead.", channel="mail", files=[photo, invoice], by=ana, now=now + HOUR
    )
    there, here = asking.ask_all(case=older, texts=["A new router", "A credit"], by=ana, now=now + HOUR)
    photo, _invoice = said.attachments.order_by("pk")
    new = split(older, [said], ana, now + 2 * HOUR, files=[photo], asks=[there])

    assert [(file.name, file.sha256) for file in new.messages.get().attachments.all()] == [
        ("photo.txt", photo.sha256)
    ]
    assert said.attachments.count() == 2
    asked = new.asks.get()
    assert (asked.text, asked.recorded_by, asked.recorded_at) == ("A new router", ana, there.recorded_at)
    there.refresh_from_db()
    assert there.goes_on_as == asked and there.case == older
    assert "split “A new router” off into a case of its own" in told(older)
    # It is decided there alone; here it keeps nothing open and is not decided again.
    with pytest.raises(AlreadyDecided, match="on another case"):
        asking.decide(ask=there, outcome="granted", by=ana, now=now + 3 * HOUR)
    asking.decide(ask=here, outcome="granted", by=ana, now=now + 3 * HOUR)
    ending.resolve(case=older, reason="Credited", by=ana, now=now + 3 * HOUR)
    with pytest.raises(Blocked):
        ending.resolve(case=new, reason="Done", by=ana, now=now + 3 * HOUR)
    assert {ask.pk: ask.state for ask in Ask.objects.with_state()} == {
        there.pk: "moved", here.pk: "granted", asked.pk: "open",
    }  # fmt: skip


def test_a_split_refuses_a_file_without_its_message_and_asks_that_are_decided_or_elsewhere(
    ana, older, newer, two_matters, now
):
    upload = SimpleUploadedFile("photo.txt", b"photo")
    with_file = talk.receive(case=older, body="See", channel="mail", files=[upload], by=ana, now=now + HOUR)
    decided, elsewhere = (
        asking.ask(case=case, text="A credit", by=ana, now=now + HOUR) for case in (older, newer)
    )
    asking.decide(ask=decided, outcome="granted", by=ana, now=now + HOUR)
    later = now + 3 * HOUR
    with pytest.raises(Incomplete, match="photo.txt"):
        split(older, [two_matters[0]], ana, later, files=[with_file.attachments.get()])
    with pytest.raises(AlreadyDecided):
        split(older, [two_matters[0]], ana, later, asks=[decided])
    with pytest.raises(WrongMove):
        split(older, [two_matters[0]], ana, later, asks=[elsewhere])
    assert Case.objects.count() == 2
