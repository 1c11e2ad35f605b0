"""The configuration's history on one page: who changed what, when, how, why, and what it said before."""

from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from cases import configuration
from cases.console import DayField, Widgets
from cases.models import Person

NAME = "configuration-history"


class WhichChanges(forms.Form):
    """What of the configuration, by whom, and when."""

    kind = forms.ChoiceField(label=gettext_lazy("What"), required=False, widget=Widgets.Choice)
    person = forms.ModelChoiceField(
        label=gettext_lazy("Who"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("anybody"),
        widget=Widgets.LongChoice,
    )
    since = DayField(label=gettext_lazy("From"), required=False)
    until = DayField(label=gettext_lazy("Up to"), required=False)
    about = forms.CharField(required=False, widget=forms.HiddenInput)
    page = forms.IntegerField(required=False, min_value=1, max_value=1000, widget=forms.HiddenInput)

    def __init__(self, data, *, kinds):
        super().__init__(data)
        self.kinds = kinds
        named = sorted((str(capfirst(model._meta.verbose_name_plural)), key) for key, model in kinds.items())
        self.fields["kind"].choices = [("", _("everything")), *((key, words) for words, key in named)]
        self.fields["person"].queryset = Person.objects.order_by("name")

    def clean_about(self):
        """ "escalations.pathversion:12", as the pages of things link here."""
        label, _colon, pk = self.cleaned_data["about"].partition(":")
        if not label:
            return None
        if label not in self.kinds or not pk.isdecimal() or len(pk) > 18:
            raise forms.ValidationError(_("There is no such thing; choose what it is about again."))
        return label, int(pk)

    def clean(self):
        said = super().clean()
        since, until = said.get("since"), said.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day comes after the first; choose it or a later one."))
        return said

    def asked(self):
        said = self.cleaned_data
        return configuration.Asked(
            kinds=(said["kind"],) if said["kind"] else tuple(self.kinds),
            subject=said["about"],
            person=said["person"].pk if said["person"] else None,
            since=_midnight(said["since"]),
            before=_midnight(said["until"], days=1),
            page=said["page"] or 1,
        )

    def subject(self):
        """(what the page is about, the way to its own page), or None."""
        about = self.cleaned_data.get("about") if self.is_valid() else None
        if about is None:
            return None
        model = self.kinds[about[0]]
        row = model._default_manager.filter(pk=about[1]).first()
        name = str(row) if row is not None else f"{capfirst(model._meta.verbose_name)} {about[1]}"
        return name, address_of(model, about[1]) if row is not None else ""


def _midnight(day, days=0):
    if day is None:
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))


def address_of(model, pk):
    """The console's page of a row, or an empty text where it has none."""
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
    except NoReverseMatch:
        return ""


@require_GET
def changes(request):
    kinds = configuration.open_to(request.user)
    if not kinds:
        raise PermissionDenied
    form = WhichChanges(request.GET, kinds=kinds)
    if not form.is_valid() and "about" in form.errors:
        raise Http404
    asked = form.asked() if form.is_valid() else None
    deeds, is_more = configuration.changes(asked) if asked else ((), False)
    for deed in deeds:
        for change in deed.changes:
            change.address = address_of(change.model, change.pk) if change.is_there else ""
            change.history = f"{request.path}?{urlencode({'about': f'{change.kind}:{change.pk}'})}"
    page = asked.page if asked else 1
    context = {
        **admin.site.each_context(request),
        "title": _("History of the configuration"),
        "form": form,
        "deeds": deeds,
        "subject": form.subject(),
        "earlier": _page(request, page + 1) if is_more else "",
        "later": _page(request, page - 1) if page > 1 else "",
        "media": form.media,
    }
    return render(request, "admin/changes.html", context)


def _page(request, number):
    asked = request.GET.copy()
    asked["page"] = number
    return f"?{asked.urlencode()}"
