"""One valid row of each audited model, as many as a test wants, and a change to it that no constraint minds.

A new audited model needs an entry here: the tests that ask for every model say so by name.
"""

from dataclasses import dataclass
from datetime import date, time, timedelta
from types import SimpleNamespace
from typing import Any

from cases import writers
from cases.models import (
    Absence,
    Answer,
    Ask,
    Attachment,
    Attempt,
    Calendar,
    CalendarException,
    CalendarVersion,
    Case,
    CaseLink,
    CaseReading,
    CaseTag,
    Category,
    Cause,
    Clock,
    ComplaintProfile,
    Contact,
    Customer,
    Decision,
    Duty,
    DutyPattern,
    Holiday,
    IntakeRule,
    ListReading,
    Membership,
    Message,
    PackConfirmation,
    PackTerm,
    PackVersion,
    Party,
    Pause,
    PauseReason,
    Period,
    Person,
    PersonPreference,
    PersonSkill,
    Promise,
    Question,
    QuestionAnswer,
    Recalculation,
    ReplyTemplate,
    Service,
    Skill,
    SlaPolicy,
    SlaPolicyVersion,
    SlaTarget,
    StandIn,
    Subscription,
    Survey,
    Tag,
    Team,
    TimerRepair,
    Trigger,
)
from escalations.models import (
    AskBack,
    Escalation,
    EscalationPath,
    EscalationReason,
    Handoff,
    Level,
    LevelInform,
    LevelStep,
    Option,
    OptionUse,
    PassedOver,
    PathVersion,
    Rule,
    StepTick,
)
from tests import factories as make

AT = make.BEGINNING
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Sample:
    """`fields(world, n)`: of the n-th row; `change`: one field and another value for it."""

    fields: Any
    change: tuple[str, Any]


