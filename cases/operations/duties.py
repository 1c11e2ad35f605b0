"""Who is on duty: patterns, the turns made of them weeks ahead, and turns that change hands."""

from datetime import timedelta

from django.db import connection
from django.db.models import F, Q
from django.utils.translation import gettext as _

from cases import clashes, display, history, roles, rota
from cases.errors import ConflictOfInterest, Incomplete, InThePast, NotTheirs, Overlaps, WrongMove
from cases.models import Duty, DutyPattern, Person
from cases.sets import add_each, update_each

from . import turn_news

WEEKS_AHEAD = 8
A_DAY = timedelta(days=1)


def may_keep(by, *people):
    """Whether `by` may say when all of `people` are on duty."""
    within = Person.objects.reachable(by, "people.change").filter(pk__in=[person.pk for person in people])
    return within.count() == len({person.pk for person in people})


def require_keeper(by, *people):
    if not may_keep(by, *people):
        raise NotTheirs(_("You may plan the turns of people of your own teams."))


def require_able(person):
    """Raises ConflictOfInterest for somebody who could not hold what a turn brings."""
    if not roles.may(person, "escalation.hold"):
        raise ConflictOfInterest(
            _("%(who)s could not hold a case; name somebody here who works cases.") % {"who": person}
        )


# --- Patterns ---------------------------------------------------------------------------------------------


def keep(*, pattern, by, now, reason=""):
    """Save `pattern` (complete, its own checks made) and write its turns anew from `now` on.

    What has begun stays, and so do turns that somebody else took; a day whose turn was taken out has none.
    Whoever gains or loses turns by it is told. Returns how many turns are written.
    Raises NotTheirs, ConflictOfInterest, InThePast for one that ended.
    """
    require_able(pattern.person)
    with history.acting(by=by, reason=reason or _("pattern of duty changed"), now=now):
        before, lost = [pattern.person], set()
        if pattern.pk is not None:
            locked = DutyPattern.objects.select_for_update(of=("self",)).select_related("person")
            kept = locked.get(pk=pattern.pk)
            before.append(kept.person)
            pattern.left_out = kept.left_out
        elif pattern.last_on is not None and pattern.last_on < now.date() - A_DAY:
            raise InThePast(_("This pattern would be over already; give it a last day to come, or none."))
        require_keeper(by, *before)
        if pattern.pk is not None:
            anew = Duty.objects.filter(pattern=pattern, starts_at__gt=now, instead_of=None)
            lost = turn_news.spans(anew, now)
            anew.delete()
        pattern.filled_until = None
        pattern.save()
        turns = _write([pattern], now)
        turn_news.tell(lost, turn_news.spans(turns, now), by=by, now=now)
    return len(turns)


def fill(*, now):
    """Write the turns of every pattern up to WEEKS_AHEAD; return how many. Two at once do no harm."""
    horizon = _horizon(now)
    lacking = DutyPattern.objects.filter(
        Q(filled_until=None) | Q(filled_until__lt=horizon), person__is_active=True
    ).exclude(last_on__lte=F("filled_until"))
    if not lacking.exists():
        return 0
    with history.acting(by=history.ENGINE, reason="turns of duty written ahead", now=now, via="engine"):
        free = lacking.select_for_update(of=("self",), skip_locked=True)
        return len(_write(list(free.order_by("pk")), now))


def _horizon(now):
    return now.date() + timedelta(weeks=WEEKS_AHEAD)


def _write(patterns, now):
    """The turns of `patterns` that are lacking, written: [Duty]."""
    horizon, today = _horizon(now), now.date() - A_DAY
    taken = set(
        Duty.objects.filter(pattern__in=patterns, on__gte=today - A_DAY).values_list("pattern_id", "on")
    )
    turns = []
    for pattern in patterns:
        since = pattern.filled_until + A_DAY if pattern.filled_until else today
        for day, start, end in rota.turns_of(pattern, since, horizon):
            if end > now and (pattern.pk, day) not in taken and not pattern.leaves_out(day):
                turns.append(_turn(pattern, day, start, end))
        pattern.filled_until = horizon
    add_each(turns)
    update_each(patterns, ["filled_until"])
    return turns


def _turn(pattern, day, start, end):
    return Duty(
        skill_id=pattern.skill_id,
        person_id=pattern.person_id,
        position=pattern.position,
        starts_at=start,
        ends_at=end,
        pattern_id=pattern.pk,
        on=day,
    )


# --- One turn ---------------------------------------------------------------------------------------------


