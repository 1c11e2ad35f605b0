"""Whoever is given something works here and stays until that is written: somebody who leaves at the same
moment is not given it, or is found to have it."""

from django.db import connection
from django.utils.translation import gettext as _

from cases.errors import WrongMove
from cases.models import Person
from cases.prepared import Given, Prepared

HERE = Prepared(lambda: Person.objects.filter(pk__among=Given("people"), is_active=True).values_list("pk"))


def here(ids):
    """Those of these ids of people who work here; none of them can leave before this transaction ends.

    Shared, so that many are given something at once and none waits for another. Asked with the case locked
    already: who leaves (operations/leaving.py) locks no case after a person.
    """
    ids = sorted({pk for pk in ids if pk is not None})
    if not ids:
        return set()
    if connection.vendor != "postgresql":  # one writes at a time
        return {pk for (pk,) in HERE.all(people=ids)}
    table = connection.ops.quote_name(Person._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id = ANY(%s) AND is_active ORDER BY id FOR SHARE", [ids]
        )
        return {pk for (pk,) in cursor.fetchall()}


def require_here(person):
    """Raises WrongMove for somebody who works here no longer."""
    if not here([person.pk]):
        raise WrongMove(_("%(who)s works here no longer; choose somebody else.") % {"who": person})
