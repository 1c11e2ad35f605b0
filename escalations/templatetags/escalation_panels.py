"""What escalations add to the pages of cases: the ladder, what happens next, and what its holder may do."""

from dataclasses import dataclass, field

from django import template
from django.utils.translation import gettext as _

from cases import display, roles
from cases.models import Person
from escalations import outlook as outlooks
from escalations import wording, words
from escalations.ladder_rows import ended, rungs
from escalations.models import AskBack, Handoff, PassedOver
from escalations.operations import checklists, options
from escalations.operations.holding import is_held_by
from escalations.operations.respond import answers_for

register = template.Library()


@register.simple_tag
def next_steps(standings, now):
    """{case id: what happens if nobody acts, in one line} for a page of the queue, as a set."""
    standings = list(standings)
    if not standings:
        return {}
    found = outlooks.of([s.case for s in standings], now=now, most=1)
    return {s.case_id: words.next_of(found[s.case_id], s, found[s.case_id].roster, now) for s in standings}


@register.filter
def option_words(use):
    """An option's use in a line: "Goodwill credit, €40: declined"."""
    return wording.of_use(use)


@register.filter
def outcome_words(use):
    """What came of an option, with the amount and why: "declined, €40"."""
    parts = [use.get_outcome_display()]
    if use.amount is not None:
        parts.append(words.euros(use.amount))
    because = use.skipped_because or use.note
    return ", ".join(parts) + (f" ({because})" if because else "")


@register.filter
def euros(amount):
    """An amount of money, as words.euros has it."""
    return words.euros(amount)


@dataclass
class Handed:
    """One handoff of the case: how it went, what was tried while it stood, and what was asked about it."""

    handoff: Handoff
    went: str
    is_current: bool = False
    uses: list = field(default_factory=list)
    questions: list = field(default_factory=list)


@dataclass
class Panel:
    """What the case page shows of a case's escalation."""

    outlook: outlooks.Outlook
    next: words.Next | None
    rungs: list
    waiting: Handoff | None = None  # a handoff that waits for the reader
    holds: bool = False
    may_step_down: bool = False  # for its holder, whose case the reader answers for
    handed: list = field(default_factory=list)  # every handoff of the case, the latest first
    before: list = field(default_factory=list)  # options used before anything was handed over
    questions: list = field(default_factory=list)  # those of the present handoff
    asked_of_reader: list = field(default_factory=list)  # open, whoever has the case by now
    options: list = field(default_factory=list)
    checklist: list = field(default_factory=list)  # checklists.Items of the present handoff
    limit: str = ""

    @property
    def path(self):
        return self.outlook.path

    @property
    def escalation(self):
        return self.outlook.escalation

    @property
    def open_questions(self):
        return [question for question in self.questions if question.answered_at is None]

    @property
    def ticked(self):
        return sum(item.tick is not None for item in self.checklist)

    @property
    def tried(self):
        return sum(rung.was_tried for rung in self.options)

    @property
    def may_decline(self):
        """Whether somebody is above whoever it waits for."""
        at = self.escalation
        return self.waiting is not None and not at.is_at_fallback and at.level_number < self.path.top

    @property
    def is_theirs(self):
        return self.holds or self.waiting is not None


@register.simple_tag
def escalation_of(case, reader, now):
    """The Panel of one case. How many queries depends on its paths alone, whatever has happened to it."""
    outlook = outlooks.of([case], now=now)[case.pk]
    roster = outlook.roster
    handoffs = _handoffs(case)
    passed = list(
        PassedOver.objects.filter(escalation=outlook.escalation).select_related("person").order_by("pk")
    )
    may_hold = roles.may(reader, "escalation.hold")
    escalation, handoff = outlook.escalation, outlook.handoff
    is_theirs = escalation is not None and may_hold and is_held_by(escalation, reader)
    is_waiting = handoff is not None and handoff.state == Handoff.State.WAITING
    uses = list(case.option_uses.select_related("option", "by").order_by("pk"))
    handed, before = _told(case, handoffs, uses, now)
    for one in handed:
        one.is_current = handoff is not None and one.handoff.pk == handoff.pk
    mine = [h for h in handoffs if escalation is not None and h.escalation_id == escalation.pk]
    limit = options.limit_of(reader, escalation)
    return Panel(
        outlook=outlook,
        next=words.next_of(outlook, case.standing, roster, now),
        rungs=rungs(outlook, mine, passed, roster, now, _zones(outlook)),
        waiting=handoff if is_theirs and is_waiting else None,
        holds=is_theirs and not is_waiting,
        may_step_down=escalation is not None and not is_theirs and answers_for(case.pk, reader),
        handed=handed[::-1],
        before=before,
        questions=next((one.questions for one in handed if one.is_current), []),
        asked_of_reader=[
            question
            for one in handed
            for question in one.questions
            if question.answered_at is None and question.asked_of_id == reader.pk
        ],
        options=options.offered(case, escalation, reader, uses),
        limit=words.euros(limit) if limit else "",
        checklist=checklists.items(escalation, handoff),
    )


def _handoffs(case):
    related = ("to_person", "to_team", "answered_by", "from_person", "escalation__path")
    return list(Handoff.objects.filter(escalation__case=case).select_related(*related).order_by("pk"))


def _told(case, handoffs, uses, now):
    """([Handed] of `handoffs`, [OptionUse] from before the first of them)."""
    handed, before = [Handed(h, _went(h, now)) for h in handoffs], []
    by_id = {one.handoff.pk: one for one in handed}
    asked = AskBack.objects.filter(handoff__escalation__case=case)
    for question in asked.select_related("asked_by", "asked_of", "answered_by").order_by("pk"):
        by_id[question.handoff_id].questions.append(question)
    for use in uses:
        stood = [one for one in handed if one.handoff.made_at <= use.at]
        (stood[-1].uses if stood else before).append(use)
    return handed, before


def _went(handoff, now):
    """How it was handed over, and how that ended, in a line."""
    how = display.moment(handoff.made_at, now, "day")
    if handoff.mode == Handoff.Mode.CALL_BACK and handoff.call_back_at:
        time = display.moment(handoff.call_back_at, now, "day")
        how += " · " + _("call-back promised for %(time)s") % {"time": time}
    elif handoff.mode == Handoff.Mode.LIVE:
        how += " · " + _("live transfer, reached")
    return f"{how} · {ended(handoff, now)}"


def _zones(outlook):
    people = {a.step.person_id for a in outlook.steps} - {None}
    return dict(Person.objects.filter(pk__in=people).values_list("pk", "time_zone"))
