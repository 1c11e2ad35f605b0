"""What the engine has to do and what it did last."""

from django.contrib import admin
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cases import lateness
from cases.console import ConsoleAdmin
from cases.models import EngineMinute, EnginePass, ReconcilerRound, Timer, TimerRepair

from .bases import PassingAdmin, ReadOnly
from .facts import OfCaseAdmin, WithCase


@admin.register(Timer)
class TimerAdmin(WithCase, PassingAdmin):
    list_display = ("kind", "of_case", "state", "due_at", "wake_at", "fired_at", "attempts", "last_error")
    list_filter = ("state", "kind")
    words = {
        "case": _("case"),
        "kind": _("kind"),
        "subject_id": _("number of its subject"),
        "step": _("step"),
        "occurrence": _("occurrence"),
        "due_at": _("due"),
        "wake_at": _("wakes"),
        "armed_at": _("armed"),
        "state": _("state"),
        "fired_at": _("fired"),
        "attempts": _("attempts"),
        "last_error": _("last error"),
    }


@admin.register(EnginePass)
class EnginePassAdmin(ReadOnly, ConsoleAdmin):
    list_display = ("worker", "started_at", "finished_at", "passes", "fired")
    ordering = ("-started_at",)
    words = {
        "worker": _("worker"),
        "started_at": _("started"),
        "finished_at": _("ended"),
        "in_hand": _("in hand"),
        "process": _("process"),
        "passes": _("passes"),
        "fired": _("fired"),
    }


@admin.register(EngineMinute)
class EngineMinuteAdmin(ReadOnly, ConsoleAdmin):
    list_display = ("worker", "minute", "fired", "seconds", "worst")
    ordering = ("-minute", "worker")
    sortable_by = ()
    words = {
        "worker": _("worker"),
        **{
            f"late_{bucket:02}": format_lazy(_("late up to {seconds} s"), seconds=seconds)
            for bucket, seconds in enumerate(lateness.BOUNDS)
        },
        f"late_{len(lateness.BOUNDS):02}": _("later than that"),
    }


@admin.register(TimerRepair)
class TimerRepairAdmin(OfCaseAdmin):
    list_display = ("__str__", "of_case", "was_due_at", "was_wake_at", "due_at", "found_at")
    list_filter = ("finding", "kind")


@admin.register(ReconcilerRound)
class ReconcilerRoundAdmin(ReadOnly, ConsoleAdmin):
    list_display = ("last_started_at", "last_finished_at", "last_cases", "last_repairs", "rounds")
    words = {
        "after_id": _("has come to"),
        "started_at": _("this round began"),
        "cases": _("cases in this round"),
        "repairs": _("repairs in this round"),
        "taken_until": _("taken until"),
        "rounds": _("rounds"),
        "last_started_at": _("last round began"),
        "last_finished_at": _("last round ended"),
        "last_cases": _("cases in the last round"),
        "last_repairs": _("repairs in the last round"),
    }
