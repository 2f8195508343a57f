"""The audit trail refuses to be changed or thinned out.

TRUNCATE is not refused: only the table's owner may, who could drop the trigger as well, and Django's
test cases empty tables that way.
"""

from django.db import migrations

FORBID = """
create function jeweler_audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit trail is append-only: % on % is refused', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end $$;
create trigger audit_append_only before update or delete on jeweler_auditentry
    for each row execute function jeweler_audit_is_append_only();
"""
ALLOW = """
drop trigger audit_append_only on jeweler_auditentry;
drop function jeweler_audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("jeweler", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
