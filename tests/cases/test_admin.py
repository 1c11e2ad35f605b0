"""The console's pages of calendars, policies, rules and people: drafts, refusals, publishing, reach."""

from datetime import date, time

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from cases import durations
from cases.models import (
    Calendar,
    CalendarException,
    CalendarVersion,
    Category,
    Holiday,
    Period,
    Person,
    Skill,
    SlaPolicy,
    SlaPolicyVersion,
    SlaTarget,
)
from tests import factories as make
from tests.console_forms import errors, filled, one_more, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def priya(client, now, monkeypatch):
    """A manager at her console, at `now`."""
    person = make.person("Priya", role="manager")
    client.force_login(person)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return person


@pytest.fixture
def marta(now):
    return make.person("Marta", role="supervisor")


def address(row, page="change"):
    return reverse(f"admin:cases_{row._meta.model_name}_{page}", args=[row.pk])


def new(model):
    return reverse(f"admin:cases_{model._meta.model_name}_add")


def draft_of(whole):
    with make.signed():
        return whole.versions.create(number=whole.versions.count() + 1)


def office(**fields):
    """A calendar of which nothing was published yet, with its draft."""
    with make.signed():
        return draft_of(Calendar.objects.create(name="Care", time_zone="Europe/Madrid", **fields))


# --- Calendars ---


def test_a_calendar_is_added_drafted_and_published(client, priya, now):
    page = client.get(new(Calendar))
    data = filled(page, name="Care", time_zone="Europe/Madrid", change_reason="A second shift")
    page = client.post(new(Calendar), data, follow=True)
    version = CalendarVersion.objects.get(calendar__name="Care")
    assert page.request["PATH_INFO"] == address(version)
    assert (version.number, version.published_at) == (1, None)

    data = one_more(page, "periods", filled(page), weekday="0", opens="09:00", closes="17:00")
    data = one_more(
        page, "periods", data | {"change_reason": "Mondays"}, weekday="0", opens="18:00", closes="00:00"
    )
    page = client.post(address(version), data, follow=True)
    assert version.periods.count() == 2

    client.post(address(version, "publish"), {"change_reason": "From today on"})
    version.refresh_from_db()
    assert (version.published_at, version.effective_at, version.published_by) == (now, now, priya)
    assert Calendar.objects.get(name="Care").hours.is_open(now)
    signed = [
        (row.history_change_reason, row.history_user_id, row.history_via)
        for row in version.history.order_by("pk")
    ]
    assert signed == [
        ("A second shift", priya.pk, "console"),
        ("From today on", priya.pk, "console"),
    ]
    assert Period.history.latest("history_id").history_change_reason == "Mondays"


def test_overlapping_hours_are_refused_on_the_form(client, priya):
    version = office()
    page = client.get(address(version))
    data = one_more(page, "periods", filled(page), weekday="0", opens="09:00", closes="14:00")
    data = one_more(page, "periods", data, weekday="0", opens="13:00", closes="17:00")
    assert errors(client.post(address(version), data)) == [
        "Monday: 09:00–14:00 overlaps 13:00–17:00. Join them or move one."
    ]
    assert not version.periods.exists()
    # Half-open: what ends when the next begins does not overlap it.
    data["periods-1-opens"] = "14:00"
    assert client.post(address(version), data).status_code == 302
    assert version.periods.count() == 2


def test_hours_move_on_by_a_day(client, priya):
    """Each takes the place of the next, which is still there when the first is saved."""
    version = office()
    with make.signed():
        for weekday in range(3):
            Period.objects.create(version=version, weekday=weekday, opens=time(9), closes=time(10 + weekday))
    data = filled(client.get(address(version)))
    moved = {f"periods-{n}-weekday": str(n + 1) for n in range(3)}
    assert client.post(address(version), data | moved).status_code == 302
    assert list(version.periods.order_by("weekday").values_list("weekday", "closes")) == [
        (1, time(10)),
        (2, time(11)),
        (3, time(12)),
    ]


def test_overlapping_hours_written_past_the_form_are_refused_at_publishing(client, priya):
    version = office()
    with make.signed():
        for opens, closes in ((9, 14), (13, 17)):
            Period.objects.create(version=version, weekday=0, opens=time(opens), closes=time(closes))
    page = client.post(address(version, "publish"), {})
    assert said(page) == ["Monday: 09:00–14:00 overlaps 13:00–17:00. Join them or move one."]
    version.refresh_from_db()
    assert version.published_at is None


