"""Words and places of the roster's picture."""

from django import template
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()


@register.filter
def add_to(number, more):
    """number + more, of numbers that are not whole."""
    return round(number + more, 2)


@register.filter
def unlocalize(number):
    """A number as SVG reads it, whatever the reader's language writes."""
    return str(number)


@register.filter
def turn_span(turn):
    """ "Tue 3 Mar, 20:00 – Wed 4 Mar, 08:00", in the reader's zone."""
    ends = (timezone.localtime(at) for at in (turn.starts_at, turn.ends_at))
    return " – ".join(date_format(at, "D j M, H:i") for at in ends)


@register.filter
def until_words(shown):
    """Until when a part of a turn goes on its day: the day's own end is 24:00."""
    at = timezone.localtime(shown.ends_at)
    is_midnight = (at.hour, at.minute) == (0, 0)
    return "24:00" if is_midnight else date_format(at, "H:i")


@register.filter
def day_labels(week):
    """[(x, day)]: where each day's name stands in the picture."""
    return list(zip([3, *(x + 3 for x in week.day_lines)], week.days, strict=True))


@register.filter
def is_day_of(day, now):
    """Whether `now` is on this day (its midnight), in the reader's zone."""
    return timezone.localtime(day).date() == timezone.localtime(now).date()
