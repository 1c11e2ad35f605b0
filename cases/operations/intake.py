"""A new case: whose policy it falls under, who gets it first, and its first clocks."""

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from cases import history
from cases.errors import Incomplete, InThePast
from cases.models import (
    Case,
    IntakeRule,
    Message,
    NoticeKind,
    Party,
    Person,
    SlaPolicyVersion,
    TriggerKind,
)
from cases.priorities import priority_of
from cases.states import LIVE, Priority

from . import clocks, notify, standing, triggers


def open_case(
    *,
    customer,
    subject,
    body,
    by,
    now,
    channel,
    contact=None,
    category=None,
    service=None,
    language="",
    impact=None,
    urgency=None,
    priority=None,
    received_at=None,
    team=None,
    owner=None,
    is_routed=False,
    reference="",
    restricted_because="",
):
    """Open a case: route it, pin the policy in force when it was received, start its clocks, send the
    receipt.

    `received_at` (aware) is when the customer came, `now` when we record it. Without `team` and `owner` the
    intake
    rules name them (not where it `is_routed` already, to nobody perhaps); what matches none stays unrouted.
    With `restricted_because` who opens and who owns it are named on it, and it exists for nobody else.
    Raises Incomplete, InThePast.
    """
    received_at = received_at or now
    if received_at > now:
        raise InThePast(
            _("A case cannot be received in the future; give the time at which the customer came.")
        )
    if not subject.strip() or not body.strip():
        raise Incomplete(_("Say in the subject and the text what the customer brings."))
    case = Case(
        customer=customer,
        contact=contact,
        subject=subject.strip(),
        channel=channel,
        category=category,
        service=service,
        language=language or (contact.language if contact else customer.language),
        impact=impact,
        urgency=urgency,
        priority=priority or (priority_of(impact, urgency) if impact and urgency else Priority.MEDIUM),
        received_at=received_at,
        team=team,
        owner=owner,
        reference=reference,
        is_restricted=bool(restricted_because),
        restricted_because=restricted_because,
    )
    with history.acting(by=by, reason=_("case opened"), now=now):
        if team is None and owner is None and not is_routed:
            route(case)
        case.policy_version = version = policy_for(case, at=received_at)
        case.save()
        Case.objects.hold_new(case)
        Message.objects.create(
            case=case,
            direction=Message.Direction.IN,
            channel=channel,
            body=body,
            contact=contact,
            author=None if by.is_system else by,
            was_reached=True if channel == "phone" else None,
            occurred_at=received_at,
            recorded_at=now,
        )
        clocks.start_for_case(case, version, now=now)
        triggers.happened(case, TriggerKind.OPENED, at=received_at, now=now)
        if customer.is_vulnerable:
            triggers.happened(case, TriggerKind.VULNERABLE, at=received_at, now=now)
        if case.is_restricted:
            _name(case, by)
        standing.refresh([case], now=now)
        _tell(case, by, now)
    return case


def _name(case, by):
    """A restricted case exists for those named on it alone: at first who opened it and who owns it."""
    people = {by.pk: _("opened the case")} | ({case.owner_id: _("owns the case")} if case.owner_id else {})
    Party.objects.bulk_create(
        Party(case=case, person_id=pk, kind=Party.Kind.ACCESS, reason=reason)
        for pk, reason in people.items()
        if pk > 0  # a system actor reads nothing
    )


def policy_for(case, *, at):
    """The first policy, in order, whose version in force at `at` matches `case`; the default one matches
    every case."""
    for version in SlaPolicyVersion.objects.in_force(at):
        if version.matches(case):
            return version
    return (
        SlaPolicyVersion.objects.prefetch_related("targets").filter(policy__is_default=True).latest("number")
    )


def route(case):
    """Name the case's first team and owner by the first intake rule that matches; none leaves it unrouted."""
    for rule in (
        IntakeRule.objects.filter(is_active=True)
        .select_related("team", "owner", "skill")
        .order_by("position", "pk")
    ):
        if rule.matches(case):
            case.team = rule.team
            case.owner = rule.owner or (_least_loaded(rule) if rule.skill_id else None)
            return


def _least_loaded(rule):
    holds = Count("owned_cases", filter=Q(owned_cases__status__in=LIVE))
    people = Person.objects.working().filter(memberships__team=rule.team, skills=rule.skill)
    return people.annotate(holds=holds).order_by("holds", "memberships__position", "pk").first()


def _tell(case, by, now):
    wanted = []
    if case.contact_id:
        wanted.append(notify.Wanted(NoticeKind.CASE_RECEIVED, case, f"case:{case.pk}", contact=case.contact))
    if case.owner_id and case.owner_id != by.pk:
        wanted.append(
            notify.Wanted(NoticeKind.ASSIGNED, case, f"case:{case.pk}:{case.revision}", person=case.owner)
        )
    notify.queue(wanted, now=now)
