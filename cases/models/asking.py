"""What the customer asked for, and what was decided on it (RULES 5)."""

from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from cases.decisions import PRICED, Offer, Outcome, together
from cases.history import History

from .case import Case
from .person import Person


class AskQuerySet(models.QuerySet):
    def unanswered(self):
        """Asks on which no decision stands; one that waits for approval answers nobody, and one that goes on
        on another case is answered there."""
        return self.filter(goes_on_as=None).filter(
            ~Exists(Decision.objects.standing().filter(ask=OuterRef("pk")))
        )

    def with_decision(self):
        """With the decision in force or waiting on each, for `Ask.decision`: one query for all of them."""
        current = Decision.objects.current().select_related("made_by", "approved_by")
        return self.prefetch_related(Prefetch("decisions", current, to_attr="current_decisions"))

    def with_state(self):
        """Each with its `state`, as the lists show and filter it."""
        current = Decision.objects.current().filter(ask=OuterRef("pk"))
        state = models.Case(
            models.When(state=Decision.State.WAITING, then=Value(Ask.State.WAITING.value)),
            default=F("outcome"),
            output_field=models.CharField(),
        )
        found = Subquery(current.annotate(of_ask=state).values("of_ask"))
        decided = Coalesce(found, Value(Ask.State.OPEN.value))
        moved = models.When(goes_on_as__isnull=False, then=Value(Ask.State.MOVED.value))
        return self.annotate(state=models.Case(moved, default=decided, output_field=models.CharField()))


class Ask(models.Model):
    """One thing the customer asks for, in a line of its own. Unanswered, it blocks resolving the case."""

    KEPT = True

    class State(models.TextChoices):
        """Derived from the decision on it, never stored."""

        OPEN = "open", _("Open")
        WAITING = "waiting", _("Waiting for approval")
        GRANTED = "granted", _("Granted")
        PARTLY = "partly", _("Granted in part")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        MOVED = "moved", _("Goes on elsewhere")

    case = models.ForeignKey(Case, models.PROTECT, related_name="asks", verbose_name=_("case"))
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.CharField(_("what is asked"), max_length=500)
    amount = models.DecimalField(
        _("worth"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("What the customer asks is worth, EUR, where it can be said."),
    )
    recorded_by = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"))
    # The same ask on the case that was split off with it: here it stays as it was asked, there it is decided.
    goes_on_as = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="came_from",
        verbose_name=_("goes on as"),
    )
    objects = AskQuerySet.as_manager()
    history = History(erasable=["text"])

    class Meta:
        verbose_name = _("ask")
        verbose_name_plural = _("asks")
        constraints = [
            models.UniqueConstraint(fields=["case", "position"], name="ask_position_once"),
            models.CheckConstraint(condition=~Q(text=""), name="ask_says_something"),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gt=0), name="ask_amount_positive"),
            models.CheckConstraint(
                condition=Q(goes_on_as=None) | ~Q(goes_on_as=F("id")), name="ask_goes_on_as_another"
            ),
        ]

    def __str__(self):
        return self.text

    @property
    def decision(self):
        """The decision in force or waiting, or None; of asks read `with_decision`."""
        return next(iter(self.current_decisions), None)


class DecisionQuerySet(models.QuerySet):
    def standing(self):
        return self.filter(state=Decision.State.STANDS)

    def waiting(self):
        return self.filter(state=Decision.State.WAITING)

    def current(self):
        """Of each ask at most one: it stands, or waits for approval."""
        return self.filter(state__in=(Decision.State.STANDS, Decision.State.WAITING))

    def awaiting(self, person):
        """Those that `person` may approve: of a case in reach, not their own, within their limit."""
        cases = Case.objects.reachable(person, "offer.approve").filter(pk=OuterRef("ask__case"))
        within = self.waiting().filter(at_stake__lte=person.money_limit).exclude(made_by=person)
        return within.filter(Exists(cases))


