"""The API's part of it: files in the list of messages, their content, a template for a reply."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from cases.models import Message, Party, ReplyTemplate
from cases.operations import talk
from tests import factories as make
from tests import worlds
from tests.worlds import asks, expected, refusal, statuses

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 invoice"


@pytest.fixture(autouse=True)
def clock(monkeypatch, now, settings, tmp_path):
    monkeypatch.setattr(timezone, "now", lambda: now)
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def desk():
    return worlds.desk()


@pytest.fixture
def case(desk, now):
    return make.case(now=now, team=desk.care, owner=desk.ana)


def url(case, *words):
    return "/".join(["/api/v1/cases", case.number, *words, ""])


def with_file(case, by, now, say=talk.reply):
    file = SimpleUploadedFile("invoice.pdf", PDF)
    return say(case=case, body="Here", by=by, now=now, files=[file]).attachments.get()


def test_messages_show_their_files_and_where_they_are(desk, case, now):
    attachment = with_file(case, desk.ana, now)
    newest = asks(desk.ana).get(url(case, "messages")).data["results"][0]
    [shown] = newest["attachments"]
    assert (shown["name"], shown["size"], shown["type"]) == ("invoice.pdf", len(PDF), "application/pdf")
    assert shown["url"] == url(case, "attachments", str(attachment.pk))
    answer = asks(desk.ana).get(shown["url"])
    assert answer.content == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"].startswith("sandbox")


def test_who_may_read_the_message_may_have_its_files(desk, case, now):
    told, internal = with_file(case, desk.ana, now), with_file(case, desk.ana, now, talk.note)

    def ask(attachment):
        return statuses(desk, lambda client: client.get(url(case, "attachments", str(attachment.pk))))

    assert ask(told) == expected(200)
    assert ask(internal) == expected(200, bruno=404, sven=404)


def test_a_restricted_cases_files_are_for_those_named(desk, now):
    case = make.case(now=now, team=desk.care, restricted_because="private")
    with make.signed():
        Party.objects.create(case=case, person=desk.bruno, kind=Party.Kind.ACCESS, reason="x")
    attachment = with_file(case, desk.bruno, now)
    found = statuses(desk, lambda client: client.get(url(case, "attachments", str(attachment.pk))))
    assert found == expected(404, bruno=200, audre=200)


@pytest.fixture
def template():
    with make.signed():
        return ReplyTemplate.objects.create(
            name="Hello", language="en", body="Dear {contact_name}, it is {case_number}."
        )


def test_a_reply_may_name_a_template(desk, case, template):
    listed = asks(desk.ana).get("/api/v1/reply-templates/").data["results"]
    assert [row["name"] for row in listed] == ["Hello"]
    answer = asks(desk.ana).post(url(case, "reply"), {"template": template.pk})
    assert answer.status_code == 201
    assert answer.data["body"] == f"Dear Aoife Brennan, it is {case.number}."


@pytest.mark.parametrize("both", [True, False])
def test_a_reply_is_a_text_or_a_template(desk, case, template, both):
    said = {"body": "Hello", "template": template.pk} if both else {}
    answer = asks(desk.ana).post(url(case, "reply"), said)
    assert refusal(answer) == (400, "invalid")
    assert answer.data["fields"]["body"] == ["Give either a text or a template."]


def test_what_a_template_leaves_open_is_refused_by_name(desk, case, template):
    with make.signed():
        ReplyTemplate.objects.update(body="By {promise_date}.")
    answer = asks(desk.ana).post(url(case, "reply"), {"template": template.pk})
    assert refusal(answer) == (400, "unfilled")
    assert "{promise_date}" in answer.data["messages"][0]
    assert not Message.objects.filter(direction="out").exists()


def test_a_template_that_is_switched_off_is_not_there(desk, case, template):
    with make.signed():
        ReplyTemplate.objects.update(is_active=False)
    assert asks(desk.ana).post(url(case, "reply"), {"template": template.pk}).status_code == 400


def test_templates_are_listed_for_those_who_may_read_the_rules(desk, template):
    assert statuses(desk, lambda client: client.get("/api/v1/reply-templates/")) == expected(200, adam=200)
