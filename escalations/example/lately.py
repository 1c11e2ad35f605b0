"""What has happened by now beside the stories of cases: a pattern of duty, a date given anew, somebody named
on a case, and what customers answered who were asked how content they are."""

from datetime import time, timedelta

from cases import history
from cases.models import Case, Duty, DutyPattern, Party, Person, Promise, Survey
from cases.operations import duties, parties, replacing, surveying

NEW_DATE = timedelta(days=1)
ANSWERS = (
    (5, "Quick, and they called back when they said they would."),
    (4, ""),
    (2, "I had to explain it twice."),
)
WORD = "We could not keep the date we gave you, and we are sorry. You will hear from us within a day."


def build(*, now):
    """One of each, of the first that fits."""
    _pattern(now)
    _new_date(now)
    _named(now)
    _surveys(now)


def _pattern(now):
    """Behind whoever is on duty for contracts, the same colleague stands by on weekdays."""
    last = (
        Duty.objects.filter(skill__name="Contract law").select_related("skill", "person").latest("starts_at")
    )
    pattern = DutyPattern(
        skill=last.skill,
        person=last.person,
        weekdays="01234",
        starts=time(8),
        ends=time(20),
        time_zone="Europe/Madrid",
        first_on=now.date(),
        position=2,
    )
    duties.keep(pattern=pattern, by=_manager(), now=now, reason="Somebody stands by on weekdays")


def _new_date(now):
    """A promise was broken, and the customer has a new date with a word of apology."""
    broken = Promise.objects.filter(state=Promise.State.BROKEN, replaced_by=None, case__language="en")
    broken = broken.filter(case__in=_plain()).exclude(case__owner=None).select_related("case__owner")
    promise = broken.order_by("pk").first()
    if promise is not None:
        due_at = now + NEW_DATE
        owner = promise.case.owner
        replacing.replace(promise=promise, what=promise.what, due_at=due_at, word=WORD, by=owner, now=now)


def _named(now):
    """Somebody else is let in to a restricted case."""
    case = Case.objects.live().filter(is_restricted=True).exclude(owner=None).order_by("pk").first()
    if case is None:
        return
    known = Party.objects.filter(case=case).values("person")
    who = Person.objects.working().filter(role="supervisor").exclude(pk__in=known).order_by("pk").first()
    reason = "Knows the contract from the last review"
    parties.name(case=case, person=who, kind=Party.Kind.ACCESS, reason=reason, by=case.owner, now=now)


def _surveys(now):
    """Answers of customers whose cases were closed: two content, one not."""
    closed = Case.objects.filter(status="closed", language="en", is_restricted=False)
    closed = closed.exclude(contact=None).exclude(parties__kind=Party.Kind.SUBJECT)
    asked = {}
    for case in closed.select_related("contact").order_by("-closed_at", "pk")[:20]:
        asked.setdefault(case.customer_id, case)
    for case, (score, comment) in zip(asked.values(), ANSWERS, strict=False):
        with history.acting(by=history.ENGINE, reason="case closed", now=now):
            survey = Survey.objects.create(
                case=case,
                customer_id=case.customer_id,
                contact=case.contact,
                asked_at=now,
                expires_at=now + surveying.OPEN_FOR,
            )
        surveying.answer(survey=survey, score=score, comment=comment, now=now)


def _plain():
    named = Party.objects.filter(kind=Party.Kind.SUBJECT).values("case")
    return Case.objects.live().filter(is_restricted=False).exclude(pk__in=named)


def _manager():
    return Person.objects.working().filter(role="manager").order_by("pk").first()
