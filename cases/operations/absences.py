"""Who is away, until when, and who stands in: entered by oneself, or by whoever keeps one's team."""

from datetime import timedelta

from django.utils.translation import gettext as _

from cases import display, history, roles
from cases.errors import ConflictOfInterest, Incomplete, InThePast, NotTheirs, Overlaps
from cases.models import Absence, Person

from . import duties

# A form is filled in for a while: what was meant as "from now on" is not the past.
JUST_NOW = timedelta(minutes=10)


def may_keep(by, person):
    """Whether `by` may say when `person` is away: oneself, and people within one's reach."""
    if by.pk == person.pk:
        return roles.may(by, "profile.change")
    return Person.objects.reachable(by, "people.change").filter(pk=person.pk).exists()


def enter(*, person, starts_at, ends_at, deputy, by, now, reason=""):
    """`person` is away in [starts_at, ends_at); `deputy` (or None) gets what would be theirs.

    Raises NotTheirs, Incomplete for an end that is not after the beginning, InThePast, Overlaps, and
    ConflictOfInterest as `check_deputy` says.
    """
    if not may_keep(by, person):
        raise NotTheirs(_("You may enter your own absence, and those of your team."))
    _check_times(starts_at, ends_at, now)
    check_deputy(person, deputy)
    with history.acting(by=by, reason=reason or _("absence entered"), now=now):
        _check_free(person, starts_at, ends_at, now)
        return Absence.objects.create(
            person=person, deputy=deputy, starts_at=max(starts_at, now), ends_at=ends_at
        )


def change(*, absence, by, now, reason="", **said):
    """What has not begun gets another `starts_at`, `ends_at` or `deputy`: what is given is set, the rest
    stays. Returns it.

    Raises InThePast once it has begun; for the rest as `enter`.
    """
    unknown = set(said) - {"starts_at", "ends_at", "deputy"}
    if unknown:
        raise TypeError(f"no such part of an absence: {sorted(unknown)}")
    with history.acting(by=by, reason=reason or _("absence changed"), now=now):
        locked = _theirs_and_not_over(absence, by, now)
        if locked.starts_at <= now:
            raise InThePast(
                _("This absence has begun. End it, and enter what is still to come as another one.")
            )
        for name, value in said.items():
            setattr(locked, name, value)
        _check_times(locked.starts_at, locked.ends_at, now)
        if "deputy" in said:
            check_deputy(locked.person, locked.deputy)
        _check_free(locked.person, locked.starts_at, locked.ends_at, now, but=locked)
        locked.starts_at = max(locked.starts_at, now)
        locked.save()
    return locked


def _check_times(starts_at, ends_at, now):
    if ends_at <= starts_at:
        raise Incomplete(_("An absence has to end after it begins."))
    if starts_at < now - JUST_NOW or ends_at <= now:
        raise InThePast(_("What is past cannot be changed; an absence begins now or later."))


def _check_free(person, starts_at, ends_at, now, but=None):
    """Raises Overlaps where `person` is away then already, by another absence than `but`."""
    duties.hold_still(person)
    others = Absence.objects.overlapping(person, starts_at, ends_at)
    other = others.exclude(pk=but.pk).first() if but else others.first()
    if other is not None:
        raise Overlaps(
            _(
                "%(name)s is away from %(from)s until %(until)s already; end that one first, or choose"
                " other times."
            )
            % {
                "name": person.name,
                "from": display.moment(other.starts_at, now, "day"),
                "until": display.moment(other.ends_at, now, "day"),
            }
        )


def end(*, absence, by, now, reason=""):
    """They are back: a running absence ends now; one to come does not happen. Returns it, or None."""
    with history.acting(by=by, reason=reason or _("absence ended"), now=now):
        locked = _theirs_and_not_over(absence, by, now)
        if locked.starts_at >= now:
            locked.delete()
            return None
        locked.ends_at = now
        locked.save()
    return locked


def _theirs_and_not_over(absence, by, now):
    locked = (
        Absence.objects.select_for_update(of=("self",)).select_related("person").filter(pk=absence.pk).first()
    )
    if locked is None or locked.ends_at <= now:
        raise InThePast(_("This absence is over; what is past cannot be changed."))
    if not may_keep(by, locked.person):
        raise NotTheirs(_("You may change your own absence, and those of your team."))
    return locked


def check_deputy(person, deputy):
    """Raises ConflictOfInterest for a deputy who is `person` themself, or who could not hold a case."""
    if deputy is None:
        return
    if deputy.pk == person.pk:
        raise ConflictOfInterest(_("Nobody is their own deputy; name somebody else, or nobody."))
    if not roles.may(deputy, "escalation.hold"):
        raise ConflictOfInterest(
            _("A deputy has to be somebody here who works cases; name another, or nobody.")
        )
