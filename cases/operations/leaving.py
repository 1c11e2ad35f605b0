"""Somebody leaves: what they hold is passed on slice by slice, then they are let in no more; and back."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases import history, leaving, roles
from cases.errors import ConflictOfInterest, Incomplete, NotTheirs, WrongMove
from cases.models import Notice, NoticeKind, Person

from . import (
    notify,
    passing_on,
    staying,
)

# As many in one transaction as are soon done.
SLICE = 500


@dataclass(frozen=True)
class Left:
    """How far it is: what was `passed` on by this step, whether they are out now, and what is still held."""

    passed: leaving.Passed
    is_out: bool
    held: list


def may_part_with(by, person):
    """Whether `by` may take `person` out of the desk, or let them in again: nobody themself."""
    within = Person.objects.reachable(by, "people.change").filter(pk=person.pk)
    return by.pk != person.pk and roles.may_grant(by, person.role) and within.exists()


def leave(*, person, choice, by, now, most=SLICE):
    """Pass on what `person` holds, at most about `most` things; once nothing is left, let them in no more.
    Returns a Left. Called again and again, it goes on; called once more, it does nothing.

    Their password ends with it, and so does every session and every program that signs in with it.
    Raises NotTheirs, Incomplete without a reason, ConflictOfInterest for a `choice.to` who could not hold it,
    or lead the team that they are to, and for a `choice.kept_to` who is `by`: nobody lets themself in;
    WrongMove for somebody who has left. What nobody can take here stays, and they stay with it: see Left.
    """
    _check(person, choice, by)
    with history.acting(by=by, reason=choice.reason.strip(), now=now):
        if not Person.objects.get(pk=person.pk).is_active:
            raise WrongMove(_("%(who)s has left already.") % {"who": person})
        _check_leads(person, choice)
        passed = leaving.pass_on(person, choice, by=by, now=now, most=most)
        for taker in (choice.to, choice.kept_to):
            if taker is not None:
                staying.require_here(taker)
        _tell(person, choice, passed, by, now)
        is_out, held = _let_out(person, by, now)
    return Left(passed, is_out, held)


def _let_out(person, by, now):
    """(whether they are out, what is held). Cases are locked before people (operations/staying.py):
    whoever hands them something just now is not waited for, and then they are not out yet."""
    here = Person.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=person.pk).first()
    held = leaving.held(person, reader=by, now=now)
    if here is None or any(one.hinders for one in held):
        return False, held
    here.is_active = False
    here.set_unusable_password()
    here.save(update_fields=["is_active", "password"])
    return True, held


def _check(person, choice, by):
    if not may_part_with(by, person):
        raise NotTheirs(_("Who takes people on may part with them; nobody with themself."))
    if not choice.reason.strip():
        raise Incomplete(_("Say why; each history shows it."))
    if choice.way not in dict(leaving.WAYS):
        raise Incomplete(_("Choose where the cases go."))
    if choice.to is None or choice.to.pk == person.pk:
        raise Incomplete(_("Name somebody else: promises, turns and rules need a name."))
    _check_could_hold(choice.to)
    if choice.kept_to is not None:
        _check_kept_to(person, choice.kept_to, by)


def _check_kept_to(person, taker, by):
    if taker.pk == by.pk:
        raise ConflictOfInterest(
            _("Nobody lets themself in to what is kept from them; name somebody else for restricted cases.")
        )
    if taker.pk == person.pk:
        raise Incomplete(_("Name somebody else for restricted cases than who leaves."))
    _check_could_hold(taker)


def _check_could_hold(taker):
    if not roles.may(taker, "escalation.hold"):
        raise ConflictOfInterest(
            _("%(who)s could not hold a case; name somebody here who works cases.") % {"who": taker}
        )


def _check_leads(person, choice):
    for row in passing_on.alone_led(person).filter(team__in=choice.leads):
        if not passing_on.could_lead(row.team, person).filter(pk=choice.leads[row.team_id].pk).exists():
            words = {"who": choice.leads[row.team_id], "team": row.team}
            raise ConflictOfInterest(
                _("%(who)s cannot lead %(team)s; name somebody of that team who works cases.") % words
            )


def _tell(person, choice, passed, by, now):
    """The one who takes it hears of it once, however many steps it takes; the figure grows with them. Who
    takes what is kept is told case by case, as one who is named."""
    things = passed.number - passed.kept
    if not things or choice.to.pk == by.pk:
        return
    # Who left, came back and leaves again, was out in between.
    times = Person.history.filter(id=person.pk, is_active=False).count()
    about = f"left:{person.pk}:{times}"
    wanted = notify.Wanted(
        NoticeKind.PASSED_ON,
        None,
        about,
        person=choice.to,
        facts={"who": person.name, "things": things},
    )
    told = Notice.objects.filter(key__in=[notify.key(wanted, channel) for channel in Notice.Channel])
    earlier = list(told.select_for_update())
    for notice in earlier:
        notice.facts = {**notice.facts, "things": notice.facts["things"] + things}
    Notice.objects.bulk_update(earlier, ["facts"])
    if not earlier:
        notify.queue([wanted], now=now)


def come_back(*, person, by, now, reason):
    """Somebody who left works here again, with what they were and nothing in hand. They have no password
    until one is set.

    Raises NotTheirs, Incomplete, WrongMove for somebody who is here.
    """
    if not may_part_with(by, person):
        raise NotTheirs(_("Who takes people on may let them in again; nobody themself."))
    if not reason.strip():
        raise Incomplete(_("Say why; the history shows it."))
    with history.acting(by=by, reason=reason.strip(), now=now):
        locked = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        if locked.is_active:
            raise WrongMove(_("%(who)s works here.") % {"who": person})
        locked.is_active = True
        locked.save(update_fields=["is_active"])
    return locked
