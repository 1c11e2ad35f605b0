"""What the console calls things: columns by names for people, times by whose they are, yes and no by words;
and what it says of what cannot be deleted."""

from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.core.exceptions import FieldDoesNotExist
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise

from cases import comparing
from cases.admin import recalculations
from cases.console import Widgets
from cases.models import Category, DutyPattern, Message, PauseReason, Timer
from escalations.admin import backtests
from tests import factories as make

pytestmark = pytest.mark.django_db
admin.autodiscover()

# A name that is the same in every language.
AS_IT_IS = {("attachment", "sha256")}


def shown_fields(pages, request):
    """Every field of the model that its list or its page shows."""
    names = {*pages.list_display, *flatten(pages.get_fields(request))}
    for name in names:
        try:
            yield pages.opts.get_field(name)
        except FieldDoesNotExist:
            continue  # a method, which brings its own words


def test_every_column_that_the_console_shows_is_named_for_people():
    request = RequestFactory().get("/")
    request.user = make.person("Marta", role="manager")
    unnamed = {
        (pages.opts.model_name, field.name)
        for pages in admin.site._registry.values()
        for field in shown_fields(pages, request)
        if not isinstance(field.verbose_name, Promise)
    }
    assert unnamed == AS_IT_IS


def test_what_a_column_is_called_is_no_part_of_the_table():
    """What a migration would compare stays as the model has it."""
    assert "verbose_name" not in Timer._meta.get_field("wake_at").deconstruct()[3]


def test_a_moment_is_typed_in_hours_and_minutes_and_says_whose_they_are():
    at = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
    with timezone.override("Europe/Madrid"):
        said = Widgets.Moment().render("at", at)
    assert 'value="10:30"' in said and "times of Madrid" in said


def test_seconds_that_are_there_are_kept():
    with timezone.override("UTC"):
        said = Widgets.Moment().render("at", datetime(2026, 11, 27, 9, 30, 12, tzinfo=UTC))
    assert 'value="09:30:12"' in said


def test_a_timer_is_called_after_its_time_in_the_readers_zone():
    timer = Timer(kind="breach", due_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    with timezone.override("Europe/Madrid"):
        assert str(timer).endswith("2026-07-02 00:30")


def test_a_message_is_called_by_its_beginning_on_one_line_with_dots_where_it_goes_on():
    assert str(Message(body="Dear Ana,\n\nit is done.")) == "Dear Ana, it is done."
    said = str(Message(body="word " * 100))
    assert len(said) == 60 and said.endswith("…")


@pytest.mark.parametrize(
    ("row", "field", "expected"),
    [
        (DutyPattern(weekdays="04"), "weekdays", "Monday, Friday"),
        (DutyPattern(left_out=[]), "left_out", ""),
        (DutyPattern(left_out=["2026-12-24", "2026-12-31"]), "left_out", "2026-12-24, 2026-12-31"),
        (PauseReason(stops=["resolution"]), "stops", "Resolution"),
    ],
)
def test_what_is_kept_for_programs_is_told_in_words(row, field, expected):
    with translation.override("en"):
        assert comparing.words(row, row._meta.get_field(field)) == expected


@pytest.mark.parametrize("pages", [backtests, recalculations])
def test_each_state_of_a_job_has_its_pill(pages):
    """Of one without, the list would show the word that programs use."""
    assert set(pages.LABELS) == set(pages.State)


@pytest.fixture
def manager(client):
    person = make.person("Marta", role="manager")
    client.force_login(person)
    return person


def test_what_is_in_use_is_not_deleted_and_the_page_says_what_to_do_instead(client, manager):
    category = make.case(category=make.category()).category
    page = reverse("admin:cases_category_delete", args=[category.pk])
    said = client.get(page).content.decode()
    assert "is in use, so it cannot be deleted" in said and "Switch it off instead" in said
    assert 'name="post"' not in said


def test_what_is_in_use_by_a_case_that_is_kept_from_the_reader_does_not_tell_of_it(client, manager):
    secret = make.case(category=make.category(), subject="About the treasurer")
    with make.signed():
        type(secret).objects.filter(pk=secret.pk).update(is_restricted=True, restricted_because="his own")
    page = reverse("admin:cases_category_delete", args=[secret.category_id])
    said = client.get(page).content.decode()
    assert "is in use, so it cannot be deleted" in said and "<li>Case</li>" in said
    assert "About the treasurer" not in said and secret.number not in said


def test_what_nothing_refers_to_is_deleted_by_its_own_word(client, manager):
    with make.signed():
        category = Category.objects.create(name="Lifts")
    page = reverse("admin:cases_category_delete", args=[category.pk])
    assert "Delete “Lifts”" in client.get(page).content.decode()
    assert client.post(page, {"post": "yes"}).status_code == 302
    assert not Category.objects.filter(pk=category.pk).exists()


def test_a_list_says_yes_and_no_in_words_and_how_many_there_are_without_their_name(client, manager):
    with make.signed():
        Category.objects.create(name="Lifts", is_active=False)
    said = client.get(reverse("admin:cases_category_changelist"), {"q": "Lifts"}).content.decode()
    assert 'class="truth">no<' in said and "1 in this list" in said
    assert "1 category" not in said


def test_a_search_without_a_find_says_so_and_leads_back(client, manager):
    said = client.get(reverse("admin:cases_category_changelist"), {"q": "zzz"}).content.decode()
    assert "Nothing matches your search and filters." in said and 'href="?"' in said


def test_what_keeps_no_history_offers_none(client, manager):
    timer = make.case().timers.first()
    said = client.get(reverse("admin:cases_timer_change", args=[timer.pk])).content.decode()
    assert reverse("admin:cases_timer_history", args=[timer.pk]) not in said
