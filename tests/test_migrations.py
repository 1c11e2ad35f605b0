"""Migrating keeps history whole: what it changes is recorded; writers and guards are there again after it."""

import threading

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import IntegrityError, connection, migrations, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from cases import history, writers
from cases.all_at_once import AllAtOnce
from cases.models import Calendar, CalendarVersion, Period, Skill, SlaPolicy
from escalations.models import EscalationPath
from tests import factories as make

on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'")
transactional = pytest.mark.django_db(transaction=True)
both = ("skill", "historicalskill")


def execute(sql, params=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else None


def values(column="name"):
    """[(history type, value)] of the skills' history, asked in SQL: the models know no new column."""
    return execute(f'SELECT history_type, "{column}" FROM cases_historicalskill ORDER BY history_id')


@pytest.fixture
def migrate(transactional_db):
    """Applies operations to the skills and their history as `migrate` does, signals and all; undoes them."""
    state = ProjectState()
    # A skill names the hours in which it is to be covered.
    for model in (Calendar, Skill, Skill.history.model):
        state.add_model(ModelState.from_model(model))
    applied = []

    def step(migration, move, before):
        plan = [(migration, move == "unapply")]
        emit_pre_migrate_signal(0, False, "default", plan=plan)
        with connection.schema_editor(atomic=migration.atomic) as editor:
            after = getattr(migration, move)(before.clone(), editor)
        emit_post_migrate_signal(0, False, "default", plan=plan)
        return after

    def run(*operations):
        migration = type("Migration", (migrations.Migration,), {"operations": list(operations)})(
            f"9{len(applied)}", "cases"
        )
        before = applied[-1][1] if applied else state
        applied.append((migration, before.clone()))
        applied[-1] = (migration, step(migration, "apply", before))

    yield run
    while applied:
        migration, _after = applied.pop()
        step(migration, "unapply", applied[-1][1] if applied else state)
    assert writers.missing() == set()


def added(name, field):
    return [migrations.AddField(model, name, field) for model in both]


@transactional
def test_a_field_that_is_added_is_in_the_history_from_then_on(migrate):
    with make.signed():
        old = Skill.objects.create(name="law")
    migrate(*added("colour", models.CharField(max_length=10, default="grey")))
    assert writers.missing() == set()
    assert values("colour") == [("+", "grey")]  # nothing changed, nothing is recorded
    with make.signed():
        execute("UPDATE cases_skill SET colour = 'blue' WHERE id = %s", [old.pk])
        execute("INSERT INTO cases_skill (name, colour) VALUES ('tax', 'red')")
    assert values("colour") == [("+", "grey"), ("~", "blue"), ("+", "red")]
    with pytest.raises(IntegrityError, match="without an actor"):
        execute("UPDATE cases_skill SET colour = 'green'")


@transactional
def test_a_field_that_is_altered_keeps_its_past_and_its_writers(migrate):
    with make.signed():
        skill = Skill.objects.create(name="law")
    migrate(*(migrations.AlterField(model, "name", models.CharField(max_length=300)) for model in both))
    with make.signed():
        Skill.objects.filter(pk=skill.pk).update(name="tax")
    assert values() == [("+", "law"), ("~", "tax")]


@transactional
def test_a_field_that_is_renamed_keeps_its_past_under_the_new_name(migrate):
    with make.signed():
        skill = Skill.objects.create(name="law")
    migrate(*(migrations.RenameField(model, "name", "title") for model in both))
    with make.signed():
        execute("UPDATE cases_skill SET title = 'tax law' WHERE id = %s", [skill.pk])
    assert values("title") == [("+", "law"), ("~", "tax law")]


@transactional
def test_a_field_that_is_removed_is_no_longer_written_and_the_rest_is(migrate):
    migrate(*added("colour", models.CharField(max_length=10, default="grey")))
    with make.signed():
        execute("INSERT INTO cases_skill (name, colour) VALUES ('tax', 'red')")
    migrate(*(migrations.RemoveField(model, "colour") for model in both))
    assert "colour" not in writers.tables(connection)["cases_skill"][1]
    with make.signed():
        Skill.objects.filter(name="tax").update(name="law")
    assert values() == [("+", "tax"), ("~", "law")]


@transactional
def test_what_a_data_migration_changes_is_recorded_and_signed_by_the_installation(migrate):
    with make.signed():
        for name in ("law", "tax", "old"):
            Skill.objects.create(name=name)

    def change(apps, editor):
        model = apps.get_model("cases", "Skill")
        model.objects.filter(name="law").update(name="Law")
        model.objects.filter(name="old").delete()
        model.objects.create(name="new")

    last = Skill.history.latest("history_id").pk
    migrate(migrations.RunPython(change, migrations.RunPython.noop))
    rows = Skill.history.filter(history_id__gt=last).order_by("history_id")
    assert [(r.history_type, r.name) for r in rows] == [("~", "Law"), ("+", "new"), ("-", "old")]
    for row in rows:
        signature = (row.history_user_id, row.history_change_reason, row.history_via)
        assert signature == (history.INSTALLATION.pk, "migration", "migration")


@transactional
def test_a_new_column_filled_by_a_data_migration_is_recorded(migrate):
    with make.signed():
        Skill.objects.create(name="law")
    migrate(
        *added("colour", models.CharField(max_length=10, default="grey")),
        migrations.RunSQL("UPDATE cases_skill SET colour = 'blue'", migrations.RunSQL.noop),
    )
    assert values("colour") == [("+", "grey"), ("~", "blue")]


@pytest.mark.django_db
def test_a_migration_that_fails_half_way_leaves_no_database_without_its_writers(monkeypatch):
    with make.signed():
        skill = Skill.objects.create(name="law")
    connection.check_constraints()

    def fail(*args, **kwargs):
        assert "desk_write_update_cases_skill" in writers.missing()
        Skill.objects.filter(pk=skill.pk).update(name="half-way")
        raise RuntimeError("half-way")

    plan = [(migrations.Migration("9", "cases"), False)]
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_, **__: plan)
    monkeypatch.setattr(MigrationExecutor, "migrate", fail)
    with pytest.raises(RuntimeError, match="half-way"):
        call_command("migrate", verbosity=0)
    assert writers.missing() == set()
    row = skill.history.latest("history_id")
    assert (row.name, row.history_user_id) == ("half-way", history.INSTALLATION.pk)


