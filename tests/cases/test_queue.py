"""The queue: its orders and their pages, who sees which row, what it keeps and what it says when empty."""

import re
from copy import deepcopy
from datetime import timedelta

import pytest
from django.urls import reverse

from cases import counting, queues
from cases.models import Case, Party, Pause, Person, SavedView, Standing, Tag
from cases.operations import pausing, promising, routing, tagging, talk
from cases.orders import ORDERS
from tests import factories as make

from .desks import HOUR, NOW, ROLES, body, new_case, page, people, post, subjects

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return people()


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def five(desk):
    """Cases that every order puts another way."""
    for number, (name, priority, hours) in enumerate(
        [("Delta", 2, 1), ("Alpha", 4, 3), ("Charlie", 1, 2), ("Bravo", 4, 1), ("Alpha", 2, 2)]
    ):
        new_case(desk, name, at=NOW - hours * HOUR, subject=f"{name} {number}", priority=priority)
    talk.note(case=Case.objects.get(subject="Charlie 2"), body="Looked at", by=desk["agent"], now=NOW)
    return desk


# --- Orders ---

IN_ORDER = {
    "": ["Alpha 1", "Charlie 2", "Alpha 4", "Delta 0", "Bravo 3"],
    "priority": ["Alpha 1", "Bravo 3", "Alpha 4", "Delta 0", "Charlie 2"],
    "received": ["Bravo 3", "Delta 0", "Alpha 4", "Charlie 2", "Alpha 1"],
    "customer": ["Alpha 1", "Alpha 4", "Bravo 3", "Charlie 2", "Delta 0"],
    "changed": ["Charlie 2", "Bravo 3", "Delta 0", "Alpha 4", "Alpha 1"],
    "no such order": ["Alpha 1", "Charlie 2", "Alpha 4", "Delta 0", "Bravo 3"],
}


@pytest.mark.parametrize("sort", IN_ORDER)
def test_the_queue_comes_in_the_order_that_the_address_says(client, five, sort):
    assert subjects(page(client, five["agent"], "case-list", sort=sort)) == IN_ORDER[sort]


@pytest.mark.parametrize("sort", ORDERS)
def test_pages_of_every_order_follow_each_other_without_gap_or_repeat(client, five, monkeypatch, sort):
    monkeypatch.setattr("cases.views.queue.PAGE", 2)
    for role in ("agent", "supervisor", "manager"):
        query, seen, answers = {"sort": sort, "view": "team" if role == "agent" else "all"}, [], []
        while True:
            answers.append(page(client, five[role], "case-list", **query))
            seen += subjects(answers[-1])
            if not answers[-1].context["after"]:
                break
            query["after"] = answers[-1].context["after"]
        assert seen == IN_ORDER[sort], role
        assert [len(answer.context["standings"]) for answer in answers] == [2, 2, 1], role
        before = {"after": "", "before": answers[-1].context["before"]}
        back = page(client, five[role], "case-list", **query | before)
        assert subjects(back) == IN_ORDER[sort][2:4], role
        assert back.context["before"], role
        before["before"] = back.context["before"]
        first = page(client, five[role], "case-list", **query | before)
        assert subjects(first) == IN_ORDER[sort][:2], role
        assert first.context["before"] is None, role


MADE_UP = [
    "x",
    "null",
    "[]",
    "{}",
    "[1]",
    '["2026-03-03",1]',
    '["2026-03-03T10:00:00",1]',
    '["2026-99-99T00:00+00:00",1]',
    '["2026-03-03T10:00:00+00:00","x"]',
    '["2026-03-03T10:00:00+00:00",true]',
    '["2026-03-03T10:00:00+00:00",99999999999999999999]',
    "[1,2,3,4]",
    '[{"a":1},1]',
    "[NaN,1]",
]


