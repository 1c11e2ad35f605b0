"""What messages are written with: templates, files that come with them, drafts, and the keys of forms."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases import file_types, placeholders
from cases.history import History

from .case import Case, Category
from .customer import Channel, Contact
from .message import Message
from .person import Person


class ReplyTemplate(models.Model):
    """Words for a reply that come again. Written {like_this}, what differs is filled in for each case."""

    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    form_of_address = models.CharField(
        _("form of address"), max_length=10, choices=Contact.Address.choices, default=Contact.Address.FORMAL
    )
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("category"),
        help_text=_("Empty: offered first on cases of any category."),
    )
    channel = models.CharField(
        _("channel"),
        max_length=10,
        choices=[choice for choice in Channel.choices if choice[0] != Channel.PHONE],
        blank=True,
        help_text=_("Empty: for any."),
    )
    body = models.TextField(_("text"), max_length=20_000)
    is_active = models.BooleanField(_("active"), default=True)
    history = History()

    class Meta:
        verbose_name = _("reply template")
        verbose_name_plural = _("reply templates")
        constraints = [
            models.UniqueConstraint(
                fields=["name", "language", "form_of_address"],
                name="replytemplate_once",
                violation_error_message=_(
                    "There is one of this name in this language and form of address; choose another name."
                ),
            ),
            models.CheckConstraint(condition=~Q(body=""), name="replytemplate_says_something"),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        unknown = placeholders.unknown_in(self.body or "")
        if unknown:
            raise ValidationError({"body": _unknown(unknown)})


def _unknown(found):
    return _now("No placeholder: %(found)s. Accepted are %(accepted)s.") % {
        "found": ", ".join(found),
        "accepted": placeholders.spelled(),
    }


class Attachment(models.Model):
    """A file that came with a message. Its content lies under its SHA-256 (cases/files.py); the type is what
    the content is, whatever its sender called it."""

    KEPT = True

    message = models.ForeignKey(
        Message, models.PROTECT, related_name="attachments", verbose_name=_("message")
    )
    name = models.CharField(_("name"), max_length=file_types.NAME_LENGTH)
    media_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    history = History(erasable=["name"])

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        # By which the sweep asks whether a file has a row. `db_index` would make a second one, for LIKE.
        indexes = [models.Index(fields=["sha256"], name="attachment_content")]
        constraints = [
            models.UniqueConstraint(fields=["message", "name"], name="attachment_name_once"),
            models.CheckConstraint(condition=Q(size__gt=0), name="attachment_not_empty"),
            models.CheckConstraint(condition=~Q(name=""), name="attachment_has_a_name"),
        ]

    def __str__(self):
        return self.name

    @property
    def kind(self):
        """Its file_types.Kind, or None for one that is not accepted any more."""
        return file_types.BY_MEDIA_TYPE.get(self.media_type)

    @property
    def is_shown_inline(self):
        return self.kind is not None and self.kind.is_shown_inline


class Draft(models.Model):
    """What somebody began to write on a case and has not sent: theirs alone, gone when it is sent.

    Unaudited: nothing was said yet, and what is written and struck out again is nobody's business.
    """

    class Kind(models.TextChoices):
        REPLY = "reply", _("reply")
        NOTE = "note", _("internal note")
        CALL = "call", _("call")

    LONGEST = 20_000

    person = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="drafts", verbose_name=_("person")
    )
    case = models.ForeignKey(
        Case, models.PROTECT, db_index=False, related_name="drafts", verbose_name=_("case")
    )
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    text = models.TextField(_("text"), max_length=LONGEST)
    saved_at = models.DateTimeField(_("kept at"), db_index=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(fields=["person", "case", "kind"], name="draft_once"),
            models.CheckConstraint(condition=~Q(text=""), name="draft_says_something"),
        ]

    def __str__(self):
        return f"{self.person}: {self.get_kind_display()}"


class SentForm(models.Model):
    """The one-time key of a form that was sent: sent again, it does nothing again.

    Unaudited: what the form did is in the history of what it touched.
    """

    person = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="+", verbose_name=_("person")
    )
    # What it was about, or the case that came of it.
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, db_index=False, related_name="+", verbose_name=_("case")
    )
    key = models.UUIDField(_("key"))
    content = models.CharField(_("SHA-256 of what was sent"), max_length=64, blank=True)
    sent_at = models.DateTimeField(_("sent at"), db_index=True)

    class Meta:
        verbose_name = _("sent form")
        verbose_name_plural = _("sent forms")
        indexes = [models.Index(fields=["person", "case", "-id"], name="sentform_latest")]
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="sentform_once")]

    def __str__(self):
        return str(self.key)
