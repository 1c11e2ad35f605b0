"""Saved views shared with a team: who may share with whom, who sees them, who changes them."""

from copy import deepcopy

import pytest
from django.urls import reverse

from cases import navigation
from cases.errors import NotTheirs, WrongMove
from cases.models import SavedView, Team
from cases.operations import saved_views
from tests import factories as make

from .desks import NOW, ROLES, body, new_case, page, people, post, subjects

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    found = people()
    found["colleague"] = make.person("Jonas")
    with make.signed():
        found["colleague"].memberships.create(team=found["agent"].teams.get())
    return found


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def care(desk):
    return desk["agent"].teams.get()


@pytest.fixture
def shared(desk, care):
    return saved_views.save_view(name="Urgent", query="priority=4", team=care, by=desk["agent"])


def rail(client, person):
    """[(icon, name, team), …] of the saved views beside the queue."""
    request = page(client, person, "case-list").wsgi_request
    found = dict(navigation.sections(request, counted=False)).get("Saved views", [])
    return [(link.icon, link.word, link.note) for link in found if link.icon != "gear"]


# --- Who may share with which team ---


def test_teams_to_share_with_are_ones_own_of_a_supervisor_the_department_of_a_manager_all(desk):
    teams = {role: [team.name for team in saved_views.teams_for(desk[role])] for role in ROLES}
    assert teams == {
        "agent": ["Care"],
        "supervisor": ["Care", "Service"],
        "manager": ["Care", "Network", "Service"],
        "auditor": [],
        "administrator": [],
        "stranger": ["Network"],
    }


def test_a_team_that_is_switched_off_is_not_shared_with(desk, care):
    with make.signed():
        Team.objects.filter(pk=care.pk).update(is_active=False)
    assert not saved_views.teams_for(desk["agent"])


@pytest.mark.parametrize("role", ["agent", "supervisor", "manager", "auditor", "stranger"])
def test_a_view_is_kept_for_a_team_that_is_theirs_to_share_with_and_no_other(client, desk, care, role):
    allowed = care in saved_views.teams_for(desk[role])
    answer = post(client, desk[role], "saved-views", name="Ours", query="view=team", team=care.pk)
    assert answer.status_code == (302 if allowed else 422)
    assert SavedView.objects.filter(team=care).exists() == allowed
    if not allowed:
        assert "team that you are in" in body(answer) and 'value="Ours"' in body(answer)


@pytest.mark.parametrize("team", ["x", "-1", "99999999999999999999", "0"])
def test_a_team_that_somebody_made_up_is_refused(client, desk, team):
    answer = post(client, desk["agent"], "saved-views", name="Ours", query="view=team", team=team)
    assert answer.status_code == 422
    assert not SavedView.objects.exists()


def test_the_queue_offers_the_teams_to_share_with_and_to_who_has_none_no_choice(client, desk):
    assert '<option value="">only you</option>' in body(page(client, desk["agent"], "case-list"))
    assert 'name="team"><option value="">only you' not in body(page(client, desk["auditor"], "case-list"))


# --- Who sees it ---


def test_members_see_it_under_their_own_with_the_teams_name(client, desk, shared):
    saved_views.save_view(name="Zebra", query="view=mine", by=desk["colleague"])
    assert rail(client, desk["colleague"]) == [("bookmark", "Zebra", ""), ("shared", "Urgent", "Care")]
    assert rail(client, desk["agent"]) == [("shared", "Urgent", "Care")]
    assert rail(client, desk["stranger"]) == rail(client, desk["supervisor"]) == []
    assert "Care</span>" in body(page(client, desk["colleague"], "case-list"))


def test_no_saved_view_has_the_icon_of_a_view_that_is_always_there(client, desk, shared):
    shown = body(page(client, desk["agent"], "case-list"))
    for icon in ("bookmark", "shared"):
        assert f'<symbol id="i-{icon}"' in shown


def test_what_one_sees_in_it_is_what_one_may_read(client, desk, shared):
    new_case(desk, subject="Care’s", priority=4)
    new_case(desk, "Fabrikam", subject="Restricted", priority=4, restricted_because="staff matter")
    assert sorted(subjects(page(client, desk["agent"], "case-list", view="all", priority=4))) == [
        "Care’s",
        "Restricted",
    ]
    assert subjects(page(client, desk["colleague"], "case-list", view="all", priority=4)) == ["Care’s"]


def test_the_page_of_views_shows_what_others_share_and_by_whom(client, desk, shared):
    shown = body(page(client, desk["colleague"], "saved-views"))
    assert "Shared by others" in shown and "Care, by Lucia" in shown
    assert reverse("saved-view-rename", args=[shared.pk]) not in shown
    of_supervisor = body(page(client, desk["supervisor"], "saved-views"))
    assert reverse("saved-view-rename", args=[shared.pk]) in of_supervisor
    assert "Urgent" not in body(page(client, desk["stranger"], "saved-views"))


# --- Who changes it ---

#            agent (its maker), colleague, supervisor, manager, auditor, administrator, stranger
SENT = {
    "saved-view-rename": (302, 403, 302, 302, 404, 403, 404),
    "saved-view-delete": (302, 403, 302, 302, 404, 403, 404),
    "saved-view-share": (302, 403, 403, 403, 404, 403, 404),
}
WHO = ("agent", "colleague", "supervisor", "manager", "auditor", "administrator", "stranger")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", SENT)
def test_its_maker_or_who_looks_after_the_team_changes_it(client, desk, care, shared, name, who):
    answer = post(client, desk[who], name, shared.pk, name="Other", team="")
    assert answer.status_code == SENT[name][WHO.index(who)]
    untouched = SavedView.objects.filter(pk=shared.pk, name="Urgent", team=care).exists()
    assert untouched == (answer.status_code != 302)
    assert client.get(reverse(name, args=[shared.pk])).status_code in (403, 405)
    client.logout()
    assert client.post(reverse(name, args=[shared.pk])).url.startswith(reverse("login"))


