"""What may be done to many rows of a list at once: ticked, asked why, and said of each what became of it."""

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases import roles
from cases.operations import switching

from .fields import ReasonField
from .why import WhyForm

# More at once than anybody looks through, one by one, afterwards.
AT_MOST = 200


class SwitchManyForm(WhyForm):
    change_reason = ReasonField(required=True)


class SwitchMany:
    """For lists of what is in force or not: both ways, for all that is ticked."""

    # The operation that switches one of them, and what it calls it.
    switch_one, switch_name = staticmethod(switching.switch), "row"

    def get_actions(self, request):
        offered = super().get_actions(request)
        if roles.may(request.user, "rules.publish") and super().has_change_permission(request):
            for action in (switch_on, switch_off):
                words = action.short_description
                offered[action.__name__] = (action, action.__name__, words)
        return offered

    def switch_many(self, request, queryset, *, is_active):
        """The page that asks why; answered, the page that says what became of each."""
        rows = list(queryset.order_by("pk")[: AT_MOST + 1])
        if len(rows) > AT_MOST:
            words = _("More than %(number)d are ticked; choose fewer, so that each can be told of.")
            self.message_user(request, words % {"number": AT_MOST}, level="ERROR")
            return None
        form = SwitchManyForm(request.POST if "confirmed" in request.POST else None)
        outcomes = None
        if form.is_bound and form.is_valid():
            outcomes = switching.each(
                rows=rows,
                is_active=is_active,
                by=request.user,
                now=timezone.now(),
                reason=form.cleaned_data["change_reason"],
                one=type(self).switch_one,
                name=self.switch_name,
            )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Switch on") if is_active else _("Switch off"),
            "opts": self.opts,
            "rows": rows,
            "form": form,
            "outcomes": outcomes,
            "summary": _summary(outcomes, is_active) if outcomes is not None else "",
            "action": (switch_on if is_active else switch_off).__name__,
            "box": ACTION_CHECKBOX_NAME,
            "back": request.get_full_path(),
            "media": self.media + form.media,
        }
        return render(request, "admin/switch_many.html", context)


@admin.action(description=gettext_lazy("Switch on…"))
def switch_on(pages, request, queryset):
    return pages.switch_many(request, queryset, is_active=True)


@admin.action(description=gettext_lazy("Switch off…"))
def switch_off(pages, request, queryset):
    return pages.switch_many(request, queryset, is_active=False)


def _summary(outcomes, is_active):
    done = sum(outcome.is_done for outcome in outcomes)
    if is_active:
        words = ngettext("%(n)d of %(all)d is on now.", "%(n)d of %(all)d are on now.", done)
    else:
        words = ngettext("%(n)d of %(all)d is off now.", "%(n)d of %(all)d are off now.", done)
    return words % {"n": done, "all": len(outcomes)}
