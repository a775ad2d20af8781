"""Random histories over real processes: API server, operator, simulator, and a faulty way between them.

A history is a list of moves made of a seed (`history`, pure), played on a stage (`play`, with what each move does in
`moves`), and judged when the faults have ended (`oracle`). `known` names what is left out until it is mended.
`pytest tests/explorer/processes --seed N` plays one again: the same moves, at the same points of the operator's
work as nearly as real processes allow.
"""
