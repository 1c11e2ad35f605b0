"""How much people and teams have in hand, counted no further than anybody needs to know.

Without restricted cases: whoever compares two numbers would learn that there is one.
"""

from django.db.models import IntegerField, OuterRef, Subquery

from cases.models import Standing
from cases.queues import ENOUGH


class Counted(Subquery):
    """The number of rows of a queryset of an outer row; a sliced one is counted as far as it goes."""

    template = "(SELECT COUNT(1) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def enough(standings):
    """As many of them as there are, but at most one more than ENOUGH; in their order, so that each is read
    along an index."""
    return Counted(standings.in_order().values("pk")[: ENOUGH + 1])


def of_people(people):
    """With `owns` and `holds`: open cases of which each is the owner, and which each holds on a ladder."""
    live = Standing.objects.live().filter(is_restricted=False)
    return people.annotate(
        owns=enough(live.filter(owner=OuterRef("pk"))), holds=enough(live.filter(holder=OuterRef("pk")))
    )


def of_teams(teams):
    """With `cases`, `unassigned` and `holds`: their open cases, those without an owner, and ladders that they
    hold as a team."""
    live = Standing.objects.live().filter(is_restricted=False)
    mine = live.filter(team=OuterRef("pk"))
    return teams.annotate(
        cases_open=enough(mine),
        unassigned=enough(mine.filter(owner=None)),
        holds=enough(live.filter(holder_team=OuterRef("pk"), holder=None)),
    )
