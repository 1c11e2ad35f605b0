"""Days at a desk, drawn at random: what people do, engine passes, crashes in the middle of either, time
passing."""

from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace

from django.db import connection, transaction
from hypothesis import strategies as st

from cases import engine
from cases.errors import Refused
from cases.models import (
    Absence,
    CalendarException,
    CalendarVersion,
    Case,
    Pause,
    Period,
    Promise,
    Recalculation,
    Timer,
)
from cases.operations import (
    ending,
    intake,
    migrating,
    pausing,
    promising,
    publishing,
    recalculating,
    routing,
    talk,
)
from cases.states import LIVE, Metric
from escalations.models import Escalation, Handoff, Kind
from escalations.operations import respond
from escalations.operations.escalate import escalate
from tests import factories as make

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPANS = (
    MINUTE,
    10 * MINUTE,
    37 * MINUTE,
    HOUR,
    3 * HOUR + timedelta(seconds=1),
    8 * HOUR,
    DAY,
    3 * DAY,
    9 * DAY,
    40 * DAY,
)
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)  # 09:00 in Madrid
TEXTS = {"background": "38 lines twice", "tried": "Compared the tariff", "next_steps": "Approve the credit"}


class Crash(BaseException):
    """The process died here. Nothing that handles errors may catch it."""


def desk():
    """Two departments, two ladders that remind, rules on most triggers, terms on two calendars."""
    d = SimpleNamespace(now=MONDAY)
    d.ana, d.jonas = make.person("Ana"), make.person("Jonas")
    d.marta, d.tomas = make.person("Marta", role="supervisor"), make.person("Tomas")
    d.priya = make.person("Priya", role="manager")
    d.people = [d.ana, d.jonas, d.marta, d.tomas, d.priya]
    d.office = make.calendar()
    d.teams = [
        make.team("Care", calendar=d.office, people=[d.ana, d.jonas], lead=d.marta),
        make.team("Billing", calendar=d.office, people=[d.tomas]),
        None,
    ]
    hour = make.HOUR
    d.standard = make.policy(
        targets={
            (Metric.FIRST_RESPONSE, None): 4 * hour,
            (Metric.NEXT_UPDATE, None): 6 * hour,
            (Metric.RESOLUTION, None): 16 * hour,
            (Metric.RESOLUTION, 4): 2 * hour,
            (Metric.OWNERSHIP, None): {"term_seconds": 8 * hour, "at_risk_percent": 50},
        },
        calendar=d.office,
    )
    d.gold = make.policy(
        "Gold",
        position=20,
        targets={
            (Metric.FIRST_RESPONSE, None): hour,
            (Metric.RESOLUTION, None): {"term_seconds": 24 * hour, "ends_on": "closed"},
        },
    ).policy
    d.reasons = [
        make.pause_reason(),
        make.pause_reason(
            "waiting-supplier", stops=("resolution", "ownership", "acknowledge"), ends_on_incoming=False
        ),
    ]
    slow = make.path(
        "Slow",
        levels=[
            {
                "team": d.teams[0],
                "acknowledge_seconds": 1800,
                "remind_every_seconds": 600,
                "work_seconds": 7200,
                "is_around_the_clock": False,
            },
            {"person": d.marta, "remind_every_seconds": 900, "work_seconds": 3600},
            {"person": d.priya},
        ],
        fallback=d.priya,
    )
    fast = make.path(
        "Fast",
        levels=[
            {"person": d.tomas, "acknowledge_seconds": 900, "remind_every_seconds": 420},
            {"person": d.marta},
        ],
        fallback=d.priya,
    )
    d.paths = [slow, fast, None]
    make.rule(slow, "target_breached")
    make.rule(slow, "reopened")
    make.rule(slow, "target_at_risk", metric=Metric.RESOLUTION, name="resolution at risk")
    make.rule(fast, "promise_broken")
    make.rule(fast, "asked_supervisor")
    make.rule(fast, "opened", priority=4, level_number=2)
    make.rule(fast, "escalated_again", within_days=3)
    d.customer = make.customer()
    urgent = make.case(d.customer, now=MONDAY - DAY, team=d.teams[0], owner=d.ana, priority=4)
    make.case(d.customer, now=MONDAY - DAY, received_at=MONDAY - 9 * DAY, team=d.teams[1])
    engine.run_until_idle(now=MONDAY - 2 * HOUR)
    pausing.pause(case=urgent, reason=d.reasons[0], expected_end_at=MONDAY + DAY, by=d.ana, now=MONDAY - HOUR)
    promising.promise(case=urgent, what="a credit", due_at=MONDAY + DAY, by=d.ana, now=MONDAY - HOUR)
    return d


