import Audiences
import Testing

@Suite struct PagePositionTests {
    @Test(arguments: [(1, 1), (1, 3), (3, 3), (1_000_000, 1_000_000)])
    func aNumberWithinItsTotalIsAPage(number: Int, total: Int) {
        #expect(PagePosition(number: number, of: total) == .page(number: number, of: total))
    }

    @Test(arguments: [(nil, nil), (nil, 0), (0, nil), (0, 0), (1, nil), (1, 0)] as [(Int?, Int?)])
    func withoutATotalItIsAbsent(number: Int?, total: Int?) {
        #expect(PagePosition(number: number, of: total) == .absent)
    }

    @Test(
        arguments: [
            (0, 3), (4, 3), (-1, 3), (2, nil), (2, 0), (nil, 3), (1, -1), (nil, -1), (-1, nil),
            (1, Limits.pagesTotalMax + 1),
        ] as [(Int?, Int?)])
    func numbersThatCannotBeAreIrregular(number: Int?, total: Int?) {
        #expect(PagePosition(number: number, of: total) == .irregular)
    }

    @Test func oneOfOneNeedsNoNumber() {
        #expect(PagePosition(number: nil, of: 1) == .page(number: 1, of: 1))
    }
}
