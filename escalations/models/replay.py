"""How far an incident log has been replayed, and what its desk recorded of each incident. Unaudited."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models import Case


class Replay(models.Model):
    """One log. Its position is committed together with what the events up to there did: nothing happens
    twice."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    mapping_digest = models.CharField(max_length=64)
    events = models.PositiveIntegerField(_("events replayed"), default=0)
    digest = models.CharField(
        max_length=64, blank=True, help_text=_("Of the events replayed, in their order.")
    )
    at = models.DateTimeField(_("the log's time"), null=True, blank=True)
    rows_moved = models.PositiveIntegerField(_("rows taken as of a later instant"), default=0)
    seconds = models.FloatField(_("took, seconds"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")

    def __str__(self):
        return self.name


class ReplayedCase(models.Model):
    """An incident of a replayed log: its case, and the desk's own account as of the newest event replayed."""

    replay = models.ForeignKey(
        Replay, models.PROTECT, db_index=False, related_name="cases", verbose_name=_("replay")
    )
    case = models.OneToOneField(Case, models.PROTECT, related_name="replayed", verbose_name=_("case"))
    number = models.CharField(_("number in the log"), max_length=80)
    events = models.PositiveIntegerField(_("events"), default=0)
    last_closed_at = models.DateTimeField(
        _("last said to be closed"),
        null=True,
        blank=True,
        help_text=_("A desk may close what is closed already; its own verdict counts to the last time."),
    )
    made_sla = models.BooleanField(_("recorded: made its target"), null=True)
    reopened = models.PositiveIntegerField(_("recorded: reopened, times"), null=True)
    reassigned = models.PositiveIntegerField(_("recorded: reassigned, times"), null=True)

    class Meta:
        verbose_name = _("replayed case")
        verbose_name_plural = _("replayed cases")
        constraints = [models.UniqueConstraint(fields=["replay", "number"], name="replayedcase_number_once")]

    def __str__(self):
        return self.number
