"""A person's own views of lists: kept without anything of a patient, opened, renamed, shown first, given up."""

import pytest
from django.urls import reverse

from clinic.practice.keeping_views import MOST_VIEWS
from clinic.practice.models import Role
from clinic.practice.saved_views import SavedView
from tests.factories import NOW, SavedViewFactory, UserFactory, member
from tests.staff.follow_up_reading import make, names, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

LIST, TASKS, VIEWS = reverse("staff:follow-up-list"), reverse("staff:task-list"), reverse("staff:saved-view-list")


@pytest.fixture
def me(clinic):
    return member(Role.FRONT_DESK, clinic=clinic)


@pytest.fixture
def desk(client, me):
    client.force_login(me)
    return client


def keep(**sent):
    return {"act": "keep", "page": "FOLLOW_UPS", "query": "stage=OVERDUE", "name": "Late ones", **sent}


def test_the_present_filters_are_kept_under_a_name_and_opened_again(desk, clinic, me):
    make(clinic, "Over Due", opens_in=-200)
    make(clinic, "Wide Open", opens_in=-5)
    shown = text(desk.get(LIST, {"stage": "OVERDUE", "booking": "none", "after": "x"}))
    assert 'name="query" value="stage=OVERDUE&booking=none"' in shown

    answer = desk.post(VIEWS, keep(query="stage=OVERDUE&booking=none&after=x&unknown=1"))

    view = SavedView.objects.get()
    assert (view.user, view.page, view.name, view.query) == (me, "FOLLOW_UPS", "Late ones", "booking=none&stage=OVERDUE")
    assert answer.headers["Location"] == f"{LIST}?booking=none&stage=OVERDUE"
    opened = desk.get(answer.headers["Location"])
    assert names(opened) == ["Over Due"]
    assert "Late ones" in text(opened)


def test_a_view_of_the_tasks_is_one_of_theirs(desk):
    answer = desk.post(VIEWS, keep(page="TASKS", query="assignee=me&kind=PHONE"))
    assert answer.headers["Location"] == f"{TASKS}?assignee=me&kind=PHONE"
    assert "Late ones" in text(desk.get(TASKS))
    assert "Late ones" not in text(desk.get(LIST))


def test_the_same_name_again_replaces_the_filters(desk):
    desk.post(VIEWS, keep())
    desk.post(VIEWS, keep(query="stage=OPEN"))
    assert SavedView.objects.get().query == "stage=OPEN"


def test_a_text_that_was_searched_for_is_never_kept(desk, clinic):
    make(clinic)
    page = text(desk.get(LIST, {"q": "kowal"}))
    assert "it names a patient" in page
    assert "Keep view" not in page

    response = desk.post(VIEWS, keep(query="q=kowal&stage=OVERDUE"))

    assert response.status_code == 422
    assert "it names a patient" in text(response)
    assert 'name="name" maxlength="60" autocomplete="off" value="Late ones"' in text(response)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ({"name": " "}, "Give the view a name."),
        ({"name": "x" * 61}, "At most 60 characters"),
        ({"query": "indication=Marta Kowalczyk"}, "These filters cannot be kept."),
        ({"page": "PATIENTS"}, "Select a valid choice."),
        ({"act": "shred"}, "Select a valid choice."),
    ],
)
def test_a_view_that_cannot_be_kept_is_told_beside_its_name(desk, sent, complaint):
    response = desk.post(VIEWS, keep(**sent))
    assert response.status_code == 422
    assert complaint in text(response)
    assert not SavedView.objects.exists()


def test_so_many_views_and_no_more(desk, me):
    for _ in range(MOST_VIEWS):
        SavedViewFactory(user=me)
    assert "delete one first" in text(desk.post(VIEWS, keep()))
    assert SavedView.objects.count() == MOST_VIEWS


def test_a_view_is_renamed_and_given_up(desk, me):
    view, other = SavedViewFactory(user=me, name="Old"), SavedViewFactory(user=me, name="Other")
    desk.post(VIEWS, {"act": "rename", "view": view.public_id, "name": "New"})
    refused = desk.post(VIEWS, {"act": "rename", "view": view.public_id, "name": "Other"})
    assert refused.status_code == 422
    assert "Another of your views has this name." in text(refused)
    desk.post(VIEWS, {"act": "delete", "view": other.public_id})
    assert [one.name for one in SavedView.objects.all()] == ["New"]


def test_the_list_opens_with_the_view_that_is_shown_first_until_it_is_not(desk, clinic, me):
    make(clinic, "Over Due", opens_in=-200)
    make(clinic, "Wide Open", opens_in=-5)
    first, second = SavedViewFactory(user=me, query="stage=OPEN"), SavedViewFactory(user=me, query="stage=OVERDUE")
    for view in (first, second):
        desk.post(VIEWS, {"act": "first", "view": view.public_id})

    assert [one.pk for one in SavedView.objects.filter(is_default=True)] == [second.pk]
    opened = desk.get(LIST, follow=True)
    assert names(opened) == ["Over Due"]
    # Everything stays in reach.
    assert 'href="?stage="' in text(opened)
    assert names(desk.get(f"{LIST}?stage=")) == ["Over Due", "Wide Open"]
    desk.post(VIEWS, {"act": "plain", "view": second.public_id})
    assert names(desk.get(LIST)) == ["Over Due", "Wide Open"]


def test_nobody_sees_or_touches_another_person_s_views(desk):
    theirs = SavedViewFactory(user=UserFactory(), name="Secret one", is_default=True)
    assert "Secret one" not in text(desk.get(LIST))
    assert "Secret one" not in text(desk.get(VIEWS))
    for act in ("rename", "delete", "first", "plain"):
        assert desk.post(VIEWS, {"act": act, "view": theirs.public_id, "name": "Mine"}).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.name, theirs.is_default, theirs.created_at) == ("Secret one", True, NOW)
