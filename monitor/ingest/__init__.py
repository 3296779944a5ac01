"""One feed's way in: fetch (network), read (in a killable child), dedupe and cadence (pure).

Knows no SQL, no labels, no clock but the network's own; speaks the values of `monitor.types`.
"""
