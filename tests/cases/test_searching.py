"""Search: what is looked through, for whom, and what of it is shown."""

from copy import deepcopy

import pytest
from django.db import connection
from django.urls import reverse

from cases import fulltext, snippets
from cases.models import Case, Contact, Customer, Message, Party, Standing
from cases.operations import ending, talk
from tests import factories as make

from .desks import HOUR, NOW, ROLES, body, new_case, page, people, subjects

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


def found(client, person, words, **query):
    return subjects(page(client, person, "case-list", q=words, **query))


@pytest.fixture
def case(desk):
    row = new_case(
        desk,
        "Überlingen Kliniken",
        subject="Charged twice for 38 lines",
        body="The October invoice, INV-2026/118, is wrong. Срочный возврат, por favor: crédito.",
        reference="PO-77812/b",
    )
    with make.signed():
        Contact.objects.filter(customer=row.customer).update(
            name="Aoife Brennan", email="aoife.b@kliniken.example", phone="+34 600 123 456"
        )
    return row


WORDS = [
    "charged",
    "CHARGED TWI",
    "twice 38",
    "77812",
    "po 77812",
    "PO-77812/b",
    "überl",
    "ÜBERLINGEN klin",
    "brennan",
    "aoife.b@kliniken.example",
    "600 123",
    "october invoice",
    "inv-2026/118",
    "возврат",
    "СРОЧНЫЙ",
    "crédito",
    "118",
]


@pytest.mark.parametrize("words", WORDS)
def test_every_word_is_the_beginning_of_one_in_one_text(client, desk, case, words):
    assert found(client, desk["agent"], words) == [case.subject]


@pytest.mark.parametrize(
    "words", ["harged", "charged october", "zeppelin", "charged zeppelin", "invoices", "credito"]
)
def test_what_is_in_no_text_or_not_in_one_is_not_found(client, desk, case, words):
    assert found(client, desk["agent"], words) == []


@pytest.mark.parametrize("words", ["&", "'", "!!!", "(:*", '"', "--", "\\", "%", "_", "***", "<->"])
def test_signs_alone_are_no_words_and_are_said_to_be_none(client, desk, case, words):
    answer = page(client, desk["agent"], "case-list", q=words)
    assert subjects(answer) == []
    assert "There is no word in this search" in body(answer)


@pytest.mark.parametrize(
    "words",
    ["charged' | x", 'charged" OR "x', "charged:* & !x", "charged) OR 1=1", "charged NOT x", "NEAR charged"],
)
def test_the_databases_own_signs_mean_nothing(client, desk, case, words):
    assert found(client, desk["agent"], words) == []


@pytest.mark.parametrize("share", [0, 1])
@pytest.mark.parametrize("role", ["agent", "stranger"])
def test_rare_and_frequent_words_are_read_each_its_own_way_and_found_alike(
    client, desk, case, monkeypatch, share, role
):
    monkeypatch.setattr(fulltext, "_share", lambda model, rows: share)
    assert found(client, desk[role], "charged twi") == [case.subject]
    assert found(client, desk[role], "october") == ([case.subject] if role == "agent" else [])


def test_a_very_long_search_is_answered(client, desk, case):
    assert found(client, desk["agent"], "charged " * 500) == [case.subject]
    assert found(client, desk["agent"], "x" * 5000) == []


def test_the_newest_case_comes_first_and_ended_ones_are_found(client, desk):
    cases = [new_case(desk, f"Customer {n}", subject=f"Router {n}") for n in range(3)]
    ending.resolve(case=cases[0], reason="done", by=desk["agent"], now=NOW)
    ending.close(case=cases[0], reason="done", by=desk["agent"], now=NOW)
    assert found(client, desk["agent"], "router") == ["Router 2", "Router 1", "Router 0"]


def test_pages_of_a_search_follow_each_other(client, desk, monkeypatch):
    monkeypatch.setattr("cases.views.queue.PAGE", 2)
    for number in range(5):
        new_case(desk, f"Router {number} Ltd", subject=f"Router {number}", body="The router is broken")
    seen, query = [], {}
    while True:
        answer = page(client, desk["agent"], "case-list", q="router", **query)
        seen.append(subjects(answer))
        if not answer.context["after"]:
            break
        query = {"after": answer.context["after"]}
    assert seen == [["Router 4", "Router 3"], ["Router 2", "Router 1"], ["Router 0"]]
    back = page(client, desk["agent"], "case-list", q="router", before=answer.context["before"])
    assert subjects(back) == seen[1]


