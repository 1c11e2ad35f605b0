"""Those who stand in on what waits for teams, kept true while people go, come back, and change deputies.

A handoff asks who is there then, and a reminder again; between them absences begin and end, and deputies
leave. So the worker compares, once a minute: who has no reason any more to see a case sees it no longer, and
who has one now is asked and told.
"""

from collections import Counter

from django.utils.translation import gettext as _

from cases import history
from cases.models import Case, NoticeKind, Person, StandIn
from cases.operations import notify, stand_ins
from escalations import plan, snapshot
from escalations.models import Escalation, Handoff

from .ladder import facts_of, in_place_of

AT_ONCE = 200


def renew(*, now):
    """Put right who stands in as of `now`; return on how many cases something was. Each slice is a
    transaction of its own; of those that somebody works on just then, another minute."""
    roster = snapshot.roster(since=now)
    ids, mended = sorted(_amiss(None, roster, now)), 0
    for start in range(0, len(ids), AT_ONCE):
        with history.acting(by=history.ENGINE, reason=_("who stands in"), now=now, via="engine"):
            mended += _mend(Case.objects.claim(ids[start : start + AT_ONCE]), roster, now)
    return mended


def _amiss(case_ids, roster, now):
    """{case id: ({key: instead of} that should be, [StandIn] that are)} where these differ, of `case_ids` or
    of all. Three queries."""
    away = {
        team
        for team in roster.members
        if any(one.instead_of for one in plan.asked_of(team, plan.CaseFacts(0), roster, now))
    }
    rows = StandIn.objects.open()
    waiting = Escalation.objects.waiting_for_a_team().filter(holder_team__in=away)
    if case_ids is not None:
        rows, waiting = rows.filter(case__in=case_ids), waiting.filter(case__in=case_ids)
    waiting = set(waiting.values_list("case_id", "holder_team_id"))
    named = snapshot.subjects({case for case, _team in waiting})
    found = {}
    for case, team in waiting:
        about = plan.CaseFacts(case, subjects=frozenset(named.get(case, ())))
        for one in plan.asked_of(team, about, roster, now):
            if one.instead_of is not None:
                found.setdefault(case, ({}, []))[0][case, team, one.person_id] = one.instead_of
    for row in rows:
        found.setdefault(row.case_id, ({}, []))[1].append(row)
    return {
        case: pair for case, pair in found.items() if pair[0] != {_key(r): r.instead_of_id for r in pair[1]}
    }


def _key(row):
    return row.case_id, row.team_id, row.person_id


def _mend(cases, roster, now):
    """The same looked at again, now that nobody else can change these cases."""
    amiss = _amiss(cases.keys(), roster, now)
    wanted = {key: who for should, _rows in amiss.values() for key, who in should.items()}
    rows = [row for _should, some in amiss.values() for row in some]
    stand_ins.end([row for row in rows if wanted.get(_key(row)) != row.instead_of_id], now=now)
    kept = {_key(row) for row in rows if row.ended_at is None}
    asked = {key: who for key, who in wanted.items() if key not in kept}
    stand_ins.ask(asked)
    _tell(asked, cases, roster, now)
    return len(amiss)


def _about(handoff, times):
    """Who stood in before, did no longer and is asked again, is told again."""
    return f"handoff:{handoff.pk}:{times}" if times else f"handoff:{handoff.pk}"


def _tell(asked, cases, roster, now):
    handoffs = Handoff.objects.filter(
        escalation__case__in={case for case, _team, _person in asked},
        escalation__state=Escalation.State.RUNNING,
        state=Handoff.State.WAITING,
    ).select_related("escalation__path", "acknowledge_clock")
    known = Person.objects.working().in_bulk({person for _case, _team, person in asked})
    before = StandIn.objects.filter(case__in={case for case, _team, _person in asked}, person__in=known)
    times = Counter(before.exclude(ended_at=None).values_list("case_id", "team_id", "person_id"))
    notify.queue(
        [
            notify.Wanted(
                NoticeKind.HANDOFF,
                cases[handoff.escalation.case_id],
                _about(handoff, times[case, team, person]),
                person=known[person],
                facts=facts_of(handoff, handoff.escalation.path.name) | in_place_of(who, roster),
            )
            for handoff in handoffs
            for (case, team, person), who in asked.items()
            if (case, team) == (handoff.escalation.case_id, handoff.to_team_id) and person in known
        ],
        now=now,
    )
