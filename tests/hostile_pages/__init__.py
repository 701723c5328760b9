"""Every page that takes a form, with what is sent to it when all is well. Shared by the tests of what else may be sent."""

from tests.hostile_pages import hours, people, plans, treatments, worklist
from tests.hostile_pages.world import make_world, of

FORMS = hours.FORMS | people.FORMS | plans.FORMS | treatments.FORMS | worklist.FORMS

__all__ = ["FORMS", "make_world", "of"]
