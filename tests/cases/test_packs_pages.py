"""Regulatory packs on pages: the console's list and forms by role, the case page and its receipt."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases import packs as facts
from cases.models import Clock, PackConfirmation, PackVersion
from cases.operations import ending, lookback, packs, talk
from cases.operations.packs import Chosen
from cases.states import Metric
from cases.views import case_rows
from tests import factories as make

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
LAW, RESOLVE, BILLING = "spain-ley-10-2025", "es-l10-resolution", "es-l10-billing"
LIST = reverse("admin:cases_packversion_changelist")
ON = reverse("admin:cases_packversion_on", args=[LAW])
OFF = reverse("admin:cases_packversion_off", args=[LAW])
CONFIRM = reverse("admin:cases_packversion_confirm", args=["br-sac"])


def at(day, time="12:00"):
    return datetime(2026, 3, day, *map(int, time.split(":")), tzinfo=MADRID)


@pytest.fixture
def office():
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 4 * 3600}, calendar=make.calendar("Desk"))
    return make.calendar("Madrid")


@pytest.fixture
def priya():
    return make.person("Priya", role="manager")


@pytest.fixture
def page(client, priya):
    client.force_login(priya)
    return client


def text(response):
    return response.content.decode()


# --- Who may ---


@pytest.mark.parametrize(
    ("role", "reads", "turns"),
    [
        ("agent", 403, 403),
        ("supervisor", 200, 403),
        ("manager", 200, 200),
        ("auditor", 200, 403),
        ("administrator", 200, 403),
    ],
)
def test_each_role_reads_the_list_and_only_a_manager_turns_anything_on(client, office, role, reads, turns):
    client.force_login(make.person("Somebody", role=role))
    assert client.get(LIST).status_code == reads
    for address in (ON, OFF, CONFIRM):
        assert client.get(address).status_code == turns
    if turns == 403:
        for address in (ON, OFF, CONFIRM):
            assert client.post(address, {"note": "x"}).status_code == 403
        assert not PackVersion.objects.exists() and not PackConfirmation.objects.exists()


def test_a_stranger_is_sent_to_the_door(client):
    for address in (LIST, ON, OFF, CONFIRM):
        assert client.get(address).status_code == 302


def test_what_there_is_not_is_not_found(page):
    for name, key in (("on", "atlantis"), ("off", "atlantis"), ("confirm", "atlantis"), ("confirm", RESOLVE)):
        assert page.get(reverse(f"admin:cases_packversion_{name}", args=[key])).status_code == 404


# --- The list ---


def test_the_list_has_every_pack_with_what_it_promises_its_source_and_certainty(page):
    said = text(page.get(LIST))
    for pack in facts.packs().values():
        assert pack.name in said
        for fact in pack.terms:
            assert fact.url in said
    assert "Resolve: 15 business days" in said
    assert "Ends when the case is resolved." in said
    assert "the desk cannot see it happen" in said
    assert "day of the event not counted, last day stays where it falls (Código Civil art. 5)" in said
    assert "To be confirmed" in said and "A, read in the law" in said
    assert "Nothing yet. Open a pack above" in said and "0 regulatory packs" not in said
    assert "0 results" not in said and "No results found" not in said


def test_the_list_costs_the_same_however_much_is_turned_on(page, office, priya):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            page.get(LIST)
        return len(queries)

    packs.turn_on(pack=LAW, calendar=office, chosen=[Chosen(RESOLVE)], by=priya, now=at(1))
    page.get(LIST)
    few = cost()
    for day, key in enumerate(("es-payments", "es-trlgdcu-21-3"), 2):
        pack = next(pack.key for pack in facts.packs().values() if key in [f.key for f in pack.terms])
        packs.turn_on(pack=pack, calendar=office, chosen=[Chosen(key)], by=priya, now=at(day))
    packs.confirm(key="br-sac", note="read", by=priya, now=at(4))
    assert cost() == few


# --- Turning on and off ---


def fields(office, **given):
    return {
        "calendar": office.pk,
        "effective_at_0": "",
        "effective_at_1": "",
        "change_reason": "new law",
        **given,
    }


def test_a_manager_turns_it_on_for_categories_and_customers(page, office):
    billing, ours = make.category("Billing"), make.customer("Northwind")
    make.customer("Contoso")
    given = fields(
        office,
        **{
            f"on_{RESOLVE}": "on",
            f"customers_{RESOLVE}": "Northwind\nContoso\n",
            f"on_{BILLING}": "on",
            f"categories_{BILLING}": [billing.pk],
        },
    )
    answer = page.post(ON, given, follow=True)
    assert "Turned on: Spain, Ley 10/2025" in text(answer)
    version = PackVersion.objects.get()
    rows = {(t.key, t.category, t.customer and t.customer.name) for t in version.terms.all()}
    assert rows == {(RESOLVE, None, "Northwind"), (RESOLVE, None, "Contoso"), (BILLING, billing, None)}
    assert version.terms.filter(rule="15 business_days Europe/Madrid restarts_at_cure").exists()
    [row] = PackVersion.history.filter(published_at__isnull=False)
    assert row.history_change_reason == "new law"
    again = page.get(ON).context["form"]
    assert again[f"customers_{RESOLVE}"].value() == "Northwind\nContoso"
    assert again[f"categories_{BILLING}"].value() == [billing.pk]
    assert ours.name in text(page.get(reverse("admin:cases_packversion_change", args=[version.pk])))


def test_what_is_typed_wrong_is_said_and_nothing_typed_is_lost(page, office):
    given = fields(office, **{f"on_{RESOLVE}": "on", f"customers_{RESOLVE}": "Nortwind"})
    answer = page.post(ON, given)
    assert "No customer is called: Nortwind." in text(answer)
    assert "Nortwind</textarea>" in text(answer)
    assert not PackVersion.objects.exists()


def test_a_narrow_term_for_all_cases_is_refused_beside_what_would_narrow_it(page, office):
    answer = page.post(ON, fields(office, **{f"on_{RESOLVE}": "on", f"on_{BILLING}": "on"}))
    [error] = answer.context["form"].errors[f"categories_{BILLING}"]
    assert "holds only on: billing / undue charge" in error and "name the categories" in error
    assert not PackVersion.objects.exists()


def test_nothing_chosen_and_the_past_are_refused_in_words(page, office):
    assert "Choose at least one term" in text(page.post(ON, fields(office)))
    given = fields(
        office, **{f"on_{RESOLVE}": "on", "effective_at_0": "2020-01-01", "effective_at_1": "00:00"}
    )
    assert "let it begin now or later" in text(page.post(ON, given))
    assert not PackVersion.objects.exists()


def test_what_speaks_against_it_is_said_before_it_is_turned_on(page, office):
    island = make.calendar("Canary Islands", tz="Atlantic/Canary")
    given = fields(island, look="1", **{f"on_{RESOLVE}": "on"})
    said = text(page.post(ON, given))
    assert "is of Atlantic/Canary; the law counts the days of Europe/Madrid" in said
    assert "has no holidays" in said
    brazil = reverse("admin:cases_packversion_on", args=["brazil-customer-service"])
    assert "Decreto 11.034/2022 is to be confirmed" in text(
        page.post(brazil, fields(office, look="1", **{"on_br-sac": "on"}))
    )
    assert not PackVersion.objects.exists()


def test_looking_back_says_how_many_would_have_been_late_and_changes_nothing(page, office):
    now = timezone.now()
    for days in (1, 40, 60, 100):
        make.case(make.customer(f"C{days}"), now=now - timedelta(days=days))
    said = text(page.post(ON, fields(office, look="1", **{f"on_{RESOLVE}": "on"})))
    assert "2 of 3 cases would have been late; not over yet: 1." in said
    assert not PackVersion.objects.exists()


def test_what_was_never_turned_on_begins_with_what_was_read_in_the_law(page, office):
    form = page.get(ON).context["form"]
    assert form[f"on_{RESOLVE}"].value() is True
    # Read in the law, and yet not for every case.
    assert form[f"on_{BILLING}"].value() is False
    brazil = reverse("admin:cases_packversion_on", args=["brazil-customer-service"])
    assert page.get(brazil).context["form"]["on_br-sac"].value() is False


def test_turning_off_asks_why(page, office, priya):
    packs.turn_on(pack=LAW, calendar=office, chosen=[Chosen(RESOLVE)], by=priya, now=at(1))
    assert page.post(OFF, {"change_reason": ""}).status_code == 200
    assert PackVersion.objects.count() == 1
    assert "Turned off" in text(page.post(OFF, {"change_reason": "appeal won"}, follow=True))
    assert not PackVersion.objects.latest("number").terms.exists()


# --- Confirming ---


def test_a_manager_confirms_by_name_with_a_note_and_the_list_says_so(page):
    assert "Answer: 7 calendar days" in text(page.get(CONFIRM))
    assert page.post(CONFIRM, {"note": ""}).status_code == 200
    assert not PackConfirmation.objects.exists()
    said = text(page.post(CONFIRM, {"note": "Diário Oficial, art. 13"}, follow=True))
    assert "Confirmed in your name" in said
    assert "Priya" in said and "Diário Oficial, art. 13" in said
    assert "confirmed this already" in text(page.post(CONFIRM, {"note": "again"}))


# --- The case page ---


@pytest.fixture
def case(office, priya):
    billing = make.category("Billing")
    chosen = [Chosen(RESOLVE), Chosen(BILLING, billing)]
    packs.turn_on(pack=LAW, calendar=office, chosen=chosen, by=priya, now=at(1))
    return make.case(now=at(2), category=billing)


def shown(case, now):
    clocks = list(case.clocks.select_related("calendar", "policy_version__policy", "statute"))
    pauses = list(case.pauses.select_related("reason", "started_by"))
    return [row for row in case_rows.shown_clocks(clocks, pauses, now) if row.law]


def test_the_strictest_comes_first_and_says_so(case):
    first, second = shown(case, at(2))
    assert first.name == "Answer: Ley 10/2025 art.17.3"
    assert "the strictest of those that laws set" in first.note
    assert second.name == "Resolve: Ley 10/2025 art.17.1"
    assert "strictest" not in second.note


def test_the_receipt_names_law_day_zero_last_day_and_certainty(case):
    receipt = shown(case, at(2))[1].receipt
    assert receipt.term == receipt.total == "15 business days"
    assert (receipt.rows[0].day, receipt.rows[0].worth) == ("Mon 2 Mar", "none")
    assert receipt.rows[0].what == "received 12:00, day zero"
    counted = [row for row in receipt.rows if row.counts]
    assert sum(int(row.worth.split()[0]) for row in counted) == 15
    assert receipt.total_at == "Mon 23 Mar, 23:59 Madrid"
    assert receipt.law == "Ley 10/2025 art.17.1"
    assert "day of the event not counted" in receipt.source and "calendar Madrid" in receipt.source
    assert receipt.address.startswith("https://www.boe.es/")
    assert receipt.certainty == "Certainty A: read in the law"


def test_what_is_below_certainty_a_says_so_until_somebody_confirms_it(office, priya):
    chosen = [Chosen("br-sac")]
    packs.turn_on(pack="brazil-customer-service", calendar=office, chosen=chosen, by=priya, now=at(1))
    case = make.case(now=at(2))
    [row] = shown(case, at(2))
    assert row.law.words == "Statutory, to be confirmed"
    assert row.receipt.certainty.startswith("To be confirmed")
    packs.confirm(key="br-sac", note="Diário Oficial", by=priya, now=at(3))
    [row] = shown(case, at(3))
    assert row.law.words == "Statutory"
    assert row.receipt.certainty == "Confirmed by Priya on 3 Mar 2026: Diário Oficial"


def test_the_case_page_and_its_print_show_it(client, case, priya):
    client.force_login(priya)
    said = text(client.get(reverse("case", args=[case.number])))
    assert "Resolve: Ley 10/2025 art.17.1" in said
    assert 'href="https://www.boe.es/eli/es/l/2025/12/26/10"' in said
    assert "Resolve: Ley 10/2025 art.17.1" in text(
        client.get(reverse("case-print", args=[case.number]) + "?internal=1")
    )


def test_the_api_s_receipt_adds_up_to_the_due_time(case):
    for clock in Clock.objects.filter(case=case, metric=Metric.STATUTORY).select_related("calendar"):
        receipt = clock.receipt()
        assert abs(receipt.due_at - clock.due_at) < timedelta(seconds=1)
        assert receipt.total == receipt.term


# --- Looking back ---


def test_looking_back_counts_answers_resolutions_and_what_is_not_over(office):
    ana = make.person("Ana")
    answered, resolved, late, waiting = (make.case(make.customer(f"C{n}"), now=at(2)) for n in range(4))
    old = make.case(make.customer("Old"), now=at(2) - timedelta(days=200))
    talk.reply(case=answered, body="We look into it.", by=ana, now=at(4))
    ending.resolve(case=resolved, reason="done", by=ana, now=at(5))
    pack, given = facts.packs()[LAW], {"calendar": office, "chosen": [Chosen(BILLING), Chosen(RESOLVE)]}
    found = lookback.late(pack=pack, now=at(7), **given)
    assert (found[BILLING].cases, found[BILLING].late, found[BILLING].unknown) == (4, 0, 2)
    talk.reply(case=late, body="We look into it.", by=ana, now=at(9))
    found = lookback.late(pack=pack, now=at(10), **given)
    assert (found[BILLING].cases, found[BILLING].late, found[BILLING].unknown) == (4, 2, 0)
    assert (found[RESOLVE].cases, found[RESOLVE].late, found[RESOLVE].unknown) == (4, 0, 3)
    assert waiting.pk and old.pk


def test_looking_back_takes_the_same_questions_for_many(office):
    pack, chosen = facts.packs()[LAW], [Chosen(BILLING), Chosen(RESOLVE)]

    def cost():
        with CaptureQueriesContext(connection) as queries:
            lookback.late(pack=pack, calendar=office, chosen=chosen, now=at(9))
        return len(queries)

    make.case(make.customer("A"), now=at(2))
    cost()  # a calendar's hours are remembered
    few = cost()
    for n in range(5):
        make.case(make.customer(f"B{n}"), now=at(3))
    assert cost() == few
