"""People from a file: looked at first, all rows or none, exactly what was shown; and out again, safely."""

import io
import zipfile
from decimal import Decimal
from types import SimpleNamespace

import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import people_plan, people_sheet
from cases.errors import FileRefused, Incomplete, NotTheirs, Refused, StaleSheet
from cases.models import Membership, Person, PersonSkill, Skill
from cases.operations import importing
from tests import factories as make
from tests.console_forms import said

pytestmark = pytest.mark.django_db
HEAD = "username,name,email,role,teams,skills,language,time_zone,manager,money_limit"


@pytest.fixture
def desk():
    found = SimpleNamespace(
        ana=make.person("Ana", money_limit=100),
        supervisor=make.person("Sofia", "supervisor"),
        manager=make.person("Priya", "manager"),
        auditor=make.person("Audre", "auditor"),
        administrator=make.person("Nora", "administrator"),
    )
    service = make.team("Service")
    found.care = make.team("Care", parent=service, people=[found.ana])
    found.network = make.team("Network", people=[found.supervisor])
    with make.signed():
        found.tax, found.law = Skill.objects.create(name="tax"), Skill.objects.create(name="law")
        PersonSkill.objects.create(person=found.ana, skill=found.tax)
    return found


def lines(*rows, head=HEAD):
    return people_sheet.read("people.csv", "\n".join([head, *rows]).encode())


def look(desk, *rows, by=None, **said):
    return people_plan.compare(lines(*rows, **said), by=by or desk.manager)


def carry_out(desk, now, *rows, shown=None, by=None, reason="new hires", **said):
    read = lines(*rows, **said)
    by = by or desk.manager
    marks = [row.mark for row in people_plan.compare(read, by=by)] if shown is None else shown
    return importing.carry_out(lines=read, shown=marks, by=by, now=now, reason=reason)


def errors(rows):
    return [(row.number, column, sentence) for row in rows for column, sentence in row.errors]


LENA = "lena,Lena Frey,lena@example.com,agent,Service / Care; Network,law;tax,es,Europe/Madrid,boris,250"
BORIS = "boris,Boris Ivanov,,Supervisor,network,,Russian,,priya,1000.50"
ANA = 'ana,Ana Ruiz,ana@example.com,agent,Network,,en,UTC,boris,"100,00"'


def test_all_rows_are_carried_out_as_they_were_shown_and_a_second_time_nothing_is(desk, now):
    rows = look(desk, LENA, BORIS, ANA)
    assert not errors(rows)
    assert [row.outcome for row in rows] == ["created", "created", "changed"]
    assert rows[2].differences == [
        ("name", "Ana", "Ana Ruiz"),
        ("teams", "Service / Care", "Network"),
        ("skills", "tax", ""),
        ("manager", "", "boris"),
    ]
    done = carry_out(desk, now, LENA, BORIS, ANA)
    assert (done.created, done.changed) == (2, 1)
    lena, boris = Person.objects.get(username="lena"), Person.objects.get(username="boris")
    assert (lena.manager, boris.manager, lena.money_limit) == (boris, desk.manager, Decimal(250))
    assert (boris.role, boris.language, boris.time_zone) == ("supervisor", "ru", "UTC")
    assert not lena.has_usable_password()
    assert set(lena.teams.all()) == {desk.care, desk.network} and lena.skills.count() == 2
    positions = (
        Membership.objects.filter(team=desk.network).order_by("position").values_list("person", flat=True)
    )
    assert list(positions)[0] == desk.supervisor.pk and len(set(positions)) == 4
    desk.ana.refresh_from_db()
    assert (desk.ana.name, desk.ana.manager, desk.ana.skills.count()) == ("Ana Ruiz", boris, 0)
    row = Person.history.filter(id=lena.pk).latest("history_id")
    assert (row.history_change_reason, row.history_user_id) == ("new hires", desk.manager.pk)
    before = Person.history.count()
    again = carry_out(desk, now, LENA, BORIS, ANA, shown=[row.mark for row in rows])
    assert (again.created, again.changed, Person.history.count()) == (0, 0, before)
    # A column that is not there stays as it is.
    carry_out(desk, now, "ana,Ana R.", head="username,name")
    assert desk.ana.teams.get() == desk.network


