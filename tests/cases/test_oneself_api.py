"""One's own profile, notices and absences by the API: whose they are, what may be said, what is refused."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.utils import timezone

from cases.models import Absence, Notice, NoticeKind, Person, PersonPreference
from cases.operations import notify
from tests import factories as make
from tests import worlds
from tests.worlds import EVERYBODY, asks, refusal, statuses

pytestmark = pytest.mark.django_db

ME, ABSENCES, NOTICES = "/api/v1/me/", "/api/v1/absences/", "/api/v1/notices/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Everybody who works here has a profile, administrators too.
THEIRS = {**dict.fromkeys(EVERYBODY, 200), None: 401}


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return worlds.desk()


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def clock(monkeypatch, now):
    """It is `now` for whoever looks at the clock, until a test turns it."""
    at = {"now": now}
    monkeypatch.setattr(timezone, "now", lambda: at["now"])
    return at


@pytest.fixture(autouse=True)
def standing_clock(clock):
    return clock


def iso(at):
    return at.isoformat().replace("+00:00", "Z")


# --- The profile --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get(ME),
        lambda client: client.post(f"{ME}introduce/", {"theme": "dark"}),
        lambda client: client.post(f"{ME}be-told/", {"quiet_weekend": True}),
    ],
    ids=["read", "introduce", "be told"],
)
def test_everybody_has_a_profile_and_strangers_none(desk, ask):
    assert statuses(desk, ask) == THEIRS


@pytest.mark.parametrize("address", [ME, f"{ME}introduce/", f"{ME}be-told/"])
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_profile_is_changed_by_its_verbs_alone(desk, address, method):
    assert getattr(asks(desk.ana), method)(address, {}).status_code == 405


def test_a_profile_shows_who_one_is_and_how_one_is_told_before_anything_was_chosen(desk):
    shown = asks(desk.ana).get(ME).data
    assert (shown["id"], shown["username"], shown["role"]) == (desk.ana.pk, "ana", "agent")
    assert (shown["theme"], shown["single_keys"], shown["quiet_from"]) == ("auto", True, None)
    told = {row["kind"]: (row["by_mail"], row["is_fixed"]) for row in shown["told"]}
    assert told["handoff"] == (True, True)
    assert (told["target_breached"], told["assigned"]) == ((True, False), (False, False))
    # What goes to customers is nobody's choice here.
    assert not {"reply", "case_received"} & set(told)
    assert not PersonPreference.objects.exists()


def test_what_is_given_is_set_and_the_rest_stays(desk):
    client = asks(desk.ana)
    client.post(f"{ME}introduce/", {"signature": "Regards,\nAna", "theme": "dark"})
    shown = client.post(f"{ME}introduce/", {"language": "es", "time_zone": "Europe/Madrid"}).data
    assert (shown["language"], shown["time_zone"]) == ("es", "Europe/Madrid")
    assert (shown["signature"], shown["theme"]) == ("Regards,\nAna", "dark")
    desk.ana.refresh_from_db()
    assert (desk.ana.language, desk.ana.preference.signature) == ("es", "Regards,\nAna")
    signed = desk.ana.history.first()
    assert (signed.history_user_id, signed.history_via) == (desk.ana.pk, "api")


def test_a_signature_is_emptied(desk):
    client = asks(desk.ana)
    client.post(f"{ME}introduce/", {"signature": "Regards"})
    assert client.post(f"{ME}introduce/", {"signature": ""}).data["signature"] == ""


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("time_zone", "Mars/Base", "no time zone"),
        ("language", "tlh", "not a valid choice"),
        ("theme", "neon", "not a valid choice"),
        ("signature", "x" * 1001, "no more than 1000"),
        ("name", "x" * 121, "no more than 120"),
    ],
)
def test_what_cannot_be_is_refused_by_name(desk, field, value, said):
    answer = asks(desk.ana).post(f"{ME}introduce/", {field: value, "single_keys": False})
    assert refusal(answer) == (400, "invalid")
    assert said in answer.data["fields"][field][0]
    assert not PersonPreference.objects.exists()


def test_an_empty_name_is_refused_in_the_words_of_the_page(desk):
    answer = asks(desk.ana).post(f"{ME}introduce/", {"name": "  "})
    assert refusal(answer) == (400, "incomplete")
    assert answer.data["messages"] == ["Your name is empty; colleagues and customers need one."]


def test_nobody_gives_themselves_power(desk):
    said = {"role": "manager", "money_limit": 9999, "is_active": False, "username": "root", "email": "x@y.z"}
    assert asks(desk.ana).post(f"{ME}introduce/", said).status_code == 200
    person = Person.objects.get(pk=desk.ana.pk)
    assert (person.role, person.money_limit, person.username) == ("agent", 0, "ana")
    assert (person.is_active, person.email) == (True, "ana@example.com")


# --- What reaches one ---------------------------------------------------------------------------------------


def by_mail(answer):
    return {row["kind"] for row in answer.data["told"] if row["by_mail"]}


def test_a_kind_is_switched_by_itself(desk):
    client = asks(desk.ana)
    usual = by_mail(client.get(ME))
    answer = client.post(f"{ME}be-told/", {"mail": {"assigned": True, "target_breached": False}})
    assert by_mail(answer) == usual - {"target_breached"} | {"assigned"}
    # Those that are left out stay.
    answer = client.post(f"{ME}be-told/", {"mail": {"target_breached": True}})
    assert by_mail(answer) == usual | {"assigned"}
    # What is as usual is not kept.
    assert PersonPreference.objects.get().mail == {"assigned": True}


def test_quiet_hours_stay_while_kinds_are_chosen(desk):
    client = asks(desk.ana)
    quiet = {"quiet_from": "22:00", "quiet_until": "07:00", "quiet_deputy": desk.jonas.pk}
    assert client.post(f"{ME}be-told/", quiet).status_code == 200
    shown = client.post(f"{ME}be-told/", {"mail": {"assigned": True}, "quiet_weekend": True}).data
    assert (shown["quiet_from"], shown["quiet_until"], shown["quiet_weekend"]) == (
        "22:00:00",
        "07:00:00",
        True,
    )
    assert shown["quiet_deputy"] == {"id": desk.jonas.pk, "name": "Jonas"}
    shown = client.post(f"{ME}be-told/", {"quiet_from": None, "quiet_until": None, "quiet_deputy": None}).data
    assert (shown["quiet_from"], shown["quiet_deputy"], shown["quiet_weekend"]) == (None, None, True)


def test_quiet_hours_are_compared_with_the_end_that_stays(desk):
    client = asks(desk.ana)
    client.post(f"{ME}be-told/", {"quiet_from": "22:00", "quiet_until": "07:00"})
    for said in ({"quiet_from": None}, {"quiet_until": None}, {"quiet_from": "07:00"}):
        answer = client.post(f"{ME}be-told/", said)
        assert refusal(answer) == (400, "incomplete")
        assert answer.data["messages"] == [
            "Quiet hours need a beginning and an end that differ; give both, or neither."
        ]
    assert client.get(ME).data["quiet_from"] == "22:00:00"
    assert client.post(f"{ME}be-told/", {"quiet_from": "06:59"}).status_code == 200


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        ({"reply": True}, "“reply” is no kind of notice that people are told"),
        ({"nonsense": True}, "“nonsense” is no kind of notice that people are told"),
        ({"handoff": False}, "A handoff always comes by mail"),
        (["assigned"], "Expected a dictionary"),
    ],
)
def test_kinds_that_are_not_ones_to_choose(desk, mail, said):
    answer = asks(desk.ana).post(f"{ME}be-told/", {"mail": mail})
    assert refusal(answer) == (400, "invalid")
    assert said in answer.data["fields"]["mail"][0]
    assert not PersonPreference.objects.exists()


def test_that_a_handoff_comes_by_mail_may_be_said(desk):
    assert asks(desk.ana).post(f"{ME}be-told/", {"mail": {"handoff": True}}).status_code == 200
    assert PersonPreference.objects.get().mail == {}


@pytest.mark.parametrize("who", ["ana", "audre", "adam"])
def test_who_stands_in_at_night_is_another_who_works_cases(desk, who):
    answer = asks(desk.ana).post(f"{ME}be-told/", {"quiet_deputy": getattr(desk, who).pk})
    assert refusal(answer) == (403, "conflict_of_interest")


def test_what_was_chosen_decides_what_leaves(desk, now):
    asks(desk.ana).post(f"{ME}be-told/", {"mail": {"assigned": True}})
    case = make.case(now=now, team=desk.care, owner=desk.ana)
    assert set(Notice.objects.filter(case=case, person=desk.ana).values_list("channel", flat=True)) == {
        "app",
        "mail",
    }


# --- Notices ------------------------------------------------------------------------------------------------


@pytest.fixture
def told(desk, now):
    """Three notices of Ana's, the earliest first."""
    case = make.case(now=now, team=desk.care)
    for about in "abc":
        with make.signed(now):
            notify.queue([notify.Wanted(NoticeKind.ASSIGNED, case, about, person=desk.ana)], now=now)
    return list(Notice.objects.filter(person=desk.ana, channel="app").order_by("pk"))


