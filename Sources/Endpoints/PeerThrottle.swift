import Audiences
import HTTPWire
import Synchronization

/// Counts what a peer does to a connection within a minute, in memory that does not grow: wrong
/// credentials of a webhook, or calls of an app.
///
/// A count-min sketch (Cormode and Muthukrishnan, 2005): a pair counts in one cell of each row, and
/// did it at most as often as its smallest cell says. So whoever reaches the limit has reached
/// it: nothing is ever evicted to make room, and nobody is forgotten because he is many. The price
/// is that a pair all of whose cells are shared with busy ones is held back with them; which cells
/// those are depends on a seed of this process. With 400 pairs at their limit at once, which takes
/// 40,000 requests a second, that is one innocent pair in 10,000.
final class PeerThrottle: Sendable {
    /// Each row's cells are chosen by its own part of one 64-bit hash.
    static let rows = 4
    static let cellsPerRow = 4096
    private static let windowMilliseconds: Int64 = 60_000

    private struct State {
        var startedAt = Timestamp(milliseconds: 0)
        /// All of the window: below the limit nobody can be at it.
        var total = 0
        var cells = [UInt32](repeating: 0, count: rows * cellsPerRow)

        /// Forgets everything once a minute is over; also if the clock was set back.
        mutating func turn(at now: Timestamp) {
            let age = now.milliseconds &- startedAt.milliseconds
            guard !(0..<windowMilliseconds).contains(age) else { return }
            startedAt = now
            guard total > 0 else { return }
            total = 0
            for index in cells.indices { cells[index] = 0 }
        }

        func secondsLeft(at now: Timestamp) -> Int {
            let age = now.milliseconds &- startedAt.milliseconds
            return Int((windowMilliseconds - age + 999) / 1000)
        }
    }

    private let perMinuteMax: Int
    private let state = Mutex(State())

    /// - Parameter perMinuteMax: for each pair of connection and peer.
    init(perMinuteMax: Int) {
        self.perMinuteMax = perMinuteMax
    }

    /// For how many seconds to send this pair away; `nil` if it may try.
    func secondsToWait(_ connection: ConnectionID, _ peer: Peer, at now: Timestamp) -> Int? {
        state.withLock { state in
            state.turn(at: now)
            // The way of nearly every request: nothing is hashed for it.
            guard state.total >= perMinuteMax else { return nil }
            guard Self.count(in: state.cells, at: Self.cells(connection, peer)) >= perMinuteMax
            else { return nil }
            return state.secondsLeft(at: now)
        }
    }

    /// Counts one.
    func note(_ connection: ConnectionID, _ peer: Peer, at now: Timestamp) {
        state.withLock { state in
            state.turn(at: now)
            Self.add(1, to: &state, at: Self.cells(connection, peer))
        }
    }

    /// Counts one in advance, of what takes long or is limited itself: so many at once are no way
    /// around the limit.
    ///
    /// - Returns: for how many seconds to send the pair away instead; `nil` if it may try.
    func take(_ connection: ConnectionID, _ peer: Peer, at now: Timestamp) -> Int? {
        state.withLock { state in
            state.turn(at: now)
            let cells = Self.cells(connection, peer)
            guard Self.count(in: state.cells, at: cells) < perMinuteMax else {
                return state.secondsLeft(at: now)
            }
            Self.add(1, to: &state, at: cells)
            return nil
        }
    }

    /// Takes back what ``take(_:_:at:)`` counted at `then`, for the attempt was none to count.
    func giveBack(
        _ connection: ConnectionID, _ peer: Peer, takenAt then: Timestamp, at now: Timestamp
    ) {
        state.withLock { state in
            state.turn(at: now)
            guard then >= state.startedAt else { return }
            Self.add(-1, to: &state, at: Self.cells(connection, peer))
        }
    }

    private static func add(_ change: Int64, to state: inout State, at cells: Cells) {
        state.total = max(0, state.total + Int(change))
        for cell in cells {
            state.cells[cell] = UInt32(clamping: Int64(state.cells[cell]) + change)
        }
    }

    private static func count(in table: [UInt32], at cells: Cells) -> UInt32 {
        cells.reduce(.max) { least, cell in min(least, table[cell]) }
    }

    private typealias Cells = LazyMapSequence<Range<Int>, Int>

    /// Where a pair is counted, one cell a row.
    private static func cells(_ connection: ConnectionID, _ peer: Peer) -> Cells {
        var hasher = Hasher()
        hasher.combine(connection)
        // Whoever has an IPv6 address has 2^64 of them (RFC 6177).
        if let address = IPAddress(peer.address) {
            hasher.combine(address.subscriber)
        } else {
            hasher.combine(peer.address)
        }
        let hash = UInt64(truncatingIfNeeded: hasher.finalize())
        return (0..<rows).lazy.map { row in
            row * cellsPerRow + Int(hash >> UInt64(16 * row) & UInt64(cellsPerRow - 1))
        }
    }
}
