import Testing

/// The built binary, from the outside: started as a process and spoken to over loopback.
///
/// One test at a time, since each has a server, and one measures how long it takes to start.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct EndToEndTests {}
