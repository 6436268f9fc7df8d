import Audiences

/// The two hashes of a store, each under a key of its own.
///
/// The indexes of people are keyed by one: 8 bytes instead of an id of up to 1024, and since the
/// key is random and secret, nobody can choose ids that collide. A match is always verified
/// against the id itself, so a collision costs a look-up, never a mix-up.
struct Hashing: Sendable, Hashable {
    /// Of the indexes of people.
    let people: SipHash
    /// Of those who are to stay erased: nobody can tell from one of the indexes who is meant.
    let erased: SipHash
}
