import Foundation
import Logging
import Synchronization
import Testing

@testable import muster

@Suite struct LogHandlerTests {
    private final class Sink: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
        func write(_ line: [UInt8]) { bytes.withLock { $0 += line } }
    }

    private func log(_ format: LogFormat, _ body: (Logger) -> Void) -> String {
        let sink = Sink()
        let logger = Logger(label: "muster") { label in
            LineLogHandler(label: label, level: .info, format: format) { sink.write($0) }
        }
        body(logger)
        return sink.text
    }

    @Test func oneEventIsOneObjectOnOneLine() throws {
        let text = log(.json) { logger in
            logger.info("page recorded", metadata: ["sync.members": "3", "note": "a\n\"b\""])
        }
        #expect(text.hasSuffix("}\n"))
        #expect(text.filter { $0 == "\n" }.count == 1)
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
        #expect(object["level"] == "info")
        #expect(object["logger"] == "muster")
        #expect(object["message"] == "page recorded")
        #expect(object["sync.members"] == "3")
        #expect(object["note"] == "a\n\"b\"")
        #expect(object["time"]?.hasSuffix("Z") == true)
    }

    @Test func aValueCannotBeginALineOfItsOwn() {
        let text = log(.text) { logger in
            logger.info("request answered", metadata: ["x": "a\r\n2026 error forged"])
        }
        #expect(text.filter { $0.isNewline }.count == 1)
        #expect(text.contains("x=a??2026 error forged"))
    }

    @Test(arguments: ["secret", "Authorization", "user.password", "api_token", "credential.hash"])
    func whatStandsUnderASecretsNameIsNotWritten(key: String) {
        for format in LogFormat.allCases {
            let text = log(format) { $0.info("x", metadata: [key: "hunter2"]) }
            #expect(!text.contains("hunter2"))
            #expect(text.contains("[redacted]"))
        }
    }

    @Test func belowTheLevelNothingIsWritten() {
        #expect(log(.json) { $0.debug("x") } == "")
    }

    @Test func anEventsOwnMetadataGoesBeforeTheLoggers() {
        let text = log(.text) { logger in
            var logger = logger
            logger[metadataKey: "request.id"] = "outer"
            logger.info("x", metadata: ["request.id": "inner"])
        }
        #expect(text.contains("request.id=inner"))
        #expect(!text.contains("outer"))
    }
}
