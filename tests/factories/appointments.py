"""Real rows of the showrooms: one that is open every day from 10 to 18, with one associate and one room."""

from datetime import time

import factory
from factory.django import DjangoModelFactory

from appointments import models
from jeweler.models import Store
from tests.factories.jeweler import StaffMemberFactory, StoreFactory


class ServiceFactory(DjangoModelFactory[models.Service]):
    """An hour, and a quarter to set things back in order; every half hour, from now on."""

    class Meta:
        model = models.Service
        django_get_or_create = ("code",)

    code = "viewing"
    name = "Viewing"
    minutes = 60
    after_minutes = 15
    step_minutes = 30
    lead_minutes = 0


class ShowroomFactory(DjangoModelFactory[models.Showroom]):
    class Meta:
        model = models.Showroom

    store = factory.SubFactory(StoreFactory)
    rooms = 1
    handling_minutes = 0
    transfer_minutes = 24 * 60


class AssociateFactory(DjangoModelFactory[models.Associate]):
    class Meta:
        model = models.Associate
        skip_postgeneration_save = True

    staff = factory.SubFactory(StaffMemberFactory)
    name = factory.Sequence(lambda number: f"Marisol {number}")

    @factory.post_generation
    def works_in(self, create: bool, extracted: object, **kwargs: object) -> None:
        """The stores where she works every day from 8 to 22."""
        for store in extracted or ():
            assert isinstance(store, Store)
            for weekday in range(7):
                models.Shift.objects.create(
                    associate=self, store=store, weekday=weekday, starts=time(8), ends=time(22)
                )

    @factory.post_generation
    def does(self, create: bool, extracted: object, **kwargs: object) -> None:
        """The services that she can take; every one that there is, when not said."""
        self.services.set(models.Service.objects.all() if extracted is None else extracted)


def open_showroom(
    code: str = "nyc-lispenard",
    *,
    zone: str = "America/New_York",
    rooms: int = 1,
    associates: int = 1,
    opens: time = time(10),
    closes: time = time(18),
    **showroom: int,
) -> Store:
    """A store that receives visits every day. The services that are to be had there are made before."""
    store = StoreFactory(code=code, time_zone=zone)
    ShowroomFactory(store=store, rooms=rooms, **showroom)
    for weekday in range(7):
        models.OpeningHours.objects.create(store=store, weekday=weekday, opens=opens, closes=closes)
    for _ in range(associates):
        AssociateFactory(works_in=[store])
    return store