def unread(person):
    return list(Notice.objects.in_app_for(person).unread().order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize(
    "ask",
    [lambda client: client.get(NOTICES), lambda client: client.post(f"{NOTICES}read-all/")],
    ids=["list", "read all"],
)
def test_everybody_has_notices_of_their_own(desk, told, ask):
    assert statuses(desk, ask) == THEIRS


@pytest.mark.parametrize("method", ["get", "post"])
def test_one_notice_is_its_readers_alone(desk, told, method):
    address = f"{NOTICES}{told[0].pk}/" + ("read/" if method == "post" else "")
    found = statuses(desk, lambda client: getattr(client, method)(address))
    assert found == {**dict.fromkeys(EVERYBODY, 404), "ana": 200, None: 401}


def test_a_notice_says_what_the_page_says(desk, told):
    [row, *_rest] = asks(desk.ana).get(NOTICES).data["results"]
    assert row["sentence"] == f"{told[0].case.number} is yours now"


def test_one_is_read_and_stays_read_when_it_was(desk, told, now, clock):
    answer = asks(desk.ana).post(f"{NOTICES}{told[1].pk}/read/")
    assert answer.data["read_at"] == iso(now)
    assert unread(desk.ana) == [told[0].pk, told[2].pk]
    clock["now"] = now + HOUR
    assert asks(desk.ana).post(f"{NOTICES}{told[1].pk}/read/").data["read_at"] == iso(now)


def test_all_are_read_or_all_up_to_the_newest_that_was_seen(desk, told):
    client = asks(desk.ana)
    assert client.post(f"{NOTICES}read-all/", {"up_to": told[1].pk}).data == {"number": 2}
    assert unread(desk.ana) == [told[2].pk]
    assert client.post(f"{NOTICES}read-all/").data == {"number": 1}
    assert client.post(f"{NOTICES}read-all/").data == {"number": 0}
    assert unread(desk.ana) == []


def test_nobody_elses_are_read_with_them(desk, told):
    assert asks(desk.jonas).post(f"{NOTICES}read-all/", {"up_to": told[2].pk}).data == {"number": 0}
    assert len(unread(desk.ana)) == 3


@pytest.mark.parametrize("up_to", [0, -1, "x", 10**18, None])
def test_up_to_what_is_no_notice(desk, told, up_to):
    assert refusal(asks(desk.ana).post(f"{NOTICES}read-all/", {"up_to": up_to})) == (400, "invalid")
    assert len(unread(desk.ana)) == 3


def test_notices_are_paged(desk, told):
    client, found, address = asks(desk.ana), [], f"{NOTICES}?page_size=2"
    while address:
        answer = client.get(address).data
        found.append([row["id"] for row in answer["results"]])
        address = answer["next"]
    assert found == [[told[2].pk, told[1].pk], [told[0].pk]]


# --- Absences -----------------------------------------------------------------------------------------------


def said(desk, now, who="ana", begins=1, ends=3, deputy="jonas", **more):
    words = {"starts_at": iso(now + begins * DAY), "ends_at": iso(now + ends * DAY), **more}
    words |= {"person": getattr(desk, who).pk} if who else {}
    return words | ({"deputy": getattr(desk, deputy).pk} if deputy else {})


@pytest.fixture
def coming(desk, now):
    """Ana is away from tomorrow on, for two days; Jonas stands in."""
    answer = asks(desk.ana).post(ABSENCES, said(desk, now, who=None))
    return Absence.objects.get(pk=answer.data["id"])


@pytest.fixture
def running(desk, now):
    with make.signed():
        return Absence.objects.create(
            person=desk.ana, deputy=desk.jonas, starts_at=now - DAY, ends_at=now + DAY
        )


def test_one_is_away_oneself_if_nobody_is_named(desk, coming, now):
    shown = asks(desk.ana).get(f"{ABSENCES}{coming.pk}/").data
    assert shown == {
        "id": coming.pk,
        "person": {"id": desk.ana.pk, "name": "Ana"},
        "starts_at": iso(now + DAY),
        "ends_at": iso(now + 3 * DAY),
        "deputy": {"id": desk.jonas.pk, "name": "Jonas"},
    }
    row = coming.history.get()
    assert (row.history_user_id, row.history_via) == (desk.ana.pk, "api")


def test_everybody_enters_their_own(desk, now):
    assert statuses(desk, lambda client: client.get(ABSENCES)) == THEIRS
    words = said(desk, now, who=None, deputy=None)
    found = statuses(desk, lambda client: client.post(ABSENCES, words))
    assert found == {**dict.fromkeys(EVERYBODY, 201), None: 401}
    assert Absence.objects.count() == len(EVERYBODY) - 1


# Who keeps Ana's absences: she, the supervisor of her department, who manages and who keeps people.
KEEPERS = ("ana", "marta", "priya", "adam")


@pytest.mark.parametrize("name", ["enter", "change", "end"])
def test_who_keeps_whose(desk, now, name):
    def ask(client):
        with make.signed():
            Absence.objects.all().delete()
        if name == "enter":
            return client.post(ABSENCES, said(desk, now))
        with make.signed():
            row = Absence.objects.create(person=desk.ana, starts_at=now + DAY, ends_at=now + 3 * DAY)
        return client.post(f"{ABSENCES}{row.pk}/{name}/", {"ends_at": iso(now + 2 * DAY)})

    done, refused = (201, 403) if name == "enter" else (200, 404)
    assert statuses(desk, ask) == {
        **dict.fromkeys(EVERYBODY, refused),
        **dict.fromkeys(KEEPERS, done),
        None: 401,
    }


def test_it_is_refused_in_the_words_of_the_page(desk, now):
    answer = asks(desk.sven).post(ABSENCES, said(desk, now))
    assert refusal(answer) == (403, "not_theirs")
    assert answer.data["messages"] == ["You may enter your own absence, and those of your team."]
    assert not Absence.objects.exists()


def test_who_reads_whose(desk, coming):
    read = {**dict.fromkeys(EVERYBODY, 404), **dict.fromkeys(KEEPERS, 200), "jonas": 200, None: 401}
    assert statuses(desk, lambda client: client.get(f"{ABSENCES}{coming.pk}/")) == {
        who: read[who] for who in EVERYBODY
    }
    for who in ("bruno", "sven", "audre"):
        assert asks(getattr(desk, who)).get(ABSENCES).data["results"] == []
    for who in (*KEEPERS, "jonas"):
        assert [row["id"] for row in asks(getattr(desk, who)).get(ABSENCES).data["results"]] == [coming.pk]


@pytest.mark.parametrize("verb", ["change", "end"])
def test_who_stands_in_sees_it_and_keeps_nothing_of_it(desk, coming, verb):
    answer = asks(desk.jonas).post(f"{ABSENCES}{coming.pk}/{verb}/", {})
    assert refusal(answer) == (403, "not_theirs")
    assert answer.data["messages"] == ["You may change your own absence, and those of your team."]
    assert Absence.objects.filter(pk=coming.pk, ends_at=coming.ends_at).exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_notice_is_read_and_nothing_else(desk, told, method):
    for address in (NOTICES, f"{NOTICES}{told[0].pk}/", f"{NOTICES}read-all/"):
        assert getattr(asks(desk.ana), method)(address, {}).status_code == 405
    assert asks(desk.ana).post(NOTICES, {}).status_code == 405


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_an_absence_is_changed_by_its_verbs_alone(desk, coming, method):
    assert getattr(asks(desk.ana), method)(f"{ABSENCES}{coming.pk}/", {}).status_code == 405


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [(1, 1, "incomplete"), (2, 1, "incomplete"), (-1, 1, "in_the_past"), (-2, -1, "in_the_past")],
)
def test_times_that_cannot_be(desk, now, coming, begins, ends, code):
    client, words = asks(desk.ana), said(desk, now, begins=begins, ends=ends)
    assert refusal(client.post(ABSENCES, words)) == (400, code)
    assert refusal(client.post(f"{ABSENCES}{coming.pk}/change/", words)) == (400, code)


