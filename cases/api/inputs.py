"""What a verb may be told. Each reads the words of one operation; the operation decides."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from cases.models import (
    Category,
    Channel,
    Contact,
    Customer,
    Party,
    PauseReason,
    Person,
    Promise,
    ReplyTemplate,
    Service,
    Tag,
    Team,
    TriggerKind,
)
from cases.priorities import Weight
from cases.states import Priority

from .fields import Moment, Text

# What a customer may ask for or show (RULES 4).
ASKS = [
    TriggerKind.ASKED_SUPERVISOR,
    TriggerKind.ASKED_OTHER_AGENT,
    TriggerKind.THREAT,
    TriggerKind.SAFETY,
    TriggerKind.VULNERABLE,
    TriggerKind.STATED_NEED,
]
# Named in one list.
MOST_IDS = 500
WRITTEN = [choice for choice in Channel.choices if choice[0] != Channel.PHONE]


def one(queryset, **kwargs):
    return serializers.PrimaryKeyRelatedField(queryset=queryset, **kwargs)


class Ids(serializers.ListField):
    """Several of a kind: what they are is looked up at once, not one by one."""

    child = serializers.IntegerField(min_value=1, max_value=10**18 - 1)

    def __init__(self, **kwargs):
        super().__init__(max_length=MOST_IDS, **kwargs)


def chosen_of(queryset, ids):
    """The rows with these ids, in that order. Raises ValidationError for one that is not among them."""
    found = queryset.in_bulk(ids)
    strange = [pk for pk in ids if pk not in found]
    if strange:
        raise serializers.ValidationError(_("There is none with the id %(id)d here.") % {"id": strange[0]})
    return list(found.values())


class Said(serializers.Serializer):
    """What is said about a case. `subject`, in the context, is what the address names."""

    def customer(self):
        """Whose the contact and the service must be."""
        return self.context["subject"].customer_id

    def validate_contact(self, contact):
        if contact is not None and contact.customer_id != self.customer():
            raise serializers.ValidationError(_("This is no contact of the case's customer."))
        return contact


class Versioned(Said):
    revision = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="The case's revision as you saw it: refused (409) if it changed since.",
    )


class TakingDown(Said):
    """What somebody brings, of a customer that is known."""

    contact = one(Contact.objects.filter(is_active=True), required=False, allow_null=True)
    subject = Text(max_length=200)
    body = Text(help_text="In the customer's words.")
    channel = serializers.ChoiceField(Channel.choices)
    category = one(Category.objects.filter(is_active=True), required=False, allow_null=True)
    service = one(Service.objects.filter(is_active=True), required=False, allow_null=True)
    language = serializers.ChoiceField(settings.LANGUAGES, required=False)
    impact = serializers.ChoiceField(Weight.choices, required=False)
    urgency = serializers.ChoiceField(Weight.choices, required=False)
    priority = serializers.ChoiceField(Priority.choices, required=False)
    received_at = Moment(required=False, help_text="When the customer came; now, if left out.")
    reference = serializers.CharField(max_length=80, required=False, allow_blank=True)
    restricted_because = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="Why only those named on it may know of it: at first who opens it and who owns it.",
    )

    asks = serializers.ListField(
        child=Text(max_length=500), max_length=20, required=False, help_text="What the customer asks of us."
    )
    tried = Text(required=False, help_text="What was already tried, one a line.")
    answers = serializers.DictField(
        child=serializers.CharField(max_length=4000, allow_blank=True),
        required=False,
        help_text="To the questions of the category (see /questions/), by the question's id.",
    )

    def validate_answers(self, answers):
        if not all(key.isdecimal() and len(key) < 18 for key in answers):
            raise serializers.ValidationError(_("Answers go by the ids of their questions."))
        return {int(key): value for key, value in answers.items()}

    def validate_service(self, service):
        if service is not None and not service.subscriptions.filter(customer=self.customer()).exists():
            raise serializers.ValidationError(_("This customer does not have this service."))
        return service


class FollowingUp(TakingDown):
    """Of the same customer as the case that has ended."""


class Opening(TakingDown):
    customer = one(Customer.objects.all())

    def validate_contact(self, contact):
        return contact  # its customer is among what is said: validate

    def validate_service(self, service):
        return service

    def validate(self, said):
        contact, service = said.get("contact"), said.get("service")
        if contact is not None and contact.customer_id != said["customer"].pk:
            raise serializers.ValidationError({"contact": [_("This is no contact of this customer.")]})
        if service is not None and not service.subscriptions.filter(customer=said["customer"]).exists():
            raise serializers.ValidationError({"service": [_("This customer does not have this service.")]})
        return said


class Reply(Versioned):
    body = Text(required=False, help_text="What is written; or name a template.")
    template = one(
        ReplyTemplate.objects.filter(is_active=True),
        required=False,
        help_text="A reply template's id: its text, filled in for this case, is what is written.",
    )
    channel = serializers.ChoiceField(WRITTEN, required=False)
    contact = one(Contact.objects.filter(is_active=True), required=False)

    def validate(self, said):
        if ("body" in said) == ("template" in said):
            raise serializers.ValidationError({"body": [_("Give either a text or a template.")]})
        return said


class Note(Said):
    body = Text()


class Call(Said):
    body = Text()
    incoming = serializers.BooleanField(help_text="The customer called us.")
    was_reached = serializers.BooleanField(
        help_text="Somebody was spoken to; otherwise the call stops nothing."
    )
    occurred_at = Moment(required=False)
    contact = one(Contact.objects.filter(is_active=True), required=False)
    asks_for = serializers.ChoiceField([(k.value, k.label) for k in ASKS], required=False)


class Incoming(Said):
    body = Text(help_text="What the customer wrote.")
    channel = serializers.ChoiceField(WRITTEN)
    occurred_at = Moment(required=False)
    contact = one(Contact.objects.filter(is_active=True), required=False)
    asks_for = serializers.ChoiceField([(k.value, k.label) for k in ASKS], required=False)


class Promising(Versioned):
    what = Text(max_length=200)
    due_at = Moment()
    kind = serializers.ChoiceField(Promise.Kind.choices, required=False)
    channel = serializers.ChoiceField(Channel.choices, required=False, help_text="How the customer was told.")
    replaces = one(
        Promise.objects.all(), required=False, help_text="The open or broken promise it stands in for."
    )

    def validate_replaces(self, promise):
        if promise.case_id != self.context["subject"].pk:
            raise serializers.ValidationError(_("This is no promise of this case."))
        return promise


class Replacing(Versioned):
    """A new date, and the word that goes with it: `word` is sent, or `told_at` says when it was said."""

    what = Text(max_length=200)
    due_at = Moment()
    kind = serializers.ChoiceField(Promise.Kind.choices, required=False)
    channel = serializers.ChoiceField(
        Channel.choices, required=False, help_text="How the customer is told, or was."
    )
    word = Text(required=False, help_text="What the customer reads; sent at once.")
    told_at = Moment(required=False, help_text="When they were told, where nothing is sent.")


class Pausing(Versioned):
    reason = serializers.SlugRelatedField("code", queryset=PauseReason.objects.filter(is_active=True))
    expected_end_at = Moment()
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class Resuming(Versioned):
    reason = serializers.SlugRelatedField("code", queryset=PauseReason.objects.all())


class Assigning(Versioned):
    """Leave out what stays; null takes it away."""

    team = one(Team.objects.filter(is_active=True), required=False, allow_null=True)
    owner = one(Person.objects.working(), required=False, allow_null=True)
    reason = Text()


class Prioritising(Versioned):
    priority = serializers.ChoiceField(Priority.choices, required=False)
    impact = serializers.ChoiceField(Weight.choices, required=False)
    urgency = serializers.ChoiceField(Weight.choices, required=False)
    reason = Text(required=False)


class Tagging(serializers.Serializer):
    """Tags to put on and to take off; what is on already stays."""

    add = Ids(required=False, help_text="Ids of tags; see /tags/.")
    remove = Ids(required=False)

    def validate_add(self, ids):
        return chosen_of(Tag.objects.filter(is_active=True), ids)

    def validate_remove(self, ids):
        return chosen_of(Tag.objects, ids)


class TaggingOne(Tagging, Versioned):
    pass


class Correcting(Versioned):
    """Leave out what stays; null says that there is none, or that it is not known."""

    subject = Text(max_length=200, required=False)
    category = one(Category.objects.all(), required=False, allow_null=True)
    service = one(Service.objects.all(), required=False, allow_null=True)
    contact = one(Contact.objects.filter(is_active=True), required=False, allow_null=True)
    language = serializers.ChoiceField(settings.LANGUAGES, required=False)
    reference = serializers.CharField(max_length=80, required=False, allow_blank=True)
    reason = Text(required=False, help_text="Needed where the category or the service changes.")


class Reason(Versioned):
    reason = Text()


class ShortReason(Versioned):
    reason = Text(max_length=200)


class Naming(ShortReason):
    person = one(Person.objects.working())
    kind = serializers.ChoiceField(
        [(kind.value, kind.label) for kind in (Party.Kind.ACCESS, Party.Kind.SUBJECT)],
        help_text="With access to the case where it is restricted, or as the subject of the complaint.",
    )


class Striking(ShortReason):
    party = one(Party.objects.exclude(kind=Party.Kind.FORMER), help_text="Its id; see the case's parties.")

    def validate_party(self, party):
        if party.case_id != self.context["subject"].pk:
            raise serializers.ValidationError(_("Nobody is named so on this case."))
        return party


class Nothing(Versioned):
    """No words are needed."""


class WithReason(serializers.Serializer):
    reason = Text(max_length=300)


class NoWords(serializers.Serializer):
    """No words are needed, and no case is in question."""


class ReadingAll(serializers.Serializer):
    up_to = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=10**18 - 1,
        help_text="The id of the newest notice that was seen: what came since stays unread.",
    )
