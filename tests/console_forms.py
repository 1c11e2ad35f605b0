"""What a browser would send back of a console form: every field as it stands, or as a test changes it."""

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper


def filled(page, **changes):
    """The data of the form on `page` (a response) and of its rows; `changes` by the names of the inputs."""
    data = {}
    if "adminform" in page.context:
        _read(page.context["adminform"].form, data)
        for inline in page.context["inline_admin_formsets"]:
            _read(inline.formset.management_form, data)
            for form in inline.formset.forms:
                _read(form, data)
    else:
        _read(page.context["form"], data)
    return data | {name: value for name, value in changes.items() if value is not None}


def one_more(page, prefix, data, **fields):
    """Adds a row to the rows called `prefix`, as the button below them does."""
    number = int(data[f"{prefix}-TOTAL_FORMS"])
    [inline] = [i for i in page.context["inline_admin_formsets"] if i.formset.prefix == prefix]
    empty = {}
    _read(inline.formset.empty_form, empty)
    row = {name.replace("__prefix__", str(number)): value for name, value in empty.items()}
    row |= {f"{prefix}-{number}-{name}": value for name, value in fields.items()}
    return data | row | {f"{prefix}-TOTAL_FORMS": number + 1}


def _read(form, data):
    for bound in form:
        widget, value = bound.field.widget, bound.value()
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget = widget.widget
        if isinstance(widget, forms.MultiWidget):
            for part, inner in enumerate(widget.decompress(value)):
                data[f"{bound.html_name}_{part}"] = "" if inner is None else str(inner)
        elif isinstance(widget, forms.CheckboxInput):
            if value:
                data[bound.html_name] = "on"
        elif isinstance(widget, forms.SelectMultiple):
            data[bound.html_name] = [str(one) for one in value or ()]
        else:
            data[bound.html_name] = "" if value is None else str(value)


def errors(page):
    """Every sentence that a refused form says, wherever it says it."""
    found = []
    forms_of_page = (
        [page.context["adminform"].form] if "adminform" in page.context else [page.context["form"]]
    )
    for inline in page.context.get("inline_admin_formsets", ()):
        found += inline.formset.non_form_errors()
        forms_of_page += inline.formset.forms
    for form in forms_of_page:
        found += [sentence for sentences in form.errors.values() for sentence in sentences]
    return found


def said(response):
    """The messages that a page shows at its top."""
    return [str(message) for message in response.context["messages"]]
