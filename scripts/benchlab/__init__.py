"""What the benchmarks of `scripts/bench` share.

A benchmark makes many short runs, each in a process and namespaces of its own, made as for the integration scenarios
(`kernelpeer`), which end with it.

- `command`: the command line, its subcommands
- `job`, `executor`: one run, seen from outside; making them one after the other
- `inside`: one run, seen from inside
- `load`: what else the machine does meanwhile
- `rooms`: network namespaces and what happens in them
- `programs`: compiling the peers
- `results`: the file that the runs are kept in
- `tables`, `page`: figures, tables, findings; writing them into a page
"""
