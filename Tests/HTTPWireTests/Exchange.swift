import HTTPWire

/// The least driver that can be: reads one request, body and all, as a transport would.
struct Exchange: ~Copyable {
    /// What was understood of a request.
    struct Reading: Equatable {
        var method: Method
        var target: Target
        var version: Version
        var fieldCount: Int
        var body: [UInt8]
    }

    enum Verdict: Equatable {
        case waiting
        case refused(WireError)
        /// A whole request, and what is left behind it.
        case read(Reading, left: [UInt8])
    }

    private(set) var state: ConnectionState
    private(set) var sentContinue = false
    private var buffer = ReceiveBuffer()
    private var head: RequestHead?
    private var body: [UInt8] = []

    init(limits: WireLimits = WireLimits()) {
        state = ConnectionState(limits: limits)
    }

    static func verdict(on pieces: [[UInt8]], limits: WireLimits = WireLimits()) -> Verdict {
        var exchange = Exchange(limits: limits)
        var verdict = Verdict.waiting
        for piece in pieces {
            verdict = exchange.receive(piece)
            if case .refused = verdict { return verdict }
        }
        return verdict
    }

    mutating func receive(_ piece: [UInt8]) -> Verdict {
        piece.withUnsafeBytes { buffer.append($0) }
        do {
            while true {
                if let verdict = head == nil ? readHead() : try readBody() { return verdict }
            }
        } catch {
            return .refused(error)
        }
    }

    private mutating func readHead() -> Verdict? {
        switch buffer.withUnread({ state.receive($0) }) {
        case .read:
            return .waiting
        case .refuse(let error):
            return .refused(error)
        case .dispatch(let head, _, let consumed):
            self.head = head
            buffer.consume(consumed)
            return nil
        }
    }

    private mutating func readBody() throws(WireError) -> Verdict? {
        let step = try buffer.withUnread { (unread) throws(WireError) in try state.pull(unread) }
        switch step {
        case .sendContinue:
            sentContinue = true
            return nil
        case .piece(let range):
            body += buffer.withUnread { Array($0[range]) }
            buffer.consume(range.upperBound)
            return nil
        case .read:
            buffer.consume(buffer.count)
            return .waiting
        case .end(let consumed):
            buffer.consume(consumed)
            return head.map { .read(reading($0), left: buffer.withUnread { Array($0) }) }
        }
    }

    private func reading(_ head: RequestHead) -> Reading {
        Reading(
            method: head.method, target: head.target, version: head.version,
            fieldCount: head.headers.count, body: body)
    }
}
