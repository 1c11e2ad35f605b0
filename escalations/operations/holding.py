"""What only who has a case on its ladder may do with it: hand it to a colleague, raise how severe it is."""

from django.utils.translation import gettext as _

from cases import roles
from cases.errors import Incomplete
from cases.models import NoticeKind, Person
from cases.operations import notify, stand_ins
from cases.operations.changing import changing
from escalations import plan, snapshot
from escalations.errors import NotTheHolder, NotWaiting
from escalations.models import Escalation, Kind

from .ladder import Move, move
from .options import refuse_subject


def held(handoff, by):
    """(escalation, its handoff) as they are now, if that is the latest one and `by` has it.

    Raises NotWaiting where the ladder has moved on, NotTheHolder, ConflictOfInterest.
    """
    escalation = Escalation.objects.select_related("version", "case").get(pk=handoff.escalation_id)
    latest = escalation.handoffs.select_related("from_person").order_by("-pk").first()
    if escalation.state != Escalation.State.RUNNING:
        raise NotWaiting(_("This escalation has ended already."))
    if latest.pk != handoff.pk:
        raise NotWaiting(_("This handoff has moved on: it went to %(who)s.") % {"who": _named(latest)})
    refuse_subject(escalation.case, by)
    if not is_held_by(escalation, by):
        raise NotTheHolder(
            _("%(who)s holds this case; only they may do this.")
            % {"who": escalation.holder or escalation.holder_team}
        )
    return escalation, latest


def is_held_by(escalation, person):
    """Whether `person` has it: by name, or as one of the team that nobody of has taken it yet, or
    in the place of one of it who is away."""
    if escalation.holder_id is not None:
        return escalation.holder_id == person.pk
    return stand_ins.may_take(person, team_id=escalation.holder_team_id, case_id=escalation.case_id)


def went_to(handoff, person):
    """Whether `handoff` is `person`'s to answer: by name, or as one of the team it went to, or in the place
    of one of it who is away."""
    if handoff.to_person_id is not None:
        return handoff.to_person_id == person.pk
    return stand_ins.may_take(person, team_id=handoff.to_team_id, case_id=handoff.escalation.case_id)


def _named(handoff):
    return handoff.to_person or handoff.to_team


def colleagues(case, escalation, *, but, now):
    """[person id]: the other people of the escalation's level who are there, in the order they are asked.

    Where the level names one person alone, those of that person's own teams; at the fallback, who would be
    asked next. Nobody named in the complaint, nobody absent.
    """
    facts = snapshot.paths([escalation.version_id])[escalation.version_id]
    roster, about = snapshot.roster(since=now), snapshot.cases([case])[case.pk]
    level = facts.level(escalation.level_number)
    if escalation.is_at_fallback or level is None:
        asked = list(roster.last_resort)
    else:
        asked = list(plan.candidates(level, about, roster, now))
        if len(asked) < 2:
            named = {*asked, escalation.holder_id}
            asked += [pk for members in roster.members.values() if named & set(members) for pk in members]
    may_hold = Person.objects.filter(pk__in=asked, role__in=roles.MAY["escalation.hold"])
    able = set(may_hold.values_list("pk", flat=True))
    return [
        pk
        for pk in dict.fromkeys(asked)
        if pk in able
        and pk not in (but.pk, escalation.holder_id)
        and pk not in about.subjects
        and roster.people[pk].is_working
        and roster.people[pk].absence_at(now) is None
    ]


def hand_on(*, handoff, to, reason, by, now, revision=None):
    """Sideways: `to`, another person of the same level, has it now, with everything that was handed over.

    Their acknowledgement is owed anew. Returns the new Handoff.
    Raises Incomplete, NotTheHolder, NotWaiting on a stale page, ConflictOfInterest, StaleCase.
    """
    if not reason.strip():
        raise Incomplete(_("Say why you hand it over; the next person reads it."))
    with changing(handoff.escalation.case, by=by, reason=reason, now=now, revision=revision) as case:
        escalation, current = held(handoff, by)
        refuse_subject(case, to)
        if to.pk not in colleagues(case, escalation, but=by, now=now):
            raise NotTheHolder(
                _("%(who)s is not of this level, or not there now; choose one of those offered.")
                % {"who": to}
            )
        step = plan.Step(escalation.level_number, person_id=to.pk, is_fallback=escalation.is_at_fallback)
        [following] = move(
            [
                Move(
                    case=case,
                    escalation=escalation,
                    path=snapshot.paths([escalation.version_id])[escalation.version_id],
                    step=step,
                    told_from=now,
                    reason=reason.strip(),
                    is_automatic=False,
                    from_person_id=by.pk,
                    **carried(current),
                )
            ],
            snapshot.roster(since=now),
            now=now,
        )
    return following


def carried(handoff):
    """What goes on with the next handoff as it stands in this one: nobody writes it again."""
    return {
        "kind": Kind.HIERARCHICAL if handoff.kind == Kind.AUTOMATIC else handoff.kind,
        "background": handoff.background,
        "tried": handoff.tried,
        "next_steps": handoff.next_steps,
        "told_customer": handoff.told_customer,
        "skill_id": handoff.skill_id,
    }


def raise_severity(*, escalation, reason, by, now, revision=None):
    """It is worse than its ladder knows: one step more severe, and its holder is told why."""
    if not reason.strip():
        raise Incomplete(_("Say why it is more severe; its holder reads it."))
    with changing(escalation.case, by=by, reason=reason, now=now, revision=revision) as case:
        refuse_subject(case, by)
        row = case.escalations.running().select_related("holder").filter(pk=escalation.pk).first()
        if row is None:
            raise NotWaiting(_("This escalation has ended already."))
        row.severity += 1
        row.save(update_fields=["severity"])
        if row.holder is not None and row.holder_id != by.pk:
            facts = {"reason": reason.strip(), "severity": row.severity}
            about = f"severity:{row.pk}:{row.severity}"
            wanted = notify.Wanted(NoticeKind.SEVERITY_RAISED, case, about, person=row.holder, facts=facts)
            notify.queue([wanted], now=now)
    return row
