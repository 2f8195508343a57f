"""Names and addresses that belong to nobody."""

import random
from datetime import datetime

from jeweler.models import ContactPoint, Customer

FIRST = [
    "Amara",
    "Ben",
    "Clara",
    "Dev",
    "Elena",
    "Finn",
    "Grace",
    "Hugo",
    "Isla",
    "Jonas",
    "Keira",
    "Luca",
    "Maya",
    "Noah",
    "Orla",
    "Priya",
    "Quinn",
    "Rosa",
    "Samir",
    "Tess",
    "Uma",
    "Victor",
    "Wren",
    "Xavier",
    "Yara",
    "Zoe",
    "Alma",
    "Bruno",
    "Celia",
    "Dario",
    "Edith",
    "Felix",
    "Greta",
    "Hana",
    "Ivo",
    "June",
]
LAST = [
    "Okafor",
    "Lindqvist",
    "Marchetti",
    "Haddad",
    "Brennan",
    "Castillo",
    "Devereux",
    "Eklund",
    "Farrow",
    "Gallardo",
    "Hsu",
    "Ishikawa",
    "Jovanovic",
    "Kessler",
    "Laurent",
    "Moreau",
    "Novak",
    "Ortega",
    "Petrov",
    "Quintero",
    "Rosen",
    "Sato",
    "Thorne",
    "Usman",
    "Valdez",
    "Whitlock",
    "Xu",
    "Yilmaz",
    "Zeller",
    "Abbott",
    "Bianchi",
    "Cho",
    "Dumont",
    "Engel",
    "Fontaine",
    "Grimaldi",
]
AREA_CODES = ("212", "617", "312", "323", "415")


def name(*, dice: random.Random) -> tuple[str, str]:
    return dice.choice(FIRST), dice.choice(LAST)


def contact_points(
    *, customer: Customer, number: int, at: datetime, dice: random.Random
) -> list[ContactPoint]:
    """An e-mail address of a reserved domain, and one of the 500 reserved phone numbers while they last."""
    email = f"{customer.first_name}.{customer.last_name}.{number}@example.com".lower()
    points = [_point(customer, "email", email, email, at=at)]
    if number < 100 * len(AREA_CODES) and dice.random() < 0.8:
        area = AREA_CODES[number // 100]
        points.append(
            _point(
                customer,
                "phone",
                f"({area}) 555-01{number % 100:02d}",
                f"+1{area}55501{number % 100:02d}",
                at=at,
            )
        )
    return points


def _point(
    customer: Customer, kind: str, value: str, canonical: str, *, at: datetime
) -> ContactPoint:
    return ContactPoint(
        customer=customer,
        kind=kind,
        value=value,
        canonical=canonical,
        source="design" if kind == "email" else "visit",
        created_at=at,
    )
