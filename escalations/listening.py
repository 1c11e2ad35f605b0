"""Which triggers are worth a look: those that some rule in force asks about."""

from cases.operations.triggers import listens_to_triggers
from cases.prepared import Prepared

from .models import Rule

ASKED_ABOUT = Prepared(
    lambda: Rule.objects.filter(is_active=True, path__is_active=True).values_list("trigger").distinct()
)


@listens_to_triggers
def kinds_asked_about():
    return {trigger for (trigger,) in ASKED_ABOUT.all()}
