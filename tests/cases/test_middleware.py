"""What a page or the console writes is signed with who, why and how; a page that breaks leaves nothing
behind."""

import pytest
from django.http import HttpResponse, HttpResponseServerError
from django.test import RequestFactory

from cases import history
from cases.middleware import ActingMiddleware
from cases.models import Skill
from tests import factories as make

pytestmark = pytest.mark.django_db


def send(path, view, *, by, method="post", **data):
    request = getattr(RequestFactory(), method)(path, data)
    request.user = by
    return ActingMiddleware(view)(request)


def write(request):
    Skill.objects.create(name="Networks")
    return HttpResponse()


@pytest.fixture
def marta():
    return make.person("Marta", role="manager")


@pytest.mark.parametrize(("path", "via"), [("/cases/new/", "page"), ("/admin/cases/skill/add/", "console")])
def test_a_write_carries_who_and_how(marta, path, via):
    send(path, write, by=marta, change_reason="we need it")
    row = Skill.history.get()
    assert (row.history_user_id, row.history_via) == (marta.pk, via)
    assert row.history_change_reason == ("we need it" if via == "console" else "")


def test_a_page_that_breaks_leaves_nothing_behind(marta):
    def breaks(request):
        write(request)
        return HttpResponseServerError()

    send("/cases/new/", breaks, by=marta)
    assert not Skill.objects.exists()


def test_a_get_opens_no_door_for_writing(marta):
    asked = []
    send("/cases/", lambda request: asked.append(history.current()) or HttpResponse(), by=marta, method="get")
    assert asked == [None]
