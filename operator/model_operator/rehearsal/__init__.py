"""What the operator would do, found out by letting the real passes do it: reads are real, writes go nowhere.

`overlay` stands for the API server, `catching` for the way to the providers, `imagined` for what they would show
afterwards; `stage` runs the passes between them, and `plan` is what came of it.
"""
