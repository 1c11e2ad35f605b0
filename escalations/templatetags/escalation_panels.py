"""What escalations add to the pages of cases: the ladder, what happens next, and what its holder may do."""

from dataclasses import dataclass, field

from django import template

from cases import roles
from escalations import outlook as outlooks
from escalations import snapshot, words
from escalations.ladder_rows import rungs
from escalations.models import Handoff, PassedOver

register = template.Library()


@register.simple_tag
def next_steps(standings, now):
    """{case id: what happens if nobody acts, in one line} for a page of the queue, as a set."""
    standings = list(standings)
    if not standings:
        return {}
    roster = snapshot.roster(since=now)
    found = outlooks.of([s.case for s in standings], now=now, most=1, roster=roster)
    return {s.case_id: words.next_of(found[s.case_id], s, roster, now) for s in standings}


@dataclass
class Panel:
    """What the case page shows of a case's escalation."""

    outlook: outlooks.Outlook
    next: words.Next | None
    rungs: list
    waiting: Handoff | None = None  # a handoff that waits for the reader
    holds: bool = False
    passed: list = field(default_factory=list)

    @property
    def path(self):
        return self.outlook.path

    @property
    def escalation(self):
        return self.outlook.escalation


@register.simple_tag
def escalation_of(case, reader, now):
    """The Panel of one case."""
    roster = snapshot.roster(since=now)
    outlook = outlooks.of([case], now=now, roster=roster)[case.pk]
    related = ("to_person", "to_team", "answered_by", "from_person")
    handoffs = list(
        Handoff.objects.filter(escalation=outlook.escalation).select_related(*related).order_by("pk")
    )
    passed = list(
        PassedOver.objects.filter(escalation=outlook.escalation).select_related("person").order_by("pk")
    )
    may_hold = roles.may(reader, "escalation.hold")
    escalation, handoff = outlook.escalation, outlook.handoff
    is_theirs = (
        escalation is not None
        and may_hold
        and (
            escalation.holder_id == reader.pk
            or (
                escalation.holder_id is None
                and reader.pk in roster.members.get(escalation.holder_team_id, ())
            )
        )
    )
    is_waiting = handoff is not None and handoff.state == Handoff.State.WAITING
    return Panel(
        outlook=outlook,
        next=words.next_of(outlook, case.standing, roster, now),
        rungs=rungs(outlook, handoffs, passed, roster, now),
        waiting=handoff if is_theirs and is_waiting else None,
        holds=is_theirs and not is_waiting,
    )
