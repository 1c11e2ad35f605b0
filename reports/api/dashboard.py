"""The dashboard in the API: the same figures as on its page, from the same questions."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from cases.api.fields import Moment
from cases.api.reading import Reading
from cases.models import Team
from cases.queues import ENOUGH
from cases.states import Metric
from reports import board, pressing
from reports.forecast import Verdict
from reports.scope import ASKED, PERIODS, USUAL, Asked


class AskedSerializer(serializers.Serializer):
    """Which teams and which period."""

    team = serializers.IntegerField(
        required=False, help_text="A team's id: it and all teams below it. Without: all that you may see."
    )
    days = serializers.ChoiceField(choices=PERIODS, default=USUAL, help_text="The period of the trends.")


class CountedSerializer(serializers.Serializer):
    """How many, counted up to a limit."""

    number = serializers.IntegerField(read_only=True, help_text=f"At most {ENOUGH + 1}.")
    is_capped = serializers.BooleanField(read_only=True, help_text="There are at least so many.")


class NowSerializer(serializers.Serializer):
    """What needs a decision now."""

    late = CountedSerializer(read_only=True, help_text="Cases whose next obligation is past due.")
    soon = CountedSerializer(read_only=True, help_text="Cases not late yet, due within two hours.")
    handoffs = CountedSerializer(read_only=True, help_text="Handoffs neither acknowledged nor declined.")
    promises = CountedSerializer(read_only=True, help_text="Promises broken, without a new date.")
    timers = CountedSerializer(read_only=True, help_text="Timers that cannot run until mended.")
    load = CountedSerializer(read_only=True, help_text="Holders whose queue is forecast to run late.")


class ForecastSerializer(serializers.Serializer):
    """One queue, worked in the order in which its obligations are due."""

    person = serializers.IntegerField(source="person_id", read_only=True, allow_null=True)
    team = serializers.IntegerField(
        source="team_id", read_only=True, allow_null=True, help_text="Of a team's unowned work."
    )
    name = serializers.CharField(read_only=True)
    verdict = serializers.ChoiceField(list(Verdict), source="forecast.verdict", read_only=True)
    cases = serializers.IntegerField(source="forecast.cases", read_only=True)
    late_already = serializers.IntegerField(source="forecast.late_already", read_only=True)
    will_be_late = serializers.SerializerMethodField(help_text="How many, in due order.")
    first_late_case = serializers.SerializerMethodField(help_text="The number of the first of them.")
    first_late_at = serializers.SerializerMethodField(help_text="When that one is due.")
    without_estimate = serializers.IntegerField(source="forecast.unknown", read_only=True)
    work_seconds = serializers.FloatField(
        source="forecast.work", read_only=True, help_text="Estimated work owed until the day ends."
    )
    left_seconds = serializers.FloatField(
        source="forecast.left", read_only=True, help_text="Working time until the day ends."
    )

    def get_will_be_late(self, holder) -> int:
        return len(holder.forecast.late)

    def get_first_late_case(self, holder) -> str | None:
        return holder.first_case.number if holder.first_case else None

    def get_first_late_at(self, holder) -> str | None:
        late = holder.forecast.late
        return Moment().to_representation(late[0].owed.due_at) if late else None


class EstimateSerializer(serializers.Serializer):
    """What one obligation of a team takes, and how many that was learnt from."""

    team = serializers.CharField(read_only=True)
    seconds = serializers.FloatField(read_only=True, allow_null=True, help_text="Null: too few to say.")
    sample = serializers.IntegerField(read_only=True)


class LineSerializer(serializers.Serializer):
    """A number a day; `before` is the total of as many days before."""

    numbers = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    total = serializers.IntegerField(read_only=True)
    before = serializers.IntegerField(read_only=True)


class InTimeSerializer(serializers.Serializer):
    """Clocks of one metric that ended. Shares are percents."""

    metric = serializers.ChoiceField(Metric.choices, read_only=True)
    met = serializers.IntegerField(read_only=True)
    missed = serializers.IntegerField(read_only=True)
    share = serializers.FloatField(read_only=True, allow_null=True)
    share_before = serializers.FloatField(read_only=True, allow_null=True)
    daily = serializers.ListField(child=serializers.FloatField(allow_null=True), read_only=True)


class TeamBreachesSerializer(serializers.Serializer):
    """Breaches of one team's cases; team 0 is none."""

    team = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)
    number = serializers.IntegerField(read_only=True)
    before = serializers.IntegerField(read_only=True)


