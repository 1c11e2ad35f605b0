"""Customers, the people we talk to there, and what they have from us."""

from django.contrib import admin

from cases.console import TabularInline
from cases.models import Contact, Customer, Subscription

from .bases import Chosen, ReasonedAdmin


class ContactInline(TabularInline):
    model = Contact
    ordering = ("name",)
    fields = ("name", "title", "email", "phone", "language", "prefers", "form_of_address", "is_active")


class SubscriptionInline(Chosen, TabularInline):
    model = Subscription
    ordering = ("service__name",)


@admin.register(Customer)
class CustomerAdmin(ReasonedAdmin):
    list_display = ("name", "tier", "yearly_value", "account_manager", "language", "is_vulnerable")
    list_select_related = ("account_manager",)
    list_filter = ("tier", "language", "is_vulnerable")
    search_fields = ("name", "reference")
    autocomplete_fields = ("account_manager",)
    ordering = ("name", "pk")
    inlines = (ContactInline, SubscriptionInline)
    layout = (
        ("name", "reference", "tier"),
        ("yearly_value", "account_manager"),
        ("language", "time_zone"),
        ("since_on", "is_vulnerable"),
    )


@admin.register(Contact)
class ContactAdmin(ReasonedAdmin):
    list_display = ("name", "customer", "title", "email", "prefers", "is_active")
    list_select_related = ("customer",)
    list_filter = ("prefers", "language", "is_active")
    search_fields = ("name", "email")
    autocomplete_fields = ("customer",)
    ordering = ("-pk",)


@admin.register(Subscription)
class SubscriptionAdmin(ReasonedAdmin):
    list_display = ("customer", "service", "reference")
    list_select_related = ("customer", "service")
    list_filter = ("service",)
    search_fields = ("customer__name", "reference")
    autocomplete_fields = ("customer",)
    ordering = ("-pk",)