def test_hours_that_close_before_they_open_are_refused_by_form_and_database(client, priya):
    version = office()
    page = client.get(address(version))
    data = one_more(page, "periods", filled(page), weekday="0", opens="17:00", closes="09:00")
    assert errors(client.post(address(version), data)) == [
        "Closing must come after opening; 00:00 means midnight at the day's end."
    ]
    assert_the_database_refuses(Period, version=version, weekday=0, opens=time(17), closes=time(9))


def test_an_exception_has_both_hours_or_neither(client, priya):
    version = office()
    page = client.get(address(version))
    data = one_more(page, "exceptions", filled(page), on="2026-05-02", opens="09:00", name="Stock-taking")
    assert errors(client.post(address(version), data)) == [
        "Give both hours, closing after opening, or neither: then the day is closed."
    ]
    half = {"version": version, "on": date(2026, 5, 2), "name": "x"}
    assert_the_database_refuses(CalendarException, opens=time(9), **half)
    assert_the_database_refuses(CalendarException, closes=time(9), **half)


def test_a_holiday_ends_after_it_begins_by_form_and_database(client, priya):
    version = office()
    page = client.get(address(version))
    days = {"first_on": "2026-05-03", "last_on": "2026-05-02", "name": "x"}
    data = one_more(page, "holidays", filled(page), **days)
    assert errors(client.post(address(version), data)) == ["The last day cannot come before the first."]
    assert_the_database_refuses(
        Holiday, version=version, first_on=date(2026, 5, 3), last_on=date(2026, 5, 2), name="x"
    )


def test_a_calendar_without_an_open_hour_is_not_published(client, priya):
    version = office()
    page = client.get(address(version, "publish"))
    assert page.context["findings"] == ["“Care” would never be open; give it at least one period."]
    assert said(client.post(address(version, "publish"), {})) == page.context["findings"]
    version.refresh_from_db()
    assert version.published_at is None


def test_the_past_of_a_calendar_is_refused_in_a_sentence(client, priya):
    calendar = make.calendar()
    draft = draft_of(calendar)
    with make.signed():
        Period.objects.create(version=draft, weekday=1, opens=time(9), closes=time(12))
    page = client.post(address(draft, "publish"), {"effective_at_0": "2026-03-01", "effective_at_1": "09:00"})
    assert "begin now or later" in said(page)[0]


def test_a_published_version_is_read_and_nothing_of_it_is_written(client, priya):
    calendar = make.calendar()
    version = calendar.versions.get()
    page = client.get(address(version))
    assert not page.context["has_change_permission"]
    buttons = [button["title"] for button in page.context["actions_detail"]]
    assert buttons == ["Compare…", "A year…", "New draft from this"]
    for where in ("change", "delete", "publish"):
        assert client.post(address(version, where), {"post": "yes", "note": "x"}).status_code == 403
    # A row of it, smuggled into the form of a draft.
    draft, period = draft_of(calendar), version.periods.first()
    page = client.get(address(draft))
    data = one_more(page, "periods", filled(page), weekday="6", opens="01:00", closes="02:00", id=period.pk)
    client.post(address(draft), data | {"periods-INITIAL_FORMS": 1})
    assert version.periods.order_by("pk").values_list("pk", "weekday", "opens")[0] == (period.pk, 0, time(9))


def test_a_new_draft_begins_with_all_that_its_version_says(client, priya):
    calendar = make.calendar()
    version = calendar.versions.get()
    first = draft_of(calendar)
    with make.signed():
        Period.objects.create(version=first, weekday=5, opens=time(9), closes=time(12))
        Holiday.objects.create(
            version=first, first_on=date(2026, 5, 1), last_on=date(2026, 5, 1), name="May Day"
        )
    page = client.post(address(first, "new_draft"), {"change_reason": "Also Sundays"}, follow=True)
    second = calendar.versions.get(number=3)
    assert page.request["PATH_INFO"] == address(second)
    assert [str(period) for period in second.periods.all()] == ["Saturday 09:00–12:00"]
    assert [str(holiday) for holiday in second.holidays.all()] == ["2026-05-01 May Day"]
    assert version.periods.count() == 5 and first.periods.count() == 1
    assert second.history.get().history_change_reason == "Also Sundays"


