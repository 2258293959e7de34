"""What `scripts/bench loss` is made of: TCP stacks side by side over the same emulated path.

A run is one measurement: one cell of the matrix (a path), one lineup (who sends to whom) and one seed. What it shares
with other benchmarks is in `benchlab`.

- `cells`: the paths, and the matrix
- `lineups`: who sends to whom
- `stacks`: how each implementation is started, and what it counts
- `laboratory`: the namespaces, the emulated path between them
- `measure`: one run
- `plan`: which runs, in which order
- `expectation`, `disturbance`: how fast a run may be, and whether it was left alone
- `results`: the runs that have been made
- `summary`, `verdict`: what came out
- `check`: is the emulator itself right?
- `command`: the subcommands
"""