class LevelSerializer(serializers.Serializer):
    """Escalations that reached a level; level 0 is the fallback holder."""

    level = serializers.IntegerField(read_only=True)
    number = serializers.IntegerField(read_only=True)
    before = serializers.IntegerField(read_only=True)


class TrendsSerializer(serializers.Serializer):
    """The days as they were last counted; null when they never were."""

    counted_at = Moment(read_only=True, allow_null=True)
    days = serializers.ListField(child=serializers.DateField(), read_only=True)
    received = LineSerializer(read_only=True)
    resolved = LineSerializer(read_only=True)
    reopened = LineSerializer(read_only=True)
    acknowledged = LineSerializer(read_only=True)
    in_time = InTimeSerializer(many=True, read_only=True)
    breaches = serializers.SerializerMethodField()
    levels = serializers.SerializerMethodField()
    acknowledge_p50_seconds = serializers.FloatField(source="p50", read_only=True, allow_null=True)
    acknowledge_p95_seconds = serializers.FloatField(source="p95", read_only=True, allow_null=True)

    @extend_schema_field(TeamBreachesSerializer(many=True))
    def get_breaches(self, trends):
        names = ("team", "name", "number", "before")
        return [dict(zip(names, row, strict=True)) for row in trends.breaches]

    @extend_schema_field(LevelSerializer(many=True))
    def get_levels(self, trends):
        return [dict(zip(("level", "number", "before"), row, strict=True)) for row in trends.levels]


class DashboardSerializer(serializers.Serializer):
    """The dashboard, as of `as_of`."""

    as_of = Moment(read_only=True)
    now = NowSerializer(read_only=True)
    holders = ForecastSerializer(many=True, read_only=True)
    unowned = ForecastSerializer(many=True, read_only=True)
    estimates = EstimateSerializer(many=True, read_only=True)
    forecast_until = Moment(
        read_only=True, allow_null=True, help_text="What is due later was not looked at; null: all was."
    )
    trends = TrendsSerializer(read_only=True)


class Dashboard(Reading):
    """What needs a decision now, a forecast of what will be late, and trends."""

    asks = ASKED
    serializer_class = DashboardSerializer
    pagination_class = None
    queryset = Team.objects.none()  # nothing is listed

    @extend_schema(parameters=[AskedSerializer], responses=DashboardSerializer)
    def list(self, request):
        """The figures of the dashboard, for those who manage or audit; supervisors get their departments'."""
        asked = AskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        form = Asked(asked.validated_data, person=request.user)
        scope = form.scope(timezone.now())
        if form.errors:
            raise ValidationError(form.errors)
        return Response(DashboardSerializer(shown(board.of(scope, with_items=False))).data)


def shown(found):
    """What the serializer reads of a board.Board."""
    return {
        "as_of": found.scope.now,
        "now": {
            kind: {"number": number, "is_capped": number >= pressing.MOST}
            for kind, number in found.numbers.items()
        },
        "holders": found.workload.holders,
        "unowned": found.workload.unowned,
        "estimates": [
            {"team": name, "seconds": pace.seconds, "sample": pace.sample}
            for name, pace in found.workload.paces.values()
        ],
        "forecast_until": found.workload.until,
        "trends": found.trends,
    }


ROUTES = [("dashboard", Dashboard, "api-dashboard")]
