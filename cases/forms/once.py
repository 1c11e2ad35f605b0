"""A form that is sent once, and the files that may come with it."""

import uuid

from django import forms

from cases import file_types

from .fields import CaseForm


class Key(forms.UUIDField):
    """What is no key is none: such a form is not known again when it comes twice; nothing else is lost."""

    def to_python(self, value):
        try:
            return super().to_python(value)
        except forms.ValidationError:
            return None


class OnceForm(CaseForm):
    """A form about a case with a key of its own: sent again with the same words, it does nothing again."""

    key = Key(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)


class FilesInput(forms.FileInput):
    """Hands over every file that was chosen, not the last alone."""

    allow_multiple_selected = True

    def value_from_datadict(self, data, files, name):
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class Files(forms.Field):
    """Any number of files, none included; what they are is for the operation to judge."""

    def __init__(self, **kwargs):
        endings = ",".join(f".{extension}" for extension in file_types.EXTENSIONS)
        widget = FilesInput(attrs={"multiple": True, "accept": endings})
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value):
        return list(value or ())
