"""The workspace at eleven in Madrid: somebody of each role, a case, and how they open and send its pages."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from cases.models import Case
from cases.states import Metric
from tests import factories as make

NOW = datetime(2026, 3, 3, 11, 0, tzinfo=ZoneInfo("Europe/Madrid"))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROLES = ["agent", "supervisor", "manager", "auditor", "administrator", "stranger"]


def people():
    """{role: person}: a department with a team below it, and a stranger of another team."""
    found = {
        "agent": make.person("Lucia", time_zone="Europe/Madrid"),
        "supervisor": make.person("Ana", "supervisor"),
        "manager": make.person("Marta", "manager"),
        "auditor": make.person("Audre", "auditor", time_zone="Europe/Madrid"),
        "administrator": make.person("Nora", "administrator"),
        "stranger": make.person("Tomas", time_zone="Europe/Madrid"),
    }
    department = make.team("Service", lead=found["supervisor"])
    make.team("Care", parent=department, people=[found["agent"]])
    make.team("Network", people=[found["stranger"]])
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 4 * 3600, (Metric.RESOLUTION, None): 40 * 3600})
    return found


def new_case(desk, name="Northwind", at=NOW - HOUR, **fields):
    agent = desk["agent"]
    fields.setdefault("owner", agent)
    row = make.case(make.customer(name), now=at, team=agent.teams.get(), by=agent, **fields)
    return Case.objects.get(pk=row.pk)


def page(client, person, name, /, *args, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query)


def post(client, person, name, /, *args, **data):
    client.force_login(person)
    return client.post(reverse(name, args=args), data)


def body(answer):
    return answer.content.decode()
