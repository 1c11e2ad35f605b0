"""Cases of the example that belong together: merged, linked, split, followed up."""

from cases.models import Case, CaseLink, Message, Party, Person
from cases.operations import intake, merging, relating

# Who brings these together is whoever owns the case, else a manager of the example.
SAME = "Both are about the same, as the customer confirmed on the phone"
CAUSE = "The outage at the exchange explains both"


def build(*, now):
    """One of each, of the first cases that fit. All happen `now`."""
    plain = (
        Case.objects.live()
        .filter(is_restricted=False, standing__holder=None, standing__holder_team=None)
        .exclude(parties__kind=Party.Kind.SUBJECT)
        .exclude(category__name="Try the engine")
        .select_related("customer", "contact", "category", "service", "owner", "standing")
        .order_by("pk")
    )
    _merge(plain, now)
    _link(plain, now)
    _split(plain, now)
    _follow(now)


def _who(case):
    return case.owner or Person.objects.working().filter(role="manager").order_by("pk").first()


def _merge(plain, now):
    """The customer wrote again about a case that is open, and a colleague opened another one."""
    first = plain.filter(status="open", category__name="Billing").exclude(contact=None).first()
    body = first.messages.order_by("pk").first().body
    again = intake.open_case(
        customer=first.customer,
        contact=first.contact,
        subject=first.subject,
        body=body,
        channel=first.channel,
        category=first.category,
        service=first.service,
        language=first.language,
        is_asked=False,
        by=_who(first),
        now=now,
    )
    merging.merge(case=again, into=first, reason=SAME, by=_who(first), now=now)


def _link(plain, now):
    """Of two open outages of one service the later is caused by the earlier."""
    outages = plain.filter(category__name="Outage").exclude(service=None)
    seen = {}
    for case in outages:
        if case.service_id in seen:
            relating.link(
                case=case, other=seen[case.service_id], kind="caused_by", reason=CAUSE, by=_who(case), now=now
            )
            return
        seen[case.service_id] = case


def _split(plain, now):
    """What the customer wrote later was another matter."""
    linked = CaseLink.objects.values("source").union(CaseLink.objects.values("target"))
    later = (
        Message.objects.filter(direction="in", case__in=plain.filter(status="open").values("pk"))
        .exclude(case__in=[row["source"] for row in linked])
        .select_related("case", "contact")
        .order_by("-pk")
        .first()
    )
    case = plain.get(pk=later.case_id)
    relating.split(
        case=case, messages=[later], subject=later.body.split(".")[0][:120], reason="", by=_who(case), now=now
    )


def _follow(now):
    """A case that had ended, and what came of it."""
    before = (
        Case.objects.filter(status="closed", is_restricted=False)
        .exclude(contact=None)
        .exclude(links_out__kind=CaseLink.Kind.MERGED)
        .exclude(parties__kind=Party.Kind.SUBJECT)
        .select_related("customer", "contact", "category", "service", "owner")
        .order_by("pk")
        .first()
    )
    relating.follow_up(
        of=before,
        contact=before.contact,
        subject=before.subject,
        body=before.messages.order_by("pk").first().body,
        channel=before.channel,
        category=before.category,
        service=before.service,
        language=before.language,
        is_asked=False,
        by=_who(before),
        now=now,
    )
