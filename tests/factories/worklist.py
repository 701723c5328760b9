"""What people keep beside their lists: views of them, and why treatments came at another time than planned."""

import factory

from clinic.practice.saved_views import SavedView
from clinic.treatments.models import IntervalReason
from tests.factories.base import NOW, Factory
from tests.factories.practice import UserFactory
from tests.factories.treatments import FollowUpFactory


class SavedViewFactory(Factory):
    class Meta:
        model = SavedView

    user = factory.SubFactory(UserFactory)
    page = "FOLLOW_UPS"
    name = factory.Sequence(lambda n: f"View {n}")
    query = "stage=OVERDUE"
    created_at = NOW


class IntervalReasonFactory(Factory):
    class Meta:
        model = IntervalReason

    follow_up = factory.SubFactory(FollowUpFactory, state="TREATED")
    cause = "CLINIC_FULL"
    by = factory.SubFactory(UserFactory)
    at = NOW
