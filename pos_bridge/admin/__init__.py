"""The back office's pages for what tills tell us, and for whom we tell."""

from pos_bridge.admin import tills, webhooks

__all__ = ["tills", "webhooks"]