def test_each_error_names_its_row_and_column_and_nothing_is_written(desk, now):
    with make.signed():
        gone = make.person("Gone")
        Person.objects.filter(pk=gone.pk).update(is_active=False)
    wrong = (
        "x1,,x1@example.com,agent,,,en,UTC,,0",
        "x2,X,nonsense,agent,,,en,UTC,,0",
        "x3,X,,boss,,,en,UTC,,0",
        "x4,X,,administrator,,,en,UTC,,0",
        "x5,X,,agent,Nowhere,cooking,en,UTC,,0",
        "x6,X,,agent,,,tlh,Mars/Base,,0",
        "x7,X,,agent,,,en,UTC,nobody,-1",
        "x8,X,,agent,,,en,UTC,x9,0",
        "x9,X,,agent,,,en,UTC,x8,0",
        "x9,X,,agent,,,en,UTC,,0.001",
        "gone,Gone,,agent,,,en,UTC,,0",
        "priya,Priya,priya@example.com,manager,,,en,UTC,,999",
        "nora,Nora,nora@example.com,administrator,,,en,UTC,,5",
        f"{'x' * 61},X,,agent,,,en,UTC,,0",
        ",X,,agent,,,en,UTC,,0",
    )
    rows = look(desk, LENA.replace("boris", ""), *wrong)
    found = [(number, column) for number, column, _sentence in errors(rows)]
    assert sorted(found) == [
        (3, "name"),
        (4, "email"),
        (5, "role"),
        (6, "role"),
        (7, "skills"),
        (7, "teams"),
        (8, "language"),
        (8, "time_zone"),
        (9, "manager"),
        (9, "money_limit"),
        (10, "manager"),
        (11, "manager"),
        (12, "money_limit"),
        (12, "username"),
        (13, "username"),
        (14, "money_limit"),
        (15, "money_limit"),
        (16, "username"),
        (17, "username"),
    ]
    sentences = " ".join(sentence for _n, _c, sentence in errors(rows))
    for words in (
        "use one of agent, supervisor, manager",
        "You cannot make anybody Administrator",
        "There is no team “Nowhere”; write its path as in: Network, Service",
        "There is no skill “cooking”; add it first, or use one of: law, tax.",
        "use one of en, es, ru",
        "write euros as 250 or 1500.50, zero or more",
        "Nobody here has the username “nobody”",
        "They would be their own manager in the end",
        "Row 11 has the same username",
        "They work here no longer",
        "Nobody changes their own",
        "You may not change who is Administrator",
    ):
        assert words in sentences, words
    before = Person.objects.count()
    with pytest.raises(Refused):
        carry_out(desk, now, LENA.replace("boris", ""), *wrong)
    for error, arguments in (
        (NotTheirs, {"by": desk.supervisor}),
        (NotTheirs, {"by": desk.auditor}),
        (Incomplete, {"reason": " "}),
    ):
        with pytest.raises(error):
            carry_out(desk, now, LENA.replace("boris", ""), **arguments)
    assert Person.objects.count() == before


def test_a_username_is_one_and_the_same_in_any_case_and_a_limit_is_a_number(desk, now):
    rows = look(
        desk,
        LENA.replace("boris", ""),
        LENA.replace("lena,", "LENA,").replace("boris", "PRIYA"),
        "x1,X,,agent,,,en,UTC,,NaN",
        "x2,X,,agent,,,en,UTC,,Infinity",
        "x 3,X,,agent,,,en,UTC,,0",
        "x\0,X,,agent,,,en,UTC,,0",
    )
    found = [(number, column) for number, column, _sentence in errors(rows)]
    assert sorted(found)[:3] == [(3, "username"), (4, "money_limit"), (5, "money_limit")]
    assert {pair for pair in found[3:]} == {(6, "username"), (7, "username")}
    assert "without blanks" in errors(rows)[3][2]
    before = Person.objects.count()
    done = carry_out(desk, now, "ANA,Ana Maria,Priya", head="username,name,manager")
    desk.ana.refresh_from_db()
    assert (done.created, done.changed, Person.objects.count()) == (0, 1, before)
    assert (desk.ana.username, desk.ana.name, desk.ana.manager.username) == ("ana", "Ana Maria", "priya")


