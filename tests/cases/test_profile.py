"""One's own page: name, language, zone, signature, keys, theme, quiet hours; and when one is away."""

from datetime import time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from cases.errors import ConflictOfInterest, Incomplete, InThePast, NotTheirs, Overlaps
from cases.models import Absence, Person, PersonPreference
from cases.operations import absences, profile
from tests import factories as make
from tests import workspace
from tests.workspace import DAY, HOUR, NOW, body, page, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def desk():
    return workspace.people()


PROFILE = {
    "name": "Lucía Ferrer",
    "language": "es",
    "time_zone": "Atlantic/Canary",
    "theme": "dark",
    "signature": "Un saludo,\nLucía",
}


# --- Who I am, and how I work ---


def test_a_profile_is_saved_and_shown(client, desk):
    assert post(client, desk["agent"], "me", **PROFILE).status_code == 302
    person = Person.objects.get(pk=desk["agent"].pk)
    assert (person.name, person.language, person.time_zone) == ("Lucía Ferrer", "es", "Atlantic/Canary")
    choice = person.preference
    assert (choice.theme, choice.single_keys, choice.signature) == ("dark", False, "Un saludo,\nLucía")
    shown = body(client.get(reverse("me")))
    assert '<html lang="es" class="dark" data-saved-theme="dark" data-keys="off"' in shown
    assert person.history.first().history_user_id == person.pk


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("time_zone", "Mars/Base"),
        ("language", "tlh"),
        ("theme", "neon"),
        ("signature", "x" * 1001),
    ],
)
def test_what_cannot_be_is_refused_with_the_rest_kept(client, desk, field, value):
    answer = post(client, desk["agent"], "me", **PROFILE | {field: value})
    assert answer.status_code == 422
    assert "Lucía" in body(answer)
    assert not PersonPreference.objects.exists()


def test_nothing_of_ones_power_is_in_it(client, desk):
    post(
        client,
        desk["agent"],
        "me",
        role="manager",
        money_limit=9999,
        is_active="",
        username="root",
        **PROFILE,
    )
    person = Person.objects.get(pk=desk["agent"].pk)
    assert (person.role, person.money_limit, person.username) == ("agent", 0, "lucia")
    with pytest.raises(TypeError):
        profile.introduce(by=person, now=NOW, role="manager")


def test_a_signature_can_be_erased_from_history(desk):
    profile.introduce(by=desk["agent"], now=NOW, signature="Private words")
    assert "signature" in PersonPreference.history.model.erasable


def test_the_theme_of_the_menu_is_kept(client, desk):
    answer = client_fetch(client, desk["agent"], "dark")
    assert answer.status_code == 204
    assert PersonPreference.objects.get().theme == "dark"
    assert post(client, desk["agent"], "me-theme", theme="neon").status_code == 404
    answer = client.post(
        reverse("me-theme"), {"theme": "light"}, headers={"Referer": "https://evil.example/"}
    )
    assert answer.url == reverse("home")


def client_fetch(client, person, theme):
    client.force_login(person)
    return client.post(reverse("me-theme"), {"theme": theme}, headers={"X-Requested-With": "fetch"})


def test_quiet_hours_are_saved(client, desk):
    said = {
        "quiet_from": "22:00",
        "quiet_until": "07:00",
        "quiet_weekend": "on",
        "quiet_deputy": desk["stranger"].pk,
    }
    assert post(client, desk["agent"], "me-notices", **said).status_code == 302
    choice = PersonPreference.objects.get(person=desk["agent"])
    assert (choice.quiet_from, choice.quiet_until, choice.quiet_weekend) == (time(22), time(7), True)
    assert choice.quiet_deputy == desk["stranger"]
    assert choice.quiet_hours("Europe/Madrid").is_quiet(NOW.replace(hour=23))


@pytest.mark.parametrize(("starts", "ends"), [("22:00", ""), ("", "07:00"), ("22:00", "22:00")])
def test_quiet_hours_have_two_ends_that_differ(client, desk, starts, ends):
    assert post(client, desk["agent"], "me-notices", quiet_from=starts, quiet_until=ends).status_code == 422
    assert not PersonPreference.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic(), make.signed():
        PersonPreference.objects.create(
            person=desk["agent"], quiet_from=starts or None, quiet_until=ends or None
        )


def test_nobody_stands_in_for_themselves_at_night(desk):
    with pytest.raises(ConflictOfInterest):
        profile.be_told(
            by=desk["agent"],
            now=NOW,
            mail={},
            quiet_from=time(22),
            quiet_until=time(7),
            quiet_weekend=False,
            quiet_deputy=desk["agent"],
        )


def test_who_has_left_has_no_profile(desk):
    with make.signed():
        Person.objects.filter(pk=desk["agent"].pk).update(is_active=False)
    desk["agent"].refresh_from_db()
    with pytest.raises(NotTheirs):
        profile.introduce(by=desk["agent"], now=NOW, theme="dark")


