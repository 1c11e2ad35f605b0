"""The views of the queue: which standings each shows, in the order in which they are owed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q, Value
from django.utils import timezone
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from cases import roles
from cases.models import Party, StandIn, Standing, Team
from cases.models.case import NOBODYS
from cases.models.person import OWN_TEAMS
from cases.prepared import Given, Prepared

FEW_TEAMS = 4
STANDS_IN = "stands in"


def _named_on():
    parties = Party.objects.filter(person=Given("person")).values_list("case", "kind")
    stand_ins = StandIn.objects.open().filter(person=Given("person"))
    return parties.union(stand_ins.values_list("case", Value(STANDS_IN)), all=True)


NAMED_ON = Prepared(_named_on)


@dataclass(frozen=True)
class Reader:
    """Who looks, and when; in which teams they are (`teams`: with all below, where they look after those),
    on which cases they are named, and which complaints are about them. A view depends on all of it."""

    person: object
    now: datetime
    teams: frozenset
    own_teams: frozenset
    named: frozenset
    complained: frozenset
    # Cases of teams on which they are asked in the place of somebody who is away.
    asked: frozenset

    @classmethod
    def of(cls, person, now):
        own = frozenset(pk for (pk,) in OWN_TEAMS.all(person=person.pk))
        wide = roles.scope(person, "case.work") >= roles.Scope.DEPARTMENT
        named = {kind: set() for kind in (*Party.Kind.values, STANDS_IN)}
        for case, kind in NAMED_ON.all(person=person.pk):
            named[kind].add(case)
        return cls(
            person=person,
            now=now,
            teams=frozenset(Team.with_all_below(own) if wide else own),
            own_teams=own,
            named=frozenset(named[Party.Kind.ACCESS]),
            complained=frozenset(named[Party.Kind.SUBJECT]),
            asked=frozenset(named[STANDS_IN]),
        )

    def may_find(self):
        """CaseQuerySet.findable in the standing's own columns: a queue asks it of many branches at once, and
        an index is read no further than what it leaves over. Tests hold the two against each other."""
        if not roles.may(self.person, "case.find"):
            return Q(pk__in=())
        found = ~Q(case__in=self.complained) if self.complained else Q()
        if self.person.role == roles.Role.AUDITOR:
            return found
        held = Q(holder=self.person) | Q(holder=None, holder_team__in=self.own_teams)
        if self.asked:
            held |= Q(case__in=self.asked)
        return found & (Q(is_restricted=False) | Q(case__in=self.named) | held)

    def may_read(self):
        """CaseQuerySet.reachable for reading, likewise."""
        return self.may_find() & self.reaches()

    def reaches(self):
        """Which of those that they may find are theirs to read, by role."""
        scope = roles.scope(self.person, "case.read")
        if scope == roles.Scope.NONE:
            return Q(pk__in=())
        if scope == roles.Scope.ALL:
            return Q()
        theirs = Q(team__in=self.teams) | Q(holder_team__in=self.teams) | Q(case__in=self.named | self.asked)
        return theirs | Q(owner=self.person) | Q(holder=self.person) | NOBODYS

    @property
    def end_of_today(self):
        """Midnight that ends the reader's own day, as an instant."""
        tomorrow = timezone.localdate(self.now) + timedelta(days=1)
        return timezone.make_aware(datetime.combine(tomorrow, time.min))


@dataclass(frozen=True)
class QueueView:
    key: str
    title: Lazy
    icon: str
    # (Reader) -> [Q, …] that together choose, each read along an index of its own. A part holds only what the
    # reader may read: the team's, the owner's, the holder's own, or what `_read` narrows.
    parts: Callable
    nothing: Lazy
    is_personal: bool = False  # empty for ever for those who work no cases
    outlives: bool = False  # also shows resolved cases on which a promise is owed


def _teams(reader, name, **others):
    """A branch a team while they are few: each team's part of an index has its order. Of many teams a queue
    is so full that the order of all is walked instead, and only theirs taken."""
    if len(reader.teams) > FEW_TEAMS:
        return [Q(**{f"{name}__in": sorted(reader.teams)}, **others)]
    return [Q(**{name: team}, **others) for team in sorted(reader.teams)]


def _read(reader, parts):
    """What does not follow from a part itself is asked for beside it."""
    return [part & reader.reaches() for part in parts]


