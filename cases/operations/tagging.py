"""Tags on a case: put on, taken off."""

from django.utils.translation import gettext as _

from cases.errors import Incomplete, WrongMove
from cases.models import CaseTag

from .changing import changing


def tag(*, case, by, now, add=(), remove=(), reason="", revision=None):
    """Put the tags `add` on `case` and take `remove` off it. What is on already stays, and is no refusal.

    Raises Incomplete where nothing was chosen, WrongMove for a tag that is switched off.
    """
    add, remove = list(add), list(remove)
    if not add and not remove:
        raise Incomplete(_("Choose at least one tag to put on or to take off."))
    retired = [tag.name for tag in add if not tag.is_active]
    if retired:
        raise WrongMove(_("“%(tag)s” is given to no more cases; choose another.") % {"tag": retired[0]})
    with changing(case, by=by, reason=reason or _("tags changed"), now=now, revision=revision) as locked:
        there = set(CaseTag.objects.on().filter(case=locked).values_list("tag", flat=True))
        CaseTag.objects.bulk_create(
            CaseTag(case=locked, tag=tag, added_at=now) for tag in add if tag.pk not in there
        )
        CaseTag.objects.on().filter(case=locked, tag__in=remove).update(removed_at=now)