def owed():
    return Promise.objects.filter(state__in=("open", "broken"))


def waiting():
    return Handoff.objects.filter(state="waiting")


# --- What people do: f(desk, pick), where pick(list) chooses -----------------------------------------------


def opens(d, pick):
    intake.open_case(
        customer=d.customer,
        subject="Charged twice",
        body="Again",
        channel="mail",
        priority=pick([1, 2, 3, 4]),
        received_at=d.now - pick([timedelta(0), 5 * HOUR, 3 * DAY]),
        team=pick(d.teams),
        owner=pick([None, d.ana]),
        is_routed=True,
        by=d.ana,
        now=d.now,
    )


def a_case(pick, **which):
    return pick(list(Case.objects.filter(**which).order_by("pk")))


def replies(d, pick):
    talk.reply(case=a_case(pick, status__in=LIVE), body="We look into it.", by=d.ana, now=d.now)


def writes(d, pick):
    talk.receive(
        case=a_case(pick),
        body="And now?",
        by=d.ana,
        now=d.now,
        channel="mail",
        occurred_at=d.now - pick([timedelta(0), 2 * HOUR]),
        asks_for=pick([None, None, "asked_supervisor"]),
    )


def pauses(d, pick):
    pausing.pause(
        case=a_case(pick, status__in=LIVE),
        reason=pick(d.reasons),
        started_at=d.now - pick([timedelta(0), HOUR]),
        expected_end_at=d.now + pick([HOUR, 5 * HOUR, 2 * DAY, 20 * DAY]),
        by=d.ana,
        now=d.now,
    )


def resumes(d, pick):
    pausing.resume(pause=pick(list(Pause.objects.open().order_by("pk"))), by=d.ana, now=d.now)


def promises(d, pick):
    promising.promise(
        case=a_case(pick),
        what="a credit",
        due_at=d.now + pick([30 * MINUTE, 5 * HOUR, 3 * DAY]),
        told_at=d.now - pick([timedelta(0), 6 * HOUR]),
        replaces=pick([None, *Promise.objects.filter(state__in=("open", "broken"), replaced_by=None)]),
        by=d.ana,
        now=d.now,
    )


def keeps(d, pick):
    promising.keep(promise=pick(list(owed().order_by("pk"))), by=d.ana, now=d.now)


def withdraws(d, pick):
    promise = pick(list(owed().order_by("pk")))
    promising.withdraw(promise=promise, reason="told them", by=d.ana, now=d.now)


def prioritises(d, pick):
    routing.prioritise(case=a_case(pick, status__in=LIVE), priority=pick([1, 2, 3, 4]), by=d.ana, now=d.now)


def assigns(d, pick):
    routing.assign(
        case=a_case(pick), team=pick(d.teams), owner=pick([None, *d.people]), reason="x", by=d.ana, now=d.now
    )


def moves(d, pick):
    policy = pick([d.gold, d.standard.policy])
    routing.move_to_policy(
        case=a_case(pick, status__in=LIVE), policy=policy, reason="agreed", by=d.priya, now=d.now
    )


def escalates(d, pick):
    kind = pick([Kind.HIERARCHICAL, Kind.PRIORITY])
    escalate(
        case=a_case(pick, status__in=LIVE),
        kind=kind,
        path=pick(d.paths),
        reason="more authority",
        by=d.ana,
        now=d.now,
        **TEXTS,
    )


def acknowledges(d, pick):
    handoff = pick(list(waiting().order_by("pk")))
    by = handoff.to_person or pick(list(handoff.to_team.people.order_by("pk")))
    respond.acknowledge(handoff=handoff, by=by, now=d.now)


def declines(d, pick):
    handoff = pick(list(waiting().order_by("pk")))
    by = handoff.to_person or pick(list(handoff.to_team.people.order_by("pk")))
    respond.decline(handoff=handoff, reason="no time", by=by, now=d.now)


def deescalates(d, pick):
    running = pick(list(Escalation.objects.running().order_by("pk")))
    respond.deescalate(escalation=running, reason="solved", by=d.marta, now=d.now)


def resolves(d, pick):
    ending.resolve(case=a_case(pick, status__in=LIVE), reason="credited", by=d.marta, now=d.now)


def reopens(d, pick):
    ending.reopen(
        case=a_case(pick, status__in=("resolved", "closed")), reason="charged again", by=d.ana, now=d.now
    )


def closes(d, pick):
    ending.close(case=a_case(pick), reason="agreed", by=d.marta, now=d.now)


