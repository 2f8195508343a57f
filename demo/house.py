"""The sample house Osmere: its stores, its people and its till."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from jeweler.models import StaffMember, Store

PASSWORD = "osmere-demo"


@dataclass(frozen=True, kw_only=True)
class Person:
    username: str
    first_name: str
    last_name: str
    role: StaffMember.Role
    stores: tuple[str, ...] = ()


STORES = {
    "nyc-lispenard": ("New York", "48 Lispenard Street", "America/New_York", "+12125550142"),
    "boston-newbury": ("Boston", "121 Newbury Street", "America/New_York", "+16175550177"),
    "chicago-oak": ("Chicago", "57 East Oak Street", "America/Chicago", "+13125550119"),
    "la-melrose": ("Los Angeles", "8461 Melrose Place", "America/Los_Angeles", "+13235550163"),
    "sf-maiden": ("San Francisco", "39 Maiden Lane", "America/Los_Angeles", "+14155550128"),
}

# State, county and city together, as of 2026. No clothing exemption reaches jewelry.
TAX_PCT = {
    "nyc-lispenard": Decimal("8.875"),
    "boston-newbury": Decimal("6.25"),
    "chicago-oak": Decimal("10.25"),
    "la-melrose": Decimal("9.75"),
    "sf-maiden": Decimal("8.625"),
}

PEOPLE = (
    Person(
        username="marisol",
        first_name="Marisol",
        last_name="Ruiz",
        role=StaffMember.Role.ASSOCIATE,
        stores=("nyc-lispenard",),
    ),
    Person(
        username="daniel",
        first_name="Daniel",
        last_name="Achebe",
        role=StaffMember.Role.MANAGER,
        stores=("nyc-lispenard", "boston-newbury"),
    ),
    Person(
        username="ines",
        first_name="Ines",
        last_name="Brandt",
        role=StaffMember.Role.MARKETER,
    ),
    Person(
        username="owner",
        first_name="Ada",
        last_name="Osmere",
        role=StaffMember.Role.OWNER,
    ),
)


def open_stores() -> dict[str, Store]:
    """The five stores by their codes, made once; one that was made without its rate of tax is given it."""
    stores = {}
    for code, (city, street, time_zone, phone) in STORES.items():
        stores[code], _ = Store.objects.get_or_create(
            code=code,
            defaults={
                "name": city,
                "city": city,
                "street": street,
                "region": "US",
                "time_zone": time_zone,
                "currency": "USD",
                "phone": phone,
                "tax_pct": TAX_PCT[code],
            },
        )
        if not stores[code].tax_pct:
            stores[code].tax_pct = TAX_PCT[code]
            stores[code].save(update_fields=["tax_pct"])
    return stores


def hire(*, stores: dict[str, Store]) -> None:
    """The log-ins of the tour. The owner may do everything in the admin."""
    users = get_user_model()
    for person in PEOPLE:
        is_owner = person.role == StaffMember.Role.OWNER
        user, is_new = users.objects.get_or_create(
            username=person.username,
            defaults={
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": f"{person.username}@osmere.example",
                "is_staff": True,
                "is_superuser": is_owner,
            },
        )
        if not is_new:
            continue
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
        if not is_owner:
            user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        member = StaffMember.objects.create(
            user=user, role=person.role, sees_all_stores=not person.stores
        )
        member.stores.set(stores[code] for code in person.stores)


def how_to_log_in() -> list[str]:
    """What a stranger at the terminal needs to know, a line each."""
    lines = [f"log-ins for /admin/ (the password is {PASSWORD}):"]
    return lines + [
        f"  {person.username:<8} {person.role.label.lower()}, {', '.join(person.stores) or 'all stores'}"
        for person in PEOPLE
    ]
