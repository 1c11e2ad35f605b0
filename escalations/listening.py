"""Which triggers are worth a look: those that some rule in force asks about."""

from cases.operations.triggers import listens_to_triggers

from .models import Rule


@listens_to_triggers
def kinds_asked_about():
    return set(Rule.objects.filter(is_active=True, path__is_active=True).values_list("trigger", flat=True))