# --- Writers and guards that went missing -------------------------------------------------------------------


def drop(name, table):
    execute(f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor == "postgresql" else ""))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("desk_write_insert_cases_skill", "cases_skill"),
        ("desk_write_update_cases_skill", "cases_skill"),
        ("desk_write_delete_cases_skill", "cases_skill"),
        ("desk_guard_delete_cases_skill", "cases_historicalskill"),
        ("desk_guard_update_cases_skill", "cases_historicalskill"),
        ("desk_guard_erase_cases_case", "cases_historicalcase"),
        ("desk_guard_keep_cases_case", "cases_case"),
        ("desk_guard_keep_cases_notice", "cases_notice"),
        ("desk_guard_frozen_cases_calendarversion", "cases_calendarversion"),
        ("desk_guard_part_insert_escalations_levelinform", "escalations_levelinform"),
    ],
)
def test_a_writer_or_guard_that_is_gone_is_noticed_and_the_next_migrate_puts_it_back(name, table):
    connection.check_constraints()
    drop(name, table)
    assert writers.missing() == {name}
    emit_post_migrate_signal(0, False, "default", plan=[])
    assert writers.missing() == set()


@pytest.mark.django_db
def test_what_changed_while_a_writer_was_gone_is_recorded_when_it_comes_back():
    with make.signed():
        skill = Skill.objects.create(name="law")
    connection.check_constraints()
    drop("desk_write_update_cases_skill", "cases_skill")
    Skill.objects.filter(pk=skill.pk).update(name="forged")
    emit_post_migrate_signal(0, False, "default", plan=[])
    row = skill.history.latest("history_id")
    assert (row.name, row.history_type, row.history_user_id) == ("forged", "~", history.INSTALLATION.pk)
    assert "missing" in row.history_change_reason


@pytest.mark.django_db
@on_postgresql
def test_a_writer_that_is_switched_off_or_says_something_else_is_noticed():
    connection.check_constraints()
    for off in ("DISABLE", "ENABLE REPLICA"):
        execute(f"ALTER TABLE cases_skill {off} TRIGGER desk_write_update_cases_skill")
        assert writers.missing() == {"desk_write_update_cases_skill"}
    execute("ALTER TABLE cases_skill ENABLE TRIGGER desk_write_update_cases_skill")
    assert writers.missing() == set()
    execute(
        "CREATE OR REPLACE FUNCTION desk_write_delete_cases_skill() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'"
    )
    assert writers.missing() == {"desk_write_delete_cases_skill"}


