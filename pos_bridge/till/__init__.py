"""The till's API, /api/v1/till/…: look up a design, a customer, a friend's code; hold, capture and release store credit.

Promise: a till sees its own store's designs and what a customer hands over whole, never a list to leaf through; every question is
written down and limited by the till; a call that spends credit has one effect however often it is made; and every refusal is a
problem document that names the thing and the way out. Described at /api/v1/schema/ and in docs/till-api.md.
"""
