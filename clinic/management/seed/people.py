"""Invented people: names, birth dates, addresses of reserved domains, telephone numbers of ranges kept for fiction. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

_WOMEN = (
    "Abigail", "Adela", "Agnes", "Aiko", "Alba", "Amara", "Anneliese", "Astrid", "Beatriz", "Bronwen", "Carmela", "Chidinma",
    "Clémence", "Dagmar", "Delphine", "Dorothea", "Edith", "Elif", "Esperanza", "Farida", "Fenna", "Fumiko", "Giulia", "Greta",
    "Hanneke", "Ikram", "Imelda", "Ingeborg", "Irena", "Jacinta", "Josefa", "Kavita", "Leonor", "Ljubica", "Lourdes", "Magda",
    "Marisol", "Maud", "Mireille", "Nadezhda", "Nerys", "Noor", "Odile", "Oluchi", "Perpetua", "Philippa", "Ragnhild", "Rosalind",
    "Saoirse", "Shirin", "Siobhan", "Solveig", "Sunniva", "Tamsin", "Thandeka", "Ursula", "Valentina", "Wilhelmina", "Yevgenia",
    "Zeynep",
)  # fmt: skip
_MEN = (
    "Aidan", "Alasdair", "Anselm", "Arturo", "Bartholomew", "Bjarne", "Caspar", "Cedric", "Dimitri", "Eamon", "Emeka", "Ernesto",
    "Fergus", "Florian", "Gareth", "Goran", "Hamid", "Hugo", "Ignacio", "Ivo", "Jerzy", "Kenji", "Lachlan", "Leopold", "Matteo",
    "Milos", "Neville", "Olamide", "Osman", "Piotr", "Quentin", "Rajan", "Reinhard", "Rustam", "Salvador", "Selim", "Tadeusz",
    "Tiago", "Tomasz", "Ulrich", "Vikram", "Wendell", "Yusuf", "Zoltan",
)  # fmt: skip
_FAMILIES = (
    "Abernethy", "Achterberg", "Adeyinka", "Almqvist", "Anand", "Ashdown", "Baranowski", "Barrientos", "Bellweather",
    "Birkenhead", "Blackwood", "Bogdanov", "Brannigan", "Calloway", "Carrasco", "Cavanaugh", "Chalmers", "Chukwuma", "Cornwallis",
    "Dacosta", "Dalgaard", "Darlington", "Delacroix", "Demirel", "Drummond", "Eastwick", "Ekström", "Escalante", "Fairweather",
    "Farnsworth", "Fitzgibbon", "Fontaine", "Gallardo", "Ghorbani", "Gillespie", "Greenhalgh", "Grzelak", "Hallström", "Hathaway",
    "Haverford", "Hollingsworth", "Ibarra", "Iwasaki", "Jankowska", "Kilbride", "Kirkbride", "Kovacs", "Lindqvist", "Lockhart",
    "Madrigal", "Marchetti", "Mbeki-Jones", "McAllister", "Merriweather", "Montcalm", "Moriarty", "Nakagawa", "Nightjar", "Nwosu",
    "O'Callaghan", "Okonjo", "Ostrowski", "Papadakis", "Pemberton", "Pettigrew", "Quintero", "Radcliffe", "Ramachandran",
    "Rasmussen", "Ravenscroft", "Rosenthal", "Salcedo", "Sanderling", "Santangelo", "Sepulveda", "Silverdale", "Somerville",
    "Stokkeland", "Sutherland", "Takahashi", "Thistlewood", "Tregarthen", "Underhill", "Vandermeer", "Villanueva", "Wainwright",
    "Westergaard", "Whitcombe", "Wolverton", "Yamaguchi", "Zielinski",
)  # fmt: skip
#: Domains that can never receive mail (RFC 2606).
DOMAINS = ("example.org", "example.net", "mail.example", "post.example", "home.test")


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    is_woman: bool
    given_name: str
    family_name: str
    born_on: date
    email: str
    phone: str


def invent(count: int, *, today: date, rng: Random, phone: str) -> list[Person]:
    """Return `count` different people, two women for each man, mostly between 45 and 75 years old.

    `phone` is a pattern such as "07700 900{:03}" of a range that is kept free for fiction.
    """
    names: set[tuple[str, str]] = set()
    people = []
    for number in range(count):
        is_woman = number % 3 != 2
        name = _name(is_woman, rng)
        while name in names:
            name = _name(is_woman, rng)
        names.add(name)
        age = min(max(rng.gauss(60, 11), 24), 91)
        people.append(
            Person(
                is_woman=is_woman,
                given_name=name[0],
                family_name=name[1],
                born_on=today - timedelta(days=round(age * 365.25) + rng.randrange(200)),
                email=_address(*name, rng.choice(DOMAINS)),
                phone=phone.format(100 + number),
            )
        )
    return people


def _name(is_woman: bool, rng: Random) -> tuple[str, str]:
    return rng.choice(_WOMEN if is_woman else _MEN), rng.choice(_FAMILIES)


def _address(given: str, family: str, domain: str) -> str:
    plain = unicodedata.normalize("NFKD", f"{given}.{family}".lower())
    return "".join(letter for letter in plain if letter.isascii() and (letter.isalnum() or letter in ".-")) + f"@{domain}"
