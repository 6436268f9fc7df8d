import Mixpanel

/// The caller did not show valid credentials of the element API.
struct ElementUnauthorized: CallersMistake {}

/// The instance is switched off.
struct InstanceDisabled: CallersMistake {}

/// Mixpanel took none of the events; what it said of the first of them.
struct NothingImported: CallersMistake {
    let said: String

    /// More than these nobody reads in one text.
    static let toldMax = 10

    init(_ report: IngestionReport) {
        said = report.failures.prefix(Self.toldMax).map { failure in
            let place = failure.index.map { "\($0): " } ?? ""
            return place
                + [failure.field, failure.message].compactMap(\.self).joined(separator: " ")
        }.joined(separator: "; ")
    }
}

/// None of the media types that the caller takes is there.
struct NotAcceptable: CallersMistake {
    let types: String
}

extension CEQLRefusal: CallersMistake {}
extension InstanceUnusable: CallersMistake {}
extension RecordRefusal: CallersMistake {}
extension ProviderError: CallersMistake {}
