"""What `scripts/bench micro` is made of: single operations, counted in instructions, allocations and nanoseconds.

- `operations`: which ones
- `callgrind`: counting instructions and allocations
- `baseline`: what was counted before, and what has grown
- `command`: the subcommand
"""