def test_a_time_has_a_zone(desk, now):
    answer = asks(desk.ana).post(ABSENCES, said(desk, now, starts_at="2026-03-03T09:00:00"))
    assert refusal(answer) == (400, "invalid") and "starts_at" in answer.data["fields"]


@pytest.mark.parametrize("who", ["ana", "audre", "adam"])
def test_a_deputy_is_another_who_works_cases(desk, now, coming, who):
    client = asks(desk.ana)
    words = said(desk, now, begins=10, ends=11, deputy=who)
    assert refusal(client.post(ABSENCES, words)) == (403, "conflict_of_interest")
    answer = client.post(f"{ABSENCES}{coming.pk}/change/", {"deputy": getattr(desk, who).pk})
    assert refusal(answer) == (403, "conflict_of_interest")


def test_who_has_left_stands_in_for_nobody(desk, now):
    gone = make.person("Gone", is_active=False)
    answer = asks(desk.ana).post(ABSENCES, said(desk, now, deputy=None) | {"deputy": gone.pk})
    assert refusal(answer) == (400, "invalid") and "deputy" in answer.data["fields"]


def test_absences_of_one_person_do_not_overlap(desk, now, coming):
    client = asks(desk.ana)
    answer = client.post(ABSENCES, said(desk, now, begins=2, ends=5))
    assert refusal(answer) == (400, "overlaps")
    assert "end that one first, or choose other times" in answer.data["messages"][0]
    later = client.post(ABSENCES, said(desk, now, begins=3, ends=5))
    assert later.status_code == 201
    address = f"{ABSENCES}{later.data['id']}/change/"
    assert refusal(client.post(address, {"starts_at": iso(now + 3 * DAY - HOUR)})) == (400, "overlaps")
    # It does not lie over itself.
    assert client.post(address, {"starts_at": iso(now + 4 * DAY)}).status_code == 200


