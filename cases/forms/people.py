"""What people may send about themselves: profile, notices, quiet hours, absence; and why they open a case."""

from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from cases import roles
from cases.models import Person, PersonPreference
from cases.operations.notify import ALWAYS_AT_ONCE, BY_MAIL, TO_PEOPLE

from .fields import Moment, say_what_is_needed


class Asked(forms.Form):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)


class OpenRestForm(Asked):
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("it is kept with the case, with your name"),
    )


def _zones():
    """Those of people: "Europe/Madrid", not "Etc/GMT+3" or "posixrules"."""
    found = sorted(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "System"))
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in found)]


class ProfileForm(Asked):
    name = forms.CharField(label=_("Name shown"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones)
    theme = forms.ChoiceField(label=_("Theme"), choices=PersonPreference.Theme.choices)
    single_keys = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("j, k, r, e and the rest; Ctrl Enter and Esc work in any case"),
    )
    signature = forms.CharField(
        label=_("Signature"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("for replies to customers; empty it and it is gone"),
    )


class NoticesForm(Asked):
    """A box for each kind of notice: by mail as well. Quiet hours beneath."""

    quiet_from = forms.TimeField(
        label=_("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_weekend = forms.BooleanField(label=_("Saturdays and Sundays as a whole"), required=False)
    quiet_deputy = forms.ModelChoiceField(
        label=_("Who stands in then"),
        queryset=Person.objects.none(),
        required=False,
        empty_label=_("nobody: the next person or level gets it"),
    )

    def __init__(self, *args, person, choice, **kwargs):
        chosen = choice.mail if choice else {}
        super().__init__(*args, **kwargs)
        self.fields["quiet_deputy"].queryset = deputies().exclude(pk=person.pk)
        for kind in TO_PEOPLE:
            locked = kind in ALWAYS_AT_ONCE
            self.fields[f"mail_{kind.value}"] = forms.BooleanField(
                label=kind.label,
                required=False,
                disabled=locked,
                initial=kind in BY_MAIL if locked else chosen.get(kind.value, kind in BY_MAIL),
            )

    def kinds(self):
        return [(self[f"mail_{kind.value}"], kind in ALWAYS_AT_ONCE) for kind in TO_PEOPLE]

    def mail(self):
        return {kind.value: self.cleaned_data[f"mail_{kind.value}"] for kind in TO_PEOPLE}


class AbsenceForm(Asked):
    person = forms.ModelChoiceField(label=_("Who"), queryset=Person.objects.none(), empty_label=None)
    starts_at = Moment(label=_("From"))
    ends_at = Moment(label=_("Until"))
    deputy = forms.ModelChoiceField(
        label=_("Who stands in"),
        queryset=Person.objects.none(),
        required=False,
        empty_label=_("nobody: the next person or level gets it"),
    )

    def __init__(self, *args, kept, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = kept
        self.fields["deputy"].queryset = deputies()


def deputies():
    """Who could hold what would be another's."""
    return Person.objects.working().filter(role__in=roles.who_may("escalation.hold")).order_by("name")
