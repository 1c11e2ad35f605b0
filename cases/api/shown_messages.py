"""How what was said is shown, what came with it, and whether it was delivered; and notices."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cases.models import Attachment, Message, Notice, NoticeKind
from cases.notices import sentence
from cases.views.delivery import mails_of
from cases.views.watchdog_words import explain

from .fields import Moment, Shown, maybe_named


class AttachmentSerializer(Shown):
    type = serializers.CharField(source="media_type", read_only=True, help_text="What its content is.")
    url = serializers.SerializerMethodField(help_text="Where its content is, for whoever may read it.")

    class Meta:
        model = Attachment
        fields = ["id", "name", "size", "type", "sha256", "url"]

    def get_url(self, attachment) -> str:
        number = attachment.message.case.number
        return reverse("api-conversation-attachment", args=[number, attachment.pk])


class DeliverySerializer(serializers.Serializer):
    """What became of the mail: of a reply, or of the receipt for what a case began with."""

    is_receipt = serializers.SerializerMethodField()
    state = serializers.ChoiceField(Notice.State.choices, read_only=True)
    attempts = serializers.IntegerField(read_only=True)
    sent_at = Moment(read_only=True, allow_null=True)
    next_attempt_at = serializers.SerializerMethodField(help_text="When it is tried next by itself.")
    error = serializers.SerializerMethodField(help_text="Why it was not delivered, in a sentence.")

    def get_is_receipt(self, mail) -> bool:
        return mail.kind == NoticeKind.CASE_RECEIVED

    @extend_schema_field(Moment(allow_null=True))
    def get_next_attempt_at(self, mail):
        waits = mail.state == Notice.State.QUEUED
        return Moment().to_representation(mail.next_attempt_at) if waits else None

    def get_error(self, mail) -> str:
        return explain(mail.last_error) if mail.last_error else ""


class MessageSerializer(Shown):
    author = maybe_named()
    contact = maybe_named()
    attachments = AttachmentSerializer(many=True, read_only=True)
    delivery = serializers.SerializerMethodField(help_text="Null where no mail belongs to it.")

    class Meta:
        model = Message
        fields = [
            "id",
            "direction",
            "channel",
            "body",
            "author",
            "contact",
            "attachments",
            "was_reached",
            "is_automatic",
            "occurred_at",
            "recorded_at",
            "delivery",
        ]

    @extend_schema_field(DeliverySerializer(allow_null=True))
    def get_delivery(self, message):
        mails = self.context.get("mails")
        mail = (mails_of([message]) if mails is None else mails).get(message.pk)
        return DeliverySerializer(mail).data if mail else None


class NoticeSerializer(Shown):
    case = serializers.SerializerMethodField(help_text="The case's number.")
    sentence = serializers.SerializerMethodField(help_text="What it says, in your language and zone.")
    facts = serializers.DictField(read_only=True, help_text="What its words are made of.")

    class Meta:
        model = Notice
        fields = ["id", "kind", "case", "sentence", "facts", "created_at", "read_at"]

    def get_sentence(self, notice) -> str:
        return sentence(notice)

    def get_case(self, notice) -> str | None:
        return notice.case.number if notice.case_id else None


class SeenSerializer(serializers.Serializer):
    number = serializers.IntegerField(read_only=True, help_text="How many were unread.")
