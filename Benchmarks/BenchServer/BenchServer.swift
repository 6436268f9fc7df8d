// The server of the benchmarks: `BenchServer bare|http <port>`, or
// `BenchServer https <port> <certificate file> <private key file>`.

import Audiences
import HTTPTransport
import HTTPWire
import JSON
import Logging
import Mixpanel
import Platform
import Routing

@main
enum BenchServer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == (arguments.dropFirst().first == "https" ? 5 : 3),
            let port = UInt16(arguments[2])
        else {
            print("usage: BenchServer bare|http <port>, or https <port> <certificate> <key>")
            return
        }
        Syscalls.ignoreBrokenPipes()
        _ = Syscalls.raiseDescriptorLimit()
        switch arguments[1] {
        case "http": try await serve(port: port)
        case "https":
            try await serve(
                port: port,
                tls: TLSContext(certificateFile: arguments[3], privateKeyFile: arguments[4]))
        default:
            try await BareServer.run(port: port, loopCount: Syscalls.processorCount())
        }
    }

    /// All of Muster but its store: what it takes to read a page, and to understand it.
    private static func serve(port: UInt16, tls: TLSContext? = nil) async throws {
        var router = Router { error, _ in
            Response(.badRequest, body: .bytes(Array("\(error)".utf8)))
        }
        router.on(.get, "/", always: ok)
        router.on(.post, "/read") { request in
            answer(try await collect(request).count)
        }
        let connection = Connection(
            id: ConnectionID.make(from: [UInt8](repeating: 1, count: 16)), name: "Bench",
            createdAt: Timestamp(milliseconds: 0))
        router.on(.post, "/parse") { request in
            try await collect(request).withUnsafeBytes { bytes in
                var scanner = JSONScanner(bytes)
                let value = try scanner.skipValue()
                try scanner.finish()
                return answer(value.count)
            }
        }
        router.on(.post, "/page") { request in
            let body = try await collect(request)
            return answer(try CohortSyncMessage(parsing: body, for: connection).page.members.count)
        }
        let observed = Observe(
            router, ids: RequestID.Generator(prefix: "bench-"),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() },
            nanoseconds: { MonotonicTime.now().nanoseconds })
        let server = try Server(
            address: SocketAddress(parsing: "127.0.0.1:\(port)"), tls: tls,
            constant: observed.constant, immediate: observed.immediate,
            handler: observed.handler)
        try await server.run()
    }

    private static let ok = Response(.ok, body: .bytes(Array("ok".utf8)))

    private static func collect(_ request: Request) async throws(BodyError) -> BodyBuffer {
        try await request.collectBody(
            BodyLimits(rawBytesMax: 8 * 1024 * 1024, inflatedBytesMax: 32 * 1024 * 1024),
            inflate: InflateLimits())
    }

    private static func answer(_ number: Int) -> Response {
        Response(.ok, body: .bytes(Array("\(number)".utf8)))
    }
}