# --- Away ---


def enter(desk, who="agent", by=None, starts=NOW + DAY, ends=NOW + 3 * DAY, deputy="stranger"):
    return absences.enter(
        person=desk[who],
        starts_at=starts,
        ends_at=ends,
        deputy=desk[deputy] if deputy else None,
        by=desk[by or who],
        now=NOW,
    )


def test_ones_own_absence_is_entered_and_shown_to_everybody(client, desk):
    said = {
        "person": desk["agent"].pk,
        "starts_at": "2026-03-04T09:00",
        "ends_at": "2026-03-06T18:00",
        "deputy": desk["stranger"].pk,
    }
    assert post(client, desk["agent"], "away", **said).status_code == 302
    row = Absence.objects.get()
    assert row.starts_at == (NOW + DAY).replace(hour=9)
    for role in ("stranger", "auditor"):
        shown = body(page(client, desk[role], "away"))
        assert "Lucia" in shown and "Tomas stands in" in shown
        assert reverse("away-end", args=[row.pk]) not in shown
    assert reverse("away-end", args=[row.pk]) in body(page(client, desk["agent"], "away"))


def test_who_is_away_is_said_on_their_cases(client, desk):
    case = workspace.new_case(desk)
    enter(desk, starts=NOW)
    assert "Lucia is away until" in body(page(client, desk["supervisor"], "case", case.number))
    with make.signed():
        Absence.objects.update(ends_at=NOW + HOUR, starts_at=NOW + timedelta(seconds=1))
    assert "Lucia is away" not in body(page(client, desk["supervisor"], "case", case.number))


@pytest.mark.parametrize(
    ("starts", "ends", "error"),
    [
        (NOW + DAY, NOW + DAY, Incomplete),
        (NOW + 2 * DAY, NOW + DAY, Incomplete),
        (NOW - DAY, NOW + DAY, InThePast),
        (NOW - 2 * DAY, NOW - DAY, InThePast),
    ],
)
def test_times_that_cannot_be(desk, starts, ends, error):
    with pytest.raises(error):
        enter(desk, starts=starts, ends=ends)


def test_whoever_assigns_a_case_is_told_who_is_away(client, desk):
    case = workspace.new_case(desk)
    enter(desk, who="stranger", starts=NOW, deputy=None)
    assert "Tomas is away until" in body(page(client, desk["agent"], "case-assign", case.number))


def test_what_was_meant_as_from_now_on_begins_now(desk):
    assert enter(desk, starts=NOW - timedelta(minutes=5)).starts_at == NOW


@pytest.mark.parametrize(
    ("starts", "ends", "overlaps"),
    [(0, 1, False), (0, 2, True), (1, 2, True), (2, 4, True), (3, 4, False)],
)
def test_absences_do_not_overlap(desk, starts, ends, overlaps):
    enter(desk)  # from day 1 until day 3
    times = {"starts": NOW + starts * DAY, "ends": NOW + ends * DAY}
    if overlaps:
        with pytest.raises(Overlaps):
            enter(desk, **times)
    else:
        enter(desk, **times)
    # Another person's are their own.
    enter(desk, who="stranger", deputy=None)


@pytest.mark.parametrize(
    ("by", "may"),
    [
        ("agent", True),
        ("supervisor", True),
        ("manager", True),
        ("administrator", True),
        ("stranger", False),
        ("auditor", False),
    ],
)
def test_who_enters_whose(client, desk, by, may):
    said = {"person": desk["agent"].pk, "starts_at": "2026-03-04T09:00", "ends_at": "2026-03-06T18:00"}
    assert post(client, desk[by], "away", **said).status_code == (302 if may else 422)
    assert Absence.objects.exists() is may
    if not may:
        with pytest.raises(NotTheirs):
            enter(desk, by=by, deputy=None)


@pytest.mark.parametrize("who", ["agent", "gone", "auditor", "administrator"])
def test_a_deputy_is_somebody_else_who_works_cases(desk, who):
    desk["gone"] = make.person("Gone", is_active=False)
    with pytest.raises(ConflictOfInterest):
        enter(desk, deputy=who)


def test_one_to_come_is_taken_back_and_a_running_one_ends_now(client, desk):
    coming = enter(desk)
    assert post(client, desk["agent"], "away-end", coming.pk).status_code == 302
    assert not Absence.objects.exists()
    assert Absence.history.filter(history_type="-").exists()
    with make.signed():
        running = Absence.objects.create(person=desk["agent"], starts_at=NOW - DAY, ends_at=NOW + DAY)
    post(client, desk["agent"], "away-end", running.pk)
    running.refresh_from_db()
    assert (running.starts_at, running.ends_at) == (NOW - DAY, NOW)
    # What is past cannot be changed.
    with pytest.raises(InThePast):
        absences.end(absence=running, by=desk["agent"], now=NOW + DAY)


