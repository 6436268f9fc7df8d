// The server of the benchmarks: `BenchServer bare|http <port>`, which Benchmarks/http/run.sh starts,
// or `BenchServer https <port> <certificate file> <private key file>`.

import HTTPTransport
import HTTPWire
import Platform

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
        let loopCount = Syscalls.processorCount()
        switch arguments[1] {
        case "http": try await serveHTTP(port: port)
        case "https":
            try await serveHTTP(
                port: port,
                tls: TLSContext(certificateFile: arguments[3], privateKeyFile: arguments[4]))
        default: try await BareServer.run(port: port, loopCount: loopCount)
        }
    }

    private static let ok = Response(.ok, body: .bytes(Array("ok".utf8)))

    /// The transport with a handler that reads the body, if any, and says how long it was.
    private static func serveHTTP(port: UInt16, tls: TLSContext? = nil) async throws {
        let server = try Server(address: SocketAddress(parsing: "127.0.0.1:\(port)"), tls: tls) {
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
