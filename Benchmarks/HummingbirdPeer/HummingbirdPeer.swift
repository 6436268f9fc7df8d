// Hummingbird as its documentation shows it: `HummingbirdPeer <port>`.

import Foundation
import Hummingbird
import Logging
import NIOCore

@main
enum HummingbirdPeer {
    private static let bodyBytesMax = 8 * 1024 * 1024

    static func main() async throws {
        guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
            print("usage: HummingbirdPeer <port>")
            return
        }
        let router = Router()
        router.get("/") { _, _ in "ok" }
        router.post("/read") { request, _ in
            let body = try await request.body.collect(upTo: bodyBytesMax)
            return String(body.readableBytes)
        }
        router.post("/parse") { request, _ in
            let body = try await request.body.collect(upTo: bodyBytesMax)
            let page = try JSONDecoder().decode(Page.self, from: Data(body.readableBytesView))
            return String(page.parameters.members.count)
        }
        var logger = Logger(label: "peer")
        logger.logLevel = .error
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: logger)
        try await application.runService()
    }
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