def test_a_made_up_key_shows_the_first_page(client, five):
    """None is the first page; what could be a key is one, and the database takes what it says."""
    for sort, order in ORDERS.items():
        for key in MADE_UP:
            edge = order.edge(key)
            if edge is not None:
                for part in order.beyond(edge, order.columns):
                    assert Standing.objects.filter(part).count() in (0, 5), (sort, key)
        for key in ("x", '["2026-03-03T10:00:00+00:00",99999999999999999999]'):
            answer = page(client, five["agent"], "case-list", sort=sort, after=key)
            assert len(answer.context["standings"]) == 5, (sort, key)


def test_a_customers_name_may_hold_anything_and_still_be_a_key(client, desk, monkeypatch):
    monkeypatch.setattr("cases.views.queue.PAGE", 1)
    for name in ('A "quoted", \\ & Sons', "Ярославль"):
        new_case(desk, name, subject=name)
    first = page(client, desk["agent"], "case-list", sort="customer")
    second = page(client, desk["agent"], "case-list", sort="customer", after=first.context["after"])
    assert subjects(first) + subjects(second) == ['A "quoted", \\ & Sons', "Ярославль"]


def test_links_of_pages_and_filters_keep_the_order(client, five, monkeypatch):
    monkeypatch.setattr("cases.views.queue.PAGE", 2)
    shown = body(page(client, five["agent"], "case-list", sort="priority", priority="4"))
    assert '<input type="hidden" name="sort" value="priority">' in shown
    assert "priority=4&amp;sort=changed" in shown or "sort=changed&amp;priority=4" in shown


# --- Who sees which row ---


def worlds(desk):
    """Cases of every kind that somebody may or may not see."""
    care = desk["agent"].teams.get()
    network = desk["stranger"].teams.get()
    new_case(desk, subject="Care, owned")
    new_case(desk, subject="Care, nobody’s", owner=None)
    new_case(desk, subject="Network", of="stranger")
    new_case(desk, subject="Owned across", of="stranger", owner=desk["agent"])
    new_case(desk, subject="Restricted", restricted_because="staff matter", owner=desk["supervisor"])
    new_case(
        desk,
        subject="Restricted, nobody’s",
        restricted_because="staff matter",
        owner=None,
        of="manager",
        team=care,
    )
    complaint = new_case(desk, subject="About Lucia", owner=None)
    named = new_case(desk, subject="Named across", of="stranger", restricted_because="staff matter")
    held = new_case(desk, subject="Held by a person", of="stranger", restricted_because="staff matter")
    by_team = new_case(desk, subject="Held by a team", of="stranger", restricted_because="staff matter")
    with make.signed():
        Party.objects.create(case=complaint, person=desk["agent"], kind="subject", reason="it is about her")
        Party.objects.create(case=named, person=desk["agent"], kind="access", reason="asked to help")
    Standing.objects.filter(pk=held.pk).update(holder=desk["agent"])
    Standing.objects.filter(pk=by_team.pk).update(holder_team=care)
    Standing.objects.filter(case__subject="Network").update(whose=desk["agent"])
    assert network != care


@pytest.mark.parametrize("role", ROLES)
def test_a_standing_may_be_seen_exactly_where_its_case_may(desk, role):
    worlds(desk)
    person = desk[role]
    reader = queues.Reader.of(person, NOW)
    for mine, cases in (
        (reader.may_find(), Case.objects.findable(person)),
        (reader.may_read(), Case.objects.reachable(person)),
    ):
        seen = set(Standing.objects.filter(mine).values_list("case__subject", flat=True))
        assert seen == set(cases.values_list("subject", flat=True))


def held(view, reader):
    return {standing.pk for found in queues.selections(view, reader) for standing in found}


@pytest.mark.parametrize("role", ROLES)
def test_every_view_holds_only_what_its_reader_may_read_and_all_holds_all_of_it(desk, role):
    worlds(desk)
    person = desk[role]
    reader = queues.Reader.of(person, NOW)
    readable = set(Case.objects.reachable(person).values_list("pk", flat=True))
    for view in queues.VIEWS.values():
        seen = held(view, reader)
        assert seen <= readable
        if view.key == "all":
            assert seen == readable
        assert counting.counts([view], reader) == {view.key: str(len(seen))}


