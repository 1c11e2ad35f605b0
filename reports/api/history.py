"""The history of a case in the API: who, why, when, how, old and new; to read and to filter."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from cases.api.fields import Moment, maybe_named
from cases.api.pages import Pages
from cases.api.reading import OfOneCase
from reports.changes import DID, KEPT, changes


class ChangedFieldSerializer(serializers.Serializer):
    field = serializers.CharField(read_only=True)
    old = serializers.JSONField(read_only=True, allow_null=True)
    new = serializers.JSONField(read_only=True, allow_null=True)


class ChangeSerializer(serializers.Serializer):
    """One row of history. `why`: the reason given; `via`: how it came, such as page, api or engine."""

    what = serializers.ChoiceField(list(KEPT), read_only=True)
    id = serializers.IntegerField(read_only=True, help_text="Of the history row; unique for each `what`.")
    object = serializers.IntegerField(
        source="object_id", read_only=True, help_text="Of the thing that changed."
    )
    did = serializers.ChoiceField(list(DID.values()), read_only=True)
    who = maybe_named()
    why = serializers.CharField(read_only=True)
    when = Moment(read_only=True)
    recorded_at = Moment(read_only=True, help_text="By the database's own clock.")
    via = serializers.CharField(read_only=True)
    changes = serializers.SerializerMethodField()
    is_erased = serializers.BooleanField(read_only=True, help_text="Personal words in it were blanked later.")

    @extend_schema_field(ChangedFieldSerializer(many=True))
    def get_changes(self, change):
        return [{"field": name, "old": old, "new": new} for name, old, new in change.fields]


class ChangePageSerializer(serializers.Serializer):
    next = serializers.URLField(read_only=True, allow_null=True)
    results = ChangeSerializer(many=True, read_only=True)


class Narrowed(serializers.Serializer):
    """What a history may be narrowed to."""

    what = serializers.MultipleChoiceField(choices=list(KEPT), required=False)
    who = serializers.IntegerField(
        required=False, help_text="A person's id; negative ones are the system's own."
    )
    via = serializers.ListField(child=serializers.CharField(max_length=12), required=False)
    since = Moment(required=False)
    before = Moment(required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.IntegerField(
        required=False, min_value=1, max_value=Pages.max_page_size, default=Pages.page_size
    )

    def validate_cursor(self, text):
        try:
            after = json.loads(urlsafe_b64decode(text.encode("ascii")))
            return {kind: int(after[kind]) for kind in KEPT if kind in after}
        except (ValueError, TypeError) as error:
            raise serializers.ValidationError(Pages.invalid_cursor_message) from error


class CaseHistory(OfOneCase):
    """What the database wrote down of a case and all that hangs on it."""

    serializer_class = ChangeSerializer

    @extend_schema(parameters=[Narrowed], responses=ChangePageSerializer)
    @action(detail=True, asks="history.read", pagination_class=None)
    def history(self, request, number):
        """Rows of the case, its messages, promises, clocks, escalations, handoffs and more, in order."""
        case = self.subject()
        asked = Narrowed(data=request.query_params)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        found, cursor = changes(
            case,
            kinds=said.get("what"),
            who=said.get("who"),
            via=said.get("via", ()),
            since=said.get("since"),
            before=said.get("before"),
            after=said.get("cursor"),
            most=said["page_size"],
        )
        following = None
        if cursor is not None:
            text = urlsafe_b64encode(json.dumps(cursor).encode()).decode()
            following = replace_query_param(request.build_absolute_uri(), "cursor", text)
        return Response({"next": following, "results": ChangeSerializer(found, many=True).data})


ROUTES = [("cases", CaseHistory, "api-case-history")]
