"""Drafts: kept as typed, never over what somebody else typed meanwhile."""

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.treatments.models import TreatmentDraft
from clinic.treatments.services import DraftConflict, DraftTooLong, discard_draft, draft_of, keep_draft, typed_in, use_up_draft
from tests.factories import NOW, ConditionFactory, TreatmentDraftFactory, UserFactory

pytestmark = pytest.mark.django_db

TYPED = {"notes": ["calm"], "points-0-site": ["ZYG_MAJ"]}


@pytest.fixture
def condition():
    return ConditionFactory()


def keep(condition, revision, typed=TYPED, user=None):
    by = Actor.of_user(user or UserFactory())
    return keep_draft(by=by, patient=condition.patient, condition=condition, revision=revision, typed=typed, now=NOW)


@pytest.mark.parametrize("text", ["two\nlines", "a\0b", "\ud800", "<script>", "ñ" * 500, ""])
def test_whatever_was_typed_comes_back_as_typed(condition, text):
    keep(condition, 0, {"notes": [text], "several": ["1", "2"]})
    assert typed_in(draft_of(condition=condition)) == {"notes": [text], "several": ["1", "2"]}


def test_each_saving_rises_the_revision_and_names_who_wrote_last(condition):
    other = UserFactory(name="Dr Other")
    assert [keep(condition, 0).revision, keep(condition, 1).revision, keep(condition, 2, user=other).revision] == [1, 2, 3]
    assert draft_of(condition=condition).by == other


@pytest.mark.parametrize("revision", [0, 1, 3])
def test_whoever_saves_over_a_revision_they_have_not_seen_is_refused_and_told_what_stands(condition, revision):
    TreatmentDraftFactory(condition=condition, revision=2, typed='{"notes": ["theirs"]}')
    with pytest.raises(DraftConflict) as conflict:
        keep(condition, revision)
    assert typed_in(conflict.value.draft) == {"notes": ["theirs"]}
    assert draft_of(condition=condition).revision == 2


def test_draft_that_is_gone_is_not_brought_back(condition):
    with pytest.raises(DraftConflict) as conflict:
        keep(condition, 4)
    assert conflict.value.draft is None
    assert not TreatmentDraft.objects.exists()


def test_endless_draft_is_not_kept(condition):
    with pytest.raises(DraftTooLong):
        keep(condition, 0, {"notes": ["x" * 200_001]})
    assert not TreatmentDraft.objects.exists()


def test_draft_is_discarded_only_as_it_was_seen(condition):
    draft = TreatmentDraftFactory(condition=condition, revision=2)
    by = Actor.of_user(UserFactory())
    given = {"by": by, "patient": condition.patient, "condition": condition, "now": NOW}
    with pytest.raises(DraftConflict):
        discard_draft(revision=1, **given)
    discard_draft(revision=2, **given)
    discard_draft(revision=2, **given)
    assert not TreatmentDraft.objects.exists()
    assert AuditEvent.objects.get(action="DELETED").what_id == draft.public_id


def test_signing_uses_up_the_draft_as_it_was_seen_and_no_other(condition):
    TreatmentDraftFactory(condition=condition, revision=2)
    with pytest.raises(DraftConflict):
        use_up_draft(condition=condition, revision=0)
    use_up_draft(condition=condition, revision=2)
    use_up_draft(condition=condition, revision=0)
    assert not TreatmentDraft.objects.exists()


def test_log_tells_who_began_and_who_went_on_but_not_each_keystroke(condition):
    first, second = UserFactory(), UserFactory()
    for revision, user in enumerate([first, first, second, second, first]):
        keep(condition, revision, user=user)
    rows = list(AuditEvent.objects.order_by("pk").values_list("action", "actor", "what"))
    assert rows == [
        ("CREATED", first.pk, "TreatmentDraft"),
        ("CHANGED", second.pk, "TreatmentDraft"),
        ("CHANGED", first.pk, "TreatmentDraft"),
    ]
