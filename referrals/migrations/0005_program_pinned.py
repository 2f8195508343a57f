"""Every referral has terms: those that were locked before there were any get the house's first ones.

What was promised and what happened is never changed: terms, touches and the log of a referral refuse it, and so does a referral
that has ended. TRUNCATE is not refused (see 0003).
"""

from datetime import timedelta

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

FORWARD = """
create function referrals_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % is refused; write what is new beside it', tg_table_name, tg_op
        using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete on referrals_terms
    for each row execute function referrals_is_append_only();
create trigger append_only before update or delete on referrals_termsamount
    for each row execute function referrals_is_append_only();
create trigger append_only before update or delete on referrals_referralevent
    for each row execute function referrals_is_append_only();
create trigger never_deleted before delete on referrals_touch
    for each row execute function referrals_is_append_only();
-- A touch is forgotten with its browser, and changes in no other way.
create trigger append_only before update on referrals_touch for each row
    when (new.visitor_id is not null or (to_jsonb(new) - 'visitor_id' - 'network_hash' - 'agent_hash')
          <> (to_jsonb(old) - 'visitor_id' - 'network_hash' - 'agent_hash'))
    execute function referrals_is_append_only();

create function referrals_ended_stays_so() returns trigger language plpgsql as $$
begin
    raise exception 'referral % has ended as %: nothing changes it any more', old.id, old.state
        using errcode = 'restrict_violation';
end $$;
create trigger ended_stays_so before update on referrals_referral for each row
    when (old.closed_at is not null and (new.state, new.reason, new.sale_id, new.closed_at, new.advocate_id)
          is distinct from (old.state, old.reason, old.sale_id, old.closed_at, old.advocate_id))
    execute function referrals_ended_stays_so();
"""
BACKWARD = """
drop trigger ended_stays_so on referrals_referral;
drop function referrals_ended_stays_so();
drop trigger append_only on referrals_touch;
drop trigger never_deleted on referrals_touch;
drop trigger append_only on referrals_referralevent;
drop trigger append_only on referrals_termsamount;
drop trigger append_only on referrals_terms;
drop function referrals_is_append_only();
"""


def pin(apps, schema_editor):
    referral = apps.get_model("referrals", "Referral")
    if not referral.objects.exists():
        return
    now = timezone.now()
    first = referral.objects.earliest("locked_at").locked_at
    program = apps.get_model("referrals", "Program").objects.create(
        code="house", name="Friends of the house", begins_at=first
    )
    terms = apps.get_model("referrals", "Terms").objects.create(
        program=program,
        version=1,
        in_force_from=first,
        disclosure="I may receive a thank-you if you buy.",
        created_at=now,
    )
    apps.get_model("referrals", "TermsAmount").objects.create(
        terms=terms, currency="USD", minimum=500, reward=100
    )
    referral.objects.update(
        terms=terms,
        lock_ends_at=models.F("locked_at") + timedelta(days=366),
        time_zone=str(settings.HOUSE_TIME_ZONE),
        look_at=now,
    )
    schema_editor.execute("set constraints all immediate")


class Migration(migrations.Migration):
    dependencies = [("referrals", "0004_program")]
    operations = [
        migrations.RunPython(pin, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="referral",
            name="lock_ends_at",
            field=models.DateTimeField(
                help_text="An order placed before then is hers to thank for"
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="terms",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals",
                to="referrals.terms",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="time_zone",
            field=models.CharField(help_text="By whose midnights its days end", max_length=64),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