def test_the_time_zone_of_a_published_calendar_stays(client, priya):
    """Its past would change with it."""
    calendar = make.calendar()
    data = filled(client.get(address(calendar)), name="Care office", time_zone="Asia/Tokyo")
    assert client.post(address(calendar), data).status_code == 302
    calendar.refresh_from_db()
    assert (calendar.name, calendar.time_zone) == ("Care office", "Europe/Madrid")


def test_public_holidays_are_listed_before_they_are_saved(client, priya):
    version = office()
    with make.signed():
        Holiday.objects.create(
            version=version, first_on=date(2026, 1, 1), last_on=date(2026, 1, 1), name="Closed"
        )
    where = f"{address(version, 'add_holidays')}?country=ES&region=MD&first_year=2026&last_year=2026"
    page = client.get(where)
    compared = page.context["compared"]
    assert dict(compared.new)[date(2026, 5, 2)] == "Madrid Day"
    assert [on for on, _name in compared.known] == [date(2026, 1, 1)]  # closed already
    assert "1 is there already" in page.content.decode()
    assert version.holidays.count() == 1
    client.post(where, {"chosen": ["2026-05-02", "2026-05-01"], "change_reason": "Madrid 2026"})
    saved = version.holidays.exclude(name="Closed").order_by("first_on")
    assert [(day.first_on.day, day.country, day.region) for day in saved] == [
        (1, "ES", "MD"),
        (2, "ES", "MD"),
    ]
    assert Holiday.history.latest("history_id").history_change_reason == "Madrid 2026"
    # What came from there and is no holiday any more may be taken out; a day of one's own stays.
    with make.signed():
        gone = Holiday.objects.create(
            version=version,
            first_on=date(2026, 3, 3),
            last_on=date(2026, 3, 3),
            name="Gone",
            country="ES",
            region="MD",
        )
    assert client.get(where).context["compared"].gone == [gone]
    assert "Tick at least one day" in client.post(where, {"change_reason": "none"}).content.decode()
    client.post(where, {"removed": [gone.pk], "change_reason": "moved"})
    assert set(version.holidays.values_list("name", flat=True)) >= {"Closed"}
    assert not version.holidays.filter(pk=gone.pk).exists()


def test_an_unknown_region_and_too_many_years_are_refused_with_what_would_do(client, priya):
    version = office()
    where = f"{address(version, 'add_holidays')}?country=ES&region=XX&first_year=2026&last_year=2036"
    sentences = client.get(where).context["source"].errors
    assert "Known: AN, AR" in sentences["region"][0]
    assert sentences["last_year"] == ["Choose one to 10 years, the first one first."]


def test_a_published_version_takes_no_holidays(client, priya):
    version = make.calendar().versions.get()
    assert client.get(address(version, "add_holidays")).status_code == 403


# --- SLA policies ---


@pytest.fixture
def policy_draft():
    with make.signed():
        return draft_of(SlaPolicy.objects.create(name="Gold"))


def target(page, **fields):
    row = {"metric": "resolution", "term_seconds": "4 h", "calendar": make.always_open().pk, **fields}
    return one_more(page, "targets", filled(page), **row)


def test_a_policy_is_typed_in_words_and_published(client, priya, policy_draft, now):
    page = client.get(address(policy_draft))
    assert client.post(address(policy_draft), target(page, term_seconds="2 h 30 min")).status_code == 302
    assert policy_draft.targets.get().term_seconds == 9000
    assert "2 h 30 min" in client.get(address(policy_draft)).content.decode()
    client.post(address(policy_draft, "publish"), {})
    policy_draft.refresh_from_db()
    assert policy_draft.effective_at == now
    shown = client.get(address(policy_draft)).content.decode()
    assert "2 h 30 min" in shown and ">9000<" not in shown and 'value="9000"' not in shown


