"""A version beside another of the same thing: the page, and the ways to it."""

from django import forms
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases import comparing
from cases.console import Widgets, action

from .state import published, state_of


class AnotherForm(forms.Form):
    """Which version to hold it against."""

    other = forms.ModelChoiceField(label=gettext_lazy("Beside"), queryset=None, widget=Widgets.Choice)

    def __init__(self, *args, others, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["other"].queryset = others


class ComparePages:
    """For pages of versions, with `get_queryset` that knows `in_force_id`."""

    @action(description=gettext_lazy("Compare…"), url_path="compare", icon="compare", permissions=["view"])
    def compare(self, request, object_id):
        """Beside the one chosen; else beside the one in force, or the one before it."""
        version = self.version_or_404(request, object_id)
        others = (
            self.get_queryset(request)
            .filter(**{self.whole: getattr(version, self.whole)})
            .exclude(pk=version.pk)
            .order_by("-number")
        )
        form = AnotherForm(request.GET if "other" in request.GET else None, others=others)
        other = None
        if form.is_bound:
            other = form.cleaned_data["other"] if form.is_valid() else None
        else:
            other = _usual(version, list(others))
            form.initial["other"] = other
        comparison = None
        if other is not None:
            comparison = comparing.compare(*sorted((version, other), key=lambda one: one.number))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Compare %(version)s") % {"version": version},
            "form": form,
            "opts": self.opts,
            "original": version,
            "comparison": comparison,
            "sides": [
                (side, self._address_of(side), state_of(side), published(side))
                for side in ((comparison.old, comparison.new) if comparison else ())
            ],
            "is_alone": not others,
            "media": self.media,
        }
        return render(request, "admin/compare_versions.html", context)

    def _address_of(self, version):
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[version.pk])

    def history_view(self, request, object_id, extra_context=None):
        """A version's history says who changed which field when; beside another one it shows what is
        different in all."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_compare"
        context = {"compare_address": reverse(name, args=[object_id]) if object_id.isdecimal() else ""}
        return super().history_view(request, object_id, {**(extra_context or {}), **context})


def _usual(version, others):
    in_force = next((other for other in others if other.pk == version.in_force_id), None)
    before = next((other for other in others if other.number < version.number), None)
    return in_force or before or next(iter(others), None)