def test_many_teams_are_read_as_one_and_few_each_by_itself(desk, monkeypatch):
    worlds(desk)
    reader = queues.Reader.of(desk["supervisor"], NOW)
    few = {key: held(view, reader) for key, view in queues.VIEWS.items()}
    monkeypatch.setattr(queues, "FEW_TEAMS", 0)
    assert {key: held(view, reader) for key, view in queues.VIEWS.items()} == few
    assert few["team"]


def test_readers_alike_are_counted_by_one_question_each_of_their_own_cases(desk, django_assert_num_queries):
    worlds(desk)
    counted = {}
    for role in ("agent", "stranger"):
        reader = queues.Reader.of(desk[role], NOW)
        assert len(reader.teams) == 1
        with django_assert_num_queries(1):
            counted[role] = counting.counts(queues.VIEWS.values(), reader)
        for key, view in queues.VIEWS.items():
            assert counted[role][key] == str(len(held(view, reader)))
    assert counted["agent"] != counted["stranger"]


def test_more_than_a_hundred_are_not_counted(desk, monkeypatch):
    worlds(desk)
    reader = queues.Reader.of(desk["manager"], NOW)
    many = int(counting.counts([queues.VIEWS["all"]], reader)["all"])
    for enough, said in ((many, str(many)), (many - 1, f"{many - 1}+")):
        counting._written.cache_clear()
        monkeypatch.setattr(queues, "ENOUGH", enough)
        assert counting.counts([queues.VIEWS["all"]], reader) == {"all": said}
    counting._written.cache_clear()


def test_a_case_that_becomes_restricted_leaves_the_queue_of_all_others(client, desk):
    case = new_case(desk, owner=None)
    assert subjects(page(client, desk["supervisor"], "case-list", view="all"))
    with make.signed():
        Case.objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="staff matter")
    routing.prioritise(case=case, priority=4, reason="x", by=desk["agent"], now=NOW)
    assert not subjects(page(client, desk["supervisor"], "case-list", view="all"))


# --- Views ---


def test_waiting_for_customer_holds_cases_that_wait_for_one(client, desk):
    case = new_case(desk)
    reason = make.pause_reason(waits_for_customer=True)
    pausing.pause(case=case, reason=reason, expected_end_at=NOW + 5 * HOUR, by=desk["agent"], now=NOW)
    for role in ("agent", "supervisor", "manager"):
        assert subjects(page(client, desk[role], "case-list", view="waiting")) == [case.subject]
    assert not subjects(page(client, desk["stranger"], "case-list", view="waiting"))
    pausing.resume(pause=Pause.objects.get(), by=desk["agent"], now=NOW)
    assert not subjects(page(client, desk["agent"], "case-list", view="waiting"))


def test_counts_beside_views_stop_where_nobody_needs_to_know(client, desk, monkeypatch):
    monkeypatch.setattr(queues, "ENOUGH", 2)
    for number in range(4):
        new_case(desk, f"Customer {number}")
    assert "2+" in body(page(client, desk["agent"], "case-list"))


# --- Tags ---


@pytest.fixture
def tags():
    with make.signed():
        return [Tag.objects.create(name=name) for name in ("press", "refund")]


def test_the_queue_is_narrowed_to_a_tag_and_shows_it(client, desk, tags):
    tagged, _other = new_case(desk, subject="Tagged"), new_case(desk, "Other", subject="Not tagged")
    tagging.tag(case=tagged, add=[tags[0]], by=desk["agent"], now=NOW)
    answer = page(client, desk["agent"], "case-list", tag=tags[0].pk)
    assert subjects(answer) == ["Tagged"]
    [(_key, _title, [row])] = answer.context["groups"]
    assert row.tags == (tags[0],)
    assert not subjects(page(client, desk["agent"], "case-list", tag=tags[1].pk))
    tagging.tag(case=tagged, remove=[tags[0]], by=desk["agent"], now=NOW)
    assert not subjects(page(client, desk["agent"], "case-list", tag=tags[0].pk))


def test_a_tag_that_does_not_exist_is_refused_by_the_filter_and_shows_all(client, desk):
    new_case(desk)
    assert len(subjects(page(client, desk["agent"], "case-list", tag="99"))) == 1


