"""What every form about a case is made of."""

from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LONGEST = 20_000
NEEDED = _("Still empty; this is needed.")


def say_what_is_needed(form):
    """An empty field is refused in words that say what is wrong, not in a library's."""
    for field in form.fields.values():
        field.error_messages["required"] = NEEDED


def text(label, rows=4, *, focus=False, **kwargs):
    attrs = {"rows": rows, **({"autofocus": True} if focus else {})}
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea(attrs=attrs), **kwargs)


class Moment(forms.DateTimeField):
    """An instant typed in the reader's own zone."""

    def __init__(self, **kwargs):
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": 60}, format="%Y-%m-%dT%H:%M")
        kwargs.setdefault("help_text", _("in your own time zone"))
        super().__init__(widget=widget, **kwargs)


class CaseForm(forms.Form):
    """A form about one case as its sender saw it: refused when somebody changed the case since."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, case, **kwargs):
        self.case = case
        kwargs.setdefault("initial", {})
        kwargs["initial"] = {"revision": case.revision, **kwargs["initial"]}
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)


def next_full_hour(now):
    """A whole hour at least one hour ahead, in the reader's zone."""
    return timezone.localtime(now).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
