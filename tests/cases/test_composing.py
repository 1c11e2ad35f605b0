"""The composer's pages: sent once, drafts kept, files taken and handed out, templates, the mail looked at."""

import threading
import uuid
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from cases.models import Attachment, Case, Draft, Message, Notice, Party, Promise, ReplyTemplate, SentForm
from cases.operations import profile, talk
from cases.states import Metric
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 3, 11, 0, tzinfo=ZoneInfo("Europe/Madrid"))
HOUR = timedelta(hours=1)
PDF = b"%PDF-1.7 invoice"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
ROLES = ("agent", "colleague", "supervisor", "manager", "auditor", "administrator", "stranger")


@pytest.fixture(autouse=True)
def at_eleven(monkeypatch, settings, tmp_path):
    """Views read the clock; here it stands. What is uploaded goes with the test."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def desk():
    people = {
        "agent": make.person("Lucia", time_zone="Europe/Madrid"),
        "colleague": make.person("Jonas"),
        "supervisor": make.person("Ana", "supervisor"),
        "manager": make.person("Marta", "manager"),
        "auditor": make.person("Audre", "auditor"),
        "administrator": make.person("Nora", "administrator"),
        "stranger": make.person("Tomas"),
    }
    make.team("Care", people=[people["agent"], people["colleague"]], lead=people["supervisor"])
    make.team("Network", people=[people["stranger"]])
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 4 * 3600, (Metric.RESOLUTION, None): 40 * 3600})
    return people


@pytest.fixture
def case(desk):
    row = make.case(now=NOW - HOUR, team=desk["agent"].teams.get(), owner=desk["agent"], by=desk["agent"])
    return Case.objects.get(pk=row.pk)


def template(name="Hello", language="en", body="Dear {contact_name}, {case_number}.", **fields):
    with make.signed():
        return ReplyTemplate.objects.create(name=name, language=language, body=body, **fields)


def post(client, person, name, *args, accept="text/html", **data):
    client.force_login(person)
    return client.post(reverse(name, args=args), data, HTTP_ACCEPT=accept)


def say(client, person, case, form="reply", *, key=None, files=(), **said):
    fields = {"body": "Hello", "revision": Case.objects.get(pk=case.pk).revision, "key": key or uuid.uuid4()}
    if form == "reply":
        fields["channel"] = "mail"
    data = {f"{form}-{name}": value for name, value in (fields | said).items()}
    if files:
        data[f"{form}-files"] = list(files)
    return post(client, person, f"case-{form}", case.number, **data)


def upload(name="invoice.pdf", content=PDF, content_type="text/html"):
    return SimpleUploadedFile(name, content, content_type=content_type)


def shown(client, person, case):
    client.force_login(person)
    return body(client.get(reverse("case", args=[case.number])))


def body(answer):
    return answer.content.decode()


def words(answer):
    return unescape(body(answer))


# --- Sent once ---


def test_the_same_form_twice_says_one_thing_once(client, desk, case):
    key = uuid.uuid4()
    said = {"key": key, "revision": case.revision}
    first = say(client, desk["agent"], case, **said)
    second = say(client, desk["agent"], case, **said)
    assert first.status_code == second.status_code == 302
    assert first.url == second.url
    assert Message.objects.filter(case=case, direction="out").count() == 1
    assert Notice.objects.filter(case=case, kind="reply").count() == 1
    assert "nothing was done twice" in shown(client, desk["agent"], case)


@pytest.mark.parametrize("kind", ["note", "call", "promise"])
def test_so_do_notes_calls_and_promises(client, desk, case, kind):
    said = {
        "call": {"direction": "in", "was_reached": "yes", "occurred_at": "2026-03-03T10:00", "asks_for": ""},
        "promise": {"what": "Call", "due_at": "2026-03-03T17:00", "kind": "update", "channel": "phone"},
    }.get(kind, {})
    said |= {"key": uuid.uuid4(), "revision": case.revision}
    assert [say(client, desk["agent"], case, kind, **said).status_code for _twice in range(2)] == [302, 302]
    counted = (
        Promise.objects.filter(case=case) if kind == "promise" else case.messages.exclude(channel="mail")
    )
    assert counted.count() == 1


def test_other_words_under_a_spent_key_are_neither_sent_nor_lost(client, desk, case):
    key = uuid.uuid4()
    say(client, desk["agent"], case, "note", key=key, body="First")
    answer = say(client, desk["agent"], case, "note", key=key, body="Second, changed after going back")
    assert answer.status_code == 422
    assert "Second, changed after going back" in body(answer)
    assert "was sent already" in body(answer)
    assert key.hex not in body(answer).split('id="composer"')[1].split("data-sent=")[1].partition(">")[2]
    again = answer.context["note_form"]["key"].value()
    assert say(client, desk["agent"], case, "note", key=again, body="Second").status_code == 302
    assert list(case.messages.filter(direction="internal").order_by("pk").values_list("body", flat=True)) == [
        "First",
        "Second",
    ]


def test_the_same_words_from_a_page_fetched_anew_are_the_same_form_for_ten_minutes(
    client, desk, case, monkeypatch
):
    """Some browsers, going back, fetch the page again and put the old words into it."""

    def note_at(minutes, **said):
        monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(minutes=minutes))
        assert say(client, desk["agent"], case, "note", **said).status_code == 302
        return case.messages.filter(direction="internal").count()

    assert note_at(0) == 1
    assert note_at(9) == 1
    assert note_at(9, body="Hello again") == 2
    keep(client, desk["agent"], case, "note", **{"note-body": "Hello"})
    assert note_at(9) == 2
    assert not Draft.objects.exists()
    assert note_at(11) == 3
    say(client, desk["colleague"], case, "note")
    assert case.messages.filter(direction="internal").count() == 4


def test_a_refused_form_is_mended_and_sent_under_its_own_key(client, desk, case):
    key = uuid.uuid4()
    assert say(client, desk["agent"], case, key=key, body="By {promise_date}").status_code == 422
    assert not SentForm.objects.exists()
    assert say(client, desk["agent"], case, key=key, body="By Friday").status_code == 302


def test_a_form_without_a_key_or_with_a_broken_one_loses_nothing(client, desk, case):
    for number, key in enumerate(("", "no key")):
        said = {"note-body": f"Note {number}", "note-revision": case.revision, "note-key": key}
        assert post(client, desk["agent"], "case-note", case.number, **said).status_code == 302
    assert case.messages.filter(direction="internal").count() == 2


def test_one_persons_key_is_not_anothers(client, desk, case):
    key = uuid.uuid4()
    for role in ("agent", "colleague"):
        assert say(client, desk[role], case, "note", key=key).status_code == 302
    assert case.messages.filter(direction="internal").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_double_click_at_the_same_moment_is_one_message(desk, case):
    key, answers = uuid.uuid4(), []
    gate = threading.Barrier(3)

    def press():
        client = Client()
        client.force_login(desk["agent"])
        gate.wait()
        try:
            said = {"note-body": "Once", "note-revision": case.revision, "note-key": key}
            answers.append(client.post(reverse("case-note", args=[case.number]), said).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302, 302]
    assert case.messages.filter(direction="internal").count() == 1


# --- Drafts ---


def keep(client, person, case, kind="reply", accept="application/json", **data):
    return post(client, person, "case-draft", case.number, kind, accept=accept, **data)


def test_a_draft_survives_another_browser_and_goes_when_it_is_sent(client, desk, case):
    answer = keep(client, desk["agent"], case, **{"reply-body": "Not yet <b>done"})
    assert answer.json() == {"kept": "11:00"}
    page = shown(Client(), desk["agent"], case)
    assert "Not yet &lt;b&gt;done</textarea>" in page
    assert 'Draft kept<span data-draft-at="">, 11:00</span>' in page.replace(
        "<span data-draft-at>", '<span data-draft-at="">'
    )
    assert say(client, desk["agent"], case).status_code == 302
    assert not Draft.objects.exists()
    assert "Not yet" not in shown(client, desk["agent"], case)


def test_nobody_else_sees_a_draft(client, desk, case):
    keep(client, desk["agent"], case, "note", **{"note-body": "Half a thought"})
    for role in ("colleague", "supervisor", "manager", "auditor"):
        assert "Half a thought" not in shown(client, desk[role], case)
    client.force_login(desk["manager"])
    row = Draft.objects.get()
    for page in (f"/admin/cases/draft/{row.pk}/change/", "/admin/cases/draft/"):
        assert "Half a thought" not in body(client.get(page))


def test_a_draft_is_overwritten_emptied_and_thrown_away(client, desk, case):
    for text, kept in (("one", 1), ("two", 1), ("  ", 0), ("three", 1)):
        keep(client, desk["agent"], case, **{"reply-body": text})
        assert Draft.objects.count() == kept
    assert keep(client, desk["agent"], case, discard="1").json() == {"kept": ""}
    assert not Draft.objects.exists()


def test_drafts_of_each_kind_and_person_stand_apart_and_write_no_history(client, desk, case):
    before = Case.history.count(), Message.history.count()
    for role in ("agent", "colleague"):
        for kind in ("reply", "note", "call"):
            keep(client, desk[role], case, kind, **{f"{kind}-body": f"{role} {kind}"})
    assert Draft.objects.count() == 6
    assert (Case.history.count(), Message.history.count()) == before
    assert Case.objects.get(pk=case.pk).revision == case.revision
    page = shown(client, desk["agent"], case)
    assert "agent reply" in page and "agent call" in page and "colleague reply" not in page


def test_a_draft_that_arrives_after_its_form_was_sent_does_not_come_back(client, desk, case):
    key = uuid.uuid4()
    say(client, desk["agent"], case, "note", key=key)
    keep(client, desk["agent"], case, "note", **{"note-body": "Hello", "note-key": key})
    assert not Draft.objects.exists()


def test_a_draft_is_as_long_as_a_message_at_most(client, desk, case):
    answer = keep(client, desk["agent"], case, **{"reply-body": "x" * 20_001})
    assert answer.status_code == 422
    assert "20000" in answer.json()["refused"][0]
    page = keep(client, desk["agent"], case, accept="text/html", **{"reply-body": "x" * 20_001})
    assert page.status_code == 422 and "x" * 20_001 in body(page)


def test_without_script_a_button_keeps_and_another_discards(client, desk, case):
    answer = keep(client, desk["agent"], case, accept="text/html", **{"reply-body": "Later"})
    assert (answer.status_code, answer.url) == (302, reverse("case", args=[case.number]) + "#composer")
    assert Draft.objects.get().text == "Later"
    keep(client, desk["agent"], case, accept="text/html", discard="1")
    assert not Draft.objects.exists()


def test_a_refused_text_comes_back_as_typed_not_as_it_was_kept(client, desk, case):
    keep(client, desk["agent"], case, **{"reply-body": "As it was kept"})
    page = body(say(client, desk["agent"], case, body="As typed", revision=99))
    assert "As typed</textarea>" in page and "As it was kept" not in page


# --- Files ---


def test_a_reply_is_sent_with_its_files_and_the_page_shows_them(client, desk, case):
    answer = say(client, desk["agent"], case, files=[upload(), upload("a.png", PNG)])
    assert answer.status_code == 302
    page = shown(client, desk["agent"], case)
    for attachment in Attachment.objects.all():
        assert reverse("case-file", args=[case.number, attachment.pk]) in page
    assert "invoice.pdf" in page and "a.png" in page


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (("invoice.pdf", b"<html>hello"), "a web page"),
        (("a.svg", b"<svg onload=alert(1)>"), "a drawing"),
        (("a.js", b"alert(1)"), "Such a file ends in .txt"),
        (("a.docx", b"MZ\x90\x00"), "a program"),
        (("a.png", PDF), "PDF"),
        (("a.pdf", b""), "is empty"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason_and_the_text_is_kept(client, desk, case, file, reason):
    for kind in ("reply", "note"):
        given = upload(*file, content_type="application/pdf")
        answer = say(client, desk["agent"], case, kind, body="What I typed", files=[upload("ok.pdf"), given])
        assert answer.status_code == 422
        assert reason in words(answer) and f"“{file[0]}”" in words(answer)
        assert "What I typed</textarea>" in body(answer)
        assert "choose the files again" in body(answer)
    assert not Attachment.objects.exists()
    assert not case.messages.filter(direction__in=("out", "internal")).exists()


def test_a_file_that_is_too_large_is_dropped_on_its_way_in_and_named(client, desk, case, settings):
    settings.ATTACHMENT_MAX_BYTES = 100_000
    answer = say(
        client, desk["agent"], case, body="Typed", files=[upload("big.pdf", PDF + bytes(300_000)), upload()]
    )
    assert answer.status_code == 422
    assert "“big.pdf” is too large" in body(answer) and "Typed</textarea>" in body(answer)
    assert not Attachment.objects.exists()


def test_files_that_are_too_large_together_are_dropped_on_their_way_in(client, desk, case, settings):
    settings.ATTACHMENTS_MAX_BYTES = 200_000
    given = [upload(f"{name}.pdf", PDF + name.encode() * 150_000) for name in "ab"]
    answer = say(client, desk["agent"], case, body="Typed", files=given)
    assert answer.status_code == 422
    assert "Together the files are larger" in body(answer) and "Typed</textarea>" in body(answer)
    assert not Attachment.objects.exists()


def test_the_same_words_with_another_file_are_another_form(client, desk, case):
    key = uuid.uuid4()
    assert say(client, desk["agent"], case, "note", key=key, files=[upload()]).status_code == 302
    assert say(client, desk["agent"], case, "note", key=key, files=[upload()]).status_code == 302
    other = say(client, desk["agent"], case, "note", key=key, files=[upload("b.pdf", PDF + b"2")])
    assert other.status_code == 422
    assert Attachment.objects.count() == 1


def fetch(client, person, case, attachment, query=""):
    client.force_login(person)
    return client.get(reverse("case-file", args=[case.number, attachment.pk]) + query)


def attached(case, by, say=talk.reply, name="invoice.pdf", content=PDF, **more):
    message = say(case=case, body="x", by=by, now=NOW, files=[upload(name, content)], **more)
    return message.attachments.get()


def test_a_file_is_downloaded_as_what_it_is_and_runs_nowhere(client, desk, case):
    answer = fetch(client, desk["agent"], case, attached(case, desk["agent"], name="Rechnung ä.pdf"))
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


def test_only_pictures_are_shown_in_place(client, desk, case):
    picture = attached(case, desk["agent"], name="a.png", content=PNG)
    document, text = attached(case, desk["agent"]), attached(case, desk["agent"], name="a.txt", content=b"hi")
    found = [
        fetch(client, desk["agent"], case, one, "?show")["Content-Disposition"].partition(";")[0]
        for one in (picture, document, text)
    ]
    assert found == ["inline", "attachment", "attachment"]
    assert fetch(client, desk["agent"], case, picture)["Content-Disposition"].startswith("attachment")


FILES = {
    #                  agent coll sup  man  aud  adm  stranger
    "to the customer": (200, 200, 200, 200, 200, 404, 200),
    "internal": (200, 200, 200, 200, 200, 404, 404),
}


@pytest.mark.parametrize("which", FILES)
def test_who_may_read_the_message_may_have_its_files(client, desk, case, which):
    attachment = attached(case, desk["agent"], talk.note if which == "internal" else talk.reply)
    found = tuple(fetch(client, desk[role], case, attachment).status_code for role in ROLES)
    assert found == FILES[which]


def test_files_of_restricted_cases_and_of_complaints_about_somebody_do_not_exist_for_others(
    client, desk, case
):
    attachment = attached(case, desk["agent"])
    with make.signed():
        Party.objects.create(case=case, person=desk["colleague"], kind="subject", reason="named")
        Party.objects.create(case=case, person=desk["stranger"], kind="access", reason="helps")
        Case.objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="private")
    found = {role: fetch(client, desk[role], case, attachment).status_code for role in ROLES}
    assert {role for role, status in found.items() if status == 200} == {"auditor", "stranger"}
    assert set(found.values()) == {200, 404}


def test_a_file_is_found_under_its_own_case_alone_and_only_signed_in(client, desk, case):
    attachment = attached(case, desk["agent"])
    other = make.case(make.customer("Halden"), now=NOW, team=case.team, owner=desk["agent"])
    assert fetch(client, desk["agent"], other, attachment).status_code == 404
    answer = Client().get(reverse("case-file", args=[case.number, attachment.pk]))
    assert answer.status_code == 302 and answer.url.startswith(reverse("login"))


# --- Templates and the preview ---


def test_a_template_is_put_behind_what_was_typed_and_the_page_comes_back(client, desk, case):
    row = template(body="Dear {contact_name}, by {promise_date}. {{case_number}}")
    answer = post(
        client,
        desk["agent"],
        "case-reply-fill",
        case.number,
        template=row.pk,
        **{"reply-body": "Typed before", "reply-channel": "web", "reply-key": uuid.uuid4()},
    )
    assert answer.status_code == 200
    expected = f"Typed before\n\nDear Aoife Brennan, by {{promise_date}}. {case.number}</textarea>"
    assert expected in body(answer)
    assert "“{promise_date}” stands for" in words(answer)
    assert 'value="web" selected' in body(answer)
    assert not case.messages.filter(direction="out").exists()


def test_a_script_gets_the_words_alone(client, desk, case):
    row = template(body="Dear {contact_name}, by {promise_date}.")
    answer = post(
        client, desk["agent"], "case-reply-fill", case.number, accept="application/json", template=row.pk
    )
    assert answer.json()["text"] == "Dear Aoife Brennan, by {promise_date}."
    assert len(answer.json()["missing"]) == 1


@pytest.mark.parametrize("chosen", ["", "x", "999999", "switched off"])
def test_a_template_that_is_not_there_is_not_found(client, desk, case, chosen):
    off = template(is_active=False)
    chosen = off.pk if chosen == "switched off" else chosen
    assert post(client, desk["agent"], "case-reply-fill", case.number, template=chosen).status_code == 404


def test_templates_that_fit_the_case_come_first(client, desk, case):
    with make.signed():
        case.category = make.category("Billing")
        case.save()
    other = make.category("Outage")
    template("Ours", category=case.category)
    template("Any")
    template("Familiar", form_of_address="familiar")
    template("Outage", category=other)
    template("Chat", channel="chat")
    template("Hola", "es")
    template("Off", is_active=False)
    shown(client, desk["agent"], case)
    client.force_login(desk["agent"])
    page = body(client.get(reverse("case", args=[case.number])))
    menu = page.split('class="menu__panel templates"')[1].split("</details>")[0]
    order = [name for name in ("Any", "Ours", "Chat", "Familiar", "Outage", "Hola") if name in menu]
    assert order == sorted(order, key=menu.index)
    assert menu.index("For this case") < menu.index("Any") < menu.index("Others in English")
    assert "Off" not in menu


def test_the_preview_is_the_mail_as_it_leaves(client, desk, case):
    text = "Dear {contact_name},\n\n<b>it</b> is done."
    answer = post(
        client,
        desk["agent"],
        "case-reply-preview",
        case.number,
        **{"reply-body": text, "reply-channel": "mail", "reply-files": upload("../a b.pdf", b"x")},
    )
    page = words(answer)
    assert answer.status_code == 200
    assert "Aoife Brennan <aoife@example.com>" in page
    assert f"{case.number}: Charged twice" in page
    assert f"Dear Aoife Brennan,\n\n<b>it</b> is done.\n\n--\n{case.number}" in page
    assert "<b>it</b>" not in body(answer)
    assert "a b.pdf" in page
    assert not case.messages.filter(direction="out").exists()


def test_the_preview_says_what_cannot_be_sent_and_when_no_mail_leaves(client, desk, case):
    def look(text, channel="mail"):
        said = {"reply-body": text, "reply-channel": channel}
        return body(post(client, desk["agent"], "case-reply-preview", case.number, **said))

    assert "cannot be sent like this" in look("By {promise_date}")
    assert "goes out by no mail" in look("Hello", "chat")
    assert "Nothing is written yet" in look("", "chat")
    with make.signed():
        case.customer.contacts.update(email="")
    assert "no address is known" in look("Hello")


# --- Colleagues ---


def names(client, person, case, q=""):
    client.force_login(person)
    answer = client.get(reverse("case-colleagues", args=[case.number]), {"q": q})
    return [row["username"] for row in answer.json()["people"]]


def test_those_are_offered_who_may_read_the_case_by_how_their_names_begin(client, desk, case):
    assert names(client, desk["agent"], case) == ["ana", "audre", "jonas", "marta"]
    assert names(client, desk["agent"], case, "jo") == ["jonas"]
    assert names(client, desk["agent"], case, "tomas") == []


def test_the_author_of_a_note_learns_who_heard_of_it(client, desk, case):
    say(client, desk["agent"], case, "note", body="@jonas, ask @tomas")
    page = words(client.get(reverse("case", args=[case.number])))
    assert "Told: Jonas." in page
    assert "Tomas was not told: this case is not open to them." in page
    assert '<span class="mention">@jonas</span>' in page
    client.force_login(desk["colleague"])
    assert f"Lucia mentions you on {case.number}" in words(client.get(reverse("notices")))


# --- Who may ---

WRITES = {
    #                     agent coll sup  man  aud  adm  stranger
    "case-reply-fill": (200, 200, 200, 200, 403, 404, 403),
    "case-reply-preview": (200, 200, 200, 200, 403, 404, 403),
    "case-draft reply": (302, 302, 302, 302, 403, 404, 403),
    "case-draft note": (302, 302, 302, 302, 403, 404, 302),
    "case-draft call": (302, 302, 302, 302, 403, 404, 302),
    "case-colleagues": (200, 200, 200, 200, 403, 404, 200),
}
WHO_MAY = {"case-colleagues": WRITES["case-colleagues"], "case-file": FILES["to the customer"]}
SENT = {name.partition(" ")[0]: roles for name, roles in WRITES.items() if name not in WHO_MAY}


def ask(client, person, case, name):
    page, _space, kind = name.partition(" ")
    if page == "case-colleagues":
        client.force_login(person)
        return client.get(reverse(page, args=[case.number])).status_code
    args = [case.number, kind] if kind else [case.number]
    chosen = ReplyTemplate.objects.values_list("pk", flat=True)[0]
    return post(client, person, page, *args, template=chosen, **{f"{kind}-body": "x"}).status_code


@pytest.mark.parametrize("name", WRITES)
def test_each_page_answers_each_role(client, desk, case, name):
    template()
    assert tuple(ask(client, desk[role], case, name) for role in ROLES) == WRITES[name]


@pytest.mark.parametrize("name", WRITES)
def test_a_restricted_case_answers_only_those_named_on_it(client, desk, case, name):
    template()
    with make.signed():
        Party.objects.create(case=case, person=desk["colleague"], kind="access", reason="helps")
        Case.objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="private")
    found = {role: ask(client, desk[role], case, name) for role in ROLES}
    assert found.pop("colleague") in (200, 302)
    assert found.pop("auditor") == 403
    assert set(found.values()) == {404}


@pytest.mark.parametrize("name", [name for name in WRITES if name != "case-colleagues"])
def test_nobody_writes_without_signing_in_and_a_reload_leads_to_the_case(client, desk, case, name):
    page, _space, kind = name.partition(" ")
    address = reverse(page, args=[case.number, kind] if kind else [case.number])
    assert client.post(address).url.startswith(reverse("login"))
    client.force_login(desk["agent"])
    assert client.get(address).url == reverse("case", args=[case.number]) + "#composer"


def test_a_draft_of_an_unknown_kind_is_not_found(client, desk, case):
    assert keep(client, desk["agent"], case, "promise", **{"promise-body": "x"}).status_code == 404


# --- What the page costs ---


def test_the_case_page_costs_the_same_with_many_files_calls_and_templates(
    client, desk, case, django_assert_max_num_queries
):
    def queries():
        client.force_login(desk["agent"])
        with django_assert_max_num_queries(200) as counted:
            assert client.get(reverse("case", args=[case.number])).status_code == 200
        return len(counted)

    template()
    talk.reply(case=case, body="Hello", by=desk["agent"], now=NOW)
    talk.note(case=case, body="@jonas", by=desk["agent"], now=NOW, files=[upload()])
    few = queries()
    for number in range(12):
        template(f"Template {number}")
        for name in ("a", "b"):
            attached(case, desk["agent"], name=f"{name}.pdf", content=PDF + str(number).encode())
        talk.note(case=case, body="@jonas @ana @marta", by=desk["agent"], now=NOW)
    for kind in ("reply", "note", "call"):
        keep(client, desk["agent"], case, kind, **{f"{kind}-body": "x"})
    assert queries() == few


# --- One's signature ---


def test_a_reply_is_signed_when_it_is_sent_as_the_page_shows_it_and_once(client, desk, case):
    """Without a script too; the text itself stays what its writer typed."""
    profile.introduce(by=desk["agent"], now=NOW, signature="Kind regards,\nLucia")
    address = reverse("case", args=[case.number])
    client.force_login(desk["agent"])
    shown = body(client.get(address))
    assert "Kind regards,\nLucia</span>" in shown and 'name="reply-signed"' in shown
    said = {"reply-channel": "mail", "reply-signed": "on"}
    previewed = body(
        post(
            client,
            desk["agent"],
            "case-reply-preview",
            case.number,
            **said,
            **{"reply-body": "It is booked."},
        )
    )
    assert "It is booked.\n\nKind regards,\nLucia" in previewed
    sent = {
        "It is booked.": ("on", "It is booked.\n\nKind regards,\nLucia"),
        "Good. Kind regards,\nLucia\n": ("on", "Good. Kind regards,\nLucia"),
        "It is booked at last.": ("", "It is booked at last."),
    }
    for typed, (signed, told) in sent.items():
        now = Case.objects.get(pk=case.pk)
        said = {"reply-body": typed, "reply-channel": "mail", "reply-revision": now.revision}
        said |= {"reply-signed": signed} if signed else {}
        assert post(client, desk["agent"], "case-reply", case.number, **said).status_code == 302
        assert case.messages.filter(direction="out").latest("pk").body == told
    # A signature alone is no reply, and who has none is offered none.
    empty = {"reply-body": " ", "reply-signed": "on", "reply-channel": "mail", "reply-revision": 1}
    assert post(client, desk["agent"], "case-reply", case.number, **empty).status_code == 422
    client.force_login(desk["supervisor"])
    assert 'name="reply-signed"' not in body(client.get(address))
