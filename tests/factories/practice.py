"""Clinics and their people."""

from datetime import time

import factory

from clinic.accounts import User
from clinic.practice.models import Clinic, Membership, Practitioner, Role
from tests.factories.base import Factory

PASSWORD = "a quiet harbour wall"


class UserFactory(Factory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"member{n}@clinic.example")
    name = factory.Sequence(lambda n: f"Member {n}")
    password = PASSWORD

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.create_user(*args, **kwargs)


class ClinicFactory(Factory):
    class Meta:
        model = Clinic

    name = factory.Sequence(lambda n: f"Harbour clinic {n}" if n else "Harbour clinic")
    sender_name = "Harbour clinic"
    phone = "+33 1 99 00 12 34"
    emergency_text = "In an emergency call 112."
    address = "1 Quay Road, Harbourtown"
    time_zone = "Europe/Paris"
    jurisdiction = "EU"
    sending_from = time(8)
    sending_until = time(19)
    reply_to = "desk@clinic.example"


class MembershipFactory(Factory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    clinic = factory.SubFactory(ClinicFactory)
    role = Role.ADMIN


def member(role=Role.ADMIN, clinic=None, **user):
    """A person with an account and this role at a clinic."""
    return MembershipFactory(role=role, clinic=clinic or ClinicFactory(), user=UserFactory(**user)).user


class PractitionerFactory(Factory):
    class Meta:
        model = Practitioner

    name = factory.Sequence(lambda n: f"Dr Practitioner {n}")

    @factory.post_generation
    def clinics(self, create, given, **kwargs):
        """`clinics=[…]`, or a new one."""
        if create:
            self.clinics.set([ClinicFactory()] if given is None else given)
