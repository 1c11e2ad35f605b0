"""A back-test on its page: how far it is, live; what it found, with what was assumed, once it stands."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from cases import display as shown
from cases import durations, roles
from cases.admin.bases import ReadOnly
from cases.admin.recalculations import UNATTENDED_AFTER, number
from cases.console import ConsoleAdmin, DayField, Widgets, display
from cases.errors import Refused
from cases.models import Case
from escalations.backtest import counting, report
from escalations.models import BackTest, PassedOver
from escalations.operations import backtesting

from . import backtest_charts

State = BackTest.State
LABELS = {
    State.IN_PROGRESS: "info",
    State.FINISHED: "success",
    State.CANCELLED: "default",
    State.FAILED: "danger",
}
MOST_PEOPLE = 15
LAST = timedelta(days=90)


class BackTestForm(forms.Form):
    """Which days, and whether proposed rules count as if they were in force."""

    since = DayField(label=gettext_lazy("From"))
    until = DayField(label=gettext_lazy("Up to and including"))
    with_proposals = forms.BooleanField(
        label=gettext_lazy("With the rules of this path that are only proposed"),
        required=False,
        widget=Widgets.Switch,
        help_text=gettext_lazy("As if those that are switched off were switched on."),
    )

    def __init__(self, data=None, *, now):
        today = timezone.localdate(now)
        super().__init__(
            data, initial={"since": today - LAST, "until": today - timedelta(days=1), "with_proposals": True}
        )

    def window(self):
        """(since, until): aware, half-open, by the reader's midnight."""
        first, last = self.cleaned_data["since"], self.cleaned_data["until"] + timedelta(days=1)
        return tuple(timezone.make_aware(datetime.combine(day, time.min)) for day in (first, last))


@dataclass(frozen=True)
class Result:
    """A back-test as its page shows it at `now`, to `person`."""

    job: BackTest
    person: object
    now: object

    # --- how far it is ---

    @property
    def is_live(self):
        return self.job.is_live

    @property
    def done(self):
        return min(self.job.done, self.job.total)

    @property
    def percent(self):
        return 100 * self.done // self.job.total if self.job.total else 100

    @property
    def counted_cases(self):
        words = ngettext("%(done)s of %(total)s case", "%(done)s of %(total)s cases", self.job.total)
        return words % {"done": number(self.done), "total": number(self.job.total)}

    @property
    def pace(self):
        """How long it still takes, or what it waits for; empty once it stands."""
        if not self.is_live:
            return ""
        if self.now - (self.job.moved_at or self.job.asked_at) > UNATTENDED_AFTER:
            return _("Nobody works on it. Does a worker for deliveries run?")
        took = (self.now - self.job.started_at).total_seconds() if self.job.started_at else 0
        if not self.done or took <= 0:
            return _("It is taken up within seconds.")
        left = durations.word(max(1, round((self.job.total - self.done) / (self.done / took))))
        return _("%(left)s left") % {"left": left}

    @property
    def outcome(self):
        """The one sentence that is read out when it comes to stand."""
        if self.job.state == State.FAILED:
            return _("It failed, and nothing of it is reliable: %(error)s") % {"error": self.job.error}
        if self.job.state == State.CANCELLED:
            return _("Cancelled. What follows is of the cases done until then.")
        if self.job.state == State.FINISHED:
            took = (self.job.finished_at - (self.job.started_at or self.job.finished_at)).total_seconds()
            return _("Done in %(time)s.") % {"time": durations.word(max(1, round(took)))}
        return ""

    @property
    def may_cancel(self):
        return self.is_live and roles.may(self.person, "rules.draft")

    @property
    def may_try_again(self):
        return self.job.state in (State.FAILED, State.CANCELLED) and roles.may(self.person, "rules.draft")

    # --- what it found ---

    @property
    def counted(self):
        return self.job.counted

    @property
    def is_shown(self):
        return not self.is_live and self.job.state != State.FAILED and bool(self.counted.get("cases"))

    @property
    def headline(self):
        draft = self.counted[counting.DRAFT]
        words = ngettext(
            "This draft would have called somebody %(calls)s time, %(night)s at night.",
            "This draft would have called somebody %(calls)s times, %(night)s at night.",
            draft["calls"],
        )
        return words % {"calls": number(draft["calls"]), "night": number(draft["night"])}

    @property
    def figures(self):
        """[(what, really, rules of now, draft)]."""
        scenarios = [self.counted[name] for name in counting.SCENARIOS]
        caught = self.counted["breaches"]["caught"]
        return [
            (_("Escalations begun"), *(number(s["ladders"]) for s in scenarios)),
            (_("Somebody called"), *(number(s["calls"]) for s in scenarios)),
            (_("of them at night, 22 to 7 where the holder is"), *(number(s["night"]) for s in scenarios)),
            (
                _("Broken targets of which somebody had been called before"),
                *(number(caught[name]) for name in counting.SCENARIOS),
            ),
        ]

    @property
    def breaches(self):
        """A sentence on what would have been seen coming."""
        breaches = self.counted["breaches"]
        if not breaches["all"]:
            return _("No target was broken in these days.")
        if not breaches["sooner"]:
            words = ngettext(
                "%(all)s target was broken; the draft would not have called anybody sooner before it.",
                "%(all)s targets were broken; the draft would not have called anybody sooner before them.",
                breaches["all"],
            )
            return words % {"all": number(breaches["all"])}
        words = ngettext(
            "Of %(all)s broken targets the draft would have called somebody sooner before %(sooner)s, by"
            " about %(lead)s.",
            "Of %(all)s broken targets the draft would have called somebody sooner before %(sooner)s, half"
            " of them by about %(lead)s or more.",
            breaches["sooner"],
        )
        return words % {
            "all": number(breaches["all"]),
            "sooner": number(breaches["sooner"]),
            "lead": shown.duration(counting.median(breaches["lead"])),
        }

    @cached_property
    def by_hour(self):
        return backtest_charts.by_hour(self.counted)

    @cached_property
    def by_level(self):
        return backtest_charts.by_level(self.counted)

    @cached_property
    def load(self):
        """[(name, really, rules of now, draft, of these at night)] of those whom the draft calls most."""
        names = report.names_of(self.counted)
        loads = [self.counted[name]["load"] for name in counting.SCENARIOS]
        people = sorted(
            {who for load in loads for who in load},
            key=lambda who: (-loads[2].get(who, (0,))[0], -loads[0].get(who, (0,))[0], who),
        )
        return [
            (
                names.get(who, who),
                *(number(load.get(who, (0, 0))[0]) for load in loads),
                number(loads[2].get(who, (0, 0))[1]),
            )
            for who in people[:MOST_PEOPLE]
        ]

    @cached_property
    def passed(self):
        """[(level, why, really, rules of now, draft)]: whom and what the ladders did not stop at."""
        scenarios = [self.counted[name]["passed"] for name in counting.SCENARIOS]
        levels = sorted({level for passed in scenarios for level in passed}, key=int)
        whys = dict(PassedOver.Why.choices)
        return [
            (
                backtest_charts.level_name(level),
                whys.get(why, why),
                *(number(passed.get(level, {}).get(why, 0)) for passed in scenarios),
            )
            for level in levels
            for why in sorted({why for passed in scenarios for why in passed.get(level, {})})
        ]

    @cached_property
    def different(self):
        """[(case or None, really, with the draft)]: a case that is kept from this reader is not named."""
        rows = self.counted["different"]["cases"]
        known = Case.objects.findable(self.person).in_bulk([row[0] for row in rows])
        return [(known.get(pk), _reached(really), _reached(draft)) for pk, really, draft in rows]

    @property
    def different_in_all(self):
        found = self.counted["different"]["all"]
        words = ngettext(
            "%(number)s case would have gone otherwise.", "%(number)s cases would have gone otherwise.", found
        )
        return words % {"number": number(found)}

    @property
    def assumptions(self):
        return report.assumptions()

    @property
    def tried(self):
        """[(number, name, time to acknowledge)] of the levels as they were tried."""
        return [
            (level["number"], level["name"], durations.word(level["acknowledge_seconds"]))
            for level in self.job.question["draft"]["levels"]
        ]


