"""The outbox: whatever leaves the building, or asks for somebody's attention in it."""

from functools import cache

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from cases.prepared import GivenReader, Prepared

from .case import Case
from .customer import Contact
from .person import Person


class NoticeKind(models.TextChoices):
    """What a notice says; its words are in cases/notices.py, for mail in templates/emails/."""

    CASE_RECEIVED = "case_received", _("Case received")
    REPLY = "reply", _("Reply")
    ASSIGNED = "assigned", _("Case assigned")
    TARGET_AT_RISK = "target_at_risk", _("Target at risk")
    TARGET_BREACHED = "target_breached", _("Target breached")
    PROMISE_AT_RISK = "promise_at_risk", _("Promise coming due")
    PROMISE_BROKEN = "promise_broken", _("Promise broken")
    PAUSE_ENDED = "pause_ended", _("Pause ended")
    HANDOFF = "handoff", _("Handed over")
    HANDOFF_INFORMED = "handoff_informed", _("Informed of a handoff")
    HOLDER_REMINDER = "holder_reminder", _("Reminder")
    HANDOFF_DECLINED = "handoff_declined", _("Handoff declined")
    DEESCALATED = "deescalated", _("De-escalated")
    DECISION_WAITING = "decision_waiting", _("A decision waits for approval")
    DECISION_APPROVED = "decision_approved", _("Decision approved")
    DECISION_SENT_BACK = "decision_sent_back", _("Decision sent back")
    MENTIONED = "mentioned", _("Mentioned")
    CALL_LOGGED = "call_logged", _("Call logged by somebody else")
    CASE_MERGED = "case_merged", _("Case merged into another")
    ASKED_BACK = "asked_back", _("Question about a handoff")
    ANSWERED_BACK = "answered_back", _("Answer about a handoff")
    SEVERITY_RAISED = "severity_raised", _("Severity raised")
    TIMER_SET_ASIDE = "timer_set_aside", _("A timer cannot run")
    NAMED = "named", _("Named on a restricted case")
    MATRIX_CHANGED = "matrix_changed", _("Escalation matrix changed")
    PASSED_ON = "passed_on", _("Taken over from somebody who left")
    TURN_GAINED = "turn_gained", _("On duty: a turn is yours")
    TURN_LOST = "turn_lost", _("On duty: a turn is yours no longer")
    SURVEY_LOW = "survey_low", _("The customer is not content")
    SURVEY = "survey", _("Question to the customer")


class NoticeQuerySet(models.QuerySet):
    def in_app_for(self, person):
        """Theirs, the newest first; not those of cases that were closed to them since."""
        known = Case.objects.not_kept_from(person).filter(pk=OuterRef("case"))
        mine = self.filter(person=person, channel=Notice.Channel.IN_APP)
        return mine.filter(Q(case=None) | Exists(known)).order_by("-pk")

    def unread(self):
        return self.filter(read_at=None)

    def unread_by(self, person, most):
        """How many of theirs wait to be read, for the bell on each page; counted no further than `most`."""
        return len(_unread(person.role, most).all(reader=person.pk))

    def to_deliver(self, now):
        return self.filter(state=Notice.State.QUEUED, next_attempt_at__lte=now).order_by(
            "next_attempt_at", "pk"
        )


@cache
def _unread(role, most):
    unread = Notice.objects.unread().values_list("pk")
    return Prepared(lambda: unread.in_app_for(GivenReader(role))[:most])


class Notice(models.Model):
    """Written with the fact it tells, delivered at least once. `key` makes it impossible to queue it
    twice."""

    KEPT = True

    class Channel(models.TextChoices):
        IN_APP = "app", _("in the app")
        MAIL = "mail", _("mail")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        RECORDED = "recorded", _("recorded only")  # a replay tells nobody

    # Nobody looks for a case's notices: they are read by person, and by whether they have left.
    case = models.ForeignKey(
        Case,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="notices",
        verbose_name=_("case"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=NoticeKind.choices)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="notices", db_index=False
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="notices", db_index=False
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    facts = models.JSONField(_("facts"), default=dict, help_text=_("What its words are made of."))
    key = models.CharField(max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(_("written"))
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    instead_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="fallbacks",
        verbose_name=_("instead of"),
    )
    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state="queued"), name="notice_queued"),
            # What the watchdog shows as undeliverable.
            models.Index(fields=["channel", "-id"], condition=Q(state="failed"), name="notice_failed"),
            models.Index(fields=["person", "-id"], condition=Q(channel="app"), name="notice_of_person"),
            models.Index(fields=["person"], condition=Q(channel="app", read_at=None), name="notice_unread"),
        ]
        constraints = [
            # Not `unique=True`, which would make a second index, for LIKE.
            models.UniqueConstraint(fields=["key"], name="notice_key_once"),
            models.CheckConstraint(
                condition=Q(person__isnull=False, contact=None) | Q(person=None, contact__isnull=False),
                name="notice_to_one_recipient",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="notice_sent_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="queued") | Q(next_attempt_at__isnull=False),
                name="notice_queued_knows_when",
            ),
        ]

    def __str__(self):
        return self.get_kind_display()
