// Parts of Muster without the rest, and the same work done by Foundation:
//
//   PartsBench json <page file>      strict reading of a page, and JSONDecoder
//   PartsBench credentials           one check of Basic credentials
//
// Prints a line a measurement: name and microseconds of CPU each.

import Audiences
import Foundation
import HTTPWire
import JSON
import Mixpanel
import Platform
import Routing

@main
enum PartsBench {
    static func main() throws {
        switch CommandLine.arguments.dropFirst().first {
        case "json": try pages(try bytes())
        case "credentials": try credentials()
        default: print("usage: PartsBench json <page> | credentials")
        }
    }

    private static func bytes() throws -> [UInt8] {
        guard CommandLine.arguments.count == 3 else { return [] }
        return Array(try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[2])))
    }

    // MARK: JSON

    private static func pages(_ page: [UInt8]) throws {
        try report("scan") {
            try page.withUnsafeBytes { bytes in
                var scanner = JSONScanner(bytes)
                _ = try scanner.skipValue()
                try scanner.finish()
            }
        }
        let connection = Connection(
            id: ConnectionID.make(from: [UInt8](repeating: 1, count: 16)), name: "Bench",
            createdAt: Timestamp(milliseconds: 0))
        try report("page") {
            try page.withUnsafeBytes { bytes in
                _ = try CohortSyncMessage(parsing: bytes, for: connection)
            }
        }
        let data = Data(page)
        let decoder = JSONDecoder()
        try report("JSONDecoder") { _ = try decoder.decode(Page.self, from: data) }
    }

    /// The fields of a page that Muster reads.
    private struct Page: Decodable {
        struct Member: Decodable {
            let distinctID: String
            let reference: String?

            enum CodingKeys: String, CodingKey {
                case distinctID = "mixpanel_distinct_id"
                case reference = "reference_id"
            }
        }

        struct Parameters: Decodable {
            let members: [Member]
        }

        let action: String
        let parameters: Parameters
    }

    // MARK: Credentials

    private static func credentials() throws {
        let secrets = Secrets(
            random: { count in try RandomBytes.make(count) },
            sha256: { message in try SHA256.digest(of: message) },
            equal: { left, right in ConstantTime.areEqual(left, right) })
        let now = Timestamp(milliseconds: 1_738_310_400_000)
        let secret = try secrets.makeSecret(prefix: "muster_secret_")
        let sync = CohortSync(
            username: "mixpanel_0123456789",
            secrets: [
                StoredSecret(
                    id: SecretID.make(from: [UInt8](repeating: 1, count: 16)),
                    hash: try secrets.hash(secret), createdAt: now)
            ],
            createdAt: now)
        let pair = Data("mixpanel_0123456789:\(secret)".utf8).base64EncodedString()
        let headers = Headers([("host", "example.com"), ("authorization", "Basic \(pair)")])
        try report("credentials") {
            guard case .basic(let user, let password) = Authorization(headers),
                try sync.secret(
                    shownBy: Credentials(username: user, secret: password), slowly: false,
                    at: now, by: secrets) != nil
            else { throw Wrong() }
        }
    }

    private struct Wrong: Error {}

    // MARK: Measuring

    /// Blocks of a quarter of a second; the median of seven of them.
    private static func report(_ name: String, _ work: () throws -> Void) throws {
        var results: [Double] = []
        for _ in 0..<7 {
            var count = 0
            let began = processorSeconds()
            var taken = 0.0
            while taken < 0.25 {
                // Reading the clock is a system call, so it is read after twice as much each time.
                for _ in 0..<max(1, count) { try work() }
                count += max(1, count)
                taken = processorSeconds() - began
            }
            results.append(taken / Double(count) * 1e6)
        }
        print(name, results.sorted()[3])
    }

    private static func processorSeconds() -> Double {
        Double(clock()) / Double(CLOCKS_PER_SEC)
    }
}
