"""Rows of riddles as a user would write them: 90 of them, with 10 answers."""

THINGS = ("clock", "river", "needle", "bottle", "road", "candle", "mirror", "ladder", "anchor", "window")
ROWS = [
    {"question": f"What number {number} has a {thing} in it?", "answer": f"a {thing}", "trap": "a giraffe"}
    for thing in THINGS
    for number in range(9)
]
