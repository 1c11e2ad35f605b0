"""Switch many rows of configuration on or off, each by itself: what cannot be switched stays and says why."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from cases import history
from cases.errors import NotTheirs, Refused, WrongMove
from cases.roles import may


@dataclass(frozen=True)
class Outcome:
    """What became of one row; `why` it was not done, or nothing."""

    row: models.Model
    why: str = ""

    @property
    def is_done(self):
        return not self.why


def switch(*, row, is_active, by, now, reason=""):
    """Put `row` (of a model with `is_active`) in force or out of it, from now on. Returns it.

    Raises WrongMove where it is so already, Refused for what the row itself forbids, as that the default path
    stays active.
    """
    words = _("switched on") if is_active else _("switched off")
    with history.acting(by=by, reason=reason or words, now=now):
        model = type(row)
        row = model._default_manager.select_for_update(no_key=True, of=("self",)).get(pk=row.pk)
        if row.is_active == is_active:
            raise WrongMove(_("It is on already.") if is_active else _("It is off already."))
        row.is_active = is_active
        try:
            if is_active:
                row.full_clean()
            else:
                row.validate_constraints()
        except ValidationError as error:
            raise Refused(error.messages) from error
        row.save(update_fields=["is_active"])
        history.forget()
    return row


def each(*, rows, is_active, by, now, reason="", one=switch, name="row"):
    """[Outcome] of switching `rows`, in their order. `one`: the operation that switches one of them, which
    calls it `name`. Raises NotTheirs for who publishes nothing."""
    if not may(by, "rules.publish"):
        raise NotTheirs(_("Only an escalation manager switches rules on and off."))
    outcomes = []
    with history.acting(by=by, reason=reason, now=now):
        for row in rows:
            try:
                with transaction.atomic():
                    one(**{name: row}, is_active=is_active, by=by, now=now, reason=reason)
            except (Refused, IntegrityError) as refused:
                said = getattr(refused, "messages", None) or [_("The database refused it.")]
                outcomes.append(Outcome(row, " ".join(said)))
            else:
                outcomes.append(Outcome(row))
    return outcomes
