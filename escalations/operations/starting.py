"""Begin a path from a template or from another path: always as a draft, which nobody climbs yet."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cases import history
from cases.models import Person, Skill, Team
from cases.operations import drafting
from escalations.errors import NameTaken, RoleUnfilled
from escalations.models import EscalationPath, Level, LevelInform, LevelStep, Responsible

KIND_OF = {Person: Responsible.PERSON, Team: Responsible.TEAM, Skill: Responsible.SKILL}


def start_from(*, template, name, chosen, by, now, reason=""):
    """A new path called `name` with a draft as `template` says; `chosen`: {role key: Person, Team or Skill}.

    Its words are those of the language in force. Returns the draft. Raises NameTaken, and RoleUnfilled with a
    sentence for each role that nobody fills or that is filled with what it cannot be.
    """
    with history.acting(by=by, reason=reason or _("path begun from a template"), now=now):
        if wrong := list(_unfilled(template, chosen)):
            raise RoleUnfilled(wrong)
        path = _new_path(name, template.about)
        draft = drafting.first_draft(of=path, by=by, now=now, reason=reason)
        draft.fallback = chosen[template.fallback]
        draft.note = _("Begun from “%(template)s”") % {"template": template.name}
        draft.save()
        for number, level in enumerate(template.levels, 1):
            _level(draft, number, level, template, chosen)
    return draft


def _unfilled(template, chosen):
    for role in template.roles:
        who = chosen.get(role.key)
        if who is None:
            yield _("Name who is “%(role)s”.") % {"role": role.name}
        elif KIND_OF[type(who)] not in role.kinds:
            yield _("“%(role)s” cannot be %(who)s: choose another.") % {"role": role.name, "who": who}


def _new_path(name, description):
    try:
        with transaction.atomic():
            return EscalationPath.objects.create(name=name, description=description)
    except IntegrityError as error:
        raise NameTaken(
            _("A path is called “%(name)s” already; choose another name.") % {"name": name}
        ) from (error)


def _level(draft, number, said, template, chosen):
    who = chosen.get(said.role)
    kind = KIND_OF[type(who)] if who is not None else said.responsible
    level = Level.objects.create(
        version=draft,
        number=number,
        name=said.name,
        responsible=kind,
        acknowledge_seconds=said.acknowledge_seconds,
        work_seconds=said.work_seconds,
        remind_every_seconds=said.remind_every_seconds,
        authority_limit=said.authority_limit,
        instructions=said.instructions,
        is_around_the_clock=template.is_around_the_clock,
        **({str(kind): who} if who is not None else {}),
    )
    # Only people are told of a handoff by name; what is a team or a skill hears of it at its own level.
    told = {chosen[role] for role in said.informs if isinstance(chosen[role], Person)}
    LevelInform.objects.bulk_create(
        LevelInform(level=level, person=person) for person in sorted(told, key=lambda person: person.pk)
    )
    LevelStep.objects.bulk_create(
        LevelStep(level=level, position=position, text=step.text, is_required=step.is_required)
        for position, step in enumerate(said.steps, 1)
    )


def copy_path(*, version, name, by, now, reason=""):
    """A new path called `name` with a draft that says what `version` of another path says. Returns the draft.

    Raises NameTaken.
    """
    with history.acting(by=by, reason=reason or _("path copied"), now=now):
        path = _new_path(name, version.path.description)
        return drafting.draft_from(version=version, of=path, by=by, now=now, reason=reason)
