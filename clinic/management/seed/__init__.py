"""The demonstration: two invented clinics with two years behind them, lived through by the product's own services.

`people` and `courses` invent (pure, from a fixed seed), `lives` lets each patient's story happen day by day through the
services, `letters` runs the reminder engine on those days, `world` holds the whole together. Nobody in it exists.
"""
