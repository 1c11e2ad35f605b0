"""Files that come with messages: judged, kept once, named by rows, mailed, and swept when left over."""

import io
import os
from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile

from cases import files
from cases.errors import FileRefused, StaleCase
from cases.models import Attachment, Draft, Message, SentForm
from cases.operations import delivering, sweeping, talk
from cases.tasks import sweep as sweep_task
from reports.changes import changes
from reports.timeline import events
from tests import factories as make

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 invoice"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "attachments"


@pytest.fixture
def ana():
    return make.person("Ana")


@pytest.fixture
def case(ana, now):
    row = make.case(now=now, by=ana, owner=ana)
    delivering.deliver_due(now=now)
    return row


def upload(name="invoice.pdf", content=PDF):
    return SimpleUploadedFile(name, content, content_type="text/html")


def stored(media):
    return sorted(path.name for path in media.glob("??/*"))


def test_a_reply_keeps_its_files_beside_it(case, ana, now, media):
    message = talk.reply(case=case, body="Here", by=ana, now=now, files=[upload(), upload("a.png", PNG)])
    rows = [(a.name, a.media_type, a.size) for a in message.attachments.order_by("pk")]
    assert rows == [("invoice.pdf", "application/pdf", len(PDF)), ("a.png", "image/png", len(PNG))]
    for attachment, content in zip(message.attachments.order_by("pk"), (PDF, PNG), strict=True):
        with files.get(attachment.sha256) as file:
            assert file.read() == content


@pytest.mark.parametrize("say", ["note", "receive"])
def test_notes_and_what_customers_send_have_files_too(case, ana, now, say):
    more = {"channel": "mail"} if say == "receive" else {}
    message = getattr(talk, say)(case=case, body="Here", by=ana, now=now, files=[upload()], **more)
    assert message.attachments.get().name == "invoice.pdf"


def test_the_mail_carries_them(case, ana, now):
    talk.reply(case=case, body="Here", by=ana, now=now, files=[upload(), upload("Rechnung Größe.png", PNG)])
    delivering.deliver_due(now=now)
    sent = mail.outbox[-1]
    assert sent.attachments == [
        ("invoice.pdf", PDF, "application/pdf"),
        ("Rechnung Größe.png", PNG, "image/png"),
    ]
    assert sent.message().is_multipart()


def test_a_mail_does_not_leave_without_what_comes_with_it(case, ana, now, media):
    message = talk.reply(case=case, body="Here", by=ana, now=now, files=[upload()])
    mail.outbox.clear()
    files.path_of(message.attachments.get().sha256).unlink()
    assert delivering.deliver_due(now=now) == 0
    assert mail.outbox == []
    notice = case.notices.get(kind="reply")
    assert notice.state == "queued" and "FileNotFoundError" in notice.last_error


def test_one_wrong_file_refuses_all_and_each_is_named(case, ana, now, media):
    wrong = [upload(), upload("evil.pdf", b"<html>"), upload("empty.txt", b"")]
    with pytest.raises(FileRefused) as refused:
        talk.reply(case=case, body="Here", by=ana, now=now, files=wrong)
    assert ["evil.pdf" in refused.value.messages[0], "empty.txt" in refused.value.messages[1]] == [True, True]
    assert not Message.objects.filter(direction="out").exists()
    assert stored(media) == []


def test_files_are_measured_each_and_together_and_counted(case, ana, now, settings):
    settings.ATTACHMENT_MAX_BYTES, settings.ATTACHMENTS_MAX_BYTES, settings.ATTACHMENTS_MAX_COUNT = (
        100,
        150,
        3,
    )
    too_large = [upload("large.pdf", PDF + bytes(100))]
    together = [upload("a.pdf", PDF + bytes(75)), upload("b.pdf", PDF + b"b" * 75)]
    too_many = [upload(f"{n}.pdf", PDF + str(n).encode()) for n in range(4)]
    for given, word in ((too_large, "large.pdf"), (together, "Together"), (too_many, "At most 3")):
        with pytest.raises(FileRefused, match=word):
            talk.note(case=case, body="Here", by=ana, now=now, files=given)
    assert not Attachment.objects.exists()


