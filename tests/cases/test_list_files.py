"""Lists of the console as files, and what is done to many of their rows at once."""

import csv
import io
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from cases import spreadsheets
from cases.models import Category, ListReading, ReplyTemplate
from tests import factories as make

pytestmark = pytest.mark.django_db

CUSTOMERS = reverse("admin:cases_customer_export", args=["csv"])
CATEGORIES = reverse("admin:cases_category_changelist")


@pytest.fixture
def priya(client):
    person = make.person("Priya", role="manager")
    client.force_login(person)
    return person


def lines(response):
    text = response.getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_a_list_comes_as_it_is_filtered_and_sorted_and_its_taking_is_kept(client, priya):
    for name, tier in (("Contoso", "gold"), ("=HYPERLINK(1)", "gold"), ("Northwind", "silver")):
        make.customer(name, tier=tier)
    found = lines(client.get(CUSTOMERS, {"tier__exact": "gold", "o": "-0"}))
    assert [row[0] for row in found] == ["Name", "Contoso", "'=HYPERLINK(1)"]
    assert found[1][1] == "Gold"
    [row] = ListReading.objects.all()
    assert (row.person, row.address, row.asked) == (priya, CUSTOMERS, "tier__exact=gold&o=-0")
    file = io.BytesIO(client.get(CUSTOMERS.replace("csv", "xlsx")).getvalue())
    assert [row[0] for row in cells(file)] == ["Name", "'=HYPERLINK(1)", "Contoso", "Northwind"]
    assert client.get(CUSTOMERS.replace("csv", "pdf")).status_code == 404
    # What has no customers' data leaves no reading.
    client.get(reverse("admin:cases_category_export", args=["csv"]))
    assert ListReading.objects.count() == 2


def cells(file):
    """What a spreadsheet finds in an XLSX, row by row."""
    return [list(row) for row in load_workbook(file).active.iter_rows(values_only=True)]


def test_a_sheet_holds_numbers_days_and_instants_as_such_and_any_text():
    at, on = datetime(2026, 3, 2, 12, tzinfo=UTC), date(2026, 3, 2)
    row = [7, Decimal("-4.50"), on, at, None, "<a & b>\x00\x0b", "-x", True]
    with timezone.override("UTC"), spreadsheets.xlsx([["A"], row], title="Clocks: [all]") as file:
        found = cells(file)
    on, at = datetime(2026, 3, 2), datetime(2026, 3, 2, 12)
    assert found[0] == ["A", *[None] * 7]
    assert found[1] == [7, -4.5, on, at, None, "<a & b>", "'-x", "True"]


def test_a_file_costs_the_same_questions_however_long_and_speaks_the_reader_s_language(client, priya):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            found = lines(client.get(reverse("admin:cases_case_export", args=["csv"])))
        return len(queries), found

    make.case(make.customer("A"))
    few, _found = cost()
    for name in "BCD":
        make.case(make.customer(name))
    again, found = cost()
    assert again == few and len(found) == 5
    with make.signed():
        type(priya).objects.filter(pk=priya.pk).update(language="es")
    assert lines(client.get(CUSTOMERS))[0][0] == "Nombre"


def test_a_spreadsheet_of_too_many_rows_is_refused_in_words(client, priya, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_IN_XLSX", 1)
    make.customer("A")
    make.customer("B")
    answer = client.get(CUSTOMERS.replace("csv", "xlsx"), {"o": "1"}, follow=True)
    assert "More than 1 rows" in answer.content.decode()
    assert answer.redirect_chain[-1][0].endswith("?o=1")
    assert not ListReading.objects.exists()


def test_a_csv_is_written_line_by_line():
    rows = ([n, "words " * 10, datetime(2026, 3, 2, 9, tzinfo=UTC)] for n in range(10_000))
    tracemalloc.start()
    assert sum(1 for _line in spreadsheets.csv_lines(rows)) == 10_001
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_text(cell):
    assert spreadsheets.harmless(cell) == f"'{cell}"
    assert spreadsheets.harmless(-1) == -1


# --- Many at once ---


def test_many_are_switched_with_a_reason_and_each_says_what_became_of_it(client, priya):
    on, off = make.category("Billing"), make.category("Refunds")
    with make.signed():
        Category.objects.filter(pk=off.pk).update(is_active=False)
    given = {"action": "switch_off", "_selected_action": [on.pk, off.pk]}
    asked = client.post(CATEGORIES, given).content.decode()
    assert "Billing" in asked and "Refunds" in asked and Category.objects.filter(is_active=True).exists()
    client.post(CATEGORIES, {**given, "confirmed": "1", "change_reason": ""})
    assert Category.objects.get(pk=on.pk).is_active
    answer = client.post(CATEGORIES, {**given, "confirmed": "1", "change_reason": "merged"})
    assert [(o.row.pk, o.why) for o in answer.context["outcomes"]] == [
        (on.pk, ""),
        (off.pk, "It is off already."),
    ]
    assert "1 of 2 is off now." in answer.content.decode()
    newest = Category.history.filter(id=on.pk).latest("history_id")
    assert (newest.is_active, newest.history_change_reason, newest.history_user_id) == (
        False,
        "merged",
        priya.pk,
    )
    # Sent twice, nothing is written twice.
    again = client.post(CATEGORIES, {**given, "confirmed": "1", "change_reason": "merged"})
    assert not any(outcome.is_done for outcome in again.context["outcomes"])
    assert Category.history.filter(id=on.pk).count() == 2


def test_what_is_unfit_stays_off_and_says_why_and_who_may_not_is_not_asked(client, priya):
    with make.signed():
        row = ReplyTemplate.objects.create(name="Hello", language="en", body="Dear {nobody}", is_active=False)
    listing = reverse("admin:cases_replytemplate_changelist")
    given = {"action": "switch_on", "_selected_action": [row.pk], "confirmed": "1", "change_reason": "ready"}
    [outcome] = client.post(listing, given).context["outcomes"]
    assert "No placeholder: {nobody}" in outcome.why
    client.force_login(make.person("Marta", role="supervisor"))
    client.post(listing, given)
    assert not ReplyTemplate.objects.get(pk=row.pk).is_active
