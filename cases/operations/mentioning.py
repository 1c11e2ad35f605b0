"""Colleagues who are called in an internal note: they hear of it, if the case is open to them."""

from dataclasses import dataclass

from django.db.models import Q

from cases import mentions, roles
from cases.models import Membership, Message, NoticeKind, Party, Person, StandIn, Standing, Team

from . import notify


@dataclass(frozen=True)
class Called:
    """Who is called in a text: `told` are those who may read the case, `untold` the others."""

    told: tuple
    untold: tuple


def readers(case):
    """The people who may read `case`: CaseQuerySet.reachable (case.read), asked the other way round."""
    named = Party.objects.filter(case=case)
    standing = Standing.objects.filter(case=case).first()
    holders = Q(pk__in=named.filter(kind=Party.Kind.ACCESS).values("person"))
    holders |= Q(pk__in=StandIn.objects.open().filter(case=case).values("person"))
    team = None
    if standing is not None:
        team = standing.holder_team_id
        holders |= Q(pk=standing.holder_id)
        if team and standing.holder_id is None:
            holders |= Q(pk__in=Membership.objects.filter(team=team).values("person"))
    people = Person.objects.working().exclude(pk__in=named.filter(kind=Party.Kind.SUBJECT).values("person"))
    if case.is_restricted:
        people = people.filter(Q(role=roles.Role.AUDITOR) | holders)
    teams = {pk for pk in (case.team_id, team) if pk}
    within = {
        roles.Scope.OWN: holders | Q(pk=case.owner_id) | _members(teams),
        roles.Scope.DEPARTMENT: holders | Q(pk=case.owner_id) | _members(_with_all_above(teams)),
        roles.Scope.ALL: Q(),
    }
    if case.team_id is None and case.owner_id is None:
        within = dict.fromkeys(within, Q())
    may = Q(pk__in=())
    for role, scope in roles.MAY["case.read"].items():
        may |= Q(role=role) & within[scope]
    return people.filter(may)


def _members(teams):
    return Q(pk__in=Membership.objects.filter(team__in=teams).values("person"))


def _with_all_above(teams):
    """The given teams and all those they are part of (the tree is small: one query)."""
    parents = dict(Team.objects.values_list("pk", "parent_id")) if teams else {}
    found, waiting = set(), list(teams)
    while waiting:
        pk = waiting.pop()
        if pk and pk not in found:
            found.add(pk)
            waiting.append(parents.get(pk))
    return found


def people_called(texts):
    """{username or name: Person} of everybody who may be called in `texts`. One query, or none."""
    words = {reading for text in texts for reading in mentions.readings(text)}
    if not words:
        return {}
    wanted = Q(username__in=words | {word.lower() for word in words}) | Q(name__in=words)
    return mentions.by_name(Person.objects.working().filter(wanted))


def called_in(text, *, case, by):
    """Who is called in `text`, without `by`: nobody tells themselves."""
    people = [person for _start, _end, person in mentions.spans(text, people_called([text]))]
    people = list({person.pk: person for person in people if person.pk != by.pk}.values())
    if not people:
        return Called((), ())
    may = set(readers(case).filter(pk__in=[p.pk for p in people]).values_list("pk", flat=True))
    return Called(
        tuple(person for person in people if person.pk in may),
        tuple(person for person in people if person.pk not in may),
    )


def tell(message: Message, *, by, now):
    """Tell those who are called in an internal note; in the note's own transaction."""
    called = called_in(message.body, case=message.case, by=by)
    notify.queue(
        [
            notify.Wanted(
                NoticeKind.MENTIONED,
                message.case,
                f"message:{message.pk}",
                person=person,
                facts={"message": message.pk, "who": by.name},
            )
            for person in called.told
        ],
        now=now,
    )
