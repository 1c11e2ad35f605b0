"""Who takes which cases of somebody who leaves, and is let in to those that are restricted."""

from django.db.models import Exists, OuterRef, Q

from cases.models import Case, Party

from . import parties


def not_given(cases, choice, by):
    """Those of `cases` that cannot go to who takes them, as complaints about that person; and those that are
    kept from `by` where nobody is named for these: nobody gives away as they like what is kept from them."""
    secret = _kept(choice, by)
    if choice.kept_to is None:
        return cases.filter(_is_about(choice.to) | secret)
    return cases.filter((secret & _is_about(choice.kept_to)) | (~secret & _is_about(choice.to)))


def kept(cases, choice, by):
    """Those of `cases` that go to `choice.kept_to`."""
    return cases.none() if choice.kept_to is None else cases.filter(_kept(choice, by))


def takers(cases, choice, by):
    """[(who takes them, which of these locked `cases`)]."""
    if choice.kept_to is None:
        return [(choice.to, cases)]
    among = Case.objects.filter(pk__in=[case.pk for case in cases])
    apart = set(kept(among, choice, by).values_list("pk", flat=True))
    return [
        (choice.to, [case for case in cases if case.pk not in apart]),
        (choice.kept_to, [case for case in cases if case.pk in apart]),
    ]


def _kept(choice, by):
    """Restricted cases of which neither `by` knows, nor `choice.to` as one who is named on them."""
    known = Case.objects.filter(is_restricted=True).findable(by)
    has_access = _named(choice.to, Party.Kind.ACCESS)
    return Q(is_restricted=True) & ~Q(pk__in=known.values("pk")) & ~has_access


def _is_about(person):
    return Q(_named(person, Party.Kind.SUBJECT))


def _named(person, kind):
    return Exists(Party.objects.filter(case=OuterRef("pk"), person=person, kind=kind))


def let_in(cases, to, choice, by, now):
    """Whoever takes a restricted case is named on it, with the reason, and told so."""
    restricted = [case for case in cases if case.is_restricted]
    new = parties.let_in_to_all(restricted, to, choice.reason)
    parties.tell_named(new, by=by, now=now)
