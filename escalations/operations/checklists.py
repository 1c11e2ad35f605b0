"""The checklist of a level: which steps a handoff brings, ticking them, and what is not ticked at the end."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from cases.errors import Blocked, WrongMove
from cases.operations.changing import changing
from cases.prepared import Given, Prepared
from escalations.errors import NotTheHolder, NotWaiting
from escalations.models import Escalation, Handoff, LevelStep, StepTick

from .holding import is_held_by
from .options import refuse_subject


@dataclass(frozen=True)
class Item:
    """A step as it stands: `tick` says who did it when, or is None."""

    step: LevelStep
    tick: StepTick | None = None


def items(escalation, handoff):
    """[Item] of the level where `escalation` stands, for the kind of its present `handoff`, in order; nothing
    at the fallback. Two questions, one where there are no steps."""
    if escalation is None or handoff is None or escalation.is_at_fallback:
        return []
    ticks = StepTick.objects.filter(escalation_id=escalation.pk, taken_back_at=None).select_related("by")
    steps = (
        LevelStep.objects.filter(
            Q(kind="") | Q(kind=handoff.kind),
            level__version_id=escalation.version_id,
            level__number=escalation.level_number,
        )
        .order_by("position", "pk")
        .prefetch_related(Prefetch("ticks", ticks, to_attr="mine"))
    )
    return [Item(step, next(iter(step.mine), None)) for step in steps]


def tick(*, escalation, step, is_done, by, now, revision=None):
    """`by`, who holds `escalation`, ticks `step` of its checklist, or takes the tick back. Said twice, the
    first stands. Returns [Item].

    Raises NotWaiting for an escalation that is over, WrongMove for a step that is not of its level and kind,
    NotTheHolder, ConflictOfInterest, StaleCase.
    """
    words = _("step ticked") if is_done else _("step unticked")
    with changing(escalation.case, by=by, reason=words, now=now, revision=revision) as case:
        refuse_subject(case, by)
        row = case.escalations.filter(pk=escalation.pk).select_related("holder", "holder_team").first()
        if row is None or row.state != Escalation.State.RUNNING:
            raise NotWaiting(_("This escalation has ended already."))
        if not is_held_by(row, by):
            raise NotTheHolder(
                _("%(who)s holds this case; only they may do this.") % {"who": row.holder or row.holder_team}
            )
        latest = row.handoffs.order_by("-pk").first()
        if step.pk not in {item.step.pk for item in items(row, latest)}:
            raise WrongMove(_("This step is not on the present checklist; the case has moved on."))
        mine = StepTick.objects.filter(escalation=row, step=step, taken_back_at=None)
        if not is_done:
            mine.update(taken_back_at=now)
        elif not mine.exists():
            StepTick.objects.create(escalation=row, step=step, by=by, at=now)
        return items(row, latest)


LEFT = Prepared(
    lambda: (
        Escalation.objects.running()
        .filter(case=Given("case"), is_at_fallback=False, version__levels__steps__isnull=False)
        .order_by("pk")
        .distinct()
    )
)


def left(case):
    """[Item] not ticked, of whatever runs on `case`. One question where no ladder of it has a checklist."""
    found = []
    for escalation in LEFT.all(case=case.pk):
        found += left_of(escalation)
    return found


def left_of(escalation):
    """[Item] of `escalation` not ticked."""
    latest = Handoff.objects.filter(escalation=escalation).order_by("-pk").first()
    return [item for item in items(escalation, latest) if item.tick is None]


def require_done(escalation):
    """Raises Blocked with a sentence for each required step of `escalation` that is not ticked."""
    if missing := [item for item in left_of(escalation) if item.step.is_required]:
        raise Blocked([required(item) for item in missing])


def required(item):
    return _("“%(step)s” is required and not ticked.") % {"step": item.step.text}
