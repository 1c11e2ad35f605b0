"""Whether the customer was content with how their case was handled: one question, after it was closed."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .case import Case
from .customer import Contact, Customer

BEST = 5
# A customer is asked once in 30 days at most, so this many answers are more than eight years.
REMEMBERED = 100


@dataclass(frozen=True)
class Satisfaction:
    """What a customer's answers come to: their mean, of so many, and the latest one."""

    mean: float
    answers: int
    last: int
    last_at: datetime
    best: int = BEST


class SurveyQuerySet(models.QuerySet):
    def asked(self):
        """Those that customers have, or will have; not what was called back before it left."""
        return self.filter(called_back_at=None)

    def answered(self):
        return self.filter(score__isnull=False)

    def satisfaction(self, customer):
        """The Satisfaction of `customer`, or None where nothing was answered. One query."""
        answers = self.answered().filter(customer=customer, case__is_restricted=False)
        found = list(answers.order_by("-answered_at", "-pk").values_list("score", "answered_at")[:REMEMBERED])
        if not found:
            return None
        scores = [score for score, _at in found]
        return Satisfaction(sum(scores) / len(scores), len(scores), *found[0])


class Survey(models.Model):
    """One question to a customer about one case, with their answer once there is one. It may be changed until
    `expires_at`. Which link leads to it is in cases/surveys.py."""

    KEPT = True

    case = models.OneToOneField(Case, models.PROTECT, related_name="survey", verbose_name=_("case"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, db_index=False, related_name="surveys", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, db_index=False, related_name="+", verbose_name=_("contact")
    )
    asked_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("may be answered until"))
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    # Its mail had not left when the case was open again: nothing was asked, and it may be asked anew.
    called_back_at = models.DateTimeField(_("called back"), null=True, blank=True)
    objects = SurveyQuerySet.as_manager()
    history = History(erasable=["comment"])

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        # When a customer was asked last, and what they answered.
        indexes = [models.Index(fields=["customer", "-asked_at"], name="survey_of_customer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(score=None, answered_at=None, comment="")
                | Q(score__range=(1, BEST), answered_at__isnull=False),
                name="survey_answered_has_a_score",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("asked_at")), name="survey_can_be_answered"),
        ]

    def __str__(self):
        return f"{self.score} / {BEST}" if self.score else str(_("not answered"))
