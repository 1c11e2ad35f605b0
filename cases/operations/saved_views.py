"""Views that a person keeps for themselves: filters and an order of the queue, under a name."""

from django.utils.translation import gettext as _

from cases.errors import Incomplete, WrongMove
from cases.models import SavedView

MOST = 20
LONGEST_QUERY = SavedView._meta.get_field("query").max_length


def save_view(*, name, query, by):
    """Keep `query` (of the queue's address) under `name`.

    Raises Incomplete without a name or with more filters than fit, WrongMove where the name is taken or
    there are MOST already.
    """
    mine = SavedView.objects.filter(person=by)
    name = _named(name, mine)
    if len(query) > LONGEST_QUERY:
        raise Incomplete(_("These are more filters than can be kept; choose fewer."))
    if mine.count() >= MOST:
        raise WrongMove(_("You have %(most)d views; delete one first.") % {"most": MOST})
    return SavedView.objects.create(person=by, name=name, query=query)


def rename_view(*, view, name):
    """Raises Incomplete without a name, WrongMove where another view of theirs has it."""
    view.name = _named(name, SavedView.objects.filter(person=view.person_id).exclude(pk=view.pk))
    view.save(update_fields=["name"])


def delete_view(*, view):
    view.delete()


def _named(name, others):
    name = " ".join(name.split())[: SavedView._meta.get_field("name").max_length]
    if not name:
        raise Incomplete(_("Give the view a name."))
    if others.filter(name=name).exists():
        raise WrongMove(_("You have a view named “%(name)s”; choose another name.") % {"name": name})
    return name
