"""What the customer was told at last, and how the complaint itself is to be read (RULES 3 and 5)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .case import Case, number_of
from .cause import Cause
from .person import Person


class Answer(models.Model):
    """What the customer was told at last: cause, remedy, by when, whom to contact. Its deadline is a promise;
    a case answered is not a case resolved (RULES 3)."""

    KEPT = True

    case = models.ForeignKey(Case, models.PROTECT, related_name="answers", verbose_name=_("case"))
    catalogue_cause = models.ForeignKey(
        Cause,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="answers",
        verbose_name=_("cause in the catalogue"),
    )
    cause = models.TextField(_("cause"))
    remedy = models.TextField(_("remedy"))
    turn_to = models.CharField(_("whom to contact"), max_length=300)
    message = models.OneToOneField(
        "cases.Message", models.PROTECT, related_name="answer", verbose_name=_("message")
    )
    promise = models.OneToOneField(
        "cases.Promise", models.PROTECT, related_name="answer", verbose_name=_("promise")
    )
    given_by = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="+", verbose_name=_("given by")
    )
    given_at = models.DateTimeField(_("given"))
    history = History(erasable=["cause", "remedy", "turn_to"])

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.CheckConstraint(
                condition=~Q(cause="") & ~Q(remedy="") & ~Q(turn_to=""), name="answer_is_whole"
            )
        ]

    def __str__(self):
        return self.remedy


class ComplaintProfile(models.Model):
    """How the complaint itself is to be read: for who holds it, never asked at intake, never about sex, age,
    education or looks. Nobody else sees it, so it stands neither in the console nor in a case's history."""

    class Manner(models.TextChoices):
        REASONED = "reasoned", _("Reasoned")
        UPSET = "upset", _("Upset")

    class Merit(models.TextChoices):
        JUSTIFIED = "justified", _("Justified")
        POORLY_EXPLAINED = "poorly_explained", _("Poorly explained")
        UNFOUNDED = "unfounded", _("Unfounded")

    case = models.OneToOneField(Case, models.PROTECT, related_name="profile", verbose_name=_("case"))
    manner = models.CharField(_("told how"), max_length=10, choices=Manner.choices, blank=True)
    merit = models.CharField(_("merit"), max_length=20, choices=Merit.choices, blank=True)
    expectation = models.TextField(_("what the customer expects"), blank=True)
    least_acceptable = models.TextField(_("the least they would accept"), blank=True)
    goal = models.TextField(_("our goal"), blank=True)
    written_by = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="+", verbose_name=_("written by")
    )
    written_at = models.DateTimeField(_("written"))
    history = History(erasable=["manner", "merit", "expectation", "least_acceptable", "goal"])

    class Meta:
        verbose_name = _("complaint profile")
        verbose_name_plural = _("complaint profiles")
        constraints = [
            models.CheckConstraint(
                condition=Q(manner__in=("", "reasoned", "upset"))
                & Q(merit__in=("", "justified", "poorly_explained", "unfounded")),
                name="profile_words_are_known",
            )
        ]

    def __str__(self):
        return number_of(self.case_id)
