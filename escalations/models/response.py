"""What people choose from when a case escalates: reasons, options to de-escalate by; and what came of it."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from cases.history import History
from cases.models import Case, Category, Person

from .escalation import Escalation, Handoff, Kind
from .path import EscalationPath

BY_HAND = [choice for choice in Kind.choices if choice[0] != Kind.AUTOMATIC]


class OptionQuerySet(models.QuerySet):
    def in_order(self):
        """Those in force, the lowest first: in this order they are tried."""
        return self.filter(is_active=True).order_by("position", "pk")


class Option(models.Model):
    """One rung of the ladder of remedies. Blank fields mean any; without a level it is the agents' too.

    `from_level`: from this level of a path up; who does not hold the case there is not offered it.
    """

    class Kind(models.TextChoices):
        APOLOGY = "apology", _("an apology")
        EXPLANATION = "explanation", _("an explanation")
        CALL = "call", _("a call by a manager")
        GOODWILL = "goodwill", _("goodwill")
        COMPENSATION = "compensation", _("compensation")
        EXCEPTION = "exception", _("an exception to the rules")

    # What is offered in money; an exception may be worth some, and need not be.
    NAMES_AN_AMOUNT = (Kind.GOODWILL, Kind.COMPENSATION)
    MAY_COST = (*NAMES_AN_AMOUNT, Kind.EXCEPTION)

    position = models.PositiveIntegerField(_("position"), default=100, help_text=_("Lowest is tried first."))
    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    description = models.TextField(_("what it is"), blank=True)
    wording = models.TextField(
        _("words for the customer"),
        blank=True,
        help_text=_("Prefilled into the reply. Empty: a general text in the customer's language."),
    )
    amount_ceiling = models.DecimalField(
        _("up to, EUR"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("Empty: as far as the limit of whoever grants it goes."),
    )
    path = models.ForeignKey(
        EscalationPath, models.PROTECT, null=True, blank=True, related_name="options", verbose_name=_("path")
    )
    from_level = models.PositiveSmallIntegerField(
        _("from level"), null=True, blank=True, help_text=_("Empty: agents may use it before they escalate.")
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category")
    )
    is_active = models.BooleanField(_("active"), default=True)
    objects = OptionQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("de-escalation option")
        verbose_name_plural = _("de-escalation options")
        constraints = [
            models.CheckConstraint(
                condition=Q(from_level=None) | Q(from_level__gte=1),
                name="option_level_from_one",
                violation_error_message=_("Levels are numbered from 1."),
            ),
            models.CheckConstraint(
                condition=Q(amount_ceiling=None)
                | Q(amount_ceiling__gt=0, kind__in=("goodwill", "compensation", "exception")),
                name="option_ceiling_of_what_costs",
                violation_error_message=_(
                    "Only goodwill, compensation and an exception have a ceiling, and it is above zero."
                ),
            ),
            models.CheckConstraint(
                condition=Q(path=None) | Q(from_level__isnull=False),
                name="option_of_a_path_has_a_level",
                violation_error_message=_("An option of one path says from which level of it."),
            ),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        if self.amount_ceiling is not None and self.kind and not self.may_cost:
            raise ValidationError(
                {"amount_ceiling": _("This kind costs no money; leave it empty, or choose another kind.")}
            )

    @property
    def names_an_amount(self):
        return self.kind in self.NAMES_AN_AMOUNT

    @property
    def may_cost(self):
        return self.kind in self.MAY_COST


class OptionUse(models.Model):
    """An option that was offered on a case, what came of it, or why it was skipped. Rows are added, never
    changed: what was tried is carried along for ever."""

    KEPT = True

    class Outcome(models.TextChoices):
        OFFERED = "offered", _("offered, no answer yet")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        SKIPPED = "skipped", _("skipped")

    case = models.ForeignKey(Case, models.PROTECT, related_name="option_uses", verbose_name=_("case"))
    escalation = models.ForeignKey(
        Escalation,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="option_uses",
        verbose_name=_("escalation"),
        help_text=_("Empty: used before anything was escalated."),
    )
    option = models.ForeignKey(Option, models.PROTECT, related_name="uses", verbose_name=_("option"))
    outcome = models.CharField(_("what came of it"), max_length=10, choices=Outcome.choices)
    amount = models.DecimalField(_("amount, EUR"), max_digits=12, decimal_places=2, null=True, blank=True)
    skipped_because = models.TextField(_("why skipped"), blank=True)
    note = models.TextField(_("note"), blank=True)
    by = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="option_uses", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"))
    history = History(erasable=["skipped_because", "note"])

    class Meta:
        verbose_name = _("use of an option")
        verbose_name_plural = _("uses of options")
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="skipped", amount=None) & ~Q(skipped_because="")
                | (~Q(outcome="skipped") & Q(skipped_because="")),
                name="optionuse_skipped_says_why",
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gt=0), name="optionuse_amount_above_zero"
            ),
        ]

    def __str__(self):
        return f"{self.option}: {self.get_outcome_display()}"


class EscalationReason(models.Model):
    """Why cases are escalated, as managers name it; beside it stand the words of whoever escalates."""

    position = models.PositiveIntegerField(_("position"), default=100)
    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(
        _("kind"), max_length=12, choices=BY_HAND, blank=True, help_text=_("Empty: of any kind.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    history = History()

    class Meta:
        verbose_name = _("escalation reason")
        verbose_name_plural = _("escalation reasons")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("", "functional", "hierarchical", "priority")),
                name="escalationreason_by_hand",
            )
        ]

    def __str__(self):
        return self.name


class AskBackQuerySet(models.QuerySet):
    def open(self):
        return self.filter(answered_at=None)


class AskBack(models.Model):
    """Who got a handoff asks back whoever gave it. Pauses nothing; the answer stands with the handoff."""

    KEPT = True

    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="questions", verbose_name=_("handoff"))
    text = models.TextField(_("question"))
    asked_by = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="+", verbose_name=_("asked by")
    )
    asked_of = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="questions_got", verbose_name=_("asked of")
    )
    asked_at = models.DateTimeField(_("asked"))
    answer = models.TextField(_("answer"), blank=True)
    answered_by = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    objects = AskBackQuerySet.as_manager()
    history = History(erasable=["text", "answer"])

    class Meta:
        verbose_name = _("question about a handoff")
        verbose_name_plural = _("questions about handoffs")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="ask_back_asks_something"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by=None)
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="ask_back_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(answered_at__gte=F("asked_at")),
                name="ask_back_answered_after_it_was_asked",
            ),
            models.UniqueConstraint(
                fields=["handoff"], condition=Q(answered_at=None), name="ask_back_one_open_per_handoff"
            ),
        ]

    def __str__(self):
        return Truncator(self.text).chars(60)
