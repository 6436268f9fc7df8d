import Audiences
import TestSupport
import Testing

@Suite struct LaunchSampleTests {
    private static func sample(_ basisPoints: Int) -> LaunchSample {
        LaunchSample(basisPoints: basisPoints) ?? .everybody
    }

    @Test(arguments: [-1, 10_001, .max, .min])
    func noShareIsLessThanNothingOrMoreThanAll(basisPoints: Int) {
        #expect(LaunchSample(basisPoints: basisPoints) == nil)
    }

    @Test func nobodyAndEverybodyAreExact() {
        for number in 0..<1000 {
            let person = ExternalID.make("user-\(number)")
            #expect(!Self.sample(0).contains(person, for: .make()))
            #expect(LaunchSample.everybody.contains(person, for: .make()))
        }
    }

    /// Who is in stays in when the share grows.
    @Test func raisingTheShareOnlyAddsPeople() {
        for number in 0..<300 {
            let person = ExternalID.make("\(number)")
            let shares = stride(from: 0, through: 10_000, by: 25)
            let isIn = shares.map { Self.sample($0).contains(person, for: .make()) }
            #expect(isIn == isIn.sorted { !$0 && $1 })
        }
    }

    /// Whom a released version chose it must go on choosing; computed by another program.
    @Test func theSamePeopleAreChosenForEver() {
        let chosen = (0..<64).filter {
            Self.sample(2500).contains(.make("user-\($0)"), for: .make())
        }
        #expect(chosen == LaunchSampleTests.chosen)
    }

    private static let chosen = [5, 10, 17, 27, 36, 44, 52, 54, 56, 57, 61]

    @Test(arguments: ["", "user-", "3f2504e0-4f89-11d3-9a0c-0305e82c3301-"])
    func aShareIsThatManyAndEvenlySpread(prefix: String) {
        let people = 20_000
        for basisPoints in [100, 2500, 5000] {
            let chosen = (0..<people).map {
                Self.sample(basisPoints).contains(.make("\(prefix)\($0)"), for: .make(2))
            }
            let expected = people * basisPoints / 10_000
            // Five times the deviation of a fair draw.
            let slack = Int((Double(expected) * 25).squareRoot())
            #expect(abs(chosen.count { $0 } - expected) <= slack)
            // No thousand neighbours have twice their share.
            for start in stride(from: 0, to: people, by: 1000) where basisPoints >= 2500 {
                let some = chosen[start..<start + 1000].count { $0 }
                #expect(abs(some - basisPoints / 10) < 100)
            }
        }
    }

    @Test func rulesChooseIndependently() {
        let half = Self.sample(5000)
        let both = (0..<20_000).count { number in
            let person = ExternalID.make("user-\(number)")
            return half.contains(person, for: .make(1)) && half.contains(person, for: .make(2))
        }
        #expect(abs(both - 5000) < 350)
    }
}