def test_nobody_ends_a_strangers_absence(client, desk):
    row = enter(desk)
    for role, status in (("stranger", 404), ("auditor", 404), ("supervisor", 302)):
        assert post(client, desk[role], "away-end", row.pk).status_code == status


def test_the_form_shows_what_would_be_left_behind(client, desk):
    mine = workspace.new_case(desk)
    workspace.new_case(desk, "Fabrikam", owner=None)
    shown = body(page(client, desk["agent"], "away", ends_at="2026-03-06T18:00"))
    assert mine.number in shown and "1 of these is due before the end of it" in shown
    # A supervisor who enters it for somebody sees theirs, a stranger nobody's but their own.
    assert mine.number in body(page(client, desk["supervisor"], "away", person=desk["agent"].pk))
    assert mine.number not in body(page(client, desk["stranger"], "away", person=desk["agent"].pk))


def test_a_deputy_who_is_away_too_is_warned_of(client, desk):
    enter(desk, who="stranger", deputy=None)
    query = {"starts_at": "2026-03-03T12:00", "ends_at": "2026-03-06T18:00", "deputy": desk["stranger"].pk}
    assert "nobody stands in then" in body(page(client, desk["agent"], "away", **query))


def test_the_page_costs_the_same_for_many_absences(client, desk, django_assert_max_num_queries):
    counts = []
    for more in (1, 1, 12):
        for _number in range(more):
            person = make.person(f"P{Person.objects.count()}")
            with make.signed():
                Absence.objects.create(person=person, starts_at=NOW, ends_at=NOW + DAY, deputy=desk["agent"])
        client.force_login(desk["agent"])
        with django_assert_max_num_queries(100) as counted:
            client.get(reverse("away"))
        counts.append(len(counted))
    assert counts[1] == counts[2]


# --- What has not begun is changed ---


def changes(client, desk, row, by="agent", **said):
    words = {"starts_at": "2026-03-05T09:00", "ends_at": "2026-03-07T18:00", "deputy": ""} | said
    return post(client, desk[by], "away-change", row.pk, **words)


def test_what_has_not_begun_is_changed_on_its_page(client, desk):
    row = enter(desk)
    listed = body(page(client, desk["agent"], "away"))
    assert f'href="{reverse("away-change", args=[row.pk])}"' in listed
    shown = body(page(client, desk["agent"], "away-change", row.pk))
    assert "Change the absence of Lucia" in shown and 'value="2026-03-04T11:00"' in shown
    # Somebody else's id changes nothing about whose it is.
    assert changes(client, desk, row, person=desk["stranger"].pk).url == reverse("away")
    row.refresh_from_db()
    assert (row.person, row.deputy) == (desk["agent"], None)
    assert row.starts_at == (NOW + 2 * DAY).replace(hour=9)


def test_what_has_begun_is_not_changed_on_a_page_either(client, desk):
    row = enter(desk, starts=NOW)
    offered = f'href="{reverse("away-change", args=[row.pk])}"'
    assert offered not in body(page(client, desk["agent"], "away"))
    assert page(client, desk["agent"], "away-change", row.pk).url == reverse("away")
    answer = changes(client, desk, row)
    assert answer.status_code == 422
    assert "This absence has begun." in body(answer) and 'value="2026-03-05T09:00"' in body(answer)


@pytest.mark.parametrize(
    ("role", "status"),
    [("agent", 200), ("supervisor", 200), ("manager", 200), ("administrator", 200)]
    + [("stranger", 404), ("auditor", 404)],
)
def test_who_changes_whose(client, desk, role, status):
    row = enter(desk)
    assert page(client, desk[role], "away-change", row.pk).status_code == status
    answer = changes(client, desk, row, by=role)
    assert answer.status_code == (302 if status == 200 else 404)
    client.logout()
    for answer in (client.get(reverse("away-change", args=[row.pk])), changes_unsigned(client, row)):
        assert answer.status_code == 302 and answer.url.startswith(reverse("login"))


def changes_unsigned(client, row):
    return client.post(reverse("away-change", args=[row.pk]), {})


@pytest.mark.parametrize(
    "said",
    [
        {"ends_at": "2026-03-05T09:00"},
        {"starts_at": "2026-03-01T09:00"},
        {"ends_at": "soon"},
        {"deputy": "agent"},
        {"deputy": "auditor"},
    ],
)
def test_a_change_that_cannot_be_keeps_what_was_typed(client, desk, said):
    row = enter(desk)
    if "deputy" in said:
        said = {"deputy": desk[said["deputy"]].pk}
    answer = changes(client, desk, row, **said)
    assert answer.status_code == 422
    assert "data-errors" in body(answer)
    assert all(value in body(answer) for name, value in said.items() if name != "deputy")
    row.refresh_from_db()
    assert row.starts_at == NOW + DAY


def test_of_no_absence_anything_else_is_changed(desk):
    with pytest.raises(TypeError):
        absences.change(absence=enter(desk), by=desk["agent"], now=NOW, person=desk["stranger"])
