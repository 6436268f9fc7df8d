import Foundation
import HTTPWire
import Testing

/// Requests as raw bytes, one rule a file; a refused one has its status in front of its name.
@Suite struct CorpusTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var bytes: [UInt8]
        var testDescription: String { name }
    }

    static func cases(_ folder: String) -> [Case] {
        let directory = Bundle.module.resourceURL?.appending(path: "Corpus/\(folder)")
        let files = directory.flatMap {
            try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
        }
        return (files ?? []).compactMap { file in
            guard let bytes = try? Data(contentsOf: file) else { return nil }
            return Case(name: file.deletingPathExtension().lastPathComponent, bytes: [UInt8](bytes))
        }
        .sorted { $0.name < $1.name }
    }

    static let accepted = cases("accepted")
    static let refused = cases("refused")

    @Test func theCorpusIsThere() {
        #expect(Self.accepted.count >= 58)
        #expect(Self.refused.count >= 203)
    }

    @Test(arguments: accepted)
    func aGoodRequestIsReadTheSameHoweverItIsCut(_ request: Case) throws {
        let whole = Exchange.verdict(on: [request.bytes])
        guard case .read(_, let left) = whole else {
            Issue.record("\(whole)")
            return
        }
        #expect(left.isEmpty)
        for pieces in ByteFeeder.cuts(of: request.bytes) {
            #expect(Exchange.verdict(on: pieces) == whole)
        }
    }

    @Test(arguments: accepted)
    func aGoodRequestIsWaitedForToItsLastByte(_ request: Case) {
        for prefix in ByteFeeder.prefixes(of: request.bytes) {
            #expect(Exchange.verdict(on: [prefix]) == .waiting)
        }
    }

    @Test(arguments: accepted)
    func whatFollowsAGoodRequestIsLeftAlone(_ request: Case) {
        guard case .read(let reading, _) = Exchange.verdict(on: [request.bytes]) else { return }
        for next in ["GET /next HTTP/1.1\r\n", "\0\n\r", "0"] {
            #expect(
                Exchange.verdict(on: [request.bytes + Array(next.utf8)])
                    == .read(reading, left: Array(next.utf8)))
        }
    }

    @Test(arguments: refused)
    func aBadRequestIsRefusedTheSameHoweverItIsCut(_ request: Case) {
        let whole = Exchange.verdict(on: [request.bytes])
        guard case .refused(let error) = whole else {
            Issue.record("\(whole)")
            return
        }
        #expect(request.name.hasPrefix("\(error.status?.code ?? 0)-"))
        for pieces in ByteFeeder.cuts(of: request.bytes) {
            #expect(Exchange.verdict(on: pieces) == whole)
        }
        #expect(Exchange.verdict(on: [request.bytes + Array("GET / HTTP/1.1\r\n".utf8)]) == whole)
    }
}
