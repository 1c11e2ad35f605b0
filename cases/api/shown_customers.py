"""How customers are shown, and whom we know there."""

from rest_framework import serializers

from cases.models import Contact, Customer

from .fields import Shown, maybe_named


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
        read_only=True,
        allow_null=True,
        help_text="The mean of their answers to surveys, 1 to 5; null in a list and where they gave none.",
    )
    surveys_answered = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="How many answers that is; null in a list."
    )

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
