// Any bytes, as pipelined requests, give the same exchanges and the same end of the connection
// whole, byte by byte and in pieces, whatever the handlers read and answer; no more bytes are
// kept than the limits say; and no answer has a line that was not meant.

import HTTPWire

@_cdecl("LLVMFuzzerTestOneInput")
func connectionState(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = Input(start, count)
    let limits = input.limits()
    let behaviours = (0..<16).map { _ in
        Behaviour(readsBody: input.choose(3) > 0, isStraight: input.choose(2) == 0, input.choose(6))
    }
    let traces = input.deliveries().map { ends in
        var exchanges = Exchanges(of: input.bytes, behaviours, limits)
        return exchanges.run(upTo: ends)
    }
    for trace in traces {
        precondition(trace == traces[0], "the exchanges depend on the delivery")
    }
    return 0
}

/// What a handler does, chosen before its request is known.
private struct Behaviour {
    let readsBody: Bool
    /// Whether bytes of a body that are already there are taken past ``ConnectionState/pull(_:)``.
    let isStraight: Bool
    let answer: Int

    init(readsBody: Bool, isStraight: Bool, _ answer: Int) {
        (self.readsBody, self.isStraight, self.answer) = (readsBody, isStraight, answer)
    }

    /// The answer; `echo` is text of the client's, which a careless handler may put into a field.
    func response(echo: String) -> Response {
        switch answer {
        case 0: Response(.ok)
        case 1: Response(.noContent)
        case 2: Response(.ok, body: .bytes([1, 2, 3]))
        case 3: Response(.ok, body: .stream { _ in })
        case 4: Response(.ok, headers: [("X-Echo", echo)])
        default: Response(.ok, headers: [(echo, "1")])
        }
    }
}

/// What happened, without what may depend on the delivery: whether 100 was sent, and whether the
/// client may still be sending when the connection closes.
private enum Event: Equatable {
    case head([UInt8], declaredLength: Int?)
    case body([UInt8], WireError?)
    case refused(WireError)
    case answered(ResponsePlan, head: [UInt8])
    case nextRequest, drain, closed
}

/// The least transport there can be.
private struct Exchanges: ~Copyable {
    private enum Mode { case head, body, drain, closed }

    private let bytes: UnsafeRawBufferPointer
    private let behaviours: [Behaviour]
    private let limits: WireLimits
    private var state: ConnectionState
    private var mode = Mode.head
    private var requests = 0
    private var consumed = 0
    private var received = 0
    private var body: [UInt8] = []
    private var echo = ""
    private var trace: [Event] = []

    init(of bytes: UnsafeRawBufferPointer, _ behaviours: [Behaviour], _ limits: WireLimits) {
        (self.bytes, self.behaviours, self.limits) = (bytes, behaviours, limits)
        state = ConnectionState(limits: limits)
    }

    private var behaviour: Behaviour { behaviours[requests % behaviours.count] }
    private var unread: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[consumed..<received])
    }

    mutating func run(upTo ends: [Int]) -> [Event] {
        for end in ends {
            received = end
            advance()
        }
        switch state.inputEnded(.disconnected) {
        case .goOn: advance()
        case .refuse(let error): trace.append(.refused(error))
        case .close: trace.append(.closed)
        }
        return trace
    }

    /// Goes on until more bytes are needed.
    private mutating func advance() {
        var goesOn = true
        while goesOn {
            switch mode {
            case .head: goesOn = readHead()
            case .body: goesOn = readBody()
            case .drain: goesOn = drain()
            case .closed: return
            }
        }
    }

    private mutating func readHead() -> Bool {
        switch state.receive(unread) {
        case .read:
            precondition(unread.count <= limits.headBytesMax, "more is kept than the limits say")
            return false
        case .refuse(let error):
            trace.append(.refused(error))
            answer()
        case .dispatch(let head, let declaredLength, let count):
            consumed += count
            trace.append(.head(head.written, declaredLength: declaredLength))
            echo = (head.target.segments + [head.target.rawQuery ?? ""]).joined()
            if behaviour.readsBody { mode = .body } else { answer() }
        }
        return true
    }

    private mutating func readBody() -> Bool {
        do throws(WireError) {
            switch try state.pull(unread) {
            case .sendContinue:
                break
            case .piece(let range):
                body += unread[range]
                consumed += range.upperBound
                if behaviour.isStraight { takeStraight() }
            case .read:
                consumed = received
                return false
            case .end(let count):
                consumed += count
                endBody(nil)
            }
        } catch {
            endBody(error)
        }
        return true
    }

    /// As a transport does that receives into the body's own buffer.
    private mutating func takeStraight() {
        let count = min(state.bodyBytesLeft ?? 0, unread.count)
        body += unread[..<count]
        state.received(bodyBytes: count)
        consumed += count
    }

    private mutating func endBody(_ error: WireError?) {
        trace.append(.body(body, error))
        body = []
        answer()
    }

    private mutating func answer() {
        var response = behaviour.response(echo: echo)
        requests += 1
        let plan = state.respond(with: &response)
        var head: [UInt8] = []
        Serializer.appendHead(of: response, plan: plan, date: [], to: &head)
        let ours = [
            plan.persistence != .keep, plan.framing != .none && plan.framing != .untilClose,
        ]
        let lines = 3 + response.headers.count + ours.count { $0 }
        precondition(
            head.count { $0 == 0x0A } == lines && head.count { $0 == 0x0D } == lines,
            "an answer of other lines than were meant")
        trace.append(.answered(plan, head: head))
        switch state.finish(unreadBytes: unread.count) {
        case .nextRequest: enter(.head, .nextRequest)
        case .drain: enter(.drain, .drain)
        case .close: enter(.closed, .closed)
        }
    }

    private mutating func enter(_ mode: Mode, _ event: Event) {
        self.mode = mode
        trace.append(event)
    }

    private mutating func drain() -> Bool {
        switch state.drain(unread) {
        case .read:
            consumed = received
            return false
        case .nextRequest(let count):
            consumed += count
            enter(.head, .nextRequest)
        case .close:
            enter(.closed, .closed)
        }
        return true
    }
}
