"""Cases and what happened to them, to be read. They are worked on in the workspace."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from cases import comparing, roles
from cases.console import HistoryAdmin
from cases.models import (
    Answer,
    Ask,
    Attempt,
    Case,
    CaseLink,
    CaseReading,
    CaseTag,
    Clock,
    Decision,
    ListReading,
    Message,
    Notice,
    Party,
    Pause,
    Presence,
    Promise,
    QuestionAnswer,
    StandIn,
    Standing,
    Survey,
    Trigger,
)

from .bases import FactAdmin, PassingAdmin, ReadOnly
from .fields import term_words


def case_link(case):
    return format_html(
        '<a class="text-link" href="{}">{}</a>', reverse("case", args=[case.number]), case.number
    )


@admin.register(Case)
class CaseAdmin(FactAdmin):
    case_path = "pk"
    list_display = ("number", "subject", "customer", "status", "priority", "team", "owner", "received_at")
    list_display_links = ("subject",)
    list_select_related = ("customer", "team", "owner")
    list_filter = ("status", "priority", "channel", "team")
    readonly_fields = ("number",)

    @admin.display(description=_("number"))
    def number(self, case):
        return case_link(case)


class WithCase:
    """Rows that name their case by its number, which leads to it."""

    list_select_related = ("case",)

    @admin.display(description=_("case"))
    def of_case(self, row):
        return case_link(row.case) if row.case_id else "–"


class OfCaseAdmin(WithCase, FactAdmin):
    """What happened to a case."""


@admin.register(Message)
class MessageAdmin(OfCaseAdmin):
    list_display = ("__str__", "of_case", "direction", "channel", "author", "occurred_at")
    list_select_related = ("case", "author")
    list_filter = ("direction", "channel", "is_automatic")


@admin.register(Clock)
class ClockAdmin(OfCaseAdmin):
    list_display = ("__str__", "of_case", "state", "term", "started_at", "due_at", "breached_at", "ended_at")
    list_filter = ("state", "metric")
    words = {"ends_on": _("ends when"), "revision": _("revision"), "breach_kind": _("counts as")}
    readonly_preprocess_fields = {
        name: term_words for name in ("term_seconds", "used_seconds", "elapsed_seconds")
    }

    @admin.display(description=_("term"))
    def term(self, clock):
        return term_words(clock.term_seconds)


@admin.register(Pause)
class PauseAdmin(OfCaseAdmin):
    list_display = ("reason", "of_case", "started_by", "started_at", "expected_end_at", "ended_at")
    list_select_related = ("case", "reason", "started_by")
    list_filter = ("reason",)
    exclude = ("stops",)
    readonly_fields = ("stood_still",)

    @admin.display(description=_("Clocks that stand still"))
    def stood_still(self, pause):
        return comparing.words(pause, Pause._meta.get_field("stops"))


@admin.register(Promise)
class PromiseAdmin(OfCaseAdmin):
    list_display = ("what", "of_case", "kind", "state", "made_by", "told_at", "due_at")
    list_select_related = ("case", "made_by")
    list_filter = ("state", "kind")


@admin.register(Ask)
class AskAdmin(OfCaseAdmin):
    list_display = ("text", "of_case", "amount", "recorded_by", "recorded_at")
    list_select_related = ("case", "recorded_by")


@admin.register(Decision)
class DecisionAdmin(FactAdmin):
    case_path = "ask__case"
    list_display = ("outcome", "of_case", "ask", "offer_kind", "at_stake", "state", "made_by", "made_at")
    list_select_related = ("ask__case", "made_by")
    list_filter = ("state", "outcome", "offer_kind")

    @admin.display(description=_("case"))
    def of_case(self, decision):
        return case_link(decision.ask.case)


@admin.register(Answer)
class AnswerAdmin(OfCaseAdmin):
    list_display = ("remedy", "of_case", "catalogue_cause", "given_by", "given_at")
    list_select_related = ("case", "catalogue_cause", "given_by")
    list_filter = ("catalogue_cause",)


@admin.register(Trigger)
class TriggerAdmin(OfCaseAdmin):
    list_display = ("kind", "of_case", "metric", "occurred_at", "considered_at", "verdict")
    list_filter = ("kind",)
    words = {"clock": _("clock"), "promise": _("promise")}


@admin.register(Party)
class PartyAdmin(OfCaseAdmin):
    list_display = ("person", "of_case", "kind", "reason")
    list_select_related = ("case", "person")
    list_filter = ("kind",)


@admin.register(CaseTag)
class CaseTagAdmin(OfCaseAdmin):
    list_display = ("tag", "of_case", "added_at", "removed_at")
    list_select_related = ("case", "tag")
    list_filter = ("tag",)


@admin.register(QuestionAnswer)
class QuestionAnswerAdmin(OfCaseAdmin):
    list_display = ("asked", "of_case", "value", "answered_at")


@admin.register(Attempt)
class AttemptAdmin(OfCaseAdmin):
    list_display = ("what", "of_case", "told_by", "recorded_at")
    list_select_related = ("case", "told_by")


@admin.register(Survey)
class SurveyAdmin(OfCaseAdmin):
    list_display = ("__str__", "of_case", "customer", "comment", "asked_at", "answered_at")
    list_select_related = ("case", "customer")
    list_filter = ("score",)


@admin.register(CaseLink)
class CaseLinkAdmin(FactAdmin):
    """Seen by who may read the history of both cases."""

    case_path = "source"
    list_display = ("of_source", "kind", "of_target", "reason", "made_at", "ended_at")
    list_display_links = ("kind",)
    list_select_related = ("source", "target")
    list_filter = ("kind",)

    def get_queryset(self, request):
        others = Case.objects.reachable(request.user, "history.read").values("pk")
        return super().get_queryset(request).filter(target__in=others)

    def for_export(self, queryset):
        return super().for_export(queryset).exclude(target__is_restricted=True)

    @admin.display(description=_("case"))
    def of_source(self, link):
        return case_link(link.source)

    @admin.display(description=_("other case"))
    def of_target(self, link):
        return case_link(link.target)


@admin.register(CaseReading)
class CaseReadingAdmin(OfCaseAdmin):
    list_display = ("person", "of_case", "kind", "reason", "at", "until")
    list_select_related = ("case", "person")
    list_filter = ("kind",)


@admin.register(ListReading)
class ListReadingAdmin(ReadOnly, HistoryAdmin):
    list_display = ("person", "address", "asked", "number_of_cases", "at")
    list_select_related = ("person",)
    ordering = ("-pk",)
    sortable_by = ()
    exclude = ("cases",)

    def get_readonly_fields(self, request, obj=None):
        """Which they were may be a secret from everybody but auditors."""
        shown = ("cases_shown",) if request.user.role == roles.Role.AUDITOR else ("number_of_cases",)
        return [*super().get_readonly_fields(request, obj), *shown]

    @admin.display(description=_("cases shown"))
    def number_of_cases(self, reading):
        return len(reading.cases)

    @admin.display(description=_("cases shown"))
    def cases_shown(self, reading):
        return format_html_join(", ", "{}", ((case_link(Case(pk=pk)),) for pk in reading.cases)) or "–"


@admin.register(Presence)
class PresenceAdmin(WithCase, PassingAdmin):
    list_display = ("person", "of_case", "doing", "seen_at")
    list_select_related = ("case", "person")


@admin.register(Standing)
class StandingAdmin(WithCase, PassingAdmin):
    list_display = (
        "of_case",
        "kind",
        "metric",
        "due_at",
        "is_breached",
        "team",
        "owner",
        "holder",
        "holder_team",
    )
    list_display_links = ("kind",)
    list_select_related = ("case", "team", "owner", "holder", "holder_team")
    list_filter = ("kind", "is_breached", "status", "team")
    words = {
        "case": _("case"),
        "kind": _("kind"),
        "metric": _("metric"),
        "clock": _("clock"),
        "promise": _("promise"),
        "whose": _("whose"),
        "whose_team": _("whose team"),
        "is_owed_apart": _("owed apart from the escalation"),
        "due_at": _("due"),
        "at_risk_at": _("at risk from"),
        "resumes_at": _("resumes"),
        "pause_reason": _("pause reason"),
        "is_breached": _("breached"),
        "is_waiting": _("waits for the customer"),
        "promised_at": _("promised for"),
        "sort_at": _("sorted by"),
        "status": _("status"),
        "priority": _("priority"),
        "team": _("team"),
        "owner": _("owner"),
        "holder": _("holder"),
        "holder_team": _("holding team"),
        "is_restricted": _("restricted"),
        "received_at": _("received"),
        "changed_at": _("changed"),
    }


@admin.register(StandIn)
class StandInAdmin(OfCaseAdmin):
    list_display = ("of_case", "person", "instead_of", "team", "ended_at")
    list_select_related = ("case", "team", "person", "instead_of")


@admin.register(Notice)
class NoticeAdmin(WithCase, PassingAdmin):
    list_display = (
        "kind",
        "of_case",
        "person",
        "contact",
        "channel",
        "state",
        "created_at",
        "sent_at",
        "attempts",
    )
    list_select_related = ("case", "person", "contact")
    list_filter = ("state", "channel", "kind")
    words = {
        "person": _("person"),
        "contact": _("contact"),
        "key": _("key"),
        "next_attempt_at": _("next attempt"),
    }