def changes_hours(d, pick):
    with make.signed(d.now):
        number = d.office.versions.count() + 1
        version = CalendarVersion.objects.create(calendar=d.office, number=number)
        opens_at = pick([7, 9, 10])
        Period.objects.bulk_create(
            Period(version=version, weekday=day, opens=time(opens_at), closes=time(opens_at + 8))
            for day in range(pick([4, 5, 6]))
        )
        CalendarException.objects.create(
            version=version, on=(d.now + pick([DAY, 4 * DAY])).date(), name="inventory"
        )
        publishing.publish_calendar(
            version=version, by=d.priya, now=d.now, effective_at=d.now + pick([timedelta(0), DAY])
        )


def gives_new_terms(d, pick):
    """Another version of the policy, to which the open cases move on purpose."""
    standard = d.standard.policy
    hour, priority = make.HOUR, pick([None, 4])
    terms = {(Metric.FIRST_RESPONSE, None): 3 * hour, (Metric.RESOLUTION, priority): pick([1, 30]) * hour}
    version = make.policy_version(standard, terms, d.office, now=d.now)
    migrating.migrate_cases(
        from_versions=list(standard.versions.exclude(pk=version.pk)),
        to_version=version,
        by=d.priya,
        now=d.now,
        reason="agreed",
    )


def changes_go_on(d, pick):
    """What changed so much that it is followed in slices is followed a slice further."""
    recalculating.next_slice(now=d.now, size=pick([1, 2, 9]))


def is_away(d, pick):
    who = pick(d.people)
    with make.signed(d.now):
        Absence.objects.create(
            person=who,
            starts_at=d.now,
            ends_at=d.now + pick([HOUR, 3 * DAY]),
            deputy=pick([None, *(p for p in d.people if p != who)]),
        )


def engine_runs(d, pick):
    engine.run_until_idle(now=d.now)


def time_passes(d, pick):
    """Nobody acts and no engine runs meanwhile."""
    d.now += pick(SPANS)


def engine_keeps_up(d, pick):
    time_keeps_up(d, pick(SPANS))


def time_keeps_up(d, span):
    """Time passes, and the engine fires what falls due when it does, some dozens of times at most."""
    until = d.now + span
    for _pass in range(40):
        wakes = Timer.objects.next_wake()
        if wakes is None or wakes > until:
            break
        d.now = max(wakes, d.now)
        engine.run_until_idle(now=d.now)
    d.now = until
    engine.run_until_idle(now=until)


# What may be done, and what must be there for it: nobody acknowledges where nothing waits.
DOINGS = (
    (opens, None),
    (replies, Case.objects.live),
    (writes, None),
    (pauses, Case.objects.live),
    (resumes, Pause.objects.open),
    (promises, None),
    (keeps, owed),
    (withdraws, owed),
    (prioritises, Case.objects.live),
    (assigns, None),
    (moves, Case.objects.live),
    (escalates, Case.objects.live),
    (acknowledges, waiting),
    (acknowledges, waiting),
    (declines, waiting),
    (deescalates, Escalation.objects.running),
    (resolves, Case.objects.live),
    (reopens, lambda: Case.objects.exclude(status__in=LIVE)),
    (closes, None),
    (changes_hours, None),
    (gives_new_terms, None),
    (changes_go_on, Recalculation.objects.in_progress),
    (changes_go_on, Recalculation.objects.in_progress),
    (is_away, None),
    *[(engine_runs, None)] * 3,
    *[(time_passes, None)] * 3,
    *[(engine_keeps_up, None)] * 3,
)


def possible():
    return [doing for doing, needs in DOINGS if needs is None or needs().exists()]


class NothingThere(Exception):
    """There is nothing of the kind to choose from yet."""


def chooser(numbers):
    numbers = iter(numbers)

    def pick(options):
        if not options:
            raise NothingThere
        return options[next(numbers, 0) % len(options)]

    return pick


# (which of the things that can be done, what is chosen in it, at which of its writes the process dies)
step = st.tuples(
    st.integers(0, 10**6),
    st.lists(st.integers(0, 9), min_size=6, max_size=6),
    st.none() | st.none() | st.none() | st.integers(0, 25),
)


def live(d, days):
    """Do all that; what is refused, or dies, leaves nothing behind."""
    for which, numbers, dies_at in days:
        options = possible()
        doing = options[which % len(options)]
        with at_once(dies_at):
            doing(d, chooser(numbers))


@contextmanager
def at_once(dies_at):
    try:
        if dies_at is None:
            yield
            return
        with transaction.atomic(), connection.execute_wrapper(_dies_at(dies_at)):
            yield
    except (Refused, NothingThere, Crash):
        pass


def _dies_at(number):
    written = 0

    def execute(execute, sql, params, many, context):
        nonlocal written
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            if written == number:
                raise Crash
            written += 1
        return execute(sql, params, many, context)

    return execute