@pytest.mark.parametrize(
    "typed", ["1,500", "1.500", "12,345.00", "1.500,00", "0.001", "1e3", "-1", "99999999999"]
)
def test_a_limit_that_could_be_read_in_two_ways_is_read_in_none(desk, typed):
    """Fifteen hundred to one bank is one and a half to another."""
    head = "username;name;money_limit"
    [row] = look(desk, f"x1;X;{typed}", head=head)
    assert [column for column, _sentence in row.errors] == ["money_limit"]


@pytest.mark.parametrize(
    "typed, read",
    [("1500", "1500"), ("1500.5", "1500.50"), ("1500,50", "1500.50"), ("1 500 €", "1500"), ("", "0")],
)
def test_a_limit_is_read_with_a_comma_or_a_point_before_the_cents(desk, typed, read):
    [row] = look(desk, f"x1;X;{typed}", head="username;name;money_limit")
    assert (row.errors, row.values["money_limit"]) == ([], Decimal(read))


def test_what_changed_meanwhile_is_refused_and_shown(desk, now):
    shown = [row.mark for row in look(desk, ANA.replace("boris", ""), LENA.replace("boris", ""))]
    with make.signed():
        Person.objects.filter(pk=desk.ana.pk).update(name="Ana Maria")
    with pytest.raises(StaleSheet) as refused:
        carry_out(desk, now, ANA.replace("boris", ""), LENA.replace("boris", ""), shown=shown)
    assert refused.value.rows[0].differences[0] == ("name", "Ana Maria", "Ana Ruiz")
    assert [row.mark == mark for row, mark in zip(refused.value.rows, shown, strict=True)] == [False, True]
    assert not Person.objects.filter(username="lena").exists()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("people.txt", b"username\nx", "CSV or XLSX"),
        ("people.csv", b"\xff\xfe\x00x", "not in UTF-8"),
        ("people.csv", b"name,email\nX,x@example.com", "with username"),
        ("people.csv", b"username,shoe size\nx,44", "No column is called shoe size"),
        ("people.csv", b"username,Username\nx,y", "there twice"),
        ("people.csv", b"username\n", "no row"),
        ("people.csv", b"", "with username"),
        ("people.csv", b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
        ("people.csv", b"username\n" + b"x\n" * 2001, "more than 2000 people"),
        ("people.xlsx", b"username\nx", "no XLSX file"),
        ("people.xlsx", b"PK\x03\x04 broken", "no XLSX file"),
    ],
)
def test_a_file_that_is_none_of_people_is_refused_whole(name, content, says):
    with pytest.raises(FileRefused, match=says):
        people_sheet.read(name, content)


def test_a_sheet_that_unpacks_to_too_much_is_not_unpacked(monkeypatch):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (41 * 1024 * 1024))
    with pytest.raises(FileRefused, match="too large once"):
        people_sheet.read("people.xlsx", packed.getvalue())


def test_what_is_written_is_no_formula_and_comes_back_as_it_was(desk):
    row = dict.fromkeys(people_sheet.COLUMNS, "") | {
        "username": "x",
        "name": '=HYPERLINK("http://x")',
        "skills": "-tax; @law",
        "money_limit": "250.00",
    }
    for kind in ("csv", "xlsx"):
        made = people_sheet.written([row], kind)
        [line] = people_sheet.read(f"people.{kind}", made)
        assert {column: line.cells[column] for column in row} == row
        if kind == "csv":
            assert "'=HYPERLINK" in made.decode() and "'-tax" in made.decode()
    sheet = tablib.Dataset().load(people_sheet.written([row], "xlsx"), format="xlsx")
    assert sheet[0][1].startswith("'=")
    semicolons = people_sheet.read("people.csv", "Username;Name;E-mail\nx;Ä;x@y.z".encode("utf-8-sig"))
    assert semicolons[0].cells == {"username": "x", "name": "Ä", "email": "x@y.z"}


