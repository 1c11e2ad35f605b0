"""Replayed incident logs: how far, and what their desk recorded."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cases.admin.bases import PassingAdmin, ReadOnly
from cases.console import ConsoleAdmin
from escalations.models import Replay, ReplayedCase


@admin.register(Replay)
class ReplayAdmin(ReadOnly, ConsoleAdmin):
    list_display = ("name", "at", "events", "finished_at")
    ordering = ("-pk",)
    words = {"digest": _("fingerprint of the log"), "mapping_digest": _("fingerprint of its mapping")}


@admin.register(ReplayedCase)
class ReplayedCaseAdmin(PassingAdmin):
    list_display = ("number", "case", "replay", "made_sla", "reopened", "reassigned", "events")
    list_select_related = ("case", "replay")
