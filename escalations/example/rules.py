"""The rules of the example: categories, pauses, intake, SLA policies, escalation paths and the matrix."""

from datetime import timedelta

from cases.models import (
    Calendar,
    Category,
    Cause,
    IntakeRule,
    PauseReason,
    Person,
    Question,
    Service,
    Skill,
    SlaPolicy,
    SlaPolicyVersion,
    SlaTarget,
    Tag,
    Team,
)
from cases.operations import publishing
from cases.states import Metric, Priority
from escalations.models import (
    EscalationPath,
    EscalationReason,
    Level,
    LevelInform,
    LevelStep,
    Option,
    PathVersion,
    Rule,
)
from escalations.operations.publishing import publish_path

from . import data

TERMS = (Metric.FIRST_RESPONSE, Metric.NEXT_UPDATE, Metric.RESOLUTION, Metric.OWNERSHIP)


class Names:
    """Finds what the files call by name."""

    def __init__(self):
        self.people = {row.username: row for row in Person.objects.all()}
        for model in (Calendar, Category, Service, Skill, Team):
            setattr(self, model._meta.model_name, {row.name: row for row in model.objects.all()})

    def find(self, row, *words):
        """{word: the row of that name} for those of `words` that are there. Unknown names are a KeyError."""
        people = ("owner", "account_manager", "person", "fallback")
        return {
            word: (self.people if word in people else getattr(self, word))[row[word]]
            for word in words
            if word in row
        }


def build(*, now, today):
    """What is configured, as of `now`; versions that say so take effect some days before `today`."""
    described = data.read("rules")
    Category.objects.bulk_create(
        Category(name=name) for rows in described["categories"] for name in rows["names"]
    )
    Tag.objects.bulk_create(Tag(name=name) for name in described["tags"])
    Cause.objects.bulk_create(
        Cause(name=name, position=place * 10) for place, name in enumerate(described["causes"], 1)
    )
    PauseReason.objects.bulk_create(PauseReason(**row) for row in described["pause_reasons"])
    names = Names()
    for position, row in enumerate(described["questions"], 1):
        Question.objects.create(
            position=position * 10,
            text=row["text"],
            help=row.get("help", ""),
            kind=row.get("kind", "line"),
            choices="\n".join(row.get("choices", ())),
            is_required=row.get("is_required", False),
            **names.find(row, "category"),
        )
    Category.objects.filter(name__in=described["reached_by_phone"]).update(contact_needs=Category.Reach.PHONE)
    for position, row in enumerate(described["intake"], 1):
        IntakeRule.objects.create(
            position=position * 10,
            tier=row.get("tier", ""),
            channel=row.get("channel", ""),
            language=row.get("language", ""),
            **names.find(row, "category", "account_manager", "team", "owner", "skill"),
        )
    _policies(described["policies"], names, now, today)
    _paths(described["paths"], names, now, today)
    _responses(described, names)
    for position, row in enumerate(described["matrix"], 1):
        Rule.objects.create(
            position=position * 10,
            name=row["name"],
            trigger=row["trigger"],
            metric=row.get("metric", ""),
            tier=row.get("tier", ""),
            priority=row.get("priority"),
            reopened_at_least=row.get("reopened_at_least"),
            reassigned_at_least=row.get("reassigned_at_least"),
            within_days=row.get("within_days"),
            is_active=row.get("is_active", True),
            level_number=row.get("level", 1),
            path=EscalationPath.objects.get(name=row["path"]),
            **names.find(row, "category", "service"),
        )


def _from(row, now, today):
    """From when this version is in force: the midnight so many days ago, else from the beginning."""
    if "days_ago" not in row:
        return now
    return (today - timedelta(days=row["days_ago"])).replace(hour=0, minute=0, second=0, microsecond=0)


def _policies(described, names, now, today):
    by = names.people["nora"]
    for position, row in enumerate(described, 1):
        policy = SlaPolicy.objects.filter(
            is_default=True, name=row["name"]
        ).first() or SlaPolicy.objects.create(name=row["name"], position=position * 10)
        before = policy.versions.count()
        for number, wanted in enumerate(row["versions"], before + 1):
            version = SlaPolicyVersion.objects.create(
                policy=policy,
                number=number,
                tier=wanted.get("tier", ""),
                note=wanted.get("note", ""),
                **names.find(wanted, "category", "service"),
            )
            SlaTarget.objects.bulk_create(_targets(version, wanted, names))
            publishing.publish_policy(version=version, by=by, now=now, effective_at=_from(wanted, now, today))


def _targets(version, wanted, names):
    calendar = names.calendar[wanted["calendar"]]
    for metric in TERMS:
        if seconds := wanted.get(f"{metric}_seconds"):
            yield SlaTarget(version=version, metric=metric, term_seconds=seconds, calendar=calendar)
        for priority, minutes in zip(Priority, wanted.get(metric, ()), strict=False):
            yield SlaTarget(
                version=version,
                metric=metric,
                priority=priority,
                term_seconds=minutes * 60,
                calendar=calendar,
            )


def _responses(described, names):
    """Options, lowest first, and reasons, in the order of the file."""
    for position, row in enumerate(described["options"], 1):
        Option.objects.create(
            position=position * 10,
            name=row["name"],
            kind=row["kind"],
            description=row["description"],
            amount_ceiling=row.get("ceiling"),
            from_level=row.get("from_level"),
            **names.find(row, "category"),
        )
    for position, row in enumerate(described["reasons"], 1):
        EscalationReason.objects.create(position=position * 10, name=row["name"], kind=row.get("kind", ""))


def _paths(described, names, now, today):
    by = names.people["nora"]
    for row in described:
        path = EscalationPath.objects.filter(is_default=True, name=row["name"]).first()
        path = path or EscalationPath.objects.create(name=row["name"], description=row.get("description", ""))
        before = path.versions.count()
        for number, wanted in enumerate(row["versions"], before + 1):
            version = PathVersion.objects.create(
                path=path, number=number, note=wanted.get("note", ""), **names.find(wanted, "fallback")
            )
            for place, level in enumerate(wanted["levels"], 1):
                _level(version, place, level, names, wanted.get("around_the_clock", False))
            if not wanted.get("draft"):
                publish_path(version=version, by=by, now=now, effective_at=_from(wanted, now, today))


def _level(version, number, row, names, around_the_clock):
    who = next((word for word in ("person", "team", "skill") if word in row), None) or row["responsible"]
    level = Level.objects.create(
        version=version,
        number=number,
        name=row["name"],
        responsible=who,
        acknowledge_seconds=row.get("acknowledge_seconds") or row["acknowledge"] * 60,
        work_seconds=row["work"] * 60 if "work" in row else None,
        remind_every_seconds=row["remind"] * 60 if "remind" in row else None,
        authority_limit=row.get("limit"),
        instructions=row.get("instructions", ""),
        is_around_the_clock=around_the_clock,
        **names.find(row, "person", "team", "skill"),
    )
    LevelInform.objects.bulk_create(
        LevelInform(level=level, person=names.people[username]) for username in row.get("informs", ())
    )
    LevelStep.objects.bulk_create(
        LevelStep(level=level, position=position, **step)
        for position, step in enumerate(row.get("steps", ()), 1)
    )
