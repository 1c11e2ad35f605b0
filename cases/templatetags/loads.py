"""How much somebody has in hand, as it is written."""

from django import template

from cases import queues

register = template.Library()


@register.filter
def enough(number):
    """The number, or "99+" where nobody counted on."""
    return queues.at_most_enough(number)