def _next(reader):
    owed = [Q(whose=reader.person, is_owed_apart=True), *_teams(reader, "whose_team", whose=None)]
    return _read(reader, owed) + _mine(reader) + _handed_to_teams(reader)


def _handed_to_teams(reader):
    """What waits for a team of theirs, or for one in which they stand in for somebody."""
    asked = [Q(case__in=reader.asked)] if reader.asked else []
    return [*_teams(reader, "holder_team", holder=None), *asked]


def _mine(reader):
    return [Q(owner=reader.person), Q(holder=reader.person)]


def _team(reader):
    return _teams(reader, "team") + _teams(reader, "holder_team")


def _unassigned(reader):
    """What has no team yet, which is everybody's, and what is their teams'."""
    return [NOBODYS, *_teams(reader, "team", owner=None)]


def _escalated(reader):
    return [Q(holder=reader.person), *_handed_to_teams(reader)]


def _all(reader):
    """Everything that the reader may read: all there is, or what CaseQuerySet.reachable names."""
    if roles.scope(reader.person, "case.read") == roles.Scope.ALL:
        return [Q()]
    wanted = reader.named | reader.asked
    named = [Q(case__in=wanted)] if wanted else []
    return [*_team(reader), *_mine(reader), *named, NOBODYS]


def _of_all(condition):
    """Those of all that the reader may read that `condition(reader)` holds for."""
    return lambda reader: [part & condition(reader) for part in _all(reader)]


@_of_all
def _at_risk(reader):
    return Q(is_breached=True) | Q(at_risk_at__lte=reader.now)


@_of_all
def _waiting(reader):
    return Q(is_waiting=True)


@_of_all
def _promised(reader):
    return Q(promised_at__lt=reader.end_of_today)


VIEWS = {
    view.key: view
    for view in (
        QueueView(
            "",
            _("My next obligation"),
            "home",
            _next,
            _("Nothing is owed by you or your teams."),
            is_personal=True,
        ),
        QueueView("mine", _("Mine"), "user", _mine, _("You own and hold no open case."), is_personal=True),
        QueueView(
            "team", _("My team’s"), "users", _team, _("Your teams have no open case."), is_personal=True
        ),
        QueueView("unassigned", _("Unassigned"), "inbox", _unassigned, _("Every open case has an owner.")),
        QueueView("risk", _("At risk"), "triangle", _at_risk, _("No term is breached or about to be.")),
        QueueView(
            "escalated",
            _("Escalated to me"),
            "steps",
            _escalated,
            _("Nobody has handed you a case."),
            is_personal=True,
        ),
        QueueView(
            "waiting", _("Waiting for customer"), "chat", _waiting, _("No clock waits for a customer.")
        ),
        QueueView(
            "promises",
            _("Promises due today"),
            "flag",
            _promised,
            _("No promise is due today."),
            outlives=True,
        ),
        QueueView("all", _("All open"), "filter", _all, _("There is no open case.")),
    )
}


def selections(view, reader, found=None):
    """Querysets of standings that together are what `view` holds for `reader`: see cases/branches.py. All are
    live, but where the view is of what outlives a resolution.

    `found`: standings narrowed already.
    """
    if roles.scope(reader.person, "case.read") == roles.Scope.NONE:
        return []
    found = Standing.objects.all() if found is None else found
    kept = [found.live(), *([found.resolved_with_a_promise()] if view.outlives else ())]
    findable = reader.may_find()
    return [rows.filter(part & findable) for part in view.parts(reader) for rows in kept]


def offered_to(person):
    """The views a person is offered: those about oneself only to those who work cases."""
    works = roles.may(person, "case.work")
    return [view for view in VIEWS.values() if works or not view.is_personal]


def view_of(key, person):
    """The view with this key, as far as `person` is offered it; else where they begin."""
    offered = {view.key: view for view in offered_to(person)}
    return offered.get(key) or offered.get("") or VIEWS["all"]


# Nobody needs to know whether it is 100 or 40,000; counting stops here.
ENOUGH = 99


def glance(found):
    """The number of rows of a queryset, or "99+"."""
    return at_most_enough(found.order_by()[: ENOUGH + 1].count())


def at_most_enough(number):
    return f"{ENOUGH}+" if number > ENOUGH else str(number)
