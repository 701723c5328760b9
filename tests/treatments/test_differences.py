"""What is different between two versions: told once each, and nothing else."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.treatments.differences import Change, PointSaid, Said, VialSaid, What, differences

PLAIN = {
    "performed_on": date(2026, 11, 23),
    "practitioner": "p",
    "product": "ONABOT",
    "guidance": "",
    "lid_technique": "",
    "notes": "",
    "points": (),
    "vials": (),
}


def said(**changes):
    return Said(**(PLAIN | changes))


def point(site="ZYG_MAJ", units="2.5", *, side="RIGHT", label="", x="30", y="60"):
    return PointSaid(site, side, label, Decimal(units), Decimal(x), Decimal(y))


def free(name="jaw", units="2.5", *, x="30", y="60", view="FACE_FRONT"):
    return PointSaid("FREE", "RIGHT", name, Decimal(units), Decimal(x), Decimal(y), view, is_free=True)


def vial(name="v", given="2.5", wasted="0"):
    return VialSaid(name, Decimal(given), Decimal(wasted))


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ({}, {"performed_on": date(2026, 11, 22)}, [What.DATE]),
        ({}, {"practitioner": "q"}, [What.PRACTITIONER]),
        ({}, {"product": "INCO"}, [What.PRODUCT]),
        ({"guidance": "EMG"}, {}, [What.GUIDANCE]),
        ({}, {"lid_technique": "ORBITAL"}, [What.LID_TECHNIQUE]),
        ({"notes": "a"}, {"notes": "b"}, [What.NOTES]),
        ({"points": (point(),)}, {"points": (point("PROC"),)}, [What.POINT_ADDED, What.POINT_REMOVED]),
        ({"points": (point(),)}, {"points": (point(side="LEFT"),)}, [What.POINT_ADDED, What.POINT_REMOVED]),
        ({"points": (point(),)}, {"points": (point(units="3"),)}, [What.POINT_UNITS]),
        ({"points": (point(),)}, {"points": (point(x="31"),)}, [What.POINT_MOVED]),
        ({"points": (point(label="1"),)}, {"points": (point(label="1"), point(label="2"))}, [What.POINT_ADDED]),
        ({"points": (point(), point("PROC"))}, {"points": (point("PROC"), point())}, []),
        ({"points": (point(units="2.50"),)}, {"points": (point(units="2.5"),)}, []),
        ({"points": (free(), free(x="50"))}, {"points": (free(x="50"),)}, [What.POINT_REMOVED]),
        ({"points": (free(), free(x="50"))}, {"points": (free(x="50"), free())}, []),
        ({"points": (free(),)}, {"points": (free(), free(x="50"))}, [What.POINT_ADDED]),
        ({"vials": (vial(),)}, {"vials": (vial("w"),)}, [What.VIAL_ADDED, What.VIAL_REMOVED]),
        ({"vials": (vial(),)}, {"vials": (vial(wasted="1"),)}, [What.VIAL_UNITS]),
    ],
)
def test_each_difference_is_told_once(before, after, what):
    assert [change.what for change in differences(said(**before), said(**after))] == what


def test_a_change_tells_both_sides():
    changed = differences(said(points=(point(),)), said(points=(point(units="3"),)))
    assert changed == [Change(What.POINT_UNITS, point(), point(units="3"))]


points = st.lists(
    st.builds(point, st.sampled_from("ABC"), st.sampled_from(["1", "2"])), max_size=3, unique_by=lambda one: one.place
)


@given(points, points)
def test_there_and_back_is_the_same_number_of_changes_and_none_against_itself(old, new):
    before, after = said(points=tuple(old)), said(points=tuple(new))
    assert len(differences(before, after)) == len(differences(after, before))
    assert differences(before, before) == []
    assert (differences(before, after) == []) == (sorted(map(repr, old)) == sorted(map(repr, new)))