@pytest.mark.django_db
def test_a_column_that_the_writers_do_not_know_is_noticed():
    connection.check_constraints()
    for table in ("cases_skill", "cases_historicalskill"):
        execute(f"ALTER TABLE {table} ADD COLUMN colour varchar(10) NULL")
    assert "desk_write_update_cases_skill" in writers.missing()


@pytest.mark.django_db
def test_migrating_again_changes_nothing():
    last = Calendar.history.latest("history_id").pk
    call_command("migrate", verbosity=0)
    emit_post_migrate_signal(0, False, "default", plan=[])
    assert Calendar.history.latest("history_id").pk == last
    for model in (Calendar, SlaPolicy, EscalationPath):
        assert model.objects.filter(is_default=True).count() == 1


@pytest.mark.django_db
def test_migrated_only_part_of_the_way_the_writers_stand_and_the_defaults_wait():
    connection.check_constraints()
    plan = [(migrations.Migration("9", "cases"), True)]
    emit_pre_migrate_signal(0, False, "default", plan=plan)
    execute("ALTER TABLE cases_period RENAME COLUMN closes TO ends")
    execute("ALTER TABLE cases_historicalperiod RENAME COLUMN closes TO ends")
    assert not writers.fits(connection, Period) and writers.fits(connection, Skill, Calendar)
    emit_post_migrate_signal(0, False, "default", plan=plan)
    assert writers.missing() == set()
    with make.signed():
        draft = CalendarVersion.objects.create(calendar=Calendar.objects.get(is_default=True), number=2)
        execute(
            "INSERT INTO cases_period (version_id, weekday, opens, ends) VALUES (%s, 1, '09:00', '17:00')",
            [draft.pk],
        )
    assert len(execute("SELECT ends FROM cases_historicalperiod WHERE version_id = %s", [draft.pk])) == 1


@transactional
def test_several_that_install_at_once_wait_for_each_other():
    failures = []

    def install():
        try:
            writers.install(connection)
        except Exception as error:  # noqa: BLE001  (whatever it is, the main thread tells)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=install) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not failures
    assert writers.missing() == set()


@pytest.mark.django_db
def test_an_installation_that_fails_leaves_the_old_writers_in_place(monkeypatch):
    connection.check_constraints()
    monkeypatch.setattr(writers, "guarded", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        writers.install()
    monkeypatch.undo()
    assert writers.missing() == set()


@pytest.mark.django_db
def test_the_models_and_the_migrations_say_the_same():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_audited_model_keeps_the_columns_that_sign_its_history():
    for model in writers.audited_models():
        names = {f.name for f in model.history.model._meta.concrete_fields}
        assert {"history_user_id", "history_via", "history_recorded_at", "history_date"} <= names
        assert ("history_salt" in names) == bool(model.history.model.erasable)
    assert apps.get_model("cases", "HistoricalCase").erasable


@transactional
def test_models_that_refer_to_each_other_come_and_go_at_once():
    def creation(name, other):
        key = models.ForeignKey(f"cases.{other}", models.CASCADE, null=True, related_name="+")
        return migrations.CreateModel(name, [("id", models.BigAutoField(primary_key=True)), ("of", key)])

    both = AllAtOnce([creation("Hen", "Egg"), creation("Egg", "Hen")])
    before = MigrationLoader(connection).project_state()
    after = before.clone()
    both.state_forwards("cases", after)
    with connection.schema_editor() as editor:
        both.database_forwards("cases", editor, before, after)
    assert {"cases_hen", "cases_egg"} <= set(connection.introspection.table_names())
    hen, egg = (after.apps.get_model("cases", name) for name in ("Hen", "Egg"))
    assert hen.objects.create(of=egg.objects.create()).of_id
    hen.objects.update(of=None)
    with connection.schema_editor() as editor:
        both.database_backwards("cases", editor, after, before)
    assert not {"cases_hen", "cases_egg"} & set(connection.introspection.table_names())
