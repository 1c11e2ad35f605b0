"""What the console's own templates ask."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.text import capfirst

from cases import configuration

register = template.Library()


@register.filter
def verbose(model):
    """What one row of `model` is called: "Path version"."""
    return str(capfirst(model._meta.verbose_name))


@register.simple_tag
def configuration_history(row, reader):
    """The address of all changes of `row` and of what belongs to it, or an empty text."""
    label = row._meta.label_lower if row is not None else ""
    if label not in configuration.open_to(reader):
        return ""
    return f"{reverse('configuration-history')}?{urlencode({'about': f'{label}:{row.pk}'})}"
