"""The escalation matrix as people read it: rows in words, which of them answers, and which never can."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases import display
from cases.models import Person, TriggerKind
from cases.states import Metric
from escalations import matching
from escalations.models import Escalation, Rule

COUNTED = timedelta(days=90)
CHANGES_SHOWN = 5
# The conditions in the order of their columns, by the names of a rule's fields.
CONDITIONS = (
    "category",
    "service",
    "priority",
    "tier",
    "channel",
    "language",
    "team",
    "reopened_at_least",
    "reassigned_at_least",
    "within_days",
)
# Shown even where no rule asks for them: what people look for first.
ALWAYS_SHOWN = {"category", "priority", "tier"}
HEADINGS = {
    "reopened_at_least": gettext_lazy("Reopened"),
    "reassigned_at_least": gettext_lazy("Reassigned"),
    "within_days": gettext_lazy("Escalated before"),
}
LANGUAGES = dict(settings.LANGUAGES)
WON, FAILED, OFF, NOT_ASKED = "won", "failed", "off", "not_asked"


def heading(name):
    return HEADINGS.get(name) or capfirst(Rule._meta.get_field(name).verbose_name)


def words_of(name, value):
    """A condition's value, or a fact of a case, in words; "" means any (or, of a case, none)."""
    if value in (None, ""):
        return ""
    if name == "language":
        return str(LANGUAGES.get(value, value))
    choices = Rule._meta.get_field(name).flatchoices
    return str(dict(choices).get(value, value))


def _condition(rule, name):
    value = getattr(rule, name)
    if name in matching.AT_LEAST and value is not None:
        return _("%(number)d times or more") % {"number": value}
    if name in matching.AT_MOST and value is not None:
        words = ngettext("within %(number)d day", "within %(number)d days", value)
        return words % {"number": value}
    return words_of(name, value)


@dataclass(frozen=True)
class Cell:
    """One condition of one rule: `words` is empty for any; `failed` says what the case is instead."""

    name: str
    heading: str
    words: str
    failed: str = ""


@dataclass(frozen=True)
class Row:
    """A rule as a row. `verdict` (of a case that is asked about): won, failed, off or not_asked."""

    rule: Rule
    number: int
    when: str
    cells: tuple[Cell, ...]
    started: int = 0
    covered_by: "Row | None" = None
    verdict: str = ""
    failed: str = ""

    @property
    def is_on(self):
        return self.rule.is_active and self.rule.path.is_active

    @property
    def is_won(self):
        return self.verdict == WON

    @property
    def why(self):
        """The verdict as a sentence."""
        return {
            WON: _("Answers: all its conditions hold."),
            OFF: _("Switched off: not asked."),
            NOT_ASKED: _("Not asked: a rule above it answers."),
            FAILED: self.failed,
        }.get(self.verdict, "")


@dataclass(frozen=True)
class Asked:
    """What is asked about: the facts that rules compare, and the same in words by a rule's field names."""

    facts: matching.Facts
    words: dict[str, str]
    about: str = ""


@dataclass(frozen=True)
class Matrix:
    """The rows in the order in which they are asked. `seen`: {rule id: revision}, for whoever reorders."""

    rows: tuple[Row, ...]
    seen: dict[int, int] = field(default_factory=dict)
    asked: Asked | None = None

    @cached_property
    def headings(self):
        """The conditions that have a column."""
        return [heading(name) for name in CONDITIONS if name in self._shown]

    @property
    def unused(self):
        """Those that have none, because no rule asks for them."""
        return [str(heading(name)) for name in CONDITIONS if name not in self._shown]

    @cached_property
    def _shown(self):
        return _shown(self.rows)

    @property
    def winner(self):
        return next((row for row in self.rows if row.is_won), None)

    @property
    def token(self):
        """`seen` in the order shown, as a form carries it."""
        return ",".join(f"{row.rule.pk}:{self.seen.get(row.rule.pk, 0)}" for row in self.rows)


def read_token(text):
    """([rule ids in order], {rule id: revision}) of a token. Raises ValueError for what is none."""
    pairs = [tuple(int(part) for part in pair.split(":")) for pair in text.split(",") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(text)
    return [pk for pk, _revision in pairs], dict(pairs)


def read(*, now, seen=None, asked=None):
    """The whole matrix, with how many escalations each rule started of late. Three queries."""
    rules = list(
        Rule.objects.select_related("path", "category", "service", "team").order_by("position", "pk")
    )
    started = dict(
        Escalation.objects.filter(started_at__gt=now - COUNTED, rule__isnull=False)
        .order_by()
        .values_list("rule")
        .annotate(Count("pk"))
    )
    rows = _covered([_row(rule, number, started) for number, rule in enumerate(rules, 1)])
    shown = _shown(rows)
    rows = [replace(row, cells=tuple(cell for cell in row.cells if cell.name in shown)) for row in rows]
    if asked is not None:
        rows = _judged(rows, asked)
    return Matrix(tuple(rows), seen or {}, asked)


def _shown(rows):
    return ALWAYS_SHOWN | {cell.name for row in rows for cell in row.cells if cell.words}


def _row(rule, number, started):
    when = str(TriggerKind(rule.trigger).label)
    if rule.metric:
        when = f"{when}: {Metric(rule.metric).label}"
    cells = tuple(Cell(name, str(heading(name)), _condition(rule, name)) for name in CONDITIONS)
    return Row(rule, number, when, cells, started.get(rule.pk, 0))


def _covered(rows):
    """The rows, each with the one above that leaves nothing for it."""
    on, found = [], []
    for row in rows:
        above = (
            next((other for other in on if matching.covers(other.rule, row.rule)), None)
            if row.is_on
            else None
        )
        found.append(replace(row, covered_by=above))
        if row.is_on:
            on.append(row)
    return found


def _judged(rows, asked):
    """The rows, each with its verdict on what is asked about."""
    answers = dict(
        (rule.pk, failed)
        for rule, failed in matching.why([row.rule for row in rows if row.is_on], asked.facts)
    )
    return [_verdict(row, answers, asked) for row in rows]


def _verdict(row, answers, asked):
    if not row.is_on:
        return replace(row, verdict=OFF)
    if row.rule.pk not in answers:
        return replace(row, verdict=NOT_ASKED)
    failed = answers[row.rule.pk]
    if failed is None:
        return replace(row, verdict=WON)
    name = failed.removesuffix("_id")
    is_fact = asked.words.get(name) or _("none")
    if name in ("trigger", "metric"):
        return replace(row, verdict=FAILED, failed=_("No: this is “%(fact)s”.") % {"fact": is_fact})
    cells = tuple(replace(cell, failed=is_fact) if cell.name == name else cell for cell in row.cells)
    words = {"what": heading(name), "fact": is_fact}
    return replace(row, verdict=FAILED, cells=cells, failed=_("No: %(what)s is “%(fact)s”.") % words)


def last_changes(*, now):
    """[(when, who, sentence, reason)] of the last changes, the newest first. Two queries."""
    entries = list(Rule.history.order_by("-history_id")[:CHANGES_SHOWN])
    names = dict(
        Person.objects.filter(pk__in={entry.history_user_id for entry in entries}).values_list("pk", "name")
    )
    sentences = {
        "+": gettext_lazy("added “%(rule)s”"),
        "~": gettext_lazy("changed “%(rule)s”"),
        "-": gettext_lazy("deleted “%(rule)s”"),
    }
    return [
        (
            display.moment(entry.history_date, now),
            names.get(entry.history_user_id) or _("the desk"),
            sentences[entry.history_type] % {"rule": entry.name},
            entry.history_change_reason or "",
        )
        for entry in entries
    ]
