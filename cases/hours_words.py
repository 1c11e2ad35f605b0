"""What is wrong with working hours, in sentences of the reader's language."""

from datetime import date

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from cases.hours_problems import WEEKDAY_NAMES


def sentences(hours, codes=None):
    """What has to be corrected in these WorkingHours before they are used: a sentence each, in order.

    `codes`: only these kinds of problem (hours_problems names them).
    """
    return [
        _(problem.sentence) % {key: _worded(value) for key, value in problem.params.items()}
        for problem in hours.problems()
        if codes is None or problem.code in codes
    ]


def _worded(value):
    if isinstance(value, int):
        return _(WEEKDAY_NAMES[value])
    return date_format(value, "j M Y") if isinstance(value, date) else value