def test_the_queue_is_narrowed_by_owner_holder_language_and_status_at_constant_cost(
    client, desk, django_assert_max_num_queries
):
    agent, ana = desk["agent"], desk["supervisor"]
    new_case(desk, "Mine", subject="Mine")
    new_case(desk, "Anas", subject="Anas", owner=ana, language="es")
    held, open_ = new_case(desk, "Held", subject="Held"), new_case(desk, "Open", subject="Open")
    talk.reply(case=open_, body="Hello", by=agent, now=NOW)
    Standing.objects.filter(pk=held.pk).update(holder=ana)

    def shown(**asked):
        return set(subjects(page(client, agent, "case-list", view="all", **asked)))

    assert shown(owner=ana.pk) == {"Anas"}
    # As the last column says it: who holds the escalation, or else whose the case is.
    assert shown(holder=ana.pk) == {"Anas", "Held"}
    assert shown(holder=agent.pk) == {"Mine", "Open"}
    assert shown(language="es") == {"Anas"}
    assert shown(status="open") == {"Open"}
    assert shown(status=["new", "open"], owner=agent.pk) == {"Mine", "Held", "Open"}
    # What nobody can be is refused by the filter, and all is shown.
    assert shown(owner="99999") == shown(language="xx") == shown()
    # Ended cases are in no view, so their status is offered to a search alone.
    assert "closed" not in {value for value, _word in filters(client, agent)["status"].field.choices}
    assert "closed" in {value for value, _word in filters(client, agent, q="Mine")["status"].field.choices}

    counts = []
    for more in (1, 1, 12):
        for number in range(more):
            new_case(desk, f"More {number}", subject="More", owner=make.person(f"P{len(counts)}{number}"))
        with django_assert_max_num_queries(100) as counted:
            shown(holder=agent.pk, language="en", status="new")
        counts.append(len(counted))
    assert counts[1] == counts[2]


def filters(client, person, **asked):
    return page(client, person, "case-list", **asked).context["filter"].form


def test_a_page_names_only_whom_it_is_narrowed_to_and_the_menu_fetches_the_others(client, desk):
    agent, carla = desk["agent"], make.person("Carla")
    asked = {"owner": carla.pk, "holder": "nobody"}
    shown = body(page(client, agent, "case-list", **asked))
    chips = re.findall(r"<summary class=\"chip chip--on\">(.*?)<", shown)
    assert chips == ["Owner: Carla", "Holder: any"]
    owner, holder = selects(shown)
    assert options(owner) == [("", "any"), (str(carla.pk), "Carla")] and "selected>Carla" in owner
    assert options(holder) == [("", "any")]
    fetched = body(page(client, agent, "case-list-people", owner=carla.pk))
    everybody = Person.objects.working().order_by("name", "pk")
    assert options(fetched) == [("", "any"), *((str(p.pk), p.name) for p in everybody)]
    assert re.findall(r'value="(\d+)" selected', fetched) == [str(carla.pk)]
    [whole, _holder] = selects(body(page(client, agent, "case-list", people="all")))
    assert options(whole) == options(fetched)


@pytest.mark.parametrize("nobody", ["x", "-1", "²", "1,2", "99999999999999999999"])
def test_a_filter_by_a_person_that_somebody_made_up_shows_all(client, desk, nobody):
    new_case(desk, subject="Mine")
    asked = {"owner": nobody, "holder": nobody}
    assert subjects(page(client, desk["agent"], "case-list", **asked)) == ["Mine"]
    assert subjects(page(client, desk["agent"], "case-list", people="all", **asked)) == ["Mine"]
    assert "selected" not in body(page(client, desk["agent"], "case-list-people", **asked))


def selects(text):
    return re.findall(r'<select name="(?:owner|holder)".*?</select>', text, re.DOTALL)


def options(text):
    return re.findall(r'<option value="(\d*)"[^>]*>([^<]*)<', text)


# --- When there is nothing, or nothing soon ---


