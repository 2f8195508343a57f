"""Entries and transactions are never changed, and balances follow from entries alone: the database refuses everything else.

TRUNCATE is not refused: only the tables' owner may, who could drop the triggers as well, and Django's test cases empty tables
that way.
"""

from django.db import migrations

FORWARD = """
create function referrals_credit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the credit ledger is append-only: % on % is refused; write an entry that reverses it', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end $$;
create trigger credit_append_only before update or delete on referrals_creditentry
    for each row execute function referrals_credit_is_append_only();
create trigger credit_append_only before update or delete on referrals_credittransaction
    for each row execute function referrals_credit_is_append_only();

create function referrals_credit_entry_counts() returns trigger language plpgsql as $$
begin
    update referrals_creditlot set
        available = available + case 'available' when new.target then new.amount when new.source then -new.amount else 0 end,
        held = held + case 'held' when new.target then new.amount when new.source then -new.amount else 0 end,
        spent = spent + case 'spent' when new.target then new.amount when new.source then -new.amount else 0 end
    where id = new.lot_id;
    if 'owed' in (new.source, new.target) then
        update referrals_creditaccount
        set owed = owed + case 'owed' when new.source then new.amount else -new.amount end
        where id = (select account_id from referrals_creditlot where id = new.lot_id);
    end if;
    return null;
end $$;
create trigger credit_entry_counts after insert on referrals_creditentry
    for each row execute function referrals_credit_entry_counts();

create function referrals_credit_balance_is_derived() returns trigger language plpgsql as $$
begin
    raise exception 'balances of % follow from credit entries and are not written by hand', tg_table_name
        using errcode = 'restrict_violation';
end $$;
create trigger credit_balance_is_derived before update on referrals_creditlot for each row
    when (pg_trigger_depth() = 0 and (new.face, new.available, new.held, new.spent, new.account_id)
          is distinct from (old.face, old.available, old.held, old.spent, old.account_id))
    execute function referrals_credit_balance_is_derived();
create trigger credit_balance_begins_empty before insert on referrals_creditlot for each row
    when (new.available <> 0 or new.held <> 0 or new.spent <> 0)
    execute function referrals_credit_balance_is_derived();
create trigger credit_balance_is_derived before update on referrals_creditaccount for each row
    when (pg_trigger_depth() = 0 and new.owed is distinct from old.owed)
    execute function referrals_credit_balance_is_derived();
create trigger credit_balance_begins_empty before insert on referrals_creditaccount for each row
    when (new.owed <> 0) execute function referrals_credit_balance_is_derived();
"""
BACKWARD = """
drop trigger credit_balance_begins_empty on referrals_creditaccount;
drop trigger credit_balance_is_derived on referrals_creditaccount;
drop trigger credit_balance_begins_empty on referrals_creditlot;
drop trigger credit_balance_is_derived on referrals_creditlot;
drop trigger credit_entry_counts on referrals_creditentry;
drop trigger credit_append_only on referrals_credittransaction;
drop trigger credit_append_only on referrals_creditentry;
drop function referrals_credit_balance_is_derived();
drop function referrals_credit_entry_counts();
drop function referrals_credit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("referrals", "0002_credit")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
