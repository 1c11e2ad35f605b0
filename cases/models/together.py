"""What was done to many chosen cases at once: by it, it can be undone for a while."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .person import Person

UNDO_WITHIN = timedelta(minutes=15)


class DoneTogetherQuerySet(models.QuerySet):
    def latest_to_undo(self, person, now):
        """What `person` did last, if that can still be undone at `now`; else None."""
        last = self.filter(person=person, done_at__gt=now - UNDO_WITHIN).order_by("-pk").first()
        return last if last and last.may_be_undone(now) else None


class DoneTogether(models.Model):
    """One thing that a person did to many cases, and what came of it for each.

    `outcomes`, in the order in which they were chosen: {"case": id, "is_done", "why": why not, "changed":
    {respect: [before, after]}, "revision": after it}; once it was undone also "is_undone" and "why_kept".
    Unaudited: what was changed is in the history of each case. Thrown away after some days.
    """

    class What(models.TextChoices):
        ASSIGN = "assign", _("assign")
        TAG = "tag", _("tag")
        PRIORITY = "priority", _("set the priority")
        CLOSE = "close", _("close")

    person = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="+", verbose_name=_("person")
    )
    # Of the form and what it said: sent twice, it is done once.
    key = models.CharField(_("SHA-256 of what was sent"), max_length=64)
    what = models.CharField(_("what"), max_length=8, choices=What.choices)
    back = models.TextField(_("the queue it was done from"), blank=True)
    outcomes = models.JSONField(_("outcomes"), default=list)
    done_at = models.DateTimeField(_("done at"), db_index=True)
    undone_at = models.DateTimeField(_("undone at"), null=True)
    objects = DoneTogetherQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of many cases")
        verbose_name_plural = _("changes of many cases")
        constraints = [
            # Also finds a person's latest.
            models.UniqueConstraint(fields=["person", "key"], name="donetogether_once"),
            models.CheckConstraint(
                condition=Q(what__in=("assign", "tag", "priority", "close")),
                name="donetogether_what_is_known",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(undone_at__gte=models.F("done_at")),
                name="donetogether_undone_after_it_was_done",
            ),
        ]

    def __str__(self):
        return f"{self.person}: {self.get_what_display()}"

    @property
    def changed(self):
        """The outcomes of those cases of which something changed: what there is to undo."""
        return [outcome for outcome in self.outcomes if outcome["is_done"] and outcome["changed"]]

    @property
    def undo_until(self):
        return self.done_at + UNDO_WITHIN

    def may_be_undone(self, now):
        return self.undone_at is None and now <= self.undo_until and bool(self.changed)
