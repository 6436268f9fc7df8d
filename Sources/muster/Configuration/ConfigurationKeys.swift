/// Every key that may be set; config/muster.json shows each at its default.
enum ConfigurationKeys {
    static let all =
        [
            "host", "port", "public_url", "data_dir", "log_level", "log_format",
            "tls.certificate_file", "tls.private_key_file", "tls.terminated_in_front",
            "proxy.trusted_addresses", "proxy.protocol", "encryption_key",
            "encryption_key_previous", DeclaredConnections.key,
        ] + LimitKey.all.map(\.name)

    /// The key that `wrong` was most likely meant to be.
    static func nearest(to wrong: String, of keys: [String] = all) -> String {
        keys.min { distance($0, wrong) < distance($1, wrong) } ?? ""
    }

    /// How many letters must be changed, added or left out (Levenshtein).
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, letter) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let change = diagonal + (letter == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
