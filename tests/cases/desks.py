"""The small desk that tests of the queue's pages share: a department, another team, a person of each role."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from cases.models import Case
from cases.states import Metric
from tests import factories as make

NOW = datetime(2026, 3, 3, 11, 0, tzinfo=ZoneInfo("Europe/Madrid"))
HOUR = timedelta(hours=1)
TERMS = {(Metric.FIRST_RESPONSE, None): 4 * 3600, (Metric.RESOLUTION, None): 40 * 3600}
ROLES = ["agent", "supervisor", "manager", "auditor", "administrator", "stranger"]


def people():
    """{role: person}; Lucia works in Care, below Ana's department; Tomas, the stranger, elsewhere."""
    found = {
        "agent": make.person("Lucia", time_zone="Europe/Madrid"),
        "supervisor": make.person("Ana", "supervisor"),
        "manager": make.person("Marta", "manager"),
        "auditor": make.person("Audre", "auditor"),
        "administrator": make.person("Nora", "administrator"),
        "stranger": make.person("Tomas"),
    }
    department = make.team("Service", lead=found["supervisor"])
    make.team("Care", parent=department, people=[found["agent"]])
    make.team("Network", people=[found["stranger"]])
    make.policy(targets=TERMS)
    return found


def new_case(desk, name="Northwind", at=NOW, of="agent", **fields):
    """A case of the team of `of`, owned by them unless it says otherwise."""
    fields.setdefault("owner", desk[of])
    if "team" not in fields:
        fields["team"] = desk[of].teams.get()
    row = make.case(make.customer(name), now=at, by=desk[of], **fields)
    return Case.objects.get(pk=row.pk)


def page(client, person, name, /, *args, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query)


def post(client, person, name, /, *args, **data):
    client.force_login(person)
    return client.post(reverse(name, args=args), data)


def body(answer):
    return answer.content.decode()


def subjects(answer):
    return [standing.case.subject for standing in answer.context["standings"]]
