"""Which regulatory packs a desk has turned on, for whom and since when; and who confirmed what a law says."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases import law_words
from cases.history import History, remembered
from cases.packs import facts, packs
from cases.states import EndsOn

from .calendar import Calendar
from .version import Version, published_whole


class PackVersionQuerySet(models.QuerySet):
    def published(self):
        return self.exclude(published_at=None)

    def in_force(self, at):
        """{key of a pack: its version in force at `at`, with its terms}; one turned off has none."""
        versions = remembered(
            "published packs",
            lambda: list(
                self.published().order_by("pack", "effective_at", "number").prefetch_related("terms")
            ),
        )
        return {version.pack: version for version in versions if version.effective_at <= at}

    def owed_to(self, case, at):
        """The PackTerms that a case received at `at` falls under, one of each law's terms."""
        found = {}
        for version in self.in_force(at).values():
            for term in version.terms.all():
                if term.matches(case):
                    term.version = version
                    found.setdefault(term.key, term)
        return list(found.values())


class PackVersion(Version):
    """What of one pack holds from `effective_at` on, for cases received then. Without terms it is off."""

    pack = models.CharField(_("pack"), max_length=60)
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        related_name="+",
        verbose_name=_("calendar"),
        help_text=_("Its open days are the business days that the law counts."),
    )
    objects = PackVersionQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("regulatory pack")
        verbose_name_plural = _("regulatory packs")
        constraints = [
            models.UniqueConstraint(fields=["pack", "number"], name="packversion_number_once"),
            published_whole(),
        ]

    def __str__(self):
        return f"{self.name} v{self.number}"

    @property
    def name(self):
        known = packs().get(self.pack)
        return law_words.said(known.name) if known else self.pack


class PackTerm(models.Model):
    """One term of a law as it was turned on, for cases of a category, of a customer, or all.

    What the law says is kept as it was then: a clock goes by this row, whatever the facts say later.
    """

    FROZEN_WITH = "version"

    version = models.ForeignKey(PackVersion, models.CASCADE, related_name="terms", verbose_name=_("version"))
    key = models.CharField(_("term"), max_length=60)
    category = models.ForeignKey(
        "cases.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category")
    )
    customer = models.ForeignKey(
        "cases.Customer", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    rule = models.CharField(_("how it is counted"), max_length=120)
    ends_on = models.CharField(_("ends when"), max_length=10, choices=EndsOn.choices)
    source = models.CharField(_("source"), max_length=200)
    says = models.CharField(_("what it says"), max_length=300)
    is_certain = models.BooleanField(
        _("read in the law"), help_text=_("Else it is to be confirmed by a named person.")
    )
    history = History()

    class Meta:
        verbose_name = _("statutory term")
        verbose_name_plural = _("statutory terms")

    def __str__(self):
        return self.source

    @property
    def fact(self):
        """What is known of it today, or None where the facts no longer have it."""
        return facts().get(self.key)

    def matches(self, case):
        """Whether `case` is one of those it was turned on for; a blank condition holds for any."""
        return self.category_id in (None, case.category_id) and self.customer_id in (None, case.customer_id)


class PackConfirmation(models.Model):
    """Somebody answers by name for what a term of a law says, below certainty A."""

    KEPT = True

    key = models.CharField(_("term"), max_length=60)
    says = models.CharField(_("what it says"), max_length=300)
    note = models.CharField(_("how it was checked"), max_length=300)
    confirmed_at = models.DateTimeField(_("confirmed"))
    confirmed_by = models.ForeignKey(
        "cases.Person", models.PROTECT, related_name="+", verbose_name=_("confirmed by")
    )
    history = History()

    class Meta:
        verbose_name = _("confirmed term")
        verbose_name_plural = _("confirmed terms")
        constraints = [
            models.UniqueConstraint(fields=["key", "says"], name="packconfirmation_once"),
        ]

    def __str__(self):
        return f"{self.key}: {self.says}"