def swap(*, turn, to, by, now, reason, in_return=None):
    """`to` takes `turn`; with `in_return`, one of theirs to come, its person takes that instead.

    Of a turn that runs, `to` takes what is left of it. Returns the turn that `to` has now.
    Raises Incomplete without a reason, NotTheirs, ConflictOfInterest, InThePast for what is over, WrongMove
    for a turn they have already, Overlaps where they have another one of this skill then, or are away.
    Both are told.
    """
    if not reason.strip():
        raise Incomplete(_("Say why the turn changes hands; its history shows it."))
    with history.acting(by=by, reason=reason.strip(), now=now):
        turn, in_return = _locked(turn, in_return)
        require_keeper(by, turn.person, to)
        require_able(to)
        _check_turns(turn, to, in_return, now)
        giver = turn.person
        swapped = [row for row in (turn, in_return) if row is not None]
        before = turn_news.spans(swapped, now)
        hold_still(giver, to)
        check_free(to, turn, now, but=in_return)
        taken = _give(turn, to, now)
        if in_return is not None:
            check_free(giver, in_return, now, but=turn)
            _give(in_return, giver, now)
        turn_news.tell(before, turn_news.spans([*swapped, taken], now), by=by, now=now)
    return taken


def _locked(turn, in_return):
    wanted = [row.pk for row in (turn, in_return) if row is not None]
    rows = (
        Duty.objects.select_for_update(of=("self",))
        .select_related("person", "skill", "pattern")
        .order_by("pk")
        .in_bulk(wanted)
    )
    if len(rows) != len(wanted):
        raise InThePast(_("This turn is no longer in the roster; look at it again."))
    return rows[turn.pk], rows[in_return.pk] if in_return is not None else None


def _check_turns(turn, to, in_return, now):
    if turn.ends_at <= now:
        raise InThePast(_("This turn is over; what is past cannot be changed."))
    if turn.person_id == to.pk:
        raise WrongMove(_("This is %(who)s’s turn already; name somebody else.") % {"who": to})
    if in_return is None:
        return
    if in_return.person_id != to.pk or in_return.skill_id != turn.skill_id:
        raise WrongMove(_("In return goes a turn that %(who)s has for the same skill.") % {"who": to})
    if in_return.starts_at <= now:
        raise InThePast(_("The turn in return has begun; choose one to come."))


def check_free(person, turn, now, but=None):
    """Raises Overlaps where `person` has another turn of this skill at the time of `turn`, or is away; `but`
    is a turn of theirs that goes."""
    clash = next((c for c in clashes.of([turn], person, now=now, but=(but,)) if c.is_in_the_way), None)
    if clash is None:
        return
    words = {"who": person.name}
    if clash.absence is None:
        words["when"] = display.moment(clash.other.starts_at, now, "day")
        raise Overlaps(
            _("%(who)s is on duty for this then already, from %(when)s; choose somebody else.") % words
        )
    words |= {"from": display.moment(clash.absence.starts_at, now, "day")}
    words |= {"until": display.moment(clash.absence.ends_at, now, "day")}
    raise Overlaps(_("%(who)s is away from %(from)s until %(until)s; choose somebody else.") % words)


def hold_still(*people):
    """Whoever enters a turn or an absence of `people` waits until this transaction is over: two forms at once
    do not both find the time free.

    By a lock of its own, not by their rows: those are shared by whoever gives them cases, the engine too, and
    a transaction that shares one and then wants it alone would wait for another that does the same. SQLite
    has one writer at a time.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for pk in sorted({person.pk for person in people}):
            name = f"turns and absences of {pk}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def besides(turn, now):
    """[Clash] of turns of other rosters that the person of `turn` has then too: allowed, and to be said."""
    return [c for c in clashes.of([turn], turn.person, now=now) if not c.is_in_the_way]


def rest_of(turn, to, now):
    """End a running `turn` now; what is left of it as an unsaved turn of `to`. Both are to be saved."""
    rest = Duty(skill_id=turn.skill_id, position=turn.position, starts_at=now, ends_at=turn.ends_at)
    rest.person, rest.instead_of_id = to, turn.person_id
    turn.ends_at = now
    return rest


def _give(turn, to, now):
    if turn.starts_at < now:
        rest = rest_of(turn, to, now)
        turn.save(update_fields=["ends_at"])
        rest.save()
        return rest
    first = turn.instead_of_id or turn.person_id
    turn.person, turn.instead_of_id = to, first if first != to.pk else None
    turn.save(update_fields=["person", "instead_of"])
    return turn
