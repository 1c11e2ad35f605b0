"""People by the API, as the console has them: rosters, people from a sheet, and who leaves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cases.models import Absence, Case, Duty, DutyPattern, Membership, Person, Skill
from tests import factories as make
from tests import worlds
from tests.worlds import EVERYBODY, asks, refusal

pytestmark = pytest.mark.django_db

TURNS, ROSTER, PEOPLE = "/api/v1/turns/", "/api/v1/roster/", "/api/v1/people/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def desk():
    found = worlds.desk()
    with make.signed():
        found.skill = Skill.objects.create(name="On call")
    return found


@pytest.fixture(autouse=True)
def clock(monkeypatch, now):
    """It is `now` for whoever looks at the clock."""
    monkeypatch.setattr(timezone, "now", lambda: now)


def iso(at):
    return at.isoformat().replace("+00:00", "Z")


def turn(desk, person, start, hours=8, **fields):
    with make.signed():
        return Duty.objects.create(
            skill=desk.skill, person=person, starts_at=start, ends_at=start + hours * HOUR, **fields
        )


# --- Rosters ------------------------------------------------------------------------------------------------


def test_turns_are_listed_of_the_people_within_ones_reach(desk, now, django_assert_num_queries):
    turn(desk, desk.ana, now, instead_of=desk.bruno)
    turn(desk, desk.bruno, now + DAY)
    listed = {}
    for who in EVERYBODY:
        answer = asks(getattr(desk, who) if who else None).get(TURNS)
        rows = answer.data.get("results", ())
        listed[who] = [
            (row["person"]["name"], row["instead_of"] and row["instead_of"]["name"]) for row in rows
        ]
    everybodys = [("Bruno", None), ("Ana", "Bruno")]
    assert listed == {
        "ana": [],
        "bruno": [],
        "marta": [("Ana", None)],  # whose turn it was is not hers to know
        "sven": [("Bruno", None)],
        "priya": everybodys,
        "audre": everybodys,
        "adam": everybodys,
        None: [],
    }
    with django_assert_num_queries(2):  # the skill, and its turns
        asks(desk.priya).get(TURNS, {"ends_since": iso(now), "skill": desk.skill.pk})
    of_care = asks(desk.priya).get(TURNS, {"team": desk.care.pk}).data["results"]
    assert [row["person"]["id"] for row in of_care] == [desk.ana.pk]


def test_a_turn_is_added_moved_swapped_and_taken_out(desk, now):
    client = asks(desk.marta)
    said = {"skill": desk.skill.pk, "starts_at": iso(now + HOUR), "ends_at": iso(now + 9 * HOUR)}
    added = client.post(TURNS, {**said, "person": desk.ana.pk})
    assert (added.status_code, added.data["person"]["name"], added.data["position"]) == (201, "Ana", 1)
    where = f"{TURNS}{added.data['id']}/"
    moved = client.post(f"{where}move/", {"ends_at": iso(now + 10 * HOUR), "position": 2}).data
    assert (moved["starts_at"], moved["ends_at"], moved["position"]) == (
        said["starts_at"],
        iso(now + 10 * HOUR),
        2,
    )
    other = turn(desk, desk.jonas, now + DAY)
    swapped = client.post(f"{where}swap/", {"in_return": other.pk, "reason": "a wedding"}).data
    assert (swapped["person"]["name"], swapped["instead_of"]["name"]) == ("Jonas", "Ana")
    other.refresh_from_db()
    assert other.person == desk.ana
    assert Duty.history.filter(id=other.pk).latest("history_id").history_via == "api"
    assert client.post(f"{where}take-out/", {"reason": "closed"}).data == {"turn": None}
    running = turn(desk, desk.ana, now - HOUR)
    assert client.post(f"{TURNS}{running.pk}/take-out/").data["turn"]["ends_at"] == iso(now)


def test_what_cannot_be_planned_is_refused_by_name(desk, now):
    client = asks(desk.marta)
    row = turn(desk, desk.ana, now + HOUR)
    said = {"skill": desk.skill.pk, "starts_at": iso(now + HOUR), "ends_at": iso(now + 2 * HOUR)}
    swap = f"{TURNS}{row.pk}/swap/"
    for answer, refused in (
        (client.post(TURNS, {**said, "person": desk.bruno.pk}), (403, "not_theirs")),
        (client.post(TURNS, {**said, "person": desk.ana.pk}), (400, "overlaps")),
        (client.post(TURNS, {**said, "person": desk.ana.pk, "position": 0}), (400, "invalid")),
        (client.post(swap, {"to": desk.bruno.pk, "reason": "x"}), (403, "not_theirs")),
        (client.post(swap, {"to": desk.jonas.pk, "reason": " "}), (400, "incomplete")),
        (client.post(swap, {"reason": "x"}), (400, "invalid")),
        (client.post(f"{TURNS}{row.pk}/move/", {"starts_at": iso(now - DAY)}), (400, "in_the_past")),
        (asks(desk.sven).post(swap, {"to": desk.bruno.pk, "reason": "x"}), (404, "not_found")),
        (asks(desk.audre).post(swap, {"to": desk.jonas.pk, "reason": "x"}), (403, "permission_denied")),
    ):
        assert refusal(answer) == refused
    assert Duty.objects.get().person == desk.ana


def test_a_week_says_who_is_on_duty_who_is_away_and_where_nobody_is(desk, now, django_assert_num_queries):
    turn(desk, desk.ana, now - HOUR, 12)
    turn(desk, desk.bruno, now + 12 * HOUR, 4)
    with make.signed():
        Absence.objects.create(person=desk.ana, starts_at=now, ends_at=now + HOUR, deputy=desk.jonas)
    with django_assert_num_queries(4):
        week = asks(desk.priya).get(ROSTER).data
    assert week["starts_at"] <= iso(now) < week["ends_at"]
    [row] = week["skills"]
    assert row["on_duty_now"] == [
        {"person": {"id": desk.ana.pk, "name": "Ana"}, "away_until": iso(now + HOUR)}
    ]
    assert [(t["person"]["name"], t["is_away"]) for t in row["turns"]] == [("Ana", True), ("Bruno", False)]
    assert row["gaps"][0] == {"starts_at": iso(now + 11 * HOUR), "ends_at": iso(now + 12 * HOUR)}
    [covered] = asks(desk.marta).get(ROSTER).data["skills"]
    assert covered["turns"][1]["person"] == {"id": None, "name": "somebody else"}
    following = asks(desk.priya).get(ROSTER, {"week": (now + 7 * DAY).date(), "skill": desk.skill.pk}).data
    assert (following["starts_at"], following["skills"][0]["on_duty_now"]) == (week["ends_at"], [])
    assert refusal(asks(desk.priya).get(ROSTER, {"week": "soon"})) == (400, "invalid")


def test_patterns_are_kept_changed_and_listed_with_their_days(desk, now, django_assert_num_queries):
    where, client = "/api/v1/duty-patterns/", asks(desk.marta)
    said = {
        "skill": desk.skill.pk,
        "person": desk.ana.pk,
        "weekdays": [4, 0, 1, 0],
        "starts": "20:00",
        "ends": "08:00",
        "time_zone": "Europe/Madrid",
        "first_on": "2026-03-02",
    }
    kept = client.post(where, said)
    assert kept.status_code == 201
    with django_assert_num_queries(1):
        [row] = asks(desk.priya).get(where).data["results"]
    assert row == kept.data
    assert (row["person"]["name"], row["weekdays"], row["starts"], row["every_weeks"]) == (
        "Ana",
        [0, 1, 4],
        "20:00:00",
        1,
    )
    assert len(client.get(where).data["results"]) == 1
    assert asks(desk.sven).get(where).data["results"] == []
    before = Duty.objects.filter(person=desk.ana, starts_at__gt=now).count()
    change = f"{where}{row['id']}/change/"
    assert client.post(change, {"person": desk.jonas.pk, "every_weeks": 2}).data["weekdays"] == [0, 1, 4]
    assert not Duty.objects.filter(person=desk.ana, starts_at__gt=now).exists()
    assert 0 < Duty.objects.filter(person=desk.jonas, starts_at__gt=now).count() < before
    for wrong, refused in (
        ({"last_on": "2026-03-01"}, (400, "invalid")),
        ({"weekdays": [7]}, (400, "invalid")),
        ({"weekdays": []}, (400, "invalid")),
        ({"time_zone": "Mars/Base"}, (400, "invalid")),
        ({"person": desk.bruno.pk}, (403, "not_theirs")),
        ({"person": desk.audre.pk}, (403, "conflict_of_interest")),
    ):
        assert refusal(client.post(change, wrong)) == refused
        assert refusal(client.post(where, {**said, **wrong})) == refused
    assert DutyPattern.objects.count() == 1


# --- From a sheet -------------------------------------------------------------------------------------------

LOOK, IMPORT = f"{PEOPLE}import/look/", f"{PEOPLE}import/"
ROWS = [
    {"username": "maria", "name": "Maria  Example", "teams": "Care", "manager": "ana"},
    {"username": "ana", "name": "Ana María"},
    {"username": "jonas"},
]


def look(client, rows=ROWS):
    return client.post(LOOK, {"rows": rows}).data


def test_rows_are_looked_at_and_then_imported_as_they_were_shown(desk):
    client = asks(desk.priya)
    shown = look(client)
    assert [(row["number"], row["username"], row["outcome"]) for row in shown["rows"]] == [
        (1, "maria", "created"),
        (2, "ana", "changed"),
        (3, "jonas", "same"),
    ]
    assert shown["rows"][1]["differences"] == [{"column": "name", "was": "Ana", "becomes": "Ana María"}]
    assert not Person.objects.filter(username="maria").exists()
    said = {"rows": ROWS, "shown": [row["mark"] for row in shown["rows"]], "reason": "new hires"}
    assert client.post(IMPORT, said).data == {"created": 1, "changed": 1}
    maria = Person.objects.get(username="maria")
    assert (maria.name, maria.manager, list(maria.teams.all())) == ("Maria Example", desk.ana, [desk.care])
    assert not maria.has_usable_password()
    assert client.post(IMPORT, said).data == {"created": 0, "changed": 0}


def test_of_wrong_rows_none_is_imported_and_each_is_named(desk):
    client = asks(desk.priya)
    rows = [*ROWS, {"username": "eva", "name": "Eva", "role": "boss"}]
    shown = look(client, rows)
    assert shown["is_wrong"]
    assert shown["rows"][3]["errors"][0]["column"] == "role"
    said = {"rows": rows, "shown": [row["mark"] for row in shown["rows"]], "reason": "x"}
    refused = client.post(IMPORT, said)
    assert refusal(refused) == (400, "wrong_sheet")
    assert "is no role" in refused.data["fields"]["rows.3.role"][0]
    assert not Person.objects.filter(username__in=("maria", "eva")).exists()


def test_what_is_not_what_was_shown_is_not_imported(desk):
    client = asks(desk.priya)
    marks = [row["mark"] for row in look(client)["rows"]]
    with make.signed():
        Person.objects.filter(pk=desk.ana.pk).update(name="Anna")
    said = {"rows": ROWS, "shown": marks, "reason": "x"}
    assert refusal(client.post(IMPORT, said)) == (409, "stale_sheet")
    assert refusal(client.post(IMPORT, {**said, "reason": " "})) == (400, "incomplete")
    for rows, place in (
        ([], "rows"),
        ([{"name": "Nobody"}], "rows.0.username"),
        ([{"username": "x", "emial": "x"}], "rows.0"),
        (["x"], "rows.0"),
        ([{"username": "x"}] * 2001, "rows"),
    ):
        refused = client.post(LOOK, {"rows": rows})
        assert refusal(refused) == (400, "invalid")
        assert list(refused.data["fields"]) == [place]


def test_people_are_imported_by_who_takes_them_on_everywhere(desk):
    found = worlds.statuses(desk, lambda client: client.post(LOOK, {"rows": ROWS}))
    assert found == {**dict.fromkeys(EVERYBODY, 403), "priya": 200, "adam": 200, None: 401}


# --- Who leaves ---------------------------------------------------------------------------------------------


def test_what_somebody_holds_is_said_as_far_as_the_reader_may_know(desk, now):
    case = make.case(now=now, team=desk.care, owner=desk.ana)
    secret = make.case(make.customer("Secret"), now=now, team=desk.care, owner=desk.ana)
    with make.signed():
        Case.objects.filter(pk=secret.pk).update(is_restricted=True, restricted_because="staff matter")
    where = f"{PEOPLE}{desk.ana.pk}/holds/"
    shown = asks(desk.priya).get(where).data
    assert (shown["person"]["name"], shown["may_part_with"]) == ("Ana", True)
    owned = next(one for one in shown["held"] if one["what"].startswith("Cases they own"))
    assert (owned["count"], owned["examples"]) == (1, [{"kind": "case", "id": case.pk, "name": case.number}])
    assert secret.number not in str(shown)
    found = worlds.statuses(desk, lambda client: client.get(where))
    within = {"marta": 200, "priya": 200, "audre": 200, "adam": 200, "sven": 404, None: 401}
    assert found == {**dict.fromkeys(EVERYBODY, 403), **within}
    assert not asks(desk.marta).get(where).data["may_part_with"]


def test_somebody_leaves_step_by_step_and_comes_back(desk, now, monkeypatch):
    monkeypatch.setattr("cases.operations.leaving.leave.__kwdefaults__", {"most": 2})
    for number in range(3):
        make.case(make.customer(f"Customer {number}"), now=now, team=desk.care, owner=desk.ana)
    where = f"{PEOPLE}{desk.ana.pk}/"
    said = {"way": "person", "to": desk.jonas.pk, "reason": "a new post"}
    client, steps = asks(desk.priya), []
    while not steps or not steps[-1]["is_out"]:
        steps.append(client.post(f"{where}leave/", said).data)
        assert len(steps) < 5
    assert [(step["passed_on"], step["left_to_pass_on"]) for step in steps] == [(2, 1), (1, 0)]
    assert set(Case.objects.values_list("owner__name", flat=True)) == {"Jonas"}
    desk.ana.refresh_from_db()
    assert not desk.ana.is_active
    assert refusal(client.post(f"{where}leave/", said)) == (400, "wrong_move")
    assert client.post(f"{where}come-back/", {"reason": "again"}).data["name"] == "Ana"
    assert refusal(client.post(f"{where}come-back/", {"reason": "again"})) == (400, "wrong_move")


def test_what_is_kept_from_who_lets_them_go_takes_whoever_is_named_for_it(desk, now):
    secret = make.case(now=now, team=desk.care, owner=desk.ana)
    with make.signed():
        Case.objects.filter(pk=secret.pk).update(is_restricted=True, restricted_because="staff matter")
    where, client = f"{PEOPLE}{desk.ana.pk}/leave/", asks(desk.priya)
    said = {"way": "person", "to": desk.jonas.pk, "reason": "dismissed"}
    stuck = client.post(where, said).data
    assert (stuck["is_out"], stuck["left_to_pass_on"]) == (False, 1)
    assert refusal(client.post(where, {**said, "kept_to": desk.priya.pk})) == (403, "conflict_of_interest")
    assert client.post(where, {**said, "kept_to": desk.bruno.pk}).data["is_out"]
    secret.refresh_from_db()
    assert secret.owner == desk.bruno


def test_who_leads_a_team_alone_is_followed_by_whom_is_named(desk):
    where, client = f"{PEOPLE}{desk.marta.pk}/leave/", asks(desk.priya)
    said = {"way": "person", "to": desk.ana.pk, "reason": "x"}
    for leads, refused in (
        ({str(desk.billing.pk): desk.bruno.pk}, (400, "invalid")),
        ({str(desk.care.pk): 10**9}, (400, "invalid")),
        ({str(desk.care.pk): desk.bruno.pk}, (403, "conflict_of_interest")),
    ):
        assert refusal(client.post(where, {**said, "leads": leads})) == refused
    assert client.post(where, {**said, "leads": {str(desk.care.pk): desk.jonas.pk}}).status_code == 200
    assert Membership.objects.get(team=desk.care, person=desk.jonas).is_lead


def test_nobody_is_let_go_by_who_may_not(desk):
    said = {"way": "person", "to": desk.jonas.pk, "reason": "x"}
    where = f"{PEOPLE}{desk.ana.pk}/leave/"
    assert refusal(asks(desk.marta).post(where, said)) == (403, "not_theirs")
    assert refusal(asks(desk.audre).post(where, said)) == (403, "permission_denied")
    assert refusal(asks(desk.sven).post(where, said)) == (404, "not_found")
    own = f"{PEOPLE}{desk.priya.pk}/leave/"
    assert refusal(asks(desk.priya).post(own, said)) == (403, "not_theirs")
    assert Person.objects.get(pk=desk.ana.pk).is_active
