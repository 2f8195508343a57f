"""The tills: how each is reached, and everything each has told us; and whom we tell what happened here."""

from pos_bridge.models.connections import Alarm, Connection, Fetch, Place, TillCustomer
from pos_bridge.models.devices import IdempotencyKey, TillDevice
from pos_bridge.models.inbox import InboxEvent
from pos_bridge.models.invoices import Checkout, Invoice, InvoicePart, InvoiceStage
from pos_bridge.models.outgoing import WebhookAttempt, WebhookEndpoint, WebhookMessage
from pos_bridge.models.registers import Discrepancy, ReconciliationRun, RegisterClosure
from pos_bridge.models.slots import Slot
from pos_bridge.models.stock import Item, ReturnedStone, StockLevel
from pos_bridge.models.tickets import (
    CounterAct,
    CounterLine,
    CounterTicket,
    DrawerCount,
    Tender,
)

__all__ = [
    "Alarm",
    "Checkout",
    "Connection",
    "CounterAct",
    "CounterLine",
    "CounterTicket",
    "Discrepancy",
    "DrawerCount",
    "Fetch",
    "IdempotencyKey",
    "InboxEvent",
    "Invoice",
    "InvoicePart",
    "InvoiceStage",
    "Item",
    "Place",
    "ReconciliationRun",
    "RegisterClosure",
    "ReturnedStone",
    "Slot",
    "StockLevel",
    "Tender",
    "TillCustomer",
    "TillDevice",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookMessage",
]
