"""Work out what each case owes next, as a set, and keep it beside the case. Only under the cases' locks."""

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.db.models import prefetch_related_objects

from cases.instances import fresh
from cases.models import Case, Clock, Pause, Promise, Standing
from cases.prepared import Given, Prepared
from cases.sets import put_each, update_each
from cases.states import LIVE, ClockState

# Standing still sorts after all that runs, by when it resumes; owing nothing sorts last.
BEHIND_WHAT_RUNS = timedelta(days=365 * 1000)
NEVER = datetime(9000, 1, 1, tzinfo=UTC)

CLOCKS, PROMISES, PAUSES = (
    Prepared(
        lambda found=found, names=names: (
            found().filter(case__among=Given("cases")).order_by("pk").only("case", *names)
        )
    )
    for found, names in (
        (
            Clock.objects.open,
            ("metric", "state", "due_at", "at_risk_at", "breached_at", "owed_by", "owed_by_team"),
        ),
        (Promise.objects.owed, ("due_at", "made_by", "kept_by")),
        (Pause.objects.open, ("reason", "expected_end_at")),
    )
)
HOLDERS = Prepared(
    lambda: Standing.objects.filter(case__among=Given("cases")).values_list(
        "pk", "holder_id", "holder_team_id"
    )
)

COPIED = ("status", "priority", "team_id", "owner_id", "received_at", "is_restricted")
DERIVED = (
    "kind",
    "metric",
    "clock",
    "promise",
    "whose",
    "whose_team",
    "is_owed_apart",
    "due_at",
    "at_risk_at",
    "resumes_at",
    "pause_reason",
    "is_breached",
    "is_waiting",
    "promised_at",
    "sort_at",
    "status",
    "priority",
    "team",
    "owner",
    "received_at",
    "is_restricted",
    "changed_at",
    "holder",
    "holder_team",
)


# Ids of cases whose standing is to be worked out on leaving `at_the_end`; None outside of it.
_PUT_OFF = ContextVar("standings put off", default=None)


@contextmanager
def at_the_end(*, now):
    """Within, standings are worked out once, as a set, on leaving: for many changes in one transaction.

    Who holds a case is written at once all the same: the ladder goes by it.
    """
    token = _PUT_OFF.set(set())
    try:
        yield
        ids = _PUT_OFF.get()
    finally:
        _PUT_OFF.reset(token)
    if ids:
        refresh(list(Case.objects.filter(pk__in=ids).order_by("pk")), now=now)


def refresh(cases, *, now, holders=None):
    """Derive and write the standing of each of `cases` (locked). `holders`: {case id: (person id, team id)}
    that changed."""
    ids = [case.pk for case in cases]
    if _PUT_OFF.get() is not None and holders is None:
        _PUT_OFF.get().update(ids)
        return
    clocks, promises, pauses = (by_case(found.all(cases=ids)) for found in (CLOCKS, PROMISES, PAUSES))
    prefetch_related_objects([pause for some in pauses.values() for pause in some], "reason")
    known = {pk: (holder, team) for pk, holder, team in HOLDERS.all(cases=ids)}
    held_by = known | (holders or {})
    rows = [
        derive(
            case,
            held_by.get(case.pk, (None, None)),
            clocks.get(case.pk, ()),
            promises.get(case.pk, ()),
            pauses.get(case.pk, ()),
        )
        for case in cases
    ]
    # Nearly all are there: to write them anew is less work than to look for a conflict first.
    update_each([row for row in rows if row.case_id in known], DERIVED)
    put_each([row for row in rows if row.case_id not in known], DERIVED)


def by_case(rows):
    """{case id: [those of `rows` that are its own]}."""
    found = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found


def derive(case, holder, clocks, promises, pauses):
    """The unsaved Standing of `case`, held by `holder` (person id, team id), from what is open on it.

    `promises`: those still owed, a broken one until it is replaced, kept late or withdrawn.
    """
    row = fresh(
        Standing,
        case_id=case.pk,
        sort_at=NEVER,
        changed_at=case.changed_at or case.received_at,
        holder_id=holder[0],
        holder_team_id=holder[1],
        is_waiting=any(pause.reason.waits_for_customer for pause in pauses),
        promised_at=min((promise.due_at for promise in promises), default=None),
        **{name: getattr(case, name) for name in COPIED},
    )
    owed = [(c.due_at, 0, c) for c in clocks if c.state == ClockState.RUNNING]
    owed += [(p.due_at, 1, p) for p in promises]
    if case.status not in LIVE:
        # Resolved is done as far as anybody's next step goes, even where a term ends only on closing.
        owed = [o for o in owed if o[1] == 1]
    if owed:
        _owes(row, min(owed, key=lambda o: (o[0], o[1], o[2].pk))[2], case)
    elif pauses:
        first = min(pauses, key=lambda p: p.expected_end_at)
        row.kind, row.resumes_at, row.pause_reason = (
            Standing.Kind.PAUSED,
            first.expected_end_at,
            first.reason.name,
        )
        row.sort_at = first.expected_end_at + BEHIND_WHAT_RUNS
        _whose(row, case, None, None)
    return row


DERIVED_COLUMNS = [Standing._meta.get_field(name).attname for name in DERIVED]


ROWS = Prepared(
    lambda: Standing.objects.filter(case__among=Given("cases")).values_list("case_id", *DERIVED_COLUMNS)
)


def written(case_ids):
    """{case id: what its standing says, in the order of DERIVED_COLUMNS}."""
    return {pk: tuple(said) for pk, *said in ROWS.all(cases=case_ids)}


def says(row):
    """What a Standing says, likewise."""
    return tuple([getattr(row, name) for name in DERIVED_COLUMNS])


def _owes(row, subject, case):
    row.due_at = row.sort_at = subject.due_at
    if isinstance(subject, Clock):
        row.kind, row.metric, row.clock_id = Standing.Kind.CLOCK, subject.metric, subject.pk
        row.at_risk_at, row.is_breached = subject.at_risk_at, subject.breached_at is not None
        _whose(row, case, subject.owed_by_id, subject.owed_by_team_id)
    else:
        row.kind, row.promise_id = Standing.Kind.PROMISE, subject.pk
        _whose(row, case, subject.kept_by_id or subject.made_by_id, None)


def _whose(row, case, person, team):
    """The clock's own debtor, else who holds the escalation, else the owner, else the team."""
    for person_id, team_id in (
        (person, team),
        (row.holder_id, row.holder_team_id),
        (case.owner_id, case.team_id),
    ):
        if person_id or team_id:
            row.whose_id, row.whose_team_id = person_id, team_id
            row.is_owed_apart = person_id is not None and person_id not in (row.holder_id, case.owner_id)
            return
