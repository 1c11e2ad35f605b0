"""What keeps the house a house: who may import or point at whom, who reads the clock, what a table owes."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from cases import states, writers

ROOT = Path(__file__).resolve().parent.parent
BELOW = {"cases": set(), "escalations": {"cases"}, "reports": {"cases", "escalations"}}
OURS = {*BELOW, "escalation_site", "tests"}

# Whoever talks to people, programs or the machine looks at the clock; whatever they call is given `now`.
INTERFACES = ("views", "api", "admin", "tasks", "management", "middleware", "templatetags", "navigation")
# Django itself calls these (createsuperuser; after every migration) and has no `now` to give.
MAY_READ_THE_CLOCK = {
    ("cases/models/person.py", "create_superuser"),
    ("cases/installation.py", "after_migrating"),
    ("escalations/installation.py", "after_migrating"),
}
CLOCKS = {
    "timezone.now",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
}
CLOCKS_WHEN_CALLED_BARE = {"timezone.localtime", "timezone.localdate"}


def sources(*folders):
    """Every Python file of these folders but the generated migrations."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name(path):
    return path.relative_to(ROOT).as_posix()


def imported(path):
    """The first name of every absolute import in a file, wherever it stands, with its line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0], node.lineno


def functions(node):
    return [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def our_models():
    """Every model of ours but simple-history's copies."""
    for model in apps.get_models():
        if model._meta.app_label in BELOW and not hasattr(model, "instance_type"):
            yield model


@pytest.mark.parametrize("app", BELOW)
def test_imports_only_look_down(app):
    above = OURS - BELOW[app] - {app}
    found = [
        f"{name(path)}:{line} {top}" for path in sources(app) for top, line in imported(path) if top in above
    ]
    assert not found


@pytest.mark.parametrize("app", BELOW)
def test_foreign_keys_only_point_down(app):
    allowed = BELOW[app] | {app}
    found = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields(include_hidden=True)
        if field.is_relation and not field.auto_created and field.related_model is not None
        if field.related_model._meta.app_label in OURS - allowed
    ]
    assert not found


def test_imports_stand_at_the_top_of_their_file():
    """A late import hides a circle. AppConfig.ready alone comes after the models and may import them."""
    found = [
        f"{name(path)}:{late.lineno}"
        for path in sources(*BELOW, "escalation_site")
        for function in functions(tree(path))
        if not (path.name == "apps.py" and function.name == "ready")
        for late in ast.walk(function)
        if isinstance(late, ast.Import | ast.ImportFrom)
    ]
    assert not found


def test_one_file_alone_knows_the_console_package():
    found = [
        name(path)
        for path in sources(*BELOW, "escalation_site")
        for top, _ in imported(path)
        if top == "unfold" and name(path) != "cases/console.py"
    ]
    assert not found


def test_no_file_is_a_drawer_for_everything():
    found = [
        name(path) for path in sources(*OURS) if path.stem in ("utils", "util", "helpers", "misc", "common")
    ]
    assert not found


def dotted(node):
    """`timezone.now` of whatever ends in those two names."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
        return f"{owner}.{node.attr}"
    return ""


def clock_read(node):
    """What of the clock this piece of syntax asks, or an empty text."""
    if dotted(node) in CLOCKS:
        return dotted(node)
    if isinstance(node, ast.Call) and dotted(node.func) in CLOCKS_WHEN_CALLED_BARE and not node.args:
        return dotted(node.func)
    if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
        return node.arg
    return ""


def clock_reads(node, function=None):
    """(function, what, line) of everything in a syntax tree that asks what time it is."""
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.FunctionDef) else function
        if clock_read(child):
            yield inside, clock_read(child), child.lineno
        yield from clock_reads(child, inside)


def test_only_interfaces_read_the_clock():
    found = [
        f"{name(path)}:{line} {what}"
        for path in sources(*BELOW)
        if not set(INTERFACES) & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
        for function, what, line in clock_reads(tree(path))
        if (name(path), function) not in MAY_READ_THE_CLOCK
    ]
    assert not found


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("timezone.now()", True),
        ("django.utils.timezone.now()", True),
        ("default=timezone.now", True),
        ("f = dict(default=timezone.now)", True),
        ("datetime.datetime.now()", True),
        ("models.DateTimeField(auto_now_add=True)", True),
        ("timezone.localdate()", True),
        ("timezone.localdate(now)", False),
        ("def f(now): return now", False),
    ],
)
def test_a_reader_of_the_clock_is_caught(source, caught):
    assert bool(list(clock_reads(ast.parse(source)))) is caught


def test_models_do_not_override_saving():
    """Rules of one row are constraints and `clean`, of several operations; `save` knows no `by`, no `now`."""
    found = [
        f"{model._meta.label}.{method}"
        for model in our_models()
        for method in ("save", "delete")
        if getattr(model, method) is not getattr(models.Model, method)
        and getattr(model, method).__module__.split(".")[0] in BELOW
    ]
    assert not found


def test_our_apps_do_not_signal_each_other():
    """Django tells us about migrations; between our own apps a row is written or a function called."""
    found = [
        f"{name(path)}:{node.lineno}"
        for path in sources(*BELOW)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("django.db.models.signals")
        and {alias.name for alias in node.names} - {"pre_migrate", "post_migrate"}
    ]
    assert not found


def test_every_status_has_its_row():
    assert set(states.NEXT) == set(states.CaseStatus)
    assert all(targets <= set(states.CaseStatus) for targets in states.NEXT.values())


# Rows that come and go with the work; what they led to is in the history of what they touched.
UNAUDITED = {
    "cases.Timer",
    "cases.EngineMinute",
    "cases.EnginePass",
    "cases.ReconcilerRound",
    "cases.Standing",
    "cases.SentForm",
    "cases.Notice",
    "cases.Draft",
    "cases.SavedView",
    "cases.DoneTogether",
    "cases.Presence",
    "escalations.BackTest",
    "escalations.Replay",
    "escalations.ReplayedCase",
    "reports.DailyCount",
    "reports.Counting",
}


def test_every_model_has_a_history_or_a_reason_for_none():
    without = {
        m._meta.label for m in our_models() if not hasattr(m._meta, "simple_history_manager_attribute")
    }
    assert without == UNAUDITED


@pytest.mark.django_db
def test_the_database_writes_the_history_of_every_audited_model():
    assert writers.missing() == set()
