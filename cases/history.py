"""Who acts, why and when: the context in which the database writes the history; the history tables' shape.

simple-history gives the tables, the model API and the admin pages; the rows are written by triggers
(cases/writers.py), so that no write escapes: save, update, bulk, proxies, SET_NULL, loaddata, raw SQL.
"""

import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.utils.timezone import is_naive
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class NotActing(Exception):
    """Something below the interfaces was asked to write outside of `history.acting`."""


@dataclass(frozen=True)
class SystemActor:
    """A named actor for automatic steps. Its id is negative, so that it never collides with a person's."""

    pk: int
    name: str
    is_system = True


INSTALLATION = SystemActor(-1, "installation")
ENGINE = SystemActor(-2, "engine")
REPLAY = SystemActor(-3, "replay")
EXAMPLE = SystemActor(-4, "example")
# Who answers by a link that was sent to them alone.
CUSTOMER = SystemActor(-5, "customer")
SYSTEM_ACTORS = (INSTALLATION, ENGINE, REPLAY, EXAMPLE, CUSTOMER)


@dataclass(frozen=True)
class Acting:
    """What the database needs to know to sign a history row."""

    actor: int
    reason: str
    now: datetime
    via: str
    silent: bool = False  # notices are recorded and not delivered
    memory: dict | None = None  # see `remembered`


def current(using=DEFAULT_DB_ALIAS):
    """The innermost `Acting` on this connection, or None."""
    return getattr(connections[using], "desk_acting", None)


def remembered(key, make, using=DEFAULT_DB_ALIAS):
    """`make()`, asked once in a transaction that remembers: for what every case of a batch reads again.

    Only who acts `remembering` asks for that, for many operations at once; who publishes calls `forget`.
    """
    acting = current(using)
    if acting is None or acting.memory is None:
        return make()
    if key not in acting.memory:
        acting.memory[key] = make()
    return acting.memory[key]


def forget(using=DEFAULT_DB_ALIAS):
    """What was remembered may be out of force now."""
    acting = current(using)
    if acting is not None and acting.memory is not None:
        acting.memory.clear()


@contextmanager
def acting(*, by, reason, now, via=None, silent=False, remembering=False, using=DEFAULT_DB_ALIAS):
    """Open a transaction in which every write is signed.

    `by` is a Person or SystemActor, `now` is aware.

    Nests: the inner one speaks, then the outer again, in one transaction. Without `via` the outer's is kept.
    What is silent or remembering stays so further in.
    Raises NotActing for somebody without an id, ValueError for a naive `now`.
    """
    if by.pk is None:
        raise NotActing(f"{by!r} has no id to sign with.")
    if is_naive(now):
        raise ValueError("`now` must be aware.")
    connection = connections[using]
    outer, is_inside = getattr(connection, "desk_acting", None), connection.in_atomic_block
    if via is None:
        via = outer.via if outer else "program"
    silent = silent or (outer is not None and outer.silent)
    memory = outer.memory if outer else None
    if memory is None and remembering:
        memory = {}
    inner = Acting(by.pk, str(reason), now.astimezone(UTC), via, silent, memory)
    with transaction.atomic(using=using):
        _speak(connection, inner)
        connection.desk_acting = inner
        try:
            yield inner
        finally:
            connection.desk_acting = outer
    # What was said lasts as long as the transaction; a rollback to before it takes it back by itself.
    if is_inside:
        _speak(connection, outer)


def _speak(connection, acting):
    """Tell the database's session who acts, or with None that nobody does.

    SQLite asks back through `desk_context` (below) instead.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('desk.actor', %s, true), set_config('desk.reason', %s, true),"
            " set_config('desk.now', %s, true), set_config('desk.via', %s, true)",
            [str(acting.actor), acting.reason, acting.now.isoformat(), acting.via] if acting else [""] * 4,
        )


def prepare(connection):
    """Give a new SQLite connection what its triggers need.

    They call desk_context('actor' | 'reason' | ...); and what REPLACE INTO throws out must fire those of a
    deletion.
    """
    wrapper = weakref.ref(connection)

    def desk_context(key):
        acting = getattr(wrapper(), "desk_acting", None)
        if acting is None:
            return None
        if key == "now":
            # Django's own text form on SQLite, without a fraction where there is none: texts are compared.
            return str(acting.now.replace(tzinfo=None))
        return getattr(acting, key)

    connection.connection.create_function("desk_context", 1, desk_context)
    connection.connection.execute("PRAGMA recursive_triggers = ON").close()


class HistoryRow(models.Model):
    """Columns of every history table beside simple-history's own."""

    history_via = models.CharField(_("came by"), max_length=12)
    history_recorded_at = models.DateTimeField(_("recorded at"), help_text=_("The database's own clock."))

    class Meta:
        abstract = True


class ErasableHistoryRow(HistoryRow):
    """For models with personal data or free text: commitments to the erased values need a salt."""

    history_salt = models.UUIDField(null=True)
    history_commitments = models.JSONField(null=True)

    class Meta:
        abstract = True


class History(HistoricalRecords):
    """simple-history's tables and API without its writer; `erasable` names columns that may be blanked."""

    def __init__(self, *, erasable=(), **kwargs):
        self.erasable = tuple(erasable)
        kwargs.setdefault("bases", [ErasableHistoryRow if erasable else HistoryRow])
        kwargs.setdefault("history_id_field", models.BigAutoField())
        # An id that outlives the person, not a foreign key: nothing ever sets it to null.
        kwargs.setdefault("history_user_id_field", models.BigIntegerField())
        super().__init__(**kwargs)

    def copy_fields(self, model):
        """Only the object's id is indexed, beside `history_id`, by which rows are ordered and sealed.

        By the object's id ask: a case's history and an object's page in the console (reports/timeline.py,
        cases/history_pages.py), "as it was" (simple-history's as_of), and the newest row of each object when
        live rows are held against history (writers_sql.newest). Nothing asks by date, actor or another key.
        """
        fields = super().copy_fields(model)
        for name, field in fields.items():
            field.db_index = name == model._meta.pk.name
        return fields

    def create_history_model(self, model, inherited):
        history_model = super().create_history_model(model, inherited)
        history_model.erasable = self.erasable
        return history_model

    def post_save(self, instance, created, using=None, **kwargs):
        """The database has written the row already."""

    def post_delete(self, instance, using=None, **kwargs):
        """The database has written the row already."""

    def create_historical_record(self, instance, history_type, using=None):
        raise NotActing("History rows are written by the database.")
