"""How far the open clocks have followed a changed calendar or moved cases: live, with what was done."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from cases import durations, roles
from cases.console import HistoryAdmin, display
from cases.errors import Refused
from cases.models import Case, Recalculation, SlaPolicyVersion, Team
from cases.operations import recalculating
from cases.states import Priority

from .bases import ReadOnly, page_link

State = Recalculation.State
LABELS = {State.IN_PROGRESS: "info", State.HALTED: "danger", State.FINISHED: "success"}
# Nobody takes this long to take it up where a worker runs.
UNATTENDED_AFTER = timedelta(minutes=1)
SHOWN_FAILURES = 20


def number(value):
    return number_format(value, use_l10n=True, force_grouping=True)


@dataclass(frozen=True)
class Progress:
    """A recalculation as its page shows it at `now`, to `person`."""

    job: Recalculation
    person: object
    now: object

    @property
    def percent(self):
        return 100 * self.done // self.job.total if self.job.total else 100

    @property
    def done(self):
        return min(self.job.done, self.job.total)

    @property
    def is_live(self):
        return self.job.state == State.IN_PROGRESS

    @property
    def is_halted(self):
        return self.job.state == State.HALTED

    @property
    def counted(self):
        words = ngettext("%(done)s of %(total)s case", "%(done)s of %(total)s cases", self.job.total)
        return words % {"done": number(self.done), "total": number(self.job.total)}

    @property
    def pace(self):
        """How fast it goes and how long it still takes, or what it waits for; empty once it stands."""
        if not self.is_live:
            return ""
        last = self.job.history.order_by("-history_id").values_list("history_date", flat=True).first()
        if self.now - last > UNATTENDED_AFTER:
            return _("Nobody works on it. Does a worker for deliveries run?")
        if self.job.started_at is None:
            return _("It is taken up within seconds.")
        took = (self.now - self.job.started_at).total_seconds()
        if not self.done or took <= 0:
            return _("What is due soonest comes first.")
        rate = self.done / took
        left = durations.word(max(1, round((self.job.total - self.done) / rate)))
        rate = max(1, round(rate))
        words = ngettext(
            "%(rate)s case a second, %(left)s left", "%(rate)s cases a second, %(left)s left", rate
        )
        return words % {"rate": number(rate), "left": left}

    @property
    def results(self):
        """Sentences: what came of it so far."""
        job = self.job
        said = (
            (job.later, ngettext("%(n)s clock is due later.", "%(n)s clocks are due later.", job.later)),
            (
                job.earlier,
                ngettext("%(n)s clock is due earlier.", "%(n)s clocks are due earlier.", job.earlier),
            ),
            (
                job.unchanged,
                ngettext("%(n)s clock stays as it was.", "%(n)s clocks stay as they were.", job.unchanged),
            ),
            (
                job.breached,
                ngettext(
                    "%(n)s clock was breached by the change.",
                    "%(n)s clocks were breached by the change.",
                    job.breached,
                ),
            ),
        )
        return [words % {"n": number(count)} for count, words in said if count]

    @property
    def outcome(self):
        """The one sentence that is read out when it comes to stand."""
        if self.is_halted:
            failed = len(self.job.failed)
            words = ngettext(
                "%(n)s case could not follow; it still waits.",
                "%(n)s cases could not follow; they still wait.",
                failed,
            )
            return words % {"n": number(failed)}
        if self.job.is_finished:
            took = (self.job.finished_at - (self.job.started_at or self.job.finished_at)).total_seconds()
            return _("Done in %(time)s.") % {"time": durations.word(max(1, round(took)))}
        return ""

    @property
    def failures(self):
        """[(case or None, sentence)]: a case that is kept from this reader is not named."""
        rows = self.job.failed[:SHOWN_FAILURES]
        known = Case.objects.findable(self.person).in_bulk([row["case"] for row in rows])
        return [(known.get(row["case"]), row["error"]) for row in rows]

    @property
    def may_try_again(self):
        return self.is_halted and roles.may(self.person, "rules.publish")

    @property
    def asked(self):
        when = date_format(timezone.localtime(self.job.asked_at), "DATETIME_FORMAT")
        return _("%(when)s by %(who)s") % {"when": when, "who": self.job.asked_by}


def tell(request, job):
    """Say what was done at once, or return the address of the page that shows how far it is."""
    if not job.is_finished:
        return reverse("admin:cases_recalculation_change", args=[job.pk])
    if sentences := Progress(job, request.user, timezone.now()).results:
        messages.info(request, " ".join(sentences))
    return None


@admin.register(Recalculation)
class RecalculationAdmin(ReadOnly, HistoryAdmin):
    list_display = ("what", "change", "shown_state", "shown_progress", "asked_by", "asked_at", "finished_at")
    list_display_links = ("what",)
    list_select_related = ("calendar_version__calendar", "policy_version__policy", "asked_by")
    list_filter = ("state", "kind")
    ordering = ("-pk",)
    sortable_by = ()
    change_form_outer_before_template = "admin/recalculation.html"
    fields = (("change", "from_what"), ("asked_by", "asked_at"), ("started_at", "finished_at"), "reason")
    readonly_fields = ("change", "from_what")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_urls(self):
        name = "cases_recalculation"
        return [
            path(
                "<int:pk>/progress/",
                self.admin_site.admin_view(require_GET(self.progress)),
                name=f"{name}_progress",
            ),
            path(
                "<int:pk>/again/", self.admin_site.admin_view(require_POST(self.again)), name=f"{name}_again"
            ),
            *super().get_urls(),
        ]

    # --- what is shown ---

    @display(description=gettext_lazy("recalculation"))
    def what(self, job):
        return job.get_kind_display()

    @display(description=gettext_lazy("because of"))
    def change(self, job):
        return page_link(
            job.calendar_version or job.policy_version, job.calendar_version or job.policy_version
        )

    @display(description=gettext_lazy("which clocks"))
    def from_what(self, job):
        if job.kind == Recalculation.Kind.CALENDAR:
            return _("All open clocks on this calendar")
        versions = SlaPolicyVersion.objects.filter(pk__in=job.scope["versions"]).select_related("policy")
        words = [_("Open cases on %(versions)s") % {"versions": ", ".join(str(v) for v in versions)}]
        if priority := job.scope.get("priority"):
            words.append(str(Priority(priority).label))
        if team := job.scope.get("team"):
            words.append(str(Team.objects.get(pk=team)))
        return ", ".join(words)

    @display(description=gettext_lazy("state"), label=LABELS)
    def shown_state(self, job):
        return job.state, job.get_state_display()

    @display(description=gettext_lazy("cases done"))
    def shown_progress(self, job):
        return f"{number(min(job.done, job.total))} / {number(job.total)}"

    def change_view(self, request, object_id, form_url="", extra_context=None):
        job = self.get_object(request, object_id)
        shown = Progress(job, request.user, timezone.now()) if job else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "progress": shown})

    def _job_or_404(self, request, pk):
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = self.get_object(request, str(pk))
        if job is None:
            raise Http404
        return job

    def progress(self, request, pk):
        """The live part of the page, asked for again and again while it goes on."""
        shown = Progress(self._job_or_404(request, pk), request.user, timezone.now())
        return render(request, "admin/_progress.html", {"progress": shown})

    # --- what is done ---

    def again(self, request, pk):
        job = self._job_or_404(request, pk)
        if not roles.may(request.user, "rules.publish"):
            raise PermissionDenied
        try:
            recalculating.try_again(job=job, by=request.user, now=timezone.now())
        except Refused as refused:
            for sentence in refused.messages:
                messages.error(request, sentence)
        return redirect(reverse("admin:cases_recalculation_change", args=[pk]))
