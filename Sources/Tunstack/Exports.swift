// Whoever imports Tunstack also gets the values that its calls take and give: addresses, ports, options, states, counters.
@_exported public import TunstackCore
@_exported public import TunstackLinux
@_exported public import TunstackWire
