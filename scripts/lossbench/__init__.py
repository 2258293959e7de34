"""What `scripts/bench loss` is made of: TCP stacks side by side over the same emulated path.

A run is one measurement: one cell of the matrix (a path), one lineup (who sends to whom) and one seed. It happens in
a process and namespaces of its own, made as for the integration scenarios (`kernelpeer`), and ends with them.

- `cells`: the paths, and the matrix
- `lineups`: who sends to whom
- `stacks`: how each implementation is started, and what it counts
- `laboratory`: the namespaces, the emulated path between them
- `measure`: one run
- `programs`: compiling the emulator and the peers
- `results`: the file that the runs are kept in
- `plan`: which runs, in which order
- `expectation`, `disturbance`: how fast a run may be, and whether it was left alone
- `execute`: doing the runs, several at a time
- `summary`, `verdict`, `markdown`: what came out
- `check`: is the emulator itself right?
- `command`: the command line
"""