def test_filters_narrow_a_search(client, desk):
    new_case(desk, subject="Router low", priority=1)
    new_case(desk, "Other", subject="Router high", priority=3)
    assert found(client, desk["agent"], "router", priority="3") == ["Router high"]


# --- For whom ---


def test_what_was_said_is_looked_through_for_those_alone_who_may_read_it(client, desk):
    """Anybody who works cases knows that the case exists; what was said on it is its team's."""
    case = new_case(desk, subject="A quiet subject", body="The marmalade is missing")
    talk.note(case=case, body="Only among us: lighthouse", by=desk["agent"], now=NOW)
    for words in ("marmalade", "lighthouse"):
        seen = {role for role in ROLES[:4] + ["stranger"] if found(client, desk[role], words)}
        assert seen == {"agent", "supervisor", "manager", "auditor"}
        shown = body(page(client, desk["stranger"], "case-list", q=words))
        assert "missing" not in shown and "among us" not in shown and "A quiet subject" not in shown
    assert found(client, desk["stranger"], "quiet") == ["A quiet subject"]
    shown = body(page(client, desk["stranger"], "case-list", q="quiet"))
    assert "marmalade" not in shown and "lighthouse" not in shown


def test_another_teams_message_is_not_shown_where_the_subject_was_found(client, desk):
    case = new_case(desk, subject="Router broken", body="The router, and the marmalade")
    shown = body(page(client, desk["stranger"], "case-list", q="router"))
    assert case.number in shown and "marmalade" not in shown


def test_a_restricted_case_is_found_by_none_but_those_named(client, desk):
    hidden = new_case(
        desk, "Hidden Ltd", subject="Staff matter", body="She read my mail", restricted_because="staff"
    )
    for words in ("staff", "hidden", "mail", "read my"):
        seen = {role for role in ROLES[:4] + ["stranger"] if found(client, desk[role], words)}
        assert seen == {"agent", "auditor"}
    assert page(client, desk["stranger"], "case-list", q=hidden.number).status_code == 200


def test_a_complaint_is_never_found_by_whom_it_is_about(client, desk, case):
    with make.signed():
        Party.objects.create(case=case, person=desk["agent"], kind="subject", reason="it is about her")
    for words in WORDS:
        assert found(client, desk["agent"], words) == []
    assert found(client, desk["supervisor"], "charged") == [case.subject]


def test_the_count_of_pages_tells_nothing_of_what_is_not_for_the_searcher(client, desk, monkeypatch):
    monkeypatch.setattr("cases.views.queue.PAGE", 2)
    for number in range(6):
        new_case(desk, f"C {number}", subject="Nothing", body="marmalade")
    answer = page(client, desk["stranger"], "case-list", q="marmalade")
    assert (subjects(answer), answer.context["before"], answer.context["after"]) == ([], None, None)


# --- It follows the text ---


def test_what_is_redacted_is_no_longer_found(client, desk, case):
    assert found(client, desk["agent"], "возврат") == [case.subject]
    with make.signed():
        Message.objects.filter(case=case).update(body="[redacted]")
        Case.objects.filter(pk=case.pk).update(subject="[redacted]")
        Customer.objects.filter(pk=case.customer_id).update(name="[redacted]")
        Contact.objects.filter(customer=case.customer_id).update(name="[redacted]", email="", phone="")
    for words in set(WORDS) - {"77812", "po 77812", "PO-77812/b"}:
        assert found(client, desk["agent"], words) == []
    assert found(client, desk["agent"], "redacted") == ["[redacted]"]


def test_what_is_saved_again_or_written_in_bulk_is_found_by_its_new_words(client, desk, case):
    message = Message.objects.filter(case=case).first()
    with make.signed():
        message.body = "Lighthouse"
        message.save()
        Message.objects.bulk_create(
            [
                Message(
                    case=case,
                    direction="internal",
                    body=f"Bulk {n}",
                    author=desk["agent"],
                    occurred_at=NOW,
                    recorded_at=NOW,
                )
                for n in range(3)
            ]
        )
    assert (
        found(client, desk["agent"], "lighthouse") == found(client, desk["agent"], "bulk 2") == [case.subject]
    )
    assert found(client, desk["agent"], "october") == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's indexes are part of its tables")
