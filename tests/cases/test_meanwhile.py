"""Two people on one case: what was done meanwhile stands beside what was typed, and nothing typed is lost."""

from copy import deepcopy

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cases import meanwhile
from cases.engine import run_until_idle
from cases.errors import StaleCase
from cases.models import Case, Message, Party, Presence
from cases.models.presence import FRESH
from cases.operations import pausing, presence, promising, routing, talk
from tests import factories as make
from tests import workspace
from tests.workspace import HOUR, NOW, body, page, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    """Views read the clock; here it stands."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return workspace.people()


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def case(desk):
    return workspace.new_case(desk)


def reply(client, desk, case, revision, words="My careful words"):
    said = {"reply-body": words, "reply-channel": "mail", "reply-revision": revision}
    return post(client, desk["agent"], "case-reply", case.number, **said)


# --- What makes a reply stale ---


def test_notes_of_others_do_not_hold_up_a_reply(client, desk, case):
    seen = case.revision
    for words in ("First", "Second"):
        talk.note(case=case, body=words, by=desk["supervisor"], now=NOW)
    answer = reply(client, desk, case, seen)
    assert answer.status_code == 302
    assert Message.objects.filter(case=case, body="My careful words").exists()
    # Its sender is told that there is something to read.
    assert "internal note" in body(client.get(answer.url))


MEANWHILE = {
    "a reply": lambda case, by: talk.reply(case=case, body="Hello", by=by, now=NOW),
    "the customer": lambda case, by: talk.receive(case=case, body="And?", by=by, now=NOW, channel="mail"),
    "a call": lambda case, by: talk.log_call(
        case=case, body="Nobody", by=by, now=NOW, incoming=False, was_reached=False
    ),
    "a promise": lambda case, by: promising.promise(
        case=case, what="Call", due_at=NOW + HOUR, by=by, now=NOW
    ),
    "another owner": lambda case, by: routing.assign(
        case=case, team=case.team, owner=by, reason="x", by=by, now=NOW
    ),
    "a priority": lambda case, by: routing.prioritise(case=case, priority=4, reason="x", by=by, now=NOW),
    "a pause": lambda case, by: pausing.pause(
        case=case, reason=make.pause_reason(), expected_end_at=NOW + HOUR, by=by, now=NOW
    ),
    "taken up": lambda case, by: routing.take_up(case=case, by=by, now=NOW),
}


@pytest.mark.parametrize("done", MEANWHILE)
def test_anything_else_does(client, desk, case, done):
    seen = case.revision
    MEANWHILE[done](Case.objects.get(pk=case.pk), desk["supervisor"])
    assert reply(client, desk, case, seen).status_code == 422
    assert not Message.objects.filter(case=case, body="My careful words").exists()


def test_a_note_beside_something_else_does_not_hide_it(desk, case):
    seen = case.revision
    talk.note(case=case, body="Only a note", by=desk["supervisor"], now=NOW)
    routing.prioritise(case=case, priority=4, reason="x", by=desk["supervisor"], now=NOW)
    talk.note(case=case, body="Another", by=desk["supervisor"], now=NOW)
    with pytest.raises(StaleCase):
        talk.reply(case=case, body="Hello", by=desk["agent"], now=NOW, revision=seen)


@pytest.mark.parametrize("revision", [0, 999])
def test_a_revision_that_never_was_is_stale(desk, case, revision):
    assert meanwhile.since(case, revision) is None
    with pytest.raises(StaleCase):
        talk.reply(case=case, body="Hello", by=desk["agent"], now=NOW, revision=revision)


# --- What is shown beside it ---


def test_the_others_change_stands_beside_the_senders_words(client, desk, case):
    seen = case.revision
    routing.prioritise(case=case, priority=4, reason="The board meets", by=desk["supervisor"], now=NOW)
    talk.receive(case=case, body="We cannot wait any longer.", by=desk["supervisor"], now=NOW, channel="mail")
    shown = body(reply(client, desk, case, seen))
    both = shown[shown.index('class="meanwhile"') : shown.index("meanwhile__foot")]
    theirs, yours = both.split("Yours, not sent yet")
    assert "changed the priority" in theirs and "The board meets" in theirs
    assert "<del>Medium</del> → <ins>Urgent</ins>" in theirs
    assert "We cannot wait any longer." in theirs
    assert "My careful words" in yours and "My careful words" not in theirs
    assert 'form="form-reply"' in shown and 'id="form-reply"' in shown


def test_no_files_are_nothing_that_was_typed_and_some_are_named(client, desk, case):
    seen = case.revision
    routing.prioritise(case=case, priority=4, reason="x", by=desk["supervisor"], now=NOW)
    yours = body(reply(client, desk, case, seen)).split("Yours, not sent yet")[1].split("meanwhile__foot")[0]
    assert "My careful words" in yours and "Files" not in yours and "[" not in yours
    two = [SimpleUploadedFile(name, b"%PDF-1.7") for name in ("one.pdf", "two.pdf")]
    said = {"reply-body": "See", "reply-channel": "mail", "reply-revision": seen, "reply-files": two}
    shown = body(post(client, desk["agent"], "case-reply", case.number, **said))
    assert "one.pdf, two.pdf" in shown.split("Yours, not sent yet")[1].split("meanwhile__foot")[0]


def test_what_the_sender_had_seen_is_not_told_as_news(client, desk, case):
    routing.prioritise(case=case, priority=3, reason="Seen before", by=desk["supervisor"], now=NOW)
    case.refresh_from_db()
    routing.prioritise(case=case, priority=4, reason="New to you", by=desk["supervisor"], now=NOW + HOUR)
    shown = body(reply(client, desk, case, case.revision - 1))
    part = shown[shown.index('class="meanwhile"') : shown.index("meanwhile__foot")]
    assert "New to you" in part and "Seen before" not in part


def test_sent_anyway_it_goes_to_the_case_as_it_is_now(client, desk, case):
    seen = case.revision
    talk.reply(case=case, body="Hello from me", by=desk["supervisor"], now=NOW)
    answer = reply(client, desk, case, seen)
    fresh = answer.context["reply_form"]["revision"].value()
    assert fresh == Case.objects.get(pk=case.pk).revision
    assert reply(client, desk, case, fresh).status_code == 302
    # Refused again if somebody was quicker once more.
    assert reply(client, desk, case, fresh, "Once more").status_code == 422


SHEETS = {
    "case-assign": {"reason": "My reasons", "owner": ""},
    "case-priority": {"reason": "My reasons", "priority": 4},
    "case-resolve": {"reason": "My reasons"},
    "case-close": {"reason": "My reasons"},
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_shows_both_sides_and_says_what_a_choice_meant(client, desk, case, name):
    seen = case.revision
    talk.note(case=case, body="Legal is reading this", by=desk["supervisor"], now=NOW)
    answer = post(client, desk["agent"], name, case.number, revision=seen, **SHEETS[name])
    shown = body(answer)
    assert answer.status_code == 422
    part = shown[shown.index('class="meanwhile"') : shown.index("meanwhile__foot")]
    assert "Legal is reading this" in part and "My reasons" in part
    if name == "case-priority":
        assert "<dd>Urgent</dd>" in part
    assert reverse("case", args=[case.number]) in shown


def test_the_escalate_form_shows_both_sides(client, desk, case):
    path = make.path(levels=[{"person": desk["supervisor"]}], fallback=desk["manager"])
    seen = case.revision
    talk.note(case=case, body="She called again", by=desk["supervisor"], now=NOW)
    said = {
        "kind": "hierarchical",
        "to": f"{path.pk}:1",
        "reason": "Over my limit",
        "background": "b",
        "tried": "t",
        "next_steps": "n",
        "mode": "written",
        "telling": "now",
        "word": "Ana decides, and you will hear today.",
        "word_channel": "mail",
        "revision": seen,
    }
    answer = post(client, desk["agent"], "case-escalate", case.number, **said)
    assert answer.status_code == 422
    shown = body(answer)
    part = shown[shown.index('class="meanwhile"') : shown.index("meanwhile__foot")]
    assert "She called again" in part and "Over my limit" in part
    assert (
        post(client, desk["agent"], "case-escalate", case.number, **said | {"revision": seen + 1}).status_code
        == 302
    )


def test_a_form_refused_for_what_is_missing_still_speaks_of_what_its_sender_saw(client, desk, case):
    seen = case.revision
    routing.prioritise(case=case, priority=3, reason="Meanwhile", by=desk["supervisor"], now=NOW)
    answer = post(client, desk["agent"], "case-priority", case.number, reason="", priority=4, revision=seen)
    assert answer.status_code == 422
    # Had it been given the new revision, its sender would never have been shown the other's change.
    assert answer.context["form"]["revision"].value() == str(seen)


def test_the_comparison_takes_a_fixed_number_of_queries(client, desk, case, django_assert_max_num_queries):
    counts = []
    for rounds in (1, 1, 12):  # what is remembered by the process is remembered after the first
        seen = Case.objects.get(pk=case.pk).revision
        for number in range(rounds):
            talk.reply(case=case, body=f"Reply {number}", by=desk["supervisor"], now=NOW)
        with django_assert_max_num_queries(200) as counted:
            assert reply(client, desk, case, seen).status_code == 422
        counts.append(len(counted))
    assert counts[1] == counts[2]


# --- Presence ---


def beat(client, person, case, **data):
    return post(client, person, "case-here", case.number, **data)


def test_who_has_a_case_open_is_shown_to_others_and_not_to_oneself(client, desk, case):
    assert beat(client, desk["supervisor"], case, doing="reply").status_code == 200
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "is writing a reply" in shown
    assert "is writing a reply" not in body(page(client, desk["supervisor"], "case", case.number))
    assert "is writing a reply" in body(page(client, desk["agent"], "case-list", view="team"))


def test_a_beat_answers_with_who_else_is_here(client, desk, case):
    beat(client, desk["supervisor"], case, doing="nonsense")
    answer = body(beat(client, desk["agent"], case, revision=case.revision))
    assert "is reading" in answer and "Changed" not in answer
    talk.note(case=case, body="x", by=desk["supervisor"], now=NOW)
    assert "Changed" in body(beat(client, desk["agent"], case, revision=case.revision - 1))


def test_a_beat_says_by_another_mark_that_somebody_or_the_engine_did_something(client, desk, case):
    def mark():
        return beat(client, desk["agent"], case)["X-Case-Mark"]

    first = mark()
    assert mark() == first
    talk.note(case=case, body="x", by=desk["supervisor"], now=NOW)
    noted, revision = mark(), Case.objects.get(pk=case.pk).revision
    run_until_idle(now=NOW + 4 * HOUR)
    fired = mark()
    assert Case.objects.get(pk=case.pk).revision == revision
    assert len({first, noted, fired}) == 3


def test_who_is_silent_is_gone_after_three_beats_and_who_leaves_at_once(client, desk, case, monkeypatch):

    beat(client, desk["supervisor"], case)
    later = NOW + FRESH
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert "is reading" not in body(page(client, desk["agent"], "case", case.number))
    beat(client, desk["supervisor"], case)
    assert "is reading" in body(page(client, desk["agent"], "case", case.number))
    assert beat(client, desk["supervisor"], case, gone=1).status_code == 204
    assert "is reading" not in body(page(client, desk["agent"], "case", case.number))


def test_a_beat_is_one_row_however_often_and_writes_no_history(client, desk, case):

    before = Case.history.filter(id=case.pk).count()
    for doing in ("reading", "reply", "note"):
        beat(client, desk["agent"], case, doing=doing)
    assert [(row.person, row.doing) for row in Presence.objects.all()] == [(desk["agent"], "note")]
    assert Case.history.filter(id=case.pk).count() == before


def test_a_beat_costs_the_same_however_many_are_here(client, desk, case, django_assert_max_num_queries):
    counts = []
    for number in range(30):
        presence.beat(case=case, by=make.person(f"P{number}"), doing="reading", now=NOW)
        if number in (0, 1, 29):
            client.force_login(desk["agent"])
            with django_assert_max_num_queries(60) as counted:
                answer = client.post(reverse("case-here", args=[case.number]))
            counts.append(len(counted))
    assert counts[1] == counts[2]
    assert "+20" in body(answer)  # no more are read than tell something


def test_nobody_is_present_on_a_case_that_is_not_for_them(client, desk, case):
    with make.signed():
        Party.objects.create(case=case, person=desk["stranger"], kind=Party.Kind.SUBJECT, reason="named")
    assert beat(client, desk["stranger"], case).status_code == 404
    assert beat(client, desk["administrator"], case).status_code == 404
    client.logout()
    answer = client.post(reverse("case-here", args=[case.number]))
    assert answer.status_code == 302 and answer.url.startswith(reverse("login"))


def test_what_is_stale_is_purged_and_what_is_fresh_stays(desk, case):

    presence.beat(case=case, by=desk["agent"], doing="reading", now=NOW - FRESH)
    presence.beat(case=case, by=desk["supervisor"], doing="reading", now=NOW)
    assert presence.purge(now=NOW) == 1
    assert Presence.objects.get().person == desk["supervisor"]