@pytest.mark.parametrize("term", ["0", "0 h", "0 s", "-4 h", "soon", "4", "1 day"])
def test_a_term_of_zero_or_without_a_unit_is_refused_on_the_form(client, priya, policy_draft, term):
    page = client.get(address(policy_draft))
    [sentence] = errors(client.post(address(policy_draft), target(page, term_seconds=term)))
    wanted = "name at least one second" if term in ("0 h", "0 s") else "is no term; write hours"
    assert wanted in sentence
    assert not policy_draft.targets.exists()


def test_a_term_of_zero_is_refused_by_the_database(policy_draft):
    fields = {"version": policy_draft, "metric": "resolution", "calendar": make.always_open()}
    assert_the_database_refuses(SlaTarget, term_seconds=0, **fields)
    with make.signed():
        SlaTarget.objects.create(term_seconds=1, **fields)


def test_a_metric_has_one_target_for_any_priority(client, priya, policy_draft):
    client.post(address(policy_draft), target(client.get(address(policy_draft))))
    page = client.get(address(policy_draft))
    assert errors(client.post(address(policy_draft), target(page))) == [
        "“Resolution” has two targets for any priority; keep one."
    ]
    # Deleted, its place is free at once.
    data = target(page, term_seconds="5 h") | {"targets-0-DELETE": "on"}
    assert client.post(address(policy_draft), data).status_code == 302
    assert policy_draft.targets.get().term_seconds == 5 * 3600


def test_a_policy_without_targets_or_on_a_draft_calendar_is_not_published(client, priya, policy_draft):
    page = client.post(address(policy_draft, "publish"), {})
    assert said(page) == ["A policy without targets owes nothing; give it at least one."]
    unpublished = office().calendar
    client.post(address(policy_draft), target(client.get(address(policy_draft)), calendar=unpublished.pk))
    page = client.post(address(policy_draft, "publish"), {})
    assert said(page)[-1] == "The calendar “Care” is not published yet; publish it first."


def test_the_default_policy_stays_and_stays_for_every_case(client, priya):
    default = SlaPolicy.objects.get(is_default=True)
    client.post(address(default), filled(client.get(address(default)), is_active=""))
    assert client.post(address(default, "delete"), {"post": "yes"}).status_code == 403
    default.refresh_from_db()
    assert default.is_active
    draft = client.post(address(default.versions.get(), "new_draft"), {}, follow=True).context["original"]
    with make.signed():
        SlaPolicyVersion.objects.filter(pk=draft.pk).update(tier="gold")
    page = client.post(address(draft, "publish"), {})
    assert said(page) == ["The default policy is owed to every case; leave its conditions empty."]


# --- Who drafts, who publishes ---


def test_a_supervisor_drafts_and_does_not_publish(client, marta):
    client.force_login(marta)
    version = office()
    page = client.get(address(version))
    assert "Publish…" not in [button["title"] for button in page.context["actions_detail"]]
    data = one_more(page, "periods", filled(page), weekday="0", opens="09:00", closes="14:00")
    assert client.post(address(version), data).status_code == 302
    assert version.periods.count() == 1
    assert client.post(address(version, "publish"), {}).status_code == 403
    version.refresh_from_db()
    assert version.published_at is None


def test_what_a_supervisor_proposes_waits_for_a_manager(client, marta, priya):
    client.force_login(marta)
    client.post(new(Category), filled(client.get(new(Category)), name="Refunds") | {"is_active": "on"})
    proposed = Category.objects.get(name="Refunds")
    assert not proposed.is_active
    # Switching it on is not a supervisor's, even where the form is bypassed.
    client.post(address(proposed), {"name": "Refunds", "is_active": "on", "change_reason": "now"})
    proposed.refresh_from_db()
    assert not proposed.is_active
    client.force_login(priya)
    client.post(address(proposed), filled(client.get(address(proposed)), is_active="on"))
    proposed.refresh_from_db()
    assert proposed.is_active
    client.force_login(marta)
    assert client.post(address(proposed), {"name": "Mine"}).status_code == 403


def test_the_history_says_who_changed_what_why_and_how(client, priya):
    category = make.category("Billing")
    client.post(
        address(category), filled(client.get(address(category)), name="Invoices", change_reason="Their word")
    )
    page = client.get(address(category, "history"))
    newest, first = page.context["page_obj"]
    assert (newest.who, str(newest.via), newest.history_change_reason) == ("Priya", "console", "Their word")
    assert [(change["old"], change["new"]) for change in newest.changes] == [("Billing", "Invoices")]
    assert first.who == "Installation"
    shown = page.content.decode()
    assert "“Their word”" in shown and "Revert" not in shown


