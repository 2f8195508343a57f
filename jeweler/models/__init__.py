from jeweler.models.audit import AuditEntry
from jeweler.models.customer import (
    ContactPoint,
    Customer,
    CustomerMerge,
    IdentityEdge,
    Visitor,
)
from jeweler.models.mail import EmailMessage, MailRefusal
from jeweler.models.outbox import OutboxDelivery, OutboxEvent
from jeweler.models.sale import Payment, Refund, Sale, SaleEvidence, SaleLine
from jeweler.models.store import PriceMode, StaffMember, Store, TaxDisplay

__all__ = [
    "AuditEntry",
    "ContactPoint",
    "Customer",
    "CustomerMerge",
    "EmailMessage",
    "IdentityEdge",
    "MailRefusal",
    "OutboxDelivery",
    "OutboxEvent",
    "Payment",
    "PriceMode",
    "Refund",
    "Sale",
    "SaleEvidence",
    "SaleLine",
    "StaffMember",
    "Store",
    "TaxDisplay",
    "Visitor",
]
