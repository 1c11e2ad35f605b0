"""Trying a path version before it is published: on one case, and on all cases of the past."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases import display
from cases.admin.versions import posted
from cases.console import action
from cases.errors import Refused
from cases.models import TriggerKind
from escalations.forms.previewing import PreviewForm
from escalations.models import BackTest, PassedOver
from escalations.operations import backtesting
from escalations.previewing import Line

from .backtests import BackTestForm


@dataclass(frozen=True)
class Shown:
    """A line of a preview as its page says it, at `now`."""

    line: Line
    now: object

    @property
    def when(self):
        return display.moment(self.line.at, self.now, "day")

    @property
    def by(self):
        return display.moment(self.line.due_at, self.now, "day") if self.line.due_at else ""

    @property
    def there(self):
        """The same instant by the holder's clock, where that is another one."""
        if display.local_time(self.line.at, self.line.zone) == display.clock_time(self.line.at):
            return ""
        local = self.line.at.astimezone(ZoneInfo(self.line.zone))
        return _("%(when)s in %(city)s") % {
            "when": date_format(local, "D H:i"),
            "city": display.zone_city(self.line.zone),
        }

    @property
    def because(self):
        if self.line.because == "unacknowledged":
            return _("if nobody acknowledges")
        return str(dict(TriggerKind.choices).get(self.line.because, self.line.because))

    @property
    def place(self):
        if self.line.is_fallback:
            return _("Fallback")
        level = self.line.level
        return _("Level %(number)d: %(name)s") % {"number": level.number, "name": level.name}

    @property
    def passed(self):
        whys = dict(PassedOver.Why.choices)
        return [
            _("Level %(level)d passes over %(who)s: %(why)s.")
            % {"level": level, "who": who, "why": whys.get(why, why)}
            if who
            else _("Level %(level)d is passed over: %(why)s.") % {"level": level, "why": whys.get(why, why)}
            for level, who, why in self.line.passed
        ]


def rule_words(preview, version):
    """Which rule starts it, in a sentence."""
    rule = preview.rule
    words = {"rule": rule.name if rule else "", "level": preview.level_number}
    if rule is None:
        return _("No rule answers this; shown is what would follow if somebody started it at level 1.")
    if rule.path_id != version.path_id:
        words["path"] = rule.path.name
        return (
            _("Rule “%(rule)s” takes this to “%(path)s”; shown is what this version would do from level 1.")
            % words
        )
    return _("Rule “%(rule)s” starts it at level %(level)d.") % words


class TryPages:
    """For the admin of path versions."""

    def offered_on(self, version):
        return tuple(dict.fromkeys((*super().offered_on(version), "preview", "try_on_past")))

    @action(
        description=gettext_lazy("Preview on a case"),
        url_path="preview",
        icon="play_arrow",
        permissions=["draft"],
    )
    def preview(self, request, object_id):
        version, now = self.version_or_404(request, object_id), timezone.now()
        form = PreviewForm(request.GET or None, person=request.user, now=now)
        found, refusal = None, ""
        if request.GET and form.is_valid():
            if version.levels.exists():
                found = form.preview(version)
            else:
                refusal = _("The draft has no level yet; give it one, then there is something to see.")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Preview of %(version)s") % {"version": version},
            "form": form,
            "refusal": refusal,
            "rule_words": rule_words(found, version) if found else "",
            "lines": [Shown(line, now) for line in found.lines] if found else (),
            "found": found,
            "zone": display.zone_city(timezone.get_current_timezone_name()),
            "opts": self.opts,
            "original": version,
            "media": self.media + form.media,
            "back": self.address("change", version.pk),
        }
        return render(request, "admin/preview.html", context)

    @action(
        description=gettext_lazy("Try on past cases…"),
        url_path="back-test",
        icon="experiment",
        permissions=["draft"],
    )
    def try_on_past(self, request, object_id):
        """Asks which days; leads to the page that shows how far it is."""
        version, now = self.version_or_404(request, object_id), timezone.now()
        going = BackTest.objects.in_progress().filter(version=version).first()
        if going is not None:
            return redirect(reverse("admin:escalations_backtest_change", args=[going.pk]))
        form = BackTestForm(posted(request), now=now)
        if request.method == "POST" and form.is_valid():
            since, until = form.window()
            try:
                job = backtesting.begin(
                    version=version,
                    since=since,
                    until=until,
                    with_proposals=form.cleaned_data["with_proposals"],
                    by=request.user,
                    now=now,
                )
            except Refused as refused:
                for sentence in refused.messages:
                    messages.error(request, sentence)
            else:
                return redirect(reverse("admin:escalations_backtest_change", args=[job.pk]))
        effects = [
            _("Past cases are played again with this version and the rules of now. Nothing is changed.")
        ]
        title = _("Try %(version)s on past cases") % {"version": version}
        return self.ask(request, version, form, title=title, button=_("Begin"), effects=effects)
