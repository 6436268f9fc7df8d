extension Duration {
    /// How long may take what has to happen: ends a test that hangs, before its suite's limit.
    ///
    /// A test shares two cores with a thousand others, and may not come on for a minute.
    package static var patience: Duration { .seconds(300) }

    /// More than ``patience``: for what must not happen, or not be waited for.
    package static var never: Duration { .seconds(900) }
}
