"""What `scripts/bench throughput` is made of: TCP stacks side by side, as fast as each can.

A run is one measurement: one test, one configuration of a stack and one round. In each round every configuration has
its turn in every test. What it shares with other benchmarks is in `benchlab`.

- `catalogue`: the tests, the configurations
- `stacks`: how each configuration is started
- `room`: the namespaces, the client
- `measure`: one run
- `plan`: which runs, in which order
- `results`: the runs that have been made
- `summary`, `verdict`, `chart`: what came out
- `command`: the subcommand
"""
