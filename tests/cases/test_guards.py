"""What the database refuses whoever asks: changing history, deleting what is kept, editing a version."""

import hashlib
import sqlite3
import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import isolate_apps

from cases import history, writers
from cases.models import CalendarVersion, Case, Contact, Notice, Period, Person, Skill, SlaPolicyVersion
from cases.operations import publishing
from cases.writers_sql import named
from escalations.models import BackTest, Level, LevelInform, PathVersion
from tests import audited
from tests import factories as make

pytestmark = pytest.mark.django_db

on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'")
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'")
APPEND_ONLY = "history is append-only"
NEVER_DELETED = "these rows are never deleted"
NEVER_CHANGES = "a published version never changes"


@pytest.fixture
def world(db):
    """With a row of each audited model; the test acts as the installation, so that only guards refuse."""
    w = audited.world()
    with make.signed():
        w.rows = {model: audited.make_row(model, w, 2) for model in audited.every_model()}
        yield w


def execute(sql, params=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def refused(sentence):
    """The block is refused with `sentence`, and the transaction goes on."""
    return _Refused(sentence)


class _Refused:
    def __init__(self, sentence):
        self.raises, self.atomic = pytest.raises(IntegrityError, match=sentence), transaction.atomic()

    def __enter__(self):
        self.raises.__enter__()
        self.atomic.__enter__()

    def __exit__(self, *error):
        self.atomic.__exit__(*error)
        return self.raises.__exit__(*error)


# --- History is append-only ---------------------------------------------------------------------------------


def test_no_history_row_is_ever_changed_or_deleted(world):
    for model in audited.every_model():
        past = model.history.model
        row, table = model.history.latest("history_id"), past._meta.db_table
        with refused(APPEND_ONLY):
            model.history.filter(pk=row.pk).update(history_change_reason="another reason")
        with refused(APPEND_ONLY):
            row.save()
        with refused(APPEND_ONLY):
            past.objects.bulk_update([row], ["history_user_id"])
        with refused(APPEND_ONLY):
            row.delete()
        with refused(APPEND_ONLY):
            model.history.all().delete()
        with refused(APPEND_ONLY):
            model.history.all()._raw_delete("default")
        with refused(APPEND_ONLY):
            execute(f'UPDATE "{table}" SET history_user_id = 1')
        with refused(APPEND_ONLY):
            execute(f'UPDATE "{table}" SET history_id = history_id + 1000')
        with refused(APPEND_ONLY):
            execute(f'DELETE FROM "{table}"')
        assert past.objects.filter(pk=row.pk).values().get() == {
            f.attname: getattr(row, f.attname) for f in past._meta.concrete_fields
        }


@on_postgresql
def test_neither_history_nor_audited_rows_nor_notices_are_emptied(world):
    connection.check_constraints()
    for model in (*audited.every_model(), Notice):
        with refused("not emptied|never deleted"):
            execute(f'TRUNCATE "{model._meta.db_table}" CASCADE')
    for model in audited.every_model():
        with refused(APPEND_ONLY):
            execute(f'TRUNCATE "{model.history.model._meta.db_table}"')


@on_sqlite
def test_replacing_a_history_row_or_a_kept_row_is_refused(world):
    row = Skill.history.latest("history_id")
    for verb in ("REPLACE", "INSERT OR REPLACE"):
        with refused(APPEND_ONLY):
            execute(
                f"{verb} INTO cases_historicalskill (history_id, id, name, history_type, history_date,"
                " history_user_id, history_via, history_recorded_at)"
                " VALUES (%s, 1, 'forged', '+', '2026-01-01', 1, 'x', '2026-01-01')",
                [row.pk],
            )
    with refused(APPEND_ONLY):
        execute("UPDATE OR REPLACE cases_historicalskill SET name = 'forged' WHERE history_id = %s", [row.pk])
    with refused(NEVER_DELETED):
        execute("REPLACE INTO cases_pausereason SELECT * FROM cases_pausereason LIMIT 1")


@pytest.mark.django_db(transaction=True)
@on_sqlite
def test_a_hand_on_the_file_can_neither_write_unsigned_nor_change_history(now):
    """The shell's own sqlite3 knows no `desk_context` and fires no triggers for what REPLACE throws out."""
    with make.signed():
        Skill.objects.create(name="law")
    with sqlite3.connect(connection.settings_dict["NAME"]) as hand:
        for statement in (
            "INSERT INTO cases_skill (name) VALUES ('forged')",
            "REPLACE INTO cases_skill SELECT * FROM cases_skill",
            "UPDATE cases_skill SET name = 'forged'",
            "DELETE FROM cases_skill",
            "REPLACE INTO cases_historicalskill SELECT * FROM cases_historicalskill",
            "UPDATE cases_historicalskill SET name = 'forged'",
            "DELETE FROM cases_historicalskill",
        ):
            with pytest.raises(sqlite3.Error, match="desk_context|append-only"):
                hand.execute(statement)
    hand.close()
    assert Skill.objects.get().name == Skill.history.get().name == "law"


def test_an_id_never_changes(world):
    for model, row in world.rows.items():
        with refused("an id never changes|never changes"):
            execute(f'UPDATE "{model._meta.db_table}" SET id = id + 500000 WHERE id = %s', [row.pk])


# --- Erasure is the one permitted update --------------------------------------------------------------------


def erasable_models():
    return [model for model in audited.every_model() if model.history.model.erasable]


def erasure(row):
    """What erasing personal data in a history row says: columns blank, salt gone, a commitment for each."""
    salted = {name: f"{row.history_salt}{getattr(row, name)}" for name in row.erasable}
    return {
        **dict.fromkeys(row.erasable, ""),
        "history_salt": None,
        "history_commitments": {
            name: hashlib.sha256(value.encode()).hexdigest() for name, value in salted.items()
        },
    }


def test_erasing_is_permitted_once_and_leaves_all_else(world):
    assert erasable_models()
    for model in erasable_models():
        row = model.history.latest("history_id")
        assert row.history_salt is not None and row.history_commitments is None
        change = erasure(row)
        assert model.history.filter(pk=row.pk).update(**change) == 1
        erased = model.history.get(pk=row.pk)
        for field in erased._meta.concrete_fields:
            assert getattr(erased, field.attname) == change.get(field.attname, getattr(row, field.attname))
        with refused(APPEND_ONLY):  # its salt is gone: a second commitment could say anything
            model.history.filter(pk=row.pk).update(**change)


def test_whatever_is_not_exactly_an_erasure_is_refused(world):
    for model in erasable_models():
        row = model.history.exclude(history_change_reason="").latest("history_id")
        right, first = erasure(row), row.erasable[0]
        commitments = right["history_commitments"]
        others = [
            f for f in row._meta.concrete_fields if f.attname not in right and f.attname != "history_id"
        ]
        near_misses = [
            {"history_salt": row.history_salt},
            {first: "still here"},
            {"history_commitments": None},
            {"history_commitments": {}},
            {"history_commitments": []},
            {"history_commitments": {k: v for k, v in commitments.items() if k != first}},
            {"history_commitments": {**commitments, first: None}},
            {"history_type": "~" if row.history_type == "+" else "+"},
            {"history_user_id": 1},
            {"history_via": "another"},
            {"history_change_reason": None},
            {"history_date": make.BEGINNING.replace(year=2020)},
            {"history_recorded_at": make.BEGINNING.replace(year=2020)},
        ]
        for miss in near_misses:
            with refused(APPEND_ONLY):
                model.history.filter(pk=row.pk).update(**{**right, **miss})
        for field in others:
            if field.null and getattr(row, field.attname) is not None:
                with refused(APPEND_ONLY):
                    model.history.filter(pk=row.pk).update(**{**right, field.attname: None})
        with refused(APPEND_ONLY):
            execute(f'UPDATE "{row._meta.db_table}" SET history_salt = NULL WHERE history_id = %s', [row.pk])


def test_each_history_row_has_a_salt_of_its_own(world):
    salts = list(Contact.history.values_list("history_salt", flat=True))
    assert len(salts) > 1 and len(set(salts)) == len(salts)


# --- Kept ---------------------------------------------------------------------------------------------------


def kept_models():
    return [m for m in apps.get_models() if getattr(m, "KEPT", False) and not m._meta.proxy]


def test_what_is_kept_is_never_deleted(world):
    with make.signed():
        notice = Notice.objects.create(
            case=world.case,
            kind="assigned",
            person=world.ana,
            channel="app",
            key="k",
            created_at=make.BEGINNING,
            next_attempt_at=make.BEGINNING,
        )
        back_test = BackTest.objects.create(
            title="path",
            since=make.BEGINNING,
            until=make.BEGINNING + timedelta(days=1),
            asked_by=world.ana,
            asked_at=make.BEGINNING,
        )
    rows = {**world.rows, Notice: notice, BackTest: back_test}
    assert {Case, Person, Notice} < set(kept_models())
    for model in kept_models():
        row = rows[model]
        one = model._base_manager.filter(pk=row.pk)
        for delete in (row.delete, one.delete):
            with pytest.raises((IntegrityError, ProtectedError)), transaction.atomic():
                delete()
        with refused(NEVER_DELETED):
            one._raw_delete("default")
        with refused(NEVER_DELETED):
            execute(f'DELETE FROM "{model._meta.db_table}" WHERE id = %s', [row.pk])
        assert one.exists()


# --- Frozen -------------------------------------------------------------------------------------------------


def publish(world):
    """A published version of each kind with a part of each kind: {model: row}."""
    parts = [model for model in audited.every_model() if getattr(model, "FROZEN_WITH", None)]
    found = {model: world.rows[model] for model in parts}
    for draft in (world.calendar_draft, world.policy_draft, world.path_draft, world.pack_draft):
        extra = {"fallback": world.ana} if isinstance(draft, PathVersion) else {}
        draft.effective_at = draft.published_at = make.BEGINNING
        draft.published_by = world.ana
        for name, value in extra.items():
            setattr(draft, name, value)
        draft.save()
        found[type(draft)] = draft
    return found


def test_every_kind_of_version_and_of_part_is_frozen_by_the_tests_below(world):
    frozen = {
        m
        for m in audited.every_model()
        if getattr(m, "FROZEN", None) is not None or getattr(m, "FROZEN_WITH", None)
    }
    assert set(publish(world)) == frozen
    assert {CalendarVersion, SlaPolicyVersion, PathVersion, Period, Level, LevelInform} < frozen


def test_a_draft_can_be_changed_and_deleted_with_its_parts(world):
    for model in (Period, LevelInform, Level):
        world.rows[model].delete()
    world.level.delete()
    world.path_draft.note = "again"
    world.path_draft.save()
    world.path_draft.delete()
    assert not PathVersion.objects.filter(number=2, path=world.path).exists()


def test_a_published_version_and_its_parts_are_never_changed(world):
    for model, row in publish(world).items():
        name, value = audited.change(model, world)
        if isinstance(row, PathVersion):
            name, value = "note", "another"  # its fallback is the sample's change already
        setattr(row, name, value)
        with refused(NEVER_CHANGES):
            row.save()
        with refused(NEVER_CHANGES):
            model.objects.filter(pk=row.pk).update(**{name: value})
        with refused(NEVER_CHANGES):
            model.objects.bulk_update([row], [name])
        with refused(NEVER_CHANGES):
            model.objects.bulk_create(
                [row], update_conflicts=True, unique_fields=["pk"], update_fields=[name]
            )
        field = model._meta.get_field(name)
        with refused(NEVER_CHANGES):
            execute(
                f'UPDATE "{model._meta.db_table}" SET "{field.column}" = %s WHERE id = %s',
                [field.get_db_prep_save(value, connection), row.pk],
            )


def test_a_published_version_cannot_be_taken_back(world):
    for model, row in publish(world).items():
        if hasattr(model, "FROZEN"):
            with refused(NEVER_CHANGES):
                model.objects.filter(pk=row.pk).update(published_at=None, published_by=None)
            with refused("a published version is never deleted"):
                execute(f'DELETE FROM "{model._meta.db_table}" WHERE id = %s', [row.pk])
            with pytest.raises(IntegrityError), transaction.atomic():
                row.delete()


def test_nothing_is_added_to_a_published_version_nor_taken_from_it(world):
    published = publish(world)
    for model, row in published.items():
        if not hasattr(model, "FROZEN_WITH"):
            continue
        for n in (3, 4):
            with refused(NEVER_CHANGES):
                audited.make_row(model, world, n)
        with refused(NEVER_CHANGES):
            model.objects.bulk_create([audited.unsaved(model, world, 3)])
        with refused(NEVER_CHANGES):
            model.objects.filter(pk=row.pk).delete()
        with refused(NEVER_CHANGES):
            model._base_manager.filter(pk=row.pk)._raw_delete("default")
        with refused(NEVER_CHANGES):
            execute(f'DELETE FROM "{model._meta.db_table}" WHERE id = %s', [row.pk])


def test_a_part_moves_neither_out_of_a_published_version_nor_into_one(world):
    publish(world)
    draft = CalendarVersion.objects.create(calendar=world.calendar, number=3)
    inside = world.rows[Period]
    outside = Period.objects.create(version=draft, weekday=0, opens="09:00", closes="17:00")
    with refused(NEVER_CHANGES):
        Period.objects.filter(pk=inside.pk).update(version=draft)
    with refused(NEVER_CHANGES):
        Period.objects.filter(pk=outside.pk).update(version=world.calendar_draft)


@pytest.mark.django_db(transaction=True)
@on_postgresql
def test_a_part_added_while_its_version_is_being_published_is_refused(now):
    calendar = make.calendar()
    with make.signed():
        draft = CalendarVersion.objects.create(calendar=calendar, number=2)
        Period.objects.create(version=draft, weekday=0, opens="09:00", closes="17:00")
    answer, begun = [], threading.Event()

    def add():
        begun.set()
        try:
            with make.signed():
                Period.objects.create(version=draft, weekday=1, opens="09:00", closes="17:00")
        except DatabaseError as error:
            answer.append(str(error))
        finally:
            connection.close()

    with make.signed(now):
        publishing.publish_calendar(version=draft, by=history.INSTALLATION, now=now)
        other = threading.Thread(target=add)
        other.start()
        begun.wait(120)
        time.sleep(0.5)  # it waits for the version's lock; without the guard's it would be done long ago
        assert not answer and other.is_alive()
    other.join(300)
    assert len(answer) == 1 and NEVER_CHANGES in answer[0]
    assert draft.periods.count() == 1


# --- The names of guards ------------------------------------------------------------------------------------


def test_long_names_stay_apart_and_fit_every_engine():
    long = "escalations_" + "x" * 70
    names = {named(f"guard_part_{event}", long + end) for event in ("insert", "delete") for end in "ab"}
    assert len(names) == 4 and max(map(len, names)) <= 63
    assert all(name.startswith("desk_guard_part_") for name in names)


def test_every_trigger_has_a_name_of_its_own():
    names = [trigger.name for trigger in writers.triggers(connection)]
    assert len(names) == len(set(names))


@isolate_apps()
def test_a_proxy_brings_no_second_writer_and_no_second_guard(monkeypatch):
    class Colleague(Person):
        class Meta:
            app_label, proxy = "cases", True

    monkeypatch.setattr(writers, "apps", SimpleNamespace(get_models=lambda: [Person, Colleague]))
    assert [spec.table for spec in writers.audited(connection)] == ["cases_person"]
    assert [spec.table for spec in writers.guarded(connection)] == ["cases_person"]