@pytest.mark.parametrize("who", WHO)
def test_a_view_that_is_shared_with_nobody_is_its_makers_alone(client, desk, who):
    own = SavedView.objects.create(person=desk["agent"], name="Own")
    answer = post(client, desk[who], "saved-view-rename", own.pk, name="Other")
    assert answer.status_code == {"agent": 302, "administrator": 403}.get(who, 404)


def test_a_supervisor_of_another_department_is_a_stranger(client, desk, shared):
    other = make.person("Sven", "supervisor")
    make.team("Billing", lead=other)
    assert post(client, other, "saved-view-delete", shared.pk).status_code == 404


def test_a_lead_who_is_an_agent_changes_no_others_view(client, desk, care, shared):
    with make.signed():
        desk["colleague"].memberships.update(is_lead=True)
    assert post(client, desk["colleague"], "saved-view-delete", shared.pk).status_code == 403


def test_its_maker_shares_it_and_takes_it_back(client, desk, care):
    own = SavedView.objects.create(person=desk["agent"], name="Own")
    assert post(client, desk["agent"], "saved-view-share", own.pk, team=care.pk).status_code == 302
    assert rail(client, desk["colleague"]) == [("shared", "Own", "Care")]
    post(client, desk["agent"], "saved-view-share", own.pk, team="")
    assert rail(client, desk["colleague"]) == []
    network = desk["stranger"].teams.get()
    assert post(client, desk["agent"], "saved-view-share", own.pk, team=network.pk).status_code == 403
    own.refresh_from_db()
    assert own.team is None


def test_who_left_the_team_keeps_what_they_made_and_may_take_it_back(client, desk, care, shared):
    with make.signed():
        desk["agent"].memberships.all().delete()
    shown = body(page(client, desk["agent"], "saved-views"))
    assert f'<option value="{care.pk}" selected>Care</option>' in shown
    same = {"team": care.pk}
    assert post(client, desk["agent"], "saved-view-share", shared.pk, **same).status_code == 302
    assert SavedView.objects.get().team == care
    post(client, desk["agent"], "saved-view-share", shared.pk, team="")
    assert SavedView.objects.get().team is None


# --- Names, and how many ---


def test_a_name_is_taken_once_in_a_team(client, desk, care, shared):
    with pytest.raises(WrongMove, match="“Care” has a view named “Urgent”"):
        saved_views.save_view(name="Urgent", query="", team=care, by=desk["colleague"])
    own = saved_views.save_view(name="Urgent", query="", by=desk["colleague"])  # for oneself it is free
    with pytest.raises(WrongMove):
        saved_views.share_view(view=own, team=care, by=desk["colleague"])
    own.refresh_from_db()
    assert own.team is None
    answer = post(client, desk["colleague"], "saved-view-share", own.pk, team=care.pk)
    assert answer.status_code == 422 and "choose another name" in body(answer)


def test_who_renames_anothers_is_told_whose_name_is_taken(desk, shared):
    SavedView.objects.create(person=desk["agent"], name="Own")
    with pytest.raises(WrongMove, match="Who made it"):
        saved_views.rename_view(view=shared, name="Own", by=desk["supervisor"])
    with pytest.raises(NotTheirs):
        saved_views.rename_view(view=shared, name="Other", by=desk["colleague"])


def test_of_two_who_take_a_name_at_once_the_second_is_refused(desk, care, monkeypatch):
    """The look before found the name free; the database has it once all the same."""
    SavedView.objects.create(person=desk["agent"], name="Urgent", team=care)
    monkeypatch.setattr(saved_views, "_name", lambda view, name, by: setattr(view, "name", name))
    with pytest.raises(WrongMove):
        saved_views.save_view(name="Urgent", query="", team=care, by=desk["colleague"])
    assert SavedView.objects.count() == 1


def test_a_team_has_so_many_and_no_more(desk, care):
    SavedView.objects.bulk_create(
        SavedView(person=desk[role], team=care, name=f"{role} {n}")
        for role in ("agent", "colleague")
        for n in range(10)
    )
    with pytest.raises(WrongMove, match="shares 20 views already"):
        saved_views.save_view(name="one more", query="", team=care, by=desk["supervisor"])
    assert saved_views.save_view(name="one more", query="", by=desk["supervisor"])


# --- What it costs ---


@pytest.mark.parametrize("name", ["case-list", "saved-views"])
@pytest.mark.parametrize("role", ["agent", "supervisor", "manager"])
def test_pages_cost_the_same_for_many_views_as_for_one(
    client, desk, care, shared, name, role, django_assert_max_num_queries
):
    def cost():
        page(client, desk[role], name)
        with django_assert_max_num_queries(60) as counted:
            client.get(reverse(name))
        return len(counted)

    one = cost()
    for n in range(8):
        saved_views.save_view(name=f"v{n}", query="view=team", team=care, by=desk["agent"])
        saved_views.save_view(name=f"v{n}", query="view=team", by=desk[role]) if role != "agent" else None
    assert cost() == one
