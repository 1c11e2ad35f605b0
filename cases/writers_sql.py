"""SQL that both engines' writers share: names, and comparing a live row with its newest history row."""

from dataclasses import dataclass

from django.db.backends.utils import truncate_name

PREFIX = "desk_"
# PostgreSQL cuts longer names off without a word; two of them would then be one.
LONGEST_NAME = 63


@dataclass(frozen=True)
class Trigger:
    """A trigger: its name, the statements that make it, and the text of it that the database keeps."""

    name: str
    statements: tuple[str, ...]
    kept: str


def q(name):
    """`name` as an identifier, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def text(value):
    """`value` as a literal."""
    return "'" + value.replace("'", "''") + "'"


def listed(columns, prefix=""):
    return ", ".join(f"{prefix}{q(c)}" for c in columns)


def named(what, table):
    """The name of the trigger that does `what` on `table`: the same on both engines."""
    return truncate_name(f"{PREFIX}{what}_{table}", LONGEST_NAME)


def unsigned(spec):
    """What a write without an actor is told."""
    return text(f"{spec.table}: a write without an actor is refused; open history.acting(...)")


def newest(spec):
    """Each live row `n` beside its newest history row `h` (null where it has none)."""
    return (
        f"FROM {q(spec.table)} n LEFT JOIN {q(spec.history)} h ON h.history_id ="
        f" (SELECT max(x.history_id) FROM {q(spec.history)} x WHERE x.{q(spec.pk)} = n.{q(spec.pk)})"
    )


def gone(spec):
    """Newest history rows `h` of objects that are no longer there, though no deletion was recorded."""
    return (
        f"FROM {q(spec.history)} h WHERE h.history_type <> '-' AND h.history_id ="
        f" (SELECT max(x.history_id) FROM {q(spec.history)} x WHERE x.{q(spec.pk)} = h.{q(spec.pk)})"
        f" AND NOT EXISTS (SELECT 1 FROM {q(spec.table)} n WHERE n.{q(spec.pk)} = h.{q(spec.pk)})"
    )


def catch_up(spec, differs, signature, salt):
    """Statements that record what no writer saw. `signature`: SQL for reason, actor, date, via, recorded."""
    own = [
        "history_type",
        "history_change_reason",
        "history_user_id",
        "history_date",
        "history_via",
        "history_recorded_at",
    ]
    if spec.erasable:
        own.append("history_salt")
        signature = f"{signature}, {salt}"
    target = f"INSERT INTO {q(spec.history)} ({listed((*spec.columns, *own))})"
    return [
        f"{target} SELECT {listed(spec.columns, 'n.')},"
        f" CASE WHEN h.history_id IS NULL OR h.history_type = '-' THEN '+' ELSE '~' END, {signature}"
        f" {newest(spec)} WHERE h.history_id IS NULL OR h.history_type = '-' OR {differs}"
        f" ORDER BY n.{q(spec.pk)}",
        f"{target} SELECT {listed(spec.columns, 'h.')}, '-', {signature}"
        f" {gone(spec)} ORDER BY h.{q(spec.pk)}",
    ]


def differing(spec, differs):
    """The ids at which live rows and history disagree, whichever side has the row."""
    return (
        f"SELECT n.{q(spec.pk)} {newest(spec)}"
        f" WHERE h.history_id IS NULL OR h.history_type = '-' OR {differs}"
        f" UNION ALL SELECT h.{q(spec.pk)} {gone(spec)}"
    )
