"""Who is asked in the place of somebody of a team that is away: they see what waits for it while it waits.

Each is called under the lock of its cases, by whatever moves an escalation or ends it.
"""

from cases.models import Membership, StandIn
from cases.sets import add_each, update_each


def ask(wanted):
    """Let each of `wanted` {(case id, team id, person id): id of whom they are asked for} see its case."""
    rows = [
        StandIn(case_id=case, team_id=team, person_id=person, instead_of_id=instead_of)
        for (case, team, person), instead_of in wanted.items()
    ]
    add_each(rows, once_by="standin_once_a_team")


def free(waited, *, now):
    """Nobody stands in any more on cases that waited for a team: {(case id, team id)}."""
    if waited:
        cases, teams = zip(*waited, strict=True)
        some = StandIn.objects.open().filter(case__in=set(cases), team__in=set(teams))
        # A case may go two ways at once, and wait for another of these teams still.
        end([row for row in some if (row.case_id, row.team_id) in waited], now=now)


def end(rows, *, now):
    """These stand in no more."""
    for row in rows:
        row.ended_at = now
    update_each(rows, ["ended_at"])


def may_take(person, *, team_id, case_id):
    """Whether `person` may take what waits for a team: as one of it, or in the place of one who is away."""
    if Membership.objects.filter(team=team_id, person=person).exists():
        return True
    return StandIn.objects.open().filter(case=case_id, team=team_id, person=person).exists()
