"""Console forms whose saving is an operation: it is tried first, so that what it refuses stands at the field
and nothing typed is lost."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.utils import timezone

from cases.console import InlineFormSet
from cases.errors import Refused

from .fields import ReasonForm


class _TakenBack(Exception):
    """What was only tried is undone by it."""


def rehearse(do):
    """`do()`, taken back at once: the Refused that it raises, or None."""
    try:
        with transaction.atomic():
            do()
            raise _TakenBack
    except _TakenBack:
        return None
    except Refused as refusal:
        return refusal


def say(form, refusal, at):
    """`refusal` on `form`, at the field that `at` ({error: field name}) has for it."""
    field = next((name for error, name in at.items() if isinstance(refusal, error)), None)
    form.add_error(field if field in form.fields else None, refusal.messages)


def refusing(request, view, *args, **kwargs):
    """An admin's `view`; refused after all, because somebody was quicker, it says why and shows the page."""
    try:
        return view(request, *args, **kwargs)
    except Refused as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(request.get_full_path())


class Unchecked:
    """For a model's form: what the model would refuse as a whole, the operation refuses at a field."""

    def _get_validation_exclusions(self):
        return {field.name for field in self._meta.model._meta.fields}


class OperatedRow(Unchecked, forms.ModelForm):
    """One of OperatedRows."""


class OperatedForm(Unchecked, ReasonForm):
    """`operate(now)` does what the form says, from `cleaned_data`, signed by `asker`, and returns the row."""

    asker = None
    at = {}

    def operate(self, now):
        raise NotImplementedError

    def _post_clean(self):
        super()._post_clean()
        if self.errors or not self.has_changed():
            return
        refusal = rehearse(lambda: self.operate(timezone.now()))
        if refusal is not None:
            say(self, refusal, self.at)


class OperatedAdmin:
    """For an admin whose `form` is an OperatedForm; `take_away(request, obj, now)` stands for deleting."""

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        form.asker = request.user
        return form

    def save_model(self, request, obj, form, change):
        if form.has_changed():
            obj.pk = form.operate(timezone.now()).pk

    def delete_model(self, request, obj):
        self.take_away(request, obj, timezone.now())

    def changeform_view(self, request, *args, **kwargs):
        return refusing(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        return refusing(request, super().delete_view, *args, **kwargs)


class OperatedRows(InlineFormSet):
    """Rows on the page of something else, saved one by one: `operate(form, now)`, `take_away(row, now)`."""

    asker = None
    at = {}

    def operate(self, form, now):
        raise NotImplementedError

    def take_away(self, row, now):
        raise NotImplementedError

    def clean(self):
        super().clean()
        if any(form.errors for form in self.forms):
            return
        rehearse(lambda: self._try_all(timezone.now()))

    def _try_all(self, now):
        """Each by itself, so that each says what is wrong with it; all of them, so that two that lie over
        each other are found."""
        for form, is_gone in self._changed():
            try:
                self._do(form, is_gone, now)
            except Refused as refusal:
                say(form, refusal, self.at)
                self._errors[self.forms.index(form)] = form.errors

    def operate_all(self, now):
        """All that the rows say, for good. Raises Refused where somebody was quicker."""
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        for form, is_gone in self._changed():
            self._do(form, is_gone, now)

    def _do(self, form, is_gone, now):
        if is_gone:
            self.take_away(form.instance, now)
        else:
            self.operate(form, now)

    def _changed(self):
        """[(form, whether its row goes)], those that go first: they make room."""
        gone = [form for form in self.initial_forms if self._should_delete_form(form)]
        rest = [form for form in self.forms if form.has_changed() and not self._should_delete_form(form)]
        return [*((form, True) for form in gone), *((form, False) for form in rest)]