def test_nothing_within_the_hour_says_what_comes_next(client, desk):
    new_case(desk, at=NOW)
    shown = body(page(client, desk["agent"], "case-list"))
    assert "Nothing is owed within the hour. Next: 15:00, First response." in shown


@pytest.mark.parametrize("hours", [3.5, 5])
def test_where_something_is_owed_soon_nothing_else_is_said(client, desk, hours):
    new_case(desk, at=NOW - hours * HOUR)
    assert "Nothing is owed within the hour" not in body(page(client, desk["agent"], "case-list"))


def test_an_empty_view_says_what_would_be_there(client, desk):
    assert "Nothing is owed by you or your teams." in body(page(client, desk["agent"], "case-list"))
    assert "No promise is due today." in body(page(client, desk["agent"], "case-list", view="promises"))
    assert "The filters leave nothing over" in body(page(client, desk["agent"], "case-list", priority="4"))


# --- What a person keeps ---


def test_a_view_is_kept_with_its_filters_and_order_and_shown_beside_the_others(client, desk):
    new_case(desk)
    asked = "view=team&sort=priority&priority=4&priority=3&after=whatever&chosen=all"
    answer = post(client, desk["agent"], "saved-views", name="  Urgent   first ", query=asked)
    assert answer.status_code == 302
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("Urgent first", "priority=3&priority=4&sort=priority&view=team")
    shown = body(client.get(answer.url))
    assert "Urgent first" in shown and "among your views" in shown
    assert shown.count('aria-current="page"') >= 1
    assert "Urgent first" not in body(page(client, desk["supervisor"], "case-list"))


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("", "view=team", "Give the view a name."),
        ("   ", "view=team", "Give the view a name."),
        ("Mine", "view=team", "You have a view named “Mine”"),
        ("Long", "q=" + "x" * 600, "more filters than can be kept"),
    ],
)
def test_a_view_that_cannot_be_kept_is_refused_with_what_was_typed(client, desk, name, query, said):
    SavedView.objects.create(person=desk["agent"], name="Mine")
    answer = post(client, desk["agent"], "saved-views", name=name, query=query)
    assert answer.status_code == 422
    assert said in body(answer)
    assert SavedView.objects.count() == 1


def test_a_person_has_so_many_views_and_no_more(client, desk):
    SavedView.objects.bulk_create(SavedView(person=desk["agent"], name=f"v{n}") for n in range(20))
    assert post(client, desk["agent"], "saved-views", name="one more", query="").status_code == 422
    assert post(client, desk["supervisor"], "saved-views", name="one more", query="").status_code == 302


def test_views_are_renamed_and_deleted_by_whose_they_are_alone(client, desk):
    view = SavedView.objects.create(person=desk["agent"], name="Mine")
    for name in ("saved-view-rename", "saved-view-delete"):
        assert post(client, desk["stranger"], name, view.pk, name="Theirs").status_code == 404
    assert post(client, desk["agent"], "saved-view-rename", view.pk, name="Ours").status_code == 302
    assert SavedView.objects.get().name == "Ours"
    assert post(client, desk["agent"], "saved-view-rename", view.pk, name=" ").status_code == 422
    assert post(client, desk["agent"], "saved-view-delete", view.pk).status_code == 302
    assert not SavedView.objects.exists()


# --- What it keeps true ---


def live(client, person, cases, **query):
    return page(client, person, "case-list-live", row=[case.pk for case in cases], **query)


def test_the_live_answer_says_what_is_gone_who_has_it_and_how_many_are_new(client, desk):
    stays, goes = new_case(desk, subject="Stays"), new_case(desk, "Goes Ltd", subject="Goes")
    routing.assign(
        case=goes,
        team=desk["stranger"].teams.get(),
        owner=desk["stranger"],
        reason="theirs",
        by=desk["agent"],
        now=NOW,
    )
    new_case(desk, "New Ltd", subject="New one")
    answer = live(client, desk["agent"], [stays, goes])
    assert subjects(answer) == ["Stays"]
    assert answer.context["gone"] == [(goes.pk, "with Tomas now")]
    assert answer.context["new"] == 1
    assert "1 new, show" in body(answer)


