"""What of the desk a dashboard is about: who reads it, which teams, which period. The same for the page, its
lists, its file and the API."""

from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from cases import queues, roles
from cases.models import Standing, Team
from reports import counting
from reports.models import DailyCount

PERIODS = (7, 30, 90)
USUAL = 30
ASKED = "dashboard.read"


@dataclass(frozen=True)
class Scope:
    """`teams`: the ids of the chosen team and all below it; None where none was chosen."""

    reader: queues.Reader
    team: Team | None = None
    teams: frozenset | None = None
    days: int = USUAL

    @classmethod
    def of(cls, person, now, team=None, days=USUAL):
        """`team`: one that the person may ask about (teams_of)."""
        teams = frozenset(Team.with_all_below([team.pk])) if team else None
        return cls(queues.Reader.of(person, now), team, teams, days)

    @property
    def person(self):
        return self.reader.person

    @property
    def now(self):
        return self.reader.now

    @property
    def first_day(self):
        return counting.today(self.now) - timedelta(days=self.days - 1)

    @property
    def last_day(self):
        return counting.today(self.now)

    @property
    def counted_teams(self):
        """The teams whose days are counted for the reader, as DailyCount's keys; None: all, and none."""
        if roles.scope(self.person, ASKED) == roles.Scope.ALL:
            return self.teams
        return self.reader.teams if self.teams is None else self.reader.teams & self.teams

    @property
    def counts_restricted(self):
        return self.person.role == roles.Role.AUDITOR

    def of_teams(self, to_team):
        """Narrows live rows to the chosen team; `to_team` leads to the case's team."""
        return Q() if self.teams is None else Q(**{f"{to_team}__in": self.teams})

    def reached(self, rows, to_case):
        """Those of `rows` whose case the reader reaches, and that belong to the chosen team."""
        theirs = Standing.objects.filter(self.reader.may_read(), pk=OuterRef(to_case))
        return rows.filter(Exists(theirs)).filter(self.of_teams(f"{to_case}__team"))

    def counted(self, rows, source):
        """Those of a source's rows that are counted for the reader: in their teams, and no secret to them."""
        if not self.counts_restricted:
            rows = rows.filter(**{source.column("is_restricted"): False})
        if self.reader.complained:
            rows = rows.exclude(**{source.column("pk__in"): self.reader.complained})
        if self.counted_teams is not None:
            rows = rows.filter(**{source.column("team__in"): self.counted_teams})
        return rows

    def daily(self):
        """The daily counts of the same."""
        found = DailyCount.objects.all()
        if not self.counts_restricted:
            found = found.filter(is_restricted=False)
        if self.counted_teams is not None:
            found = found.filter(team_key__in=self.counted_teams)
        return found

    def counts_team(self, team_key, is_restricted):
        """Whether `daily` has the counts of such cases."""
        in_teams = self.counted_teams is None or team_key in self.counted_teams
        return in_teams and (self.counts_restricted or not is_restricted)


def teams_of(person):
    """The teams whose dashboard `person` may ask for."""
    found = Team.objects.filter(is_active=True).order_by("name")
    scope = roles.scope(person, ASKED)
    if scope == roles.Scope.ALL:
        return found
    return (
        found.filter(pk__in=Team.department_of(person)) if scope == roles.Scope.DEPARTMENT else found.none()
    )


class Asked(forms.Form):
    """Team and period, as they stand in an address. What is not said is any team, and a month."""

    team = forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("All teams"),
        error_messages={"invalid_choice": _("There is no such team among yours; choose one of the list.")},
    )
    days = forms.TypedChoiceField(
        label=_("Period"),
        choices=[
            (days, ngettext_lazy("%(days)d day", "%(days)d days", days) % {"days": days}) for days in PERIODS
        ],
        coerce=int,
        empty_value=USUAL,
        required=False,
        error_messages={"invalid_choice": _("Trends cover 7, 30 or 90 days; choose one of these.")},
    )

    def __init__(self, data, *, person):
        super().__init__(data)
        self.person = person
        self.fields["team"].queryset = teams_of(person)

    def scope(self, now):
        """The Scope asked for; what cannot be understood is left out, and `errors` says so."""
        self.is_valid()
        said = getattr(self, "cleaned_data", {})
        return Scope.of(self.person, now, team=said.get("team"), days=said.get("days") or USUAL)


def day_of(text):
    """The day that a text such as 2026-03-02 names, or None."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
