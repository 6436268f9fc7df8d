import Testing

/// Who may import what: docs/architecture.md, "Arrows".
///
/// The build checks our own targets too; this test fences the outside libraries as well, and its
/// failure names the file.
@Suite struct ArrowTests {
    /// Our own targets, by level: what each may import of ours.
    static let ours: [String: Set<String>] = [
        "Audiences": [], "HTTPWire": [], "JSON": [], "Platform": [],
        "HTTPTransport": ["HTTPWire", "Platform"],
        "Routing": ["HTTPWire"],
        "Mixpanel": ["HTTPWire", "JSON", "Audiences"],
        "SQLiteStore": ["Audiences"],
        "Endpoints": ["Routing", "Mixpanel", "HTTPWire", "JSON", "Audiences"],
        "muster": [
            "Endpoints", "Routing", "Mixpanel", "HTTPTransport", "SQLiteStore", "HTTPWire", "JSON",
            "Audiences", "Platform",
        ],
    ]

    /// Outside modules: which targets may import each.
    static let outside: [String: Set<String>] = [
        "Glibc": ["Platform"], "Darwin": ["Platform"], "Dispatch": ["Platform"],
        "CEpoll": ["Platform"], "COpenSSL": ["Platform"],
        "CZlib": ["Routing"],
        "GRDB": ["SQLiteStore"], "GRDBSQLite": ["SQLiteStore"],
        "CSQLite": ["SQLiteStore"],
        "Foundation": ["muster"],
        "ArgumentParser": ["muster"], "Configuration": ["muster"], "SystemPackage": ["muster"],
        "ServiceLifecycle": ["muster"], "UnixSignals": ["muster"],
        "Logging": ["HTTPTransport", "Routing", "SQLiteStore", "Endpoints", "muster"],
        "CoreMetrics": ["Routing", "SQLiteStore", "Endpoints", "muster"],
        // Part of the language: locks and atomics.
        "Synchronization": Set(ours.keys),
    ]

    @Test func everyFileImportsOnlyWhatItsTargetMay() {
        #expect(Tree.sources.count > 50)
        for file in Tree.sources {
            for module in imports(of: file) {
                let allowed =
                    Self.ours[file.target]?.contains(module) == true
                    || Self.outside[module]?.contains(file.target) == true
                #expect(allowed, "\(file) may not import \(module)")
            }
        }
    }

    @Test func zlibIsImportedByOneFile() {
        let users = Tree.sources.filter { imports(of: $0).contains("CZlib") }.map(\.path)
        #expect(users == ["Sources/Routing/Inflate.swift"])
    }

    @Test func everyTargetHasItsArrowsWrittenDown() {
        let targets = Set(Tree.sources.map(\.target))
        #expect(targets == Set(Self.ours.keys))
    }

    private func imports(of file: Tree.File) -> [String] {
        file.lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index <= 2,
                words[..<index].allSatisfy({
                    [
                        "package", "public", "private", "internal", "fileprivate", "@testable",
                        "@preconcurrency",
                    ].contains($0)
                }), index + 1 < words.count
            else { return nil }
            return words[index + 1].split(separator: ".").first.map(String.init)
        }
    }
}
