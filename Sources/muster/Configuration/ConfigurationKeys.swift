/// Every key that may be set, in the order of config/README.md; config/muster.json shows each at
/// its default.
enum ConfigurationKeys {
    static let all =
        [
            "host", "port", "operations.address", "public_url",
            "data_dir", "encryption_key", "encryption_key_previous",
            "tls.certificate_file", "tls.private_key_file", "tls.terminated_in_front",
            "mixpanel.us_url", "mixpanel.eu_url", "mixpanel.in_url",
            "sdk.apple_app_ids", "sdk.android_apps",
            "log_level", "log_format",
            "proxy.trusted_addresses", "proxy.protocol", "hooks.private_addresses",
        ] + LimitKey.all.map(\.name) + [DeclaredConnections.key]

    /// The unit that a key's name says; `nil` for counts and words.
    static func unit(of key: String) -> String? {
        if key.contains("bytes_per_second") { return "B/s" }
        let words = key.split { $0 == "." || $0 == "_" }.map(String.init)
        return words.lazy.compactMap { units[$0] }.first
    }

    private static let units = ["bytes": "B", "seconds": "s", "hours": "h", "days": "days"]

    // MARK: Names

    /// The name that `wrong` was most likely meant to be; `nil` if it resembles none.
    static func nearest(to wrong: String, among names: [String] = all) -> String? {
        let near = names.map { (name: $0, distance: distance($0, wrong)) }
            .min { $0.distance < $1.distance }
        return near.flatMap { $0.distance <= max(2, wrong.utf8.count / 3) ? $0.name : nil }
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

extension ConfigurationKeys {
    /// What a key is called in the environment.
    static func variable(of key: String) -> String {
        variablePrefix + key.uppercased().replacing(".", with: "_")
    }

    private static let variablePrefix = "MUSTER_"

    /// Variables that are not keys: the file, and the secret of `muster simulate`.
    private static let otherVariables = ["MUSTER_CONFIG", "MUSTER_SIMULATE_SECRET"]

    /// What is wrong with the names in an environment, a sentence each.
    static func problems(of environment: [String: String]) -> [String] {
        let known = all.map(variable) + otherVariables
        return withoutServiceLinks(environment).keys.sorted().filter { name in
            name.hasPrefix(variablePrefix) && !known.contains(name)
        }.map { name in
            // Compared without what they all begin with, or everything resembles everything.
            let near = nearest(
                to: String(name.dropFirst(variablePrefix.count)),
                among: known.map { String($0.dropFirst(variablePrefix.count)) })
            let hint = near.map { "did you mean \(variablePrefix)\($0)?" } ?? "unset it."
            return "The environment has the unknown variable \(name); \(hint)"
        }
    }

    /// Kubernetes tells every container of a namespace about each service in it, so one that is
    /// named `muster` sets `MUSTER_SERVICE_HOST` and `MUSTER_PORT_8080_TCP_ADDR`, which nobody
    /// wrote down.
    private static func isServiceLink(_ name: String) -> Bool {
        if name.hasPrefix("MUSTER_SERVICE_") { return true }
        let port = name.dropFirst("MUSTER_PORT_".count)
        return name.hasPrefix("MUSTER_PORT_") && port.first?.isNumber == true
    }

    /// The environment without what Kubernetes says about a service named `muster`:
    /// `MUSTER_PORT=tcp://10.0.0.1:8080` is no port.
    static func withoutServiceLinks(_ environment: [String: String]) -> [String: String] {
        environment.filter { name, value in
            !(isServiceLink(name) || name == "MUSTER_PORT" && value.contains("://"))
        }
    }
}
