"""What happened to a case, in sentences with who and why; read from the history the database wrote."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from django.utils.translation import gettext as _

from cases.models import (
    Answer,
    Ask,
    Attachment,
    Attempt,
    Case,
    CaseLink,
    CaseReading,
    CaseTag,
    Category,
    Clock,
    Contact,
    Decision,
    Party,
    Pause,
    PauseReason,
    Person,
    Promise,
    Service,
    StandIn,
    Survey,
    Tag,
    Team,
    TimerRepair,
)
from cases.models.case import number_of
from cases.prepared import Given, Prepared
from escalations.models import (
    AskBack,
    Escalation,
    Handoff,
    LevelStep,
    Option,
    OptionUse,
    PassedOver,
    StepTick,
)
from reports import asking_sentences, sentences


@dataclass(frozen=True)
class Event:
    """One line. `changes` are (field, old, new) in words; `how` is what it came by."""

    at: datetime
    who: str
    text: str
    icon: str
    why: str = ""
    changes: list = field(default_factory=list)
    how: str = ""
    is_beside_message: bool = False


@dataclass(frozen=True)
class Names:
    """What ids in history rows are called today, also of those who have left."""

    people: dict
    teams: dict
    reasons: dict
    asks: dict
    tags: dict
    options: dict
    abouts: dict
    steps: dict
    cases: frozenset = frozenset()

    def case(self, pk):
        """Its number; of one that is kept from some people, what gives nothing away."""
        return number_of(pk) if pk in self.cases else _("another case")

    def person(self, pk):
        return str(self.people.get(pk) or _("somebody")) if pk else _("nobody")

    def team(self, pk):
        return str(self.teams.get(pk) or _("a team")) if pk else _("none")

    def about(self, name, pk):
        """Of a case: its category, service or contact, by id."""
        return str(self.abouts.get((name, pk)) or _("another one")) if pk else _("none")

    def ask(self, pk):
        return str(self.asks.get(pk) or _("what was asked"))

    def actor(self, pk):
        person = self.people.get(pk)
        if person is None:
            return _("Somebody")
        return person.name.capitalize() if person.is_system else person.name


# Whose history belongs to a case, in the order in which rows of one instant are told.
TOLD = (
    (Case, sentences.of_case, "pk"),
    (Party, sentences.of_party, "case"),
    (CaseTag, sentences.of_case_tag, "case"),
    (TimerRepair, sentences.of_timer_repair, "case"),
    (Clock, sentences.of_clock, "case"),
    (Pause, sentences.of_pause, "case"),
    (Ask, asking_sentences.of_ask, "case"),
    (Decision, asking_sentences.of_decision, "ask__case"),
    (Answer, asking_sentences.of_answer, "case"),
    (Promise, sentences.of_promise, "case"),
    (Attachment, sentences.of_attachment, "message__case"),
    (Attempt, sentences.of_attempt, "case"),
    (CaseLink, sentences.of_link_from, "source"),
    (CaseLink, sentences.of_link_to, "target"),
    (StandIn, sentences.of_stand_in, "case"),
    (PassedOver, sentences.of_passed_over, "escalation__case"),
    (OptionUse, sentences.of_option_use, "case"),
    (Handoff, sentences.of_handoff, "escalation__case"),
    (StepTick, sentences.of_step_tick, "escalation__case"),
    (AskBack, sentences.of_question, "handoff__escalation__case"),
    (Escalation, sentences.of_escalation, "case"),
    (CaseReading, sentences.of_case_reading, "case"),
    (Survey, asking_sentences.of_survey, "case"),
)


def events(case, *, until=None, since=None):
    """Everything that happened to `case` (up to `until`; in `since`, a cases.meanwhile.Since), the earliest
    first. A fixed number of queries.

    History tables are asked by object id alone, the one column of theirs that is indexed.
    """
    told = []
    for rank, (model, words, to_case) in enumerate(TOLD):
        rows = _history(model, to_case, until is not None).all(case=case.pk, until=until)
        told.append((rank, words, _by_object(rows)))
    names = _names([row for _rank, _words, objects in told for rows in objects.values() for row in rows])
    found = []
    for rank, words, objects in told:
        for rows in objects.values():
            for before, row in zip([None, *rows], rows, strict=False):
                if since is not None and not since.covers(row):
                    continue
                for said in words(before, row, names):
                    place = (row.history_date, not said.is_cause, rank, row.history_id)
                    found.append((place, _event(row, said, names)))
    return [event for _place, event in sorted(found, key=lambda entry: entry[0])]


@cache
def _history(model, to_case, is_until):
    ids = model.objects.filter(**{to_case: Given("case")}).values("pk")
    until = {"history_date__lte": Given("until")} if is_until else {}
    return Prepared(lambda: model.history.filter(id__in=ids, **until).order_by("history_id"))


def _by_object(rows):
    objects = defaultdict(list)
    for row in rows:
        objects[row.id].append(row)
    return objects


def _names(rows):
    people, teams, asks, cases = {row.history_user_id for row in rows}, set(), set(), set()
    for row in rows:
        for name in (
            "owner_id",
            "holder_id",
            "to_person_id",
            "person_id",
            "made_by_id",
            "kept_by_id",
            "answered_by_id",
            "asked_of_id",
            "instead_of_id",
        ):
            people.add(getattr(row, name, None))
        for name in ("team_id", "holder_team_id", "to_team_id"):
            teams.add(getattr(row, name, None))
        asks.add(getattr(row, "ask_id", None))
        for name in ("source_id", "target_id"):
            cases.add(getattr(row, name, None))
    return Names(
        people=Person.objects.in_bulk(people - {None}),
        teams=Team.objects.in_bulk(teams - {None}),
        reasons=PauseReason.objects.in_bulk(),
        asks=Ask.objects.in_bulk(asks - {None}),
        tags=Tag.objects.in_bulk({row.tag_id for row in rows if hasattr(row, "tag_id")}),
        cases=frozenset(
            Case.objects.filter(pk__in=cases - {None}).open_to_all().values_list("pk", flat=True)
        ),
        abouts=_abouts([row for row in rows if hasattr(row, "restricted_because")]),
        steps=LevelStep.objects.in_bulk({row.step_id for row in rows if hasattr(row, "step_id")}),
        options=Option.objects.in_bulk({row.option_id for row in rows if hasattr(row, "option_id")}),
    )


def _abouts(rows):
    """{(name, id): category, service or contact} of those that changed in these rows of one case."""
    found = {}
    for name, model in (("category", Category), ("service", Service), ("contact", Contact)):
        ids = {getattr(row, f"{name}_id") for row in rows}
        if len(ids) > 1:
            found |= {(name, pk): one for pk, one in model.objects.in_bulk(ids - {None}).items()}
    return found


def _event(row, said, names):
    return Event(
        at=row.history_date,
        who=said.who or names.actor(row.history_user_id),
        text=said.text,
        icon=said.icon,
        why=said.why,
        changes=said.changes,
        how=sentences.came_by(row.history_via),
        is_beside_message=said.is_beside_message,
    )
