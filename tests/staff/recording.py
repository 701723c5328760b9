"""A record page to fill in: a clinician signed in, a patient with a spasm on the right, a vial, and the form as a dict."""

import re
import uuid
from html import unescape

from django.urls import reverse

from clinic.practice.models import Role
from tests.factories import (
    ALL_NO,
    TODAY,
    ClinicFactory,
    ConditionFactory,
    PatientFactory,
    PractitionerFactory,
    SiteFactory,
    VialFactory,
    member,
)


class RecordPage:
    """What a clinician sees and sends."""

    def __init__(self, client, *, role=Role.CLINICIAN, side="RIGHT", **vial):
        self.client = client
        self.clinic = ClinicFactory()
        self.user = member(role, clinic=self.clinic)
        self.practitioner = PractitionerFactory(clinics=[self.clinic], user=self.user)
        self.patient = PatientFactory(clinic=self.clinic, family_name="Duarte")
        self.condition = ConditionFactory(patient=self.patient, side=side)
        self.vial = VialFactory(clinic=self.clinic, **({} if "lot" in vial else {"lot__number": "C7719"}), **vial)
        for code, options in {
            "OO_UL_LAT": {},
            "OO_LL_LAT": {},
            "ZYG_MAJ": {},
            "PROC": {"laterality": "MIDLINE", "x": 50},
            "RIS": {"may_be_contralateral": True},
        }.items():
            SiteFactory(code=code, **options)
        client.force_login(self.user)

    @property
    def url(self):
        return reverse("staff:treatment-record", args=[self.patient.public_id]) + f"?condition={self.condition.public_id}"

    def get(self, more=""):
        return self.client.get(self.url + more)

    def form(self, *rows, **changes):
        """A filled-in form; each row is (site, side, units)."""
        rows = rows or (("ZYG_MAJ", "RIGHT", "2.5"),)
        data = {
            "token": str(uuid.uuid4()),
            "performed_on": TODAY.isoformat(),
            "practitioner": str(self.practitioner.public_id),
            "vial": str(self.vial.public_id),
            "guidance": "",
            "lid_technique": "",
            "notes": "",
            "own_next_on": "",
            "points-TOTAL_FORMS": str(len(rows) + 2),
            "points-INITIAL_FORMS": "0",
            "points-MIN_NUM_FORMS": "0",
            "points-MAX_NUM_FORMS": "60",
        }
        for number in range(len(rows) + 2):
            site, side, units = rows[number] if number < len(rows) else ("", "", "")
            data |= {f"points-{number}-site": site, f"points-{number}-side": side, f"points-{number}-units": units}
        return data | {f"answer-{item}": answer for item, answer in ALL_NO.items()} | changes

    def post(self, *rows, more="", **changes):
        return self.client.post(self.url + more, self.form(*rows, **changes))


def text(response):
    """What a person reads on the page, without tags and with single spaces."""
    page = re.sub(r"(?s)<(script|style|template|svg).*?</\1>", " ", response.content.decode())
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def error_at(response, name):
    """The error shown beside the field with this name; empty if there is none."""
    found = re.search(rf'id="id_{re.escape(name)}_error"[^>]*>(.*?)</div>', response.content.decode(), re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found[1]))).strip() if found else ""


def value_of(response, name):
    """What the field with this name holds on the page: the chosen option of a select, else its value."""
    page = response.content.decode()
    if select := re.search(rf'<select name="{re.escape(name)}".*?</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)"[^>]* selected', select[0])
        return chosen[1] if chosen else ""
    field = re.search(rf'<input[^>]* name="{re.escape(name)}"[^>]*>', page)
    found = re.search(r' value="([^"]*)"', field[0]) if field else None
    return unescape(found[1]) if found else ""
