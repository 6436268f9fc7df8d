import Audiences
import HTTPWire
import JSON
import Mixpanel

extension BulkJob.Format {
    /// By `Accept`, the first that is ours; the original calls lines `application/json`, too.
    ///
    /// - Parameters:
    ///   - headers: of the request.
    ///   - wanted: what the job was begun for, and what is sent to whoever takes anything.
    /// - Throws: ``NotAcceptable``.
    init(_ headers: Headers, else wanted: Self) throws {
        let accepted = headers.tokens(of: "accept").map { token in
            String(decoding: token.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
                .filter { $0 != " " }
        }
        guard !accepted.isEmpty else {
            self = wanted
            return
        }
        for type in accepted {
            switch type {
            case "*/*":
                self = wanted
                return
            case "application/jsonl", "application/json", "application/x-ndjson",
                "application/*":
                self = .lines
                return
            case "text/csv", "text/*":
                self = .csv
                return
            default: continue
            }
        }
        throw NotAcceptable(types: "application/jsonl or text/csv")
    }
}

/// Sends the file of a bulk job, in memory that does not grow with it.
struct BulkFileAnswer: Sendable {
    let files: BulkFiles
    let job: BulkJob
    let format: BulkJob.Format

    /// How much is read at once.
    private static let pieceBytes = 128 << 10

    var response: Response {
        let end = format == .csv ? "csv" : "jsonl"
        let name = "bulk-\(job.id)-\(job.object.rawValue).\(end)"
        return Response(
            .ok,
            headers: [
                ("Content-Type", format == .csv ? "text/csv; charset=utf-8" : format.rawValue),
                ("Content-Disposition", "attachment; filename=\"\(name)\""),
                ("Cache-Control", "no-store"),
            ],
            body: .stream { writer in
                switch format {
                case .lines: try await eachPiece { try await writer.write($0) }
                case .csv: try await writeTable(to: writer)
                }
            })
    }

    private func eachPiece(_ take: ([UInt8]) async throws -> Void) async throws {
        var offset = 0
        while offset < job.progress.bytes {
            let count = min(Self.pieceBytes, job.progress.bytes - offset)
            let piece = try await files.read(job.id, offset, count)
            // Better an answer that breaks off than one that looks whole.
            guard !piece.isEmpty else { throw Failure.noBulkFile }
            offset += piece.count
            try await take(piece)
        }
    }

    /// Twice through the file: first for the columns.
    private func writeTable(to writer: any BodyWriter) async throws {
        var table = RecordTable(of: job.object)
        try await eachLine { table.note($0) }
        var rows = table.header
        try await eachLine {
            rows += table.row($0)
        } after: {
            if !rows.isEmpty { try await writer.write(rows) }
            rows = []
        }
    }

    private func eachLine(
        _ take: ([UInt8]) -> Void, after: () async throws -> Void = {}
    ) async throws {
        var unfinished: [UInt8] = []
        try await eachPiece { piece in
            unfinished += piece
            var rest = unfinished[...]
            while let end = rest.firstIndex(of: 0x0A) {
                take(Array(rest[..<end]))
                rest = rest[(end + 1)...]
            }
            unfinished = Array(rest)
            try await after()
        }
        try await after()
    }
}
