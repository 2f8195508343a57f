from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JewelerConfig(AppConfig):
    name = "jeweler"
    verbose_name = "House"

    def ready(self) -> None:
        # Subscribers register themselves; the rooms that publish never know them. So do the voices of the health check.
        autodiscover_modules("handlers", "health")
