"""Public holidays by country, region and years: listed first, saved after somebody looked at them."""

import holidays
from django import forms
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from cases.choices import countries, regions
from cases.console import Widgets
from cases.models import Holiday

from .fields import ReasonField

# A calendar is planned some years ahead, not for ever: laws change holidays.
YEARS_AT_MOST = 10


class HolidaySource(forms.Form):
    """Where the calendar's people are, and for which years."""

    country = forms.ChoiceField(label=gettext_lazy("Country"), choices=countries, widget=Widgets.LongChoice)
    region = forms.CharField(
        label=gettext_lazy("Region"),
        required=False,
        max_length=8,
        widget=Widgets.Text,
        help_text=gettext_lazy("Its code, such as MD for Madrid. Empty: only what the whole country has."),
    )
    first_year = forms.IntegerField(
        label=pgettext_lazy("years", "From"), min_value=1990, max_value=2100, widget=Widgets.Number
    )
    last_year = forms.IntegerField(
        label=pgettext_lazy("years", "To"), min_value=1990, max_value=2100, widget=Widgets.Number
    )

    def __init__(self, data=None):
        year = timezone.localdate().year
        super().__init__(data, initial={"first_year": year, "last_year": year + 1})

    def clean(self):
        said = super().clean()
        country, region = said.get("country"), said.get("region", "").upper()
        if country and region and region not in regions(country):
            known = ", ".join(regions(country)) or _("none")
            self.add_error(
                "region",
                _("“%(region)s” is no region there with holidays of its own. Known: %(known)s.")
                % {"region": region, "known": known},
            )
        said["region"] = region
        first, last = said.get("first_year"), said.get("last_year")
        if first and last and not first <= last < first + YEARS_AT_MOST:
            self.add_error(
                "last_year",
                _("Choose one to %(years)d years, the first one first.") % {"years": YEARS_AT_MOST},
            )
        return said

    def where(self):
        return {"country": self.cleaned_data["country"], "region": self.cleaned_data["region"]}

    def holidays_new_to(self, version):
        """[(date, name)] in order, without dates on which the version is closed for a holiday already."""
        said = self.cleaned_data
        years = range(said["first_year"], said["last_year"] + 1)
        found = _public(said["country"], said["region"] or None, years)
        closed = list(version.holidays.values_list("first_on", "last_on"))
        return [
            (on, name)
            for on, name in sorted(found.items())
            if not any(first <= on <= last for first, last in closed)
        ]


def _public(country, region, years):
    """In the reader's language where the library has it, else in English, else in the country's own."""
    there = holidays.country_holidays(country, subdiv=region)
    wanted = (get_language() or "en")[:2]
    language = next(
        (
            known
            for prefix in (wanted, "en")
            for known in there.supported_languages
            if known.startswith(prefix)
        ),
        None,
    )
    return holidays.country_holidays(country, subdiv=region, years=years, language=language)


class ChosenHolidays(forms.Form):
    """The list itself, all ticked."""

    chosen = forms.MultipleChoiceField(label=gettext_lazy("Closed on"), widget=Widgets.Boxes)
    change_reason = ReasonField()

    def __init__(self, data=None, *, found):
        super().__init__(data, initial={"chosen": [on.isoformat() for on, _name in found]})
        self.found = {on.isoformat(): (on, name) for on, name in found}
        self.fields["chosen"].choices = [
            (key, f"{date_format(on, 'D j M Y')}, {name}") for key, (on, name) in self.found.items()
        ]

    def holidays(self, version, *, country, region):
        """Unsaved rows for what is ticked."""
        days = (self.found[key] for key in self.cleaned_data["chosen"])
        return [
            Holiday(version=version, first_on=on, last_on=on, name=name[:120], country=country, region=region)
            for on, name in days
        ]
