"""Stones and rings too are held by one question, and holds that ran out are let go by it (appointments.holding says what for).

The function without them stays for processes that were started before this migration; the next release drops it.
"""

from django.db import migrations

# One of the stones cannot arrive in time, or is promised elsewhere so near that the way there or back takes longer. A promise in a
# store whose ways are not known bars it too: then it is worked out at length.
STONE_TAKEN = """exists (
            select from unnest(arrivals) as arrival where arrival + (coalesce(begun_at, asked_at) - asked_at) > starts
        ) or exists (
            select from appointments_piecehold as other
            left join unnest(way_stores, ways_here, ways_there) as way (store, here, there) on way.store = other.store_id
            where other.stone_id = any (stones) and other.state in ('held', 'promised')
              and (other.expires_at is null or other.expires_at > {at})
              and (way.store is null or (
                  upper(other.during) + make_interval(mins => way.here) > starts
                  and ends + make_interval(mins => way.there) > lower(other.during)
              ))
        )"""

# Its stone goes on from there to another visit, whose way then begins elsewhere.
LEADS_ON = """exists (
                select from appointments_piecehold as later
                where later.stone_id = lapsed.stone_id and later.appointment_id <> lapsed.appointment_id
                  and later.state in ('held', 'promised') and lower(later.during) >= upper(lapsed.during)
            )"""

# Somebody is at work on its stone, or the stone goes on from there.
IN_USE = f"""lapsed.state in ('held', 'promised') and ({LEADS_ON}
                or not pg_try_advisory_xact_lock(hashtextextended('promised stone ' || lapsed.stone_id, 0)))"""

