"""Builds the example: the desk as it was some weeks ago, then what happened since, in the order of time."""

import random
from datetime import timedelta

from django.db.models import F
from django.utils.translation import gettext as _

from cases import history
from cases.models import Case, Customer, Notice, Person, Tag, Team
from cases.operations import saved_views, tagging

from . import beside, customers, habits, lately, people, rules, writing
from .cast import Cast
from .simulation import Simulation

# Long enough before the first case that everything was in force by then.
BEFORE = timedelta(days=60)
SEED = 20418
# The engine goes on a little after cases were brought together.
SETTLES = timedelta(minutes=4)
READ_AFTER = timedelta(hours=6)
TAGGED_ONE_IN = 4


def why_not():
    """What speaks against loading the example here, or an empty text."""
    if Case.objects.exists():
        return _("There are cases already; the example is for an empty desk, so nothing was loaded.")
    if Team.objects.exists() or Customer.objects.exists() or Person.objects.filter(is_system=False).exists():
        return _("This desk has people, teams or customers of its own; nothing was loaded beside them.")
    return ""


def load(*, now):
    """Everything, in one transaction. The same for the same `now` (aware). Mails are recorded, never sent."""
    began = now - BEFORE
    with history.acting(by=history.EXAMPLE, reason="example", now=now, via="example", silent=True):
        with history.acting(by=history.EXAMPLE, reason="example", now=began):
            staff = people.build(now=began, today=now)
            customers.build(staff)
            rules.build(now=began, today=now)
            writing.build_templates()
        simulation = Simulation(began)
        for story in Cast(simulation=simulation, now=now, dice=random.Random(SEED)).lives():
            simulation.begin(story)
        simulation.run(until=now - SETTLES)
        beside.build(now=simulation.now)
        simulation.run(until=now)
        writing.leave_a_draft(now=now)
        _gather(now)
        habits.settle(staff, now=now)
        lately.build(now=now)
        _put_into_lists(now)


def _gather(now):
    """Some live cases carry a tag, put on by who owns them; an agent keeps a view of her own, and the head of
    her team shares one with all of it."""
    tags = list(Tag.objects.order_by("pk"))
    owned = Case.objects.live().filter(owner__isnull=False).select_related("owner").order_by("pk")
    for number, case in enumerate(owned[::TAGGED_ONE_IN]):
        add = tags[number % len(tags) :][: 1 + number % 2]
        tagging.tag(case=case, add=add, by=case.owner, now=now)
    lucia = Person.objects.get(username="lucia")
    saved_views.save_view(name=_("Urgent first"), query="sort=priority&view=team", by=lucia)
    elena = Person.objects.get(username="elena")
    saved_views.save_view(
        name=_("Promised by us"), query="sort=priority&view=promises", team=lucia.teams.get(), by=elena
    )


def _put_into_lists(now):
    """What was told within the app is in people's lists; what is older than some hours has been read."""
    told = Notice.objects.filter(channel=Notice.Channel.IN_APP, state=Notice.State.RECORDED)
    told.update(state=Notice.State.SENT, sent_at=F("created_at"))
    old = Notice.objects.filter(channel=Notice.Channel.IN_APP, created_at__lt=now - READ_AFTER)
    old.update(read_at=F("created_at") + timedelta(hours=2))
