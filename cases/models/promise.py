"""Dates told to a customer: each is a tracked deadline."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .customer import Channel
from .person import Person


class PromiseQuerySet(models.QuerySet):
    def open(self):
        return self.filter(state=Promise.State.OPEN)

    def owed(self):
        """What the customer still waits for: open ones, and broken ones that no new date replaces."""
        return self.filter(state__in=(Promise.State.OPEN, Promise.State.BROKEN), replaced_by=None)


class Promise(models.Model):
    """What was promised, by when, who said it, when and how. A broken one demands a new one and a word to
    the customer."""

    KEPT = True

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        KEPT = "kept", _("Kept")
        BROKEN = "broken", _("Broken")
        REPLACED = "replaced", _("Replaced")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Kind(models.TextChoices):
        UPDATE = "update", _("an update")
        OUTCOME = "outcome", _("an outcome")

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="promises", verbose_name=_("case"))
    what = models.CharField(_("what"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.UPDATE)
    due_at = models.DateTimeField(_("by"))
    told_at = models.DateTimeField(_("told"))
    told_by_channel = models.CharField(
        _("told by"), max_length=10, choices=Channel.choices, default=Channel.MAIL
    )
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="promises", verbose_name=_("made by"))
    # Whoever sees to it now, where whoever made it does not any more: it was told to the customer by them.
    kept_by = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("seen to by"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    broken_at = models.DateTimeField(_("broken"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    replaced_by = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaces", verbose_name=_("replaced by")
    )
    objects = PromiseQuerySet.as_manager()
    history = History(erasable=["what"])

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        constraints = [
            models.CheckConstraint(
                condition=Q(due_at__gt=models.F("told_at")), name="promise_due_after_told"
            ),
            models.CheckConstraint(
                condition=~Q(state="broken") | Q(broken_at__isnull=False), name="promise_broken_has_its_time"
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None) | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="promise_ended_has_its_time",
            ),
        ]

    def __str__(self):
        return self.what

    @property
    def is_owed(self):
        """As PromiseQuerySet.owed."""
        return self.state in (self.State.OPEN, self.State.BROKEN) and self.replaced_by_id is None
