"""Somebody leaves: what they hold is counted, passed on in slices, and nothing is left with nobody."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases import leaving
from cases.errors import ConflictOfInterest, Incomplete, NotTheirs, WrongMove
from cases.leaving import BY_RULES, TO_PERSON, TO_QUEUE, Choice
from cases.models import (
    Absence,
    Case,
    Duty,
    IntakeRule,
    Membership,
    Notice,
    Party,
    PersonPreference,
    SavedView,
    Skill,
)
from cases.notices import sentence
from cases.operations import leaving as operations
from cases.operations import promising, routing
from escalations import plan, snapshot
from escalations.models import AskBack, Escalation, Handoff, PathVersion
from escalations.operations import asking, ladder
from tests import factories as make
from tests.console_forms import filled

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(now):
    found = SimpleNamespace(
        ana=make.person("Ana"),
        ben=make.person("Ben"),
        cleo=make.person("Cleo"),
        supervisor=make.person("Sofia", "supervisor"),
        manager=make.person("Priya", "manager"),
        auditor=make.person("Audre", "auditor"),
        administrator=make.person("Nora", "administrator"),
    )
    found.team = make.team("Care", people=[found.ana, found.ben], lead=found.supervisor)
    found.other = make.team("Network", people=[found.cleo])
    make.policy()
    found.customer = make.customer(account_manager=found.ana)
    found.path = make.path(levels=[{"team": found.team}, {"person": found.cleo}], fallback=found.manager)
    return found


def owned(desk, now, **fields):
    fields = {"owner": desk.ana, "team": desk.team, **fields}
    row = make.case(desk.customer, now=now - HOUR, by=desk.ana, **fields)
    return Case.objects.get(pk=row.pk)


def everything(desk, now):
    """One thing of each kind that Ana can hold, beside a restricted case."""
    case = owned(desk, now)
    promising.promise(case=case, what="the invoice", due_at=now + 5 * HOUR, by=desk.ana, now=now)
    secret = owned(desk, now)
    restrict(secret, desk.manager)
    with make.signed():
        skill = Skill.objects.create(name="On call")
        Duty.objects.create(skill=skill, person=desk.ana, starts_at=now - HOUR, ends_at=now + HOUR)
        Duty.objects.create(skill=skill, person=desk.ana, starts_at=now + 9 * HOUR, ends_at=now + 12 * HOUR)
        desk.cleo.manager = desk.ana
        desk.cleo.save()
        # Between the turns: who is away can take none.
        Absence.objects.create(
            person=desk.ben, deputy=desk.ana, starts_at=now + 2 * HOUR, ends_at=now + 3 * HOUR
        )
        PersonPreference.objects.create(person=desk.cleo, quiet_deputy=desk.ana)
        SavedView.objects.create(person=desk.ana, team=desk.team, name="Late")
        IntakeRule.objects.create(team=desk.other, owner=desk.ana)
        draft = PathVersion.objects.create(path=desk.path, number=2, fallback=desk.ana)
    return SimpleNamespace(case=case, secret=secret, draft=draft, skill=skill)


def restrict(case, *named):
    with make.signed():
        Case.objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="a colleague's own")
        for person in (case.owner, *named):
            if person is not None:
                Party.objects.create(case=case, person=person, kind="access", reason="owns or knows it")


def leave(desk, now, way=TO_PERSON, to=None, by=None, person=None, reason="moves to another city", **said):
    choice = Choice(way, to or desk.ben, reason)
    return operations.leave(person=person or desk.ana, choice=choice, by=by or desk.manager, now=now, **said)


def held_by(desk, now, person=None, reader=None):
    found = leaving.held(person or desk.ana, reader=reader or desk.manager, now=now)
    return {one.words.partition(" (")[0]: one.count for one in found if one.count}


def test_all_that_somebody_holds_goes_to_one_person_and_they_are_let_in_no_more(desk, now, client):
    w = everything(desk, now)
    client.force_login(desk.ana)
    assert client.get(reverse("case-list")).status_code == 200
    assert sorted(held_by(desk, now).values()) == [1, 1, 1, 1, 1, 1, 2, 2, 2]
    left = leave(desk, now)
    assert left.is_out and not left.passed.refused
    for case in (w.case, w.secret):
        case.refresh_from_db()
        assert (case.owner, case.team, case.revision) == (desk.ben, desk.team, 2 + (case == w.case))
        assert case.standing.owner == desk.ben
    # The one who takes a restricted case is let in by it.
    assert Party.objects.filter(case=w.secret, person=desk.ben, kind="access").exists()
    promise = w.case.promises.get()
    assert (promise.made_by, promise.kept_by) == (desk.ana, desk.ben)
    ended, rest, later = Duty.objects.order_by("starts_at", "ends_at")
    assert (ended.person, ended.ends_at, rest.person, rest.starts_at) == (desk.ana, now, desk.ben, now)
    assert (later.person, later.starts_at) == (desk.ben, now + 9 * HOUR)
    desk.cleo.refresh_from_db()
    assert desk.cleo.manager == desk.ben
    # Nobody stands in for themself.
    assert Absence.objects.get().deputy is None
    assert PersonPreference.objects.get().quiet_deputy == desk.ben
    assert (SavedView.objects.get().person, IntakeRule.objects.get().owner) == (desk.ben, desk.ben)
    w.draft.refresh_from_db()
    assert w.draft.fallback == desk.ben
    desk.customer.refresh_from_db()
    assert desk.customer.account_manager == desk.ben
    assert (
        Case.history.filter(id=w.case.pk).latest("history_id").history_change_reason
        == "moves to another city"
    )
    assert Notice.objects.filter(person=desk.ben, kind="passed_on", channel="app").count() == 1
    # The turns are named: how many, from when until when; only to who has them now.
    [turns] = Notice.objects.filter(kind__startswith="turn_", channel="app")
    assert (turns.person, turns.kind, turns.facts["turns"]) == (desk.ben, "turn_gained", 2)
    assert (turns.facts["due_at"], turns.facts["until_at"]) == (
        now.isoformat(),
        (now + 12 * HOUR).isoformat(),
    )
    assert sentence(turns).startswith("Priya put you on duty for On call: 2 turns between")
    # Out: this session, and any other; back again they need a new password.
    assert client.get(reverse("case-list")).status_code == 302
    desk.ana.refresh_from_db()
    assert not desk.ana.is_active and not desk.ana.has_usable_password() and not held_by(desk, now)
    with pytest.raises(WrongMove):
        leave(desk, now)
    operations.come_back(person=desk.ana, by=desk.manager, now=now, reason="back from leave")
    assert client.get(reverse("case-list")).status_code == 302
    with pytest.raises(WrongMove):
        operations.come_back(person=desk.ana, by=desk.manager, now=now, reason="again")


def test_cases_go_to_the_queue_or_by_the_rules_and_restricted_ones_by_name(desk, now):
    nobodys, secret = owned(desk, now, team=None), owned(desk, now)
    restrict(secret, desk.manager)
    with make.signed():
        Case.objects.filter(pk=nobodys.pk).update(team=None)
    assert leave(desk, now, TO_QUEUE).is_out
    nobodys.refresh_from_db()
    secret.refresh_from_db()
    assert (nobodys.owner, nobodys.team, secret.owner) == (None, desk.team, desk.ben)

    with make.signed():
        desk.ben.owned_cases.update(is_restricted=False, restricted_because="")
        IntakeRule.objects.create(team=desk.other, owner=desk.cleo)
    kept = owned(desk, now, owner=desk.ben)
    with make.signed():
        Party.objects.create(case=kept, person=desk.cleo, kind="subject", reason="named")
    assert leave(desk, now, BY_RULES, person=desk.ben, to=desk.cleo).is_out
    secret.refresh_from_db()
    kept.refresh_from_db()
    assert (secret.owner, secret.team, secret.reassigned_count) == (desk.cleo, desk.other, 1)
    assert (kept.owner, kept.team) == (None, desk.other)  # never whom the complaint names


def test_by_the_rules_a_case_never_comes_back_to_who_leaves(desk, now):
    """Who has the least in hand of a skill gets it; Ana would be that after each case that she gives."""
    with make.signed():
        skill = Skill.objects.create(name="Invoices")
        for person in (desk.ana, desk.ben):
            person.skills.add(skill)
        IntakeRule.objects.create(team=desk.team, skill=skill)
    for _ in range(2):
        owned(desk, now, owner=desk.ben)
    mine = [owned(desk, now) for _ in range(3)]
    left = leave(desk, now, BY_RULES, to=desk.cleo)
    assert left.is_out and left.passed.number == 4  # with the account
    assert {Case.objects.get(pk=case.pk).owner for case in mine} == {desk.ben}


def test_ladders_go_sideways_to_the_team_or_to_whom_they_ask_next(desk, now):
    for way, holder, team, level in (
        (TO_PERSON, desk.ben, None, 1),
        (TO_QUEUE, None, desk.team, 1),
        (BY_RULES, None, desk.team, 1),
    ):
        case = owned(desk, now, owner=desk.cleo)
        row = held_by_ana(desk, case, now)
        left = leave(desk, now, way)
        assert left.is_out
        row.refresh_from_db()
        assert (row.holder, row.holder_team, row.level_number) == (holder, team, level), way
        first, last = Handoff.objects.filter(escalation=row).order_by("pk")
        assert (first.state, last.state, last.from_person) == ("superseded", "waiting", desk.ana)
        assert last.background == "Charged twice" and last.reason == "moves to another city"
        case.standing.refresh_from_db()
        assert (case.standing.holder, case.standing.holder_team) == (holder, team)
        operations.come_back(person=desk.ana, by=desk.manager, now=now, reason="next")


def held_by_ana(desk, case, now):
    """A ladder of the case whose first level Ana has and has not acknowledged."""
    with make.signed(now):
        version = desk.path.versions.get()
        row = Escalation.objects.create(
            case=case,
            customer_id=case.customer_id,
            path=desk.path,
            version=version,
            level_number=1,
            holder=desk.ana,
            started_at=now,
        )
        Handoff.objects.create(
            escalation=row,
            level_number=1,
            kind="hierarchical",
            to_person=desk.ana,
            reason="a",
            background="Charged twice",
            tried="c",
            next_steps="d",
            made_at=now,
        )
    return row


def test_what_nobody_can_take_stays_and_they_stay_with_it(desk, now):
    case = owned(desk, now)
    promising.promise(case=case, what="a call", due_at=now + HOUR, by=desk.ana, now=now)
    with make.signed():
        Party.objects.create(case=case, person=desk.ben, kind="subject", reason="named")
    left = leave(desk, now)
    # Without why: whom a complaint names is nobody's to learn from this.
    [refused] = left.passed.refused
    assert not left.is_out and refused.startswith("2 things need another person") and "Ben" not in refused
    assert leave(desk, now, to=desk.cleo).is_out
    # A path in force that names somebody is published anew before they leave; what is over names nobody.
    blocked = leave(desk, now, person=desk.cleo, to=desk.ben)
    assert [one.blocks for one in blocked.held if one.hinders][-1] is True and not blocked.is_out
    desk.cleo.refresh_from_db()
    assert desk.cleo.is_active
    before = Case.history.count()
    for error, said in (
        (NotTheirs, {"by": desk.supervisor}),
        (NotTheirs, {"by": desk.cleo}),
        (NotTheirs, {"by": desk.auditor}),
        (Incomplete, {"reason": " "}),
        (Incomplete, {"way": "nowhere"}),
        (Incomplete, {"to": desk.cleo}),
        (ConflictOfInterest, {"to": desk.auditor}),
    ):
        with pytest.raises(error):
            leave(desk, now, **{"person": desk.cleo, "to": desk.ben, **said})
    with pytest.raises(NotTheirs):
        leave(desk, now, person=desk.manager, by=desk.manager)
    assert Case.history.count() == before


def test_nobody_is_their_own_manager_in_the_end(desk, now):
    """Ben is managed by Cleo, and she by Ana, whose people he takes."""
    with make.signed():
        for person, manager in ((desk.ana, desk.manager), (desk.cleo, desk.ana), (desk.ben, desk.cleo)):
            person.manager = manager
            person.save()
    assert leave(desk, now).is_out
    for person, manager in ((desk.cleo, desk.ben), (desk.ben, desk.manager)):
        person.refresh_from_db()
        assert person.manager == manager


def test_who_is_outside_a_restricted_case_neither_gives_it_away_nor_learns_of_it(desk, now, client):
    """Nora is named on none; the one is given to Ben, who is, and the other by Priya, who is."""
    known, secret = owned(desk, now), owned(desk, now)
    promising.promise(case=secret, what="a call", due_at=now + HOUR, by=desk.ana, now=now)
    restrict(known, desk.ben)
    restrict(secret, desk.manager)
    for reader, cases in ((desk.administrator, 0), (desk.manager, 1), (desk.ben, 1), (desk.auditor, 2)):
        found = {one.words: one.count for one in leaving.held(desk.ana, reader=reader, now=now)}
        assert found["Cases they own that are not closed"] == cases, reader
    client.force_login(desk.administrator)
    page = client.get(reverse("admin:cases_person_leave", args=[desk.ana.pk]))
    assert [one.words for one, _rows in page.context["held"]] == ["Customers they are account manager of"]
    left = leave(desk, now, by=desk.administrator)
    assert not left.is_out and left.passed.refused[0].startswith("2 things need another person")
    known.refresh_from_db()
    secret.refresh_from_db()
    assert (known.owner, secret.owner) == (desk.ben, desk.ana)
    assert not Case.objects.findable(desk.ben).filter(pk=secret.pk).exists()
    assert leave(desk, now, by=desk.manager).is_out
    assert Case.objects.findable(desk.ben).filter(pk=secret.pk).exists()


def test_a_restricted_case_is_never_left_to_nobody(desk, now):
    """One of nobody's and one of Cleo's: with Ana goes the last one named on the first."""
    alone, shared = owned(desk, now, team=None), owned(desk, now, owner=desk.cleo)
    restrict(alone)
    restrict(shared, desk.ana)
    with make.signed():
        Case.objects.filter(pk=alone.pk).update(owner=None)
    left = leave(desk, now)
    assert not left.is_out and left.passed.refused[0].startswith("1 thing needs another person")
    words = "Restricted cases on which nobody else is named"
    assert held_by(desk, now, reader=desk.ana) == {words: 1}
    assert not left.passed.number - 1 and not held_by(desk, now)  # Priya knows of none
    # Whoever is named and has left sees nothing: the owner cannot be taken away then either.
    with make.signed():
        Party.objects.create(case=alone, person=desk.manager, kind="access", reason="knows it")
    assert leave(desk, now).is_out
    assert not Case.objects.findable(desk.ben).filter(pk=alone.pk).exists()
    with make.signed():
        desk.cleo.is_active = False
        desk.cleo.save()
    with pytest.raises(WrongMove, match="Nobody else is named"):
        routing.assign(case=shared, owner=None, reason="free", by=desk.manager, now=now)
    routing.assign(case=shared, owner=desk.ben, reason="has time", by=desk.manager, now=now)
    routing.assign(case=shared, owner=None, reason="free", by=desk.manager, now=now)


def test_what_is_kept_from_whoever_passes_it_on_goes_to_somebody_named_for_it(desk, now, client, monkeypatch):
    """Ana owns one restricted case with a promise, holds another's ladder, is asked about a third, and is the
    only one named on a fourth. Priya, who knows of none of them, lets her out with Cleo named on them."""
    monkeypatch.setattr(timezone, "now", lambda: now)
    mine, held, asked, alone = (
        owned(desk, now, owner=owner) for owner in (desk.ana, desk.cleo, desk.cleo, None)
    )
    promising.promise(case=mine, what="a call", due_at=now + HOUR, by=desk.ana, now=now)
    ladder_row, question = held_by_ana(desk, held, now), held_by_ana(desk, asked, now)
    with make.signed():
        Escalation.objects.filter(pk=question.pk).update(holder=desk.supervisor)
        said = {"text": "Since when?", "asked_by": desk.supervisor, "asked_of": desk.ana, "asked_at": now}
        AskBack.objects.create(handoff=question.handoffs.get(), **said)
    secrets = [mine, held, asked, alone]
    for case in secrets:
        restrict(case, *[desk.ana] * (case == alone))
    client.force_login(desk.manager)
    page = reverse("admin:cases_person_leave", args=[desk.ana.pk])
    said = {"way": TO_PERSON, "to": desk.ben.pk, "change_reason": "dismissed"}
    answer = client.post(page, said)
    assert answer.context["left"].passed.refused[0].startswith("5 things need another person")
    assert "What is left is kept from you." in answer.content.decode()
    # Nobody lets themself in: it is not offered, and refused.
    assert client.post(page, {**said, "kept_to": desk.manager.pk}).context["form"].errors["kept_to"]
    before = Case.history.count()
    for error, taker in (
        (ConflictOfInterest, desk.manager),
        (Incomplete, desk.ana),
        (ConflictOfInterest, desk.auditor),
    ):
        with pytest.raises(error):
            operations.leave(
                person=desk.ana,
                choice=Choice(TO_PERSON, desk.ben, "x", kept_to=taker),
                by=desk.manager,
                now=now,
            )
    assert Case.history.count() == before
    answer = client.post(page, {**said, "kept_to": desk.cleo.pk}, follow=True)
    desk.ana.refresh_from_db()
    assert not desk.ana.is_active
    assert not any(case.number in answer.content.decode() for case in secrets)
    named = Party.objects.filter(person=desk.cleo, kind="access", reason="dismissed")
    assert {row.case_id for row in named} == {mine.pk, alone.pk}  # of the others she is the owner
    told = Notice.objects.filter(person=desk.cleo, kind="named", channel="app")
    assert {sentence(row) for row in told} == {
        f"Priya named you on {case.number}, a restricted case: dismissed" for case in (mine, alone)
    }
    for row in (mine, ladder_row):
        row.refresh_from_db()
    assert (mine.owner, mine.promises.get().kept_by, ladder_row.holder) == (desk.cleo,) * 3
    assert AskBack.objects.get().asked_of == desk.cleo
    assert not Case.objects.findable(desk.manager).filter(pk__in=[case.pk for case in secrets]).exists()
    assert not Case.objects.findable(desk.ben).filter(pk__in=[case.pk for case in secrets]).exists()
    # Ben had the account alone, before.
    [took] = Notice.objects.filter(person=desk.ben, kind="passed_on", channel="app")
    assert took.facts["things"] == 1


def test_a_restricted_complaint_never_goes_to_whom_it_names(desk, now):
    case = owned(desk, now)
    restrict(case)
    with make.signed():
        Party.objects.create(case=case, person=desk.cleo, kind="subject", reason="named")
    choice = Choice(TO_QUEUE, desk.ben, "dismissed", kept_to=desk.cleo)
    left = operations.leave(person=desk.ana, choice=choice, by=desk.manager, now=now)
    assert not left.is_out and left.passed.refused
    choice = Choice(TO_QUEUE, desk.cleo, "dismissed", kept_to=desk.ben)
    assert operations.leave(person=desk.ana, choice=choice, by=desk.manager, now=now).is_out
    case.refresh_from_db()
    assert case.owner == desk.ben and not Case.objects.findable(desk.cleo).filter(pk=case.pk).exists()


def test_a_question_about_a_restricted_case_lets_in_whom_it_goes_to(desk, now):
    case = owned(desk, now, owner=desk.cleo)
    row = held_by_ana(desk, case, now)
    with make.signed():
        Escalation.objects.filter(pk=row.pk).update(holder=desk.cleo)
        AskBack.objects.create(
            handoff=row.handoffs.get(),
            text="Since when?",
            asked_by=desk.cleo,
            asked_of=desk.ana,
            asked_at=now,
        )
    restrict(case)
    assert leave(desk, now, to=desk.ben).passed.refused
    assert AskBack.objects.get().asked_of == desk.ana
    with make.signed():
        Party.objects.create(case=case, person=desk.manager, kind="access", reason="knows it")
    assert leave(desk, now, to=desk.ben).is_out
    assert AskBack.objects.get().asked_of == desk.ben
    assert Case.objects.findable(desk.ben).filter(pk=case.pk).exists()


def test_who_has_left_is_given_nothing_by_a_page_that_still_offered_them(desk, now):
    case = owned(desk, now, owner=desk.cleo)
    row = held_by_ana(desk, case, now)
    with make.signed():
        Escalation.objects.filter(pk=row.pk).update(holder=desk.cleo)
    before = snapshot.roster(since=now)
    assert leave(desk, now).is_out
    for refused in (
        lambda: routing.assign(case=case, owner=desk.ana, reason="x", by=desk.manager, now=now),
        lambda: promising.promise(case=case, what="x", due_at=now + HOUR, by=desk.ana, now=now),
        lambda: handed_to_ana(desk, case, row, before, now),
        lambda: leave(desk, now, person=desk.ben, to=desk.ana),
    ):
        with pytest.raises((WrongMove, ConflictOfInterest), match="works here no longer|could not hold"):
            desk.ana.is_active = True  # as it was read before
            refused()
    assert make.case(desk.customer, now=now, owner=desk.ana, team=desk.team, by=desk.ben).owner is None
    assert not held_by(desk, now)


def handed_to_ana(desk, case, row, roster, now):
    paths = snapshot.paths({row.version_id})
    step = plan.Step(1, person_id=desk.ana.pk)
    move = ladder.Move(case=case, escalation=row, path=paths[row.version_id], step=step, told_from=now)
    with make.signed(now):
        ladder.move([move], roster, now=now)


@pytest.mark.django_db(transaction=True)
def test_whoever_is_given_something_at_that_moment_is_out_only_once_it_is_passed_on(desk, now):
    """Ana gets a case while she leaves, and Ben a question."""
    case = owned(desk, now, owner=desk.cleo)
    row = held_by_ana(desk, case, now)
    with make.signed():
        Escalation.objects.filter(pk=row.pk).update(holder=desk.cleo)
        Handoff.objects.update(from_person=desk.ben)

    def a_case():
        routing.assign(case=case, owner=desk.ana, reason="has time", by=desk.cleo, now=now)

    def a_question():
        asking.ask_back(handoff=row.handoffs.get(), text="Since when?", by=desk.cleo, now=now)

    leaves_while(a_case, desk, now, person=desk.ana, to=desk.ben)
    assert Case.objects.get(pk=case.pk).owner == desk.ben
    assert not Case.objects.filter(owner=desk.ana).exists()
    with make.signed():
        Case.objects.update(owner=desk.cleo)  # nothing else keeps him here
    leaves_while(a_question, desk, now, person=desk.ben, to=desk.supervisor)
    assert AskBack.objects.get().asked_of == desk.supervisor


def leaves_while(give, desk, now, *, person, to):
    given, go_on = threading.Event(), threading.Event()
    # SQLite lets one write at a time: there it is given before they leave.
    waits = connection.vendor == "postgresql"

    def giving():
        try:
            with make.signed(now):
                give()
                given.set()
                go_on.wait(120 if waits else 0)
        finally:
            connection.close()

    thread = threading.Thread(target=giving)
    thread.start()
    assert given.wait(120)
    left = leave(desk, now, person=person, to=to)
    assert left.is_out is not waits
    go_on.set()
    thread.join()
    if waits:
        assert leave(desk, now, person=person, to=to).is_out


def test_many_go_slice_by_slice_for_a_fixed_number_of_queries(desk, now, monkeypatch):
    def slice_of(number):
        cases = [owned(desk, now) for _ in range(number)]
        with CaptureQueriesContext(connection) as captured:
            left = leave(desk, now)
        return cases, left, len(captured)

    slice_of(1)  # what else they have goes with it
    operations.come_back(person=desk.ana, by=desk.manager, now=now, reason="again")
    _cases, _left, few = slice_of(2)
    operations.come_back(person=desk.ana, by=desk.manager, now=now, reason="again")
    _cases, left, many = slice_of(7)
    assert many == few and left.is_out
    operations.come_back(person=desk.ana, by=desk.manager, now=now, reason="again")
    for _ in range(5):
        owned(desk, now)
    steps = [leave(desk, now, most=2) for _ in range(3)]
    assert [(step.passed.number, step.is_out) for step in steps] == [(2, False), (2, False), (1, True)]
    # Told once for each leaving, with all that came of it.
    told = Notice.objects.filter(person=desk.ben, kind="passed_on", channel="app").order_by("pk")
    assert [sentence(row).rpartition(": ")[2] for row in told][1:] == ["2 things", "7 things", "5 things"]


def test_who_alone_leads_a_team_names_the_next_lead_among_its_people(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    with make.signed():
        Membership.objects.filter(person=desk.ana).update(is_lead=True)
        Membership.objects.filter(person=desk.supervisor).update(is_lead=False)
    client.force_login(desk.manager)
    page, field = reverse("admin:cases_person_leave", args=[desk.ana.pk]), f"lead_{desk.team.pk}"
    shown = client.get(page).context["form"][field]
    assert {str(who) for _pk, who in shown.field.choices} >= {"Ben", "Sofia"} and "Care" in shown.label
    said = {"way": TO_PERSON, "to": desk.ben.pk, "change_reason": "moves"}
    assert client.post(page, {**said, field: desk.cleo.pk}).context["form"].errors[field]
    with pytest.raises(ConflictOfInterest):
        choice = Choice(TO_PERSON, desk.ben, "moves", {desk.team.pk: desk.cleo})
        operations.leave(person=desk.ana, choice=choice, by=desk.manager, now=now)
    assert client.post(page, {**said, field: desk.ben.pk}).status_code == 302
    assert Membership.objects.get(team=desk.team, is_lead=True, person__is_active=True).person == desk.ben


READS = {"agent": 403, "supervisor": 200, "manager": 200, "auditor": 200, "administrator": 200}
PARTS = {"manager", "administrator"}


def test_the_page_by_role_and_its_form(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    w = everything(desk, now)
    page = reverse("admin:cases_person_leave", args=[desk.ana.pk])
    back = reverse("admin:cases_person_come_back", args=[desk.ana.pk])
    said = {"way": TO_PERSON, "to": desk.ben.pk, "change_reason": "moves"}
    for role, status in READS.items():
        client.force_login(desk.cleo if role == "agent" else getattr(desk, role))
        answer = client.get(page)
        assert answer.status_code == status, role
        if status == 200:
            assert bool(answer.context["form"]) is (role in PARTS), role
            # What is restricted is counted, and named to nobody it is kept from.
            assert (w.secret.number in answer.content.decode()) is (role in ("auditor", "manager")), role
        if role not in PARTS:
            client.post(page, said)
            assert client.post(back, {"change_reason": "x"}).status_code == 403, role
    desk.ana.refresh_from_db()
    assert desk.ana.is_active
    client.force_login(desk.manager)
    assert client.post(page, {**said, "to": ""}).context["form"].errors["to"]
    monkeypatch.setattr(operations, "SLICE", 2)
    monkeypatch.setattr(operations.leave, "__kwdefaults__", {"most": 2})
    answer = client.post(page, said)
    assert answer.context["goes_on"] and answer.context["done"] == 2
    total = answer.context["total"]
    steps = 0
    while answer.status_code == 200 and steps < 20:
        answer = client.post(page, {**said, "total": total}, headers={"HX-Request": "true"})
        steps += 1
        if "HX-Redirect" in answer.headers:
            break
        assert answer.context["total"] == total
    assert answer.headers["HX-Redirect"] == reverse("admin:cases_person_change", args=[desk.ana.pk])
    assert client.post(page, said).status_code == 200  # twice: nothing, and it says so
    assert client.post(back, {"change_reason": ""}).status_code == 200
    assert client.post(back, {"change_reason": "hired again"}).status_code == 302
    desk.ana.refresh_from_db()
    assert desk.ana.is_active
    # The plain form lets nobody out: whether they work here is only shown on it.
    change = reverse("admin:cases_person_change", args=[desk.ana.pk])
    assert client.post(change, filled(client.get(change), is_active="", title="Agent")).status_code == 302
    desk.ana.refresh_from_db()
    assert (desk.ana.is_active, desk.ana.title) == (True, "Agent")
    # A stranger's page is out of a supervisor's reach.
    client.force_login(desk.supervisor)
    assert client.get(reverse("admin:cases_person_leave", args=[desk.cleo.pk])).status_code == 404
    assert Membership.objects.filter(person=desk.ana).exists()