def _reached(levels):
    return ", ".join(backtest_charts.level_name(level) for level in levels) or _("not escalated")


@admin.register(BackTest)
class BackTestAdmin(ReadOnly, ConsoleAdmin):
    list_display = ("title", "window", "shown_state", "shown_progress", "asked_by", "asked_at")
    list_display_links = ("title",)
    list_select_related = ("asked_by", "version__path")
    list_filter = ("state",)
    ordering = ("-pk",)
    sortable_by = ()
    nothing_yet = gettext_lazy("A version of a path is tried on past cases from its own page.")
    change_form_outer_before_template = "admin/backtest.html"
    fields = (("version", "window"), ("asked_by", "asked_at"), ("started_at", "finished_at"))
    readonly_fields = ("window",)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_urls(self):
        name = "escalations_backtest"
        return [
            path(
                "<int:pk>/progress/",
                self.admin_site.admin_view(require_GET(self.progress)),
                name=f"{name}_progress",
            ),
            path(
                "<int:pk>/cancel/",
                self.admin_site.admin_view(require_POST(self.cancel)),
                name=f"{name}_cancel",
            ),
            *super().get_urls(),
        ]

    # --- what is shown ---

    @display(description=gettext_lazy("days"))
    def window(self, job):
        first = timezone.localtime(job.since)
        last = timezone.localtime(job.until - timedelta(seconds=1))
        return f"{date_format(first, 'DATE_FORMAT')} – {date_format(last, 'DATE_FORMAT')}"

    @display(description=gettext_lazy("state"), label=LABELS)
    def shown_state(self, job):
        return job.state, job.get_state_display()

    @display(description=gettext_lazy("cases done"))
    def shown_progress(self, job):
        return f"{number(min(job.done, job.total))} / {number(job.total)}"

    def change_view(self, request, object_id, form_url="", extra_context=None):
        job = self.get_object(request, object_id)
        result = Result(job, request.user, timezone.now()) if job else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "result": result})

    def _job_or_404(self, request, pk):
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = self.get_object(request, str(pk))
        if job is None:
            raise Http404
        return job

    def progress(self, request, pk):
        """The live part of the page, asked for again and again while it goes on."""
        result = Result(self._job_or_404(request, pk), request.user, timezone.now())
        return render(request, "admin/_backtest.html", {"result": result})

    # --- what is done ---

    def cancel(self, request, pk):
        job = self._job_or_404(request, pk)
        try:
            backtesting.cancel(job=job, by=request.user, now=timezone.now())
        except backtesting.NotTheirs as refused:
            raise PermissionDenied from refused
        except Refused as refused:
            for sentence in refused.messages:
                messages.error(request, sentence)
        return redirect(reverse("admin:escalations_backtest_change", args=[pk]))
