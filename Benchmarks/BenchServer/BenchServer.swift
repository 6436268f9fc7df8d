// The server of the benchmarks: `BenchServer bare|http <port>`. Benchmarks/http/run.sh starts it.

import HTTPTransport
import HTTPWire
import Platform

@main
enum BenchServer {
    static func main() async throws {
        guard CommandLine.arguments.count == 3, let port = UInt16(CommandLine.arguments[2]) else {
            print("usage: BenchServer bare|http <port>")
            return
        }
        Syscalls.ignoreBrokenPipes()
        _ = Syscalls.raiseDescriptorLimit()
        let loopCount = Syscalls.processorCount()
        switch CommandLine.arguments[1] {
        case "http": try await serveHTTP(port: port)
        default: try await BareServer.run(port: port, loopCount: loopCount)
        }
    }

    private static let ok = Response(.ok, body: .bytes(Array("ok".utf8)))

    /// The transport with a handler that reads the body, if any, and says how long it was.
    private static func serveHTTP(port: UInt16) async throws {
        let server = try Server(address: SocketAddress(parsing: "127.0.0.1:\(port)")) {
            _, body, _ in
            if body.declaredLength == 0 { return ok }
            do throws(WireError) {
                let bytes = try await body.collect(upTo: 8 * 1024 * 1024)
                return Response(.ok, body: .bytes(Array("\(bytes.count)".utf8)))
            } catch {
                return Response(error.status ?? .badRequest)
            }
        }
        print("ready")
        try await server.run()
    }
}
