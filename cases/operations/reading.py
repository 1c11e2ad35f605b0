"""Looking into cases of others: for a reason and a day; an auditor's reading is put down by itself."""

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from cases import history, roles
from cases.errors import AlreadyOpen, Incomplete, NotTheirs
from cases.models import Case, CaseReading, ListReading
from cases.sets import add_each

# Who opens a case shortly before midnight still has time to read it.
AT_LEAST = timedelta(hours=1)
# What is longer is kept as far as there is room.
MOST_OF_ADDRESS, MOST_OF_QUERY = (
    ListReading._meta.get_field(name).max_length for name in ("address", "asked")
)


def open_rest(*, case, reason, by, now):
    """`by` may read the whole of `case` until the end of their own day (the zone that is active), an hour at
    least (RULES 1).

    Asked again while it is open, the first answer stands. Raises Incomplete without a reason, NotTheirs for
    whom no reason opens a case, AlreadyOpen for whom none is needed.
    """
    if not roles.may(by, "case.read_for_a_reason") or not _knows_of(case, by):
        raise NotTheirs(_("This case cannot be opened by you; ask its team."))
    if Case.objects.reachable(by, "case.read").filter(pk=case.pk).exists():
        raise AlreadyOpen(_("You may read the whole of this case as it is; no reason is needed."))
    if not reason.strip():
        raise Incomplete(_("Say why you open it; the reason is kept with the case."))
    with history.acting(by=by, reason=reason, now=now):
        Case.objects.lock(case.pk)
        reading = CaseReading.objects.open_to(by, now).filter(case=case).first()
        if reading is None:
            tomorrow = timezone.localdate(now) + timedelta(days=1)
            midnight = timezone.make_aware(datetime.combine(tomorrow, time.min))
            reading = CaseReading.objects.create(
                case=case,
                person=by,
                kind=CaseReading.Kind.ASKED,
                reason=reason.strip()[:300],
                on=timezone.localdate(now),
                at=now,
                until=max(midnight, now + AT_LEAST),
            )
    return reading


def _knows_of(case, person):
    return Case.objects.findable(person).filter(pk=case.pk).exists()


def audit(*, case, by, now, via):
    """Put down that an auditor read `case` (RULES 1): once for each of their days, later ones write nothing.

    A reading by anybody else is none of this.
    """
    if by.role != roles.Role.AUDITOR:
        return
    today = timezone.localdate(now)
    if CaseReading.objects.filter(case=case, person=by, kind=CaseReading.Kind.AUDIT, on=today).exists():
        return
    with history.acting(by=by, reason=_("read"), now=now, via=via):
        # Two pages opened at once are one reading.
        reading = CaseReading(case=case, person=by, kind=CaseReading.Kind.AUDIT, on=today, at=now)
        reading.until = now + timedelta(days=1)
        add_each([reading], once_by="casereading_audit_once_a_day")


def list_as_file(*, address, asked, by, now):
    """Put down that `by`, whoever they are, took the list at `address` as a file, narrowed to `asked` (a
    query string): what leaves the desk stays known."""
    with history.acting(by=by, reason=_("taken as a file"), now=now, via="console"):
        ListReading.objects.create(
            person=by, address=address[:MOST_OF_ADDRESS], asked=asked[:MOST_OF_QUERY], at=now
        )


def audit_list(*, address, asked, cases, by, now, via):
    """Put down that an auditor asked for the list at `address`, narrowed to `asked` (a query string), and was
    shown rows of the `cases` (ids): one row a request. A list that anybody else asks for is none of this."""
    if by.role != roles.Role.AUDITOR:
        return
    with history.acting(by=by, reason=_("read"), now=now, via=via):
        ListReading.objects.create(
            person=by,
            address=address[:MOST_OF_ADDRESS],
            asked=asked[:MOST_OF_QUERY],
            cases=sorted(set(cases)),
            at=now,
        )
