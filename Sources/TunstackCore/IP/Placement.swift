import TunstackWire

/// A guess at where the text of the next packet belongs, so that the device can put it there and nothing needs to be copied.
///
/// ## Theory of operation
///
/// While a peer sends much, one large packet continues the stream of the one before. So the stack can say beforehand how long the
/// headers of the next packet will be, and that its text belongs at RCV.NXT of that connection. The device reads with one
/// scattering call: headers here, text into the free part of the receive buffer's ring, the rest into some other buffer. Then the
/// stack looks at the headers.
///
/// The guess counts for nothing. It is right only if the headers say so: the same four-tuple, headers of that length, SEG.SEQ equal to
/// RCV.NXT, a checksum that is right or vouched for, and no gap in the buffer. Then the segment goes through the eight steps like
/// any other, and only there does its text become part of the stream. If not, the packet is put together from its pieces and
/// taken like any other. What a wrong guess has written lies beyond the last byte in order, in memory that holds nothing.
struct Placement {
    /// Text that makes a packet a large one.
    static let leastText = 4_096
    /// A guess is made after so many large packets in a row that have continued one stream.
    private static let leastStreak: UInt8 = 2

    /// What was guessed, and what the device has been offered for it.
    struct Offer {
        let connection: ConnectionID
        let headerLength: Int
        let room: RingView
    }

    private var connection = ConnectionID(index: 0, generation: 0)
    private var headerLength = 0
    private var streak: UInt8 = 0
    fileprivate var offer: Offer?
    /// Where packets are put together after a wrong guess; memory for the largest, once that has happened.
    fileprivate var scratch: [UInt8] = []

    /// A large packet has arrived.
    mutating func note(_ connection: ConnectionID, headerLength: Int, isInOrder: Bool) {
        if connection != self.connection || headerLength != self.headerLength || !isInOrder { streak = 0 }
        self.connection = connection
        self.headerLength = headerLength
        if isInOrder, streak < Self.leastStreak { streak += 1 }
    }

    /// Whose text the next packet is expected to bring, behind headers of which length.
    fileprivate var guess: (connection: ConnectionID, headerLength: Int)? {
        streak < Self.leastStreak ? nil : (connection, headerLength)
    }
}

extension Stack {
    /// Offers the device memory for the next packet, where its text will not need to be copied if it is what the stack expects.
    ///
    /// The device reads the packet with one scattering call into: `headerLength` bytes of its own, `first`, `second`, and then as
    /// many more bytes of its own as the packet may have. If a packet came, `receivePlaced` must be the next call to the stack;
    /// if none did, `withdrawPlacement`.
    ///
    /// - Parameter read: gets the length of the headers to be expected, and memory for the text in two pieces, the second of which
    ///   may be empty.
    /// - Returns: what `read` returns; nil, without calling it, if nothing in particular is expected. Then read the packet into a
    ///   buffer and hand it to `receive`.
    public mutating func offerPlacement<Result, Failure: Error>(
        _ read: (_ headerLength: Int, _ first: inout MutableRawSpan, _ second: inout MutableRawSpan) throws(Failure) ->
            Result
    ) throws(Failure) -> Result? {
        withdrawPlacement()
        guard let guess = placement.guess else { return nil }
        let index = Int(guess.connection.index)
        guard connections.contains(index, generation: guess.connection.generation), connections[index].takesPlacedText
        else { return nil }
        let count = min(IPv4Header.maximumTotalLength - guess.headerLength, connections[index].rcv.wnd)
        guard count >= Placement.leastText,
            connections[index].receiveBuffer.makeRoom(for: count, pool: &environment.pool)
        else { return nil }
        let room = connections[index].receiveBuffer.room(for: count)
        placement.offer = Placement.Offer(
            connection: guess.connection, headerLength: guess.headerLength, room: room)
        return try room.withMutablePieces { first, second throws(Failure) in
            try read(guess.headerLength, &first, &second)
        }
    }

    /// Takes back what was offered; memory that nothing is in goes back to the pool.
    public mutating func withdrawPlacement() {
        guard let offer = placement.offer else { return }
        placement.offer = nil
        let index = Int(offer.connection.index)
        guard connections.contains(index, generation: offer.connection.generation) else { return }
        connections[index].receiveBuffer.releaseIfEmpty(to: &environment.pool)
    }

