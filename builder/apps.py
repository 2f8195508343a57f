from django.apps import AppConfig
from django.core import checks


class BuilderConfig(AppConfig):
    name = "builder"
    verbose_name = "Designs and stones"

    def ready(self) -> None:
        from builder.checks import prices  # noqa: PLC0415  models are not there before

        checks.register(prices, checks.Tags.database)
