"""One case points at another. The rows alone: who asks, and under which locks, is `relating`'s."""

from django.utils.translation import gettext as _

from cases.errors import WrongMove
from cases.models import CaseLink


def connect(source, target, kind, *, reason, now):
    """`source` is `kind` of `target` from `now` on. Raises WrongMove for one case alone, or what is there."""
    if source.pk == target.pk:
        raise WrongMove(_("A case is not linked with itself; give the number of another one."))
    if kind == CaseLink.Kind.RELATED and source.pk < target.pk:
        source, target = target, source
    if CaseLink.objects.active().filter(source=source, target=target, kind=kind).exists():
        raise WrongMove(
            _("%(number)s is %(kind)s %(other)s already.")
            % {"number": source.number, "kind": CaseLink.Kind(kind).label, "other": target.number}
        )
    return CaseLink.objects.create(
        source=source, target=target, kind=kind, reason=reason.strip(), made_at=now
    )


def merged_into(case):
    """The case that `case` was merged into, or None."""
    link = CaseLink.objects.merges().filter(source=case).select_related("target").first()
    return link.target if link else None


def part(case, *, now):
    """A merged case that is opened again stands by itself again."""
    for link in CaseLink.objects.merges().filter(source=case):
        link.ended_at = now
        link.save(update_fields=["ended_at"])
