"""How the sum that led to a clock's due time is shown."""

from rest_framework import serializers

from cases.receipts import LineKind

from .fields import Moment


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
