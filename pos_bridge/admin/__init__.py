"""The back office's pages for what tills tell us, and for whom we tell."""

from pos_bridge.admin import connections, tills, webhooks

__all__ = ["connections", "tills", "webhooks"]
