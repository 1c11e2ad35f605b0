"""The database writes the history: each kind of write to each audited model leaves exactly its row."""

import copy
import threading
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import serializers
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.db.models import F, Max
from django.http import HttpResponse
from django.test.utils import isolate_apps
from django.utils import timezone

from cases import history, writers
from cases.middleware import ActingMiddleware
from cases.models import Calendar, CalendarVersion, Category, IntakeRule, Period, Person, Skill, Team
from cases.sets import update_each
from tests import audited

pytestmark = pytest.mark.django_db
WHY = "the customer asked"


@pytest.fixture
def world(db):
    return audited.world()


def acting(world, now, **other):
    return history.acting(**{"by": world.ana, "reason": WHY, "now": now, "via": "test", **other})


def mark(model):
    return model.history.aggregate(last=Max("history_id"))["last"] or 0


def since(model, last):
    return model.history.filter(history_id__gt=last).order_by("history_id")


def tracked(model):
    """The names under which both tables keep the same."""
    past = {f.attname for f in model.history.model._meta.concrete_fields}
    return [f.attname for f in model._meta.concrete_fields if f.attname in past]


def wrong(model, last, expected, world, now):
    """What is wrong with the history rows of `model` after `last`; `expected`: [(type, id)]."""
    rows = list(since(model, last))
    if [(r.history_type, r.pk_of) for r in map(_with_pk, rows)] != expected:
        yield f"{model.__name__}: {[(r.history_type, r.pk_of) for r in rows]} instead of {expected}"
    for row in rows:
        signature = (row.history_user_id, row.history_change_reason, row.history_date, row.history_via)
        if signature != (world.ana.pk, WHY, now, "test"):
            yield f"{model.__name__}: signed {signature}"
        # The database's own clock, which the test cannot set.
        if not timedelta(seconds=-1) < timezone.now() - row.history_recorded_at < timedelta(minutes=5):
            yield f"{model.__name__}: recorded at {row.history_recorded_at}"
    columns = tracked(model)
    for live in model._base_manager.filter(pk__in=[pk for _, pk in expected]).values(*columns):
        newest = model.history.filter(**{model._meta.pk.attname: live[model._meta.pk.attname]})
        past = newest.order_by("-history_id").values(*columns).first()
        if past != live:
            yield f"{model.__name__}: {past} instead of {live}"


def _with_pk(row):
    row.pk_of = getattr(row, row.instance_type._meta.pk.attname)
    return row


def column_value(row, name):
    field = row._meta.get_field(name)
    return field.column, field.get_db_prep_save(getattr(row, field.attname), connection)


