"""Visits that were kept before services were: each was a consultation, with one design and in one form."""

import uuid

from django.db import migrations


def fill(apps, schema_editor):
    Appointment = apps.get_model("appointments", "Appointment")
    if not Appointment.objects.exists():
        return
    Service = apps.get_model("appointments", "Service")
    VisitDesign = apps.get_model("appointments", "VisitDesign")
    consultation, _ = Service.objects.get_or_create(
        code="consultation", defaults={"name": "Consultation"}
    )
    visits = list(Appointment.objects.all())
    for visit in visits:
        visit.service, visit.uid, visit.key = consultation, uuid.uuid4(), uuid.uuid4()
    Appointment.objects.bulk_update(visits, ["service", "uid", "key"], batch_size=1000)
    VisitDesign.objects.bulk_create(
        VisitDesign(appointment=visit, design_id=visit.design_id)
        for visit in visits
        if visit.design_id
    )


class Migration(migrations.Migration):
    dependencies = [("appointments", "0002_showrooms")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
