"""Put right what was written down of a case: what it is about, whom we talk to, in which language."""

from django.utils.translation import gettext as _

from cases.errors import Incomplete, WrongMove
from cases.models import SlaPolicyVersion, TriggerKind
from cases.states import ClockState, Metric

from . import clocks, intake, owing, triggers
from .changing import changing

# What decides which policy serves a case, and which rules answer for it.
DECIDES_TERMS = {"category_id", "service_id"}
DECIDES_RULES = DECIDES_TERMS | {"language"}
LEFT = object()


def correct(
    *,
    case,
    by,
    now,
    subject=LEFT,
    category=LEFT,
    service=LEFT,
    contact=LEFT,
    language=LEFT,
    reference=LEFT,
    reason="",
    revision=None,
):
    """What is given is put right; what is left out stays. `category`, `service` and `contact` may be None.
    Returns the names of what changed.

    Of another category or service another policy may serve the case (unless it was put under its own on
    purpose): its current version, open clocks from their original start with their pauses kept, and what it
    owes besides from when the case was received. Clocks that a law sets for the new category start likewise;
    those that it set for the old one alone stop. The rules for a case that is opened are asked again: they
    were asked about another one.
    Raises Incomplete for an empty subject, without a reason for another category or service, or where the
    contact lacks what the category wants; WrongMove where nothing changes, or for what is not this
    customer's; StaleCase.
    """
    with changing(case, by=by, reason=reason.strip() or _("corrected"), now=now, revision=revision) as locked:
        wanted = _columns(subject, category, service, contact, language, reference)
        changed = {name: value for name, value in wanted.items() if getattr(locked, name) != value}
        check(locked, changed, category, service, contact, reason)
        on_purpose = is_on_purpose(locked)
        for name, value in changed.items():
            setattr(locked, name, value)
        if {"category_id", "contact_id"} & set(changed) and not by.is_system:
            intake.check_contact(locked.category, locked.contact)
        if DECIDES_TERMS & set(changed):
            other = None if on_purpose else other_version(locked, now)
            if other is not None:
                locked.policy_version = other
                owing.retarget([locked], other, now=now)
            _owe_as_it_is(locked, now)
        if DECIDES_RULES & set(changed) and locked.is_live:
            triggers.happened(locked, TriggerKind.OPENED, at=now, now=now)
    return sorted(changed)


def _columns(subject, category, service, contact, language, reference):
    """{column: value} of what is given."""
    given = {
        "subject": subject if subject is LEFT else subject.strip(),
        "category_id": category if category is LEFT else category and category.pk,
        "service_id": service if service is LEFT else service and service.pk,
        "contact_id": contact if contact is LEFT else contact and contact.pk,
        "language": language,
        "reference": reference if reference is LEFT else reference.strip(),
    }
    return {name: value for name, value in given.items() if value is not LEFT}


def check(case, changed, category, service, contact, reason):
    """Raises what `correct` raises for what is given; `changed`: {column: value} of what is another."""
    if not changed:
        raise WrongMove(_("Nothing is put right: everything stands as you wrote it."))
    if changed.get("subject", "x") == "":
        raise Incomplete(_("Say in the subject what the customer brings."))
    if DECIDES_TERMS & set(changed) and not reason.strip():
        raise Incomplete(
            _("Say why the category or the service is another one: the case may owe other terms by it.")
        )
    if changed.get("category_id") and not category.is_active:
        raise WrongMove(_("“%(name)s” is given to no more cases; choose another.") % {"name": category})
    theirs = case.customer.subscriptions
    if changed.get("service_id") and not theirs.filter(service=service).exists():
        raise WrongMove(_("This customer does not have this service."))
    if changed.get("contact_id") and contact.customer_id != case.customer_id:
        raise WrongMove(_("This is no contact of this customer."))


def is_on_purpose(case):
    """Whether `case`, as it is written down, was put under another policy than serves such cases."""
    return intake.policy_for(case, at=case.received_at).policy_id != owing.version_of(case).policy_id


def other_version(case, now):
    """The version of another policy that serves the case as it is written down, its current one; None where
    its own policy does: it goes on by the version it was pinned to."""
    matched = intake.policy_for(case, at=case.received_at)
    if matched.policy_id == owing.version_of(case).policy_id:
        return None
    current = (v for v in SlaPolicyVersion.objects.in_force(now) if v.policy_id == matched.policy_id)
    return next(current, matched)


def set_right(case, version, *, stopped=(), now):
    """(clocks of a live case that a law set for another category alone, those, unsaved, that it owes from the
    start by `version` and by law and did not yet); `stopped`: of the others, those that end as well.

    A case that had its first word owes no first response.
    """
    mine = list(case.clocks.select_related("statute").order_by("pk"))
    wrong = [
        c for c in mine if c.is_open and c.statute and c.statute.category_id not in (None, case.category_id)
    ]
    # What was stopped was owed by what the case was thought to be; it is as if it had never been.
    counted = [c for c in mine if c.state != ClockState.STOPPED and c not in (*wrong, *stopped)]
    had = {_thing(c) for c in counted} | {Metric.OWNERSHIP}
    if any(message.answers_customer for message in case.messages.exclude(direction="internal")):
        had.add(Metric.FIRST_RESPONSE)
    return wrong, [c for c in owing.from_the_start(case, version, now=now) if _thing(c) not in had]


def _thing(clock):
    """What is owed by it: of a law's, which of its terms."""
    return clock.statute.key if clock.statute else clock.metric


def _owe_as_it_is(case, now):
    """What a live case owes from the start and did not yet, from when it was received. What a law set for
    another category alone stops; a breach stands."""
    if not case.is_live:
        return
    wrong, owed = set_right(case, owing.version_of(case), now=now)
    clocks.settle(wrong, now=now)
    clocks.end(wrong, at=now, now=now, state=ClockState.STOPPED)
    clocks.start(owed, now=now)