def execute(sql, params=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def load(row, folder):
    file = folder / "row.json"
    file.write_text(serializers.serialize("json", [row]))
    call_command("loaddata", str(file), verbosity=0)


# --- Changes ------------------------------------------------------------------------------------------------


def by_save(row, name, folder):
    row.save()


def by_save_of_one_field(row, name, folder):
    row.save(update_fields=[row._meta.get_field(name).name])


def by_queryset_update(row, name, folder):
    type(row).objects.filter(pk=row.pk).update(**{name: getattr(row, name)})


def by_base_manager(row, name, folder):
    type(row)._base_manager.filter(pk=row.pk).update(**{name: getattr(row, name)})


def by_bulk_update(row, name, folder):
    type(row).objects.bulk_update([row], [name])


def by_update_each(row, name, folder):
    update_each([row], [name])


def by_update_or_create(row, name, folder):
    type(row).objects.update_or_create(pk=row.pk, defaults={name: getattr(row, name)})


def by_upsert(row, name, folder):
    type(row).objects.bulk_create([row], update_conflicts=True, unique_fields=["pk"], update_fields=[name])


def by_fixture(row, name, folder):
    load(row, folder)


@isolate_apps()
def by_proxy(row, name, folder):
    body = {"__module__": __name__, "Meta": type("Meta", (), {"proxy": True, "app_label": "cases"})}
    proxy = type("Proxy", (type(row),), body)
    row.__class__ = proxy
    row.save()


def by_raw_sql(row, name, folder):
    column, value = column_value(row, name)
    execute(f'UPDATE "{row._meta.db_table}" SET "{column}" = %s WHERE id = %s', [value, row.pk])


CHANGES = [
    by_save,
    by_save_of_one_field,
    by_queryset_update,
    by_base_manager,
    by_bulk_update,
    by_update_each,
    by_update_or_create,
    by_upsert,
    by_fixture,
    by_proxy,
    by_raw_sql,
]


@pytest.mark.parametrize("write", CHANGES)
def test_a_change_is_recorded_once_with_who_why_when_and_how(write, world, now, tmp_path):
    found = []
    for model in audited.every_model():
        with acting(world, now - timedelta(days=1)):
            row, other = audited.make_row(model, world, 2), audited.make_row(model, world, 3)
        name, value = audited.change(model, world)
        setattr(row, name, value)
        last = mark(model)
        with acting(world, now):
            write(row, name, tmp_path)
        found += wrong(model, last, [("~", row.pk)], world, now)
        assert not since(model, last).filter(**{model._meta.pk.attname: other.pk}).exists()
    assert not found


@pytest.mark.parametrize("write", CHANGES)
def test_what_does_not_change_writes_nothing_and_needs_nobody(write, world, tmp_path):
    found = []
    for model in audited.every_model():
        with acting(world, audited.AT):
            row = model.objects.get(pk=audited.make_row(model, world, 2).pk)
        last = mark(model)
        write(row, audited.change(model, world)[0], tmp_path)
        found += [f"{model.__name__}: {r.history_type}" for r in since(model, last)]
    assert not found


@pytest.mark.parametrize("write", CHANGES)
def test_a_change_that_nobody_signs_is_refused_and_changes_nothing(write, world, tmp_path):
    for model in audited.every_model():
        with acting(world, audited.AT):
            row = audited.make_row(model, world, 2)
        before = model.objects.filter(pk=row.pk).values().get()
        name, value = audited.change(model, world)
        setattr(row, name, value)
        with pytest.raises(IntegrityError, match="a write without an actor is refused"), transaction.atomic():
            write(row, name, tmp_path)
        assert model.objects.filter(pk=row.pk).values().get() == before


def test_an_expression_is_recorded_with_the_value_it_came_to(world, now):
    case, last = world.case, mark(type(world.case))
    with acting(world, now):
        type(case).objects.filter(pk=case.pk).update(reassigned_count=F("reassigned_count") + 2)
        case.reassigned_count = F("reassigned_count") + 3
        case.save(update_fields=["reassigned_count"])
    assert [r.reassigned_count for r in since(type(case), last)] == [2, 5]


def test_an_attribute_that_was_set_but_not_saved_is_in_no_history(world, now):
    world.case.subject, world.case.reference = "never saved", "R-1"
    last = mark(type(world.case))
    with acting(world, now):
        world.case.save(update_fields=["reference"])
    [row] = since(type(world.case), last)
    assert (row.reference, row.subject) == ("R-1", "Charged twice")


def test_a_set_of_rows_is_recorded_row_by_row_and_only_where_something_changed(world, now):
    with acting(world, audited.AT):
        a, b, c = (Category.objects.create(name=n, is_active=n != "b") for n in "abc")
    last = mark(Category)
    with acting(world, now):
        Category.objects.filter(pk__in=[a.pk, b.pk, c.pk]).update(is_active=False)
    assert not list(wrong(Category, last, [("~", a.pk), ("~", c.pk)], world, now))


def test_adding_and_setting_from_the_other_side_of_a_relation_is_recorded(world, now):
    parent = world.team
    with acting(world, audited.AT):
        a, b = (Team.objects.create(name=n, calendar=world.calendar) for n in "ab")
    last = mark(Team)
    with acting(world, now):
        parent.children.add(a)
        parent.children.set([b])
    assert [(r.history_type, r.id, r.parent_id) for r in since(Team, last)] == [
        ("~", a.pk, parent.pk),
        ("~", a.pk, None),
        ("~", b.pk, parent.pk),
    ]


def test_what_a_deletion_sets_to_null_elsewhere_is_recorded(world, now, monkeypatch):
    monkeypatch.setattr(IntakeRule._meta.get_field("category").remote_field, "on_delete", models.SET_NULL)
    with acting(world, audited.AT):
        category = Category.objects.create(name="to go")
        rule = IntakeRule.objects.create(team=world.team, category=category)
    last, gone = mark(IntakeRule), category.pk
    with acting(world, now):
        category.delete()
    assert not list(wrong(IntakeRule, last, [("~", rule.pk)], world, now))
    assert Category.history.filter(id=gone).latest("history_id").history_type == "-"


def test_logging_in_and_a_new_password_are_no_history_and_need_nobody(world, now):
    last, ana = mark(Person), Person.objects.get(pk=world.ana.pk)
    Person.objects.filter(pk=ana.pk).update(last_login=now)
    ana.set_password("a new long password")
    ana.save(update_fields=["password"])
    ana.last_login = now + timedelta(hours=1)
    ana.save()
    assert not since(Person, last).exists()
    columns = {f.column for f in Person.history.model._meta.concrete_fields}
    assert not columns & {"password", "last_login"}


# --- Additions ----------------------------------------------------------------------------------------------


def add_by_save(row, folder):
    row.save(force_insert=True)


def add_by_bulk_create(row, folder):
    type(row).objects.bulk_create([row])


def add_ignoring_conflicts(row, folder):
    type(row).objects.bulk_create([row, copy.copy(row)], ignore_conflicts=True)


def add_by_upsert(row, folder):
    name = next(f.name for f in row._meta.concrete_fields if not f.primary_key)
    type(row).objects.bulk_create([row], update_conflicts=True, unique_fields=["pk"], update_fields=[name])


def add_by_get_or_create(row, folder):
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    type(row).objects.get_or_create(pk=row.pk, defaults=values)


def add_by_fixture(row, folder):
    load(row, folder)


def add_by_raw_sql(row, folder):
    pairs = [column_value(row, f.name) for f in row._meta.concrete_fields]
    names = ", ".join(f'"{name}"' for name, _ in pairs)
    marks = ", ".join(["%s"] * len(pairs))
    execute(f'INSERT INTO "{row._meta.db_table}" ({names}) VALUES ({marks})', [value for _, value in pairs])


ADDITIONS = [
    add_by_save,
    add_by_bulk_create,
    add_ignoring_conflicts,
    add_by_upsert,
    add_by_get_or_create,
    add_by_fixture,
    add_by_raw_sql,
]
FREE = 900_000  # far above any id that a test's rows come to


@pytest.mark.parametrize("write", ADDITIONS)
def test_an_addition_is_recorded_once_with_who_why_when_and_how(write, world, now, tmp_path):
    found = []
    for model in audited.every_model():
        row = audited.unsaved(model, world, 4)
        row.pk, last = FREE, mark(model)
        with acting(world, now):
            write(row, tmp_path)
        found += wrong(model, last, [("+", FREE)], world, now)
    assert not found


@pytest.mark.parametrize("write", ADDITIONS)
def test_an_addition_that_nobody_signs_is_refused(write, world, tmp_path):
    for model in audited.every_model():
        row = audited.unsaved(model, world, 4)
        row.pk = FREE
        with pytest.raises(IntegrityError, match="a write without an actor is refused"), transaction.atomic():
            write(row, tmp_path)
        assert not model.objects.filter(pk=FREE).exists()


def test_many_rows_at_once_are_recorded_in_the_order_of_their_ids(world, now):
    last = mark(Skill)
    with acting(world, now):
        rows = Skill.objects.bulk_create(Skill(name=f"{n}") for n in range(300))
    assert not list(wrong(Skill, last, [("+", pk) for pk in sorted(r.pk for r in rows)], world, now))


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_what_is_copied_in_is_recorded(world, now):
    last = mark(Skill)
    with (
        acting(world, now),
        connection.cursor() as cursor,
        cursor.copy("COPY cases_skill (id, name) FROM STDIN") as pipe,
    ):
        pipe.write("900001\tsurgery\n900002\tlaw of the sea\n")
    assert not list(wrong(Skill, last, [("+", 900001), ("+", 900002)], world, now))


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_what_is_replaced_is_recorded_as_gone_and_come(world, now):
    last, old = mark(Skill), world.skill.pk
    with acting(world, now):
        execute("REPLACE INTO cases_skill (id, name) VALUES (%s, 'plumbing')", [old])
        execute("INSERT OR REPLACE INTO cases_skill (id, name) VALUES (900001, 'plumbing')")
    assert not list(wrong(Skill, last, [("-", old), ("+", old), ("-", old), ("+", 900001)], world, now))


# --- Deletions ----------------------------------------------------------------------------------------------


def delete_one(row):
    row.delete()


def delete_as_a_set(row):
    type(row).objects.filter(pk=row.pk).delete()


def delete_raw(row):
    queryset = type(row)._base_manager.filter(pk=row.pk)
    queryset._raw_delete(queryset.db)


def delete_by_raw_sql(row):
    execute(f'DELETE FROM "{row._meta.db_table}" WHERE id = %s', [row.pk])


DELETIONS = [delete_one, delete_as_a_set, delete_raw, delete_by_raw_sql]


def deletable():
    return [model for model in audited.every_model() if not getattr(model, "KEPT", False)]


@pytest.mark.parametrize("write", DELETIONS)
def test_a_deletion_is_recorded_once_with_what_was_there(write, world, now):
    found = []
    for model in deletable():
        with acting(world, audited.AT):
            row = audited.make_row(model, world, 3)
        pk, last = row.pk, mark(model)
        there = model.objects.filter(pk=pk).values(*tracked(model)).get()
        with acting(world, now):
            write(row)
        found += wrong(model, last, [("-", pk)], world, now)
        assert since(model, last).values(*tracked(model)).get() == there
    assert not found


@pytest.mark.parametrize("write", DELETIONS)
def test_a_deletion_that_nobody_signs_is_refused(write, world):
    for model in deletable():
        with acting(world, audited.AT):
            row = audited.make_row(model, world, 3)
        pk = row.pk
        with pytest.raises(IntegrityError, match="a write without an actor is refused"), transaction.atomic():
            write(row)
        assert model.objects.filter(pk=pk).exists()


def test_what_a_deletion_takes_along_is_recorded(world, now):
    with acting(world, audited.AT):
        draft = audited.make_row(CalendarVersion, world, 6)
        parts = [
            Period.objects.create(version=draft, weekday=n, opens="09:00", closes="17:00") for n in range(3)
        ]
    last_part, last, ids, gone = mark(Period), mark(CalendarVersion), [p.pk for p in parts], draft.pk
    with acting(world, now):
        draft.delete()
    assert not list(wrong(Period, last_part, [("-", pk) for pk in ids], world, now))
    assert not list(wrong(CalendarVersion, last, [("-", gone)], world, now))


# --- Who acts -----------------------------------------------------------------------------------------------


def spoken():
    """(actor, reason, via) as the database hears it at this moment."""
    keys = ("actor", "reason", "via")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT {', '.join(f'''current_setting('desk.{k}', true)''' for k in keys)}")
        else:
            cursor.execute(f"SELECT {', '.join(f'''desk_context('{k}')''' for k in keys)}")
        row = cursor.fetchone()
    return (int(row[0]), *row[1:]) if row[0] else None


def test_the_inner_one_speaks_and_then_the_outer_again(world, now):
    later = now + timedelta(seconds=1)
    with acting(world, now, reason="outer"):
        Skill.objects.create(name="first")
        with history.acting(by=history.ENGINE, reason="inner", now=later, via="engine"):
            Skill.objects.create(name="second")
        Skill.objects.create(name="third")
    rows = Skill.history.order_by("-history_id")[:3]
    signatures = [
        (r.history_user_id, r.history_change_reason, r.history_date, r.history_via) for r in reversed(rows)
    ]
    outer = (world.ana.pk, "outer", now, "test")
    assert signatures == [outer, (-2, "inner", later, "engine"), outer]


def test_an_exception_in_the_inner_one_undoes_it_and_the_outer_speaks_again(world, now):
    with acting(world, now, reason="outer"):
        with (
            pytest.raises(RuntimeError),
            history.acting(by=history.ENGINE, reason="inner", now=now, via="engine"),
        ):
            Skill.objects.create(name="undone")
            raise RuntimeError
        assert spoken() == (world.ana.pk, "outer", "test")
        assert history.current().reason == "outer"
        Skill.objects.create(name="done")
    assert not Skill.history.filter(name="undone").exists()
    assert Skill.history.get(name="done").history_user_id == world.ana.pk


def test_how_it_came_is_inherited_and_silence_too(world, now):
    with acting(world, now, via="page", silent=True):
        with history.acting(by=history.ENGINE, reason="inner", now=now) as inner:
            assert (inner.via, inner.silent, spoken()[2]) == ("page", True, "page")
        assert history.current().via == "page"
    with history.acting(by=history.ENGINE, reason="alone", now=now) as alone:
        assert (alone.via, alone.silent) == ("program", False)


def test_nobody_speaks_afterwards_in_the_same_transaction(world, now):
    with transaction.atomic():
        with acting(world, now):
            assert spoken() == (world.ana.pk, WHY, "test")
        assert spoken() is None and history.current() is None
        with pytest.raises(IntegrityError, match="without an actor"), transaction.atomic():
            Skill.objects.create(name="unsigned")
        with pytest.raises(RuntimeError), acting(world, now):
            raise RuntimeError
        assert spoken() is None and history.current() is None


@pytest.mark.django_db(transaction=True)
def test_nobody_speaks_in_the_next_transaction_nor_in_another_thread(now):
    heard = []

    def listen():
        heard.append((spoken(), history.current()))
        connection.close()

    with history.acting(by=history.EXAMPLE, reason="test", now=now):
        other = threading.Thread(target=listen)
        other.start()
        other.join(300)
        assert spoken() == (-4, "test", "program")
    with transaction.atomic():
        heard.append((spoken(), history.current()))
    assert heard == [(None, None), (None, None)]
    with pytest.raises(IntegrityError, match="without an actor"):
        Skill.objects.create(name="unsigned")


def test_whoever_has_no_id_cannot_sign_and_a_time_without_a_zone_is_no_time(world, now):
    for nobody in (Person(name="not saved"), AnonymousUser()):
        with pytest.raises(history.NotActing), history.acting(by=nobody, reason="", now=now):
            pass
    with pytest.raises(ValueError, match="aware"), acting(world, datetime(2026, 3, 2, 9)):  # noqa: DTZ001
        pass
    assert history.current() is None


def test_a_page_signs_what_it_is_sent_and_what_a_reader_asks_for_changes_nothing(world, rf):
    page = ActingMiddleware(lambda request: HttpResponse(Skill.objects.create(name="through a page").pk))
    post, get = rf.post("/cases/"), rf.get("/cases/")
    post.user = get.user = world.ana
    page(post)
    row = Skill.history.get(name="through a page")
    assert (row.history_type, row.history_user_id, row.history_via) == ("+", world.ana.pk, "page")
    with pytest.raises(IntegrityError, match="without an actor"), transaction.atomic():
        ActingMiddleware(lambda request: Skill.objects.create(name="by a reader"))(get)


def test_who_did_it_is_known_after_they_left(world, now):
    with acting(world, now):
        skill = Skill.objects.create(name="archery")
    with acting(world, now, by=history.INSTALLATION):
        Person.objects.filter(pk=world.ana.pk).update(is_active=False)
    assert skill.history.get().history_user_id == world.ana.pk
    [left] = Person.history.filter(id=world.ana.pk, is_active=False)
    assert (left.history_user_id, left.name) == (-1, "Ana")


# --- Completeness -------------------------------------------------------------------------------------------


def spec_of(model):
    return next(s for s in writers.audited(connection) if s.table == model._meta.db_table)


def test_every_row_of_a_working_desk_equals_its_newest_history(world, now):
    with acting(world, now):
        for model in audited.every_model():
            audited.make_row(model, world, 2)
    assert {s.table: ids for s in writers.audited(connection) if (ids := writers.differing(s))} == {}


def test_what_changed_while_no_writer_was_there_is_found_and_then_recorded(world, now):
    with acting(world, audited.AT):
        kept, gone = Skill.objects.create(name="kept"), Skill.objects.create(name="gone")
    connection.check_constraints()  # PostgreSQL alters no table that a deferred check still waits for
    last = mark(Skill)
    with writers.lifted():
        Skill.objects.filter(pk=kept.pk).update(name="renamed")
        Skill.objects.filter(pk=gone.pk).delete()
        new = Skill.objects.create(name="new")
        Calendar.objects.filter(pk=world.calendar.pk).update(revision=None)
        connection.check_constraints()
    assert sorted(writers.differing(spec_of(Skill))) == sorted([kept.pk, gone.pk, new.pk])
    assert writers.differing(spec_of(Calendar)) == [world.calendar.pk]
    with acting(world, now):
        assert writers.catch_up() == 4
        assert writers.catch_up() == 0
    assert not list(wrong(Skill, last, [("~", kept.pk), ("+", new.pk), ("-", gone.pk)], world, now))
    assert writers.differing(spec_of(Skill)) == writers.differing(spec_of(Calendar)) == []


def test_catching_up_needs_somebody_too(world):
    connection.check_constraints()
    with writers.lifted():
        Skill.objects.create(name="new")
    with pytest.raises(IntegrityError), transaction.atomic():
        writers.catch_up()


def test_history_tables_have_the_two_indexes_that_we_ask_by_and_no_other(world):
    """Their own order, and all rows of one object; each further index would cost every write."""
    for model in audited.every_model():
        past = model.history.model._meta
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, past.db_table).values()
        indexed = sorted(tuple(c["columns"]) for c in found if c["index"] or c["primary_key"] or c["unique"])
        assert indexed == sorted([("history_id",), (model._meta.pk.column,)]), past.db_table
        assert isinstance(past.get_field("history_id"), models.BigAutoField)


