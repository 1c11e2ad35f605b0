"""One turn of duty by hand: added, moved, taken out. How it changes hands is in duties.py."""

from datetime import timedelta

from django.utils.translation import gettext as _

from cases import history
from cases.errors import Incomplete, InThePast
from cases.models import Duty, DutyPattern

from . import duties, turn_news

# A form is filled in for a while: what was meant as "from now on" is not the past.
JUST_NOW = timedelta(minutes=10)


def add(*, skill, person, starts_at, ends_at, by, now, position=1, reason=""):
    """`person` is on duty for `skill` in [starts_at, ends_at), asked in the order of `position`. The Duty.

    Raises NotTheirs, ConflictOfInterest, Incomplete for an end that is not after the beginning, InThePast,
    Overlaps where they have another turn of this skill then, or are away.
    """
    duties.require_keeper(by, person)
    duties.require_able(person)
    _check_times(starts_at, ends_at, now)
    turn = Duty(skill=skill, person=person, position=position, ends_at=ends_at)
    turn.starts_at = max(starts_at, now)
    with history.acting(by=by, reason=reason or _("turn added"), now=now):
        duties.hold_still(person)
        duties.check_free(person, turn, now)
        turn.save()
        turn_news.tell(set(), turn_news.spans([turn], now), by=by, now=now)
    return turn


def move(*, turn, by, now, reason="", **said):
    """`turn` gets another `starts_at`, `ends_at` or `position`: what is given is set. Returns it.

    Of one that has begun only the end changes. Raises InThePast for what is over; for the rest as `add`.
    """
    unknown = set(said) - {"starts_at", "ends_at", "position"}
    if unknown:
        raise TypeError(f"no such part of a turn: {sorted(unknown)}")
    with history.acting(by=by, reason=reason or _("turn changed"), now=now):
        locked = _locked(turn, by, now)
        before, began = turn_news.spans([locked], now), locked.starts_at
        for name, value in said.items():
            setattr(locked, name, value)
        if began > now:
            _check_times(locked.starts_at, locked.ends_at, now)
            locked.starts_at = max(locked.starts_at, now)
        elif locked.starts_at != began:
            raise InThePast(_("This turn has begun; its end can be changed, its beginning no longer."))
        elif locked.ends_at <= now:
            raise InThePast(_("What is past cannot be changed; give an end to come."))
        duties.hold_still(locked.person)
        duties.check_free(locked.person, locked, now)
        locked.save()
        turn_news.tell(before, turn_news.spans([locked], now), by=by, now=now)
    return locked


def take_out(*, turn, by, now, reason=""):
    """`turn` does not happen, or ends now where it has begun. Its pattern remembers the day: no writing of
    its turns brings this one back. Returns the turn that ended, or None. Raises NotTheirs, InThePast."""
    with history.acting(by=by, reason=reason or _("turn taken out"), now=now):
        # The pattern first, as whoever writes its turns anew.
        pattern = DutyPattern.objects.select_for_update().filter(pk=turn.pattern_id).first()
        locked = _locked(turn, by, now)
        before = turn_news.spans([locked], now)
        if pattern is not None and locked.on is not None:
            pattern.leave_out(locked.on)
            pattern.save(update_fields=["left_out"])
        is_running = locked.starts_at < now
        if is_running:
            locked.ends_at = now
            locked.save(update_fields=["ends_at"])
        else:
            locked.delete()
        turn_news.tell(before, set(), by=by, now=now)
    return locked if is_running else None


def _locked(turn, by, now):
    rows = Duty.objects.select_for_update(of=("self",)).select_related("person", "skill")
    locked = rows.filter(pk=turn.pk).first()
    if locked is None or locked.ends_at <= now:
        raise InThePast(_("This turn is over; what is past cannot be changed."))
    duties.require_keeper(by, locked.person)
    return locked


def _check_times(starts_at, ends_at, now):
    if ends_at <= starts_at:
        raise Incomplete(_("A turn of duty has to end after it begins."))
    if starts_at < now - JUST_NOW or ends_at <= now:
        raise InThePast(_("What is past cannot be changed; a turn begins now or later."))
