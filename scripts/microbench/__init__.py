"""What `scripts/bench micro` is made of: single operations, counted in instructions, allocations and so on.

- `operations`: which ones
- `callgrind`: counting instructions, allocations and retains
- `baseline`: what was counted before, and what has grown
- `command`: the subcommand
"""
