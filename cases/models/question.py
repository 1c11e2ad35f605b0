"""What is asked at intake, by category, and what the customer answered."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .case import Case, Category


class QuestionQuerySet(models.QuerySet):
    def asked_of(self, category):
        """The questions asked of a new case of `category` (None: not known yet), in their order."""
        about = Q(category=None) if category is None else Q(category=None) | Q(category=category)
        return self.filter(about, is_active=True).order_by("position", "pk")


class Question(models.Model):
    """Written by managers. Without a category it is asked of every case."""

    class Kind(models.TextChoices):
        LINE = "line", _("one line")
        TEXT = "text", _("several lines")
        CHOICE = "choice", _("one of several")
        YES_NO = "yes_no", _("yes or no")
        DATE = "date", _("a date")
        NUMBER = "number", _("a number")

    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="questions",
        verbose_name=_("category"),
        help_text=_("Empty: asked of every case."),
    )
    text = models.CharField(_("question"), max_length=200)
    help = models.CharField(_("help"), max_length=200, blank=True, help_text=_("What the answer is for."))
    kind = models.CharField(_("answered by"), max_length=8, choices=Kind.choices, default=Kind.LINE)
    choices = models.TextField(_("choices"), blank=True, help_text=_("One a line; of “one of several”."))
    is_required = models.BooleanField(_("required"), default=False)
    position = models.PositiveIntegerField(_("position"), default=100)
    is_active = models.BooleanField(_("active"), default=True)
    objects = QuestionQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="question_asks_something"),
            models.CheckConstraint(
                condition=Q(kind__in=("line", "text", "choice", "yes_no", "date", "number")),
                name="question_kind_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(kind="choice", choices=""),
                name="question_choice_has_choices",
                violation_error_message=_("Give the choices, one a line."),
            ),
        ]

    def __str__(self):
        return self.text

    @property
    def options(self):
        """The choices as they are offered."""
        return [line.strip() for line in self.choices.splitlines() if line.strip()]

    def clean(self):
        if self.kind == self.Kind.CHOICE and len(set(self.options)) < 2:
            raise ValidationError({"choices": _("Give at least two different choices, one a line.")})


class QuestionAnswer(models.Model):
    """What the customer answered, with the question in the words in which it was asked: a question that is
    put otherwise later leaves it as it is."""

    KEPT = True

    case = models.ForeignKey(Case, models.PROTECT, related_name="question_answers", verbose_name=_("case"))
    question = models.ForeignKey(
        Question, models.PROTECT, related_name="answers", db_index=False, verbose_name=_("question")
    )
    asked = models.CharField(_("asked"), max_length=200)
    value = models.TextField(_("answer"))
    answered_at = models.DateTimeField(_("answered"))
    history = History(erasable=["value"])

    class Meta:
        verbose_name = _("answer to a question")
        verbose_name_plural = _("answers to questions")
        constraints = [
            models.UniqueConstraint(fields=["case", "question"], name="question_answer_once"),
            models.CheckConstraint(condition=~Q(value=""), name="question_answer_says_something"),
        ]

    def __str__(self):
        return self.asked

    @property
    def shown(self):
        """The answer in the reader's words."""
        if self.question.kind == Question.Kind.YES_NO:
            return {"yes": _("yes"), "no": _("no")}.get(self.value, self.value)
        if self.question.kind == Question.Kind.DATE:
            try:
                return date_format(date.fromisoformat(self.value), "j M Y")
            except ValueError:
                return self.value  # the question was of another kind then
        return self.value