def test_the_same_file_twice_comes_once_and_two_of_one_name_are_told_apart(case, ana, now, media):
    given = [upload(), upload(), upload("invoice.pdf", PDF + b" 2"), upload("other.pdf", PDF)]
    message = talk.note(case=case, body="Here", by=ana, now=now, files=given)
    names = list(message.attachments.order_by("pk").values_list("name", flat=True))
    assert names == ["invoice.pdf", "invoice (2).pdf", "other.pdf"]
    assert len(stored(media)) == 2  # one for each content


def test_a_refused_reply_leaves_no_row_and_its_file_is_swept_after_a_day(case, ana, now, media):
    with pytest.raises(StaleCase):
        talk.reply(case=case, body="Here", by=ana, now=now, files=[upload()], revision=99)
    assert not Attachment.objects.exists()
    assert len(stored(media)) == 1
    age(media, now)
    assert sweeping.sweep(now=now + timedelta(hours=23)) == 0
    assert sweeping.sweep(now=now + timedelta(hours=25)) == 1
    assert stored(media) == []


def age(media, at):
    for path in media.glob("??/*"):
        os.utime(path, (at.timestamp(), at.timestamp()))


def test_what_a_row_names_is_never_swept_and_what_a_crash_left_is(case, ana, now, media):
    message = talk.note(case=case, body="Here", by=ana, now=now, files=[upload()])
    sha256 = message.attachments.get().sha256
    (media / sha256[:2] / "new-halfway").write_bytes(b"%PDF-1")
    age(media, now)
    assert sweeping.sweep(now=now + timedelta(days=9)) == 1
    assert stored(media) == [sha256]


def test_a_file_sent_again_while_it_is_being_swept_stays(case, ana, now, media):
    sha256 = files.put(PDF)
    age(media, now)
    [path] = files.older_than(now + timedelta(days=2))
    files.put(PDF)
    assert not files.remove(path, unless_younger_than=now + timedelta(days=2))
    assert stored(media) == [sha256]


def test_drafts_and_keys_of_forms_are_forgotten_after_three_months(case, ana, now):
    long_ago = now - timedelta(days=91)
    for number, at in enumerate((now, long_ago)):
        kind = ("note", "reply")[number]
        Draft.objects.create(person=ana, case=case, kind=kind, text="x", saved_at=at)
        SentForm.objects.create(person=ana, case=case, key=f"{number:032x}", content="0" * 64, sent_at=at)
    assert sweeping.sweep(now=now) == 2
    assert (Draft.objects.get().kind, SentForm.objects.count()) == ("note", 1)
    assert sweep_task() >= 0


def test_a_name_that_is_no_content_becomes_no_path():
    for name in ("../../etc/passwd", "", "A" * 64, "0" * 63):
        with pytest.raises(ValueError, match="names no content"):
            files.path_of(name)


def test_a_write_that_fails_leaves_nothing_half_written(media, monkeypatch):
    def full(handle):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        files.put(PDF)
    assert stored(media) == []


def test_the_history_says_who_attached_what(case, ana, now):
    talk.reply(case=case, body="Here", by=ana, now=now, files=[upload()])
    assert "attached “invoice.pdf”" in " ".join(event.text for event in events(case))
    told, _cursor = changes(case, kinds=["attachment"])
    assert [(change.did, change.who.name) for change in told] == [("created", "Ana")]


def test_a_file_that_is_only_read_from_a_program_works_too(case, ana, now):
    stream = io.BytesIO(PDF)
    stream.name = "program.pdf"
    assert talk.receive(
        case=case, body="Here", by=ana, now=now, channel="mail", files=[stream]
    ).attachments.get()