def test_what_has_not_begun_is_changed_and_the_rest_of_it_stays(desk, now, coming):
    client = asks(desk.ana)
    shown = client.post(f"{ABSENCES}{coming.pk}/change/", {"ends_at": iso(now + 5 * DAY)}).data
    assert (shown["starts_at"], shown["ends_at"]) == (iso(now + DAY), iso(now + 5 * DAY))
    assert shown["deputy"]["name"] == "Jonas"
    shown = client.post(f"{ABSENCES}{coming.pk}/change/", {"deputy": None}).data
    assert (shown["deputy"], shown["ends_at"]) == (None, iso(now + 5 * DAY))
    assert [row.history_type for row in coming.history.order_by("history_id")] == ["+", "~", "~"]


@pytest.mark.parametrize(("beyond", "status"), [(-1, 200), (0, 400), (1, 400)])
def test_what_has_begun_is_ended_not_changed(desk, clock, coming, beyond, status):
    clock["now"] = coming.starts_at + timedelta(seconds=beyond)
    answer = asks(desk.ana).post(f"{ABSENCES}{coming.pk}/change/", {"ends_at": iso(coming.ends_at + DAY)})
    assert answer.status_code == status
    if status == 400:
        assert answer.data["code"] == "in_the_past"
        assert answer.data["messages"] == [
            "This absence has begun. End it, and enter what is still to come as another one."
        ]


