"""What every form about a case is made of."""

from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.errors import StaleCase
from cases.layout import EARLIEST, LATEST

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

    def clean(self, value):
        try:
            at = super().clean(value)
        except OverflowError:  # in the reader's zone it would be before or after all calendars
            at = LATEST
        if at is not None and not EARLIEST < at < LATEST:
            raise forms.ValidationError(
                _("Give a year from %(first)d to %(last)d.")
                % {"first": EARLIEST.year + 1, "last": LATEST.year - 1},
                code="invalid",
            )
        return at


class Occurred(Moment):
    """When something was said. Empty is now, to the second: a form may lie open for long."""

    is_conditional = True  # not "optional": when it was is always known

    def __init__(self, **kwargs):
        super().__init__(required=False, help_text=_("empty: now"), **kwargs)


class CaseForm(forms.Form):
    """A form about one case as its sender saw it: refused when somebody changed the case since."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, case, **kwargs):
        self.case = case
        kwargs.setdefault("initial", {})
        kwargs["initial"] = {"revision": case.revision, **kwargs["initial"]}
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)
        # The revision its sender saw, once an operation refused it because somebody was quicker.
        self.seen = None

    def add_error(self, field, error):
        if isinstance(error, StaleCase):
            self.seen = self.cleaned_data["revision"]
        super().add_error(field, error)

    def show_again(self, case):
        """Refused, it comes back with what was typed, beside `case` as it is now.

        Refused as stale, it shows what changed, so that sent again it speaks of the case as it is; refused
        for anything else, it still speaks of the case as its sender saw it.
        """
        self.case = case
        if self.seen is not None:
            self.data = self.data.copy()
            self.data[self.add_prefix("revision")] = case.revision

    def typed(self):
        """[(label, value), …] of what its sender filled in, as it was understood."""
        return [
            (bound.label, self.cleaned_data[bound.name], bound.field)
            for bound in self.visible_fields()
            if not _is_nothing(self.cleaned_data.get(bound.name))
            and not isinstance(bound.field, forms.BooleanField)  # a ticked box is no words
        ]


def _is_nothing(value):
    """No words, no files, none of several: but nought is a number."""
    return value is None or (hasattr(value, "__len__") and len(value) == 0)


def next_full_hour(now):
    """A whole hour at least one hour ahead, in the reader's zone."""
    return timezone.localtime(now).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
