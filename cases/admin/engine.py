"""What the engine has to do and what it did last."""

from django.contrib import admin

from cases.console import ConsoleAdmin
from cases.models import EngineMinute, EnginePass, ReconcilerRound, Timer, TimerRepair

from .bases import PassingAdmin, ReadOnly
from .facts import OfCaseAdmin


@admin.register(Timer)
class TimerAdmin(PassingAdmin):
    list_display = ("kind", "case", "state", "due_at", "wake_at", "fired_at", "attempts", "last_error")
    list_select_related = ("case",)
    list_filter = ("state", "kind")


@admin.register(EnginePass)
class EnginePassAdmin(ReadOnly, ConsoleAdmin):
    list_display = ("worker", "started_at", "finished_at", "passes", "fired")
    ordering = ("-started_at",)


@admin.register(EngineMinute)
class EngineMinuteAdmin(ReadOnly, ConsoleAdmin):
    list_display = ("worker", "minute", "fired", "seconds", "worst")
    ordering = ("-minute", "worker")
    sortable_by = ()


@admin.register(TimerRepair)
class TimerRepairAdmin(OfCaseAdmin):
    list_display = ("__str__", "of_case", "was_due_at", "was_wake_at", "due_at", "found_at")
    list_filter = ("finding", "kind")


@admin.register(ReconcilerRound)
class ReconcilerRoundAdmin(ReadOnly, ConsoleAdmin):
    list_display = ("last_started_at", "last_finished_at", "last_cases", "last_repairs", "rounds")