# --- Pages ---

IMPORTS = {"agent": 403, "supervisor": 403, "manager": 200, "auditor": 403, "administrator": 200}
EXPORTS = {"agent": 403, "supervisor": 403, "manager": 200, "auditor": 200, "administrator": 200}


def address(name, *args):
    return reverse(f"admin:cases_person_{name}", args=args)


def upload(client, *rows):
    sheet = SimpleUploadedFile("people.csv", "\n".join([HEAD, *rows]).encode())
    return client.post(address("import_people"), {"sheet": sheet})


def test_the_pages_by_role(desk, client):
    for role, status in IMPORTS.items():
        client.force_login(desk.ana if role == "agent" else getattr(desk, role))
        assert client.get(address("import_people")).status_code == status, role
        assert upload(client, ANA).status_code == status, role
        for kind in ("csv", "xlsx"):
            example = client.get(address("example", kind))
            assert example.status_code == status, role
            if status == 200:
                rows = people_plan.compare(
                    people_sheet.read(f"x.{kind}", example.content), by=getattr(desk, role)
                )
                assert [row.outcome for row in rows] == ["created"] * 3  # it can be tried as it is
            out = client.get(address(f"export_{kind}"))
            assert out.status_code == EXPORTS[role], role
            if out.status_code == 200:
                rows = people_plan.compare(people_sheet.read(f"x.{kind}", out.content), by=desk.administrator)
                assert {row.outcome for row in rows} == {"same"} and len(rows) == 5
        assert client.post(address("import_confirm"), {}).status_code == (302 if status == 200 else 403)
    assert client.get(address("example", "pdf")).status_code == 403


def test_a_file_is_looked_at_then_confirmed_and_refused_when_the_desk_changed(desk, now, client, monkeypatch):
    client.force_login(desk.manager)
    page = upload(client, LENA, BORIS, "x,X,,boss,,,en,UTC,,0")
    assert (
        "Nothing is imported while a row is wrong" in page.content.decode()
        and page.context["confirm"] is None
    )
    assert Person.objects.working().count() == 5
    before = len(captured(client, ANA))
    assert len(captured(client, LENA, BORIS, ANA)) == before
    page = upload(client, LENA, BORIS)
    looked_at = page.context["confirm"].initial["looked_at"]
    assert "Import exactly this" in page.content.decode()
    refused = client.post(address("import_confirm"), {"looked_at": looked_at, "change_reason": ""})
    assert "Say why" in refused.content.decode() and refused.context["confirm"] is not None
    with make.signed():
        Skill.objects.filter(pk=desk.law.pk).update(name="contract law")
    stale = client.post(address("import_confirm"), {"looked_at": looked_at, "change_reason": "hires"})
    assert "people changed meanwhile" in stale.content.decode()
    assert [row["is_changed"] for row in stale.context["rows"]] == [True, False]
    with make.signed():
        Skill.objects.filter(pk=desk.law.pk).update(name="law")
    done = client.post(
        address("import_confirm"), {"looked_at": looked_at, "change_reason": "hires"}, follow=True
    )
    assert said(done) == ["Imported: 2 new, 0 changed."]
    again = client.post(
        address("import_confirm"), {"looked_at": looked_at, "change_reason": "hires"}, follow=True
    )
    assert said(again) == ["Everybody is as the file says already; nothing was written."]
    # Of somebody else, or written by hand, or an hour old: looked at anew.
    client.force_login(desk.administrator)
    other = client.post(
        address("import_confirm"), {"looked_at": looked_at, "change_reason": "x"}, follow=True
    )
    assert "send the file again" in said(other)[0]
    assert "Choose a file" in client.post(address("import_people"), {}).content.decode()


def captured(client, *rows):
    with CaptureQueriesContext(connection) as queries:
        assert upload(client, *rows).status_code == 200
    return queries


def confirm(client, looked_at):
    data = {"looked_at": looked_at, "change_reason": "hires"}
    return client.post(address("import_confirm"), data, follow=True)
