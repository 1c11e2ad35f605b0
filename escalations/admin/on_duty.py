"""Who would get a case at each level of a path, now and until the end of next week."""

from dataclasses import dataclass

from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from cases import display
from cases.console import action
from escalations import duty_levels
from escalations.models import PassedOver, Responsible

SHOWN = 40
# Of the people of a team who are there.
NAMED = 6


@dataclass(frozen=True)
class Row:
    """A level as the page shows it: `lines` are (when, who, why not somebody else, whether it is now)."""

    place: str
    asks: str
    lines: list
    more: str
    gaps: str


class OnDutyPages:
    """For the admin of path versions."""

    def offered_on(self, version):
        return tuple(dict.fromkeys((*super().offered_on(version), "on_duty")))

    @action(
        description=gettext_lazy("Who is on duty"),
        url_path="on-duty",
        icon="event_available",
        permissions=["view"],
    )
    @method_decorator(require_GET)
    def on_duty(self, request, object_id):
        version, now = self.version_or_404(request, object_id), timezone.now()
        until = duty_levels.end_of_next_week(now)
        levels, roster = duty_levels.at_each_level(version, since=now, until=until)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Who is on duty: %(version)s") % {"version": version},
            "opts": self.opts,
            "original": version,
            "rows": [_row(level, roster) for level in levels],
            "zone": display.zone_city(timezone.get_current_timezone_name()),
            "back": self.address("change", version.pk),
            "media": self.media,
        }
        return render(request, "admin/on_duty.html", context)


def _row(duty, roster):
    level = duty.level
    place = _("Level %(number)d: %(name)s") % {"number": level.number, "name": level.name}
    asks = str(dict(Responsible.choices)[level.responsible])
    if duty.stretches is None:
        return Row(place, asks, [], _("That depends on the case; the preview says it of one."), "")
    lines = [
        (display.stretch(s.starts_at, s.ends_at), _who(s, roster), _why(s, roster), number == 0)
        for number, s in enumerate(duty.stretches[:SHOWN])
    ]
    left = len(duty.stretches) - len(lines)
    more = ngettext("And %(n)d more stretch.", "And %(n)d more stretches.", left) % {"n": left}
    nobody = [s for s in duty.stretches if s.person_id is None and s.team_id is None]
    seconds = sum((s.ends_at - s.starts_at).total_seconds() for s in nobody)
    gaps = ""
    if nobody:
        words = {"time": display.duration(seconds)}
        gaps = _("For %(time)s of this time nobody is there: the level is passed over then.") % words
    return Row(place, asks, lines, more if left else "", gaps)


def _who(stretch, roster):
    if stretch.person_id is not None:
        return roster.people[stretch.person_id].name
    team = roster.team_names.get(stretch.team_id, "")
    if not stretch.told:
        return team
    names = [_named(asked, roster) for asked in stretch.told]
    words = {"team": team, "people": ", ".join(names[:NAMED]), "n": len(names) - NAMED}
    if words["n"] <= 0:
        return _("%(team)s: %(people)s") % words
    more = ngettext("%(team)s: %(people)s and %(n)d more", "%(team)s: %(people)s and %(n)d more", words["n"])
    return more % words


def _named(asked, roster):
    name = roster.people[asked.person_id].name
    if asked.instead_of is None:
        return name
    return _("%(who)s for %(instead_of)s") % {
        "who": name,
        "instead_of": roster.people[asked.instead_of].name,
    }


def _why(stretch, roster):
    whys = dict(PassedOver.Why.choices)
    return "; ".join(
        _("%(who)s: %(why)s") % {"who": roster.people[pk].name, "why": whys.get(why, why)}
        for pk, why in stretch.passed
        if pk in roster.people
    )