SAMPLES = {
    Person: Sample(lambda w, n: {"username": f"p{n}", "name": f"P {n}", "password": "!"}, ("title", "Agent")),
    PersonPreference: Sample(lambda w, n: {"person": w.people[n]}, ("signature", "Kind regards, «Ана»")),
    Skill: Sample(lambda w, n: {"name": f"skill {n}"}, ("name", "another skill")),
    PersonSkill: Sample(lambda w, n: {"person": w.people[n], "skill": w.skill}, ("skill_id", "other_skill")),
    Team: Sample(lambda w, n: {"name": f"team {n}", "calendar": w.calendar}, ("is_active", False)),
    Membership: Sample(lambda w, n: {"team": w.team, "person": w.people[n]}, ("position", 7)),
    Absence: Sample(
        lambda w, n: {"person": w.ana, "starts_at": AT, "ends_at": AT + n * HOUR}, ("ends_at", AT + 99 * HOUR)
    ),
    DutyPattern: Sample(
        lambda w, n: {
            "skill": w.skill,
            "person": w.ana,
            "weekdays": "01234",
            "starts": time(n),
            "ends": time(n + 1),
            "first_on": date(2026, 5, n),
        },
        ("weekdays", "56"),
    ),
    Duty: Sample(
        lambda w, n: {"skill": w.skill, "person": w.ana, "starts_at": AT, "ends_at": AT + n * HOUR},
        ("position", 3),
    ),
    Calendar: Sample(
        lambda w, n: {"name": f"calendar {n}", "time_zone": "UTC"}, ("time_zone", "Europe/Riga")
    ),
    CalendarVersion: Sample(lambda w, n: {"calendar": w.calendar, "number": 10 + n}, ("note", "summer")),
    Period: Sample(
        lambda w, n: {"version": w.calendar_draft, "weekday": n % 7, "opens": time(n), "closes": time(n + 1)},
        ("closes", time(0)),
    ),
    CalendarException: Sample(
        lambda w, n: {"version": w.calendar_draft, "on": date(2026, 5, n), "name": "inventory"},
        ("name", "stock-taking"),
    ),
    Holiday: Sample(
        lambda w, n: {
            "version": w.calendar_draft,
            "first_on": date(2026, 5, n),
            "last_on": date(2026, 5, n),
            "name": "x",
        },
        ("region", "MD"),
    ),
    Service: Sample(lambda w, n: {"name": f"service {n}"}, ("is_active", False)),
    Customer: Sample(lambda w, n: {"name": f"customer {n}"}, ("yearly_value", 12345)),
    Contact: Sample(
        lambda w, n: {"customer": w.customer, "name": f"contact {n}"}, ("phone", "+34 600 000 000")
    ),
    Subscription: Sample(
        lambda w, n: {"customer": w.customer, "service": w.service, "reference": f"r{n}"},
        ("reference", "another"),
    ),
    SlaPolicy: Sample(lambda w, n: {"name": f"policy {n}"}, ("position", 7)),
    SlaPolicyVersion: Sample(lambda w, n: {"policy": w.policy, "number": 10 + n}, ("note", "tighter")),
    SlaTarget: Sample(
        lambda w, n: {
            "version": w.policy_draft,
            "metric": "resolution",
            "priority": n,
            "term_seconds": 60,
            "calendar": w.calendar,
        },
        ("term_seconds", 3600),
    ),
    PackVersion: Sample(
        lambda w, n: {"pack": "spain-ley-10-2025", "calendar": w.calendar, "number": 10 + n},
        ("note", "from the new year"),
    ),
    PackTerm: Sample(
        lambda w, n: {
            "version": w.pack_draft,
            "key": f"term-{n}",
            "rule": "15 business_days Europe/Madrid",
            "ends_on": "resolved",
            "source": "Ley 10/2025 art.17.1",
            "says": "15 business_days",
            "is_certain": True,
        },
        ("is_certain", False),
    ),
    PackConfirmation: Sample(
        lambda w, n: {
            "key": f"term-{n}",
            "says": "30 calendar_days",
            "note": "read in the gazette",
            "confirmed_at": AT,
            "confirmed_by": w.ana,
        },
        ("note", "read in the law"),
    ),
    Clock: Sample(
        lambda w, n: {
            "case": w.case,
            "metric": "resolution",
            "calendar": w.calendar,
            "term_seconds": 60,
            "started_at": AT,
            "state": "stopped",
            "ended_at": AT + n * HOUR,
        },
        ("warned_at", AT),
    ),
    PauseReason: Sample(
        lambda w, n: {"code": f"reason-{n}", "name": "x", "stops": []}, ("stops", ["resolution"])
    ),
    Pause: Sample(
        lambda w, n: {
            "case": w.case,
            "reason": w.pause_reason,
            "started_at": AT,
            "expected_end_at": AT + HOUR,
            "ended_at": AT + n * HOUR,
            "started_by": w.ana,
        },
        ("note", "on holiday"),
    ),
    Promise: Sample(
        lambda w, n: {"case": w.case, "what": f"{n}", "due_at": AT + HOUR, "told_at": AT, "made_by": w.ana},
        ("kind", "outcome"),
    ),
    Recalculation: Sample(
        lambda w, n: {
            "kind": "calendar",
            "calendar_version": w.calendar_draft,
            "asked_by": w.ana,
            "asked_at": AT,
            "state": "finished",
            "finished_at": AT + n * HOUR,
        },
        ("done", 12),
    ),
    Category: Sample(lambda w, n: {"name": f"category {n}"}, ("is_active", False)),
    Case: Sample(
        lambda w, n: {
            "customer": w.customer,
            "subject": f"subject {n}",
            "policy_version": w.case.policy_version,
            "received_at": AT,
        },
        ("reassigned_count", 4),
    ),
    Cause: Sample(lambda w, n: {"name": f"cause {n}"}, ("is_active", False)),
    Tag: Sample(lambda w, n: {"name": f"tag {n}"}, ("is_active", False)),
    CaseTag: Sample(
        lambda w, n: {"case": w.case, "tag": w.tag, "added_at": AT, "removed_at": AT + n * HOUR},
        ("removed_at", AT + 99 * HOUR),
    ),
    Question: Sample(lambda w, n: {"text": f"question {n}"}, ("is_required", True)),
    QuestionAnswer: Sample(
        lambda w, n: {
            "case": w.case,
            "question": w.questions[n],
            "asked": "Which line?",
            "value": f"{n}",
            "answered_at": AT,
        },
        ("value", "the other one"),
    ),
    Attempt: Sample(
        lambda w, n: {"case": w.case, "what": f"restarted {n} times", "told_by": w.ana, "recorded_at": AT},
        ("what", "restarted"),
    ),
    CaseLink: Sample(
        lambda w, n: {"source": w.cases[n], "target": w.case, "kind": "duplicate", "made_at": AT},
        ("ended_at", AT + HOUR),
    ),
    Party: Sample(
        lambda w, n: {"case": w.case, "person": w.people[n], "kind": "access", "reason": "asked"},
        ("reason", "named"),
    ),
    StandIn: Sample(
        lambda w, n: {"case": w.case, "team": w.team, "person": w.people[n], "instead_of": w.ana},
        ("ended_at", AT),
    ),
    IntakeRule: Sample(lambda w, n: {"team": w.team, "position": n}, ("category_id", "category")),
    Trigger: Sample(
        lambda w, n: {"case": w.case, "kind": "safety", "occurred_at": AT + n * HOUR},
        ("verdict", "no rule matches"),
    ),
    TimerRepair: Sample(
        lambda w, n: {"case": w.case, "finding": "missing", "subject_id": n, "found_at": AT},
        ("was_due_at", AT + HOUR),
    ),
    ListReading: Sample(
        lambda w, n: {
            "person": w.people[n],
            "address": "/api/v1/answers/",
            "asked": f"page_size={n}",
            "cases": [w.case.pk],
            "at": AT,
        },
        ("address", "/api/v1/asks/"),
    ),
    CaseReading: Sample(
        lambda w, n: {
            "case": w.case,
            "person": w.people[n],
            "kind": "asked",
            "reason": "covers for Ana",
            "on": AT.date(),
            "at": AT,
            "until": AT + HOUR,
        },
        ("reason", "asked for help"),
    ),
    Message: Sample(
        lambda w, n: {
            "case": w.case,
            "direction": "in",
            "channel": "mail",
            "body": f"{n}",
            "occurred_at": AT,
            "recorded_at": AT,
        },
        ("body", "«Где?» 'so' \"they\" asked; 100 %"),
    ),
    Ask: Sample(
        lambda w, n: {
            "case": w.case,
            "position": 10 + n,
            "text": f"ask {n}",
            "recorded_by": w.ana,
            "recorded_at": AT,
        },
        ("amount", 99),
    ),
    Decision: Sample(
        lambda w, n: {
            "ask": w.asks[n],
            "outcome": "partly",
            "part": f"part {n}",
            "made_by": w.ana,
            "made_at": AT,
        },
        ("grounds", "no more than that was promised"),
    ),
    Answer: Sample(
        lambda w, n: {
            "case": w.case,
            "cause": "a",
            "remedy": "b",
            "turn_to": "c",
            "message": w.messages[n],
            "promise": w.promises[n],
            "given_by": w.ana,
            "given_at": AT,
        },
        ("cause", "a migration"),
    ),
    Survey: Sample(
        lambda w, n: {
            "case": w.cases[n],
            "customer": w.customer,
            "contact": w.contact,
            "asked_at": AT,
            "expires_at": AT + timedelta(days=14),
            "score": 4,
            "answered_at": AT,
        },
        ("comment", "quick and kind"),
    ),
    ComplaintProfile: Sample(
        lambda w, n: {"case": w.cases[n], "goal": f"goal {n}", "written_by": w.ana, "written_at": AT},
        ("manner", "upset"),
    ),
    Attachment: Sample(
        lambda w, n: {
            "message": w.case.messages.first(),
            "name": f"{n}.pdf",
            "media_type": "application/pdf",
            "size": n,
            "sha256": f"{n:064x}",
        },
        ("name", "the same.pdf"),
    ),
    ReplyTemplate: Sample(
        lambda w, n: {"name": f"template {n}", "language": "en", "body": "Dear {contact_name},"},
        ("body", "Hello {contact_name},"),
    ),
    EscalationPath: Sample(lambda w, n: {"name": f"path {n}"}, ("description", "for outages")),
    PathVersion: Sample(lambda w, n: {"path": w.path, "number": 10 + n}, ("fallback_id", "ana")),
    Level: Sample(
        lambda w, n: {
            "version": w.path_draft,
            "number": 10 + n,
            "name": "x",
            "responsible": "holders_manager",
            "acknowledge_seconds": 60,
        },
        ("authority_limit", 250),
    ),
    LevelStep: Sample(
        lambda w, n: {"level": w.level, "position": n, "text": f"step {n}"}, ("is_required", True)
    ),
    StepTick: Sample(
        lambda w, n: {
            "escalation": w.escalation,
            "step": w.step,
            "by": w.people[n],
            "at": AT,
            "taken_back_at": AT + n * HOUR,
        },
        ("by_id", "ana"),
    ),
    LevelInform: Sample(lambda w, n: {"level": w.level, "person": w.people[n]}, ("person_id", "ana")),
    Rule: Sample(lambda w, n: {"name": f"rule {n}", "trigger": "safety", "path": w.path}, ("priority", 4)),
    Escalation: Sample(
        lambda w, n: {
            "case": w.case,
            "customer": w.customer,
            "path": w.path,
            "version": w.path_version,
            "level_number": n,
            "holder": w.ana,
            "started_at": AT,
            "state": "ended",
            "ended_at": AT,
            "outcome": "resolved",
        },
        ("cool_off_until", AT + HOUR),
    ),
    Handoff: Sample(
        lambda w, n: {
            "escalation": w.escalation,
            "level_number": n,
            "kind": "functional",
            "to_person": w.ana,
            "reason": "a",
            "background": "b",
            "tried": "c",
            "next_steps": "d",
            "made_at": AT,
            "state": "acknowledged",
            "answered_at": AT,
        },
        ("told_customer", "that we look"),
    ),
    PassedOver: Sample(
        lambda w, n: {"escalation": w.escalation, "level_number": n, "why": "empty", "at": AT},
        ("detail", "nobody"),
    ),
    Option: Sample(
        lambda w, n: {"name": f"option {n}", "kind": "goodwill", "position": n}, ("amount_ceiling", 50)
    ),
    OptionUse: Sample(
        lambda w, n: {"case": w.case, "option": w.option, "outcome": "offered", "by": w.ana, "at": AT},
        ("amount", 20),
    ),
    EscalationReason: Sample(lambda w, n: {"name": f"reason {n}"}, ("kind", "priority")),
    AskBack: Sample(
        lambda w, n: {
            "handoff": w.handoff,
            "text": f"Which invoice, {n}?",
            "asked_by": w.ana,
            "asked_of": w.people[n],
            "asked_at": AT,
            "answer": "The last one.",
            "answered_by": w.people[n],
            "answered_at": AT + n * HOUR,
        },
        ("answer", "The one of October."),
    ),
}


