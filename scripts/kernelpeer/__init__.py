"""What the integration scenarios are written with.

The peer of every scenario is the Linux kernel's own TCP. A scenario runs in a process, a network namespace and a
process namespace of its own, as root there; when that process ends, for whatever reason, the kernel ends everything
the scenario started and removes what it made.

- `scenario`: the decorator that registers a scenario, and the ways a scenario ends: `expect`, `Failure`, `Skip`
- `process`: programs that run beside the scenario, with their output at hand
- `host`: what a scenario is given: `tunstack` servers, kernel tools, a scratch directory
- `traffic`: TCP clients on kernel sockets
- `isolation`: private namespaces for a process
- `runner`: time limits, the report
"""
