"""What every staff page does before anything else: sign-in, permission, scope, and the row in the audit log."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse

from clinic.audit import Action, AuditEvent
from clinic.practice.models import Membership, Role
from clinic.practice.roles import Permission
from clinic.staff.pages import StaffPage
from tests.factories import NOW, ClinicFactory, FollowUpFactory, MembershipFactory, PatientFactory, UserFactory, member

pytestmark = pytest.mark.django_db


class Shown(StaffPage):
    """A page that shows one patient, and a list of those it may show."""

    permission = Permission.EDIT_PATIENTS

    def get(self, request, public_id=None):
        if public_id is None:
            patients = list(self.patients().order_by("pk"))
            self.listed("Patient", len(patients))
            return HttpResponse(",".join(patient.record_number for patient in patients))
        patient = self.get_patient(public_id)
        self.viewed(patient)
        return HttpResponse(f"{patient.record_number} at {patient.clinic}")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic(db):
    return ClinicFactory(name="Harbour clinic")


@pytest.fixture
def ask(rf):
    """Opens the page as somebody."""

    def opened(user, public_id=None):
        request = rf.get("/shown/", REMOTE_ADDR="192.0.2.7")
        request.user = user
        return Shown.as_view()(request, **({"public_id": public_id} if public_id else {}))

    return opened


def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_and_back(ask):
    response = ask(AnonymousUser())
    assert (response.status_code, response.url) == (302, "/account/login/?next=/shown/")


@pytest.mark.parametrize("role", [Role.REVIEWER, None])
def test_whoever_lacks_the_permission_is_refused(ask, clinic, role):
    user = member(role or Role.ADMIN, clinic=clinic)
    if role is None:
        Membership.objects.all().delete()
    with pytest.raises(PermissionDenied):
        ask(user)


def test_an_account_that_was_closed_holds_no_permission(ask, clinic):
    user = member(clinic=clinic)
    user.is_active = False
    with pytest.raises(PermissionDenied):
        ask(user)


def test_a_page_shows_the_patients_of_the_clinics_where_the_permission_is_held(ask, clinic):
    user = member(Role.FRONT_DESK, clinic=clinic)
    second, only_seen, foreign = ClinicFactory(), ClinicFactory(), ClinicFactory()
    MembershipFactory(user=user, clinic=second, role=Role.ADMIN)
    MembershipFactory(user=user, clinic=only_seen, role=Role.REVIEWER)
    for number, at in enumerate([clinic, second, only_seen, foreign]):
        PatientFactory(clinic=at, record_number=f"R-{number}")

    assert ask(user).content == b"R-0,R-1"


def test_a_patient_is_shown_with_a_row_that_names_who_saw_whom_and_from_where(ask, clinic):
    user, patient = member(clinic=clinic), PatientFactory(clinic=clinic, record_number="R-7")

    assert ask(user, patient.public_id).content == b"R-7 at Harbour clinic"

    row = AuditEvent.objects.get()
    assert (row.action, row.actor, row.address, row.what, row.what_id, row.patient_id_public, row.clinic, row.at) == (
        Action.VIEWED, user, "192.0.2.7", "Patient", patient.public_id, patient.public_id, clinic, NOW,
    )  # fmt: skip


def test_one_thing_of_a_record_is_named_in_the_row(rf, clinic):
    follow_up = FollowUpFactory(patient=PatientFactory(clinic=clinic))
    page = Shown()
    page.setup(rf.get("/shown/"))
    page.request.user = member(clinic=clinic)

    page.viewed(follow_up.patient, follow_up)

    row = AuditEvent.objects.get()
    assert (row.what, row.what_id, row.patient_id_public) == ("FollowUp", follow_up.public_id, follow_up.patient.public_id)


def test_another_clinic_s_patient_does_not_exist_and_the_try_names_nobody(ask, clinic):
    user, hidden = member(clinic=clinic), PatientFactory()

    with pytest.raises(Http404) as refused:
        ask(user, hidden.public_id)

    assert str(refused.value) == ""
    row = AuditEvent.objects.get()
    assert (row.action, row.actor, row.what_id, row.patient_id_public, row.clinic) == (Action.DENIED, user, None, None, None)


def test_a_list_leaves_one_row_with_how_many_it_showed(ask, clinic):
    user = member(clinic=clinic)
    for _ in range(3):
        PatientFactory(clinic=clinic)
    ask(user)
    row = AuditEvent.objects.get()
    assert (row.action, row.what, row.count, row.patient_id_public) == (Action.LISTED, "Patient", 3, None)


def test_being_let_in_costs_one_query_however_many_clinics(ask, clinic, django_assert_num_queries):
    user = UserFactory()
    for _ in range(5):
        MembershipFactory(user=user, role=Role.ADMIN)
    with django_assert_num_queries(3):  # may they, the patients, the row in the audit log
        ask(user)
