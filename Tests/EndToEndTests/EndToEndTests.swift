import Foundation
import Testing

/// The built binary, from the outside: started as a process and spoken to over loopback.
///
/// One test at a time, since each has a server, and one measures how long it takes to start.
@Suite(.serialized, .timeLimit(.minutes(isLong ? 60 : 10)))
struct EndToEndTests {}

/// Whether one of the long forms was asked for.
private let isLong =
    ["MUSTER_KILLS", "MUSTER_ACCEPTANCE_PAGES", "MUSTER_HISTORIES"].contains { name in
        ProcessInfo.processInfo.environment[name] != nil
    }
