"""What was said on a case: mail, web, chat, calls and internal notes."""

from django.db import models
from django.db.models import Q
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .case import Case
from .customer import Channel, Contact
from .person import Person


class Message(models.Model):
    """A reply, an incoming text, a call or an internal note. `occurred_at` is when it was said,
    `recorded_at` when we knew."""

    KEPT = True

    class Direction(models.TextChoices):
        IN = "in", _("from the customer")
        OUT = "out", _("to the customer")
        INTERNAL = "internal", _("internal")

    case = models.ForeignKey(Case, models.PROTECT, related_name="messages", verbose_name=_("case"))
    direction = models.CharField(_("direction"), max_length=10, choices=Direction.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, blank=True)
    body = models.TextField(_("text"))
    author = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="messages",
        verbose_name=_("author"),
    )
    contact = models.ForeignKey(
        Contact,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="messages",
        verbose_name=_("contact"),
    )
    was_reached = models.BooleanField(
        _("reached"), null=True, blank=True, help_text=_("Of a call: somebody was spoken to.")
    )
    is_automatic = models.BooleanField(_("automatic"), default=False)
    occurred_at = models.DateTimeField(_("said at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    history = History(erasable=["body"])

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.CheckConstraint(condition=~Q(body=""), name="message_says_something"),
            models.CheckConstraint(
                condition=Q(direction="internal", channel="") | (~Q(direction="internal") & ~Q(channel="")),
                name="message_has_a_channel_unless_internal",
            ),
            models.CheckConstraint(
                condition=Q(channel="phone", was_reached__isnull=False)
                | (~Q(channel="phone") & Q(was_reached=None)),
                name="message_call_says_whether_reached",
            ),
            models.CheckConstraint(
                condition=Q(occurred_at__lte=models.F("recorded_at")), name="message_not_from_the_future"
            ),
            models.CheckConstraint(
                condition=Q(direction="in") | Q(is_automatic=True) | Q(author__isnull=False),
                name="message_out_has_an_author",
            ),
        ]

    def __str__(self):
        return Truncator(" ".join(self.body[:200].split())).chars(60)

    @property
    def is_internal(self):
        return self.direction == self.Direction.INTERNAL

    @property
    def is_call(self):
        return self.channel == Channel.PHONE

    @property
    def answers_customer(self):
        """A public word by a person, or a call in which somebody was reached: what stops a response clock
        (RULES 3)."""
        if self.is_internal or self.is_automatic or self.author_id is None:
            return False
        return bool(self.was_reached) if self.is_call else self.direction == self.Direction.OUT

    @property
    def asks_us(self):
        """Whether the customer came to us with it: starts the wait for the next update."""
        return self.direction == self.Direction.IN
