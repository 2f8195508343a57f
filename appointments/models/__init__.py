from appointments.models.diary import DayPlace, OutsideBusy, PieceHold, RoomBusy, StaffBusy
from appointments.models.hours import OpeningHours, Showroom, SpecialHours, TransferTime
from appointments.models.people import Associate, Shift, ShiftChange
from appointments.models.services import Service
from appointments.models.terms import TermsVersion
from appointments.models.visits import Appointment, VisitDesign, VisitEvent, VisitTask
from appointments.models.waiting import Memo, WaitlistEntry

__all__ = [
    "Appointment", "Associate", "DayPlace", "Memo", "OpeningHours", "OutsideBusy", "PieceHold",
    "RoomBusy", "Service", "Shift", "ShiftChange", "Showroom", "SpecialHours", "StaffBusy",
    "TermsVersion", "TransferTime", "VisitDesign", "VisitEvent", "VisitTask", "WaitlistEntry",
]  # fmt: skip