def test_what_runs_ends_now(desk, now, running):
    answer = asks(desk.ana).post(f"{ABSENCES}{running.pk}/end/")
    assert answer.data["absence"]["ends_at"] == iso(now)
    running.refresh_from_db()
    assert (running.starts_at, running.ends_at) == (now - DAY, now)
    # Ended once, it is past.
    assert refusal(asks(desk.ana).post(f"{ABSENCES}{running.pk}/end/")) == (400, "in_the_past")


def test_what_has_not_begun_does_not_happen(desk, coming):
    assert asks(desk.ana).post(f"{ABSENCES}{coming.pk}/end/").data == {"absence": None}
    assert not Absence.objects.exists()


def test_lists_are_narrowed_and_paged(desk, now, running):
    client = asks(desk.marta)
    rows = [running]
    with make.signed():
        for number in range(2, 6):
            rows.append(
                Absence.objects.create(
                    person=desk.jonas, starts_at=now + number * DAY, ends_at=now + number * DAY + HOUR
                )
            )

    def found(**query):
        return [row["id"] for row in client.get(ABSENCES, query).data["results"]]

    assert found(person=desk.ana.pk) == [running.pk]
    assert found(deputy=desk.jonas.pk) == [running.pk]
    assert found(ends_since=iso(now + DAY)) == [row.pk for row in rows[::-1]]
    assert found(ends_since=iso(now + DAY + HOUR), starts_before=iso(now + 3 * DAY)) == [rows[1].pk]
    first = client.get(ABSENCES, {"page_size": 3}).data
    rest = client.get(first["next"]).data
    assert [row["id"] for row in (*first["results"], *rest["results"])] == [row.pk for row in rows[::-1]]
    assert rest["next"] is None


def test_a_list_costs_the_same_however_long_it_is(desk, now, django_assert_max_num_queries):
    client, counts = asks(desk.marta), []
    for more in (1, 1, 12):
        for _number in range(more):
            at = now + (1 + Absence.objects.count()) * DAY
            with make.signed():
                Absence.objects.create(person=desk.jonas, deputy=desk.ana, starts_at=at, ends_at=at + HOUR)
        with django_assert_max_num_queries(20) as counted:
            client.get(ABSENCES)
        counts.append(len(counted))
    assert counts[1] == counts[2]
