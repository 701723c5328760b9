"""Upkeep of catalogue, clinics and accounts in Django's admin: who may, what is written down, what is never there."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse

from clinic.accounts import User
from clinic.audit import Action, AuditEvent
from clinic.models import Availability, Clinic, LabelRule, Plan, Practitioner
from clinic.practice.models import Role
from tests import factories
from tests.factories import NOW, PASSWORD

pytestmark = pytest.mark.django_db

#: What may be kept here. Everything else is a record, and records are changed by services alone.
KEPT = {
    "Availability", "Clinic", "Closure", "Indication", "LabelRule", "Membership", "Practitioner", "Product",
    "ProductCode", "Site", "Term", "User", "VisitKind", "WindowPolicy",
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic(db):
    return factories.ClinicFactory(name="Harbour clinic")


@pytest.fixture
def keeper(clinic):
    """Somebody who may use the upkeep pages, and treats at one clinic."""
    return factories.member(Role.CLINICIAN, clinic=clinic, is_staff=True)


@pytest.fixture
def upkeep(client, keeper):
    """A browser in which the keeper is signed in."""
    client.force_login(keeper)
    return client


def address(model, page="changelist", *ids):
    return reverse(f"admin:clinic_{model.__name__.lower()}_{page}", args=ids)


def form_of(response):
    """What a browser would send back if nobody touched the form."""
    form = response.context["adminform"].form
    sent = {}
    for part in [form, *(f for inline in response.context["inline_admin_formsets"] for f in formset_parts(inline.formset))]:
        for bound in part:
            value = bound.value()
            if isinstance(value, list) and value and hasattr(value[0], "pk"):
                value = [one.pk for one in value]
            if value is True:
                value = "on"
            if value is not None and value is not False:
                sent[bound.html_name] = bound.field.prepare_value(value) if not isinstance(value, list) else value
    return sent


def formset_parts(formset):
    return [formset.management_form, *formset.forms]


def save(client, url, **changed):
    return client.post(url, form_of(client.get(url)) | changed)


def rows(**wanted):
    return list(AuditEvent.objects.filter(**wanted).order_by("pk"))


# -- who, and what ------------------------------------------------------------------------------------------------------


def test_no_record_of_a_patient_is_kept_here():
    assert {model.__name__ for model in admin.site._registry} == KEPT


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=lambda model: model.__name__))
def test_every_page_opens_for_the_keeper_can_be_searched_and_for_nobody_else(upkeep, model):
    adding = [] if model is LabelRule else [address(model, "add")]
    for page in (address(model), *adding, address(model) + "?q=something"):
        assert upkeep.get(page).status_code == 200
    upkeep.force_login(factories.member(Role.ADMIN))
    for page in (address(model), *adding):
        assert upkeep.get(page, follow=True).status_code == 403
    upkeep.logout()
    assert upkeep.get(address(model), follow=True).redirect_chain[-1][0].startswith("/account/login/?next=")


def test_a_person_without_the_right_is_refused_and_not_sent_round_in_circles(client, clinic):
    client.force_login(factories.member(Role.ADMIN, clinic=clinic))
    assert client.get("/admin/", follow=True).status_code == 403


def test_somebody_who_may_no_longer_sign_in_is_out_at_once(upkeep, keeper):
    User.objects.filter(pk=keeper.pk).update(is_active=False)
    assert upkeep.get("/admin/").status_code == 302


# -- what is written down -----------------------------------------------------------------------------------------------


def test_a_change_leaves_a_row_with_the_names_of_what_changed(upkeep, keeper, clinic):
    save(upkeep, address(Clinic, "change", clinic.pk), phone="+33 1 99 00 00 01", sending_weekdays=["0", "2"])

    clinic.refresh_from_db()
    assert (clinic.phone, clinic.sending_weekdays) == ("+33 1 99 00 00 01", [0, 2])
    (row,) = rows(action=Action.CHANGED)
    assert (row.actor, row.what, row.what_id, row.clinic, row.fields, row.at) == (
        keeper, "Clinic", clinic.public_id, clinic, ["phone", "sending_weekdays"], NOW,
    )  # fmt: skip


def test_saving_without_a_change_leaves_no_row(upkeep, clinic):
    response = save(upkeep, address(Clinic, "change", clinic.pk))
    assert response.status_code == 302
    assert rows() == []


def test_adding_and_deleting_leave_rows(upkeep, clinic):
    practitioner = factories.PractitionerFactory(clinics=[clinic])
    hours = {
        "practitioner": practitioner.pk, "clinic": clinic.pk, "weekday": "0", "starts": "09:00", "ends": "12:00",
        "valid_from": "2026-01-01",
    }  # fmt: skip
    assert upkeep.post(address(Availability, "add"), hours).status_code == 302
    added = Availability.objects.get()

    assert upkeep.post(address(Availability, "delete", added.pk), {"post": "yes"}).status_code == 302

    assert not Availability.objects.exists()
    assert [(row.action, row.what, row.clinic) for row in rows()] == [
        (Action.CREATED, "Availability", clinic), (Action.DELETED, "Availability", clinic),
    ]  # fmt: skip


def test_what_records_point_at_is_put_out_of_use_and_never_deleted(upkeep, clinic):
    practitioner = factories.PractitionerFactory(clinics=[clinic])
    assert upkeep.post(address(Practitioner, "delete", practitioner.pk), {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [practitioner.pk], "post": "yes"}
    upkeep.post(address(Practitioner), action)
    assert Practitioner.objects.exists()


@pytest.mark.parametrize("page", ["change", "add", "password"])
def test_a_change_that_cannot_be_audited_does_not_happen(upkeep, clinic, monkeypatch, page):
    colleague = factories.UserFactory(name="Karin Holm")
    before = User.objects.values().get(pk=colleague.pk)
    number = User.objects.count()

    def fail(**_kwargs):
        raise RuntimeError("the audit log cannot be written")

    monkeypatch.setattr("clinic.audit.record", fail)
    upkeep.raise_request_exception = False
    password = {"usable_password": "true", "password1": "a lighthouse in the fog", "password2": "a lighthouse in the fog"}
    if page == "change":
        response = save(upkeep, address(User, "change", colleague.pk), name="Someone Else")
    elif page == "add":
        response = upkeep.post(address(User, "add"), {"email": "new@clinic.example", "name": "New", **password})
    else:
        response = upkeep.post(reverse("admin:auth_user_password_change", args=[colleague.pk]), password)

    assert response.status_code == 500
    assert User.objects.values().get(pk=colleague.pk) == before
    assert User.objects.count() == number


# -- accounts -----------------------------------------------------------------------------------------------------------


def test_an_account_is_made_by_address_and_password_and_can_sign_in(upkeep, client, clinic):
    made = upkeep.post(
        address(User, "add"),
        {
            "email": "Karin.Holm@Clinic.example", "name": "Karin Holm", "usable_password": "true",
            "password1": "a lighthouse in the fog", "password2": "a lighthouse in the fog",
        },
    )  # fmt: skip
    assert made.status_code == 302
    user = User.objects.get(email="karin.holm@clinic.example")
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert client.login(email="karin.holm@clinic.example", password="a lighthouse in the fog")
    assert [(row.action, row.what_id) for row in rows()] == [(Action.CREATED, user.public_id)]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"email": "not-an-address"}, "Enter a valid email address."),
        ({"email": ""}, "This field is required."),
        ({"email": "TAKEN@clinic.example"}, "already exists"),
        ({"password2": "something else entirely"}, "The two password fields didn’t match."),
        ({"password1": "short", "password2": "short"}, "This password is too short."),
        ({"password1": "karin.holm@clinic.example", "password2": "karin.holm@clinic.example"}, "too similar to"),
    ],
)
def test_what_is_wrong_with_a_new_account_is_said_and_nothing_is_made(upkeep, changed, complaint):
    factories.UserFactory(email="taken@clinic.example")
    number = User.objects.count()
    good = {
        "email": "karin.holm@clinic.example", "name": "Karin Holm", "usable_password": "true",
        "password1": "a lighthouse in the fog", "password2": "a lighthouse in the fog",
    }  # fmt: skip
    response = upkeep.post(address(User, "add"), good | changed)
    assert response.status_code == 200
    assert complaint in response.content.decode()
    assert User.objects.count() == number


def test_a_role_at_a_clinic_is_given_and_taken_on_the_account_s_page(upkeep, clinic):
    user = factories.UserFactory()
    url = address(User, "change", user.pk)
    save(upkeep, url, **{"memberships-TOTAL_FORMS": 1, "memberships-0-clinic": clinic.pk, "memberships-0-role": "FRONT_DESK"})
    assert user.memberships.get().role == "FRONT_DESK"

    save(upkeep, url, **{"memberships-0-DELETE": "on"})

    assert not user.memberships.exists()
    assert [(row.action, row.clinic) for row in rows(what="Membership")] == [
        (Action.CREATED, clinic), (Action.DELETED, clinic),
    ]  # fmt: skip


def test_a_password_is_set_without_being_shown_or_written_down(upkeep, client):
    user = factories.UserFactory()
    page = upkeep.get(address(User, "change", user.pk)).content.decode()
    assert user.password not in page
    new = {"usable_password": "true", "password1": "a lighthouse in the fog", "password2": "a lighthouse in the fog"}
    upkeep.post(reverse("admin:auth_user_password_change", args=[user.pk]), new)
    assert client.login(email=user.email, password="a lighthouse in the fog")
    assert [(row.action, row.what_id, row.fields) for row in rows()] == [(Action.CHANGED, user.public_id, ["password"])]


def test_nobody_but_a_superuser_makes_keepers_or_touches_a_superuser(upkeep, client, keeper):
    colleague = factories.UserFactory()
    save(upkeep, address(User, "change", colleague.pk), is_staff="on", is_superuser="on", name="Changed")
    colleague.refresh_from_db()
    assert (colleague.name, colleague.is_staff, colleague.is_superuser) == ("Changed", False, False)

    above = User.objects.create_superuser("root@clinic.example", PASSWORD, name="Root")
    assert upkeep.post(address(User, "change", above.pk), {"name": "Taken over"}).status_code == 403
    assert upkeep.post(reverse("admin:auth_user_password_change", args=[above.pk]), {}).status_code == 403

    client.force_login(above)
    save(client, address(User, "change", colleague.pk), is_staff="on")
    colleague.refresh_from_db()
    assert colleague.is_staff


# -- what decides over letters ------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(clinic):
    """A patient between two treatments, whom the engine need not look at for long."""
    patient = factories.PatientFactory(clinic=clinic, next_check_at=NOW + timedelta(days=90))
    factories.FollowUpFactory(patient=patient)
    return patient


def asked(patient):
    patient.refresh_from_db()
    return patient.next_check_at


def test_changed_sending_hours_have_the_engine_look_again(upkeep, clinic, waiting):
    save(upkeep, address(Clinic, "change", clinic.pk), sending_from="09:00")
    assert asked(waiting) == NOW


def test_nothing_else_bothers_the_engine(upkeep, waiting):
    before = asked(waiting)
    save(upkeep, address(Practitioner, "change", factories.PractitionerFactory().pk), name="Dr Else")
    assert asked(waiting) == before


def test_new_clinic_starts_with_a_visit_to_book_and_a_plan_of_letters(upkeep):
    response = save(
        upkeep,
        address(Clinic, "add"),
        name="Hill clinic",
        sender_name="Hill clinic",
        phone="020 555 0199",
        emergency_text="In an emergency call 112.",
        address="Hill Road 1",
        time_zone="Europe/Lisbon",
        reply_to="desk@hill.example",
        sending_weekdays=["0", "1"],
    )

    assert response.status_code == 302, response.context["errors"]
    made = Clinic.objects.get(name="Hill clinic")
    assert list(made.visit_kinds.values_list("code", "minutes")) == [("TREATMENT", 30)]
    assert Plan.objects.get(clinic=made).steps.filter(step="INVITE").exists()


def test_what_to_do_in_an_emergency_is_kept_in_each_language(upkeep, clinic):
    url = address(Clinic, "change", clinic.pk)
    german = "Im Notfall rufen Sie 112."
    assert save(upkeep, url, emergency_in_de=german, emergency_number="112").status_code == 302
    clinic.refresh_from_db()
    assert (clinic.emergency_texts, clinic.emergency_number) == ({"de": german}, "112")
    assert german in upkeep.get(url).content.decode()

    refused = save(upkeep, url, emergency_in_en="Call us.", emergency_number="never")
    assert {"emergency_in_en", "emergency_number"} <= set(refused.context["adminform"].form.errors)
    clinic.refresh_from_db()
    assert clinic.emergency_texts == {"de": german}
    assert save(upkeep, url, emergency_in_de="").status_code == 302
    clinic.refresh_from_db()
    assert clinic.emergency_texts == {}
