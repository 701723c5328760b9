"""How often signing asks the database: as often for many points and vials as for one, and at most 25 times whatever there is."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.accounts import User
from clinic.audit import Actor, AuditEvent
from clinic.treatments.models import Override, TreatmentDraft
from clinic.treatments.services import Point, TreatmentRefused
from tests.care.test_checks_at_signing import treated_too_early
from tests.care.test_services import Visit
from tests.factories import (
    NOW,
    AppointmentFactory,
    SiteDoseFactory,
    SiteFactory,
    TreatmentDraftFactory,
    VialFactory,
)

pytestmark = pytest.mark.django_db

MOST = 25


def statements(captured):
    return [one["sql"] for one in captured if "SAVEPOINT" not in one["sql"]]


def vials_begun_for_somebody_else(clinic, number, each):
    """Vials with `each` units left, from which other patients of the clinic were treated."""
    vials = [VialFactory(clinic=clinic) for _ in range(number)]
    for vial in vials:
        Visit(clinic=clinic).complete(vials=[vial], units=(100 - each,))
    return vials


@pytest.mark.parametrize(("points", "vials"), [(1, 1), (30, 1), (30, 3)])
@pytest.mark.parametrize("is_named", [True, False])
def test_with_everything_at_once_it_is_never_more_than_allowed(points, vials, is_named):
    visit = treated_too_early(verified=True)
    appointment = AppointmentFactory(follow_up=visit.condition.follow_ups.get(), starts_at=NOW)
    draft = TreatmentDraftFactory(patient=visit.patient, condition=visit.condition)
    begun = vials_begun_for_somebody_else(visit.patient.clinic, vials, Decimal(points) / vials)
    given = []
    for number in range(points):
        site = SiteFactory(code=f"S{number}", warning="mind", risk="ptosis")
        SiteDoseFactory(site=site, usual_maximum=Decimal("0.5"))
        given.append(Point(site, "RIGHT", Decimal(1)))
    signing = {"points": given, "vials": begun, "shared_confirmed": True}
    with pytest.raises(TreatmentRefused) as refused:
        visit.complete(**signing, reasons={})
    asked = refused.value.unanswered
    assert "STOP" in {finding.severity for finding in asked}
    # As a page hands them over: nothing is known yet of what this person may.
    visit.by = Actor.of_user(User.objects.get(pk=visit.by.user.pk))
    before = AuditEvent.objects.count()

    with CaptureQueriesContext(connection) as captured:
        visit.complete(
            **signing,
            reasons={one.key: "needed" for one in asked},
            appointment=appointment if is_named else None,
            draft_revision=draft.revision,
        )

    assert len(statements(captured)) == MOST
    assert Override.objects.filter(session__patient=visit.patient).count() == len(asked)
    assert not TreatmentDraft.objects.exists()
    appointment.refresh_from_db()
    assert appointment.state == "TREATED"
    # The treatment, its vials drawn from and confirmed, both follow-ups and the visit.
    assert AuditEvent.objects.count() == before + 1 + 2 * vials + 2 + 1