FORWARD = f"""
create function appointments_hold(
    terms uuid, names text[], patience text, asked_at timestamptz, lasts interval,
    new_uid uuid, new_key uuid, new_hash text, at_store bigint, for_service bigint, by_visitor bigint, new_source text,
    starts timestamptz, ends timestamptz, whole tstzrange, wall text, week_from timestamptz, week_until timestamptz,
    people bigint[], rooms int, on_day date, most int,
    designs bigint[], stones bigint[], places bigint[], deliveries int[], arrivals timestamptz[],
    way_stores bigint[], ways_here int[], ways_there int[],
    out said text, out visit bigint, out person bigint, out begun_at timestamptz
) language plpgsql set plan_cache_mode = force_generic_plan as $$  -- planning each anew takes longer than the answer
declare
    until timestamptz;
    lane int;
    place int;
    has_person boolean := false;
    has_room boolean := rooms is null;
    has_place boolean := most is null;
    has_stones boolean := cardinality(stones) = 0;
    hers bigint[] := '{{}}';
begin
    if not exists (select from appointments_termsversion where id = 1 and token = terms) then
        said := 'stale';
        return;
    end if;
    -- Who comes too late learns it here, and waits for nobody.
    if not exists (
        select from unnest(people) as one
        where not exists (
            select from appointments_staffbusy as taken
            where taken.associate_id = one and taken.blocked && whole
              and (taken.expires_at is null or taken.expires_at > asked_at)
        ) and not exists (
            select from appointments_outsidebusy as outside
            where outside.associate_id = one and outside.during && whole
              and lower(outside.during) >= lower(whole) - interval '1 day' and lower(outside.during) < upper(whole)
        )
    ) then
        said := 'taken';
        return;
    end if;
    if not has_stones then
        if exists (select from builder_stone where id = any (stones) and status in ('sold', 'withdrawn')) then
            said := 'gone';
            return;
        end if;
        if {STONE_TAKEN.format(at="asked_at")} then
            said := 'taken';
            return;
        end if;
    end if;
    begun_at := asked_at;
    if cardinality(names) > 0 then
        perform set_config('lock_timeout', patience, true);
        perform pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest(names) as name;
        begun_at := asked_at
            + interval '0.1 seconds' * floor(extract(epoch from clock_timestamp() - statement_timestamp()) * 10);
    end if;
    if not has_stones then
        if exists (
            select from unnest(stones, places, deliveries) as known (id, place, days)
            left join builder_stone as stone on stone.id = known.id
            where stone.id is null or stone.status in ('sold', 'withdrawn')
               or stone.store_id is distinct from known.place or stone.delivery_days <> known.days
        ) then
            said := 'gone';
            return;
        end if;
        if {STONE_TAKEN.format(at="begun_at")} then
            said := 'taken';
            return;
        end if;
        if exists (
            select from appointments_piecehold as lapsed
            where stone_id = any (stones) and state = 'held' and expires_at <= begun_at and {LEADS_ON}
        ) then
            said := 'untidy';
            return;
        end if;
    end if;
    if by_visitor is not null then
        -- What she held before ends with this one, and not if this one is refused.
        hers := array(
            select id from appointments_appointment where visitor_id = by_visitor and status = 'held' and key <> new_key
        );
        if exists (select from appointments_piecehold as lapsed where appointment_id = any (hers) and {IN_USE}) then
            said := 'untidy';
            return;
        end if;
    end if;
    if exists (select from appointments_appointment where status = 'held' and expires_at <= begun_at and key <> new_key) then
        -- What ran out is let go; what is in use, by whoever works it out at length.
        with lapsed as (
            select id from appointments_appointment as old
            where status = 'held' and expires_at <= begun_at and key <> new_key
              and not exists (select from appointments_piecehold as lapsed where appointment_id = old.id and {IN_USE})
            order by id for update skip locked
        ), expired as (
            update appointments_appointment set status = 'expired'
            from lapsed where appointments_appointment.id = lapsed.id returning lapsed.id
        ), those_people as (
            delete from appointments_staffbusy using expired where appointment_id = expired.id
        ), those_rooms as (
            delete from appointments_roombusy using expired where appointment_id = expired.id
        ), those_days as (
            delete from appointments_dayplace using expired where appointment_id = expired.id
        )
        update appointments_piecehold set state = 'expired', ended_at = begun_at
        from expired where appointment_id = expired.id and state = 'held';
    end if;
    if not has_stones then
        update appointments_piecehold set state = 'expired', ended_at = begun_at
        where stone_id = any (stones) and state = 'held' and expires_at <= begun_at;
    end if;
    until := begun_at + lasts;
    visit := nextval('appointments_appointment_id_seq');
    -- Whose turn it is: fewest visits in the store's week, then the longest without one.
    for person in
        select one from unnest(people) as one
        left join appointments_appointment as theirs on theirs.associate_id = one
            and theirs.status not in ('expired', 'cancelled')
            and theirs.starts_at >= week_from and theirs.starts_at < week_until
        where not exists (
            select from appointments_staffbusy as taken
            where taken.associate_id = one and taken.blocked && whole
        ) and not exists (
            select from appointments_outsidebusy as outside
            where outside.associate_id = one and outside.during && whole
              and lower(outside.during) >= lower(whole) - interval '1 day' and lower(outside.during) < upper(whole)
        )
        group by one
        order by count(theirs.id), max(theirs.starts_at) nulls first, one
    loop
        insert into appointments_staffbusy (associate_id, blocked, appointment_id, reason, expires_at)
        values (person, whole, visit, '', until) on conflict do nothing;
        has_person := found;
        exit when has_person;
    end loop;
    if has_person and not has_room then
        for lane in
            select number from generate_series(1, rooms) as number
            where not exists (
                select from appointments_roombusy as taken
                where taken.store_id = at_store and taken.lane = number and taken.during && whole
            ) order by number
        loop
            insert into appointments_roombusy (store_id, lane, during, appointment_id, expires_at)
            values (at_store, lane, whole, visit, until) on conflict do nothing;
            has_room := found;
            exit when has_room;
        end loop;
    end if;
    if has_person and has_room and not has_place then
        select number into place from generate_series(1, most) as number
        where not exists (
            select from appointments_dayplace as taken
            where taken.store_id = at_store and taken.service_id = for_service
              and taken.day = on_day and taken.number = number.number
        ) and (
            select count(*) from appointments_dayplace as taken
            where taken.store_id = at_store and taken.service_id = for_service and taken.day = on_day
        ) < most order by number limit 1;
        if found then
            insert into appointments_dayplace (store_id, service_id, day, number, appointment_id, expires_at)
            values (at_store, for_service, on_day, place, visit, until) on conflict do nothing;
            has_place := found;
        end if;
    end if;
    if has_person and has_room and has_place and not has_stones then
        insert into appointments_piecehold (
            stone_id, store_id, appointment_id, during, occupied, state, expires_at, created_at, why
        )
        select known.id, at_store, visit, tstzrange(starts, ends),
               tstzrange(starts - make_interval(mins => coalesce(way.minutes, 0)), ends), 'held', until, begun_at, ''
        from unnest(stones, places) with ordinality as known (id, place, number)
        left join lateral (
            select earlier.store_id from appointments_piecehold as earlier
            where earlier.stone_id = known.id and earlier.state in ('held', 'promised') and lower(earlier.during) < starts
              and earlier.appointment_id <> all (hers)
            order by lower(earlier.during) desc limit 1
        ) as earlier on true
        left join unnest(way_stores, ways_here) as way (store, minutes) on way.store = coalesce(earlier.store_id, known.place)
        order by known.number
        on conflict do nothing;
        get diagnostics place = row_count;
        has_stones := place = cardinality(stones);
    end if;
    said := 'taken';
    if has_person and has_room and has_place and has_stones then
        insert into appointments_appointment (
            id, uid, key, asked_hash, store_id, service_id, associate_id, visitor_id, status, source, starts_at, ends_at,
            wall_start, visitor_zone, held_at, expires_at, is_extended, sequence, link_version, email, phone, language,
            occasion, is_surprise, note, risk, flag, outcome, lost_reason
        ) values (
            visit, new_uid, new_key, new_hash, at_store, for_service, person, by_visitor, 'held', new_source, starts, ends,
            wall, '', begun_at, until, false, 0, 0, '', '', '', '', false, '', '', '', '', ''
        ) on conflict (key) do nothing;
        if found then
            said := 'held';
            if cardinality(hers) > 0 then
                update appointments_appointment set status = 'expired' where id = any (hers);
                delete from appointments_staffbusy where appointment_id = any (hers);
                delete from appointments_roombusy where appointment_id = any (hers);
                delete from appointments_dayplace where appointment_id = any (hers);
                update appointments_piecehold set state = 'expired', ended_at = begun_at
                where appointment_id = any (hers) and state = 'held';
            end if;
            insert into appointments_visitdesign (appointment_id, design_id, position, was_tried)
            select visit, design, number - 1, false from unnest(designs) with ordinality as chosen (design, number);
            -- What each stone is promised to next begins from here now.
            update appointments_piecehold as hold
            set occupied = tstzrange(lower(hold.during) - make_interval(mins => way.minutes), upper(hold.during))
            from (
                select distinct on (later.stone_id) later.id, later.store_id from appointments_piecehold as later
                where later.stone_id = any (stones) and later.state in ('held', 'promised') and lower(later.during) >= ends
                  and later.appointment_id <> all (hers)
                order by later.stone_id, lower(later.during)
            ) as later join unnest(way_stores, ways_there) as way (store, minutes) on way.store = later.store_id
            where hold.id = later.id and lower(hold.occupied) <> lower(hold.during) - make_interval(mins => way.minutes);
            return;
        end if;
        said := 'known';
    end if;
    delete from appointments_staffbusy where appointment_id = visit;
    delete from appointments_roombusy where appointment_id = visit;
    delete from appointments_dayplace where appointment_id = visit;
    delete from appointments_piecehold where appointment_id = visit;
end $$;

create trigger terms_changed after insert or update or delete or truncate on appointments_transfertime
for each statement execute function appointments_terms_changed();
"""  # noqa: S608  names are ours

BACKWARD = """
drop trigger terms_changed on appointments_transfertime;
drop function appointments_hold(
    uuid, text[], text, timestamptz, interval, uuid, uuid, text, bigint, bigint, bigint, text,
    timestamptz, timestamptz, tstzrange, text, timestamptz, timestamptz, bigint[], int, date, int,
    bigint[], bigint[], bigint[], int[], timestamptz[], bigint[], int[], int[]
);
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0008_hold_at_once"), ("builder", "0020_lookups_by_tills")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