class Decision(models.Model):
    """How an ask ends: granted, in part, refused or withdrawn; by whom, with which offer, whether it stands.

    What is above its maker's limit waits until somebody with the say approves it or sends it back. One that
    was sent or taken back stays, with the reason, and the ask is open again.
    """

    KEPT = True

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for approval")
        STANDS = "stands", _("Decided")
        SENT_BACK = "sent_back", _("Sent back")
        TAKEN_BACK = "taken_back", _("Taken back")

    ask = models.ForeignKey(Ask, models.PROTECT, related_name="decisions", verbose_name=_("ask"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    part = models.TextField(_("which part"), blank=True)
    grounds = models.TextField(_("grounds"), blank=True)
    remedies = models.TextField(_("outside remedies"), blank=True)
    customer_said = models.TextField(_("how the customer withdrew it"), blank=True)
    offer_kind = models.CharField(_("offer"), max_length=10, choices=Offer.choices, blank=True)
    offer_what = models.CharField(_("what is offered"), max_length=300, blank=True)
    offer_amount = models.DecimalField(
        _("worth of the offer"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    precedent = models.CharField(_("precedent"), max_length=200, blank=True)
    at_stake = models.DecimalField(
        _("at stake"),
        max_digits=12,
        decimal_places=2,
        default=0,
        help_text=_("What is measured against money limits, EUR."),
    )
    needs_approval = models.BooleanField(_("needs approval"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.STANDS)
    made_by = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="+", verbose_name=_("decided by")
    )
    made_at = models.DateTimeField(_("decided"))
    approved_by = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    ended_by = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("sent or taken back by"),
    )
    ended_at = models.DateTimeField(_("sent or taken back"), null=True, blank=True)
    end_reason = models.TextField(_("why"), blank=True)
    objects = DecisionQuerySet.as_manager()
    history = History(
        erasable=[
            "part",
            "grounds",
            "remedies",
            "customer_said",
            "offer_what",
            "precedent",
            "end_reason",
        ]
    )

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = [models.Index(fields=["made_at"], condition=Q(state="waiting"), name="decision_waiting")]
        constraints = [
            models.UniqueConstraint(
                fields=["ask"], condition=Q(state__in=("waiting", "stands")), name="decision_one_current"
            ),
            models.CheckConstraint(
                condition=Q(outcome="granted", part="", grounds="", remedies="", customer_said="")
                | Q(outcome="partly", customer_said="") & ~Q(part="")
                | Q(outcome="refused", part="", customer_said="") & ~Q(grounds="") & ~Q(remedies="")
                | Q(outcome="withdrawn", part="", grounds="", remedies="", offer_kind="")
                & ~Q(customer_said=""),
                name="decision_words_fit_its_outcome",
            ),
            models.CheckConstraint(
                condition=Q(offer_kind="", offer_what="", offer_amount=None, precedent="")
                | Q(offer_kind="money", offer_amount__isnull=False)
                | Q(offer_kind__in=("goods", "waiver", "exception")) & ~Q(offer_what=""),
                name="decision_offer_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(offer_amount=None) | Q(offer_amount__gt=0), name="decision_offer_positive"
            ),
            models.CheckConstraint(
                condition=Q(offer_amount=None) | Q(at_stake__gte=F("offer_amount")),
                name="decision_stakes_its_offer",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False, needs_approval=True),
                name="decision_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("made_by")),
                name="decision_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", needs_approval=True, approved_by=None)
                | Q(state="stands", needs_approval=False)
                | Q(state="stands", approved_by__isnull=False)
                | Q(state="sent_back", needs_approval=True, approved_by=None) & ~Q(ended_by=F("made_by"))
                | Q(state="taken_back"),
                name="decision_stands_once_approved",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "stands"), ended_by=None, ended_at=None, end_reason="")
                | Q(state__in=("sent_back", "taken_back"), ended_by__isnull=False, ended_at__isnull=False)
                & ~Q(end_reason=""),
                name="decision_ended_says_why",
            ),
        ]

    def __str__(self):
        return f"{self.get_outcome_display()}: {self.ask}"

    @property
    def is_unpriced(self):
        """An offer of which nobody said what it is worth."""
        return bool(self.offer_kind) and self.offer_amount is None and self.offer_kind not in PRICED

    def together(self, before):
        """What is held against the limit of somebody who granted `before` on the case already, EUR."""
        return together(self.outcome, stake=self.at_stake, offered=self.offer_amount, before=before)
