import HTTPWire
import Platform

extension ServerConnection {
    /// Bodies up to here are copied behind their head and sent with it; longer ones are sent
    /// from where they are.
    private static let copiedBodyBytesMax = 16 * 1024

    /// Answers the requests that are known byte for byte, as long as one follows another.
    func answerRepeated() {
        guard state.isAtRest else { return }
        while !input.isEmpty, output.count < limits.pendingAnswerBytesMax {
            let known = input.withBytes { worker.repeated.answer(to: $0) }
            guard let known else { return }
            input.consume(known.headBytes)
            isProven = true
            output.append(from: worker) { known.answer.append(date: worker.date(), to: &$0) }
        }
    }

    /// Remembers the head, the first `count` unread bytes, if its answer is always the same.
    ///
    /// Probes ask without a query; to look for the answer to each question that has one would
    /// cost those a fiftieth of their time.
    func remember(_ head: RequestHead, _ count: Int) {
        guard head.target.rawQuery == nil, count <= RepeatedRequests.headBytesMax, state.isPlain
        else { return }
        input.withBytes { bytes in
            let bytes = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            // One that came in two pieces is read though it is known.
            guard worker.repeated.answer(to: bytes) == nil,
                let answer = worker.service.constant(head)
            else { return }
            worker.repeated.remember(bytes, answer)
        }
    }

    /// Puts a short answer behind those that wait to be sent, and returns what comes after it;
    /// `nil`, and nothing is done, if the answer takes more than copying.
    func appendShort(_ response: Response) -> ConnectionState.AfterAnswer? {
        switch response.body {
        case .stream: return nil
        case .bytes(let bytes) where bytes.count > Self.copiedBodyBytesMax: return nil
        case .empty, .bytes: break
        }
        var response = response
        let plan = begin(&response)
        if plan.sendsBody, case .bytes(let bytes) = response.body {
            output.append(from: worker) { $0 += bytes }
        }
        return state.finish(unreadBytes: input.count)
    }

    /// Sends an answer of any kind, and returns what comes after it.
    nonisolated(nonsending) func send(
        _ response: Response
    ) async throws(PlatformError) -> ConnectionState.AfterAnswer {
        if let next = appendShort(response) { return next }
        var response = response
        let plan = begin(&response)
        if plan.sendsBody {
            switch response.body {
            case .empty:
                break
            case .bytes(let bytes):
                try await flush(more: true)
                output.replace(with: bytes)
                try await flush()
            case .stream(let produce):
                try await stream(produce, plan)
            }
        }
        return state.finish(unreadBytes: input.count)
    }

    /// Appends the head of an answer.
    private func begin(_ response: inout Response) -> ResponsePlan {
        let plan = state.respond(with: &response)
        output.append(from: worker) {
            Serializer.appendHead(of: response, plan: plan, date: worker.date(), to: &$0)
        }
        return plan
    }

    private nonisolated(nonsending) func stream(
        _ produce: @Sendable (any BodyWriter) async throws -> Void, _ plan: ResponsePlan
    ) async throws(PlatformError) {
        let writer = ResponseWriter(to: self, isChunked: plan.framing == .chunked)
        do {
            defer { writer.retire() }
            try await produce(writer)
        } catch {
            // The client must see that the answer is cut. Without chunks only a reset can tell.
            _ = state.abandon()
            if plan.framing != .chunked { stream.abort() }
            throw .closed
        }
        if writer.hasFailed { throw .closed }
        if plan.framing == .chunked {
            output.append(from: worker) { Serializer.appendLastChunk(to: &$0) }
        }
    }
}
