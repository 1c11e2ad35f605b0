"""What is done at a level, step by step and by the kind of escalation; and which of it somebody ticked."""

from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.history import History
from cases.models import Person

from .escalation import Escalation, Kind
from .path import Level


class LevelStep(models.Model):
    """One step of a level's checklist, for handoffs of one kind or of any. Part of a path version: once that
    is published, it never changes."""

    FROZEN_WITH = "level__version"

    level = models.ForeignKey(Level, models.CASCADE, related_name="steps", verbose_name=_("level"))
    kind = models.CharField(
        _("kind"), max_length=12, choices=Kind.choices, blank=True, help_text=_("Empty: of any kind.")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.CharField(_("step"), max_length=200)
    is_required = models.BooleanField(
        _("required"), default=False, help_text=_("The escalation does not end while it is not ticked.")
    )
    history = History()

    class Meta:
        verbose_name = _("step of a checklist")
        verbose_name_plural = _("checklist")
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="levelstep_says_something"),
            models.CheckConstraint(
                condition=models.Q(kind__in=("", *Kind.values)), name="levelstep_kind_is_known"
            ),
            models.UniqueConstraint(fields=["level", "kind", "text"], name="levelstep_once"),
        ]

    def __str__(self):
        said = f"{self.text} *" if self.is_required else self.text
        if not self.kind:
            return said
        return _now("%(step)s (%(kind)s)") % {"step": said, "kind": self.short_kind}

    @property
    def short_kind(self):
        """The kind in one word: "Functional"."""
        return self.get_kind_display().partition(":")[0]


class StepTick(models.Model):
    """A step of an escalation's checklist that somebody ticked; a tick that was taken back stays, as such."""

    KEPT = True

    escalation = models.ForeignKey(
        Escalation, models.PROTECT, related_name="ticks", verbose_name=_("escalation")
    )
    step = models.ForeignKey(
        LevelStep, models.PROTECT, db_index=False, related_name="ticks", verbose_name=_("step")
    )
    by = models.ForeignKey(Person, models.PROTECT, db_index=False, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    taken_back_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    history = History()

    class Meta:
        verbose_name = _("ticked step")
        verbose_name_plural = _("ticked steps")
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "step"],
                condition=models.Q(taken_back_at=None),
                name="steptick_once",
            )
        ]

    def __str__(self):
        return f"{self.step}: {self.by}"
