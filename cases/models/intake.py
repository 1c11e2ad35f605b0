"""Who gets a new case first."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .case import Category
from .customer import Channel, Tier
from .person import Person, Skill, Team


class IntakeRule(models.Model):
    """Ordered: the first that matches names a new case's team and owner. What matches none is unrouted."""

    position = models.PositiveIntegerField(_("position"), default=100)
    is_active = models.BooleanField(_("active"), default=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("category"))
    tier = models.CharField(_("tier"), max_length=10, choices=Tier.choices, blank=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True)
    account_manager = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account manager")
    )
    team = models.ForeignKey(Team, models.PROTECT, related_name="+", verbose_name=_("first team"))
    owner = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("first owner")
    )
    skill = models.ForeignKey(
        Skill,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("owner by skill"),
        help_text=_("Without an owner: the team's member with this skill who holds least."),
    )
    history = History()

    class Meta:
        verbose_name = _("intake rule")
        verbose_name_plural = _("intake rules")

    def __str__(self):
        return f"{self.position}: {self.team}"

    def matches(self, case):
        return (
            self.category_id in (None, case.category_id)
            and self.tier in ("", case.customer.tier)
            and self.channel in ("", case.channel)
            and self.language in ("", case.language)
            and self.account_manager_id in (None, case.customer.account_manager_id)
        )
