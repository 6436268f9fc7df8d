import Audiences
import JSON
import Synchronization
import Testing

@testable import Mixpanel

extension ProjectAccess {
    static func account(in region: MixpanelRegion = .eu) throws -> ProjectAccess {
        ProjectAccess(
            .account(try .made(), project: try id("7")), in: region,
            quota: MixpanelProject(id: try id("7")))
    }

    static func secret(
        _ text: String = "5ecret", in region: MixpanelRegion = .eu
    ) throws -> ProjectAccess {
        ProjectAccess(
            .secret(try #require(ProjectSecret(text))), in: region,
            quota: MixpanelProject(id: try id("secret:1")))
    }

    static func token(
        _ text: String = "t0ken", in region: MixpanelRegion = .eu
    ) throws -> ProjectAccess {
        ProjectAccess(
            .token(try #require(ProjectToken(text))), in: region,
            quota: MixpanelProject(id: try id("token:1")))
    }
}

extension SimulatedHouse {
    /// Gives project 7 the secret and the token of ``ProjectAccess``.
    func opened() throws -> SimulatedHouse {
        try obey(
            #"{"do":"project","project":"7","secret":"5ecret","token":"t0ken","role":"admin"}"#)
        return self
    }
}

/// What was taken, in order.
final class TakenLines: Sendable {
    private let lines = Mutex<[[UInt8]]>([])

    func take(_ line: [UInt8]) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0.map { String(decoding: $0, as: UTF8.self) } } }
}

func json(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func object(_ bytes: [UInt8]) throws -> JSONObject {
    try #require(try JSONValue(parsing: bytes).object)
}

/// The provider's error that `body` throws.
func providerError(
    _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> ProviderError {
    do {
        try await body()
    } catch let error as ProviderError {
        return error
    }
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    throw CancellationError()
}
