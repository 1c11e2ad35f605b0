"""One's own profile and preferences."""

from django.utils.translation import gettext as _

from cases import history, roles
from cases.errors import Incomplete, NotTheirs
from cases.models import Person, PersonPreference

from .absences import check_deputy
from .notify import ALWAYS_AT_ONCE, BY_MAIL

OF_THE_PERSON = ("name", "language", "time_zone")
OF_THE_PREFERENCE = ("signature", "single_keys", "theme")
QUIET = ("quiet_from", "quiet_until", "quiet_weekend", "quiet_deputy")


def introduce(*, by, now, **said):
    """Name shown, language, time zone, signature, single keys, theme: what is given is set, the rest stays.

    Raises NotTheirs, Incomplete for an empty name.
    """
    _check(by)
    unknown = set(said) - {*OF_THE_PERSON, *OF_THE_PREFERENCE}
    if unknown:
        raise TypeError(f"no such part of a profile: {sorted(unknown)}")
    if "name" in said and not said["name"].strip():
        raise Incomplete(_("Your name is empty; colleagues and customers need one."))
    with history.acting(by=by, reason=_("profile"), now=now):
        person = Person.objects.select_for_update(no_key=True).get(pk=by.pk)
        of_person = {name: said[name] for name in OF_THE_PERSON if name in said}
        if of_person:
            for name, value in of_person.items():
                setattr(person, name, value)
            person.clean_fields(exclude=_all_but(of_person))
            person.save(update_fields=list(of_person))
        return _put(_of(person), {name: said[name] for name in OF_THE_PREFERENCE if name in said})


def be_told(*, by, now, mail=None, **quiet):
    """Which kinds of notice ({kind: by mail as well}) reach `by` how, and when they are not woken (QUIET).

    What is given is set, the rest stays. What is as usual is not kept, and what cannot be switched off is
    left as it is. Raises NotTheirs; Incomplete for quiet hours with one end or with nothing between them;
    ConflictOfInterest for a deputy who cannot be one.
    """
    _check(by)
    unknown = set(quiet) - set(QUIET)
    if unknown:
        raise TypeError(f"no such part of quiet hours: {sorted(unknown)}")
    with history.acting(by=by, reason=_("notices and quiet hours"), now=now):
        person = Person.objects.select_for_update(no_key=True).get(pk=by.pk)
        found = _of(person)
        hours = {name: quiet.get(name, getattr(found, name)) for name in QUIET}
        _check_hours(hours["quiet_from"], hours["quiet_until"])
        if "quiet_deputy" in quiet:
            check_deputy(person, hours["quiet_deputy"])
        return _put(found, {**hours, "mail": _otherwise({**found.mail, **(mail or {})})})


def _check_hours(starts, ends):
    if (starts is None) != (ends is None) or (starts is not None and starts == ends):
        raise Incomplete(_("Quiet hours need a beginning and an end that differ; give both, or neither."))


def _otherwise(mail):
    """Of {kind: by mail as well} what is not as usual and may be chosen."""
    return {
        kind: bool(chosen)
        for kind, chosen in mail.items()
        if kind not in ALWAYS_AT_ONCE and bool(chosen) != (kind in BY_MAIL)
    }


def _check(by):
    if not roles.may(by, "profile.change"):
        raise NotTheirs(_("This profile is not yours."))


def _all_but(names):
    return [field.name for field in Person._meta.fields if field.name not in names]


def _of(person):
    return PersonPreference.objects.filter(person=person).first() or PersonPreference(person=person)


def _put(found, values):
    for name, value in values.items():
        setattr(found, name, value)
    found.save()
    return found
