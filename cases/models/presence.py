"""Who has a case open just now, and what they are about."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from .case import Case
from .person import Person

# A page says every 15 s that it is open; whoever was silent for three of those is gone.
FRESH = timedelta(seconds=45)


class PresenceQuerySet(models.QuerySet):
    def fresh(self, now):
        return self.filter(seen_at__gt=now - FRESH)


class Presence(models.Model):
    """One row a person and case, put anew with every beat of an open page.

    Unaudited, and without an index on `seen_at`: it says nothing of the past, lives for less than a minute,
    and a beat that changes no indexed column costs the database least.
    """

    class Doing(models.TextChoices):
        READING = "reading", _("is reading")
        REPLY = "reply", _("is writing a reply")
        NOTE = "note", _("is writing a note")
        CALL = "call", _("is logging a call")
        PROMISE = "promise", _("is making a promise")
        ESCALATE = "escalate", _("is escalating")
        CHANGE = "change", _("is changing something")

    case = models.ForeignKey(Case, models.CASCADE, related_name="presences", verbose_name=_("case"))
    person = models.ForeignKey(
        Person, models.CASCADE, db_index=False, related_name="+", verbose_name=_("person")
    )
    doing = models.CharField(_("doing"), max_length=10, choices=Doing.choices, default=Doing.READING)
    seen_at = models.DateTimeField(_("seen"))
    objects = PresenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="presence_once")]

    def __str__(self):
        return f"{self.person} {self.get_doing_display()}"