def test_a_trigger_that_is_gone_comes_back_and_brings_what_was_written_meanwhile(client, desk, case):
    fulltext.remove(connection)
    with make.signed():
        Message.objects.filter(case=case).update(body="Written meanwhile")
    assert found(client, desk["agent"], "meanwhile") == []
    fulltext.install(connection)
    assert found(client, desk["agent"], "meanwhile") == [case.subject]


# --- What is shown ---


def test_the_piece_around_the_words_is_shown_with_them_marked(client, desk, case):
    shown = body(page(client, desk["agent"], "case-list", q="invoice octo"))
    assert "The <mark>October</mark> <mark>invoice</mark>, INV-2026/118" in shown
    assert "<mark>Charged</mark> twice" in body(page(client, desk["agent"], "case-list", q="charged"))
    assert "<mark>Aoife</mark>" in body(page(client, desk["agent"], "case-list", q="aoife"))
    assert "PO-<mark>77812</mark>/b" in body(page(client, desk["agent"], "case-list", q="77812"))


def test_the_latest_message_with_the_words_is_the_one_shown(client, desk, case):
    talk.note(case=case, body="invoice checked", by=desk["agent"], now=NOW)
    shown = body(page(client, desk["agent"], "case-list", q="invoice"))
    assert "<mark>invoice</mark> checked" in shown and "internal note" in shown


def test_words_of_customers_are_never_markup_in_a_search(client, desk):
    new_case(
        desk, name="<i>Evil</i>", subject="<script>alert(1)</script>", body='<img src=x onerror="alert(2)">'
    )
    for words in ("script", "alert", "img", "evil", "onerror", "<script>"):
        shown = body(page(client, desk["agent"], "case-list", q=words))
        assert "<script>alert" not in shown and "<img src" not in shown and "<i>Evil" not in shown
        assert "<mark>" in shown or words == "evil"


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("short", ["short"], "<mark>short</mark>"),
        ("a < b & c", ["b"], "a &lt; <mark>b</mark> &amp; c"),
        ("no hit here", ["x"], "no hit here"),
        ("line\nbreaks\n\n become  spaces", ["breaks"], "line <mark>breaks</mark> become spaces"),
        ("one-two_three", ["two", "three"], "one-<mark>two</mark>_<mark>three</mark>"),
        ("Возврат", ["воз"], "<mark>Возврат</mark>"),
    ],
)
def test_pieces_of_texts(text, words, expected):
    assert snippets.around(text, words) == expected


def test_a_long_text_is_cut_at_spaces_around_the_first_hit():
    text = "before " * 60 + "needle " + "after " * 60
    piece = snippets.around(text, ["needle"])
    assert piece.startswith("…before ") and piece.endswith(" after…")
    assert "<mark>needle</mark>" in piece and len(piece) < 220


def test_a_text_without_spaces_is_cut_all_the_same():
    assert len(snippets.around("x" * 20_000, ["x"])) < 20_100
    assert snippets.around("", ["x"]) == ""


def test_the_page_says_what_was_looked_through(client, desk, case):
    shown = body(page(client, desk["agent"], "case-list", q="charged"))
    assert "what was said on the cases that you may read" in shown


# --- The same in the API ---


def test_the_api_finds_what_the_page_finds_among_what_it_lists(client, desk, case):
    client.force_login(desk["agent"])
    for words in ("charged tw", "october", "77812", "brennan"):
        answer = client.get("/api/v1/cases/", {"q": words}, headers={"accept": "application/json"})
        assert [row["number"] for row in answer.json()["results"]] == [case.number]
    client.force_login(desk["stranger"])
    answer = client.get("/api/v1/cases/", {"q": "october"}, headers={"accept": "application/json"})
    assert answer.json()["results"] == []


def test_search_without_signing_in_leads_to_the_door(client, desk):
    assert client.get(reverse("case-list"), {"q": "x"}).status_code == 302
    assert page(client, desk["administrator"], "case-list", q="x").status_code == 403


def test_every_case_has_the_standing_that_search_goes_by(desk):
    new_case(desk, at=NOW - HOUR)
    assert Standing.objects.count() == Case.objects.count()
