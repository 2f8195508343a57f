"""When a visit can begin, beside an oracle that looks at every minute of every lane."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from appointments import availability
from appointments.availability import Interval, Lane, Piece, Plan, Promise
from appointments.calendars import DAY, Window

LENGTH, AFTER, STEP = 60, 15, 30


def day(number: int, opens: int, closes: int) -> Window:
    midnight = number * DAY
    return Window(midnight + opens * 60, midnight + closes * 60, midnight)


def plan(
    *associates: Lane,
    rooms: Sequence[Lane] | None = None,
    pieces: Sequence[Piece] = (),
    **more: int,
) -> Plan:
    said = {"length": LENGTH, "after": AFTER, "step": STEP, "first": 0, "last": 40 * DAY} | more
    return Plan(associates=associates, rooms=rooms, pieces=pieces, **said)


def starts(given: Plan) -> list[int]:
    return list(availability.slots(given, since=0, until=40 * DAY))


def naive(given: Plan, *, until: int) -> dict[int, tuple[int, ...]]:
    """Minute by minute: on the grid, and each minute of the visit open and free."""

    def fits(lane: Lane, start: int) -> bool:
        whole = range(start, start + given.length + given.after)
        is_open = all(any(w.start <= at < w.end for w in lane.windows) for at in whole)
        is_taken = any(since <= at < until for at in whole for since, until in lane.busy)
        on_grid = any(
            w.start <= start < w.end and (start - w.midnight) % given.step == 0
            for w in lane.windows
        )
        return is_open and on_grid and not is_taken

    def comes(piece: Piece, start: int) -> bool:
        end = start + given.length
        apart = all(
            end + each.travel_there <= each.start or each.end + each.travel_here <= start
            for each in piece.promises
        )
        return apart and start >= piece.arrives

    found = {}
    for start in range(given.first, min(until, given.last + 1)):
        who = tuple(lane.id for lane in given.associates if fits(lane, start))
        roomy = given.rooms is None or any(fits(lane, start) for lane in given.rooms)
        closed = any(since <= start < until for since, until in given.full)
        if who and roomy and not closed and all(comes(each, start) for each in given.pieces):
            found[start] = who
    return found


def test_a_visit_begins_on_the_grid_and_ends_with_its_time_after_within_the_hours() -> None:
    alone = Lane(id=1, windows=[day(0, 10, 13)])
    assert starts(plan(alone)) == [600, 630, 660, 690]
    busy = Lane(id=1, windows=[day(0, 10, 13)], busy=[(680, 700)])
    assert starts(plan(busy)) == [600]


def test_one_hour_goes_on_into_the_next_window_that_touches_it() -> None:
    night = [day(0, 22, 24), day(1, 0, 2)]
    found = starts(plan(Lane(id=1, windows=night)))
    assert (found[0], found[-1]) == (22 * 60, 24 * 60 + 30)
    assert len(found) == 6
    apart = [day(0, 22, 24), Window(DAY + 1, DAY + 120, DAY)]
    assert starts(plan(Lane(id=1, windows=apart))) == [1320, 1350, 1470]


def test_a_stone_is_there_after_it_arrived_and_between_its_other_promises() -> None:
    lane = Lane(id=1, windows=[day(0, 8, 20)])
    elsewhere = Promise(start=14 * 60, end=15 * 60, travel_there=90, travel_here=120)
    piece = Piece(id=7, arrives=9 * 60 + 1, promises=[elsewhere])
    assert starts(plan(lane, pieces=[piece])) == [
        570, 600, 630, 660, 690, 1020, 1050, 1080, 1110,
    ]  # fmt: skip
    assert availability.is_barred(piece, start=720, length=60)
    assert not availability.is_barred(piece, start=690, length=60)


def intervals(until: int) -> st.SearchStrategy[list[Interval]]:
    ends = st.tuples(st.integers(0, until), st.integers(1, 200))
    return st.lists(ends.map(lambda at: (at[0], at[0] + at[1])), max_size=4)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    def lane(number: int) -> Lane:
        windows = []
        for each in range(2):
            opens = draw(st.integers(0, 20))
            windows.append(day(each, opens, draw(st.integers(opens + 1, 24))))
        return Lane(id=number, windows=windows, busy=availability.merged(draw(intervals(2 * DAY))))

    promised = [
        Promise(start=since, end=until, travel_there=draw(st.integers(0, 300)),
                travel_here=draw(st.integers(0, 300)))
        for since, until in draw(intervals(2 * DAY))[:2]
    ]  # fmt: skip
    return Plan(
        length=draw(st.integers(5, 120)),
        after=draw(st.integers(0, 30)),
        step=draw(st.sampled_from((5, 15, 30, 50, 60, 90, 240))),
        first=draw(st.integers(0, DAY)),
        last=draw(st.integers(DAY, 2 * DAY)),
        associates=[lane(number) for number in range(1, draw(st.integers(2, 3)))],
        rooms=draw(st.one_of(st.none(), st.just([lane(1), lane(2)]))),
        pieces=[Piece(id=1, arrives=draw(st.integers(0, DAY)), promises=promised)],
        full=draw(intervals(2 * DAY))[:1],
    )


@settings(max_examples=50, deadline=None)
@given(given=plans())
def test_what_is_shown_is_what_every_minute_says_and_what_can_be_booked(given: Plan) -> None:
    shown = availability.slots(given, since=0, until=2 * DAY)
    assert shown == naive(given, until=2 * DAY)
    for start in range(0, 2 * DAY, 5):
        alone = availability.slots(given, since=start, until=start + 1)
        assert (start in alone) == (start in shown)


def test_the_nearest_times_are_told_in_their_order_and_the_earlier_of_two_as_near() -> None:
    assert availability.nearest([0, 30, 60, 90, 300], to=60, count=3) == [30, 60, 90]
    assert availability.nearest([30, 90], to=60, count=1) == [30]
    assert availability.nearest([], to=60, count=3) == []


def test_a_room_is_named_for_a_start_when_it_is_free_then() -> None:
    hours = [day(0, 10, 18)]
    rooms = [Lane(id=1, windows=hours, busy=[(600, 675)]), Lane(id=2, windows=hours)]
    given = plan(Lane(id=1, windows=hours), rooms=rooms)
    assert availability.rooms_for(given, start=600) == (2,)
    assert availability.rooms_for(given, start=690) == (1, 2)
