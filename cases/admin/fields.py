"""Form fields of the console: a term in words, the reason of a change."""

from django import forms
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cases import durations
from cases.console import Widgets


class TermField(forms.IntegerField):
    """Seconds, written and shown as "2 h 30 min"."""

    widget = Widgets.Text

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("min_value", 1)
        kwargs["widget"] = Widgets.Text(
            attrs={"placeholder": "2 h 30 min", "autocomplete": "off", "size": 12}
        )
        super().__init__(*args, **kwargs)
        self.error_messages["min_value"] = _("A term must be above zero; name at least one second.")

    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            return durations.read(str(value))
        except durations.NotADuration as error:
            raise forms.ValidationError(str(error)) from error

    def prepare_value(self, value):
        return durations.word(value) if isinstance(value, int) else value

    def has_changed(self, initial, data):
        try:
            return initial != self.to_python(data)
        except forms.ValidationError:
            return True


def term_words(shown):
    """For pages that show a stored term (the admin hands over its text)."""
    return durations.word(int(shown)) if str(shown).isdecimal() else shown


class Terms:
    """Rows whose `terms` are typed and shown in words; the columns hold seconds and say so in their names."""

    terms = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in cls.terms:
            setattr(cls, _shown(name), _in_words(cls.model._meta.get_field(name)))

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name not in self.terms:
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return TermField(label=_label(db_field), required=not db_field.null, help_text=db_field.help_text)

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), *(_shown(name) for name in self.terms)]

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        if self.has_change_permission(request, obj):
            return fields
        rows = ((row,) if isinstance(row, str) else row for row in fields)
        shown = [tuple(_shown(name) if name in self.terms else name for name in row) for row in rows]
        return [row[0] if len(row) == 1 else row for row in shown]


def _shown(name):
    return f"{name}_in_words"


def _label(db_field):
    return capfirst(str(db_field.verbose_name).partition(",")[0])


def _in_words(db_field):
    def words(pages, row):
        seconds = getattr(row, db_field.name)
        return "–" if seconds is None else durations.word(seconds)

    words.short_description = lazy(_label, str)(db_field)
    return words


class ReasonField(forms.CharField):
    """Why. The middleware reads the answer by the field's name; the history shows it."""

    def __init__(self, *, required=False):
        words = {"label": _("Why"), "help_text": _("Stays in the history with your name.")}
        super().__init__(max_length=200, required=required, widget=Widgets.Text, **words)


class ReasonForm(forms.ModelForm):
    change_reason = ReasonField()
