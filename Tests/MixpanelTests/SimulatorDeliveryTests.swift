import Audiences
import Testing

@testable import Mixpanel

@Suite struct SimulatorDeliveryTests {
    private let export = SimulatedExport(
        action: .members, sessionID: Array("session".utf8), people: Array(0..<100), pageSize: 10,
        missingPage: nil)

    @Test func inSequenceThePagesComeByNumber() {
        let delivery = Delivery(order: .sequential, repeatShare: 0)
        #expect(delivery.pages(of: export, seed: 1) == Array(1...10))
    }

    @Test func reversedTheLastPageComesFirst() {
        let delivery = Delivery(order: .reversed, repeatShare: 0)
        #expect(delivery.pages(of: export, seed: 1) == (1...10).reversed())
    }

    @Test func shuffledEachPageComesOnceInAnOrderOfTheSeed() {
        let delivery = Delivery(order: .shuffled, repeatShare: 0)
        let pages = delivery.pages(of: export, seed: 1)
        #expect(pages.sorted() == Array(1...10))
        #expect(pages != Array(1...10))
        #expect(pages == delivery.pages(of: export, seed: 1))
        #expect(pages != delivery.pages(of: export, seed: 2))
    }

    @Test func allPagesCanComeTwice() {
        let delivery = Delivery(order: .sequential, repeatShare: 1)
        #expect(delivery.pages(of: export, seed: 1) == (1...10).flatMap { [$0, $0] })
    }

    @Test func someOfThePagesComeTwice() {
        let delivery = Delivery(order: .shuffled, repeatShare: 0.5)
        let pages = delivery.pages(of: export, seed: 1)
        #expect(Set(pages) == Set(1...10))
        #expect((11...19).contains(pages.count))
    }

    @Test(arguments: Delivery.Order.allCases)
    func theMissingPageNeverComes(order: Delivery.Order) {
        let export = SimulatedExport(
            action: .members, sessionID: [], people: Array(0..<30), pageSize: 10, missingPage: 2)
        let pages = Delivery(order: order, repeatShare: 1).pages(of: export, seed: 1)
        #expect(pages.sorted() == [1, 1, 3, 3])
        #expect(export.pageCount == 3)
    }
}
