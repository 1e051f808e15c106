"""Whether what is on record is what was written: seals, anchors, and rows beside their events."""