@pytest.mark.skipif("connection.vendor != 'postgresql'")
class TestPostgreSQL:
    def test_a_session_that_fires_no_triggers_is_refused_or_found_out(self, world):
        """Only a superuser can; what it does is not prevented, but it does not stay hidden."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            (superuser,) = cursor.fetchone()
        if not superuser:
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                execute("SET LOCAL session_replication_role = replica")
            return
        execute("SET LOCAL session_replication_role = replica")
        Skill.objects.filter(pk=world.skill.pk).update(name="hidden")
        execute("SET LOCAL session_replication_role = origin")
        assert writers.differing(spec_of(Skill)) == [world.skill.pk]

    def test_no_search_path_and_no_table_of_the_same_name_leads_the_writer_astray(self, world, now):
        last = mark(Skill)
        with acting(world, now):
            execute(
                "CREATE TEMP TABLE cases_historicalskill (LIKE public.cases_historicalskill) ON COMMIT DROP"
            )
            execute("UPDATE public.cases_skill SET name = 'one' WHERE id = %s", [world.skill.pk])
            execute("DROP TABLE pg_temp.cases_historicalskill")
            execute("SET LOCAL search_path = ''")
            execute("UPDATE public.cases_skill SET name = 'two' WHERE id = %s", [world.skill.pk])
            execute("SET LOCAL search_path = public")
        assert [r.name for r in since(Skill, last)] == ["one", "two"]

    def test_tables_in_a_schema_with_an_odd_name_are_audited_there(self, world, now):
        connection.check_constraints()
        execute('CREATE SCHEMA "Our ""desk"""')
        execute('ALTER TABLE cases_skill SET SCHEMA "Our ""desk"""')
        execute('ALTER TABLE cases_historicalskill SET SCHEMA "Our ""desk"""')
        execute('SET LOCAL search_path = "Our ""desk""", public')
        assert writers.missing()  # the functions still name the old place
        writers.install()
        last = mark(Skill)
        with acting(world, now):
            Skill.objects.filter(pk=world.skill.pk).update(name="moved")
        assert [r.name for r in since(Skill, last)] == ["moved"]
        assert writers.missing() == set()
