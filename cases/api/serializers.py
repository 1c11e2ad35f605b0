"""How customers, cases and what is on them are shown."""

from django.urls import reverse
from rest_framework import serializers

from cases.models import (
    Attachment,
    Case,
    CaseLink,
    CaseReading,
    Clock,
    Contact,
    Customer,
    Message,
    Notice,
    Party,
    Pause,
    Promise,
    Standing,
    Survey,
)
from cases.notices import sentence
from cases.receipts import LineKind
from cases.states import Metric

from .fields import Moment, Shown, maybe_named, named


class ContactSerializer(Shown):
    class Meta:
        model = Contact
        fields = [
            "id",
            "name",
            "title",
            "email",
            "phone",
            "language",
            "prefers",
            "form_of_address",
            "is_active",
        ]


class CustomerSerializer(Shown):
    account_manager = maybe_named()
    contacts = ContactSerializer(many=True, read_only=True)
    satisfaction = serializers.FloatField(
        read_only=True, allow_null=True, help_text="The mean of their answers to surveys, 1 to 5."
    )
    surveys_answered = serializers.IntegerField(read_only=True)

    class Meta:
        model = Customer
        fields = [
            "id",
            "name",
            "reference",
            "tier",
            "yearly_value",
            "language",
            "time_zone",
            "account_manager",
            "is_vulnerable",
            "since_on",
            "satisfaction",
            "surveys_answered",
            "contacts",
        ]


class CustomerOfCaseSerializer(Shown):
    class Meta:
        model = Customer
        fields = ["id", "name", "tier"]


class PauseSerializer(Shown):
    reason = serializers.CharField(source="reason.code", read_only=True, help_text="The reason's code.")
    name = serializers.CharField(source="reason.name", read_only=True)
    stops = serializers.ListField(child=serializers.ChoiceField(Metric.choices), read_only=True)
    started_by = named()

    class Meta:
        model = Pause
        fields = [
            "id",
            "reason",
            "name",
            "stops",
            "note",
            "started_at",
            "expected_end_at",
            "ended_at",
            "started_by",
        ]


class StandingSerializer(Shown):
    """What a case owes next: what, whose, when."""

    clock = serializers.IntegerField(source="clock_id", read_only=True, allow_null=True)
    promise = serializers.IntegerField(source="promise_id", read_only=True, allow_null=True)
    whose = maybe_named()
    whose_team = maybe_named()

    class Meta:
        model = Standing
        fields = [
            "kind",
            "metric",
            "clock",
            "promise",
            "whose",
            "whose_team",
            "due_at",
            "at_risk_at",
            "is_breached",
            "resumes_at",
            "pause_reason",
        ]


class CaseSerializer(Shown):
    """`revision` goes up with each change; send it with a verb to be refused where somebody was faster."""

    number = serializers.CharField(read_only=True)
    customer = CustomerOfCaseSerializer(read_only=True)
    contact = maybe_named()
    category = maybe_named()
    service = maybe_named()
    team = maybe_named()
    owner = maybe_named(help_text="Accountable from start to end.")
    holder = maybe_named(source="standing.holder", help_text="Who holds its escalation now.")
    holder_team = maybe_named(source="standing.holder_team")
    policy = serializers.CharField(source="policy_version", read_only=True)
    owed_next = StandingSerializer(source="standing", read_only=True)
    open_pauses = PauseSerializer(many=True, read_only=True)

    class Meta:
        model = Case
        fields = [
            "number",
            "subject",
            "status",
            "impact",
            "urgency",
            "priority",
            "customer",
            "contact",
            "category",
            "service",
            "channel",
            "language",
            "reference",
            "team",
            "owner",
            "holder",
            "holder_team",
            "policy",
            "owed_next",
            "open_pauses",
            "is_restricted",
            "received_at",
            "resolved_at",
            "closed_at",
            "reopened_count",
            "reassigned_count",
            "revision",
        ]


class AttachmentSerializer(Shown):
    type = serializers.CharField(source="media_type", read_only=True, help_text="What its content is.")
    url = serializers.SerializerMethodField(help_text="Where its content is, for whoever may read it.")

    class Meta:
        model = Attachment
        fields = ["id", "name", "size", "type", "sha256", "url"]

    def get_url(self, attachment) -> str:
        number = attachment.message.case.number
        return reverse("api-conversation-attachment", args=[number, attachment.pk])