def world():
    """What the samples stand on: their parents, all signed by the installation."""
    w = SimpleNamespace()
    w.ana = make.person("Ana")
    w.calendar = make.calendar()
    w.team = make.team("Care", calendar=w.calendar)
    w.customer, w.category = make.customer(), make.category()
    w.policy = make.policy().policy
    w.pause_reason = make.pause_reason()
    w.path = make.path(levels=[{"person": w.ana}], fallback=w.ana)
    w.path_version = w.path.versions.get()
    w.contact = w.customer.contacts.get()
    w.case = make.case(w.customer)
    with make.signed():
        w.people = [Person.objects.create(username=f"q{n}", name=f"Q {n}", password="!") for n in range(8)]
        w.cases = [make_row(Case, w, n) for n in range(8)]
        w.questions = [Question.objects.create(text=f"Which one, {n}?") for n in range(8)]
        w.skill, w.other_skill = Skill.objects.create(name="networks"), Skill.objects.create(name="law")
        w.tag = Tag.objects.create(name="legal")
        w.service = Service.objects.create(name="hosting")
        w.calendar_draft = CalendarVersion.objects.create(calendar=w.calendar, number=2)
        w.pack_draft = PackVersion.objects.create(pack="spain-payments", calendar=w.calendar, number=1)
        w.policy_draft = SlaPolicyVersion.objects.create(policy=w.policy, number=2)
        w.path_draft = PathVersion.objects.create(path=w.path, number=2)
        w.asks, w.messages, w.promises, w.cases = (
            [make_row(model, w, n) for n in range(20, 28)] for model in (Ask, Message, Promise, Case)
        )
        w.level = make_row(Level, w, 1)
        w.escalation = make_row(Escalation, w, 1)
        other_draft = PathVersion.objects.create(path=w.path, number=3)
        w.step = LevelStep.objects.create(
            level=Level.objects.create(
                version=other_draft,
                number=1,
                name="x",
                responsible="holders_manager",
                acknowledge_seconds=60,
            ),
            position=1,
            text="the step",
        )
        w.option, w.handoff = make_row(Option, w, 1), make_row(Handoff, w, 1)
    return w


def every_model():
    """Each audited model; one without a sample fails here, by name."""
    models = writers.audited_models()
    unknown = [model.__name__ for model in models if model not in SAMPLES]
    assert not unknown, f"tests/audited.py needs a sample of {unknown}"
    return models


def unsaved(model, world, n):
    return model(**SAMPLES[model].fields(world, n))


def make_row(model, world, n):
    return model.objects.create(**SAMPLES[model].fields(world, n))


def change(model, world):
    """(attribute, new value): a change of the sample that its constraints permit."""
    name, value = SAMPLES[model].change
    return name, getattr(world, value).pk if name.endswith("_id") else value
