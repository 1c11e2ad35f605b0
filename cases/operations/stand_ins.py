"""Who is asked in the place of somebody of a team that is away: they see what waits for it while it waits.

Each is called under the lock of its cases, by whatever moves an escalation or ends it.
"""

from cases.models import Membership, StandIn
from cases.sets import add_each


def ask(wanted):
    """Let each of `wanted` {(case id, team id, person id): id of whom they are asked for} see its case."""
    rows = [
        StandIn(case_id=case, team_id=team, person_id=person, instead_of_id=instead_of)
        for (case, team, person), instead_of in wanted.items()
    ]
    add_each(rows, or_leave=True)


def free(waited):
    """Nobody stands in any more on cases that waited for a team: {(case id, team id)}."""
    # Not all cases with all teams: a case may go two ways at once and wait for another team still.
    by_team = {}
    for case, team in waited:
        by_team.setdefault(team, []).append(case)
    for team, cases in sorted(by_team.items()):
        StandIn.objects.filter(team=team, case__in=cases).delete()


def may_take(person, *, team_id, case_id):
    """Whether `person` may take what waits for a team: as one of it, or in the place of one who is away."""
    if Membership.objects.filter(team=team_id, person=person).exists():
        return True
    return StandIn.objects.filter(case=case_id, team=team_id, person=person).exists()
