"""People from a sheet, in the API: looked at row by row first, then all rows or none."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from cases import people_plan, people_sheet
from cases.models import Person
from cases.operations import importing

from .fields import OfParts, Text
from .people import OfConsole, OfPeople
from .verbs import verb

MOST = people_sheet.MOST_ROWS
OUTCOMES = [people_plan.CREATED, people_plan.CHANGED, people_plan.SAME, people_plan.WRONG]


class MayImport(OfConsole):
    def has_permission(self, request, view):
        return super().has_permission(request, view) and importing.may_import(request.user)


# --- As it is shown -----------------------------------------------------------------------------------------


class DifferenceSerializer(OfParts):
    parts = ("column", "was", "becomes")
    column = serializers.CharField(read_only=True)
    was = serializers.CharField(read_only=True)
    becomes = serializers.CharField(read_only=True)


class WrongCellSerializer(OfParts):
    parts = ("column", "why")
    column = serializers.CharField(read_only=True)
    why = serializers.CharField(read_only=True)


class RowSerializer(serializers.Serializer):
    number = serializers.IntegerField(read_only=True, help_text="Its place, from 1.")
    username = serializers.CharField(read_only=True)
    outcome = serializers.ChoiceField(OUTCOMES, read_only=True)
    differences = DifferenceSerializer(many=True, read_only=True)
    errors = WrongCellSerializer(many=True, read_only=True)
    mark = serializers.CharField(read_only=True, help_text="The same as long as it would do the same.")


class LookedAtSerializer(serializers.Serializer):
    """What the rows would do. Nothing is written by that."""

    rows = RowSerializer(many=True, read_only=True)
    is_wrong = serializers.SerializerMethodField(help_text="Some row is wrong: none would be imported.")

    def get_is_wrong(self, looked_at) -> bool:
        return any(row.errors for row in looked_at["rows"])


class ImportedSerializer(serializers.Serializer):
    created = serializers.IntegerField(read_only=True)
    changed = serializers.IntegerField(read_only=True)


# --- What is said -------------------------------------------------------------------------------------------


class PersonRow(serializers.Serializer):
    """A row as in the sheet: text. Columns that are left out stay as they are, of somebody new as usual."""

    def get_fields(self):
        several = {
            "teams": "With the teams above it, as in “Service / Care”; several with “;” between.",
            "skills": "Several with “;” between.",
            "manager": "Their username.",
        }
        return {
            column: serializers.CharField(
                max_length=1000,
                required=column == "username",
                allow_blank=column != "username",
                help_text=several.get(column, str(label)),
            )
            for column, label in people_sheet.COLUMNS.items()
        }

    def to_internal_value(self, data):
        strange = set(data) - set(people_sheet.COLUMNS) if isinstance(data, dict) else set()
        if strange:
            words = {"names": min(strange), "known": ", ".join(people_sheet.COLUMNS)}
            raise serializers.ValidationError(
                {"non_field_errors": [_("No column is called %(names)s; there are %(known)s.") % words]}
            )
        cells = super().to_internal_value(data)
        return {column: " ".join(text.split()) for column, text in cells.items()}


class LookingAt(serializers.Serializer):
    rows = PersonRow(many=True, help_text=f"At most {MOST}.")

    def validate_rows(self, rows):
        if not rows:
            raise serializers.ValidationError(_("Give at least one row of a person."))
        if len(rows) > MOST:
            raise serializers.ValidationError(
                _("The file has more than %(rows)d people; send them in several files.") % {"rows": MOST}
            )
        return [people_sheet.Line(number, cells) for number, cells in enumerate(rows, 1)]


class Importing(LookingAt):
    shown = serializers.ListField(
        child=serializers.CharField(max_length=64),
        max_length=MOST,
        help_text="The marks of the rows as they were looked at, in their order.",
    )
    reason = Text(max_length=300)


class Sheets(OfPeople):
    """Who takes people on for all teams may bring many at once."""

    permission_classes = [*OfPeople.permission_classes, MayImport]
    asks = "people.change"
    person_path = ""
    serializer_class = LookedAtSerializer
    queryset = Person.objects.order_by("pk")

    @verb(
        says=LookingAt,
        answers=LookedAtSerializer,
        asks="people.change",
        detail=False,
        url_path="import/look",
    )
    def look(self, subject, said, *, by, now):
        """Row by row: who is new, what changes, what is wrong. Nothing is written."""
        return {"rows": people_plan.compare(said["rows"], by=by)}

    @verb(
        says=Importing,
        answers=ImportedSerializer,
        asks="people.change",
        detail=False,
        url_path="import",
        url_name="import",
    )
    def carry_out(self, subject, said, *, by, now):
        """All rows or none, if they still do what was shown. Sent twice, the second time does nothing."""
        return importing.carry_out(
            lines=said["rows"], shown=said["shown"], reason=said["reason"], by=by, now=now
        )
