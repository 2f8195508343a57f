"""The sample house's showrooms: when they are open, who receives visitors there, and how long a stone travels."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password

from appointments.models import (
    Associate,
    OpeningHours,
    Service,
    Shift,
    ShiftChange,
    Showroom,
    SpecialHours,
    TransferTime,
)
from demo.bulk import insert
from jeweler.models import StaffMember, Store

SATURDAY, SUNDAY = 5, 6
LATE = 3  # Thursday
HOURS = {
    **dict.fromkeys(range(6), (time(10), time(18))),
    LATE: (time(10), time(20)),
    SUNDAY: (time(12), time(17)),
}
# The tour begins at any hour of anybody's day: where a store would be closed then, it is open for this one.
TOUR_HOURS = (time(0, 5), time(23, 55))
AROUND = timedelta(hours=4)  # what has happened of the tour's day, and what is to come

ROOMS = {"nyc-lispenard": 3, "boston-newbury": 2, "chicago-oak": 2, "la-melrose": 3, "sf-maiden": 2}
DIRECTIONS = {
    "nyc-lispenard": "Second floor; ring for Osmere. Canal Street (A, C, E) is two minutes away. Garage at 50 Lispenard.",
    "boston-newbury": "The brick stoop between Clarendon and Dartmouth. Copley (Green Line) is four minutes away.",
    "chicago-oak": "Ground floor, at the corner of Rush. Valet at the door; Clark/Division (Red Line) is six minutes away.",
    "la-melrose": "Through the courtyard, the second door. Valet on Melrose Place, free for visitors.",
    "sf-maiden": "Third floor; the elevator is to the left. Montgomery Street (BART) is five minutes away.",
}
HOURS_BETWEEN = {
    ("nyc-lispenard", "boston-newbury"): 20,
    ("nyc-lispenard", "chicago-oak"): 24,
    ("nyc-lispenard", "la-melrose"): 44,
    ("nyc-lispenard", "sf-maiden"): 44,
    ("boston-newbury", "chicago-oak"): 24,
    ("boston-newbury", "la-melrose"): 46,
    ("boston-newbury", "sf-maiden"): 46,
    ("chicago-oak", "la-melrose"): 42,
    ("chicago-oak", "sf-maiden"): 42,
    ("la-melrose", "sf-maiden"): 18,
}
COUNTED_IN_AFTER = 45  # minutes


@dataclass(frozen=True, kw_only=True)
class Receives:
    """Who receives visitors. Who has a log-in of the tour is named by it."""

    username: str
    name: str
    store: str
    languages: tuple[str, ...]
    about: str
    is_off_on: tuple[int, ...]
    video_only: bool = False


ASSOCIATES = (
    Receives(username="marisol", name="Marisol Ruiz", store="nyc-lispenard", languages=("en", "es"),
             about="Eleven years at the bench before she came to the floor.", is_off_on=(0,)),
    Receives(username="daniel", name="Daniel Achebe", store="nyc-lispenard", languages=("en", "fr"),
             about="Knows every oval in the vault.", is_off_on=(6,)),
    Receives(username="wei", name="Wei Ling Cho", store="nyc-lispenard", languages=("en", "zh"),
             about="Graduate gemologist; antique cuts.", is_off_on=(2,)),
    Receives(username="tomas", name="Tomás Novak", store="nyc-lispenard", languages=("en",),
             about="By video, from the vault.", is_off_on=(5, 6), video_only=True),
    Receives(username="eleanor", name="Eleanor Frost", store="boston-newbury", languages=("en",),
             about="Estate pieces and resettings.", is_off_on=(1,)),
    Receives(username="rui", name="Rui Carvalho", store="boston-newbury", languages=("en", "pt"),
             about="Bands, and how two sit together.", is_off_on=(3,)),
    Receives(username="nadia", name="Nadia Kessler", store="chicago-oak", languages=("en", "de"),
             about="Fancy colors.", is_off_on=(0,)),
    Receives(username="amos", name="Amos Whitlock", store="chicago-oak", languages=("en",),
             about="Platinum, mostly.", is_off_on=(2,)),
    Receives(username="paloma", name="Paloma Ortega", store="la-melrose", languages=("en", "es"),
             about="Began as a setter.", is_off_on=(1,)),
    Receives(username="haruki", name="Haruki Sato", store="la-melrose", languages=("en", "ja"),
             about="Lab diamonds, and what sets them apart.", is_off_on=(3,)),
    Receives(username="june", name="June Farrow", store="la-melrose", languages=("en",),
             about="Three stones and more.", is_off_on=(6,)),
    Receives(username="mei", name="Mei Hsu", store="sf-maiden", languages=("en", "zh"),
             about="Solitaires, low and high.", is_off_on=(0,)),
    Receives(username="oscar", name="Oscar Lindqvist", store="sf-maiden", languages=("en", "sv"),
             about="Hand engraving.", is_off_on=(4,)),
)  # fmt: skip

SERVICES = (
    {"code": "viewing", "name": "See a stone", "minutes": 60, "after_minutes": 15, "step_minutes": 30,
     "promise": "The stones you chose, in your hand, beside their settings.", "lead_minutes": 120},
    {"code": "consultation", "name": "Consultation", "minutes": 60, "after_minutes": 15,
     "step_minutes": 30, "promise": "An hour to find out what she would wear.", "lead_minutes": 120,
     "takes_pieces": False},
    {"code": "fitting", "name": "Fitting", "minutes": 45, "after_minutes": 15, "step_minutes": 30,
     "promise": "Size, height and the band beside it.", "lead_minutes": 120},
    {"code": "pick-up", "name": "Pick-up", "minutes": 30, "after_minutes": 0, "step_minutes": 15,
     "promise": "Your ring, cleaned and boxed.", "lead_minutes": 60, "takes_pieces": False,
     "takes_room": False},
    {"code": "video", "name": "By video", "minutes": 45, "after_minutes": 15, "step_minutes": 30,
     "promise": "The stone under the lamp, from wherever you are.", "lead_minutes": 240,
     "place": Service.Place.VIDEO, "takes_room": False, "most_per_day": 6},
)  # fmt: skip


def open_showrooms(*, stores: dict[str, Store], now: datetime) -> None:
    """Hours, services, people and ways, once: where there is a showroom already nothing is changed."""
    if Showroom.objects.exists():
        return
    insert(Showroom, [_showroom(store) for store in stores.values()])
    insert(OpeningHours, [
        OpeningHours(store=store, weekday=weekday, opens=opens, closes=closes)
        for store in stores.values()
        for weekday, (opens, closes) in HOURS.items()
    ])  # fmt: skip
    insert(SpecialHours, [
        *(SpecialHours(day=day, reason=reason) for day, reason in _holidays(now.year)),
        *(SpecialHours(day=day, reason=reason) for day, reason in _holidays(now.year + 1)),
    ])  # fmt: skip
    insert(TransferTime, [
        TransferTime(from_store=stores[one], to_store=stores[other], minutes=hours * 60)
        for pair, hours in HOURS_BETWEEN.items()
        for one, other in (pair, pair[::-1])
    ])  # fmt: skip
    _employ(stores=stores, services=_offer())
    for store in stores.values():
        _open_for_the_tour(store, now=now)


def _showroom(store: Store) -> Showroom:
    query = f"{store.street}, {store.city}".replace(" ", "+")
    return Showroom(
        store=store, rooms=ROOMS[store.code], handling_minutes=COUNTED_IN_AFTER,
        directions=DIRECTIONS[store.code],
        map_url=f"https://www.openstreetmap.org/search?query={query}",
    )  # fmt: skip


def _holidays(year: int) -> list[tuple[date, str]]:
    november = date(year, 11, 1)
    first_thursday = november + timedelta(days=(3 - november.weekday()) % 7)
    return [
        (date(year, 1, 1), "New Year's Day"),
        (first_thursday + timedelta(weeks=3), "Thanksgiving"),
        (date(year, 12, 25), "Christmas Day"),
    ]


def _offer() -> list[Service]:
    services = [Service(position=number, **each) for number, each in enumerate(SERVICES)]
    insert(Service, services)
    return services


def _employ(*, stores: dict[str, Store], services: list[Service]) -> None:
    """Those without a log-in of the tour have one that nobody can use."""
    users = get_user_model()
    closed = make_password(None)
    new = [
        users(
            username=each.username, first_name=each.name.split()[0], last_name=each.name.split()[-1],
            email=f"{each.username}@osmere.example", password=closed, is_staff=True,
        )
        for each in ASSOCIATES
        if not users.objects.filter(username=each.username).exists()
    ]  # fmt: skip
    insert(users, new)
    homes = {each.username: stores[each.store] for each in ASSOCIATES}
    hired = [StaffMember(user=user, role=StaffMember.Role.ASSOCIATE) for user in new]
    insert(StaffMember, hired)
    insert(
        StaffMember.stores.through,
        [
            StaffMember.stores.through(staffmember=member, store=homes[member.user.username])
            for member in hired
        ],
    )
    staff = {member.user.username: member for member in StaffMember.objects.select_related("user")}
    people = [
        Associate(
            staff=staff[each.username],
            name=each.name,
            about=each.about,
            languages=list(each.languages),
        )
        for each in ASSOCIATES
    ]
    insert(Associate, people)
    does, shifts = [], []
    for person, each in zip(people, ASSOCIATES, strict=True):
        for service in services:
            if not each.video_only or service.place == Service.Place.VIDEO:
                does.append(Associate.services.through(associate=person, service=service))
        for weekday, (starts, ends) in HOURS.items():
            if weekday not in each.is_off_on:
                shifts.append(
                    Shift(
                        associate=person,
                        store=stores[each.store],
                        weekday=weekday,
                        starts=starts,
                        ends=ends,
                    )
                )
    insert(Associate.services.through, does)
    insert(Shift, shifts)


def _open_for_the_tour(store: Store, *, now: datetime) -> None:
    """The store receives visitors at this hour, whatever hour it is there, and has for the last few and will for the next."""
    days = {(now + side).astimezone(store.zone).date() for side in (-AROUND, AROUND)}
    for day in sorted(days):
        _open_on(store, day, now=now)


def _open_on(store: Store, day: date, *, now: datetime) -> None:
    hours = _hours_of_the_tour(store, day, now=now)
    if hours is None:
        hours = HOURS[day.weekday()]
    else:
        SpecialHours.objects.create(
            store=store, day=day, opens=hours[0], closes=hours[1], reason="Open for the tour"
        )
    insert(ShiftChange, [
        ShiftChange(associate=person, store=store, day=day, starts=hours[0], ends=hours[1])
        for person in Associate.objects.filter(shifts__store=store).distinct()
    ])  # fmt: skip


def _hours_of_the_tour(store: Store, day: date, *, now: datetime) -> tuple[time, time] | None:
    """None where its own hours will do; a store that has just opened has opened earlier."""
    opens, closes = HOURS[day.weekday()]
    wall, began = now.astimezone(store.zone), (now - AROUND).astimezone(store.zone)
    is_open = wall.date() == day and opens <= wall.time() < closes
    if not is_open or SpecialHours.objects.filter(day=day).exists():
        return TOUR_HOURS
    return (
        (began.time().replace(minute=0, second=0, microsecond=0), closes)
        if began.time() < opens
        else None
    )
