"""Priority from impact and urgency, the matrix service desks use (ITIL). Pure."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .states import Priority


class Weight(models.IntegerChoices):
    LOW = 1, _("Low")
    MEDIUM = 2, _("Medium")
    HIGH = 3, _("High")


MATRIX = {
    (Weight.HIGH, Weight.HIGH): Priority.URGENT,
    (Weight.HIGH, Weight.MEDIUM): Priority.HIGH,
    (Weight.MEDIUM, Weight.HIGH): Priority.HIGH,
    (Weight.MEDIUM, Weight.MEDIUM): Priority.MEDIUM,
    (Weight.HIGH, Weight.LOW): Priority.MEDIUM,
    (Weight.LOW, Weight.HIGH): Priority.MEDIUM,
    (Weight.MEDIUM, Weight.LOW): Priority.LOW,
    (Weight.LOW, Weight.MEDIUM): Priority.LOW,
    (Weight.LOW, Weight.LOW): Priority.LOW,
}


def priority_of(impact, urgency):
    """The priority that an impact and an urgency call for."""
    return MATRIX[Weight(impact), Weight(urgency)]
