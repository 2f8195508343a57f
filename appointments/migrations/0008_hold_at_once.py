"""Hold a time by one question (appointments.holding says what for)."""

from django.db import migrations

FORWARD = """
create function appointments_hold(
    terms uuid, names text[], patience text, asked_at timestamptz, lasts interval,
    new_uid uuid, new_key uuid, new_hash text, at_store bigint, for_service bigint, by_visitor bigint, new_source text,
    starts timestamptz, ends timestamptz, whole tstzrange, wall text, week_from timestamptz, week_until timestamptz,
    people bigint[], rooms int, on_day date, most int,
    out said text, out visit bigint, out person bigint, out begun_at timestamptz
) language plpgsql set plan_cache_mode = force_generic_plan as $$  -- planning each anew takes longer than the answer
declare
    until timestamptz;
    lane int;
    place int;
    has_person boolean := false;
    has_room boolean := rooms is null;
    has_place boolean := most is null;
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
    begun_at := asked_at;
    if cardinality(names) > 0 then
        perform set_config('lock_timeout', patience, true);
        perform pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest(names) as name;
        begun_at := asked_at
            + interval '0.1 seconds' * floor(extract(epoch from clock_timestamp() - statement_timestamp()) * 10);
    end if;
    if exists (
        select from appointments_appointment
        where status = 'held' and expires_at <= begun_at and key <> new_key
    ) or (by_visitor is not null and exists (
        select from appointments_appointment
        where visitor_id = by_visitor and status = 'held' and key <> new_key
    )) then
        said := 'untidy';
        return;
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
    said := 'taken';
    if has_person and has_room and has_place then
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
            return;
        end if;
        said := 'known';
    end if;
    delete from appointments_staffbusy where appointment_id = visit;
    delete from appointments_roombusy where appointment_id = visit;
    delete from appointments_dayplace where appointment_id = visit;
end $$;
"""

BACKWARD = """
drop function appointments_hold(
    uuid, text[], text, timestamptz, interval, uuid, uuid, text, bigint, bigint, bigint, text,
    timestamptz, timestamptz, tstzrange, text, timestamptz, timestamptz, bigint[], int, date, int
);
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0007_terms_version")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
