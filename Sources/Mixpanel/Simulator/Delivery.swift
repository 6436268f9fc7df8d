internal import Audiences

/// In which order the pages of an export are sent, and which of them twice.
///
/// Mixpanel promises no order, and after a failure it "starts from the top".
package struct Delivery: Sendable, Hashable {
    package enum Order: String, Sendable, Hashable, CaseIterable {
        case sequential, shuffled, reversed
    }

    package var order: Order
    /// Which share of the pages is sent a second time: 0…1.
    package var repeatShare: Double

    package init(order: Order, repeatShare: Double) {
        self.order = order
        self.repeatShare = repeatShare
    }

    /// The numbers of the pages in the order of sending, without the missing one.
    package func pages(of export: SimulatedExport, seed: UInt64) -> [Int] {
        // A sequence of its own for each export: an add and a remove share their session.
        var random = SplitMix64(
            seed: export.sessionID.reduce(seed) { $0 &* 31 &+ UInt64($1) },
            stream: UInt64(export.action.rawValue.utf8.count))
        var numbers: [Int] = []
        for number in 1...export.pageCount where number != export.missingPage {
            numbers.append(number)
            if random.chance(repeatShare) { numbers.append(number) }
        }
        switch order {
        case .sequential: break
        case .reversed: numbers.reverse()
        case .shuffled: random.shuffle(&numbers)
        }
        return numbers
    }
}
