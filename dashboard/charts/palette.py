"""One meaning per colour, everywhere. The tones keep their contrast on a light and on a dark page."""

REACHED = "#2a7f9e"  # went on, in time, the partner's own shrunken rate: the accent
OPEN = "#a9cfdd"  # still waiting, still inside the window: the accent's light tint
BAND = "rgba(42, 127, 158, 0.2)"  # an interval round the accent, on a light and on a dark page
LOST = "#d9743a"  # lost, late, overdue: the one warm colour
CONTEXT = "#8b95a1"  # targets, raw rates, what is only there to compare with

TONES = {"good": REACHED, "open": OPEN, "bad": LOST, "context": CONTEXT}
"""The same, by what a quantity means."""