# --- People ---


def test_an_administrator_takes_somebody_on_who_can_then_log_in(client, now):
    client.force_login(make.person("Adam", role="administrator"))
    fields = {"username": "lena", "name": "Lena", "role": "agent", "new_password": "x7-orchard-lamp"}
    page = client.post(new(Person), filled(client.get(new(Person)), **fields))
    assert page.status_code == 302
    assert client.login(username="lena", password="x7-orchard-lamp")


def test_a_weak_password_is_refused(client):
    client.force_login(make.person("Adam", role="administrator"))
    fields = {"username": "lena", "name": "Lena", "role": "agent", "new_password": "password"}
    page = client.post(new(Person), filled(client.get(new(Person)), **fields))
    assert any("too common" in sentence for sentence in errors(page))


def test_nobody_gives_themselves_or_others_more_than_they_may(client, priya):
    """A manager makes no administrator, takes nothing from one, sets no password, and stays who she is."""
    jonas, adam = make.person("Jonas"), make.person("Adam", role="administrator")
    page = client.get(address(jonas))
    assert "administrator" not in dict(page.context["adminform"].form.fields["role"].choices)
    assert client.post(address(jonas), filled(page, role="administrator")).status_code == 200
    client.post(address(jonas), filled(page, role="supervisor") | {"new_password": "x7-orchard-lamp"})
    client.post(address(adam), filled(client.get(address(adam))) | {"role": "agent", "is_active": ""})
    client.post(
        address(priya), filled(client.get(address(priya))) | {"role": "administrator", "money_limit": "9999"}
    )
    for person, role in ((jonas, "supervisor"), (adam, "administrator"), (priya, "manager")):
        person.refresh_from_db()
        assert (person.role, person.is_active) == (role, True)
    assert jonas.password == "!" and priya.money_limit == 0


def test_a_supervisor_keeps_the_skills_of_their_team_and_no_powers(client, marta):
    ana = make.person("Ana")
    make.team("Care", people=[ana], lead=marta)
    with make.signed():
        skill = Skill.objects.create(name="Spanish")
    client.force_login(marta)
    page = client.get(address(ana))
    data = one_more(page, "personskill_set", filled(page), skill=skill.pk) | {
        "role": "manager",
        "money_limit": "500",
    }
    assert client.post(address(ana), data).status_code == 302
    ana.refresh_from_db()
    assert list(ana.skills.all()) == [skill]
    assert (ana.role, ana.money_limit) == ("agent", 0)


def test_a_system_actor_is_nobodys_page_and_nobodys_choice(client, priya):
    engine = Person.objects.get(username="system:engine")
    assert client.get(address(engine)).status_code == 302
    search = reverse("admin:autocomplete")
    field = {"app_label": "cases", "model_name": "intakerule", "field_name": "owner", "term": ""}
    offered = {row["text"] for row in client.get(search, field).json()["results"]}
    assert "Priya" in offered and "Engine" not in offered


# --- Terms in words ---


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4 h", 14400),
        ("2h30min", 9000),
        ("90 min", 5400),
        ("1,5 h", 5400),
        ("1 s", 1),
        ("2 ч 30 мин", 9000),
        ("3 horas", 10800),
    ],
)
def test_a_term_is_read_as_people_write_it(text, seconds):
    assert durations.read(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "4", "4 days", "4 h 3", "0,5 s", "-1 h", "1e3 s"])
def test_what_is_no_term_is_refused(text):
    if not text:
        assert durations.read(text) == 0
        return
    with pytest.raises(durations.NotADuration):
        durations.read(text)


@pytest.mark.parametrize("seconds", [1, 59, 60, 61, 3599, 3600, 3601, 9000, 86400, 90061])
def test_a_term_shown_is_read_back_as_itself(seconds):
    assert durations.read(durations.word(seconds)) == seconds


def assert_the_database_refuses(model, **fields):
    with pytest.raises(DatabaseError), transaction.atomic(), make.signed():
        model.objects.create(**fields)