class MessageSerializer(Shown):
    author = maybe_named()
    contact = maybe_named()
    attachments = AttachmentSerializer(many=True, read_only=True)

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
        ]


class OnCase(Shown):
    case = serializers.CharField(source="case.number", read_only=True, help_text="The case's number.")


class PromiseSerializer(OnCase):
    made_by = named()
    replaced_by = serializers.IntegerField(source="replaced_by_id", read_only=True, allow_null=True)

    class Meta:
        model = Promise
        fields = [
            "id",
            "case",
            "what",
            "kind",
            "due_at",
            "told_at",
            "told_by_channel",
            "made_by",
            "state",
            "broken_at",
            "ended_at",
            "replaced_by",
        ]


class PartySerializer(OnCase):
    """Who is named on a case: with access to it, or as the subject of the complaint; former ones too."""

    person = named()

    class Meta:
        model = Party
        fields = ["id", "case", "person", "kind", "reason"]


class SurveySerializer(OnCase):
    class Meta:
        model = Survey
        fields = ["id", "case", "asked_at", "expires_at", "score", "comment", "answered_at"]


class ClockSerializer(OnCase):
    """Met while elapsed working time <= the term; shows `due_at`, is breached strictly after `late_after`."""

    policy = serializers.CharField(source="policy_version", read_only=True, allow_null=True)
    calendar = named()
    owed_by = maybe_named()
    owed_by_team = maybe_named()

    class Meta:
        model = Clock
        fields = [
            "id",
            "case",
            "metric",
            "label",
            "state",
            "policy",
            "calendar",
            "term_seconds",
            "used_seconds",
            "at_risk_percent",
            "ends_on",
            "started_at",
            "at_risk_at",
            "due_at",
            "late_after",
            "warned_at",
            "breached_at",
            "ended_at",
            "elapsed_seconds",
            "owed_by",
            "owed_by_team",
        ]


class ReceiptLineSerializer(serializers.Serializer):
    kind = serializers.ChoiceField([kind.value for kind in LineKind], read_only=True)
    counted_seconds = serializers.FloatField(source="seconds", read_only=True)
    withheld_seconds = serializers.SerializerMethodField(
        help_text="Open time that a pause kept from counting."
    )
    starts_at = Moment(read_only=True, allow_null=True)
    ends_at = Moment(read_only=True, allow_null=True)
    zone = serializers.CharField(read_only=True, allow_null=True)
    on = serializers.DateField(read_only=True, allow_null=True, help_text="In `zone`.")
    last_on = serializers.DateField(read_only=True, allow_null=True)
    name = serializers.CharField(read_only=True, help_text="Of the holiday or the exception.")
    pauses = serializers.SerializerMethodField(help_text="The names of the reasons.")

    def get_withheld_seconds(self, line) -> float:
        return line.withheld.total_seconds()

    def get_pauses(self, line) -> list[str]:
        return [pause.reason.reason.name for pause in line.pauses]


class ReceiptSerializer(serializers.Serializer):
    """The lines add up to `total_seconds`. `due_at` is null while a pause stands."""

    lines = ReceiptLineSerializer(many=True, read_only=True)
    term_seconds = serializers.SerializerMethodField()
    total_seconds = serializers.SerializerMethodField()
    left_seconds = serializers.SerializerMethodField()
    due_at = Moment(read_only=True, allow_null=True)
    late_after = Moment(read_only=True, allow_null=True)
    zone = serializers.CharField(read_only=True)

    def get_term_seconds(self, receipt) -> float:
        return receipt.term.total_seconds()

    def get_total_seconds(self, receipt) -> float:
        return receipt.total.total_seconds()

    def get_left_seconds(self, receipt) -> float:
        return receipt.left.total_seconds()


class CaseLinkSerializer(Shown):
    """`source` is `kind` of `target`, such as merged into it."""

    source = serializers.CharField(source="source.number", read_only=True, help_text="A case's number.")
    target = serializers.CharField(source="target.number", read_only=True, help_text="A case's number.")

    class Meta:
        model = CaseLink
        fields = ["id", "source", "kind", "target", "made_at", "ended_at"]


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


class CaseReadingSerializer(OnCase):
    class Meta:
        model = CaseReading
        fields = ["id", "case", "reason", "at", "until"]