def test_of_a_case_that_is_no_longer_theirs_to_know_of_nothing_is_said(client, desk):
    hidden = new_case(desk, of="stranger", subject="Hidden", restricted_because="staff matter")
    answer = live(client, desk["agent"], [hidden])
    assert answer.context["gone"] == [(hidden.pk, "no longer here")]
    assert "Hidden" not in body(answer) and "Tomas" not in body(answer)


def test_a_case_that_ended_is_gone_with_its_status(client, desk):
    case = new_case(desk)
    with make.signed():
        Standing.objects.filter(pk=case.pk).update(status="resolved")
    assert live(client, desk["agent"], [case]).context["gone"] == [(case.pk, "Resolved")]


def test_what_moves_up_from_the_next_page_is_not_new(client, desk, monkeypatch):
    monkeypatch.setattr("cases.views.queue.PAGE", 2)
    cases = [new_case(desk, f"C {n}", at=NOW - (3 - n) * HOUR) for n in range(3)]
    routing.assign(case=cases[0], owner=None, team=None, reason="x", by=desk["agent"], now=NOW)
    answer = live(client, desk["agent"], cases[:2])
    assert (answer.context["new"], len(answer.context["gone"])) == (0, 1)


@pytest.mark.parametrize("rows", [[], ["x"], ["-1"], ["99999999999999999999"], ["1"] * 400])
def test_the_live_answer_minds_no_rows_that_somebody_made_up(client, desk, rows):
    assert page(client, desk["agent"], "case-list-live", row=rows).status_code == 200


# --- Who may open what, and what it costs ---

WHO_MAY = {
    "case-list-live": (200, 200, 200, 200, 403, 200),
    "case-list-people": (200, 200, 200, 200, 403, 200),
    "saved-views": (200, 200, 200, 200, 403, 200),
}


@pytest.mark.parametrize("name", WHO_MAY)
def test_each_page_answers_each_role(client, desk, name):
    assert tuple(page(client, desk[role], name).status_code for role in ROLES) == WHO_MAY[name]
    client.logout()
    assert client.get(reverse(name)).status_code == 302


def test_pages_cost_the_same_for_many_rows_as_for_few(client, desk, tags, django_assert_max_num_queries):
    pages = [
        ("case-list", {}),
        ("case-list", {"view": "risk", "sort": "priority"}),
        ("case-list", {"q": "charged"}),
        ("case-list-live", {"row": range(1, 40)}),
    ]

    def costs():
        found = {}
        for role in ("agent", "supervisor", "manager"):
            client.force_login(desk[role])
            for number, (name, query) in enumerate(pages):
                client.get(reverse(name), query)  # whatever is remembered between requests
                with django_assert_max_num_queries(60) as counted:
                    assert client.get(reverse(name), query).status_code == 200
                found[role, number] = len(counted)
        return found

    for number in range(24):
        case = new_case(desk, f"Customer {number}", at=NOW - 5 * HOUR)
        tagging.tag(case=case, add=tags, by=desk["agent"], now=NOW)
        if number % 3 == 0:
            promising.promise(case=case, what="Call", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
        if number == 5:
            few = costs()
    assert costs() == few


def test_a_standing_says_when_its_case_was_last_changed(desk):
    case = new_case(desk)
    assert Standing.objects.get().changed_at == NOW
    talk.note(case=case, body="Later", by=desk["agent"], now=NOW + timedelta(minutes=5))
    assert Standing.objects.get().changed_at == NOW + timedelta(minutes=5)


def test_a_promise_on_a_colleagues_case_is_the_next_obligation_of_who_made_it(client, desk):
    mine = new_case(desk, "Mine")
    theirs = new_case(desk, "A colleague’s", owner=make.person("Carla"))
    for case in (mine, theirs):
        promising.promise(case=case, what="Call", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    assert dict(Standing.objects.values_list("case", "is_owed_apart")) == {mine.pk: False, theirs.pk: True}
    assert len(subjects(page(client, desk["agent"], "case-list"))) == 2
