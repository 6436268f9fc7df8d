/// Every key that may be set; config/muster.json shows each at its default.
enum ConfigurationKeys {
    static let all = [
        "host", "port", "public_url", "data_dir", "log_level", "log_format",
        "http.connections_max", "http.header_timeout_seconds", "http.idle_timeout_seconds",
        "http.body_bytes_per_second_min", "http.body_grace_seconds",
        "http.write_timeout_seconds", "http.drain_accept_delay_seconds",
        "http.drain_timeout_seconds", "http.request_line_bytes_max",
        "http.header_block_bytes_max", "http.header_fields_max", "webhook.body_bytes_max",
        "webhook.inflated_bytes_max",
    ]

    /// The key that `wrong` was most likely meant to be.
    static func nearest(to wrong: String) -> String {
        all.min { distance($0, wrong) < distance($1, wrong) } ?? ""
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
