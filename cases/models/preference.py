"""How somebody wants to work: signature, keys, theme, what reaches them by mail, when they are not woken."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.history import History
from cases.quiet import QuietHours

from .person import Person


class PersonPreference(models.Model):
    """One row of each person who chose anything; without it everything is as it comes.

    Audited: quiet hours and their deputy decide who gets an escalation.
    """

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    person = models.OneToOneField(Person, models.PROTECT, related_name="preference", verbose_name=_("person"))
    signature = models.TextField(_("signature"), blank=True, max_length=1000)
    single_keys = models.BooleanField(_("single-key shortcuts"), default=True)
    theme = models.CharField(_("theme"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    mail = models.JSONField(
        _("by mail"), default=dict, blank=True, help_text=_("Kinds of notice chosen otherwise than usual.")
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    quiet_weekend = models.BooleanField(_("quiet at weekends"), default=False)
    quiet_deputy = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("deputy in quiet hours"),
    )
    history = History(erasable=["signature"])

    class Meta:
        verbose_name = _("preferences of a person")
        verbose_name_plural = _("preferences of people")
        constraints = [
            models.CheckConstraint(
                condition=Q(theme__in=("auto", "light", "dark")), name="preference_theme_is_known"
            ),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="preference_quiet_hours_have_two_ends",
                violation_error_message=_(
                    "Quiet hours need a beginning and an end that differ; give both, or neither."
                ),
            ),
            models.CheckConstraint(
                condition=Q(quiet_deputy=None) | ~Q(quiet_deputy=F("person")),
                name="preference_deputy_is_another",
                violation_error_message=_("Nobody is their own deputy; name somebody else, or nobody."),
            ),
        ]

    def __str__(self):
        return str(self.person)

    @classmethod
    def of(cls, person):
        """What `person` chose, or None where they chose nothing; read once, however often a page asks."""
        return getattr(person, "preference", None)

    def quiet_hours(self, zone):
        """Their QuietHours by the wall clock of `zone` (a name), or None."""
        return quiet_hours(zone, self.quiet_from, self.quiet_until, self.quiet_weekend)


def quiet_hours(zone, starts, ends, weekend):
    """What a row's columns say, or None where nothing is ever quiet."""
    return QuietHours(zone, starts, ends, bool(weekend)) if starts is not None or weekend else None
