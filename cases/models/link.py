"""How cases relate to each other."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .case import Case


class CaseLinkQuerySet(models.QuerySet):
    def active(self):
        return self.filter(ended_at=None)

    def of(self, case_id):
        """Links of which a case is either end."""
        return self.filter(Q(source=case_id) | Q(target=case_id))

    def merges(self):
        return self.active().filter(kind=CaseLink.Kind.MERGED)


class CaseLink(models.Model):
    """`source` is related to, caused by, a duplicate of, a follow-up of, split off or merged into `target`.
    It is ended, never deleted.

    That merges make no chain and no loop is checked by the operation, under both cases' locks.
    """

    KEPT = True

    class Kind(models.TextChoices):
        RELATED = "related", _("related to")
        CAUSED_BY = "caused_by", _("caused by")
        DUPLICATE = "duplicate", _("a duplicate of")
        FOLLOW_UP = "follow_up", _("a follow-up of")
        SPLIT = "split", _("split off from")
        MERGED = "merged", _("merged into")

    source = models.ForeignKey(Case, models.PROTECT, related_name="links_out", verbose_name=_("case"))
    target = models.ForeignKey(Case, models.PROTECT, related_name="links_in", verbose_name=_("other case"))
    kind = models.CharField(_("is"), max_length=10, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    made_at = models.DateTimeField(_("linked"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    objects = CaseLinkQuerySet.as_manager()
    history = History(erasable=["reason"])

    class Meta:
        verbose_name = _("link between cases")
        verbose_name_plural = _("links between cases")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("related", "caused_by", "duplicate", "follow_up", "split", "merged")),
                name="caselink_kind_is_known",
            ),
            models.CheckConstraint(condition=~Q(source=F("target")), name="caselink_not_with_itself"),
            # Related is the same both ways: the older case stands last, so that a pair has one row.
            models.CheckConstraint(
                condition=~Q(kind="related") | Q(source__gt=F("target")), name="caselink_related_in_order"
            ),
            models.UniqueConstraint(
                fields=["source", "target", "kind"], condition=Q(ended_at=None), name="caselink_once"
            ),
            models.UniqueConstraint(
                fields=["source"], condition=Q(kind="merged", ended_at=None), name="caselink_merged_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("made_at")), name="caselink_ends_after_start"
            ),
        ]

    def __str__(self):
        return f"{self.source.number} {self.get_kind_display()} {self.target.number}"