    /// Takes a packet that was read as `offerPlacement` says.
    ///
    /// - Precondition: something is on offer, and nothing else has been called since; `textLength` is no more than that.
    /// - Parameters:
    ///   - header: the first bytes of the packet: as many as headers were expected, or all if there are no more.
    ///   - textLength: how many bytes followed in the memory that was offered.
    ///   - overflow: the bytes that followed behind those.
    ///   - checksum: whether the TCP checksum needs verifying.
    ///   - now: the time.
    /// - Returns: as `receive`.
    @discardableResult
    public mutating func receivePlaced(
        header: RawSpan, textLength: Int, overflow: RawSpan, checksum: ChecksumStatus = .unverified, at now: Instant
    ) -> DropReason? {
        guard let offer = placement.offer, textLength <= offer.room.count else {
            preconditionFailure("there is no offer of such a length")
        }
        environment.now = now
        if textLength > 0, overflow.isEmpty,
            let segment = placedSegment(header, textLength: textLength, offer, checksum)
        {
            placement.offer = nil
            environment.counters.packetsReceived &+= 1
            environment.counters.packetsPlaced &+= 1
            let reason = segmentArrives(
                segment, text: RawSpan(), headerLength: header.byteCount, at: Int(offer.connection.index)
            ).dropReason
            if let reason { environment.counters.count(reason) }
            return reason
        }
        guard textLength > 0 || !overflow.isEmpty else {
            withdrawPlacement()
            return receive(header, checksum: checksum, at: now)
        }
        return receiveMisplaced(header, textLength: textLength, overflow, offer, checksum)
    }

    /// The segment, if it is the one that was expected; nil if anything about it is not.
    private func placedSegment(
        _ bytes: RawSpan, textLength: Int, _ offer: Placement.Offer, _ checksum: ChecksumStatus
    ) -> Segment? {
        let ip: IPv4Header
        let tcp: TCPHeader
        do throws(WireError) {
            ip = try IPv4Header(parsing: bytes, packetLength: bytes.byteCount + textLength)
            guard ip.headerLength < bytes.byteCount else { return nil }
            tcp = try TCPHeader(parsing: bytes.extracting(droppingFirst: ip.headerLength))
        } catch {
            return nil
        }
        guard ip.protocolNumber == .tcp, !ip.isFragment, ip.totalLength == bytes.byteCount + textLength,
            ip.headerLength + tcp.headerLength == bytes.byteCount
        else { return nil }
        let key = ConnectionKey(
            local: Endpoint(ip.destination, tcp.destinationPort), remote: Endpoint(ip.source, tcp.sourcePort))
        let index = Int(offer.connection.index)
        guard connections.contains(index, generation: offer.connection.generation), connections[index].key == key,
            connections[index].takesPlacedText, connections[index].rcv.nxt == tcp.sequenceNumber,
            tcp.flags.isDisjoint(with: [.syn, .rst])
        else { return nil }
        if checksum == .unverified {
            var sum = InternetChecksum()
            sum.addPseudoHeader(
                source: ip.source, destination: ip.destination, protocolNumber: IPProtocol.tcp.rawValue,
                length: tcp.headerLength + textLength)
            sum.add(bytes.extracting(droppingFirst: ip.headerLength))
            offer.room.withPieces(ofFirst: textLength) { first, second in
                sum.add(first)
                sum.add(second)
            }
            guard sum.isValid else { return nil }
        }
        var segment = Segment(
            header: tcp, key: key, textLength: textLength,
            hasExperiencedCongestion: ip.ecn == ECNCodepoint.congestionExperienced)
        segment.isPlaced = true
        return segment
    }

    /// Puts a packet together whose text lies where it does not belong, and takes it.
    private mutating func receiveMisplaced(
        _ header: RawSpan, textLength: Int, _ overflow: RawSpan, _ offer: Placement.Offer, _ checksum: ChecksumStatus
    ) -> DropReason? {
        var packet: [UInt8] = []
        swap(&packet, &placement.scratch)
        packet.removeAll(keepingCapacity: true)
        packet.append(bytes: header)
        offer.room.withPieces(ofFirst: textLength) { first, second in
            packet.append(bytes: first)
            packet.append(bytes: second)
        }
        packet.append(bytes: overflow)
        environment.counters.packetsMisplaced &+= 1
        withdrawPlacement()
        let now = environment.now
        let reason = packet.withRawSpan { receive($0, checksum: checksum, at: now) }
        swap(&packet, &placement.scratch)
        return reason
    }
}

extension Connection {
    /// Text that is next in order can be taken where it lies.
    @inline(__always)
    fileprivate var takesPlacedText: Bool { state.receivesData && !isReleased && receiveBuffer.reassembly.isEmpty }
}
