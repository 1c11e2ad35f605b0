"""Views that a person keeps for themselves or shares with a team: filters and an order of the queue, under a
name."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cases import roles
from cases.errors import Incomplete, NotTheirs, WrongMove
from cases.models import SavedView, Team

# Of a person, and of a team.
MOST = 20
LONGEST_QUERY = SavedView._meta.get_field("query").max_length


def teams_for(person):
    """The teams that `person` may share a view with, as a queryset."""
    found, scope = Team.objects.filter(is_active=True).order_by("name"), roles.scope(person, "view.share")
    if scope == roles.Scope.ALL:
        return found
    if scope == roles.Scope.DEPARTMENT:
        return found.filter(pk__in=Team.department_of(person))
    if scope == roles.Scope.OWN:
        return found.filter(memberships__person=person)
    return found.none()


def save_view(*, name, query, by, team=None):
    """Keep `query` (of the queue's address) under `name`, for `by` alone or for `team` as well.

    Raises Incomplete without a name or with more filters than fit, WrongMove where the name is taken or
    there are MOST already, NotTheirs for a team that is not theirs to share with.
    """
    view = SavedView(person=by, query=query, team=team)
    _name(view, name, by)
    if len(query) > LONGEST_QUERY:
        raise Incomplete(_("These are more filters than can be kept; choose fewer."))
    if SavedView.objects.filter(person=by).count() >= MOST:
        raise WrongMove(_("You have %(most)d views; delete one first.") % {"most": MOST})
    if team is not None:
        _require_room(team, by)
    return _kept(view, by)


def rename_view(*, view, name, by):
    """Raises NotTheirs, Incomplete without a name, WrongMove where another view of its maker or its team has
    it."""
    _require_theirs(view, by)
    _name(view, name, by)
    return _kept(view, by)


def share_view(*, view, team, by):
    """Show `view` to `team` as well, or with None to its maker alone, who alone decides that.

    Raises NotTheirs, WrongMove where the team has a view of this name, or MOST of them.
    """
    if view.person_id != by.pk:
        raise NotTheirs(_("Only who made a view shares it."))
    if view.team_id == (team and team.pk):
        return view
    view.team = team
    if team is not None:
        _require_room(team, by)
    _name(view, view.name, by)
    return _kept(view, by)


def delete_view(*, view, by):
    """Raises NotTheirs."""
    _require_theirs(view, by)
    view.delete()


def _require_theirs(view, by):
    if not SavedView.objects.changeable_by(by).filter(pk=view.pk).exists():
        raise NotTheirs(_("This view is not yours to change."))


def _require_room(team, by):
    if not teams_for(by).filter(pk=team.pk).exists():
        raise NotTheirs(_("A view is shared with a team that you are in; choose one of yours."))
    if SavedView.objects.filter(team=team).count() >= MOST:
        raise WrongMove(
            _("“%(team)s” shares %(most)d views already; delete one first.") % {"team": team, "most": MOST}
        )


def _name(view, name, by):
    view.name = " ".join(name.split())[: SavedView._meta.get_field("name").max_length]
    if not view.name:
        raise Incomplete(_("Give the view a name."))
    others = SavedView.objects.exclude(pk=view.pk)
    if others.filter(person=view.person_id, name=view.name).exists():
        raise _taken(view, by)
    if view.team_id and others.filter(team=view.team_id, name=view.name).exists():
        raise WrongMove(
            _("“%(team)s” has a view named “%(name)s”; choose another name.")
            % {"team": view.team, "name": view.name}
        )


def _kept(view, by):
    """Of two who choose one name at the same moment, the second hears what they would have heard later."""
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise _taken(view, by) from error
    return view


def _taken(view, by):
    said = (
        _("You have a view named “%(name)s”; choose another name.")
        if view.person_id == by.pk
        else _("Who made it has a view named “%(name)s”; choose another name.")
    )
    return WrongMove(said % {"name": view.name})
