"""Public holidays by country, region and years: what they would add to a version and take out of it is listed
first, and saved after somebody looked at it."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Compared:
    """What a country's public holidays are beside those of a version."""

    new: list  # (date, name)
    known: list  # (date, name)
    gone: list  # Holidays that came from there, and stand there no longer


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

    def compared_with(self, version):
        """What this would add to `version`, what it has already, and which of its holidays of this country,
        region and these years are none any more."""
        said = self.cleaned_data
        years = range(said["first_year"], said["last_year"] + 1)
        public = _public(said["country"], said["region"] or None, years)
        rows = list(version.holidays.order_by("first_on", "pk"))
        new, known = [], []
        for on, name in sorted(public.items()):
            is_closed = any(row.first_on <= on <= row.last_on for row in rows)
            (known if is_closed else new).append((on, name))
        gone = [
            row
            for row in rows
            if (row.country, row.region) == (said["country"], said["region"])
            and row.first_on == row.last_on
            and row.first_on.year in years
            and row.first_on not in public
        ]
        return Compared(new, known, gone)


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
    """What would be added and what would be taken out, all ticked: written is what stays ticked."""

    chosen = forms.MultipleChoiceField(
        label=gettext_lazy("Added: closed on"), widget=Widgets.Boxes, required=False
    )
    removed = forms.MultipleChoiceField(
        label=gettext_lazy("Taken out: no public holidays any more"), widget=Widgets.Boxes, required=False
    )
    change_reason = ReasonField()

    def __init__(self, data=None, *, compared):
        ticked = {
            "chosen": [on.isoformat() for on, _name in compared.new],
            "removed": [str(row.pk) for row in compared.gone],
        }
        super().__init__(data, initial=ticked)
        self.found = {on.isoformat(): (on, name) for on, name in compared.new}
        self.fields["chosen"].choices = [(key, _line(on, name)) for key, (on, name) in self.found.items()]
        self.fields["removed"].choices = [
            (str(row.pk), _line(row.first_on, row.name)) for row in compared.gone
        ]
        for name in ("chosen", "removed"):
            if not self.fields[name].choices:
                del self.fields[name]

    def clean(self):
        said = super().clean()
        if not self.errors and not (said.get("chosen") or said.get("removed")):
            raise forms.ValidationError(_("Tick at least one day, or cancel: nothing would change."))
        return said

    def save(self, version, *, country, region):
        """Write what is ticked; (number added, number taken out)."""
        added = Holiday.objects.bulk_create(self.holidays(version, country=country, region=region))
        wanted = [int(pk) for pk in self.cleaned_data.get("removed", ())]
        taken, _each = version.holidays.filter(pk__in=wanted).delete()
        return len(added), taken

    def holidays(self, version, *, country, region):
        """Unsaved rows for what is ticked."""
        days = (self.found[key] for key in self.cleaned_data.get("chosen", ()))
        return [
            Holiday(version=version, first_on=on, last_on=on, name=name[:120], country=country, region=region)
            for on, name in days
        ]


def _line(on, name):
    return f"{date_format(on, 'D j M Y')}, {name}"
