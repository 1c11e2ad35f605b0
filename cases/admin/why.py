"""The form of every button that writes: it asks why."""

from django import forms

from .fields import ReasonField


class WhyForm(forms.Form):
    change_reason = ReasonField()
